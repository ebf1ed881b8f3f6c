// breaks domain-is-pure at src/domain/batching/zz-canary.ts
import 'fastify';
