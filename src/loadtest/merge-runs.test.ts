import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE_WIDTH, type SampleBatch } from './generator/messages.js';
import { addHistogramLog } from './merge-runs.js';
import { loadHistograms } from './record/histogram.js';
import { phaseFigures } from './record/phase-figures.js';
import { PhaseRecorder } from './record/phase-recorder.js';
import { packShard, SHARD_SCHEMA_VERSION, unpackShard } from './record/shard-file.js';
import { histogramLog } from './record/write-bundle.js';

beforeAll(loadHistograms);

const second = { lengthUs: 1_000_000, fromPerS: 100, toPerS: 100 };
const phase = {
  name: 'p',
  kind: 'sustained' as const,
  plan: { mode: 'open' as const, startUs: 1_000, profile: [second], process: 'constant' as const, seed: 1 },
};

function batchOf(rows: readonly number[][]): SampleBatch {
  const text = rows.map(() => '');
  return {
    phase: 1,
    count: rows.length,
    numbers: Float64Array.from(rows.flat()),
    serverTiming: rows.map(() => 'exec;dur=2'),
    replica: text,
    runId: text,
    examples: {},
  };
}

/** Whole µs, so that sums do not depend on their order. */
const sample = fc
  .tuple(fc.integer({ min: 1_000, max: 1_000_999 }), fc.nat(3_000), fc.nat(900_000), fc.boolean(), fc.nat(3))
  .map(([intended, lag, service, ok, generator]) => {
    const sent = intended + lag;
    const row = [0, intended, sent, sent + service, sent + service, 0, ok ? 200 : 500, ok ? -1 : 1, 10, 20];
    expect(row).toHaveLength(SAMPLE_WIDTH);
    return { row, generator };
  });

describe('merging', () => {
  it('gives the figures that one generator would have had', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 300 }), (samples) => {
        const whole = new PhaseRecorder(phase);
        const shards = [new PhaseRecorder(phase), new PhaseRecorder(phase)];
        for (const { row, generator } of samples) {
          whole.add(batchOf([row]), generator);
          shards[generator >> 1]?.add(batchOf([row]), generator);
        }
        const merged = new PhaseRecorder(phase);
        for (const shard of shards) {
          const part = { state: shard.state(), generators: [], problems: [] };
          const packed = packShard({
            schema_version: SHARD_SCHEMA_VERSION,
            seed: 1,
            epochMs: 0,
            requirements: [],
            phases: [part],
          });
          const [read] = unpackShard(packed).phases;
          merged.merge(read!.state);
          addHistogramLog(histogramLog([shard], 0), new Map([['p', merged]]));
        }
        const context = { generators: [], seed: 1, objective: null, rss: [], steadyPhases: 1 };
        const [a, b] = [phaseFigures(whole, context), phaseFigures(merged, context)];
        expect(b.mean_ms ?? 0).toBeCloseTo(a.mean_ms ?? 0, 6);
        expect(b.effective_n ?? 0).toBeCloseTo(a.effective_n ?? 0, 3);
        expect(b.steadiness?.outcome).toBe(a.steadiness?.outcome);
        // Means of milliseconds depend on the order of addition in their last digit; all else is the same.
        const { mean_ms, effective_n, steadiness } = a;
        expect({ ...b, mean_ms, effective_n, steadiness }).toEqual(a);
        for (const recorder of [whole, merged, ...shards]) recorder.destroy();
      }),
      { numRuns: 20 },
    );
  });
});
