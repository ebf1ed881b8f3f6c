import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkByPriority } from './work-by-priority.js';

describe('work by priority', () => {
  it('counts each window as long as it and its successor stay, up to the end of the request', () => {
    const work = new WorkByPriority();
    work.add(1, 1, 1, 100);
    work.add(1, 1000, 1000, 1);
    // 100 · min(30, 1 + 1) + min(30, 2000), not 101 · 30.
    expect(work.aheadOf(1, 30)).toBe(230);
    expect(work.aheadOf(1, 1)).toBe(101);
    expect(work.aheadOf(1, 10_000)).toBe(200 + 2000);
    expect(work.aheadOf(0, 30)).toBe(0);
    expect([work.allWindows, work.allRuns]).toEqual([101, 1100]);
  });

  it('a crowd of equals stays in number for as long as one of them does, whatever each has left', () => {
    const work = new WorkByPriority();
    for (let left = 1; left <= 30; left++) work.add(1, left, 30, 1);
    expect(work.aheadOf(1, 30)).toBe(30 * 30);
  });

  it('agrees with a plain list of windows, whatever comes, advances and leaves', () => {
    const step = fc.record({
      priority: fc.nat(3),
      runs: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 10_000 })),
      does: fc.constantFrom('comes', 'advances', 'leaves'),
      which: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step), fc.nat(3), fc.integer({ min: 1, max: 20_000 }), (steps, priority, runs) => {
        const work = new WorkByPriority();
        const list: { priority: number; left: number; total: number }[] = [];
        for (const { does, which, ...window } of steps) {
          const at = which % Math.max(1, list.length);
          const there = list[at];
          if (does === 'comes' || there === undefined) {
            list.push({ priority: window.priority, left: window.runs, total: window.runs });
            work.add(window.priority, window.runs, window.runs, 1);
          } else if (does === 'leaves') {
            list.splice(at, 1);
            work.add(there.priority, there.left, there.total, -1);
          } else {
            work.advance(there.priority, there.left, there.total);
            there.left--;
            if (there.left === 0) list.splice(at, 1);
          }
        }
        const ahead = list.filter((one) => one.priority <= priority);
        const rows = ahead.reduce((sum, one) => sum + Math.min(runs, one.left + one.total), 0);
        expect(work.aheadOf(priority, runs)).toBe(rows);
        expect(work.allRuns).toBe(list.reduce((sum, one) => sum + one.left, 0));
        expect(work.allWindows).toBe(list.length);
      }),
    );
  });
});
