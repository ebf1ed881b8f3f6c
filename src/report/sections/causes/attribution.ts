import {
  type Cohort,
  type CohortSet,
  PART_MEANINGS,
  type Part,
  PARTS,
  tailExcess,
} from '../../../domain/attribution/index.js';
import { count, decimal, milliseconds, share } from '../../format.js';
import { resultPhases } from '../../judging/load-levels.js';
import { type Block, type Chart, figureTable, plain, type Section, type Sentence } from '../../model.js';
import { loadOf, phaseTitle, type RunBundle } from '../../run-bundle.js';

/** Parts below this share of every cohort are left out of tables and charts. */
const SHOWN_SHARE = 0.001;

interface PhaseCohorts {
  readonly title: string;
  readonly load: string;
  readonly sets: readonly CohortSet[];
}

function phasesOf(bundle: RunBundle): PhaseCohorts[] {
  return resultPhases(bundle.run).flatMap((phase) => {
    const sets = bundle.attribution.get(phase.name) ?? [];
    return (sets[0]?.cohorts.length ?? 0) === 0 ? [] : [{ title: phaseTitle(phase), load: loadOf(phase), sets }];
  });
}

function shownParts(cohorts: readonly Cohort[]): Part[] {
  return PARTS.filter((part) => cohorts.some(({ partsMs, responseMs }) => partsMs[part] > SHOWN_SHARE * responseMs));
}

/** What the tail of one phase has that its median lacks, with the figures. */
function excessSentence({ load, sets }: PhaseCohorts): Sentence[] {
  const [all] = sets;
  const excess = all === undefined ? null : tailExcess(all);
  if (excess === null) return [];
  const { tail, median, gapMs, parts, replica } = excess;
  const named = parts.map(
    ({ part, excessMs, share: of }) => `${part} ${milliseconds(excessMs)} ms (${share(Math.min(1, of))})`,
  );
  const batches =
    tail.batchRows === null || median.batchRows === null
      ? ''
      : ` Its requests ran in batches of ${decimal(tail.batchRows, 1)} rows, those of the median in ${decimal(median.batchRows, 1)}.`;
  const where =
    replica === null
      ? ''
      : ` ${replica.name} answered ${share(replica.ofTail)} of it, and ${share(replica.ofMedian)} of the median.`;
  return [
    plain(
      `At ${load} the requests around ${tail.name} take ${milliseconds(tail.responseMs)} ms, ${milliseconds(gapMs)} ms more than those around the median; of that: ${named.join(', ')}.${batches}${where}`,
    ),
  ];
}

function cohortTable(title: string, sets: readonly CohortSet[]): Block[] {
  const columns = sets.flatMap((set) => set.cohorts.map((cohort) => ({ set, cohort })));
  if (columns.length === 0) return [];
  const cell = (cohort: Cohort, part: Part): string =>
    `${milliseconds(cohort.partsMs[part])} (${share(cohort.responseMs > 0 ? cohort.partsMs[part] / cohort.responseMs : 0)})`;
  const cohorts = columns.map(({ cohort }) => cohort);
  const batches = cohorts.some(({ batchRows }) => batchRows !== null)
    ? [['Batch, rows', ...cohorts.map(({ batchRows }) => (batchRows === null ? '–' : decimal(batchRows, 1)))]]
    : [];
  return [
    figureTable(
      [
        title,
        ...columns.map(({ set, cohort }) => (set.replica === null ? cohort.name : `${set.replica} ${cohort.name}`)),
      ],
      [
        ['Requests', ...cohorts.map(({ requests }) => count(requests))],
        ['Response ms', ...cohorts.map(({ responseMs }) => milliseconds(responseMs))],
        ...shownParts(cohorts).map((part) => [`${part} ms`, ...cohorts.map((cohort) => cell(cohort, part))]),
        ...batches,
      ],
    ),
  ];
}

function stackedChart(phases: readonly PhaseCohorts[]): Chart {
  const bars = phases.flatMap(({ title, sets }) =>
    (sets[0]?.cohorts ?? []).map((cohort) => ({ name: `${title} ${cohort.name}`, cohort })),
  );
  return {
    id: 'cohort-parts',
    title: 'Where the time of the median and of the tail goes',
    description: `Mean parts of the response time, ms, of the requests around each percentile: ${bars
      .map(({ name, cohort }) => `${name} ${milliseconds(cohort.responseMs)}`)
      .join(', ')}.`,
    form: 'stack',
    xTitle: 'phase and percentile',
    yTitle: 'ms',
    xScale: 'category',
    categories: bars.map(({ name }) => name),
    yScale: 'linear',
    series: shownParts(bars.map(({ cohort }) => cohort)).map((part) => ({
      name: part,
      points: bars.map(({ cohort }, i) => [i, cohort.partsMs[part]] as const),
    })),
    spans: [],
  };
}

/** Where the time of the requests around p50, p95 and p99 went; null without samples. */
export function attributionSection(bundle: RunBundle): Section | null {
  const phases = phasesOf(bundle);
  if (phases.length === 0) return null;
  const shown = shownParts(phases.flatMap(({ sets }) => sets[0]?.cohorts ?? []));
  const sentences = phases.flatMap(excessSentence);
  return {
    id: 'attribution',
    title: 'What the slowest requests wait for',
    lead: 'Each figure is the mean over the requests around a percentile; the parts of a column sum to its response time.',
    blocks: [
      ...(sentences.length === 0 ? [] : [{ kind: 'list' as const, items: sentences }]),
      { kind: 'chart', chart: stackedChart(phases) },
      ...phases.flatMap(({ title, sets }) => cohortTable(title, sets.slice(0, 1))),
      ...phases.flatMap(({ title, sets }) => cohortTable(`${title}, by replica`, sets.slice(1))),
      { kind: 'facts', rows: shown.map((part) => [part, PART_MEANINGS[part]] as const) },
    ],
  };
}
