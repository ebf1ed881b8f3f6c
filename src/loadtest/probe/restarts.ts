import type { ServerSample } from '../../contract/index.js';

function startTimeOf(sample: ServerSample): string | null {
  const view = sample.stats?.['process'];
  const start = typeof view === 'object' && view !== null ? (view as { start_time?: unknown }).start_time : undefined;
  return typeof start === 'string' ? start : null;
}

/**
 * Restarts during the run, as sentences: a server process that says it started after the run did. Replicas behind one
 * address have different start times without having restarted; those all lie before the run.
 */
export function restartsOf(samples: readonly ServerSample[], epochMs: number): string[] {
  const late = new Map<string, number>();
  for (const sample of samples) {
    const start = startTimeOf(sample);
    if (start !== null && Date.parse(start) > epochMs && !late.has(start)) late.set(start, sample.at_us);
  }
  return [...late].map(
    ([start, atUs]) =>
      `The server restarted during the run: ${(atUs / 1e6).toFixed(0)} s into it, a process answered that began at ${start}.`,
  );
}
