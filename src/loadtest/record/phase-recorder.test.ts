import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { GeneratorResult } from '../generator/generator-pool.js';
import { SAMPLE_WIDTH, type SampleBatch } from '../generator/messages.js';
import { LatencyHistogram, loadHistograms } from './histogram.js';
import { phaseFigures } from './phase-figures.js';
import { PhaseRecorder } from './phase-recorder.js';
import { SampleStore } from './sample-store.js';
import { parseBatchRows, parseServerTiming } from './server-timing.js';
import { histogramLog } from './write-bundle.js';

beforeAll(loadHistograms);

/** Rows of user, intended, sent, first byte, done, connection wait, status, failure, bytes out, bytes in. */
function batch(rows: readonly number[][], timing = ''): SampleBatch {
  return {
    phase: 1,
    count: rows.length,
    numbers: Float64Array.from(rows.flat()),
    serverTiming: rows.map(() => timing),
    replica: rows.map(() => 'r1'),
    runId: rows.map(() => ''),
    examples: {},
  };
}

const request = (user: number, intended: number, done: number, change: Record<number, number> = {}): number[] => {
  const row = [user, intended, intended, done, done, 0, 200, -1, 100, 50];
  for (const [i, value] of Object.entries(change)) row[Number(i)] = value;
  expect(row).toHaveLength(SAMPLE_WIDTH);
  return row;
};

const plan = {
  mode: 'closed' as const,
  levels: [],
  users: 2,
  thinkUs: 0,
  startUs: 0,
  endUs: 1_000_000,
  requestsPerUser: Number.POSITIVE_INFINITY,
};
const recorderOf = (change: Partial<typeof plan> = {}) =>
  new PhaseRecorder({ name: 'p', kind: 'sustained', plan: { ...plan, ...change } });
const GENERATOR = {
  generator: 0,
  users: 2,
  elu: 0.1,
  cpuS: 0.2,
  processor: { waitMs: 0.1, waitShare: 0.02 },
  ownDelayMs: { p95: 0.5, p99: 0.7 },
  connectionsOpened: 2,
  open: null,
  lost: null,
};

describe('LatencyHistogram', () => {
  it('answers every rank as the sorted values do, to three digits', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90_000_000 }), { minLength: 1, maxLength: 200 }), (values) => {
        const histogram = new LatencyHistogram();
        for (const value of values) histogram.record(value);
        const sorted = values.toSorted((a, b) => a - b);
        for (const [i, value] of sorted.entries()) {
          expect(Math.abs(histogram.msAtRank(i + 1) * 1000 - value)).toBeLessThanOrEqual(value * 0.001 + 1);
        }
        expect(histogram.minMs).toBe(sorted[0]! / 1000);
        expect(histogram.maxMs).toBe(sorted.at(-1)! / 1000);
        histogram.destroy();
      }),
    );
  });
});

const figuresOf = (recorder: PhaseRecorder, generators: GeneratorResult[]) =>
  phaseFigures(recorder, { generators, seed: 1, objective: null, rss: [], steadyPhases: 1 });

describe('PhaseRecorder', () => {
  it('counts, times and rates a phase', () => {
    const recorder = recorderOf();
    const rows = Array.from({ length: 10 }, (_, i) => [
      request(0, i * 100_000, (i + 1) * 100_000),
      request(1, i * 100_000, (i + 1) * 100_000),
    ]).flat();
    recorder.add(batch(rows, 'exec;dur=4, total;dur=10'), 0);
    const figures = figuresOf(recorder, [GENERATOR]);
    expect(figures).toMatchObject({
      requests: 20,
      succeeded: 20,
      failed: 0,
      duration_s: 1,
      throughput_per_s: 20,
      min_ms: 100,
      mean_ms: 100,
      p50_ms: 100,
      max_ms: 100,
      statuses: { '200': 20 },
      bytes_out: 2_000,
      bytes_in: 1_000,
      replicas: { r1: 20 },
      server_timing_ms_mean: { exec: 4, total: 10 },
      littles_law: { expected: 2, measured: 2, holds: true },
    });
    expect(figures.warnings?.[0]).toBe('p95 is "at least the maximum": 20 answers, 72 are needed for an upper bound.');
  });

  it('keeps failures out of response time and throughput', () => {
    const recorder = recorderOf();
    recorder.add(batch([request(0, 0, 500_000), request(1, 0, 2_000, { 6: 500, 7: 1 })]), 0);
    expect(figuresOf(recorder, [GENERATOR])).toMatchObject({
      succeeded: 1,
      failed: 1,
      success_rate: 0.5,
      throughput_per_s: 1,
      p50_ms: 500,
      failed_ms: { max: 2 },
      failures: { http_5xx: 1 },
      statuses: { '200': 1, '500': 1 },
    });
  });

  it('counts answers after the end of the phase as requests, not as throughput', () => {
    const recorder = recorderOf();
    recorder.add(batch([request(0, 0, 900_000), request(0, 900_000, 1_200_000)]), 0);
    expect(figuresOf(recorder, [GENERATOR])).toMatchObject({ requests: 2, throughput_per_s: 1 });
  });

  it("breaks Little's law when a user is lost", () => {
    const recorder = recorderOf();
    recorder.add(batch([request(0, 0, 1_000_000), request(1, 0, 300_000)]), 0);
    expect(recorder.law([GENERATOR])).toMatchObject({ measured: 1.3, holds: false });
  });

  it('expects of a shard what its own users can do', () => {
    const shard = new PhaseRecorder({ name: 'p', kind: 'sustained', plan }, [1]);
    shard.add(batch([request(1, 0, 1_000_000)]), 1);
    expect(shard.law([GENERATOR])).toMatchObject({ expected: 1, measured: 1, holds: true });
  });

  it('calls a percentile unsupported when the own lag carries it, and connection wait no lag', () => {
    const lagging = recorderOf();
    lagging.add(batch(Array.from({ length: 100 }, () => request(0, 0, 10_000, { 2: 5_000 }))), 0);
    expect(figuresOf(lagging, [GENERATOR])).toMatchObject({
      lag_ms: { p50: 5 },
      percentiles: { p50: { supported: false } },
    });
    const waiting = recorderOf();
    waiting.add(batch(Array.from({ length: 100 }, () => request(0, 0, 10_000, { 2: 5_000, 5: 5_000 }))), 0);
    expect(figuresOf(waiting, [GENERATOR])).toMatchObject({
      lag_ms: { p50: 0 },
      percentiles: { p50: { supported: true } },
    });
    expect(figuresOf(waiting, [GENERATOR]).connection_wait_ms_mean).toBe(5);
  });

  it('takes the last answer as the end where users have a number of requests', () => {
    const recorder = recorderOf({ endUs: Number.POSITIVE_INFINITY, requestsPerUser: 2 });
    recorder.add(batch([request(0, 0, 100_000), request(1, 0, 400_000)]), 0);
    expect(figuresOf(recorder, [GENERATOR])).toMatchObject({ duration_s: 0.4, throughput_per_s: 5, littles_law: null });
  });

  it('ends its window where it was cut, and leaves Little alone', () => {
    const recorder = recorderOf();
    recorder.add(batch([request(0, 0, 250_000)]), 0);
    recorder.cut(500_000);
    expect(figuresOf(recorder, [GENERATOR])).toMatchObject({ duration_s: 0.5, throughput_per_s: 2, littles_law: null });
  });

  it('holds open arrivals against what was due, and in-flight time against its own count', () => {
    const flat = { lengthUs: 1_000_000, fromPerS: 10, toPerS: 10 };
    const open = { mode: 'open' as const, startUs: 0, profile: [flat], process: 'constant' as const, seed: 1 };
    const recorder = new PhaseRecorder({ name: 'o', kind: 'sustained', plan: open });
    // 9 of 10 arrivals, 50 ms each; the third waited 10 ms for a connection after 2 ms of lag.
    const rows = Array.from({ length: 9 }, (_, i) =>
      request(0, i * 100_000, i * 100_000 + 50_000, i === 2 ? { 2: 212_000, 5: 10_000 } : {}),
    );
    recorder.add(batch(rows), 0);
    const account = { due: 10, started: 9, dropped: 1, inFlightUs: 448_000 };
    expect(figuresOf(recorder, [{ ...GENERATOR, users: 0, open: account }])).toMatchObject({
      rate: 10,
      arrivals: 'constant',
      open: { due: 10, started: 9, dropped: 1, achieved_share: 0.9 },
      lag_ms: { max: 2 },
      littles_law: { expected: 0.448, measured: 0.448, holds: true },
    });
    expect(figuresOf(recorder, []).users).toBeUndefined();
  });

  it('writes a histogram log with a tag per phase, generator and outcome', () => {
    const recorder = recorderOf();
    recorder.add(batch([request(0, 0, 500_000), request(1, 0, 2_000, { 7: 1 })]), 0);
    const text = histogramLog([recorder], 1_000);
    expect(text).toContain('#[Histogram log format version 1.3]');
    expect([...text.matchAll(/Tag=([^,]+),([\d.]+),([\d.]+),/g)].map(([, ...parts]) => parts)).toEqual([
      ['p/0/ok', '1.000', '1.000'],
      ['p/0/failed', '1.000', '1.000'],
      ['p/0/lag', '1.000', '1.000'],
      ['p/0/prompt', '1.000', '1.000'],
    ]);
  });
});

describe('SampleStore', () => {
  const many = (n: number, from = 0): SampleBatch =>
    batch(Array.from({ length: n }, (_, i) => request(0, from + i, from + i + 10)));

  it('keeps everything while it fits, in order of completion', () => {
    const store = new SampleStore(1, 100, 10);
    store.add(many(3, 50), 'b', Number.POSITIVE_INFINITY);
    store.add(batch([request(7, 0, 5, { 3: Number.NaN, 6: 0, 7: 5 })], 'exec;dur=1.5'), 'a', Number.POSITIVE_INFINITY);
    expect([...store.samples()]).toEqual([
      {
        phase: 'a',
        user: 7,
        intended_us: 0,
        sent_us: 0,
        first_byte_us: null,
        done_us: 5,
        connection_wait_us: 0,
        status: 0,
        failure: 'timeout',
        bytes_out: 100,
        bytes_in: 50,
        timing_ms: { exec: 1.5 },
        replica: 'r1',
      },
      ...[60, 61, 62].map((done) => expect.objectContaining({ phase: 'b', done_us: done, failure: null }) as object),
    ]);
  });

  it('is a fair reservoir beyond, and keeps what failed or was slow', () => {
    const store = new SampleStore(1, 1_000, 50);
    store.add(many(10_000), 'a', Number.POSITIVE_INFINITY);
    store.add(batch([request(1, 0, 99, { 7: 1 })]), 'a', Number.POSITIVE_INFINITY);
    store.add(batch([request(2, 0, 5_000)]), 'a', 4_000);
    const samples = [...store.samples()];
    expect(store.seen).toBe(10_002);
    expect(store.kept).toBe(samples.length);
    expect(samples.filter((sample) => sample.extra !== true)).toHaveLength(1_000);
    expect(samples.filter((sample) => sample.user === 1)).toHaveLength(1);
    expect(samples.filter((sample) => sample.user === 2)).toHaveLength(1);
    // A uniform draw of 1,000 out of 0..9,999 has a mean of 5,000 ± 91 (one sigma).
    const kept = samples.filter((sample) => sample.user === 0).map((sample) => sample.intended_us);
    expect(kept.reduce((a, b) => a + b) / kept.length).toBeGreaterThan(4_600);
    expect(kept.reduce((a, b) => a + b) / kept.length).toBeLessThan(5_400);
  });

  it('never keeps more than its bounds', () => {
    const store = new SampleStore(1, 10, 5);
    store.add(batch(Array.from({ length: 100 }, (_, i) => request(0, i, i + 1, { 7: 1 }))), 'a', 0);
    expect(store.kept).toBe(15);
  });
});

describe('parseBatchRows', () => {
  it('reads the rows of the batch, and nothing else', () => {
    expect(parseBatchRows('queue;dur=1, batch;desc="8", exec;dur=2')).toBe(8);
    expect(parseBatchRows('batch;desc=12')).toBe(12);
    for (const header of ['', 'batch;dur=8', 'minibatch;desc="8"', 'batch;desc="many"', 'batch;desc="8x"']) {
      expect(parseBatchRows(header)).toBeNull();
    }
  });
});

describe('parseServerTiming', () => {
  it('reads durations by name', () => {
    expect(parseServerTiming('recv;dur=0.1, batch;desc="8", queue;dur=2;desc=x,exec;dur="3.5"')).toEqual({
      recv: 0.1,
      queue: 2,
      exec: 3.5,
    });
    expect(parseServerTiming('')).toEqual({});
    expect(parseServerTiming('a;dur=x, ;dur=1, b')).toEqual({});
    expect(parseServerTiming('a;dur=1, a;dur=2')).toEqual({ a: 3 });
  });
});
