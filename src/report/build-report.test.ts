import { describe, expect, it } from 'vitest';
import type { Run } from '../contract/index.js';
import { renderChart } from './charts/render-chart.js';
import { fullBundle } from '../../test/support/run-bundle-fixture.js';
import { renderCsv } from './render/render-csv.js';
import { renderJunit } from './render/render-junit.js';
import { buildReport, phaseTable, renderHtml, renderJson, renderMarkdown } from './index.js';
import type { Chart, Report } from './model.js';
import type { RunBundle } from './run-bundle.js';

/** A run whose figures came from elsewhere: three phases of 20, 100 and 200 requests, no intervals. */
const TYPED: Run = {
  schema_version: 1,
  phases: [
    {
      name: '10',
      users: 10,
      requests: 20,
      success_rate: 1,
      throughput_per_s: 16.43,
      min_ms: 368,
      mean_ms: 519,
      p50_ms: 520,
      p95_ms: 686,
      p99_ms: 686,
      max_ms: 686,
    },
    {
      name: '50',
      users: 50,
      requests: 100,
      success_rate: 1,
      throughput_per_s: 16.79,
      min_ms: 1030,
      mean_ms: 2795,
      p50_ms: 2591,
      p95_ms: 3930,
      p99_ms: 5821,
      max_ms: 5821,
    },
    {
      name: '100',
      users: 100,
      requests: 200,
      success_rate: 1,
      throughput_per_s: 21.23,
      min_ms: 1050,
      mean_ms: 4134,
      p50_ms: 4217,
      p95_ms: 5463,
      p99_ms: 5830,
      max_ms: 6361,
    },
  ],
};

function bundle(run: Run, more: Partial<RunBundle> = {}): RunBundle {
  return {
    run,
    distributions: new Map(),
    timeline: [],
    attribution: new Map(),
    modelRuns: null,
    server: [],
    gaps: [],
    ...more,
  };
}

const sectionOf = (run: Run, id: string): string => {
  const section = buildReport(bundle(run)).sections.find((candidate) => candidate.id === id);
  return JSON.stringify(section ?? null);
};

describe('what a run of the model costs', () => {
  const run: Run = {
    schema_version: 1,
    scenario: { name: 's', seed: 1, request: { horizon: 1 } },
    phases: [{ name: '1', users: 1, requests: 9, success_rate: 1, server_timing_ms_mean: { exec: 1 } }],
  };
  const capacityOf = (modelRuns: RunBundle['modelRuns']): string => {
    const section = buildReport(bundle(run, { modelRuns })).sections.find(({ id }) => id === 'capacity');
    return JSON.stringify(section ?? null);
  };
  const curve = {
    kind: 'curve' as const,
    perRunMs: { value: 0.4, lower: 0.38, upper: 0.43 },
    perRowMs: { value: 0.05, lower: 0.048, upper: 0.054 },
    sizes: [1, 4, 32].map((rows) => ({ rows, medianMs: 0.4 + 0.05 * rows, batches: 500 })),
    errorMax: 0.03,
  };

  it('is said with its interval, and what it makes possible', () => {
    const text = capacityOf(curve);
    expect(text).toContain(
      'A run of the model for a horizon of 1 took 0.40 ms (0.38 ms to 0.43 ms) whatever its rows, and 0.05 ms (0.048 ms to 0.054 ms) for each row: the service curve through the medians of about 1,500 batches of 1 to 32 rows.',
    );
    // 32 rows in 0.4 + 32 × 0.05 ms; one in 0.45 ms.
    expect(text).toContain(
      'is 16,000 rows per second of one worker that never waits; with single rows it would be 2,222',
    );
    expect(text).toContain('No median is further from the line than 3.0 %.');
    expect(text).toContain('service-curve');
    expect(capacityOf({ ...curve, perRowMs: { value: 0, lower: 0, upper: 0 } })).toContain('nothing that can be told');
    expect(capacityOf({ ...curve, errorMax: 0.5 })).toContain('misses a median by 50.0 %');
  });

  it('is not made up', () => {
    const none = { kind: 'none' as const, reason: 'batches came in 1 size only, and a line takes 3' };
    expect(capacityOf(none)).toContain('Not measured: batches came in 1 size only, and a line takes 3.');
    expect(capacityOf(null)).toBe('null');
  });
});

describe('the report of typed figures', () => {
  it('prints no percentile that its number of requests does not carry', () => {
    expect(phaseTable(TYPED)).toEqual({
      columns: ['users', 'requests', 'success', 'req/s', 'p50 ms', 'p95 ms', 'p99 ms'].map((title) => ({
        title,
        align: 'right',
      })),
      rows: [
        ['10', '20', '100 % (≥ 86.0 %)', '16.43', '520', '≥ 686, n too small', '≥ 686, n too small'],
        ['50', '100', '100 % (≥ 97.0 %)', '16.79', '2,591', '3,930', '≥ 5,821, n too small'],
        ['100', '200', '100 % (≥ 98.5 %)', '21.23', '4,217', '5,463', '≥ 6,361, n too small'],
      ],
    });
  });

  it('bounds the failure rate instead of calling it zero', () => {
    expect(sectionOf(TYPED, 'summary')).toContain('320 requests in 3 phases, 320 answered rightly (100 %)');
    expect(sectionOf(TYPED, 'summary')).toContain('up to 0.932 %');
  });

  it('compares phases by what they carry', () => {
    const comparison = sectionOf(TYPED, 'comparison');
    expect(comparison).toContain('["Throughput /s","16.43","16.79","21.23","+2.2 %","+26 %"]');
    expect(comparison).toContain('["p50 ms","520","2,591","4,217","+398 %","+63 %"]');
    expect(comparison).toContain('["p95 ms","–","3,930","5,463","–","+39 %"]');
    expect(comparison).not.toContain('"p99 ms"');
    expect(comparison).toContain('["Efficiency (req/s per user)","1.64","0.34","0.21","−80 %","−37 %"]');
  });

  it('leaves out what it does not know, and says so', () => {
    const report = buildReport(bundle(TYPED));
    expect(report.verdict).toBe('NOT JUDGED');
    expect(report.sections.map(({ id }) => id)).toEqual([
      'summary',
      'configuration',
      'results',
      'comparison',
      'bottleneck',
      'capacity',
      'tiers',
      'next-steps',
      'conclusion',
      'limits',
    ]);
    expect(sectionOf(TYPED, 'limits')).toContain('Uptime was not measured');
    expect(sectionOf(TYPED, 'limits')).toContain('More than 100 users were not measured');
  });
});

describe('verdicts', () => {
  const requirement = { expression: 'p95@100<2000ms', figure: 'p95', phase: '100', op: '<', limit: 2000, note: null };

  it('show the gap of a requirement', () => {
    const failed: Run = {
      ...TYPED,
      verdict: 'FAILED',
      requirements: [{ ...requirement, actual: 5463, outcome: 'not_met' }],
    };
    expect(sectionOf(failed, 'requirements')).toContain(
      '["p95@100<2000ms","100","< 2,000 ms","5,463 ms","3,463 ms too much (× 2.73)","NOT MET"]',
    );
    const met: Run = { ...TYPED, verdict: 'PASSED', requirements: [{ ...requirement, actual: 1500, outcome: 'met' }] };
    expect(sectionOf(met, 'requirements')).toContain('"500 ms to spare","met"');
  });

  it('put INVALID and its reasons first', () => {
    const run: Run = {
      ...TYPED,
      verdict: 'INVALID',
      validity: { valid: false, reasons: ['The server restarted.'], warnings: [] },
    };
    const report = buildReport(bundle(run));
    expect(report).toMatchObject({ verdict: 'INVALID', verdictReasons: ['The server restarted.'] });
    expect(sectionOf(run, 'summary')).toContain('cannot be trusted');
  });
});

describe('renderers', () => {
  const hostile: Run = {
    ...TYPED,
    scenario: { name: '<script>alert(1)</script> | `x`' },
    target: { url: 'http://127.0.0.1:1/"><img src=x>' },
  };
  const timeline = Array.from({ length: 10 }, (_, i) => ({
    atS: i + 0.5,
    requestsPerS: 10 + i,
    widthS: 1,
    failed: 0,
    failures: {},
    p50Ms: 5,
    p95Ms: 9,
    p99Ms: null,
  }));
  const distributions = new Map([
    [
      '10',
      [
        { percentile: 0, ms: 1 },
        { percentile: 90, ms: 4 },
        { percentile: 99, ms: 9 },
      ],
    ],
  ]);
  const report = buildReport(bundle(hostile, { timeline, distributions }));

  it('write one HTML file without script, network or foreign markup', () => {
    const html = renderHtml(report);
    expect(html).not.toMatch(/<script|<img|<link|<iframe|@import|url\((?!#)|<[^>]* (src|on\w+)=/);
    expect(html).toContain('&lt;script&gt;');
    // Addresses are only those that name SVG itself.
    const addresses = [...html.matchAll(/https?:\/\/[^\s"<]+/g)].map(([address]) => address);
    expect(addresses.filter((address) => !/^http:\/\/(www\.w3\.org|127\.0\.0\.1)/.test(address))).toEqual([]);
  });

  it('draw charts whose ids differ and do not change from run to run', () => {
    const html = renderHtml(report);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(ids.length);
    expect(renderHtml(report)).toBe(html);
    expect(html).toContain('var(--series-1)');
    expect(html).not.toMatch(/#0102|NaN|undefined/);
  });

  it('draw stacks, events, limits and models in the colours of the page', () => {
    const chart: Chart = {
      id: 'parts',
      title: 'Parts',
      description: 'Two parts.',
      xTitle: 'cohort',
      yTitle: 'ms',
      form: 'stack',
      xScale: 'category',
      categories: ['p50', 'p95'],
      yScale: 'linear',
      series: ['queue', 'exec'].map((name) => ({ name, points: [[0, 1] as const, [1, 5] as const] })),
      spans: [],
    };
    const stack = renderChart(chart, { width: 760, height: 320 });
    expect(stack).toContain('p95');
    expect(stack.match(/fill="var\(--series-2\)"/g)?.length).toBeGreaterThanOrEqual(2);
    const lines = renderChart(
      {
        ...chart,
        form: 'lines',
        xScale: 'linear',
        series: [{ name: 'law', isModel: true, points: [[0, 1] as const, [1, 5] as const] }],
        events: [{ name: 'restart', at: 0.5 }],
        limits: [{ name: 'required', at: 3 }],
      },
      { width: 760, height: 320 },
    );
    expect(lines).toContain('restart');
    expect(lines).toContain('required');
    expect(lines).toMatch(
      /stroke="var\(--series-1\)"[^>]*stroke-dasharray|stroke-dasharray[^>]*stroke="var\(--series-1\)"/,
    );
    expect(stack + lines).not.toMatch(/#0102|NaN|undefined/);
  });

  it('set code apart from text, whatever it holds', () => {
    const text = 'a: "```"\n<b>';
    const block = { kind: 'code', language: 'yaml', caption: 'Values', text } as const;
    const whole: Report = { ...report, sections: [{ id: 'x', title: 'X', lead: 'What it is.', blocks: [block] }] };
    expect(renderMarkdown(whole)).toContain('*What it is.*\n\nValues\n\n````yaml\na: "```"\n<b>\n````');
    expect(renderHtml(whole)).toContain('<code>a: &quot;```&quot;\n&lt;b&gt;</code>');
  });

  it('escape Markdown and keep tables whole', () => {
    const markdown = renderMarkdown(report);
    expect(markdown).toContain('# Load test report: \\<script\\>alert(1)\\</script\\> \\| \\`x\\`');
    const row = markdown.split('\n').find((line) => line.startsWith('| 50 | 100 |'));
    expect(row).toBe('| 50 | 100 | 100 % (≥ 97.0 %) | 16.79 | 2,591 | 3,930 | ≥ 5,821, n too small |');
  });

  it('write JSON that reads back with snake_case keys', () => {
    const json = JSON.parse(renderJson(report)) as {
      schema_version: number;
      verdict_reasons: unknown;
      sections: { id: string }[];
    };
    expect(json.schema_version).toBe(1);
    expect(json.verdict_reasons).toEqual([]);
    expect(json.sections[0]?.id).toBe('summary');
  });

  it('write what had to hold as JUnit, and nothing that XML forbids', () => {
    const checks: Report['checks'] = [
      { group: 'validity', name: 'the run is valid', outcome: 'passed', message: '' },
      { group: 'requirements', name: 'p95<"2s"', outcome: 'failed', message: 'measured\u0000 3 s' },
      { group: 'requirements', name: 'p99<1s', outcome: 'undecided', message: 'too few' },
    ];
    expect(renderJunit({ ...report, title: 'T', checks })).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="T">
  <testsuite name="validity" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="flts.validity" name="the run is valid"/>
  </testsuite>
  <testsuite name="requirements" tests="2" failures="1" errors="0" skipped="1">
    <testcase classname="flts.requirements" name="p95&lt;&quot;2s&quot;">
      <failure type="requirements" message="measured 3 s"/>
    </testcase>
    <testcase classname="flts.requirements" name="p99&lt;1s">
      <skipped message="too few"/>
    </testcase>
  </testsuite>
</testsuites>
`);
  });

  it('write the figures as CSV, without percentiles that have no upper bound', () => {
    const lines = renderCsv(report).split('\r\n');
    expect(lines[0]).toBe('phase,figure,unit,value,lower,upper');
    expect(lines).toContain('50,p95,ms,3930,,');
    expect(lines.filter((line) => line.startsWith('10,p'))).toEqual(['10,p50,ms,520,,']);
    const figure = { phase: 'a,"b"', figure: 'p95', unit: 'ms', value: 1.5, lower: 1, upper: null } as const;
    expect(renderCsv({ ...report, figures: [figure] })).toContain('"a,""b""",p95,ms,1.5,1,\r\n');
  });
});

describe('the report of a run with everything', () => {
  const report = buildReport(fullBundle());
  const text = (id: string): string => JSON.stringify(report.sections.find((section) => section.id === id) ?? null);

  it('has its sections in order', () => {
    const ids = report.sections.map(({ id }) => id);
    const known = ['summary', 'configuration', 'results', 'comparison', 'resources', 'answers', 'timeline', 'capacity'];
    const more = ['tiers', 'requirements', 'readiness', 'next-steps', 'validity', 'conclusion', 'limits'];
    expect(ids.filter((id) => [...known, ...more].includes(id))).toEqual([...known, ...more]);
  });

  it('draws the law beside the measured throughput, and what happened over time', () => {
    expect(text('results')).toContain('"name":"scalability law","isModel":true');
    expect(text('capacity')).toMatch(/One user alone gets 400\.0 \([\d.–]+\) answers per second \(λ\); 10\.0 %/);
    expect(text('capacity')).toContain('costs another 0 (0–');
    // X grows towards 400 / 0.1.
    expect(text('capacity')).toMatch(/no number of users gets more than 4,000 \([\d,–]+\) per second/);
    const { chart } = (report.sections.find(({ id }) => id === 'timeline')?.blocks[0] ?? {}) as { chart: Chart };
    expect(chart.events).toEqual([
      { name: 'worker restart', at: 71 },
      { name: 'not ready', at: 110 },
      { name: 'ready again', at: 111 },
    ]);
    expect(text('timeline')).toContain('failures-over-time');
  });

  it('says up to how many users it is fit, held against what was required', () => {
    // p95 = 1.8 · (1 + 0.1(N − 1)) / 0.4 ms, its interval ± 3 %: 11.25 (–11.59) at 16, 18.45 at 32.
    expect(text('readiness')).toContain(
      'Fit for up to 16 users: p95 11.3 (10.9–11.6) ms within 12.0 ms (required), success 100 %',
    );
    expect(text('readiness')).toContain('"not fit: p95, failures"');
    expect(text('summary')).toContain('{"label":"Fit for up to","value":"16 users","note":"p95 within 12.0 ms"}');
    expect(text('tiers')).toContain('["1: within the limit","1–16"');
  });

  it('derives next steps from figures', () => {
    expect(text('next-steps')).toContain('success>=99.9% is missed with 98.0 %.');
    expect(text('next-steps')).toContain('Until that is mended, let no more than 16 users in at once.');
    expect(text('next-steps')).toContain('in phase 64 users are http 5xx.');
    expect(text('next-steps')).not.toContain('flts loadtest capacity');
  });

  it('concludes nothing from an INVALID run', () => {
    const run: Run = {
      ...fullBundle().run,
      verdict: 'INVALID',
      validity: { valid: false, reasons: ['The server restarted.'], warnings: [] },
    };
    const invalid = JSON.stringify(buildReport({ ...fullBundle(), run }).sections);
    expect(invalid).toContain('so it is no evidence that the service is fit for any load');
    expect(invalid).not.toContain('Fit for up to');
    expect(invalid).toContain('Measure again before anything is decided: The server restarted.');
  });
});
