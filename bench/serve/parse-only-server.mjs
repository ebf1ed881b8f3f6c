/** The yardstick: a plain Fastify server that parses the same JSON and answers as much, and does nothing else. */
import { fastify } from 'fastify';

const app = fastify({ logger: false });
const reply = JSON.parse(process.env.BENCH_REPLY);
app.post('/predict', (request, out) => {
  // The body was parsed; looking at it keeps that honest.
  if (request.body.data.ts.length === 0) throw new Error('empty');
  out.send(reply);
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.send({ url });
