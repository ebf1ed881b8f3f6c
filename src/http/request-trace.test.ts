import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeTrace, serverTiming, startTrace } from './request-trace.js';

describe('serverTiming', () => {
  it('prints milliseconds as numbers do, to the microsecond', () => {
    const us = fc.oneof(fc.integer({ min: -5, max: 3_000 }), fc.double({ min: 0, max: 1e10, noNaN: true }));
    fc.assert(
      fc.property(us, (prepUs) => {
        const trace = startTrace(0);
        trace.timing.prepUs = prepUs;
        const [, prep] = /prep;dur=([^,]+),/.exec(serverTiming(trace, closeTrace(trace, 0))) ?? [];
        expect(prep).toBe(String(Math.round(prepUs) / 1000));
      }),
      { numRuns: 2_000 },
    );
  });
});
