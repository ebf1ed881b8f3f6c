// A server whose delays follow a known law and that keeps its own record of each: what the load lab is calibrated on.
// node delay-server.mjs '{"law":"fixed","ms":50}' prints its port. POST /work is served; GET /record gives and empties
// the record: {delaysMs: from request to answer by the server's clock, lateMsP99: how late its event loop got to timers};
// GET /stall?after=MS&for=MS blocks the whole process.
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';

const settings = JSON.parse(process.argv[2] ?? '{"law":"fixed","ms":0}');

/** mulberry32: the same delays in every run. */
let state = settings.seed ?? 1;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

const LAWS = {
  fixed: () => settings.ms,
  exponential: () => -settings.ms * Math.log(1 - random()),
  bimodal: () => (random() < settings.slowShare ? settings.slowMs : settings.ms),
};
const nextMs = LAWS[settings.law];

/** Its record of a request begins when its event loop gets to it: the witness says how late that may have been. */
const WITNESS_MS = 5;
const witness = monitorEventLoopDelay({ resolution: WITNESS_MS });
witness.enable();

let record = [];
let served = 0;

function work(request, response) {
  const began = performance.now();
  request.resume();
  request.on('end', () => {
    const number = served++;
    const answer = () => {
      response.statusCode = settings.errorEvery && number % settings.errorEvery === settings.errorEvery - 1 ? 500 : 200;
      response.end('{"ok":true}');
      record.push(performance.now() - began);
    };
    const ms = nextMs();
    if (ms > 0) setTimeout(answer, ms);
    else answer();
  });
}

// Never sleeps: an idle processor takes up to milliseconds to wake (most of all in a virtual machine), and what comes in
// meanwhile would be in nobody's record.
const turn = () => setImmediate(turn);
turn();

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/work') work(request, response);
  else if (url.pathname === '/record') {
    response.end(JSON.stringify({ delaysMs: record, lateMsP99: witness.percentile(99) / 1e6 - WITNESS_MS }));
    record = [];
    witness.reset();
  } else if (url.pathname === '/stall') {
    setTimeout(
      () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(url.searchParams.get('for'))),
      Number(url.searchParams.get('after')),
    );
    response.end('{}');
  } else if (url.pathname === '/livez') response.end('{}');
  else response.writeHead(404).end();
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.on('disconnect', () => process.exit(0));
