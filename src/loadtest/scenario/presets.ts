import { FltsError, type Scenario, type ScenarioPhase } from '../../contract/index.js';

/** Scaled phases are never shorter than this. */
const SCALED_MIN_S = 5;
const LEVELS = [10, 50, 100] as const;
const PROGRESSIVE_S = 30;
const SMOKE_PAUSE_S = 10;
const MINUTE_S = 60;
const HOUR_S = 3600;

const warmup = (users: number, seconds: number): ScenarioPhase => ({
  name: 'warm-up',
  kind: 'warmup',
  users,
  duration_s: seconds,
});

function smoke(): Scenario {
  return {
    name: 'smoke',
    phases: LEVELS.map((users, i) => ({
      name: String(users),
      users,
      requests_per_user: 2,
      pause_s: i === 0 ? 0 : SMOKE_PAUSE_S,
    })),
  };
}

function progressive(): Scenario {
  return {
    name: 'progressive',
    phases: [
      warmup(5, 5),
      ...LEVELS.map((users): ScenarioPhase => ({ name: String(users), users, duration_s: PROGRESSIVE_S })),
    ],
  };
}

/** Warm-up, ramp, sustained, spike, soak: the five phases of a test before production, at the lower ends of their lengths. */
function production(): Scenario {
  return {
    name: 'production',
    phases: [
      warmup(5, MINUTE_S),
      { name: 'ramp', kind: 'ramp', from_users: 5, users: 30, step_users: 5, duration_s: 6 * MINUTE_S },
      { name: 'sustained', kind: 'sustained', users: 20, duration_s: 10 * MINUTE_S },
      // Two minutes of twice the sustained load, as long before and after.
      { name: 'spike', kind: 'spike', from_users: 20, users: 40, duration_s: 6 * MINUTE_S },
      { name: 'soak', kind: 'soak', of_capacity: 0.6, duration_s: 2 * HOUR_S },
    ],
  };
}

const CAPACITY_LEVELS = [1, 2, 4, 8, 16, 32, 64] as const;

function capacity(): Scenario {
  return {
    name: 'capacity',
    phases: [
      warmup(5, 5),
      ...CAPACITY_LEVELS.map((users): ScenarioPhase => ({ name: String(users), users, duration_s: 15 })),
    ],
    search: {},
  };
}

/** What the service can give, then three times that: does it shed, and does it live? */
function overload(): Scenario {
  return {
    name: 'overload',
    phases: [
      warmup(5, 5),
      { name: 'capacity', users: 64, duration_s: 15 },
      { name: 'overload', kind: 'custom', of_capacity: 3, duration_s: 30 },
    ],
  };
}

const PRESETS: Readonly<Record<string, { readonly build: () => Scenario; readonly about: string }>> = {
  smoke: { build: smoke, about: '10, 50, 100 users × 2 requests: does it work? Too small for percentiles.' },
  progressive: { build: progressive, about: '10, 50, 100 users, 30 s each, after a warm-up: how does it degrade?' },
  production: {
    build: production,
    about: 'warm-up, ramp, sustained, spike and a soak of 2 h at 60 % of the capacity: is it fit for production?',
  },
  capacity: {
    build: capacity,
    about: '1 to 64 users, then the largest rate that keeps the requirement: what can it give?',
  },
  overload: { build: overload, about: 'three times the capacity, whatever the answers do: does it shed and live?' },
};

/** Names of the presets and what each is for. */
export const PRESET_ABOUT: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(PRESETS).map(([name, preset]) => [name, preset.about]),
);

/** The preset of that name, or null. */
export function preset(name: string): Scenario | null {
  return Object.hasOwn(PRESETS, name) ? (PRESETS[name]?.build() ?? null) : null;
}

/**
 * All phase lengths times `scale`, none below 5 s (but never longer than it was); numbers of requests and pauses stay.
 * Throws FLTS_USAGE for a scale that is not above 0.
 */
export function scaled(scenario: Scenario, scale: number): Scenario {
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new FltsError('FLTS_USAGE', `--scale must be a number above 0, not ${scale}.`);
  }
  const length = (seconds: number): number => Math.max(Math.min(seconds, SCALED_MIN_S), seconds * scale);
  const { search } = scenario;
  return {
    ...scenario,
    phases: scenario.phases.map((phase) =>
      phase.duration_s === undefined ? phase : { ...phase, duration_s: length(phase.duration_s) },
    ),
    ...(search === undefined
      ? {}
      : {
          search: {
            ...search,
            step_s: length(search.step_s ?? SEARCH_DEFAULTS.step_s),
            confirm_s: length(search.confirm_s ?? SEARCH_DEFAULTS.confirm_s),
          },
        }),
  };
}

export const SEARCH_DEFAULTS = { step_s: 10, confirm_s: 30, precision: 0.05, rate_max: 50_000 } as const;
