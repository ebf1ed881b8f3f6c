import type { RunInstrumentLevel } from '../contract/index.js';
import type { LoadPlan } from '../domain/arrivals/index.js';
import { percentileFigure } from '../domain/stats/index.js';
import type { LoadDriver } from './drive-phases.js';
import { phaseFigures } from './record/phase-figures.js';

/** Length of each level of the instrument's floor. */
const FLOOR_S = 1;
const FLOOR_WARMUP_S = 0.5;
/** Different levels at most: a long list of phases must not make the floor longer than the run. */
const LEVELS_MAX = 8;
const IN_FLIGHT_MAX = 1_000;

/** The same load, without think time or change, for that long. */
function floorPlan(plan: LoadPlan, seconds: number): LoadPlan {
  const lengthUs = seconds * 1e6;
  if (plan.mode === 'closed') {
    return { ...plan, thinkUs: 0, startUs: 0, endUs: lengthUs, requestsPerUser: Number.POSITIVE_INFINITY, levels: [] };
  }
  const rate = Math.max(...plan.profile.flatMap(({ fromPerS, toPerS }) => [fromPerS, toPerS]));
  return { ...plan, startUs: 0, profile: [{ lengthUs, fromPerS: rate, toPerS: rate }] };
}

/** Drives the request that does nothing. */
async function driveNull(driver: LoadDriver, plan: LoadPlan): Promise<RunInstrumentLevel> {
  const { recorder, generators } = await driver.drive({
    name: 'floor',
    kind: 'warmup',
    plan,
    maxInFlight: IN_FLIGHT_MAX,
    startUs: null,
    useNullRequest: true,
  });
  const {
    requests = 0,
    throughput_per_s: throughput = 0,
    users,
    rate,
  } = phaseFigures(recorder, {
    generators,
    seed: 0,
    objective: null,
    rss: [],
    steadyPhases: 1,
  });
  const { response } = recorder;
  const at = (p: number): number | null =>
    response.count === 0 ? null : percentileFigure(response.count, p, (rank) => response.msAtRank(rank)).value;
  const level = {
    ...(users === undefined ? { rate: rate ?? 0 } : { users }),
    requests,
    throughput_per_s: throughput,
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    p99_ms: at(0.99),
  };
  recorder.destroy();
  return level;
}

/** Levels of the floor: the loads of the measured phases, each once, after a warm-up that nobody looks at. */
export async function measureFloor(
  driver: LoadDriver,
  plans: readonly LoadPlan[],
  signal: AbortSignal,
): Promise<RunInstrumentLevel[]> {
  const distinct = new Map<string, LoadPlan>();
  for (const plan of plans) {
    const floor = floorPlan(plan, FLOOR_S);
    const key = floor.mode === 'closed' ? `users ${floor.users}` : `rate ${floor.profile[0]?.toPerS ?? 0}`;
    if (distinct.size < LEVELS_MAX && !distinct.has(key)) distinct.set(key, floor);
  }
  const levels: RunInstrumentLevel[] = [];
  const last = [...distinct.values()].at(-1);
  // Cold code is several times slower, on both sides: the first level would not be a floor.
  if (last !== undefined) await driveNull(driver, floorPlan(last, FLOOR_WARMUP_S));
  for (const plan of distinct.values()) {
    if (signal.aborted) break;
    levels.push(await driveNull(driver, plan));
  }
  return levels;
}
