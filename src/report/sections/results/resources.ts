import type { RunPhase, ServerSample } from '../../../contract/index.js';
import { figuresByPhase, type PhaseFigure } from '../figures-by-phase.js';
import { bytes, count, decimal, milliseconds, share } from '../../format.js';
import { resultPhases } from '../../judging/load-levels.js';
import type { Block, Section } from '../../model.js';
import type { RunBundle } from '../../run-bundle.js';
import { statOf } from '../../evidence/server-figures.js';
import { afterFacts } from './server-after.js';
import { serverCharts } from './server-charts.js';
import { means, processCpuS, rates } from './server-rates.js';

function meanAndMost(values: readonly (number | null)[], say: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return '–';
  return `${say(known.reduce((a, b) => a + b) / known.length)} (max ${say(Math.max(...known))})`;
}

/** During each phase: mean and maximum of what the service said once a second. */
function duringTable({ run, server }: RunBundle): Block {
  const looks = (phase: RunPhase): number[] => server.flatMap((sample, i) => (sample.phase === phase.name ? [i] : []));
  const gauge =
    (path: string[], say: (value: number) => string): PhaseFigure[1] =>
    (phase) =>
      meanAndMost(
        looks(phase).map((i) => statOf(server[i] as ServerSample, ...path)),
        say,
      );
  const series =
    (values: readonly (number | null)[], say: (value: number) => string): PhaseFigure[1] =>
    (phase) =>
      meanAndMost(
        looks(phase).map((i) => values[i] ?? null),
        say,
      );
  const one = (value: number): string => decimal(value, 1);
  const figures: PhaseFigure[] = [
    ['Looks', (phase) => count(looks(phase).length)],
    ['CPU, cores', series(rates(server, processCpuS), (value) => decimal(value, 2))],
    ['Memory (RSS)', gauge(['process', 'rss_bytes'], bytes)],
    ['Queue length', gauge(['queue_length'], one)],
    ['Active requests', gauge(['active'], one)],
    ['Busy workers', gauge(['workers_busy'], one)],
    ['Batch size', series(means(server, 'inference_batch_rows'), one)],
    ['Event-loop lag ms', gauge(['event_loop_lag_ms_last'], milliseconds)],
    ['Cache hit rate', gauge(['cache_hit_rate'], share)],
  ];
  return figuresByPhase(
    'Mean (maximum)',
    resultPhases(run),
    figures,
    'As the service reports it once a second; what happens between two looks is not seen.',
  );
}

/** What the service's own metrics say; null where it gave none. */
export function resourcesSection(bundle: RunBundle): Section | null {
  const { server } = bundle;
  if (!server.some((sample) => sample.stats !== null || sample.prometheus !== undefined)) return null;
  const after = afterFacts(server);
  return {
    id: 'resources',
    title: 'Resource utilisation',
    lead: 'What the service needed while it worked: processor, memory, queue, network and disk.',
    blocks: [
      duringTable(bundle),
      ...serverCharts(bundle).map((chart) => ({ kind: 'chart' as const, chart })),
      ...(after === null
        ? []
        : [
            { kind: 'heading' as const, text: 'After the last phase' },
            {
              kind: 'text' as const,
              sentences: [{ tone: 'plain' as const, text: 'What the service says of itself, since its start:' }],
            },
            after,
          ]),
    ],
  };
}
