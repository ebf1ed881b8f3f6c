import { expect, it } from 'vitest';
import { allotLife, isLastAnswer } from './connection-life.js';

const bounds = { maxRequests: 100, maxAgeUs: 1000 };

it('a draw takes up to a fifth of the bounds', () => {
  expect(allotLife(bounds, 0, 5)).toEqual({ requests: 100, endsAtUs: 1005 });
  expect(allotLife(bounds, 0.5, 5)).toEqual({ requests: 90, endsAtUs: 905 });
  expect(allotLife({ maxRequests: 1, maxAgeUs: 1000 }, 0.999, 0).requests).toBe(1);
});

it('the last answer is that of the last request, or the first after the age', () => {
  const life = allotLife(bounds, 0, 0);
  expect([isLastAnswer(life, 99, 999), isLastAnswer(life, 100, 0), isLastAnswer(life, 1, 1000)]).toEqual([
    false,
    true,
    true,
  ]);
});
