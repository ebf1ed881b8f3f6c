import { describe, expect, it } from 'vitest';
import { checkPrediction } from './index.js';

const effects = [
  { figure: 'throughput_per_s' as const, before: 20, expected: 40, lower: 35, upper: 44 },
  { figure: 'mean_ms' as const, before: 400, expected: 200, lower: 180, upper: 240 },
];
const outcomes = (...args: Parameters<typeof checkPrediction>) =>
  checkPrediction(...args).map(({ outcome }) => outcome);

describe('checkPrediction', () => {
  it('holds a prediction against what a later run measured', () => {
    expect(outcomes({ effects }, { throughput_per_s: 44, mean_ms: 241 })).toEqual(['held', 'refuted']);
    expect(outcomes({ effects }, { throughput_per_s: 34.9, mean_ms: 180 })).toEqual(['refuted', 'held']);
    expect(outcomes({ effects }, { mean_ms: null })).toEqual(['unknown', 'unknown']);
    expect(outcomes({ effects }, { mean_ms: Number.NaN, throughput_per_s: 40 })).toEqual(['held', 'unknown']);
  });

  it('allows for a machine that became faster meanwhile', () => {
    expect(outcomes({ effects }, { throughput_per_s: 80 }, { throughput_per_s: 40 })).toEqual(['held', 'unknown']);
    expect(outcomes({ effects }, { throughput_per_s: 40 }, { throughput_per_s: 40 })).toEqual(['refuted', 'unknown']);
  });
});
