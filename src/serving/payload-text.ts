/** Longest piece of a client's own text that an error or a warning repeats. */
const QUOTE_CHARS = 40;
/** Most names that one warning lists. */
const LISTED_NAMES = 20;

/** A client's value as JSON, cut short: errors repeat what was sent, but never a megabyte of it. */
export function quote(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, QUOTE_CHARS + 1)) : String(value);
  return text.length > QUOTE_CHARS + 2 ? `${text.slice(0, QUOTE_CHARS)}…` : text;
}

/** A client's name for something, cut short. */
export function clip(name: string): string {
  return name.length > QUOTE_CHARS ? `${name.slice(0, QUOTE_CHARS)}…` : name;
}

/** `a, b, c`, in order, cut after a number of names. */
export function listNames(names: readonly string[]): string {
  const listed = names.slice(0, LISTED_NAMES).map(clip).join(', ');
  return names.length > LISTED_NAMES ? `${listed} and ${names.length - LISTED_NAMES} more` : listed;
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
];

/** A duration in the largest unit that it is a whole number of: `2 minutes`, `90 seconds`, `1 hour`. */
export function describeStep(stepMs: number): string {
  for (const [unitMs, unit] of UNITS) {
    const count = stepMs / unitMs;
    if (Number.isInteger(count)) return `${count} ${unit}${count === 1 ? '' : 's'}`;
  }
  return `${stepMs} milliseconds`;
}
