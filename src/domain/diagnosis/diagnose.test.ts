import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARTS, type PartTimes } from '../attribution/index.js';
import { diagnose, type PhaseObservation, type ServerObservation } from './index.js';

const SERVER_KEYS = [
  'replicas',
  'processes',
  'workers',
  'workersBusyMean',
  'limit',
  'activeMean',
  'queueLengthMean',
  'queueWaitMsMean',
  'execMsMean',
  'prepMsMean',
  'batchRowsMean',
  'loopLagMsMean',
  'loopLagMsMax',
  'loopBusyShare',
  'cpuCoresMean',
  'cpuLimitCores',
  'cpuThrottledShare',
  'gcShare',
  'memoryBytesMax',
  'memoryLimitBytes',
  'oomKills',
  'restarts',
  'modelSwaps',
] as const;
const NOTHING = Object.fromEntries(SERVER_KEYS.map((key) => [key, null])) as unknown as ServerObservation;

const phase = (change: Partial<PhaseObservation> = {}): PhaseObservation => ({
  name: '10',
  users: 10,
  ratePerS: null,
  thinkMs: 0,
  requests: 1000,
  succeeded: 1000,
  throughputPerS: 100,
  meanMs: 100,
  parts: null,
  lateMs: null,
  floorMs: null,
  generatorBusyShare: null,
  generators: null,
  achievedShare: null,
  server: NOTHING,
  ...change,
});

describe('diagnose', () => {
  it('says that nothing can be judged where nothing was measured', () => {
    for (const phases of [
      [],
      [phase({ meanMs: null })],
      [phase({ meanMs: Number.NaN })],
      [phase({ meanMs: 0, requests: 0, succeeded: 0 })],
    ]) {
      expect(diagnose(phases)).toMatchObject({ phase: null, outcome: 'undecided', findings: [] });
    }
    expect(diagnose([phase({ succeeded: 0, meanMs: null })]).summary).toContain(
      'None of 1,000 requests was answered rightly',
    );
  });

  it('does not call a service healthy of which it knows one response time', () => {
    const { outcome, missing } = diagnose([phase()]);
    expect(outcome).toBe('undecided');
    expect(missing).toHaveLength(9);
  });

  it('leaves growth undecided that no figure explains', () => {
    const { outcome, summary } = diagnose([phase({ name: '1', users: 1, meanMs: 10 }), phase({ users: 50 })]);
    expect(outcome).toBe('undecided');
    expect(summary).toContain('10 × that of the least load');
  });

  it('names no limit that the CPU keeps from being the bottleneck', () => {
    const server = { ...NOTHING, limit: 4, activeMean: 4, cpuCoresMean: 1, cpuLimitCores: 1, queueWaitMsMean: 80 };
    const { findings } = diagnose([phase({ server })]);
    expect(findings[0]).toMatchObject({ cause: 'cpu', score: 1 });
    expect(findings.find(({ cause }) => cause === 'concurrency_limit')?.score).toBe(0);
  });

  it('answers any figures, however they contradict each other, with finite ones', () => {
    const amount = fc.option(
      fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constant(0), fc.constant(Infinity)),
    );
    const server = fc.record(
      Object.fromEntries(SERVER_KEYS.map((key) => [key, amount])),
    ) as unknown as fc.Arbitrary<ServerObservation>;
    const parts = fc.option(
      fc.record(Object.fromEntries(PARTS.map((part) => [part, fc.double({ min: 0, max: 1e4, noNaN: true })]))),
    ) as unknown as fc.Arbitrary<PartTimes | null>;
    const finite = fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }));
    const any = fc.record({
      name: fc.string(),
      users: fc.option(fc.integer({ min: 0, max: 200 })),
      ratePerS: finite,
      thinkMs: fc.double({ min: 0, max: 1e4, noNaN: true }),
      requests: fc.nat(),
      succeeded: fc.nat(),
      throughputPerS: finite,
      meanMs: finite,
      parts,
      lateMs: finite,
      floorMs: finite,
      generatorBusyShare: finite,
      generators: fc.option(fc.nat(8)),
      achievedShare: finite,
      server,
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 3 }), (phases) => {
        const { findings, summary } = diagnose(phases);
        expect(summary).not.toMatch(/NaN|undefined/);
        for (const { score, predictions } of findings) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
          for (const { lower, expected, upper } of predictions.flatMap(({ effects }) => effects)) {
            expect([lower, expected, upper].every((value) => Number.isFinite(value))).toBe(true);
            expect(lower).toBeLessThanOrEqual(upper * (1 + 1e-9) + 1e-9);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
