// breaks domain-is-pure at src/domain/forecast/zz-canary.ts
import 'node:fs';
