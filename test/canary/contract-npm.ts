// breaks contract-imports-typebox-only at src/contract/zz-canary.ts
import 'pino';
