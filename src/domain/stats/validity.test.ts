import { describe, expect, it } from 'vitest';
import {
  failureRateBound,
  lagUnsupported,
  littlesLaw,
  overlapUs,
  type PhaseEvidence,
  runInvalidReasons,
  smallestNForSuccess,
} from './index.js';

describe('failureRateBound', () => {
  it('bounds the rate that no failure in n leaves possible', () => {
    expect(failureRateBound(0, 320)).toBeCloseTo(0.00932, 5);
    expect(failureRateBound(0, 2_995)).toBeLessThan(0.001);
    expect(failureRateBound(0, 2_994)).toBeGreaterThan(0.001);
    expect(smallestNForSuccess(0.999)).toBe(2_995);
  });

  it('agrees with the tables of Clopper and Pearson', () => {
    expect(failureRateBound(1, 10)).toBeCloseTo(0.3942, 4);
    expect(failureRateBound(5, 100)).toBeCloseTo(0.1023, 4);
    expect(failureRateBound(10, 10)).toBe(1);
    expect(failureRateBound(0, 0)).toBe(1);
  });
});

describe('littlesLaw', () => {
  it('counts the part of a request that lies in the window', () => {
    expect(overlapUs(5, 15, 10, 20)).toBe(5);
    expect(overlapUs(12, 15, 10, 20)).toBe(3);
    expect(overlapUs(18, 30, 10, 20)).toBe(2);
    expect(overlapUs(1, 2, 10, 20)).toBe(0);
  });

  it('holds within 2 % up to 50 users and 5 % above', () => {
    expect(littlesLaw(500, 490, 10, 50)).toMatchObject({ expected: 50, measured: 49, holds: true });
    expect(littlesLaw(500, 489, 10, 50).holds).toBe(false);
    expect(littlesLaw(1_000, 951, 10, 100).holds).toBe(true);
    expect(littlesLaw(1_000, 949, 10, 100).holds).toBe(false);
  });
});

describe('lagUnsupported', () => {
  it('asks for a shift above both 2 ms and 10 %', () => {
    expect(lagUnsupported(10, 8.1)).toBe(false);
    expect(lagUnsupported(10, 7.9)).toBe(true);
    expect(lagUnsupported(100, 91)).toBe(false);
    expect(lagUnsupported(100, 89)).toBe(true);
  });
});

describe('runInvalidReasons', () => {
  const sound: PhaseEvidence = {
    name: '50',
    users: 50,
    requests: 1_000,
    generatorElu: 0.4,
    generatorCpuWaitMs: 0.1,
    generatorCpuWaitShare: 0.1,
    ownDelays: [{ percentile: 95, generatorMs: 1, responseMs: 60 }],
    lagMsP50: 0.1,
    responseMsP50: 40,
    littlesLaw: littlesLaw(500, 499, 10, 50),
    generatorsLost: [],
    achievedShare: null,
    dropped: 0,
    unsteady: null,
  };
  const own = (percentile: 95 | 99, generatorMs: number, responseMs: number) => ({
    percentile,
    generatorMs,
    responseMs,
  });
  const reasonsOf = (change: Partial<PhaseEvidence>): string[] =>
    runInvalidReasons({ phases: [{ ...sound, ...change }], restarts: [] });

  it('finds no fault with a sound run', () => {
    expect(reasonsOf({})).toEqual([]);
    expect(reasonsOf({ generatorElu: 0.8, lagMsP50: 10 })).toEqual([]);
  });

  it('names each fault', () => {
    expect(reasonsOf({ generatorElu: 0.81 })[0]).toContain('busy 81.0 %');
    expect(reasonsOf({ lagMsP50: 10.1 })[0]).toContain('10.10 ms late');
    expect(reasonsOf({ lagMsP50: 0.5, responseMsP50: 0.6 })).toEqual([]);
    expect(reasonsOf({ lagMsP50: 0.51, responseMsP50: 0.6 })[0]).toContain('0.51 ms late');
    expect(reasonsOf({ generatorCpuWaitShare: 0.35 })).toEqual([]);
    expect(reasonsOf({ generatorCpuWaitShare: 0.36 })[0]).toContain('waited for a processor 36.0 %');
    expect(reasonsOf({ generatorCpuWaitMs: 6 })).toEqual([]);
    expect(reasonsOf({ generatorCpuWaitMs: 6.1 })[0]).toContain('waited 6.10 ms for a processor');
    expect(reasonsOf({ generatorCpuWaitMs: 0.5, responseMsP50: 0.6 })).toEqual([]);
    expect(reasonsOf({ ownDelays: [own(95, 18, 60), own(99, 45, 100)] })).toEqual([]);
    expect(reasonsOf({ ownDelays: [own(95, 18.1, 60)] })[0]).toContain('itself added 18.10 ms at the 95th percentile');
    expect(reasonsOf({ ownDelays: [own(95, 18, 60), own(99, 45.1, 100)] })[0]).toContain('45.10 ms at the 99th');
    expect(reasonsOf({ ownDelays: [own(95, 2, 3), own(99, 3, 4)] })).toEqual([]);
    expect(reasonsOf({ ownDelays: [own(95, 2.1, 3), own(99, 3.1, 4)] })).toHaveLength(1);
    expect(reasonsOf({ achievedShare: 0.98 })).toEqual([]);
    expect(reasonsOf({ achievedShare: 0.979, dropped: 3 })[0]).toMatch(/only 97\.9 %.*3 were given up/);
    expect(reasonsOf({ unsteady: 'it drifts' })[0]).toBe('Phase 50 was not steady: it drifts.');
    expect(reasonsOf({ littlesLaw: littlesLaw(500, 400, 10, 50) })[0]).toContain('40.00 of 50.00 users');
    expect(reasonsOf({ requests: 0 })[0]).toContain('not a single request');
    expect(reasonsOf({ generatorsLost: ['generator 1 died.'] })).toEqual(['Phase 50: generator 1 died.']);
    expect(runInvalidReasons({ phases: [sound], restarts: ['The server restarted.'] })).toEqual([
      'The server restarted.',
    ]);
    expect(runInvalidReasons({ phases: [], restarts: [] })).toEqual(['No phase was measured.']);
  });
});
