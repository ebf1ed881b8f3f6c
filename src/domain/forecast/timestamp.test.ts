import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TIME_FEATURES, writeTimeFeatures } from './time-features.js';
import { timeMask } from './time-mask.js';
import { calendarOf, formatTimestamp, hasOffset, parseTimestampMs } from './timestamp.js';

const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

describe('timestamps', () => {
  it('agree with the platform on every instant', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1600, 0, 1), max: LAST_MS }), (ms) => {
        const iso = new Date(ms).toISOString();
        expect(parseTimestampMs(iso)).toBe(ms);
        expect(parseTimestampMs(formatTimestamp(ms, true))).toBe(ms);
        const { minOfDay, dayOfWeek } = calendarOf(ms);
        expect(minOfDay).toBe(new Date(ms).getUTCHours() * 60 + new Date(ms).getUTCMinutes());
        expect(dayOfWeek).toBe((new Date(ms).getUTCDay() + 6) % 7);
      }),
    );
  });

  it('read offsets, spaces and bare dates', () => {
    const noon = Date.UTC(2018, 1, 5, 12);
    expect(parseTimestampMs('2018-02-05 12:00:00')).toBe(noon);
    expect(parseTimestampMs('2018-02-05T13:00+01:00')).toBe(noon);
    expect(parseTimestampMs('2018-02-05T06:30:00-0530')).toBe(noon);
    expect(parseTimestampMs('2018-02-05')).toBe(Date.UTC(2018, 1, 5));
    expect(hasOffset('2018-02-05T12:00:00Z')).toBe(true);
    expect(hasOffset('2018-02-05')).toBe(false);
  });

  it.each([
    '2018-02-30',
    '2019-02-29',
    '2018-13-01',
    '2018-01-01T24:00',
    '2018-1-1',
    'yesterday',
    '',
    '2018-01-01T12:00:00.',
  ])('refuse %j', (text) => {
    expect(parseTimestampMs(text)).toBeNaN();
  });

  it('count the day of the year from 1, leap days included', () => {
    expect(calendarOf(Date.UTC(2020, 11, 31)).dayOfYear).toBe(366);
    expect(calendarOf(Date.UTC(2018, 0, 1)).dayOfYear).toBe(1);
  });
});

describe('time features', () => {
  it('are the sines and cosines of the contract', () => {
    // Monday 2018-01-01, 06:00: a quarter of a day, day 0 of the week, day 1 of the year.
    const out = new Float64Array(6);
    writeTimeFeatures(Date.UTC(2018, 0, 1, 6), out, 0);
    const year = (2 * Math.PI) / 365.25;
    [1, 0, 0, 1, Math.sin(year), Math.cos(year)].forEach((value, i) => {
      expect(out[i], TIME_FEATURES[i]).toBeCloseTo(value, 12);
    });
  });

  it('are those of any instant', () => {
    const out = new Float64Array(6);
    fc.assert(
      fc.property(fc.integer({ min: -4e12, max: 25e12 }), (ms) => {
        writeTimeFeatures(ms, out, 0);
        const { minOfDay, dayOfWeek, dayOfYear } = calendarOf(ms);
        const angles = [minOfDay / 1440, dayOfWeek / 7, dayOfYear / 365.25].map((turn) => 2 * Math.PI * turn);
        const expected = angles.flatMap((angle) => [Math.sin(angle), Math.cos(angle)]);
        expected.forEach((value, i) => {
          expect(out[i], TIME_FEATURES[i]).toBeCloseTo(value, 12);
        });
      }),
    );
  });

  it('are masked while training has not seen their cycle once', () => {
    const days = (n: number): number[] =>
      timeMask({
        startMs: 0,
        stepMs: 120_000,
        rows: 720 * n,
        columns: [],
        values: new Float64Array(),
        excluded: new Uint8Array(),
      });
    expect(days(0.9)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(days(6)).toEqual([1, 1, 0, 0, 0, 0]);
    expect(days(7)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(days(365)).toEqual([1, 1, 1, 1, 1, 1]);
  });
});
