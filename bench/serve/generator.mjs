/**
 * Closed-loop load from a process of its own: raw sockets, bodies made beforehand, each request with other values.
 * Told {url, connections, seconds, columns, horizon, requests}, it answers {requests, errors, seconds, perSecond,
 * latencyMs: {p50, p95, p99, max}}; it ends after `seconds`, or after about `requests`.
 */
import { connect } from 'node:net';
import { makeRequests } from './request-bodies.mjs';

/** Made once for each target and horizon. */
const made = new Map();

function requestsFor(columns, host, horizon) {
  const key = `${host} ${horizon}`;
  if (!made.has(key)) made.set(key, makeRequests(columns, host, horizon));
  return made.get(key);
}

/** One connection: sends, reads one reply by its Content-Length, sends again, until told to end. */
function client(target, requests, state) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    let received = Buffer.alloc(0);
    let sentAt = 0;
    const send = () => {
      sentAt = performance.now();
      socket.write(requests[state.next++ % requests.length]);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = received.latin1Slice(0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)[1]);
      if (received.length < headEnd + 4 + length) return;
      const ok = head.startsWith('HTTP/1.1 200') && received.indexOf('"predictions"', headEnd) > 0;
      if (ok) state.latencies.push(performance.now() - sentAt);
      else state.errors++;
      received = Buffer.alloc(0);
      if (state.next < state.most && performance.now() < state.endsAt) send();
      else {
        socket.end();
        resolve();
      }
    });
  });
}

async function run({ url, connections, seconds, columns, horizon = 1, requests: most = Number.POSITIVE_INFINITY }) {
  const target = new URL(url);
  const requests = requestsFor(columns, target.host, horizon);
  const startedAt = performance.now();
  const state = { next: 0, most, latencies: [], errors: 0, endsAt: startedAt + seconds * 1000 };
  await Promise.all(Array.from({ length: connections }, () => client(target, requests, state)));
  const took = (performance.now() - startedAt) / 1000;
  const sorted = Float64Array.from(state.latencies).sort();
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
  return {
    requests: sorted.length,
    errors: state.errors,
    seconds: took,
    perSecond: sorted.length / took,
    latencyMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted[sorted.length - 1] },
  };
}

process.on('message', (job) => {
  run(job).then(
    (result) => process.send(result),
    (error) => process.send({ error: error.message }),
  );
});
