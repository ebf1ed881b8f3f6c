import { describe, expect, it } from 'vitest';
import { OwnDelay } from './own-delay.js';

/** A kernel, a clock and an event loop by hand. */
function surroundings() {
  const after: (() => void)[] = [];
  const world = { nowMs: 0, waitedMs: 0 };
  return {
    world,
    endTurn: () => {
      for (const run of after.splice(0)) run();
    },
    of: {
      read: () => ({ atMs: world.nowMs, waitedMs: world.waitedMs, runs: 0 }),
      nowMs: () => world.nowMs,
      afterTurn: (run: () => void) => after.push(run),
    },
  };
}

/** `turns` pairs of turns, 10 ms apart: one answer, then a wait of `waitMs(i)` for a processor and `answers` at once. */
function delaysOf(turns: number, waitMs: (turn: number) => number, answers: number, lagMs = 0): OwnDelay {
  const { world, endTurn, of } = surroundings();
  const delay = new OwnDelay(of);
  for (let turn = 0; turn < turns; turn++) {
    world.nowMs += 10;
    delay.answered(lagMs);
    endTurn();
    world.waitedMs += waitMs(turn);
    for (let i = 0; i < answers; i++) delay.answered(lagMs);
    endTurn();
  }
  return delay;
}

describe('OwnDelay', () => {
  it('is the wait of the turn that read the answer, and the lag before the request', () => {
    expect(delaysOf(100, () => 5, 1).msP95).toBeCloseTo(5, 1);
    expect(delaysOf(100, () => 5, 1, 2).msP95).toBeCloseTo(7, 1);
    expect(delaysOf(100, () => 0, 1).msP95).toBeLessThan(0.01);
  });

  it('shows waits that a mean hides', () => {
    expect(delaysOf(100, (turn) => (turn % 10 === 0 ? 5 : 0), 1).msP95).toBeCloseTo(5, 1);
    expect(delaysOf(100, (turn) => (turn % 50 === 0 ? 5 : 0), 1).msP95).toBeLessThan(0.01);
  });

  it('counts a wait once for each answer that it delayed', () => {
    const { world, endTurn, of } = surroundings();
    const delay = new OwnDelay(of);
    for (let turn = 0; turn < 100; turn++) {
      world.nowMs += 10;
      delay.answered(0);
      endTurn();
      const long = turn % 50 === 0;
      world.waitedMs += long ? 5 : 0;
      for (let i = 0; i < (long ? 10 : 1); i++) delay.answered(0);
      endTurn();
    }
    expect(delay.msP95).toBeCloseTo(5, 1); // 20 of 118 answers
  });

  it('leaves turns out that come too soon, and says nothing of few answers', () => {
    expect(delaysOf(99, () => 5, 1).msP95).toBeNull();
    const { world, endTurn, of } = surroundings();
    const delay = new OwnDelay(of);
    for (let turn = 0; turn < 400; turn++) {
      world.nowMs += 0.1;
      delay.answered(0);
      endTurn();
    }
    expect(delay.msP95).toBeNull();
  });

  it('says nothing where the kernel says nothing', () => {
    const { endTurn, of } = surroundings();
    const delay = new OwnDelay({ ...of, read: () => null });
    for (let turn = 0; turn < 300; turn++) {
      delay.answered(1);
      endTurn();
    }
    expect(delay.msP95).toBeNull();
  });
});
