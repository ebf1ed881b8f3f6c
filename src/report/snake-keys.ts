const CAMEL = /^[a-z][a-z0-9]*([A-Z][a-z0-9]*)+$/;

/** A replacer for JSON: keys in camelCase become snake_case, other keys (names, labels) stay. */
export function snakeKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      CAMEL.test(key) ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key,
      inner as unknown,
    ]),
  );
}
