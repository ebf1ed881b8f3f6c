import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchLimits, type FreshRow, nextBatch } from './next-batch.js';
import { type QueuedRow, RowQueue } from './row-queue.js';
import { handicapUs, MAX_HEAD_START_US, urgencyClass } from './urgency.js';

const limits: BatchLimits = {
  nowUs: 1000,
  maxRows: 4,
  freeWorkers: 1,
  newRequests: Number.POSITIVE_INFINITY,
  maxDelayUs: 0,
};

interface NamedRow extends FreshRow {
  readonly name: string;
}

function row(name: string, readyAtUs: number, options: Partial<QueuedRow> & { request?: object } = {}): NamedRow {
  return { name, readyAtUs, priority: 1, runsLeft: 1, place: null, request: options.request ?? {}, ...options };
}

function queue(...rows: NamedRow[]): RowQueue<NamedRow> {
  const made = new RowQueue<NamedRow>();
  for (const one of rows) made.add(one);
  return made;
}

function names(continuing: RowQueue<NamedRow>, fresh: RowQueue<NamedRow>, changed: Partial<BatchLimits> = {}): string {
  const choice = nextBatch(continuing, fresh, { ...limits, ...changed });
  return [choice.continuing, choice.fresh].map((rows) => rows.map((one) => one.name).join('')).join('|');
}

describe('the next batch', () => {
  it('takes the oldest of both queues, of equals those under way', () => {
    expect(names(queue(row('a', 1), row('b', 4), row('c', 5)), queue(row('x', 2), row('y', 3), row('z', 6)))).toBe(
      'ab|xy',
    );
    expect(names(queue(row('a', 5)), queue(row('x', 5)), { maxRows: 1 })).toBe('a|');
  });

  it('takes no more than there are, and nothing without a free worker', () => {
    expect(names(queue(row('a', 1)), queue(row('x', 2)))).toBe('a|x');
    expect(names(queue(), queue())).toBe('|');
    expect(names(queue(row('a', 1)), queue(row('x', 2)), { freeWorkers: 0 })).toBe('|');
  });

  it('leaves its share to the other free workers: 5 rows over 2 are 3 and 2', () => {
    expect(
      names(queue(row('a', 1), row('b', 2), row('c', 3), row('d', 4), row('e', 5)), queue(), { freeWorkers: 2 }),
    ).toBe('abc|');
  });

  it('opens no more requests than it may, and lets none pass', () => {
    const [p, q] = [{}, {}];
    const rows = queue(row('x', 1, { request: p }), row('y', 2, { request: p }), row('z', 3, { request: q }));
    expect(names(queue(), rows, { newRequests: 1 })).toBe('|xy');
    expect(names(queue(row('a', 9)), rows, { newRequests: 0 })).toBe('a|');
    const urgent = queue(row('x', 5, { priority: 0 }), row('y', 1));
    expect(names(queue(), urgent, { newRequests: 1 })).toBe('|x');
  });

  it('goes by priority until waiting has made up for it', () => {
    const late = row('l', 0, { priority: 3 });
    expect(names(queue(), queue(late, row('f', 399_999)), { maxRows: 1 })).toBe('|f');
    expect(names(queue(), queue(late, row('f', 400_001)), { maxRows: 1 })).toBe('|l');
  });

  it('lets what ends with its next run pass what has more to go, for 50 ms', () => {
    const long = row('l', 0, { runsLeft: 100 });
    expect(names(queue(long), queue(row('s', 49_999)), { maxRows: 1 })).toBe('|s');
    expect(names(queue(long), queue(row('s', 50_000)), { maxRows: 1 })).toBe('l|');
  });
});

describe('a queue delay', () => {
  it('holds new windows until the oldest has waited, and says when to look again', () => {
    const rows = queue(row('x', 900), row('y', 950));
    expect(nextBatch(queue(), rows, { ...limits, maxDelayUs: 200 })).toMatchObject({ fresh: [], lookAgainAtUs: 1100 });
    expect(names(queue(), rows, { maxDelayUs: 100 })).toBe('|xy');
  });

  it('holds neither a full batch nor a window under way', () => {
    const full = queue(row('x', 999), row('y', 999));
    expect(names(queue(), full, { maxDelayUs: 200, maxRows: 2 })).toBe('|xy');
    expect(names(queue(row('a', 999)), queue(row('x', 999)), { maxDelayUs: 200 })).toBe('a|x');
  });
});

interface Given {
  readonly readyAtUs: number;
  readonly priority: number;
  readonly runsLeft: number;
}

const given = fc.record({
  readyAtUs: fc.nat(1_000_000),
  priority: fc.nat(3),
  runsLeft: fc.integer({ min: 1, max: 3 }),
});

function rankOf({ readyAtUs, priority, runsLeft }: Given): number {
  return readyAtUs + handicapUs(urgencyClass(priority, runsLeft));
}

describe('any queues', () => {
  it('give the rows of least rank, and none passes one that became ready long before it', () => {
    fc.assert(
      fc.property(fc.array(given), fc.array(given), fc.integer({ min: 1, max: 12 }), (under, waiting, maxRows) => {
        const named = (list: Given[]): NamedRow[] => list.map((one, i) => row(String(i), one.readyAtUs, one));
        const [older, newer] = [named(under), named(waiting)];
        const choice = nextBatch(queue(...older), queue(...newer), { ...limits, maxRows });
        const taken: NamedRow[] = [...choice.continuing, ...choice.fresh];
        // Naive reference: sort all ranks, and take the first.
        const ranks = [...older, ...newer].map(rankOf).sort((a, b) => a - b);
        expect(taken.map(rankOf).sort((a, b) => a - b)).toEqual(ranks.slice(0, maxRows));
        const left = [...older, ...newer].filter((one) => !taken.includes(one));
        for (const late of taken) {
          for (const early of left) expect(late.readyAtUs - early.readyAtUs).toBeLessThanOrEqual(MAX_HEAD_START_US);
        }
      }),
    );
  });

  it('keep their rows whoever leaves: one that comes back takes its place again', () => {
    const rows = [row('a', 1), row('b', 2), row('c', 3)];
    const all = queue(...rows);
    expect([all.delete(rows[0]!), all.delete(rows[0]!), all.size]).toEqual([true, false, 2]);
    all.add(rows[0]!);
    expect(names(queue(), all)).toBe('|abc');
    expect([all.size, all.oldestReadyAtUs]).toEqual([3, 1]);
  });
});
