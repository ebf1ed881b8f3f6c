import { seededRandom } from '../domain/arrivals/index.js';
import { formatTimestamp } from '../domain/forecast/index.js';

/** The columns of LTE cell traffic, in the order of the files that the models were made for. */
export const TRAFFIC_COLUMNS = [
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

export interface SynthesisOptions {
  readonly rows: number;
  /** The same seed, site and rows give the same text. */
  readonly seed: number;
  /** Sites differ in level, phase and burstiness. */
  readonly site: string;
}

export const SYNTHETIC_ROWS_MAX = 2_000_000;
const STEP_MS = 120_000;
const START_MS = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** Chances per row. */
const LEVEL_SHIFT_CHANCE = 1 / 1500;
const OUTAGE_CHANCE = 1 / 2500;
const BURST_CHANCE = 1 / 120;
/** Rows of an outage: from the first to the first plus the second. */
const OUTAGE_ROWS = [30, 90] as const;
/** Share of a burst that is left after each row. */
const BURST_DECAY = 0.7;
/** Tail index of burst sizes: finite mean, infinite variance. */
const BURST_TAIL = 1.6;
const BURST_MAX = 60;
/** How much of the slow noise is left after each row. */
const NOISE_MEMORY = 0.95;
/** Chance that nobody sends in a row of median demand; less demand makes it likelier. Then there is no quality to report. */
const IDLE_UPLINK_CHANCE = 1 / 400;

/**
 * Synthetic LTE cell traffic as CSV lines, header first, 2-minute rows from 2024-01-01: a daily and a weekly cycle,
 * slow noise, heavy-tailed bursts (Pareto), level shifts, outages (all zero) and empty cells. No row is taken from
 * measured data. `rows` 1..2,000,000.
 */
export function* synthesize({ rows, seed, site }: SynthesisOptions): Generator<string> {
  if (!Number.isInteger(rows) || rows < 1 || rows > SYNTHETIC_ROWS_MAX) {
    throw new RangeError(`rows must be a whole number from 1 to ${SYNTHETIC_ROWS_MAX}`);
  }
  yield `time,${TRAFFIC_COLUMNS.join(',')}`;
  const random = seededRandom(seed ^ hashOf(site));
  const cell = new CellTraffic(random);
  for (let row = 0; row < rows; row++) {
    const time = START_MS + row * STEP_MS;
    yield `${formatTimestamp(time, true).replace('T', ' ')},${cell.next(time).join(',')}`;
  }
}

/** State of one cell from row to row. */
class CellTraffic {
  readonly #random: () => number;
  readonly #logMedian: number;
  readonly #phase: number;
  readonly #daily: number;
  #level = 0;
  #downNoise = 0;
  #upNoise = 0;
  #downBurst = 0;
  #upBurst = 0;
  #outageLeft = 0;

  constructor(random: () => number) {
    this.#random = random;
    this.#logMedian = Math.log(1.1e8) + 0.4 * this.#normal();
    this.#phase = 0.06 * this.#normal();
    this.#daily = 0.7 + 0.3 * random();
  }

  /** Cells of the next row, as text. */
  next(timeMs: number): string[] {
    this.#move();
    if (this.#outageLeft > 0) {
      this.#outageLeft--;
      return TRAFFIC_COLUMNS.map(() => '0');
    }
    const day = timeMs / DAY_MS + this.#phase;
    // Two harmonics: a deep night, a broad day, an evening peak. 2024-01-01 is a Monday, so days 5 and 6 are a weekend.
    const cycle = -Math.cos(2 * Math.PI * (day - 0.17)) - 0.35 * Math.cos(4 * Math.PI * (day - 0.3));
    const weekend = Math.floor(day - START_MS / DAY_MS) % 7 >= 5 ? -0.25 : 0;
    const demand = this.#logMedian + this.#level + this.#daily * cycle + weekend;
    const down = Math.exp(demand + this.#downNoise + 0.22 * this.#normal()) * (1 + this.#downBurst);
    const up = Math.exp(demand - 4.5 + this.#upNoise + 0.4 * this.#normal()) * (1 + this.#upBurst);
    const idle = this.#random() < IDLE_UPLINK_CHANCE * Math.exp(this.#logMedian - demand);
    return this.#cells(down, idle ? 0 : up, Math.exp(0.6 * (demand - 18.5) + 8.8 + 0.06 * this.#normal()));
  }

  #move(): void {
    const random = this.#random;
    this.#downNoise = NOISE_MEMORY * this.#downNoise + 0.09 * this.#normal();
    this.#upNoise = NOISE_MEMORY * this.#upNoise + 0.12 * this.#normal();
    this.#downBurst = BURST_DECAY * this.#downBurst + (random() < BURST_CHANCE ? this.#pareto() - 1 : 0);
    this.#upBurst = BURST_DECAY * this.#upBurst + (random() < BURST_CHANCE ? 4 * (this.#pareto() - 1) : 0);
    if (random() < LEVEL_SHIFT_CHANCE) this.#level = 0.35 * this.#normal();
    if (this.#outageLeft === 0 && random() < OUTAGE_CHANCE) {
      this.#outageLeft = OUTAGE_ROWS[0] + Math.floor(random() * OUTAGE_ROWS[1]);
    }
  }

  /** Radio figures follow the traffic: more of it takes more resource blocks, at worse modulation. */
  #cells(down: number, up: number, users: number): string[] {
    const load = down / (down + 6e8);
    const uplinkLoad = up / (up + 2e7);
    const quiet = up === 0;
    const noisy = (middle: number, spread: number): number => middle * Math.exp(spread * this.#normal());
    const mcsDown = Math.min(28, noisy(15.6 - 8 * load, 0.02));
    const mcsUp = Math.min(28, noisy(15.5 - 4 * uplinkLoad, 0.12));
    return [
      String(Math.round(down)),
      quiet ? '0' : String(Math.round(up)),
      String(Math.max(1, Math.round(users))),
      text(mcsDown),
      text(noisy(88 - 30 * load, 0.02)),
      quiet ? '' : text(mcsUp),
      quiet ? '' : text(noisy(45 + 30 * uplinkLoad, 0.2)),
      text(down / (5.6e9 - 2.5e9 * load)),
      text(noisy(4.5e-8 + 8e-8 * load, 0.05)),
      quiet ? '0' : text(up / 3.2e9),
      quiet ? '0' : text(noisy(1.2e-8 + 3e-8 * uplinkLoad, 0.25)),
    ];
  }

  /** At least 1, heavy-tailed. */
  #pareto(): number {
    return Math.min(BURST_MAX, (1 - this.#random()) ** (-1 / BURST_TAIL));
  }

  /** A standard normal number from two uniform ones (Box, Muller, 1958). */
  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }
}

function text(value: number): string {
  return String(Number(value.toPrecision(9)));
}

/** FNV-1a, 32 bits. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
