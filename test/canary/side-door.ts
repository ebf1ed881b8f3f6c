// breaks rooms-have-one-door at src/cli/zz-canary.ts
import '../contract/errors.js';
