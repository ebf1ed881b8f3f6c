import { describe, expect, it } from 'vitest';
import type { Clock } from '../serving/index.js';
import { RequestTurns, type Turn } from './request-turns.js';

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

  it('where turns bring connections each begins one request', () => {
    const { clock, turns, begun, take } = start();
    for (const name of TEN) take(name);
    for (const begunSoFar of ['abcde', 'abcdef', 'abcdefg']) {
      turns.noteConnection();
      clock.endTurn();
      expect(begun.join('')).toBe(begunSoFar);
    }
    clock.endTurn();
    clock.endTurn();
    expect(begun.join('')).toBe('abcdefghij');
  });

  it('… and more where turns are long for other reasons, up to the budget', () => {
    const { clock, turns, begun, take } = start();
    for (const name of TEN) take(name);
    turns.noteConnection();
    clock.us += 16_000;
    clock.endTurn();
    expect(begun.join('')).toBe('abcd' + 'efg');
    turns.noteConnection();
    clock.us += 1_000_000;
    for (const name of TEN) take(name);
    clock.endTurn();
    expect(begun).toHaveLength(11);
  });

  /** Refusals that take 100 µs each. */
  function refusing({ clock, turns, begun }: ReturnType<typeof start>): (name: string) => Turn | null {
    return (name) =>
      turns.takeRefusal(clock.us, () => {
        begun.push(name);
        clock.us += 100;
      });
  }

  it('refusals have an eighth of the budget while others wait, and at least one a turn', () => {
    const started = start();
    const { clock, turns, begun, take } = started;
    const refuse = refusing(started);
    expect(refuse('A')).toBeNull();
    for (const name of 'abcd') take(name);
    const gone = refuse('B');
    for (const name of 'CDEFGHIJ') refuse(name);
    for (const name of 'efghijk') take(name);
    expect(begun.join('')).toBe('Aabcd');
    if (gone !== null) turns.leave(gone);
    clock.endTurn();
    expect(begun.join('')).toBe('Aabcd' + 'CDEefgh');
    turns.noteConnection();
    clock.endTurn();
    expect(begun.join('')).toBe('Aabcd' + 'CDEefgh' + 'Fi');
    clock.endTurn();
    expect(begun.join('')).toBe('Aabcd' + 'CDEefgh' + 'Fi' + 'GHIjk');
  });

  it('refusals have the whole of it where nobody else waits, and nobody waits behind them', () => {
    const started = start();
    const { clock, begun, take } = started;
    const refuse = refusing(started);
    for (const name of 'abcd') take(name);
    for (const name of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') refuse(name);
    clock.endTurn();
    expect(begun.join('')).toBe('abcd' + 'ABCDEFGHIJKLMNOPQRST');
    clock.endTurn();
    take('e');
    refuse('0');
    expect(begun.join('')).toBe('abcd' + 'ABCDEFGHIJKLMNOPQRST' + 'UVWXYZ' + 'e0');
  });

  it('says how long one that comes now will wait, as those did that were begun of late', () => {
    const { clock, turns, take } = start();
    for (const name of 'abcdefghijkl') take(name);
    expect(turns.waitUs).toBe(0);
    clock.endTurn();
    clock.endTurn();
    expect(turns.lastUs).toBe(2000);
    expect(turns.waitUs).toBe(0);
    for (const name of 'mn') take(name);
    expect(turns.waitUs).toBe(1000);
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
