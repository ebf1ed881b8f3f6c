import { beforeAll, describe, expect, it } from 'vitest';
import { DATA_COLUMNS, fixtureBundle, payload } from '../../test/support/fixture-registry.js';
import { FltsError } from '../contract/index.js';
import { writeTimeFeatures } from '../domain/forecast/index.js';
import { BodyScanner } from './body-scanner.js';
import { compileModelSpec, type ModelSpec } from './model-spec.js';
import { prepareRequest } from './prepare-request.js';

const LIMITS = { maxSeries: 3, maxForecastRows: 20_000 };
let spec: ModelSpec;

beforeAll(async () => {
  spec = compileModelSpec((await fixtureBundle()).bundle, 'default');
});

function failure(body: unknown, query?: unknown): { code: string; message: string } {
  try {
    prepareRequest(spec, body, query, LIMITS);
  } catch (error) {
    if (error instanceof FltsError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('the request passed');
}

/** The seed's payload with some columns replaced. */
function withColumns(columns: Record<string, unknown>, rows = 30): { data: Record<string, unknown> } {
  return { data: { ...payload(rows).data, ...columns } };
}

const stamps = (rows: number, minutes: (r: number) => number): string[] =>
  Array.from({ length: rows }, (_, r) => new Date(Date.UTC(2018, 1, 5) + minutes(r) * 60_000).toISOString());

describe('every row of the contract’s table, with its exact text', () => {
  const cases: [string, unknown, string, string][] = [
    ['no data and no series', {}, 'FLTS_DATA_MISSING', "Request payload must include a non-empty 'data' object"],
    ['empty data', { data: {} }, 'FLTS_DATA_MISSING', "Request payload must include a non-empty 'data' object"],
    ['no object', [1], 'FLTS_DATA_MISSING', "Request payload must include a non-empty 'data' object"],
    ['empty series', { series: [] }, 'FLTS_DATA_MISSING', "Request payload must include a non-empty 'data' object"],
    [
      'a text as data',
      { data: 'x' },
      'FLTS_DATA_NOT_COLUMNS',
      "'data' must be an object mapping column names to arrays",
    ],
    [
      'a column that is no array',
      { data: { ts: ['2018-02-05'], down: 1 } },
      'FLTS_DATA_NOT_COLUMNS',
      "'data' must be an object mapping column names to arrays",
    ],
    [
      'unequal lengths',
      withColumns({ up: Array(29).fill(1) }),
      'FLTS_LENGTHS_DIFFER',
      "Failed to interpret 'data' payload: all arrays must be of the same length (ts: 30, up: 29)",
    ],
    ['zero rows', { data: { ts: [], down: [] } }, 'FLTS_NO_ROWS', 'Request data must include at least one row'],
    [
      'no timestamp column',
      { data: { down: [1] } },
      'FLTS_NO_TIMESTAMP_COLUMN',
      'Request must include a timestamp column (index_col or ts/time/timestamp)',
    ],
    [
      'an index_col that is not there',
      { ...payload(), index_col: 'when' },
      'FLTS_NO_TIMESTAMP_COLUMN',
      'Request must include a timestamp column (index_col or ts/time/timestamp)',
    ],
    [
      'unreadable timestamps',
      withColumns({ ts: [...payload().data['ts']!.slice(0, 2), 'yesterday', ...payload().data['ts']!.slice(3)] }),
      'FLTS_BAD_TIMESTAMP',
      'Column \'ts\' contains invalid timestamps (first in row 3: "yesterday")',
    ],
    [
      'numbers as timestamps',
      withColumns({ ts: Array.from({ length: 30 }, (_, r) => 1517874000 + 120 * r) }),
      'FLTS_BAD_TIMESTAMP',
      "Column 'ts' contains invalid timestamps (first in row 1: 1517874000)",
    ],
    [
      'all timestamps equal',
      withColumns({ ts: Array(30).fill('2018-02-05 23:40:00') }),
      'FLTS_TIMESTAMPS_IDENTICAL',
      'All 30 timestamps are identical (2018-02-05 23:40:00). Expected unique timestamps for time-series inference.',
    ],
    [
      'some timestamps equal',
      withColumns({ ts: stamps(30, (r) => (r === 4 ? 6 : 2 * r)) }),
      'FLTS_TIMESTAMPS_DUPLICATE',
      'Rows 4 and 5 have the same timestamp (2018-02-05T00:06:00.000Z). Expected unique timestamps for time-series inference.',
    ],
    [
      'uneven steps',
      withColumns({ ts: stamps(30, (r) => (r < 3 ? 2 * r : 2 * r + 2)) }),
      'FLTS_TIMESTAMPS_UNEVEN',
      'Rows 3 and 4 are 4 minutes apart. The model expects one row every 2 minutes.',
    ],
    [
      'another frequency',
      withColumns({ ts: stamps(30, (r) => r) }),
      'FLTS_WRONG_FREQUENCY',
      'Rows are 1 minute apart. The model expects one row every 2 minutes.',
    ],
    [
      'non-numeric cells',
      withColumns({ up: ['x', ...Array<number>(29).fill(1)], down: [...Array<number>(29).fill(1), true] }),
      'FLTS_NON_NUMERIC',
      'Columns contain non-numeric values: down, up',
    ],
    [
      'numbers beyond float32',
      withColumns({ rb_up: [1e300, ...Array<number>(29).fill(1)], down: [...Array<string>(29).fill('1'), '-1e39'] }),
      'FLTS_OUT_OF_RANGE',
      'Columns contain numbers beyond float32: down, rb_up',
    ],
    [
      'four empty cells inside the window',
      withColumns({ up: [...Array<number>(26).fill(1), null, '', null, ''] }),
      'FLTS_MISSING_VALUES',
      'Columns have missing values in the last 10 rows: up',
    ],
    ['too few rows', payload(7), 'FLTS_TOO_FEW_ROWS', 'Expected at least 10 rows, got 7'],
  ];
  it.each(cases)('%s', (_name, body, code, message) => {
    expect(failure(body)).toEqual({ code, message });
  });

  it('missing features, sorted', () => {
    const { data } = payload();
    delete data['mcs_down'];
    delete data['down'];
    expect(failure({ data })).toEqual({
      code: 'FLTS_MISSING_FEATURES',
      message: 'Missing required feature columns: down, mcs_down',
    });
  });

  it('reports the first check that fails, in the order of the table', () => {
    const data: Record<string, unknown> = { ...payload(7).data, up: [1] };
    expect(failure({ data }).code).toBe('FLTS_LENGTHS_DIFFER');
    data['up'] = Array(7).fill('x');
    expect(failure({ data }).code).toBe('FLTS_NON_NUMERIC');
    data['up'] = Array(7).fill(null);
    expect(failure({ data }).code).toBe('FLTS_MISSING_VALUES');
    data['up'] = Array(7).fill(1);
    expect(failure({ data }).code).toBe('FLTS_TOO_FEW_ROWS');
  });
});

describe('cells', () => {
  it.each([[true], [' '], ['0x10'], ['NaN'], ['Infinity'], ['1_000'], ['1 '], [[]], [{}]])(
    '%j is no number',
    (cell) => {
      expect(failure(withColumns({ up: [...Array<number>(29).fill(1), cell] })).code).toBe('FLTS_NON_NUMERIC');
    },
  );

  it.each([
    ['12', 12],
    ['-1.5e3', -1500],
    ['+.5', 0.5],
    ['7.', 7],
  ])('the text %j is the number %d', (cell, value) => {
    const request = prepareRequest(spec, withColumns({ up: [...Array<number>(29).fill(1), cell] }), undefined, LIMITS);
    expect(request.windows[0]!.window[9 * 17 + 1]).toBe(value);
  });

  it('fills up to three empty cells by the bundle’s rule, and says so', () => {
    const body = withColumns({ mcs_up: [...Array<number>(27).fill(9), null, '', null] });
    const [window] = prepareRequest(spec, body, undefined, LIMITS).windows;
    // mcs_up is column 5, and the fixture fills column c with c.
    expect([6, 7, 8, 9].map((r) => window!.window[r * 17 + 5])).toEqual([9, 5, 5, 5]);
    expect(window!.warnings).toEqual(["Column 'mcs_up': 3 empty cells in the last 10 rows filled with 5"]);
  });

  it('ignores empty cells outside the window', () => {
    const body = withColumns({ mcs_up: [...Array<null>(20).fill(null), ...Array<number>(10).fill(9)] });
    expect(prepareRequest(spec, body, undefined, LIMITS).windows[0]!.warnings).toEqual([]);
  });

  it('checks cells outside the window, too', () => {
    expect(failure(withColumns({ up: ['x', ...Array<number>(29).fill(1)] })).code).toBe('FLTS_NON_NUMERIC');
  });
});

describe('the window', () => {
  it('is the last ten rows, features in the model’s order, with their time features', () => {
    const { windows, horizon, levels } = prepareRequest(spec, payload(), undefined, LIMITS);
    const [prepared] = windows;
    const expected: number[] = [];
    for (let r = 20; r < 30; r++) {
      const row = new Float32Array(17);
      DATA_COLUMNS.forEach((_name, c) => {
        row[c] = 1000 * (c + 1) + r;
      });
      writeTimeFeatures(Date.UTC(2018, 1, 5, 23, 40) + r * 120_000, row, 11);
      expected.push(...row);
    }
    expect([...prepared!.window]).toEqual(expected);
    expect(prepared!.lastMs).toBe(Date.UTC(2018, 1, 6, 0, 38));
    expect(prepared!.naive).toBe(true);
    expect({ horizon, levels, warnings: prepared!.warnings }).toEqual({ horizon: 1, levels: [], warnings: [] });
  });

  it('does not depend on the order of keys or rows', () => {
    const { data } = payload();
    const order = Array.from({ length: 30 }, (_, r) => (r * 7) % 30);
    const shuffled = Object.fromEntries(
      Object.keys(data)
        .reverse()
        .map((name) => [name, order.map((r) => data[name]![r])]),
    );
    expect(prepareRequest(spec, { data: shuffled }, undefined, LIMITS)).toEqual(
      prepareRequest(spec, { data }, undefined, LIMITS),
    );
  });

  it('reads offsets as instants, and answers as it was asked', () => {
    const ts = payload().data['ts']!.map((stamp) => `${String(stamp)}+02:00`);
    const [window] = prepareRequest(spec, withColumns({ ts }), undefined, LIMITS).windows;
    expect(window!.lastMs).toBe(Date.UTC(2018, 1, 5, 22, 38));
    expect(window!.naive).toBe(false);
  });

  it('takes the timestamp column that index_col names, else the first of the known names', () => {
    const { ts, ...rest } = payload().data;
    const other = stamps(30, (r) => 2 * r);
    const both = { ...rest, time: ts, ts: other };
    expect(prepareRequest(spec, { data: both, index_col: 'time' }, undefined, LIMITS).windows[0]!.naive).toBe(true);
    expect(prepareRequest(spec, { data: both }, undefined, LIMITS).windows[0]!.naive).toBe(false);
    expect(prepareRequest(spec, { data: both }, undefined, LIMITS).windows[0]!.warnings).toEqual([
      'Unknown columns ignored: time',
    ]);
  });

  it('is not confused by keys that objects inherit', () => {
    const body = JSON.parse('{"__proto__": {"data": {}}, "constructor": 1}') as unknown;
    expect(failure(body).code).toBe('FLTS_DATA_MISSING');
    const data = { ...payload().data };
    Object.defineProperty(data, '__proto__', { value: Array(30).fill(1), enumerable: true });
    const [window] = prepareRequest(spec, { data }, undefined, LIMITS).windows;
    expect(window!.warnings).toEqual(['Unknown columns ignored: __proto__']);
  });

  it('refuses forecasts that leave the calendar', () => {
    const ts = Array.from({ length: 30 }, (_, r) => `9999-12-31T22:${String(r * 2).padStart(2, '0')}:00`);
    expect(failure({ ...withColumns({ ts }), inference_length: 10_000 })).toEqual({
      code: 'FLTS_BAD_TIMESTAMP',
      message: "Column 'ts' leads to forecasts beyond the year 9999",
    });
  });
});

describe('parameters', () => {
  it.each([0, -1, 1.5, 10_001, '5', true, [1], {}])('inference_length %j in the body is 422', (value) => {
    expect(failure({ ...payload(), inference_length: value }).code).toBe('FLTS_BAD_PARAMETER');
  });

  it.each(['0', '-1', '1.5', '10001', '', 'x', '0x2', ['1', '2']])(
    'inference_length %j in the query is 422',
    (value) => {
      expect(failure(payload(), value).code).toBe('FLTS_BAD_PARAMETER');
    },
  );

  it('the query goes before the body', () => {
    expect(prepareRequest(spec, { ...payload(), inference_length: 7 }, '10000', LIMITS).horizon).toBe(10_000);
    expect(prepareRequest(spec, { ...payload(), inference_length: 7 }, undefined, LIMITS).horizon).toBe(7);
  });

  it.each([0, 100, -5, '80', [80, null], Array(11).fill(50), {}])('level %j is 422', (level) => {
    expect(failure({ ...payload(), level }).code).toBe('FLTS_BAD_PARAMETER');
  });

  it('levels are one or more percentages, each once', () => {
    expect(prepareRequest(spec, { ...payload(), level: 80 }, undefined, LIMITS).levels).toEqual([80]);
    expect(prepareRequest(spec, { ...payload(), level: [95, 80, 95] }, undefined, LIMITS).levels).toEqual([95, 80]);
  });
});

describe('series', () => {
  const series = (...ids: unknown[]): { series: unknown[] } => ({ series: ids.map((id) => ({ id, ...payload() })) });

  it('gives one window each, in request order', () => {
    const { kind, windows } = prepareRequest(spec, series('b', 'a'), undefined, LIMITS);
    expect([kind, windows.map((window) => window.id)]).toEqual(['series', ['b', 'a']]);
  });

  it.each([
    ['no list', { series: {} }, "'series' must be a list of {id, data}"],
    ['too many', series('a', 'b', 'c', 'd'), "'series' must have at most 3 entries, got 4"],
    ['an id twice', series('a', 'a'), "'series' has the id 'a' twice"],
    ['no id', series(7), "Entry 1 of 'series' must have an id of 1 to 256 characters"],
    ['no object', { series: [1] }, "Entry 1 of 'series' must be an object {id, data}"],
    ['both', { ...payload(), ...series('a') }, "Request payload must include either 'data' or 'series', not both"],
  ])('%s', (_name, body, message) => {
    expect(failure(body)).toEqual({ code: 'FLTS_BAD_SERIES', message });
  });

  it('names the series that is at fault', () => {
    expect(failure({ series: [{ id: 'ElBorn', ...payload(7) }] })).toEqual({
      code: 'FLTS_TOO_FEW_ROWS',
      message: "Series 'ElBorn': Expected at least 10 rows, got 7",
    });
  });

  it('bounds series times horizon', () => {
    expect(failure({ ...series('a', 'b', 'c'), inference_length: 7000 }).message).toBe(
      'The request asks for 21000 forecast rows (3 series, 7000 steps); this server answers at most 20000',
    );
  });
});

describe('a model that predicts only some of the columns that it reads', () => {
  const partly = async (steps: number): Promise<ModelSpec> => {
    const { bundle } = await fixtureBundle({ steps });
    const keep = <T>(list: readonly T[]): T[] => list.slice(0, 2);
    const { n } = bundle.residuals;
    const values = Buffer.alloc(4 * 2 * n * 30).toString('base64');
    const forecast = bundle.golden.forecast.map(keep);
    return compileModelSpec(
      {
        ...bundle,
        targets: keep(bundle.targets),
        residuals: { ...bundle.residuals, log_offset: [1, 1], values },
        golden: { ...bundle.golden, forecast },
      },
      'default',
    );
  };

  it('answers its own steps, and refuses more with the columns that it cannot know', async () => {
    const own = await partly(3);
    expect(prepareRequest(own, { ...payload(), inference_length: 3 }, undefined, LIMITS).horizon).toBe(3);
    const refusal = `'inference_length' must be at most 3, got 4: the model does not predict mcs_down, mcs_down_var`;
    expect(() => prepareRequest(own, { ...payload(), inference_length: 4 }, undefined, LIMITS)).toThrow(refusal);
    expect(() => prepareRequest(own, payload(), '4', LIMITS)).toThrow(refusal);
    const fast = new BodyScanner(own);
    const body = (horizon: number): Buffer => Buffer.from(JSON.stringify({ ...payload(), inference_length: horizon }));
    expect(fast.scan(body(3), 20_000)?.horizon).toBe(3);
    expect(fast.scan(body(4), 20_000)).toBeNull();
  });
});
