import { isUtf8 } from 'node:buffer';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { DATA_COLUMNS, fixtureBundle } from '../../test/support/fixture-registry.js';
import { seededRandom } from '../domain/arrivals/index.js';
import { BodyScanner } from './body-scanner.js';
import { compileModelSpec, type ModelSpec } from './model-spec.js';
import { type PreparedRequest, prepareRequest } from './prepare-request.js';

/** 1,000,000 by `FLTS_FUZZ_BODIES=1000000 npx vitest run src/serving/body-scanner`. */
const BODIES = Number(process.env['FLTS_FUZZ_BODIES'] ?? 50_000);
const PATIENCE_MS = Math.max(600_000, 3 * BODIES);
const LIMITS = { maxSeries: 64, maxForecastRows: 20_000 };

let spec: ModelSpec;
let scanner: BodyScanner;

beforeAll(async () => {
  spec = compileModelSpec((await fixtureBundle()).bundle, 'default');
  scanner = new BodyScanner(spec);
});

/** What the plain path makes of the bytes; null where it refuses them. */
function plain(body: Buffer): PreparedRequest | null {
  if (!isUtf8(body)) return null;
  try {
    return prepareRequest(spec, JSON.parse(body.toString('utf8')), undefined, LIMITS);
  } catch {
    return null;
  }
}

type Random = () => number;
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const shuffled = <T>(random: Random, list: readonly T[]): T[] =>
  list
    .map((value) => [random(), value] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, value]) => value);

const ODD_NUMBERS = [
  '0',
  '-0',
  '1e5',
  '1E-3',
  '1e-400',
  '3.5e38',
  '-3.5e+38',
  '1e999',
  '01',
  '1.',
  '.5',
  '-',
  '+1',
  '0x1',
  'NaN',
  '12345678901234567890',
  '99999999999999999999999999999999999999',
  '999999999999999999999999999999999999999',
  'null',
  '""',
  '"7"',
  'true',
  '[]',
];
const ODD_TIMES = [
  '"2018-02-05T23:40:00"',
  '"2018-02-05 23:40:00Z"',
  '"2018-02-30 00:00:00"',
  '"2018-02-05"',
  '5',
  '"x"',
  'null',
  '"9999-12-31 23:58:00"',
  '"2018-02-05 24:00:00"',
  '"2018-02-05\\u002023:40:00"',
  '"2018-02-05é3:40:00"',
];

function numberText(random: Random): string {
  const value = (random() - 0.1) * 10 ** (random() * 18 - 9);
  return pick(random, [
    String(value),
    value.toFixed(3),
    value.toPrecision(9),
    String(Math.round(value * 8)),
    '0',
    '1.5',
  ]).replace('e+', 'e');
}

/** A body of the common shape, sometimes with one unusual thing. */
function bodyText(random: Random): string {
  const space = pick(random, ['', '', ' ', '\n  ']);
  const rows = pick(random, [10, 11, 30, 30, 30, 30, 30, 30, 9, 64]);
  const startMs = Date.UTC(2018, 1, 5, 22, 0, 0) + Math.floor(random() * 1e6) * 1000;
  const times = Array.from({ length: rows }, (_, r) =>
    JSON.stringify(
      new Date(startMs + r * 120_000)
        .toISOString()
        .slice(0, 19)
        .replace('T', random() < 0.001 ? 'T' : ' '),
    ),
  );
  const columns = new Map<string, string[]>([
    [pick(random, ['ts', 'ts', 'ts', 'ts', 'ts', 'ts', 'ts', 'time', 'date', 'when']), times],
  ]);
  for (const name of DATA_COLUMNS)
    columns.set(
      name,
      Array.from({ length: rows }, () => numberText(random)),
    );
  const oddity = Math.floor(random() * 24);
  const someColumn = columns.get(pick(random, DATA_COLUMNS))!;
  const at = Math.floor(random() * rows);
  if (oddity === 0) someColumn[at] = pick(random, ODD_NUMBERS);
  if (oddity === 1) times[at] = pick(random, ODD_TIMES);
  if (oddity === 2) columns.delete(pick(random, DATA_COLUMNS));
  if (oddity === 3) columns.set('extra', times);
  if (oddity === 4) someColumn.pop();
  if (oddity === 5) times.reverse();
  if (oddity === 6) times[at] = times[0]!;
  let entries = [...columns].map(([name, cells]) => `"${name}":${space}[${space}${cells.join(`,${space}`)}]`);
  if (oddity === 7) entries.push(entries[1]!);
  if (random() < 0.5) entries = shuffled(random, entries);
  const top = [`"data"${space}:${space}{${entries.join(`${space},${space}`)}}`];
  if (random() < 0.3)
    top.push(
      `"inference_length": ${pick(random, ['1', '12', '9999', '10000', '0', '1.0', '-1', '"3"', '007', '1e2'])}`,
    );
  if (oddity === 8) top.push(pick(random, ['"level":[80]', '"index_col":"ts"', '"x":1', '"data":{}', '"series":[]']));
  return `${pick(random, ['', ' ', '\ufeff'].slice(0, oddity === 9 ? 3 : 2))}{${shuffled(random, top).join(',')}}${oddity === 10 ? pick(random, ['x', '}', '{}', ' \n', '\0']) : ''}`;
}

function mutated(random: Random, body: Buffer): Buffer {
  if (random() < 0.75) return body;
  const bytes = Buffer.from(body);
  const at = Math.floor(random() * bytes.length);
  const way = random();
  if (way < 0.2) return bytes.subarray(0, at);
  if (way < 0.5) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
  bytes[at] = way < 0.8 ? pick(random, [...Buffer.from('0123456789eE+-.,:"[]{} \\\n')]) : Math.floor(random() * 256);
  return bytes;
}

describe('BodyScanner', () => {
  it(
    `answers what the plain path answers, or nothing, on ${BODIES} bodies`,
    () => {
      const random = seededRandom(20_180_205);
      let scanned = 0;
      for (let i = 0; i < BODIES; i++) {
        const body = mutated(random, Buffer.from(bodyText(random)));
        const fast = scanner.scan(body, LIMITS.maxForecastRows);
        if (fast === null) continue;
        scanned++;
        const slow = plain(body);
        // toEqual is slow, and says little about a body of thousands of bytes.
        if (slow === null || !isSame(fast, slow)) expect(fast, body.toString('latin1')).toEqual(slow);
      }
      // The common shape is common: else this test would hold two empty answers against each other.
      expect(scanned / BODIES).toBeGreaterThan(0.3);
    },
    PATIENCE_MS,
  );

  it('scans the common body, compact or spaced, whatever the order of its keys', () => {
    const random = seededRandom(1);
    const data = Object.fromEntries(
      DATA_COLUMNS.map((name) => [name, Array.from({ length: 30 }, () => random() * 1e8)]),
    );
    const ts = Array.from({ length: 30 }, (_, r) =>
      new Date(Date.UTC(2018, 1, 5) + r * 120_000).toISOString().slice(0, 19),
    );
    for (const body of [{ data: { ts, ...data } }, { inference_length: 3, data: { ...data, ts } }]) {
      for (const indent of [0, 2]) {
        const bytes = Buffer.from(JSON.stringify(body, null, indent));
        expect(scanner.scan(bytes, LIMITS.maxForecastRows)).toEqual(plain(bytes));
        expect(scanner.scan(bytes, LIMITS.maxForecastRows)).not.toBeNull();
      }
    }
  });
});

function isSame(a: PreparedRequest, b: PreparedRequest): boolean {
  const [x, y] = [a.windows[0], b.windows[0]];
  if (a.kind !== b.kind || a.horizon !== b.horizon || b.levels.length > 0 || b.windows.length !== 1) return false;
  if (x === undefined || y === undefined || x.id !== y.id || x.lastMs !== y.lastMs || x.naive !== y.naive) return false;
  return y.warnings.length === 0 && Buffer.from(x.window.buffer).equals(Buffer.from(y.window.buffer));
}
