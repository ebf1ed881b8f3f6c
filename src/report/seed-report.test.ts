import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { DiagnosisSchema, type RunDiagnosis } from '../contract/index.js';
import { buildReport, readRunBundle, renderHtml, renderJson, renderMarkdown } from './index.js';

/** The figures of a load test of the service that this system replaces: a run.json alone, a legal bundle. */
const report = buildReport(await readRunBundle(new URL('../../test/fixtures/seed/run.json', import.meta.url).pathname));
const section = (id: string): string =>
  JSON.stringify(report.sections.find((candidate) => candidate.id === id) ?? null);

describe('the report of figures that came from elsewhere', () => {
  it('names the CPU and the event loop, with the figures that say so', () => {
    const { outcome, phase, causes } = report.diagnosis;
    expect({ outcome, phase }).toEqual({ outcome: 'cause', phase: '100' });
    expect(causes[0]).toMatchObject({ cause: 'event_loop', title: 'CPU / event loop', named: true });
    expect(causes[1]).toMatchObject({ cause: 'cpu', named: true });
    const said = JSON.stringify(causes[0]?.evidence_for);
    expect(said).toContain('only 3.50 of 16 requests');
    expect(said).toContain('1 core for the HTTP thread and all workers');
    expect(said).toContain('1,707 ms at most');
    expect(section('bottleneck')).toContain('At 100 users the bottleneck is CPU / event loop');
  });

  it('predicts that a concurrency limit of 32 changes nothing', () => {
    const limit = report.diagnosis.causes.find(({ cause }) => cause === 'concurrency_limit');
    expect(limit).toMatchObject({ score: 0, named: false });
    expect(limit?.predictions).toMatchObject([
      {
        change: { name: 'PREDICT_MAX_CONCURRENCY', from: 16, to: 32 },
        no_effect: true,
        effects: [
          { figure: 'throughput_per_s', before: 21.23, expected: 21.23 },
          { figure: 'mean_ms', before: 4134, expected: 4134 },
        ],
      },
    ]);
    expect(section('recommendations')).toContain('from 16 to 32 (PREDICT_MAX_CONCURRENCY)');
    expect(section('recommendations')).toContain('changes nothing');
  });

  it('calculates the theoretical maximum and the share that was reached', () => {
    const [lowest] = report.diagnosis.ceilings;
    expect(lowest?.name).toBe('Concurrency limit');
    expect(lowest?.per_s).toBeCloseTo(32 / 0.985, 6);
    expect(lowest?.reached_share).toBeCloseTo((21.23 * 0.985) / 32, 6);
    expect(section('bottleneck')).toContain('Why not more');
  });

  it('prints p95 and p99 of 20 requests as unsupported', () => {
    expect(section('results')).toContain('"≥ 686, n too small","≥ 686, n too small"');
  });

  it('bounds the failure rate at 0.93 %', () => {
    expect(section('summary')).toMatch(/320 requests.*up to 0\.93\d? % of all requests may fail/);
  });

  it('says what was not measured', () => {
    expect(report.diagnosis.missing).toContainEqual(expect.stringMatching(/^Model execution: not judged/));
    expect(report.diagnosis.causes.map(({ cause }) => cause)).not.toContain('generator');
  });

  it('carries the diagnosis as data, by its contract', () => {
    const { diagnosis } = JSON.parse(renderJson(report)) as { diagnosis: RunDiagnosis };
    expect([...Value.Errors(DiagnosisSchema, diagnosis)]).toEqual([]);
    expect(diagnosis).toEqual(JSON.parse(JSON.stringify(report.diagnosis)));
  });

  it('renders without gaps of its own', () => {
    for (const text of [renderHtml(report), renderMarkdown(report)]) expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });
});
