import type { Run, RunPhase } from '../../../contract/index.js';
import { figuresByPhase, type PhaseFigure } from '../figures-by-phase.js';
import { bytes, count } from '../../format.js';
import { resultPhases } from '../../judging/load-levels.js';
import { type Chart, plain, type Section } from '../../model.js';
import { phaseTitle } from '../../run-bundle.js';

function failureChart(phases: readonly RunPhase[], kinds: readonly string[]): Chart[] {
  if (kinds.length === 0) return [];
  const failed = phases.filter((phase) => (phase.failed ?? 0) > 0);
  return [
    {
      id: 'failures-by-phase',
      title: 'Failed requests by kind',
      description: failed
        .map(
          (phase) =>
            `${phaseTitle(phase)}: ${kinds.map((kind) => `${count(phase.failures?.[kind] ?? 0)} ${kind.replaceAll('_', ' ')}`).join(', ')}`,
        )
        .join('; ')
        .concat('.'),
      xTitle: 'phase',
      yTitle: 'requests',
      form: 'stack',
      xScale: 'category',
      categories: failed.map(phaseTitle),
      yScale: 'linear',
      series: kinds.map((kind) => ({
        name: kind.replaceAll('_', ' '),
        points: failed.map((phase, i) => [i, phase.failures?.[kind] ?? 0]),
      })),
      spans: [],
    },
  ];
}

/** Status classes, failures, and bytes out and in per request; null where nothing is known of them. */
export function answersSection(run: Run): Section | null {
  const phases = resultPhases(run).filter((phase) => phase.statuses !== undefined || phase.bytes_in !== undefined);
  if (phases.length === 0) return null;
  const statuses = [...new Set(phases.flatMap((phase) => Object.keys(phase.statuses ?? {})))].sort();
  const failures = [...new Set(phases.flatMap((phase) => Object.keys(phase.failures ?? {})))].sort();
  const each = (total: number | undefined, phase: RunPhase): string =>
    total === undefined || !phase.requests ? '–' : bytes(total / phase.requests);
  const rows: PhaseFigure[] = [
    ...statuses.map(
      (status): PhaseFigure => [
        status === '0' ? 'no status' : `status ${status}`,
        (phase) => count(phase.statuses?.[status] ?? 0),
      ],
    ),
    ...failures.map(
      (kind): PhaseFigure => [`failed: ${kind.replaceAll('_', ' ')}`, (phase) => count(phase.failures?.[kind] ?? 0)],
    ),
    ['sent per request', (phase) => each(phase.bytes_out, phase)],
    ['received per request', (phase) => each(phase.bytes_in, phase)],
  ];
  const examples = phases.flatMap((phase) =>
    Object.entries(phase.failure_examples ?? {}).map(([kind, text]) =>
      plain(`Phase ${phase.name}, first ${kind.replaceAll('_', ' ')}: ${text}`),
    ),
  );
  return {
    id: 'answers',
    title: 'Status classes and bytes',
    lead: 'What came back: by HTTP status, by kind of failure, and how many bytes each way.',
    blocks: [
      figuresByPhase('Requests', phases, rows),
      ...failureChart(phases, failures).map((chart) => ({ kind: 'chart' as const, chart })),
      ...(examples.length === 0 ? [] : [{ kind: 'list' as const, items: examples }]),
    ],
  };
}
