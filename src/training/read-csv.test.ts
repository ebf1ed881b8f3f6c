import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FltsError } from '../contract/index.js';
import { loadSeries } from './load-series.js';
import { parseCsv, readCsv } from './read-csv.js';

const HEADER = 'time,down,up';

describe('parseCsv', () => {
  it('reads times, numbers, empty and quoted cells, any line end', () => {
    const { columns, timesMs, cells } = parseCsv(
      `${HEADER}\r\n2018-02-05 23:40:00,1.5,\r\n"2018-02-05 23:42:00","2e3",-.5\n\n`,
      'x.csv',
    );
    expect(columns).toEqual(['down', 'up']);
    expect([...timesMs]).toEqual([Date.UTC(2018, 1, 5, 23, 40), Date.UTC(2018, 1, 5, 23, 42)]);
    expect([...cells]).toEqual([1.5, Number.NaN, 2000, -0.5]);
  });

  it('takes the time column from wherever it is', () => {
    const { columns, cells } = parseCsv('down,ts,up\n1,2018-02-05,2', 'x.csv');
    expect([columns, [...cells]]).toEqual([
      ['down', 'up'],
      [1, 2],
    ]);
  });

  it.each([
    ['', 'x.csv, line 1: column 1 has no name.'],
    ['a,b\n1,2', 'x.csv, line 1: no column is called ts, timestamp, time or date.'],
    ['time\n2018-01-01', 'x.csv, line 1: there is no column beside the time.'],
    ['time,a,a\n', "x.csv, line 1: column 'a' is there twice."],
    [HEADER, 'x.csv has a header but no rows.'],
    [`${HEADER}\n2018-01-01,1`, 'x.csv, line 2: 2 cells, but the header has 3.'],
    [`${HEADER}\n2018-01-01,1,2\nlater,1,2`, "x.csv, line 3, column 'time': 'later' is not a time."],
    [`${HEADER}\n2018-01-01,1,NaN`, "x.csv, line 2, column 'up': 'NaN' is not a number."],
    [`${HEADER}\n2018-01-01,0x10,1`, "x.csv, line 2, column 'down': '0x10' is not a number."],
    [`${HEADER}\n2018-01-01,1e39,1`, "'1e39' is beyond the range of float32"],
    [`${HEADER}\n2018-01-01,"1,2`, 'x.csv, line 2: a quote is not closed.'],
    [`${HEADER}\n2018-01-01,1,2\n\n2018-01-02,1,2`, 'x.csv, line 3: 1 cells, but the header has 3.'],
  ])('names the line of %j', (text, message) => {
    expect(() => parseCsv(text, 'x.csv')).toThrow(message);
  });

  it('reads or refuses any text, never anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseCsv(`${HEADER}\n${text}`, 'x.csv');
        } catch (error) {
          expect(error).toBeInstanceOf(FltsError);
        }
      }),
    );
  });
});

describe('files', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flts-csv-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });
  const file = async (name: string, content: string | Uint8Array): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  const rows = (from: number, to: number): string =>
    Array.from(
      { length: to - from },
      (_, i) => `2018-01-01 00:${String(from + i).padStart(2, '0')}:00,${from + i}`,
    ).join('\n');

  it('of one site become one series, in order of time, columns by name', async () => {
    const second = await file('b.csv', `time,a\n${rows(10, 20)}\n`);
    const first = await file('a.csv', `time,a\n${rows(0, 10)}\n`);
    const { series, account, sources } = await loadSeries([second, first]);
    expect([...series.values]).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(account.unsortedRows).toBe(0);
    expect(sources.map(({ name, rows: n }) => [name, n])).toEqual([
      ['b.csv', 10],
      ['a.csv', 10],
    ]);
  });

  it('with other columns, or that do not exist, or are not text, are refused in a sentence', async () => {
    const a = await file('a.csv', `time,a\n${rows(0, 3)}`);
    const b = await file('b.csv', `time,b\n${rows(3, 6)}`);
    await expect(loadSeries([a, b])).rejects.toThrow("b.csv does not have the same columns as a.csv: no 'a'.");
    await expect(readCsv(join(folder, 'none.csv'))).rejects.toMatchObject({ code: 'FLTS_FILE_NOT_FOUND' });
    const binary = await file('c.csv', Uint8Array.of(0xff, 0xfe, 0x00));
    await expect(readCsv(binary)).rejects.toMatchObject({ code: 'FLTS_CSV' });
    const one = await file('d.csv', 'time,a\n2018-01-01,1');
    await expect(loadSeries([one])).rejects.toThrow('d.csv cannot be used as one series');
  });
});
