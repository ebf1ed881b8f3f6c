// breaks loadtest-imports at src/loadtest/zz-canary.ts
import '../serving/ports.js';
