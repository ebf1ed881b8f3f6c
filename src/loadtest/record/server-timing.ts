/** Parts of one header at most; more are dropped. */
const PARTS_MAX = 16;

/**
 * Rows of the batch that the request was run in: the `batch` metric's description, a whole number. Null where there is
 * none.
 */
export function parseBatchRows(header: string): number | null {
  const [, digits] = /(?:^|,)\s*batch;desc="?(\d{1,6})"?\s*(?:[,;]|$)/.exec(header) ?? [];
  return digits === undefined ? null : Number(digits);
}

/**
 * The durations of a Server-Timing header by metric name, ms; metrics without a readable `dur` are left out, repeated
 * names add up. Source: W3C Server Timing.
 */
export function parseServerTiming(header: string): Record<string, number> {
  const parts: Record<string, number> = {};
  if (header === '') return parts;
  for (const metric of header.split(',', PARTS_MAX)) {
    const [name = '', ...params] = metric.split(';').map((part) => part.trim());
    const dur = params.find((param) => param.startsWith('dur='));
    if (name === '' || dur === undefined) continue;
    const ms = Number(dur.slice(4).replaceAll('"', ''));
    if (Number.isFinite(ms)) parts[name] = (Object.hasOwn(parts, name) ? (parts[name] ?? 0) : 0) + ms;
  }
  return parts;
}
