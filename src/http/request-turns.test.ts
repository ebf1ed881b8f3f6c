import { describe, expect, it } from 'vitest';
import type { Clock } from '../serving/index.js';
import { RequestTurns } from './request-turns.js';

/** Time that passes within a turn of the event loop, too. */
class LoopClock implements Clock {
  us = 0;
  #afterTurn: (() => void)[] = [];

  nowUs(): number {
    return this.us;
  }

  schedule(): () => void {
    throw new Error('no timers here');
  }

  afterTurn(action: () => void): void {
    this.#afterTurn.push(action);
  }

  endTurn(): void {
    const due = this.#afterTurn;
    this.#afterTurn = [];
    for (const action of due) action();
  }
}

/** Requests whose bodies take 500 µs each: four fill a turn, one does while connections come. */
function start(): { clock: LoopClock; turns: RequestTurns; begun: string[]; take: (name: string) => () => void } {
  const clock = new LoopClock();
  const turns = new RequestTurns(clock);
  const begun: string[] = [];
  const take = (name: string): (() => void) => {
    const turn = turns.take(clock.us, () => {
      begun.push(name);
      clock.us += 500;
    });
    return () => {
      if (turn !== null) turns.leave(turn);
    };
  };
  return { clock, turns, begun, take };
}

const TEN = Array.from('abcdefghij');

describe('turns of the event loop', () => {
  it('what is beyond the budget waits for the next turns, in the order of its coming', () => {
    const { clock, begun, take } = start();
    for (const name of TEN) take(name);
    expect(begun.join('')).toBe('abcd');
    take('k');
    clock.endTurn();
    expect(begun.join('')).toBe('abcdefgh');
    // It would have a place in this turn's budget, were nobody before it.
    clock.us += 1;
    take('l');
    clock.endTurn();
    expect(begun.join('')).toBe('abcdefghijkl');
    clock.endTurn();
    take('m');
    expect(begun.at(-1)).toBe('m');
  });

  it('a turn in which nothing waits has its own budget', () => {
    const { clock, begun, take } = start();
    for (const name of 'abcd') take(name);
    clock.endTurn();
    for (const name of 'efgh') take(name);
    expect(begun).toHaveLength(8);
  });

  it('turns are short while connections come, and for one turn after', () => {
    const { clock, turns, begun, take } = start();
    turns.noteConnection();
    for (const name of TEN) take(name);
    expect(begun.join('')).toBe('a');
    clock.endTurn();
    expect(begun.join('')).toBe('ab');
    clock.endTurn();
    expect(begun.join('')).toBe('abcdef');
  });

  it('refusals wait behind what was let in, but for one a turn', () => {
    const { clock, turns, begun, take } = start();
    const refuse = (name: string) =>
      turns.takeRefusal(clock.us, () => {
        begun.push(name);
        clock.us += 500;
      });
    expect(refuse('A')).toBeNull();
    for (const name of 'abc') take(name);
    const gone = refuse('B');
    for (const name of 'CDEF') refuse(name);
    for (const name of 'defghijk') take(name);
    expect(begun.join('')).toBe('Aabc');
    if (gone !== null) turns.leave(gone);
    clock.endTurn();
    expect(begun.join('')).toBe('AabcCdef');
    clock.endTurn();
    expect(begun.join('')).toBe('AabcCdefDghi');
    clock.endTurn();
    expect(begun.join('')).toBe('AabcCdefDghiEjkF');
  });

  it('says how long one that comes now will wait: as long as the next has', () => {
    const { clock, turns, take } = start();
    expect(turns.waitUs).toBe(0);
    for (const name of 'abcdefgh') take(name);
    clock.us += 700;
    expect(turns.waitUs).toBe(700);
    clock.endTurn();
    expect(turns.waitUs).toBe(0);
  });

  it('who has gone does not get a turn', () => {
    const { clock, begun, take } = start();
    for (const name of 'abcd') take(name);
    const leave = take('e');
    take('f');
    leave();
    clock.endTurn();
    leave();
    expect(begun.join('')).toBe('abcdf');
  });
});
