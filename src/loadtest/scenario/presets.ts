import { FltsError, type Scenario, type ScenarioPhase } from '../../contract/index.js';

/** Scaled phases are never shorter than this. */
const SCALED_MIN_S = 5;
const LEVELS = [10, 50, 100] as const;
const PROGRESSIVE_S = 30;
const WARMUP = { users: 5, seconds: 5 } as const;
const SMOKE_PAUSE_S = 10;

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
      { name: 'warm-up', kind: 'warmup', users: WARMUP.users, duration_s: WARMUP.seconds },
      ...LEVELS.map((users): ScenarioPhase => ({ name: String(users), users, duration_s: PROGRESSIVE_S })),
    ],
  };
}

const PRESETS: Readonly<Record<string, { readonly build: () => Scenario; readonly about: string }>> = {
  smoke: { build: smoke, about: '10, 50, 100 users × 2 requests: does it work? Too small for percentiles.' },
  progressive: { build: progressive, about: '10, 50, 100 users, 30 s each, after a warm-up: how does it degrade?' },
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
  return {
    ...scenario,
    phases: scenario.phases.map((phase) =>
      phase.duration_s === undefined ? phase : { ...phase, duration_s: length(phase.duration_s) },
    ),
  };
}
