import type { BatchSize, ModelRunCurve } from '../../../domain/capacity/index.js';
import { count, decimal, perSecond, share } from '../../format.js';
import { type Block, type Chart, plain, type Sentence, warning } from '../../model.js';
import type { RunBundle } from '../../run-bundle.js';

/** Beyond this the line is no description of the model any more. */
const ERROR_MAX = 0.2;

const ms = (value: number): string => `${value < 0.1 ? Number(value.toPrecision(2)).toString() : decimal(value, 2)} ms`;

function lineMs({ perRunMs, perRowMs }: ModelRunCurve, rows: number): number {
  return perRunMs.value + perRowMs.value * rows;
}

function sentencesOf(curve: ModelRunCurve, horizon: unknown): Sentence[] {
  const { perRunMs, perRowMs, sizes, errorMax } = curve;
  const first = sizes[0] as BatchSize;
  const last = sizes.at(-1) as BatchSize;
  const batches = sizes.reduce((sum, size) => sum + size.batches, 0);
  const interval = ({ lower, upper }: typeof perRunMs): string => `(${ms(lower)} to ${ms(upper)})`;
  const asked = typeof horizon === 'number' ? ` for a horizon of ${count(horizon)}` : '';
  const sentences = [
    plain(
      `A run of the model${asked} took ${ms(perRunMs.value)} ${interval(perRunMs)} whatever its rows, and ${perRowMs.upper === 0 ? 'nothing that can be told from noise' : `${ms(perRowMs.value)} ${interval(perRowMs)}`} for each row: the service curve through the medians of about ${count(batches)} batches of ${count(first.rows)} to ${count(last.rows)} rows.`,
    ),
    plain(
      `At ${count(last.rows)} rows, the largest batch met often enough, that is ${perSecond((1000 * last.rows) / lineMs(curve, last.rows))} rows per second of one worker that never waits; with single rows it would be ${perSecond(1000 / lineMs(curve, 1))}.`,
    ),
  ];
  if (errorMax > ERROR_MAX) {
    sentences.push(
      warning(
        `The line misses a median by ${share(errorMax)}: something else than the rows decides how long a run takes, such as processors that are shared.`,
      ),
    );
  } else sentences.push(plain(`No median is further from the line than ${share(errorMax)}.`));
  return sentences;
}

function chartOf(curve: ModelRunCurve): Chart {
  const { sizes } = curve;
  return {
    id: 'service-curve',
    title: 'Time of a model run by rows of its batch',
    description: 'The median time of a run of the model for every size of batch, and the line through them.',
    xTitle: 'rows of the batch',
    yTitle: 'ms',
    xScale: 'linear',
    yScale: 'linear',
    series: [
      { name: 'measured', points: sizes.map(({ rows, medianMs }) => [rows, medianMs]) },
      { name: 'line', points: sizes.map(({ rows }) => [rows, lineMs(curve, rows)]), isModel: true },
    ],
    spans: [],
  };
}

/** What a run of the model costs, or why that is not known; nothing for services that do not tell. */
export function modelRunBlocks({ run, modelRuns }: RunBundle): Block[] {
  if (modelRuns === null) return [];
  if (modelRuns.kind === 'none') {
    const tells = run.phases.some((phase) => phase.server_timing_ms_mean?.['exec'] !== undefined);
    return tells ? [{ kind: 'list', items: [plain(`Not measured: ${modelRuns.reason}.`)] }] : [];
  }
  return [
    { kind: 'list', items: sentencesOf(modelRuns, run.scenario?.request?.['horizon']) },
    { kind: 'chart', chart: chartOf(modelRuns) },
  ];
}
