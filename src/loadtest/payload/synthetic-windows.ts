import { seededRandom } from '../../domain/arrivals/index.js';
import type { WindowTable } from './window-table.js';

/** The columns of the LTE cell traffic that the service was made for, in the usual order. */
export const LTE_COLUMNS = [
  'down',
  'up',
  'rnti_count',
  'mcs_down',
  'mcs_down_var',
  'mcs_up',
  'mcs_up_var',
  'rb_down',
  'rb_down_var',
  'rb_up',
  'rb_up_var',
] as const;

/** Rows of the generated series beyond one window: so many windows are sent before values come round, slightly changed. */
const SPARE_ROWS = 8_192;
const START_MS = Date.UTC(2018, 1, 5, 23, 40);
const DAY_MS = 86_400_000;
const DIGITS = 9;

/** Middle of a column, how far the day moves it (in log units) and how much of it is noise. */
interface Shape {
  readonly middle: number;
  readonly daily: number;
  readonly noise: number;
  readonly integer?: true;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  down: { middle: 1.2e8, daily: 0.9, noise: 0.25, integer: true },
  up: { middle: 1.4e6, daily: 0.8, noise: 0.5, integer: true },
  rnti_count: { middle: 6_500, daily: 0.6, noise: 0.1, integer: true },
  mcs_down: { middle: 15, daily: 0.05, noise: 0.04 },
  mcs_down_var: { middle: 87, daily: 0.05, noise: 0.05 },
  mcs_up: { middle: 15.5, daily: 0.05, noise: 0.06 },
  mcs_up_var: { middle: 52, daily: 0.1, noise: 0.15 },
  rb_down: { middle: 0.022, daily: 0.8, noise: 0.25 },
  rb_down_var: { middle: 4.6e-8, daily: 0.3, noise: 0.2 },
  rb_up: { middle: 0.0005, daily: 0.7, noise: 0.4 },
  rb_up_var: { middle: 2.6e-8, daily: 0.4, noise: 0.4 },
};
const OTHER: Shape = { middle: 100, daily: 0.3, noise: 0.1 };

/** A standard normal number from two uniform ones (Box & Muller, 1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function column(name: string, seriesRows: number, stepS: number, random: () => number): string[] {
  const shape = SHAPES[name] ?? OTHER;
  return Array.from({ length: seriesRows }, (_, row) => {
    const day = ((START_MS + row * stepS * 1000) % DAY_MS) / DAY_MS;
    const level = shape.daily * Math.sin(2 * Math.PI * (day - 0.375)) + shape.noise * normal(random);
    const value = shape.middle * Math.exp(level);
    return JSON.stringify(shape.integer === true ? Math.round(value) : Number(value.toPrecision(DIGITS)));
  });
}

/**
 * Seeded synthetic cell traffic: log-normal values with a daily cycle, in the magnitudes of LTE counters. Columns of
 * other names get a generic shape. The same seed and settings give the same windows.
 */
export function syntheticWindows(settings: {
  readonly seed: number;
  readonly columns: readonly string[];
  readonly rows: number;
  readonly stepS: number;
  readonly horizon: number;
}): WindowTable {
  const random = seededRandom(settings.seed);
  const { columns, rows, stepS, horizon } = settings;
  const seriesRows = rows + SPARE_ROWS;
  return {
    columns,
    cells: columns.map((name) => column(name, seriesRows, stepS, random)),
    timesMs: Array.from({ length: seriesRows }, (_, row) => START_MS + row * stepS * 1000),
    starts: Array.from({ length: SPARE_ROWS + 1 }, (_, row) => row),
    rows,
    stepS,
    horizon,
  };
}
