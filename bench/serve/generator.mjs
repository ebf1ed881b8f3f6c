/**
 * Closed-loop load from a process of its own: raw sockets, bodies made beforehand, each request with other values.
 * Told {url, connections, seconds}, it answers {requests, errors, seconds, latenciesMs: {p50, p95, p99, max}}.
 */
import { connect } from 'node:net';

const VARIANTS = 1024;
const ROWS = 30;

function makeBodies(columns) {
  let state = 12345;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: VARIANTS }, (_, v) => {
    const start = Date.UTC(2018, 1, 5) + v * 120_000;
    const data = {
      ts: Array.from({ length: ROWS }, (_r, r) =>
        new Date(start + r * 120_000).toISOString().slice(0, 19).replace('T', ' '),
      ),
    };
    // Magnitudes as in cell traffic: bytes, counts, schemes, shares, tiny variances.
    const scales = [1e8, 2e6, 1e4, 15, 90, 15, 60, 0.03, 4e-8, 5e-4, 3e-8];
    columns.forEach((name, c) => {
      data[name] = Array.from({ length: ROWS }, () =>
        c < 3 ? Math.round(random() * scales[c]) : random() * scales[c],
      );
    });
    return JSON.stringify({ data, inference_length: 1 });
  });
}

function makeRequests(columns, host) {
  return makeBodies(columns).map((body) =>
    Buffer.from(
      `POST /predict HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
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
      if (performance.now() < state.endsAt) send();
      else {
        socket.end();
        resolve();
      }
    });
  });
}

async function run({ url, connections, seconds, columns }) {
  const target = new URL(url);
  const requests = makeRequests(columns, target.host);
  const startedAt = performance.now();
  const state = { next: 0, latencies: [], errors: 0, endsAt: startedAt + seconds * 1000 };
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
