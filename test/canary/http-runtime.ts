// breaks http-imports at src/http/zz-canary.ts
import '../runtime/index.js';
