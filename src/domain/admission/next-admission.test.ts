import { describe, expect, it } from 'vitest';
import { deadlineUs } from './deadline.js';
import { nextAdmission } from './next-admission.js';

const open = { queued: 0, maxQueued: 10, draining: false, rowsPerSecond: 0 };

describe('admission', () => {
  it.each([
    [0, 10, true],
    [9, 1, true],
    [10, 1, false],
    [9, 2, false],
  ])('%d waiting of 10, %d more: %s', (queued, rows, admit) => {
    expect(nextAdmission({ ...open, queued }, rows).admit).toBe(admit);
  });

  it.each([
    [0, 1],
    [1000, 1],
    [5, 2],
    [0.1, 30],
  ])('at %d rows per second the client comes back after %d s', (rowsPerSecond, retryAfterS) => {
    const refused = nextAdmission({ ...open, queued: 10, rowsPerSecond }, 1);
    expect(refused).toEqual({ admit: false, reason: 'queue_full', retryAfterS });
  });

  it('admits nothing while draining', () => {
    expect(nextAdmission({ ...open, draining: true }, 1)).toEqual({ admit: false, reason: 'draining', retryAfterS: 1 });
  });
});

describe('the deadline', () => {
  it.each([
    [null, 1000, 1_005_000],
    [200, 1000, 205_000],
    [5000, 1000, 1_005_000],
  ])('asked for %s ms under a limit of %d ms', (asked, limit, dueUs) => {
    expect(deadlineUs(5000, asked, limit)).toBe(dueUs);
  });
});
