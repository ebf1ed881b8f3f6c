import { FltsError } from '../../src/contract/index.js';
import { dice, type LoadFault, type SimulatedRun } from '../../src/simulation/index.js';
import { ManagedModels, run } from '../support/managed-models.js';

/** How one seed went: what was drawn, how requests ended, and the first invariant that did not hold. */
export interface SwapRun {
  readonly drawn: readonly string[];
  readonly ends: ReadonlySet<number | string>;
  readonly broken: string | null;
}

const LOAD_FAULTS = ['digest', 'shape', 'crash', 'golden', 'not_finite'] as const satisfies readonly LoadFault[];
const BAD_RUNS = ['failed', 'not_finite'] as const satisfies readonly SimulatedRun['end'][];
const BAD_ENDS: ReadonlySet<number | string> = new Set(['FLTS_INTERNAL', 'FLTS_NON_FINITE_OUTPUT']);
const STEPS = 10;
/** Main, standing by, and one that drains or loads. */
const MOST_RESIDENT = 3;
/** After the last fault: a version that failed is tried again after 30 s, at the look after that. */
const RECOVERY_S = 33;
const LONGEST_LEAP_US = 3_000_000;

/** Promotions and faults of a model's versions, drawn from a seed, through the manager and the service. */
export async function runSwapFaults(seed: number): Promise<SwapRun> {
  const d = dice(seed);
  const models = new ManagedModels({ watchMs: d.pick([0, 500, 5000]) });
  const { registry, faults, runs, clock } = models;
  const well: SimulatedRun = { durationUs: d.whole(500, 9000), end: 'well' };
  const bad = new Set<number>();
  const good: [number, ...number[]] = [1];
  const drawn: string[] = [];
  const ends = new Set<number | string>();
  let broken: string | null = null;
  let last = 1;
  let promoted = 1;
  /** As many versions may have been loaded: while memory is short, one that had its room already. */
  let mostLoads = Number.POSITIVE_INFINITY;
  const hold = (isHeld: boolean, what: string): void => {
    if (!isHeld) broken ??= `${what}, after ${drawn.join(', ')}`;
  };
  const promote = (version: number): number => {
    if (!runs.has(version)) runs.set(version, well);
    registry.promote(version);
    promoted = version;
    return version;
  };
  const main = (): number => Number.parseInt(models.manager.mainRunId ?? '', 16);
  const actions: Readonly<Record<string, () => number | null>> = {
    good: () => {
      good.push(promote(++last));
      return null;
    },
    two: () => {
      good.push(promote(++last));
      void models.catalogue.look(false);
      clock.schedule(d.whole(0, 8000), () => good.push(promote(++last)));
      return null;
    },
    refused: () => {
      faults.set(++last, d.pick(LOAD_FAULTS));
      return promote(last);
    },
    truncated: () => {
      registry.broken.set(++last, new FltsError('FLTS_BUNDLE_CORRUPT', 'The file ends too early.'));
      return promote(last);
    },
    bad: () => {
      runs.set(++last, { durationUs: well.durationUs, end: d.pick(BAD_RUNS) });
      bad.add(promote(last));
      return null;
    },
    back: () => {
      promote(d.pick(good));
      return null;
    },
    down: () => {
      registry.down = new FltsError('FLTS_SOURCE_DOWN', 'The registry does not answer.');
      return null;
    },
    half_pointer: () => {
      registry.down = new FltsError('FLTS_BUNDLE_CORRUPT', 'The pointer is half written.');
      return null;
    },
    slow: () => {
      const us = d.whole(1000, 2_000_000);
      registry.slowness = () => new Promise((resolve) => clock.schedule(us, resolve));
      return null;
    },
    up: () => {
      registry.down = null;
      registry.slowness = () => Promise.resolve();
      models.availableBytes = null;
      mostLoads = Number.POSITIVE_INFINITY;
      return null;
    },
    no_memory: () => {
      if (models.availableBytes === null) mostLoads = models.host.backends.length + 1;
      models.availableBytes = 5;
      return null;
    },
    leap: () => {
      clock.leap(d.whole(1000, LONGEST_LEAP_US));
      return null;
    },
    worker_lost: () => {
      const version = main();
      const usual = runs.get(version) ?? well;
      runs.set(version, { durationUs: 1000, end: 'lost' });
      clock.schedule(500, () => runs.set(version, usual));
      return null;
    },
  };
  const ask = async (count: number): Promise<void> => {
    const wasBad = bad.has(main());
    const got = await models.ask(count);
    await clock.advance(50_000);
    const mayFail = wasBad || bad.has(main());
    hold(got.length === count, `${count - got.length} requests have no answer`);
    for (const end of got) {
      ends.add(end);
      if (typeof end === 'string') hold(mayFail && BAD_ENDS.has(end), `a request ended with ${end}`);
      else hold(!faults.has(end) && !registry.broken.has(end), `refused version ${end} answered`);
    }
  };
  const check = (): void => {
    hold(models.service.lane !== null, 'nothing serves');
    hold(models.unclosed <= MOST_RESIDENT, `${models.unclosed} versions are loaded`);
    hold(models.host.backends.length <= mostLoads, 'versions are loaded without room in memory');
    const stuck = models.log.events.find(({ event }) => event === 'old model version could not be released');
    hold(stuck === undefined, `a version was released while it was in use: ${JSON.stringify(stuck?.facts)}`);
    for (const { version, state, reason } of models.catalogue.index())
      hold(state !== 'UNAVAILABLE' || reason !== '', `version ${version} is unavailable without a reason`);
  };

  runs.set(1, well);
  await models.start(1);
  for (let step = 0; step < STEPS; step++) {
    const name = d.pick(Object.keys(actions) as [string, ...string[]]);
    drawn.push(name);
    const refused = actions[name]?.() ?? null;
    const isReadable = registry.down === null && !drawn.includes('slow');
    if (d.chance(0.5)) void models.catalogue.look(false);
    await ask(d.whole(1, 8));
    check();
    await models.pass(d.pick([0.1, 1.2, 6]));
    check();
    if (refused !== null && isReadable) {
      await models.pass(1.2);
      hold(models.reasonOf(refused) !== '', `the index does not say why version ${refused} is refused`);
    }
  }
  // Faults end; nobody helps.
  faults.clear();
  registry.broken.clear();
  actions['up']?.();
  await models.pass(RECOVERY_S);
  for (const version of bad) runs.set(version, well);
  const isRolledBack = models.reasonOf(promoted).startsWith('rolled back');
  hold(main() === promoted || isRolledBack, `version ${main()} serves, promoted is ${promoted}`);
  bad.clear();
  await ask(3);
  await models.pass(RECOVERY_S);
  check();
  hold(models.unclosed === 1, `${models.unclosed} versions are left`);
  hold(models.manager.mainRunId !== run(promoted) || models.manager.reason === null, 'a reason is left');
  return { drawn, ends, broken };
}
