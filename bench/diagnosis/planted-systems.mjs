/**
 * Systems with one trouble each, as real processes. `server` is for planted-server.mjs; `remedy` is what the diagnosis
 * should propose, with what it changes of the server, the generators, the way or the swaps.
 */
const QUICK = {
  processes: 1,
  loopMs: 0.4,
  limit: null,
  workers: 2,
  runMs: 2,
  rowMs: 0.5,
  burns: false,
  cores: null,
  maxRows: 8,
  maxDelayMs: 0,
  answerKb: 1,
  gcEveryMs: 0,
  swapMs: 800,
};

export const SYSTEMS = [
  {
    cause: 'concurrency_limit',
    planted: 'a limit of 2 in front of 8 workers of 30 ms',
    levels: [2, 10, 40],
    server: { ...QUICK, limit: 2, workers: 8, runMs: 30, rowMs: 0, maxRows: 1 },
    remedy: { id: 'concurrency_limit/raise', server: { limit: 4 } },
  },
  {
    cause: 'cpu',
    planted: '4 workers of 15 ms of computing on 1 core',
    levels: [1, 8, 24],
    server: { ...QUICK, cores: '0', burns: true, workers: 4, runMs: 15, rowMs: 0, maxRows: 1 },
    remedy: { id: 'cpu/double', server: { cores: '0,1' } },
  },
  {
    cause: 'event_loop',
    planted: '10 ms on the HTTP thread for each request',
    levels: [2, 10, 30],
    server: { ...QUICK, loopMs: 10 },
    remedy: { id: 'event_loop/processes', server: { processes: 2 } },
  },
  {
    cause: 'model_execution',
    planted: 'one worker, 40 ms + 5 ms a row, batches of 4',
    levels: [2, 10, 40],
    server: { ...QUICK, workers: 1, runMs: 40, rowMs: 5, maxRows: 4 },
    remedy: { id: 'model_execution/halve', server: { runMs: 20, rowMs: 2.5 } },
  },
  {
    cause: 'batching_wait',
    planted: '40 ms of waiting for a fuller batch',
    levels: [2, 5, 8],
    server: { ...QUICK, maxDelayMs: 40, maxRows: 32 },
    remedy: { id: 'batching_wait/no_delay', server: { maxDelayMs: 0 } },
  },
  {
    cause: 'generator',
    planted: 'answers of 40,000 numbers that one generator has to check',
    levels: [1, 6, 20],
    generators: 1,
    server: { ...QUICK, answerKb: 760 },
    remedy: { id: 'generator/double', generators: 2 },
  },
  {
    cause: 'network',
    planted: '25 ms each way',
    levels: [2, 10, 20],
    wayMs: 25,
    server: QUICK,
    remedy: { id: 'network/nearer', wayMs: 0 },
  },
  {
    cause: 'memory_gc',
    planted: 'a full garbage collection every 250 ms on a large heap',
    levels: [2, 10, 20],
    server: { ...QUICK, gcEveryMs: 250 },
    remedy: { id: 'memory_gc/heap', server: { gcEveryMs: 0 } },
  },
  {
    cause: 'model_swap',
    planted: 'the same load again, and a swap of 0.8 s every 3 s in it',
    levels: [20, 20],
    swapEveryMs: 3000,
    server: QUICK,
    remedy: { id: 'model_swap/apart', swapEveryMs: 0 },
  },
  { cause: null, planted: 'nothing', levels: [2, 10, 20], server: QUICK, remedy: null },
];
