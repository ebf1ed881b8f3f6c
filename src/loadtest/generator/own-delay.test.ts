import { describe, expect, it } from 'vitest';
import { OwnDelay } from './own-delay.js';

/** A kernel, a clock and an event loop by hand: each turn comes 10 ms after the one before. */
function handMade(read?: () => null) {
  const after: (() => void)[] = [];
  const world = { nowMs: 0, waitedMs: 0 };
  const delay = new OwnDelay({
    read: read ?? (() => ({ atMs: world.nowMs, waitedMs: world.waitedMs, runs: 0 })),
    nowMs: () => world.nowMs,
    afterTurn: (run) => after.push(run),
  });
  const turn = (
    answers: number,
    waitedMs: number,
    options: { readonly atWorkMs?: number; readonly lagMs?: number } = {},
  ) => {
    world.nowMs += 10;
    world.waitedMs += waitedMs;
    for (let i = 0; i < answers; i++) delay.answered(options.lagMs ?? 0);
    world.waitedMs += options.atWorkMs ?? 0;
    for (const run of after.splice(0)) run();
  };
  return { delay, turn, world };
}

const TURNS = 1_000;

describe('OwnDelay', () => {
  it('is the wait for the turn that read the answer, and the lag before the request', () => {
    const waits = handMade();
    for (let i = 0; i < TURNS; i++) waits.turn(1, 5);
    expect(waits.delay.figuresMs.p95).toBeCloseTo(5, 1);
    const late = handMade();
    for (let i = 0; i < TURNS; i++) late.turn(1, 5, { lagMs: 2 });
    expect(late.delay.figuresMs.p95).toBeCloseTo(7, 1);
    const prompt = handMade();
    for (let i = 0; i < TURNS; i++) prompt.turn(1, 0);
    expect(prompt.delay.figuresMs.p95).toBeLessThan(0.01);
  });

  it('is also what was waited at work on the turn before', () => {
    const { delay, turn } = handMade();
    for (let i = 0; i < TURNS; i++) turn(1, 0, { atWorkMs: 5 });
    expect(delay.figuresMs.p95).toBeCloseTo(5, 1);
  });

  it.each([
    [10, 5],
    [50, 0],
  ])('shows waits that a mean hides: one of 5 ms in %i turns', (every, p95) => {
    const { delay, turn } = handMade();
    for (let i = 0; i < TURNS; i++) turn(1, i % every === 0 ? 5 : 0);
    expect(delay.figuresMs.p95).toBeCloseTo(p95, 1);
  });

  it('counts a wait once for each answer that it delayed', () => {
    const { delay, turn } = handMade();
    for (let i = 0; i < TURNS; i++) turn(i % 50 === 0 ? 10 : 1, i % 50 === 0 ? 5 : 0);
    expect(delay.figuresMs.p95).toBeCloseTo(5, 1); // one turn in 50, but a sixth of the answers
  });

  it('sees the turn of a burst that waits', () => {
    const { delay, turn } = handMade();
    for (let i = 0; i < TURNS; i++) turn(1, i % 2 === 0 ? 5 : 0);
    expect(delay.figuresMs.p95).toBeCloseTo(5, 1);
  });

  it('looks at a part of many turns only, and says nothing of few answers', () => {
    const few = handMade();
    for (let i = 0; i < 99; i++) few.turn(1, 5);
    expect(few.delay.figuresMs.p95).toBeNull();
    for (let i = 0; i < 300; i++) few.turn(1, 5);
    expect(few.delay.figuresMs.p95).toBeCloseTo(5, 1);
    expect(few.delay.figuresMs.p99).toBeNull();
    const { delay, turn, world } = handMade();
    for (let i = 0; i < 150; i++) {
      world.nowMs -= 9.99;
      turn(1, 5);
    }
    expect(delay.figuresMs.p95).toBeNull();
  });

  it('says nothing where the kernel says nothing', () => {
    const { delay, turn } = handMade(() => null);
    for (let i = 0; i < TURNS; i++) turn(1, 5, { lagMs: 1 });
    expect(delay.figuresMs.p95).toBeNull();
  });
});
