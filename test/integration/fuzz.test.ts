import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FltsError } from '../../src/contract/index.js';
import { compileModelSpec, type ModelSpec, prepareRequest, statusOf } from '../../src/serving/index.js';
import { fixtureBundle, payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { get, post, serve, type TestService } from '../support/running-service.js';

/** Bodies for the checks alone, and bodies that go through a real server as well. */
const PREPARED_BODIES = 45_000;
const SENT_BODIES = 5_000;
const SEED = 20_251_104;

type Random = () => number;

function generator(seed: number): Random {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)]!;

/** JSON texts of single values that have broken services before. */
const ODD_VALUES = [
  'null',
  'true',
  'false',
  '""',
  '" "',
  '"NaN"',
  '"Infinity"',
  '"0x1f"',
  '"1e5"',
  '"-.5"',
  '1e999',
  '-1e999',
  '1e300',
  '3.4e38',
  '1e-320',
  '-0',
  '0.1e-6',
  '12345678901234567890',
  '[]',
  '{}',
  '[[1]]',
  '{"a":1}',
  '"\\u0000"',
  '"\\ud800"',
  '"2018-02-30"',
  '"2018-02-05 23:40:00"',
  '"9999-12-31T23:59:59Z"',
  '"0000-01-01"',
  '"2018-02-05T23:40:00+99:00"',
  '"__proto__"',
  '1',
] as const;

const ODD_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  'ts',
  'time',
  'down',
  'length',
  '\\u0000',
];

function nested(random: Random): string {
  const depth = Math.floor(random() * 3000);
  const [open, close] = random() < 0.5 ? ['[', ']'] : ['{"a":', '}'];
  return `${open.repeat(depth)}1${close.repeat(depth)}`;
}

function oddValue(random: Random): string {
  return random() < 0.02 ? nested(random) : pick(random, ODD_VALUES);
}

/** The seed's payload as text, with a few things wrong in it. */
function brokenPayload(random: Random): string {
  const rows = random() < 0.1 ? Math.floor(random() * 40) : 30;
  const columns = Object.entries(payload(rows).data).map(([name, cells]) => ({
    name,
    cells: cells.map((cell) => JSON.stringify(cell)),
  }));
  for (let breaks = Math.floor(random() * 4); breaks > 0; breaks--) {
    const column = pick(random, columns);
    const at = Math.floor(random() * column.cells.length);
    const kind = random();
    if (kind < 0.45) column.cells[at] = oddValue(random);
    else if (kind < 0.55) column.cells.splice(at, 1);
    else if (kind < 0.65) column.cells.fill(oddValue(random));
    else if (kind < 0.75) column.name = pick(random, ODD_KEYS);
    else if (kind < 0.85) column.cells.reverse();
    else if (kind < 0.95) columns.splice(columns.indexOf(column), 1);
    else columns.push({ name: pick(random, ODD_KEYS), cells: [...column.cells] });
    if (columns.length === 0) break;
  }
  const data = columns.map(({ name, cells }) => `"${name}":[${cells.join(',')}]`).join(',');
  return `{${data}}`;
}

function extras(random: Random): string {
  let text = '';
  if (random() < 0.3)
    text += `,"inference_length":${random() < 0.5 ? String(1 + Math.floor(random() * 20)) : oddValue(random)}`;
  if (random() < 0.3) text += `,"level":${random() < 0.5 ? '[80,95]' : `[${oddValue(random)}]`}`;
  if (random() < 0.2) text += `,"index_col":${oddValue(random)}`;
  if (random() < 0.1) text += `,"${pick(random, ODD_KEYS)}":${oddValue(random)}`;
  return text;
}

function bodyText(random: Random): string {
  const kind = random();
  if (kind < 0.1) return oddValue(random);
  if (kind < 0.2) return `{"data":${oddValue(random)}${extras(random)}}`;
  if (kind < 0.3)
    return `{"series":[{"id":${oddValue(random)},"data":${brokenPayload(random)}},{"id":"b","data":${oddValue(random)}}]}`;
  if (kind < 0.4) return `{"series":${oddValue(random)}${extras(random)}}`;
  return `{"data":${brokenPayload(random)}${extras(random)}}`;
}

/** Bytes as they arrive: at times cut short, with broken UTF-8, or with noise in them. */
function bodyBytes(random: Random): Uint8Array {
  const bytes = Buffer.from(bodyText(random));
  const kind = random();
  if (kind < 0.1) return bytes.subarray(0, Math.floor(random() * bytes.length));
  if (kind < 0.25 && bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  return bytes;
}

describe('bodies of every kind', () => {
  let spec: ModelSpec;
  let service: TestService;

  beforeAll(async () => {
    spec = compileModelSpec((await fixtureBundle()).bundle, 'default');
    const folder = temporaryFolder();
    await promoteFixture(folder);
    service = await serve(folder, { bodyLimitBytes: '60000' });
  });

  afterAll(async () => {
    await service.stop();
  });

  it(`${PREPARED_BODIES} are prepared, or refused as the client's fault; seed ${SEED}`, () => {
    const random = generator(SEED);
    const limits = { maxSeries: 4, maxForecastRows: 20_000 };
    const seen = new Map<string, number>();
    for (let i = 0; i < PREPARED_BODIES; i++) {
      const text = bodyText(random);
      let outcome = 'prepared';
      try {
        const { windows } = prepareRequest(spec, JSON.parse(text), undefined, limits);
        for (const { window } of windows) {
          if (!window.every(Number.isFinite))
            throw new Error(`body ${i} became a window that is not finite: ${text.slice(0, 500)}`);
        }
      } catch (error) {
        if (!(error instanceof FltsError)) throw new Error(`body ${i}: ${text.slice(0, 500)}`, { cause: error });
        outcome = error.code;
        expect([400, 422]).toContain(statusOf(error.code));
        expect(error.message.length).toBeLessThan(1500);
      }
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
    // The generator must reach every check, or it proves little.
    expect([...seen.keys()].sort()).toEqual(
      [
        'prepared',
        'FLTS_DATA_MISSING',
        'FLTS_DATA_NOT_COLUMNS',
        'FLTS_LENGTHS_DIFFER',
        'FLTS_NO_ROWS',
        'FLTS_NO_TIMESTAMP_COLUMN',
        'FLTS_BAD_TIMESTAMP',
        'FLTS_TIMESTAMPS_IDENTICAL',
        'FLTS_TIMESTAMPS_DUPLICATE',
        'FLTS_TIMESTAMPS_UNEVEN',
        'FLTS_MISSING_FEATURES',
        'FLTS_NON_NUMERIC',
        'FLTS_OUT_OF_RANGE',
        'FLTS_MISSING_VALUES',
        'FLTS_TOO_FEW_ROWS',
        'FLTS_BAD_SERIES',
        'FLTS_BAD_PARAMETER',
      ].sort(),
    );
  });

  it(`${SENT_BODIES} sent to a real server never give a 500 nor end the process; seed ${SEED + 1}`, async () => {
    const random = generator(SEED + 1);
    const seen = new Map<number, number>();
    let left = SENT_BODIES;
    const client = async (): Promise<void> => {
      while (left-- > 0) {
        const tooLarge = random() < 0.002;
        const body = tooLarge ? new Uint8Array(70_000).fill(32) : bodyBytes(random);
        const { status, json } = await post(service, body);
        seen.set(status, (seen.get(status) ?? 0) + 1);
        if (![200, 400, 413, 422].includes(status)) {
          throw new Error(
            `${status} ${JSON.stringify(json)} for ${Buffer.from(body).toString('latin1').slice(0, 500)}`,
          );
        }
        if (status === 200) expect(JSON.stringify(json)).not.toContain('null');
      }
    };
    await Promise.all(Array.from({ length: 16 }, client));
    expect([...seen.keys()].sort()).toEqual([200, 400, 413, 422]);
    expect((await get(service, '/queue_stats')).json).toMatchObject({ error_500_total: 0, queue_length: 0, active: 0 });
  });
});
