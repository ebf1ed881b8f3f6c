import { expect, it } from 'vitest';
import { ModelMemory } from './model-memory.js';

it('the memory of a version that has left holds the next one, when that is about as large', () => {
  const memory = new ModelMemory();
  const first = memory.take(800_000);
  expect(first.buffer.byteLength).toBeGreaterThanOrEqual(800_000);
  const second = memory.take(800_000);
  expect(second.buffer).not.toBe(first.buffer);
  memory.giveBack(first);
  expect(memory.take(3_000_000).buffer).not.toBe(first.buffer);
  expect(memory.take(100_000).buffer).not.toBe(first.buffer);
  expect(memory.take(810_000)).toEqual({ buffer: first.buffer, bytes: 810_000 });
  expect(memory.take(810_000).buffer).not.toBe(first.buffer);
});

it('keeps two', () => {
  const memory = new ModelMemory();
  const taken = [1, 2, 3].map(() => memory.take(1000));
  for (const one of taken) memory.giveBack(one);
  const again = [1, 2, 3].map(() => memory.take(1000).buffer);
  expect(again.slice(0, 2)).toEqual([taken[1]?.buffer, taken[2]?.buffer]);
  expect(taken.map(({ buffer }) => buffer)).not.toContain(again[2]);
});
