import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cohortsOf, PARTS, RequestLog, splitRequest, tailExcess } from './index.js';

const sum = (parts: Readonly<Record<string, number>>): number => Object.values(parts).reduce((a, b) => a + b, 0);

describe('splitRequest', () => {
  it('splits a request into contiguous parts', () => {
    const timingMs = { recv: 1, parse: 2, prep: 3, queue: 10, exec: 20, lag: 1, post: 1, total: 40 };
    expect(splitRequest({ responseMs: 50, lateMs: 4, timingMs })).toEqual({
      generator: 4,
      'client+network': 6,
      recv: 1,
      parse: 2,
      prep: 3,
      queue: 10,
      exec: 20,
      lag: 1,
      post: 1,
      other: 2,
      unsplit: 0,
    });
  });

  it('leaves the service time whole where the answer does not split it', () => {
    for (const timingMs of [null, {}, { db: 3 }, { total: Number.NaN }]) {
      expect(splitRequest({ responseMs: 50, lateMs: 4, timingMs })).toMatchObject({ generator: 4, unsplit: 46 });
    }
  });

  it('always sums to the response time, whatever the server claims', () => {
    const amount = fc.oneof(fc.double({ min: -10, max: 1000 }), fc.constant(Number.NaN), fc.constant(Infinity));
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1000, noNaN: true }),
        amount,
        fc.option(fc.dictionary(fc.constantFrom('recv', 'queue', 'exec', 'total', 'x'), amount)),
        (responseMs, lateMs, timingMs) => {
          const parts = splitRequest({ responseMs, lateMs, timingMs });
          expect(sum(parts)).toBeCloseTo(responseMs, 6);
          for (const part of PARTS) expect(parts[part]).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});

function logOf(n: number, of: (i: number) => { queue: number; replica?: string; batchRows?: number }): RequestLog {
  const log = new RequestLog();
  for (let i = 0; i < n; i++) {
    const { queue, replica = '', batchRows = 0 } = of(i);
    const timingMs = { queue, exec: 5, total: 5 + queue };
    log.add({ responseMs: 6 + queue, lateMs: 0, timingMs, replica, batchRows });
  }
  return log;
}

describe('cohorts', () => {
  // 90 % wait 1 ms, 10 % wait 101 ms, in batches of 8 on the slow replica.
  const log = logOf(1000, (i) =>
    i % 10 === 0
      ? { queue: 101, replica: 'b', batchRows: 8 }
      : { queue: 1, replica: i % 2 === 0 ? 'a' : 'b', batchRows: 2 },
  );

  it('say where the time of the median and of the tail went', () => {
    const { all, cohorts, requests } = cohortsOf(log);
    expect(requests).toBe(1000);
    expect(all.responseMs).toBeCloseTo(17, 4);
    expect(all.partsMs.queue).toBeCloseTo(11, 4);
    expect(cohorts.map(({ name, requests: n }) => [name, n])).toEqual([
      ['p50', 50],
      ['p95', 20],
      ['p99', 10],
    ]);
    const [median, , tail] = cohorts;
    expect(median).toMatchObject({ responseMs: 7, batchRows: 2 });
    expect(tail).toMatchObject({ responseMs: 107, batchRows: 8, replicas: { b: 1 } });
    expect(tail?.partsMs).toMatchObject({ queue: 101, exec: 5, 'client+network': 1 });
  });

  it('name what the tail has that the median lacks', () => {
    const excess = tailExcess(cohortsOf(log));
    expect(excess).toMatchObject({ gapMs: 100, parts: [{ part: 'queue', excessMs: 100, share: 1 }] });
    expect(excess?.replica).toMatchObject({ name: 'b', ofTail: 1 });
  });

  it('are also taken by replica', () => {
    const set = cohortsOf(log, log.replicas.indexOf('a'));
    expect(set).toMatchObject({ replica: 'a', requests: 400 });
    expect(tailExcess(set)).toBeNull();
  });

  it('do not average fewer than five requests', () => {
    expect(cohortsOf(logOf(20, () => ({ queue: 1 }))).cohorts).toEqual([]);
    expect(cohortsOf(logOf(100, () => ({ queue: 1 }))).cohorts.map(({ name }) => name)).toEqual(['p50']);
    expect(cohortsOf(new RequestLog())).toMatchObject({ requests: 0, cohorts: [], all: { responseMs: 0 } });
  });
});

describe('RequestLog', () => {
  it('stays within its bound and keeps its rows evenly spread', () => {
    const log = new RequestLog(64);
    for (let i = 0; i < 10_000; i++) {
      log.add({ responseMs: i, lateMs: 0, timingMs: null, replica: '', batchRows: 0 });
    }
    expect(log.seen).toBe(10_000);
    expect(log.size).toBeGreaterThan(32);
    expect(log.size).toBeLessThanOrEqual(64);
    expect(cohortsOf(log).all.responseMs).toBeGreaterThan(4500);
    expect(cohortsOf(log).all.responseMs).toBeLessThan(5500);
  });

  it('takes no response time that is no number', () => {
    const log = new RequestLog();
    for (const responseMs of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      log.add({ responseMs, lateMs: 0, timingMs: null, replica: '', batchRows: 0 });
    }
    expect(log.size).toBe(0);
  });
});
