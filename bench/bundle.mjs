/**
 * Time and memory of reading and summarising a large run bundle. The bundle is written by the code that writes every
 * bundle, from samples of a made-up run: two phases, two generators, with the parts of Server-Timing. Reading runs in a
 * process of its own. Prints JSON; exit code 1 beyond the bounds (1 M samples in 15 s and 1 GB).
 *
 *   npm run bench -- bundle [--samples 1000000]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom } from '../dist/domain/arrivals/index.js';
import { assembleRun } from '../dist/loadtest/assemble-run.js';
import { SAMPLE_WIDTH } from '../dist/loadtest/generator/messages.js';
import { loadHistograms } from '../dist/loadtest/record/histogram.js';
import { PhaseRecorder } from '../dist/loadtest/record/phase-recorder.js';
import { SampleStore } from '../dist/loadtest/record/sample-store.js';
import { writeBundle } from '../dist/loadtest/record/write-bundle.js';

const { values: options } = parseArgs({ options: { samples: { type: 'string', default: '1000000' } } });
const samples = Number(options.samples);
const BATCH = 2_000;
const USERS = 50;
const LENGTH_US = 600e6;
const SECONDS_MAX = 15;
const RSS_MB_MAX = 1_024;
const random = seededRandom(1);
const ms = (mean) => -mean * Math.log(1 - random());

/** Requests of one message, evenly over the stretch of time that is theirs. */
function batchOf(phase, fromUs, toUs) {
  const numbers = new Float64Array(BATCH * SAMPLE_WIDTH);
  const serverTiming = [];
  for (let i = 0; i < BATCH; i++) {
    const intended = fromUs + ((toUs - fromUs) * i) / BATCH;
    const queue = ms(2);
    const exec = 1 + ms(1);
    const done = intended + (queue + exec + 0.5) * 1000;
    const failure = random() < 0.001 ? 3 : -1;
    numbers.set(
      [i % USERS, intended, intended + 20, done - 50, done, 0, failure < 0 ? 200 : 503, failure, 4_600, 420],
      i * SAMPLE_WIDTH,
    );
    serverTiming.push(
      `recv;dur=0.05, parse;dur=0.11, prep;dur=0.08, queue;dur=${queue.toFixed(3)}, exec;dur=${exec.toFixed(3)}, lag;dur=0.02, post;dur=0.07, total;dur=${(queue + exec + 0.33).toFixed(3)}`,
    );
  }
  const repeated = (text) => Array.from({ length: BATCH }, () => text);
  const head = { phase, count: BATCH, examples: {} };
  return { ...head, numbers, serverTiming, replica: repeated('replica-a'), runId: repeated('0123456789abcdef') };
}

function fill(recorder, store, phase) {
  const batches = Math.ceil(samples / 2 / BATCH);
  const { startUs } = recorder.phase.plan;
  for (let i = 0; i < batches; i++) {
    const batch = batchOf(phase, startUs + (LENGTH_US * i) / batches, startUs + (LENGTH_US * (i + 1)) / batches);
    recorder.add(batch, i % 2);
    store.add(batch, recorder.phase.name, Number.POSITIVE_INFINITY);
  }
}

function driven(name, number, store) {
  const plan = {
    mode: 'closed',
    users: USERS,
    thinkUs: 0,
    startUs: number * (LENGTH_US + 1e6),
    endUs: number * (LENGTH_US + 1e6) + LENGTH_US,
    requestsPerUser: Number.POSITIVE_INFINITY,
    levels: [],
  };
  const recorder = new PhaseRecorder({ name, kind: 'sustained', plan });
  fill(recorder, store, number);
  const generator = (id) => ({
    ...{
      generator: id,
      users: USERS / 2,
      elu: 0.3,
      cpuS: 100,
      processor: { waitMs: 0.05, waitShare: 0.02 },
      ownDelayMs: { p95: 0.5, p99: 0.7 },
      connectionsOpened: USERS / 2,
    },
    ...{ open: null, lost: null },
  });
  return { recorder, generators: [generator(0), generator(1)], problems: [] };
}

const folder = mkdtempSync(join(tmpdir(), 'flts-bundle-'));
try {
  await loadHistograms();
  const store = new SampleStore(1);
  const phases = [driven('low', 0, store), driven('high', 1, store)];
  const run = assembleRun({
    head: { scenario: { name: 'bench', seed: 1 }, samples: { kept: store.kept, of: store.seen } },
    driven: phases,
    ...{ requirements: [], seed: 1, rss: [], restarts: [], warnings: [] },
  });
  const began = performance.now();
  await writeBundle(folder, {
    run,
    recorders: phases.map(({ recorder }) => recorder),
    samples: store.samples(),
    server: [],
    epochMs: Date.now(),
    shard: null,
  });
  const writeS = Number(((performance.now() - began) / 1000).toFixed(2));
  const reader = fileURLToPath(new URL('./bundle/read-bundle.mjs', import.meta.url));
  const read = JSON.parse(execFileSync(process.execPath, [reader, folder], { encoding: 'utf8' }));
  const bytes = statSync(join(folder, 'samples.ndjson.gz')).size;
  console.log(JSON.stringify({ samples: store.kept, samplesMb: Math.round(bytes / 1e6), writeS, read }, null, 2));
  const beyond = read.totalS > SECONDS_MAX || read.maxRssMb > RSS_MB_MAX || read.gaps.length > 0;
  process.exitCode = beyond ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
