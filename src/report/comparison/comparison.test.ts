import { describe, expect, it } from 'vitest';
import type { Run, RunPhase } from '../../contract/index.js';
import type { Diagnosis } from '../../domain/diagnosis/index.js';
import { checkRemedy, remedySentence } from './check-remedy.js';
import { buildComparison, comparedMetrics, type Comparison, type NamedRun } from './build-comparison.js';
import { powerSentence, verdictSentence } from './comparison-text.js';
import { renderComparisonJson, renderComparisonJunit, renderComparisonMarkdown } from './render-comparison.js';

const SPREAD = [1, 1.01, 0.99, 1.02, 0.98];

interface Change {
  readonly phase?: Partial<RunPhase>;
  readonly run?: Partial<Run>;
}

function runOf(id: string, startedMin: number, factor: number, change: Change = {}): NamedRun {
  const ms = 60 * factor;
  const phase: RunPhase = {
    name: '50',
    users: 50,
    duration_s: 30,
    requests: 1000,
    success_rate: 1,
    throughput_per_s: 1000 / factor,
    p50_ms: ms / 2,
    p95_ms: ms,
    p99_ms: ms * 2,
    percentiles: { p95: { value_ms: ms, lower_ms: ms, upper_ms: ms, supported: true } },
    ...change.phase,
  };
  return {
    name: id,
    run: {
      schema_version: 1,
      run_id: id,
      started: new Date(startedMin * 60_000).toISOString(),
      phases: [{ name: 'warm-up', kind: 'warmup', users: 5 }, phase],
      ...change.run,
    },
  };
}

const side = (id: string, factor: number, offset: number, change: Change = {}): NamedRun[] =>
  SPREAD.map((spread, i) => runOf(`${id}-${i + 1}`, 2 * i + offset, factor * spread, change));

function compared(a: NamedRun[], b: NamedRun[], options: Parameters<typeof comparedMetrics>[0] = {}): Comparison {
  const metrics = comparedMetrics(options, a);
  if (typeof metrics === 'string') throw new Error(metrics);
  return buildComparison(a, b, metrics);
}

describe('buildComparison', () => {
  it('compares p95 of the last phase, and what stands beside it', () => {
    const result = compared(side('a', 1, 0), side('b', 1.2, 1));
    expect(result).toMatchObject({ verdict: 'WORSE', metric: 'p95@50', reasons: [], warnings: [] });
    expect(result.figures.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['p95@50', 'worse'],
      ['p50@50', 'worse'],
      ['p99@50', 'worse'],
      ['throughput@50', 'worse'],
      ['success@50', 'alike'],
    ]);
    expect(verdictSentence(result)).toMatch(/^p95@50 of B is worse: it shifts by \+20\.0 % .* from 5 % on/);
    expect(powerSentence(result)).toMatch(/with 5 \+ 5 runs a true shift of 10 % would be found in over 99 %/);
    expect(compared(side('a', 1.2, 0), side('b', 1, 1)).verdict).toBe('BETTER');
    expect(compared(side('a', 1, 0), side('b', 1, 1)).verdict).toBe('ALIKE');
    expect(compared(side('a', 1, 0), side('b', 1.2, 1), { metric: 'throughput', secondary: [] }).figures).toHaveLength(
      1,
    );
  });

  it('warns of sides that were not measured in turns, and of other machines', () => {
    const late = side('b', 1, 100, { run: { machine: { cpu_model: 'other', cpu_cores: 4 } } });
    const { warnings } = compared(side('a', 1, 0), late);
    expect(warnings.join('\n')).toMatch(/wholly before[\s\S]*different machines/);
  });

  it.each([
    ['an invalid run', { run: { validity: { valid: false, reasons: ['Lag.'], warnings: [] } } }, /INVALID: Lag\./],
    ['an interrupted run', { run: { interrupted: true } }, /ended by hand/],
    ['another load', { phase: { users: 51 } }, /differs from that of a-1 in load/],
    ['another length', { phase: { duration_s: 60 } }, /in load or length/],
    ['another think time', { phase: { think_s: 1 } }, /in load or length/],
    ['another phase', { phase: { name: '60' } }, /b-1 has no phase 50/],
    ['another request', { run: { scenario: { name: 'x', request: { rows: 99 } } } }, /requests differ/],
    ['a missing figure', { phase: { p95_ms: null } }, /b-1: p95 was not measured/],
    [
      'too few answers',
      { phase: { percentiles: { p95: { value_ms: 1, lower_ms: 1, upper_ms: null, supported: true } } } },
      /too few answers/,
    ],
    [
      "the generator's lag",
      { phase: { percentiles: { p95: { value_ms: 1, lower_ms: 1, upper_ms: 2, supported: false } } } },
      /own lag/,
    ],
  ] satisfies [string, Change, RegExp][])('does not compare %s', (_, change, reason) => {
    const result = compared(side('a', 1, 0), side('b', 1, 1, change));
    expect(result.verdict).toBe('NOT COMPARABLE');
    expect(result.reasons.join(' ')).toMatch(reason);
  });

  it('does not compare three with three, nor a run with itself', () => {
    expect(compared(side('a', 1, 0).slice(0, 3), side('b', 1, 1).slice(0, 3)).reasons[0]).toMatch(/3 against 3/);
    expect(compared(side('a', 1, 0), side('a', 1, 1)).reasons.join()).toMatch(/given twice/);
  });

  it('leaves out a secondary figure that a run does not have', () => {
    const result = compared(side('a', 1, 0), side('b', 1, 1, { phase: { p99_ms: null } }));
    expect(result.figures.map(({ name }) => name)).not.toContain('p99@50');
    expect(result.warnings).toEqual(['p99@50 is left out. b-1: p99 was not measured.']);
  });

  it('says what a metric may be', () => {
    expect(comparedMetrics({ metric: 'speed' }, side('a', 1, 0))).toMatch(/"speed" is no metric/);
    expect(comparedMetrics({ metric: 'uptime@50' }, side('a', 1, 0))).toMatch(/drop the phase/);
    expect(comparedMetrics({ metric: 'p95@' }, side('a', 1, 0))).toMatch(/no metric/);
  });
});

describe('rendering', () => {
  const worse = compared(side('a_1|x', 1, 0), side('b<&>', 1.2, 1));

  it('writes a pull-request comment whose table has a cell for every title', () => {
    const text = renderComparisonMarkdown(worse);
    expect(text).toMatch(/^### ❌ Load test: worse\n/);
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(7);
    for (const line of rows) expect(line.replaceAll('\\|', '').split('|')).toHaveLength(11);
    expect(text).toContain('a\\_1\\|x-1');
    expect(text).not.toContain('b<&>');
  });

  it('writes JUnit in which only a worse primary fails, and what cannot be compared is an error', () => {
    expect(renderComparisonJunit(worse)).toMatch(/tests="5" failures="1" errors="0"[\s\S]*name="p95@50"><failure /);
    const alike = renderComparisonJunit(compared(side('a', 1, 0), side('b', 1, 1)));
    expect(alike).toMatch(/failures="0" errors="0"/);
    const none = renderComparisonJunit(compared(side('a', 1, 0), side('<b">', 1, 1, { phase: { users: 3 } })));
    expect(none).toMatch(/tests="1" failures="0" errors="1"[\s\S]*<error message="[^"<]*&lt;b&quot;&gt;-1/);
  });

  it('writes JSON in the names of run.json', () => {
    const value = JSON.parse(renderComparisonJson(worse)) as Record<string, unknown>;
    expect(value).toMatchObject({ schema_version: 1, verdict: 'WORSE', metric: 'p95@50' });
    expect(value['figures']).toMatchObject([
      { name: 'p95@50', is_primary: true, median_a: 60, adjusted_p: 2 / 252 },
      {},
      {},
      {},
      {},
    ]);
  });
});

describe('checkRemedy', () => {
  const diagnosis: Diagnosis = {
    phase: '50',
    outcome: 'cause',
    summary: '',
    findings: [
      {
        cause: 'cpu',
        title: 'CPU',
        score: 1,
        evidenceFor: [],
        evidenceAgainst: [],
        predictions: [
          {
            id: 'cpu/double',
            remedy: 'Twice the CPU.',
            change: { name: 'cores', from: 1, to: 2 },
            phase: '50',
            effects: [{ figure: 'throughput_per_s', before: 1000, expected: 1800, lower: 1600, upper: 2000 }],
            noEffect: false,
            assumptions: [],
          },
        ],
      },
    ],
    ceilings: [],
    missing: [],
  };
  const a = side('a', 1, 0);
  const check = (b: NamedRun[]) => checkRemedy(diagnosis, 'cpu/double', a, b);

  it('says whether what was predicted came true', () => {
    expect(check(side('b', 1 / 1.8, 1))).toMatchObject({ outcome: 'held', effects: [{ measured: 1800 }] });
    expect(check(side('b', 1, 1))).toMatchObject({ outcome: 'refuted' });
    const blind = side('b', 1, 1, { phase: { name: '60' } });
    expect(check(blind)).toMatchObject({ outcome: 'unknown', effects: [{ measured: null }] });
    const held = check(side('b', 1 / 1.8, 1));
    expect(typeof held === 'string' ? held : remedySentence(held)).toBe(
      'The prediction for cpu/double (Twice the CPU) in phase 50 came true: throughput 1,600/s to 2,000/s predicted, 1,800/s measured.',
    );
  });

  it('goes by how A is now, not by how it was when it was diagnosed', () => {
    // The machine became half as fast for both.
    const slowA = side('a', 2, 0);
    expect(checkRemedy(diagnosis, 'cpu/double', slowA, side('b', 2 / 1.8, 1))).toMatchObject({ outcome: 'held' });
  });

  it('names the remedies there are', () => {
    expect(checkRemedy(diagnosis, 'cpu/triple', a, a)).toMatch(/has no remedy "cpu\/triple": it predicts cpu\/double/);
  });
});
