import type { ServerSample } from '../../../contract/index.js';
import { statOf } from '../../evidence/server-figures.js';
import type { Chart } from '../../model.js';
import type { RunBundle } from '../../run-bundle.js';

/** More names than these cannot be read on a chart. */
const EVENTS_MAX = 8;

type Event = NonNullable<Chart['events']>[number];

function text(sample: ServerSample, ...path: string[]): string | null {
  let value: unknown = sample.stats;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'string' ? value : null;
}

/** Whether both are known and differ. */
function differs<T>(before: T | null, now: T | null): boolean {
  return before !== null && now !== null && before !== now;
}

function grew(before: ServerSample, now: ServerSample, key: string): boolean {
  const from = statOf(before, key);
  const to = statOf(now, key);
  return from !== null && to !== null && to > from;
}

/** What happened between two looks at the service. */
function between(before: ServerSample, now: ServerSample): string[] {
  const restarted = differs(text(before, 'process', 'start_time'), text(now, 'process', 'start_time'));
  const names: string[] = [];
  if (before.ready && !now.ready) names.push('not ready');
  if (!before.ready && now.ready) names.push('ready again');
  if (restarted) names.push('restart');
  if (differs(text(before, 'current_run_id'), text(now, 'current_run_id'))) names.push('new model');
  if (!restarted && grew(before, now, 'worker_restarts_total')) names.push('worker restart');
  return names;
}

/** What happened to the service during the run, by the once-a-second looks at it; the first few. */
export function runEvents(bundle: RunBundle): Event[] {
  const { server } = bundle;
  return server
    .slice(1)
    .flatMap((now, i) => between(server[i] as ServerSample, now).map((name) => ({ name, at: now.at_us / 1e6 })))
    .slice(0, EVENTS_MAX);
}

/** Stretches of the time axis that belong to phases; the steps of a search are one. */
export function phaseSpans({ run }: RunBundle): Chart['spans'] {
  const known = run.phases.flatMap(({ name, kind, start_s: from, duration_s: length }) =>
    from === undefined || length === undefined ? [] : [{ name, isStep: kind === 'search', from, to: from + length }],
  );
  const steps = known.filter(({ isStep }) => isStep);
  const [first] = steps;
  const last = steps.at(-1);
  const phases = known.filter(({ isStep }) => !isStep).map(({ name, from, to }) => ({ name, from, to }));
  return first === undefined || last === undefined
    ? phases
    : [...phases, { name: 'search', from: first.from, to: last.to }];
}
