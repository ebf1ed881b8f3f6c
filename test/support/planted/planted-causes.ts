import type { SystemPlan } from './simulated-figures.js';

/** One system with one trouble, or with none. */
export interface PlantedSystem {
  readonly plan: SystemPlan;
  /** The remedy that the diagnosis should propose, and the system after it. */
  readonly remedy: { readonly id: string; readonly plan: Partial<SystemPlan> } | null;
}

export interface PlantedCause {
  /** The cause that is planted; null = none. */
  readonly cause: string | null;
  /** A system of any size that has this trouble and no other; its figures are drawn. */
  readonly draw: (random: () => number) => PlantedSystem;
}

/** Draws from a range, and from the whole numbers of one. */
class Dice {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  from(low: number, high: number): number {
    return low + (high - low) * this.#random();
  }

  whole(low: number, high: number): number {
    return Math.floor(this.from(low, high + 1));
  }
}

/** A service that is quick at everything; how much it is asked is added by `asked`. */
function quick(dice: Dice): SystemPlan {
  return {
    levels: [],
    secondsPerLevel: 20,
    thinkMs: dice.from(50, 200),
    networkMs: dice.from(0.2, 0.8),
    sendMs: dice.from(0.03, 0.1),
    generators: dice.whole(1, 2),
    loopMs: dice.from(0.2, 0.8),
    processes: 1,
    gcMs: 0,
    gcEveryMs: 0,
    limit: null,
    workers: dice.whole(2, 4),
    perRunMs: dice.from(1, 4),
    perRowMs: dice.from(0.2, 0.8),
    execOnCpu: true,
    maxRows: 8,
    maxDelayMs: 0,
    cores: 8,
    swapMs: 0,
    swapEveryMs: 0,
  };
}

/** Users that ask `load` × what `servers` can do at `demandMs` each, and two levels below. */
function asked(plan: SystemPlan, load: number, demandMs: number, servers: number): SystemPlan {
  const aloneMs = plan.perRunMs + plan.perRowMs + plan.loopMs + 2 * plan.networkMs + plan.sendMs;
  const users = Math.max(4, Math.ceil((load * servers * (plan.thinkMs + aloneMs)) / demandMs));
  return { ...plan, levels: [...new Set([1, Math.ceil(users / 4), users])] };
}

/** What a row takes of a worker where batches are full. */
const perFullRow = ({ perRunMs, perRowMs, maxRows }: SystemPlan): number => perRowMs + perRunMs / maxRows;

/** Users that leave half of everything unused. */
function roomy(plan: SystemPlan, dice: Dice): SystemPlan {
  const alone = plan.perRunMs + plan.perRowMs;
  const most = Math.min(plan.workers / alone, 1 / plan.loopMs, plan.generators / plan.sendMs, plan.cores / alone);
  return asked(plan, dice.from(0.2, 0.5), 1 / most, 1);
}

/** More is asked than the part with the trouble can do, by this much. */
const overload = (dice: Dice): number => dice.from(1.4, 4);

function concurrencyLimit(dice: Dice): PlantedSystem {
  const limit = dice.whole(1, 6);
  const perRunMs = dice.from(10, 80);
  const plan = { ...quick(dice), limit, workers: limit * dice.whole(3, 5), perRunMs, perRowMs: 0 };
  return {
    plan: asked({ ...plan, execOnCpu: false, maxRows: 1 }, overload(dice), perRunMs, limit),
    remedy: { id: 'concurrency_limit/raise', plan: { limit: limit * 2 } },
  };
}

function cpu(dice: Dice): PlantedSystem {
  const cores = dice.whole(1, 2);
  const perRowMs = dice.from(8, 40);
  const plan = { ...quick(dice), cores, workers: cores * dice.whole(2, 4), perRunMs: 0, perRowMs, maxRows: 1 };
  return {
    plan: asked(plan, overload(dice), perRowMs, cores),
    remedy: { id: 'cpu/double', plan: { cores: cores * 2 } },
  };
}

function eventLoop(dice: Dice): PlantedSystem {
  const loopMs = dice.from(3, 15);
  return {
    plan: asked({ ...quick(dice), loopMs }, overload(dice), loopMs, 1),
    remedy: { id: 'event_loop/processes', plan: { processes: 2 } },
  };
}

function modelExecution(dice: Dice): PlantedSystem {
  const workers = dice.whole(1, 3);
  const [perRunMs, perRowMs] = [dice.from(15, 80), dice.from(1, 6)];
  const plan = { ...quick(dice), workers, perRunMs, perRowMs, maxRows: dice.whole(1, 6) };
  return {
    plan: asked(plan, overload(dice), perFullRow(plan), workers),
    remedy: { id: 'model_execution/halve', plan: { perRunMs: perRunMs / 2, perRowMs: perRowMs / 2 } },
  };
}

function batchingWait(dice: Dice): PlantedSystem {
  const users = dice.whole(3, 10);
  const plan = { ...quick(dice), maxDelayMs: dice.from(15, 60), maxRows: 32 };
  return {
    plan: { ...plan, levels: [1, Math.ceil(users / 2), users] },
    remedy: { id: 'batching_wait/no_delay', plan: { maxDelayMs: 0 } },
  };
}

function generator(dice: Dice): PlantedSystem {
  const sendMs = dice.from(3, 12);
  const plan = { ...quick(dice), sendMs };
  return {
    plan: asked(plan, overload(dice), sendMs, plan.generators),
    remedy: { id: 'generator/double', plan: { generators: plan.generators * 2 } },
  };
}

function network(dice: Dice): PlantedSystem {
  return {
    plan: { ...roomy(quick(dice), dice), networkMs: dice.from(8, 60) },
    remedy: { id: 'network/nearer', plan: { networkMs: 0.25 } },
  };
}

function memoryGc(dice: Dice): PlantedSystem {
  const gcMs = dice.from(40, 200);
  const share = dice.from(0.25, 0.45);
  return {
    plan: { ...roomy(quick(dice), dice), gcMs, gcEveryMs: gcMs * (1 / share - 1) },
    remedy: { id: 'memory_gc/heap', plan: { gcMs: 0 } },
  };
}

/** The same users twice; the model is swapped the second time. */
function modelSwap(dice: Dice): PlantedSystem {
  const { levels, ...plan } = roomy(quick(dice), dice);
  const users = levels.at(-1) ?? 1;
  return {
    plan: { ...plan, levels: [users, users], swapMs: dice.from(300, 1500), swapEveryMs: dice.from(2000, 5000) },
    remedy: { id: 'model_swap/apart', plan: { swapMs: 0 } },
  };
}

const CAUSES: readonly (readonly [string, (dice: Dice) => PlantedSystem])[] = [
  ['concurrency_limit', concurrencyLimit],
  ['cpu', cpu],
  ['event_loop', eventLoop],
  ['model_execution', modelExecution],
  ['batching_wait', batchingWait],
  ['generator', generator],
  ['network', network],
  ['memory_gc', memoryGc],
  ['model_swap', modelSwap],
];

export const PLANTED_CAUSES: readonly PlantedCause[] = [
  ...CAUSES.map(([cause, of]) => ({ cause, draw: (random: () => number) => of(new Dice(random)) })),
  {
    cause: null,
    draw: (random) => {
      const dice = new Dice(random);
      return { plan: roomy(quick(dice), dice), remedy: null };
    },
  },
];
