/**
 * Open load from a process of its own: requests are due at an even rate, whatever the answers do, and are timed from
 * when they were due. Told {url, perSecond, seconds, expected}, it answers the count of requests, of failed and wrong
 * ones, and latencies. `expected`: by run id, for each body, the numbers that this version forecasts.
 */
import { Agent, request } from 'node:http';

/** CONTRACT §4: |a − b| ≤ 1e-5 · max(|b|, σ); σ is 1 in the bench's bundles. */
const isEqual = (a, b) => Math.abs(a - b) <= 1e-5 * Math.max(Math.abs(b), 1);
const agent = new Agent({ keepAlive: true, maxSockets: 256 });

function ask(url, body) {
  return new Promise((resolve) => {
    const sent = request(
      `${url}/predict`,
      {
        agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
        response.on('error', (error) => resolve({ status: 0, text: error.message }));
      },
    );
    sent.on('error', (error) => resolve({ status: 0, text: error.message }));
    sent.end(body);
  });
}

function verdictOf({ status, text }, at, expected) {
  if (status !== 200) return 'failed';
  const { run_id: runId, predictions } = JSON.parse(text);
  const { ts: _ts, ...row } = predictions[0];
  const wanted = expected[runId]?.[at];
  return wanted !== undefined && Object.entries(row).every(([name, value]) => isEqual(value, wanted[name]))
    ? 'right'
    : 'wrong';
}

async function run({ url, perSecond, seconds, bodies, expected }) {
  const counts = { right: 0, failed: 0, wrong: 0 };
  const latencies = [];
  const startedAt = performance.now();
  const total = Math.round(perSecond * seconds);
  const pending = [];
  let example = null;
  for (let next = 0; next < total; ) {
    const nowMs = performance.now() - startedAt;
    for (; next < total && (next * 1000) / perSecond <= nowMs; next++) {
      const dueMs = (next * 1000) / perSecond;
      const at = next % bodies.length;
      pending.push(
        ask(url, bodies[at]).then((answer) => {
          latencies.push(performance.now() - startedAt - dueMs);
          const verdict = verdictOf(answer, at, expected);
          counts[verdict]++;
          if (verdict !== 'right') example ??= answer;
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  const sorted = Float64Array.from(latencies).sort();
  const percentile = (q) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
  const latencyMs = { p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99), max: sorted.at(-1) };
  return { requests: total, perSecond, ...counts, latencyMs, example };
}

process.on('message', (job) => {
  run(job).then(
    (result) => process.send(result),
    (error) => process.send({ error: error.stack }),
  );
});
