import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkedQueue, type Place } from './linked-queue.js';

function membersOf(queue: LinkedQueue<number>): { forwards: number[]; backwards: number[] } {
  const forwards: number[] = [];
  const backwards: number[] = [];
  for (let place = queue.first; place !== null; place = place.after) forwards.push(place.member);
  for (let place = queue.last; place !== null; place = place.before) backwards.unshift(place.member);
  return { forwards, backwards };
}

describe('LinkedQueue', () => {
  it('keeps the order of an array, whoever comes where and whoever leaves', () => {
    const step = fc.record({ kind: fc.constantFrom('add', 'addBehind', 'remove'), at: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new LinkedQueue<number>();
        const places: Place<number>[] = [];
        steps.forEach(({ kind, at }, i) => {
          if (kind === 'add') {
            places.push(queue.add(i));
          } else if (kind === 'addBehind') {
            const behind = at % (places.length + 1);
            places.splice(behind, 0, queue.addBehind(places[behind - 1] ?? null, i));
          } else {
            const [left] = places.splice(at % Math.max(1, places.length), 1);
            if (left !== undefined) expect(queue.remove(left)).toBe(true);
          }
          const members = places.map(({ member }) => member);
          expect(membersOf(queue)).toEqual({ forwards: members, backwards: members });
          expect(queue.size).toBe(members.length);
        });
      }),
    );
  });

  it('lets nobody leave twice, or a queue that is not theirs', () => {
    const queue = new LinkedQueue<string>();
    const place = queue.add('a');
    expect(new LinkedQueue<string>().remove(place)).toBe(false);
    expect(queue.remove(place)).toBe(true);
    expect(queue.remove(place)).toBe(false);
    expect(queue.size).toBe(0);
  });

  it('gives its members in order, and then nothing', () => {
    const queue = new LinkedQueue<string>();
    const [a] = [queue.add('a'), queue.add('b')];
    expect([queue.takeFirst(), a.queue, queue.takeFirst(), queue.takeFirst(), queue.size]).toEqual([
      'a',
      null,
      'b',
      null,
      0,
    ]);
  });

  it('has left places point to nothing', () => {
    const queue = new LinkedQueue<string>();
    const [a, b, c] = [queue.add('a'), queue.add('b'), queue.add('c')];
    for (const place of [b, a, c]) queue.remove(place);
    for (const place of [a, b, c]) expect(place).toMatchObject({ queue: null, before: null, after: null });
    expect([queue.first, queue.last]).toEqual([null, null]);
  });
});
