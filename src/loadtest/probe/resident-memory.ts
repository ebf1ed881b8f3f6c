import type { ServerSample } from '../../contract/index.js';

function bytesOf(sample: ServerSample): number | null {
  const view = sample.stats?.['process'];
  const own = typeof view === 'object' && view !== null ? (view as { rss_bytes?: unknown }).rss_bytes : undefined;
  const bytes = own ?? sample.prometheus?.['process_resident_memory_bytes'];
  return typeof bytes === 'number' && bytes > 0 ? bytes : null;
}

/** Resident memory of the server over the run, where it says so: s on the run's clock, bytes. */
export function residentMemory(samples: readonly ServerSample[]): (readonly [atS: number, bytes: number])[] {
  return samples.flatMap((sample) => {
    const bytes = bytesOf(sample);
    return bytes === null ? [] : [[sample.at_us / 1e6, bytes] as const];
  });
}
