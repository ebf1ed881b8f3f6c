// A service with one planted trouble (planted-systems.mjs says which); it describes itself in the words of `flts serve`.
// node --expose-gc planted-server.mjs '{…}' prints its port. POST /swap takes all workers for `swapMs`.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { availableParallelism } from 'node:os';
import { PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';
import { Worker } from 'node:worker_threads';

const plan = JSON.parse(process.argv[2]);
const LAG_EVERY_MS = 20;
const BYTES_A_NUMBER = 19;
/** Objects that each full collection has to visit. */
const LIVE_OBJECTS = 700_000;

const counters = { wait: 0, exec: 0, done: 0, rows: 0, runs: 0, lagSum: 0, lagCount: 0, gc: 0, swaps: 0 };
const queue = [];
let [busy, active, lagMs, swapping, timer] = [0, 0, 0, false, null];
/** Numbers: they cost whoever checks them more than whoever sends them. */
const answer = JSON.stringify({
  outputs: Array.from({ length: Math.ceil((plan.answerKb * 1024) / BYTES_A_NUMBER) }, (_, i) => Math.sqrt(i + 2)),
});

/** Holds this thread up without using the CPU. */
const cell = new Int32Array(new SharedArrayBuffer(4));
const hold = (ms) => ms > 0 && Atomics.wait(cell, 0, 0, ms);

const threads = [];
function startThreads() {
  for (let i = 0; i < plan.workers; i++) threads.push(new Worker(new URL('./burning-worker.mjs', import.meta.url)));
}

/** When the run really ended, which the HTTP thread may learn late. */
function runModel(ms) {
  if (!plan.burns) {
    const ends = performance.now() + ms;
    return new Promise((resolve) => setTimeout(() => resolve(Math.min(ends, performance.now())), ms));
  }
  const thread = threads.pop();
  return new Promise((resolve) => {
    thread.once('message', (ended) => {
      threads.push(thread);
      resolve(ended - performance.timeOrigin);
    });
    thread.postMessage(Math.round(ms * plan.turnsPerMs));
  });
}

/** Free workers take what waits: full batches at once, others when their oldest request has waited long enough. */
function dispatch() {
  while (queue.length > 0 && busy < plan.workers && !swapping) {
    const room = Math.min(plan.maxRows, (plan.limit ?? Number.POSITIVE_INFINITY) - active);
    if (room < 1) return;
    const restMs = queue[0].queued + plan.maxDelayMs - performance.now();
    if (queue.length < plan.maxRows && restMs > 0) {
      timer ??= setTimeout(() => {
        timer = null;
        dispatch();
      }, restMs);
      return;
    }
    void runBatch(queue.splice(0, room));
  }
}

async function runBatch(batch) {
  busy++;
  active += batch.length;
  const began = performance.now();
  const ended = await runModel(plan.runMs + plan.rowMs * batch.length);
  busy--;
  counters.rows += batch.length;
  counters.runs++;
  for (const request of batch) finish(request, batch.length, began, ended);
  dispatch();
}

function finish({ response, arrived, queued }, rows, began, ended) {
  const postAt = performance.now();
  hold(plan.loopMs / 2);
  const answered = performance.now();
  const parts = {
    parse: queued - arrived,
    queue: began - queued,
    exec: ended - began,
    lag: postAt - ended,
    post: answered - postAt,
    total: answered - arrived,
  };
  counters.wait += parts.queue / 1000;
  counters.exec += parts.exec / 1000;
  counters.done++;
  active--;
  response.setHeader(
    'server-timing',
    Object.entries(parts)
      .map(([name, ms]) => `${name};dur=${ms.toFixed(3)}`)
      .join(', '),
  );
  response.setHeader('x-batch-rows', rows);
  response.setHeader('content-type', 'application/json');
  response.end(answer);
}

function take(response) {
  const arrived = performance.now();
  hold(plan.loopMs / 2);
  queue.push({ response, arrived, queued: performance.now() });
  dispatch();
}

function swap(response) {
  swapping = true;
  setTimeout(() => {
    swapping = false;
    counters.swaps++;
    dispatch();
  }, plan.swapMs);
  response.end('{}');
}

function stats() {
  const { user, system } = process.cpuUsage();
  return {
    replica_id: 'planted',
    processes: plan.processes,
    workers: plan.workers,
    workers_busy: busy,
    active,
    limit: plan.limit,
    queue_length: queue.length,
    event_loop_lag_ms_last: lagMs,
    process: {
      cpu_user_s: user / 1e6,
      cpu_system_s: system / 1e6,
      cpu_cores: availableParallelism(),
      event_loop_busy_s: performance.eventLoopUtilization().active / 1000,
      rss_bytes: process.memoryUsage.rss(),
    },
  };
}

function metrics() {
  const { wait, exec, done, rows, runs, lagSum, lagCount, gc, swaps } = counters;
  const values = {
    inference_queue_wait_seconds_sum: wait,
    inference_queue_wait_seconds_count: done,
    inference_exec_seconds_sum: exec,
    inference_exec_seconds_count: done,
    inference_batch_rows_sum: rows,
    inference_batch_rows_count: runs,
    event_loop_lag_seconds_sum: lagSum,
    event_loop_lag_seconds_count: lagCount,
    nodejs_gc_duration_seconds_sum: gc,
    inference_model_swaps_total: swaps,
  };
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

function watch() {
  let due = performance.now() + LAG_EVERY_MS;
  setInterval(() => {
    lagMs = Math.max(0, performance.now() - due);
    due = performance.now() + LAG_EVERY_MS;
    counters.lagSum += lagMs / 1000;
    counters.lagCount++;
  }, LAG_EVERY_MS);
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) counters.gc += duration / 1000;
  }).observe({ entryTypes: ['gc'] });
}

function serve() {
  watch();
  if (plan.burns) startThreads();
  if (plan.gcEveryMs > 0) {
    const live = Array.from({ length: LIVE_OBJECTS }, (_, i) => ({ i, next: { i } }));
    setInterval(() => live.length > 0 && globalThis.gc(), plan.gcEveryMs);
  }
  const routes = {
    '/predict': take,
    '/swap': swap,
    '/queue_stats': (response) => response.end(JSON.stringify(stats())),
    '/metrics': (response) => response.end(metrics()),
    '/ready': (response) => response.end('{}'),
    '/livez': (response) => response.end('{}'),
  };
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => (routes[request.url] ?? ((unknown) => unknown.writeHead(404).end()))(response));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => !cluster.isWorker && console.log(server.address().port));
}

process.on('disconnect', () => process.exit(0));
if (plan.processes === 1 || cluster.isWorker) serve();
else {
  for (let i = 0; i < plan.processes; i++) cluster.fork();
  let listening = 0;
  cluster.on('listening', (_worker, { port }) => {
    if (++listening === plan.processes) console.log(port);
  });
}
