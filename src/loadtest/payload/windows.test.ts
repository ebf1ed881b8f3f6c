import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvWindows } from './csv-windows.js';
import { LTE_COLUMNS, syntheticWindows } from './synthetic-windows.js';
import { asciiJson, type BodyBytes, WindowCutter, type WindowTable } from './window-table.js';

interface Body {
  data: Record<string, (string | number)[]>;
  inference_length: number;
}

const read = (text: string): Body => JSON.parse(text) as Body;

/** The body as it would go out; writes nothing before its place and exactly its length. */
function textOf({ length, write }: BodyBytes): string {
  const target = Buffer.alloc(length + 10, '#');
  write(target, 5);
  const text = target.toString('latin1');
  expect(text.slice(0, 5) + text.slice(-5)).toBe('##########');
  return text.slice(5, -5);
}

describe('WindowCutter', () => {
  const table: WindowTable = {
    columns: ['a', 'é'],
    cells: [
      ['1', '2', '3', '4'],
      ['10', '20', '30', '40'],
    ],
    timesMs: [0, 1, 2, 3].map((i) => Date.UTC(2020, 0, 1) + i * 60_000),
    starts: [0, 1],
    rows: 3,
    stepS: 60,
    horizon: 2,
  };

  it('cuts rows and knows the first timestamp of the answer', () => {
    const window = new WindowCutter(table).window(1);
    expect(read(textOf(window))).toEqual({
      data: {
        ts: ['2020-01-01 00:01:00', '2020-01-01 00:02:00', '2020-01-01 00:03:00'],
        a: [2, 3, 4],
        é: [20, 30, 40],
      },
      inference_length: 2,
    });
    expect(window.expectedTs).toBe('2020-01-01T00:04:00');
  });

  it('never sends the same body twice', () => {
    const cutter = new WindowCutter(table);
    expect(read(textOf(cutter.window(2))).data['a']).toEqual([1, 2, 3 * 1.000001]);
    const bodies = Array.from({ length: 100 }, (_, i) => textOf(cutter.window(i)));
    expect(new Set(bodies).size).toBe(100);
  });

  it('writes the same as the texts for templates, on every lap and of single rows', () => {
    for (const rows of [1, 3]) {
      const cutter = new WindowCutter({ ...table, rows });
      for (let i = 0; i < 8; i++) {
        const { ts, columns } = cutter.texts(i);
        const cells = [...columns].map(([name, text]) => `,${asciiJson(name)}:[${text}]`).join('');
        expect(textOf(cutter.window(i, 7))).toBe(`{"data":{"ts":[${ts}]${cells}},"inference_length":7}`);
      }
    }
  });

  it('writes JSON in ASCII', () => {
    expect(asciiJson({ é: '\u2028😀' })).toBe('{"\\u00e9":"\\u2028\\ud83d\\ude00"}');
  });
});

describe('syntheticWindows', () => {
  const settings = { seed: 3, columns: LTE_COLUMNS, rows: 30, stepS: 120, horizon: 1 };

  it('makes the usual request: 30 rows of 11 columns, two minutes apart, all finite', () => {
    const { data } = read(textOf(new WindowCutter(syntheticWindows(settings)).window(17)));
    expect(Object.keys(data)).toEqual(['ts', ...LTE_COLUMNS]);
    for (const name of LTE_COLUMNS) {
      expect(data[name]).toHaveLength(30);
      expect(data[name]?.every((value) => typeof value === 'number' && value > 0 && Number.isFinite(value))).toBe(true);
    }
    const times = data['ts']?.map((ts) => Date.parse(`${String(ts).replace(' ', 'T')}Z`)) ?? [];
    expect(times.slice(1).every((ms, i) => ms - times[i]! === 120_000)).toBe(true);
  });

  it('repeats itself by seed', () => {
    expect(syntheticWindows(settings)).toEqual(syntheticWindows(settings));
    expect(syntheticWindows(settings).cells).not.toEqual(syntheticWindows({ ...settings, seed: 4 }).cells);
  });
});

describe('csvWindows', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'flts-csv-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = (text: string): string => {
    const path = join(folder, `${Math.random().toString(36).slice(2)}.csv`);
    writeFileSync(path, text);
    return path;
  };
  const settings = { columns: null, rows: 2, stepS: 60, horizon: 1 };

  it('cuts windows from complete rows that are evenly spaced', async () => {
    const table = await csvWindows(
      file(
        'time,a,b\n2020-01-01 00:00:00,1,2.50\n2020-01-01 00:01:00,3,4\n2020-01-01 00:02:00,,6\n2020-01-01 00:03:00,7,8\n2020-01-01 00:04:00,9,1e3\n',
      ),
      settings,
    );
    expect(table).toMatchObject({
      columns: ['a', 'b'],
      cells: [
        ['1', '3', '7', '9'],
        ['2.5', '4', '8', '1000'],
      ],
      starts: [0, 2],
    });
  });

  it.each([
    ['a,b\n1,2\n', 'line 1: no timestamp column'],
    ['ts,a\n2020-01-01 00:00:00,1\nyesterday,2\n', 'line 3: "yesterday" is not a timestamp'],
    ['ts,a\n2020-01-01 00:00:00,fast\n', 'line 2: "fast" is not a number'],
    ['ts,a\n2020-01-01 00:00:00,1\n2020-01-01 00:05:00,1\n', 'no 2 complete rows in a row that are 60 seconds apart'],
  ])('refuses %j', async (text, problem) => {
    await expect(csvWindows(file(text), settings)).rejects.toThrow(problem);
  });

  it('names a column that is not there, and a file that is not there', async () => {
    const path = file('ts,a\n2020-01-01 00:00:00,1\n');
    await expect(csvWindows(path, { ...settings, columns: ['up'] })).rejects.toThrow('no column "up"');
    await expect(csvWindows(join(folder, 'no.csv'), settings)).rejects.toMatchObject({ code: 'FLTS_FILE_NOT_FOUND' });
  });
});
