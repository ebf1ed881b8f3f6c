import { FltsError } from '../contract/index.js';
import { rowsPerDay, type Series } from '../domain/forecast/index.js';

export type ModelKind = 'lstm' | 'ridge' | 'ensemble';

/** What can be chosen about a training; all but the kind have defaults. */
export interface TrainSettings {
  readonly model: ModelKind;
  /** Rows that the model looks back. */
  readonly lookback: number;
  /** Rows ahead that one run of the model predicts. */
  readonly steps: number;
  /** Cells of an LSTM layer. */
  readonly hidden: number;
  readonly layers: number;
  /** Most epochs; the best one on the validation part is taken. */
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
}

const DEFAULT_SETTINGS: TrainSettings = {
  model: 'lstm',
  lookback: 10,
  steps: 30,
  hidden: 64,
  layers: 1,
  epochs: 12,
  batch: 64,
  learningRate: 2e-3,
  seed: 1,
};

/** Range of each number: least, most, whether only whole numbers. */
const SETTING_RANGES = {
  lookback: [1, 500, true],
  steps: [1, 200, true],
  hidden: [1, 512, true],
  layers: [1, 4, true],
  epochs: [1, 1000, true],
  batch: [1, 4096, true],
  learningRate: [1e-6, 1, false],
  seed: [0, 4_294_967_295, true],
} as const satisfies Partial<Record<keyof TrainSettings, readonly [number, number, boolean]>>;

/** The defaults with what was chosen. Throws FLTS_USAGE that names the setting and its range. */
export function completeSettings(chosen: Partial<TrainSettings>): TrainSettings {
  const settings = { ...DEFAULT_SETTINGS, ...chosen };
  for (const [name, [least, most, whole]] of Object.entries(SETTING_RANGES)) {
    const value = settings[name as keyof typeof SETTING_RANGES];
    if (!(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
      throw new FltsError(
        'FLTS_USAGE',
        `${name} must be ${whole ? 'a whole number' : 'a number'} from ${least} to ${most}, got ${value}.`,
      );
    }
  }
  return settings;
}

/** Horizons of the accuracy table, rows ahead. */
export const TABLE_HORIZONS = [1, 10, 30] as const;
/** Share of the rows, the last ones, that are held out for accuracy and intervals. */
export const HELD_OUT_SHARE = 0.2;
/** Columns that a model may have: its weights grow with their square. */
const COLUMNS_MAX = 64;
/** Rows that a model is trained on at most; more do not fit the memory of an ordinary machine. */
const ROWS_MAX = 2_000_000;
/** Windows that the smallest of the training parts must have. */
const WINDOWS_MIN = 100;

/** Throws FLTS_TOO_LITTLE_DATA when the rows cannot be split and scored, FLTS_CSV when there are too many. */
export function checkSize(series: Series, { lookback, steps }: TrainSettings): void {
  if (series.columns.length > COLUMNS_MAX || series.rows > ROWS_MAX) {
    throw new FltsError(
      'FLTS_CSV',
      `The series has ${series.columns.length} columns and ${series.rows} rows; at most ${COLUMNS_MAX} and ${ROWS_MAX} are trained on.`,
    );
  }
  // Training part: 80 % of what is not held out. The seasonal baseline needs a day before the first held-out row.
  const fitShare = 1 - HELD_OUT_SHARE;
  const forWindows = (lookback + steps + WINDOWS_MIN) / (fitShare * fitShare);
  const forSeason = (rowsPerDay(series.stepMs) + lookback + Math.max(steps, ...TABLE_HORIZONS)) / fitShare;
  const forHeldOut = (2 * steps) / HELD_OUT_SHARE;
  const needed = Math.ceil(Math.max(forWindows, forSeason, forHeldOut));
  if (series.rows < needed) {
    throw new FltsError(
      'FLTS_TOO_LITTLE_DATA',
      `There are ${series.rows} rows; training with ${lookback} rows back and ${steps} steps ahead needs ${needed}.`,
    );
  }
}
