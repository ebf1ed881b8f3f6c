import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ContinuingRow, type FreshRow, nextBatch } from './next-batch.js';

const limits = { maxRows: 4, freeWorkers: 1, newRequests: Number.POSITIVE_INFINITY };

function fresh(...rows: [readyAtUs: number, request: object, active?: boolean][]): Set<FreshRow> {
  return new Set(rows.map(([readyAtUs, request, requestActive = false]) => ({ readyAtUs, request, requestActive })));
}

function continuing(...readyAtUs: number[]): Set<ContinuingRow> {
  return new Set(readyAtUs.map((at) => ({ readyAtUs: at })));
}

const [a, b, c] = [{}, {}, {}];

describe('the next batch', () => {
  it('takes the oldest of both queues', () => {
    expect(nextBatch(continuing(1, 4, 5), fresh([2, a], [3, b], [6, c]), limits)).toEqual({ continuing: 2, fresh: 2 });
  });

  it('takes no more than there are', () => {
    expect(nextBatch(continuing(1), fresh([2, a]), limits)).toEqual({ continuing: 1, fresh: 1 });
    expect(nextBatch(new Set(), new Set(), limits)).toEqual({ continuing: 0, fresh: 0 });
  });

  it('is empty without a free worker', () => {
    expect(nextBatch(continuing(1), fresh([2, a]), { ...limits, freeWorkers: 0 })).toEqual({ continuing: 0, fresh: 0 });
  });

  it('leaves its share to the other free workers: 5 rows over 2 are 3 and 2', () => {
    expect(nextBatch(continuing(1, 2, 3, 4, 5), new Set(), { ...limits, freeWorkers: 2 }).continuing).toBe(3);
  });

  it('opens no more requests than it may, and lets none overtake', () => {
    const rows = fresh([1, a], [2, a], [3, b], [4, a]);
    expect(nextBatch(new Set(), rows, { ...limits, newRequests: 1 })).toEqual({ continuing: 0, fresh: 2 });
    expect(nextBatch(continuing(9), rows, { ...limits, newRequests: 0 })).toEqual({ continuing: 1, fresh: 0 });
    expect(nextBatch(new Set(), fresh([1, a, true], [2, b]), { ...limits, newRequests: 0 }).fresh).toBe(1);
  });

  it('is the merge of both queues by age, for any queues', () => {
    const times = fc.array(fc.nat(1000), { maxLength: 20 }).map((list) => list.sort((x, y) => x - y));
    fc.assert(
      fc.property(times, times, fc.integer({ min: 1, max: 12 }), (older, newer, maxRows) => {
        const choice = nextBatch(continuing(...older), fresh(...newer.map((at): [number, object] => [at, {}])), {
          ...limits,
          maxRows,
        });
        // Naive reference: sort everything, continuing first among equals, and count the first maxRows.
        const all = [...older.map((at) => ({ at, kind: 0 })), ...newer.map((at) => ({ at, kind: 1 }))];
        const taken = all.sort((x, y) => x.at - y.at || x.kind - y.kind).slice(0, maxRows);
        expect(choice).toEqual({
          continuing: taken.filter((row) => row.kind === 0).length,
          fresh: taken.filter((row) => row.kind === 1).length,
        });
      }),
    );
  });
});
