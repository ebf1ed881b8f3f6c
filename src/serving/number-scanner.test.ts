import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFloat32 } from './number-scanner.js';

function read(text: string): number {
  const into = new Float32Array(1);
  readFloat32(Buffer.from(`${text},`), 0, into, 0);
  return into[0] ?? Number.NaN;
}

describe('readFloat32', () => {
  it.each([
    '0',
    '-0',
    '1',
    '-1',
    '0.1',
    '174876888.0',
    '15.332298145449199',
    '4.4976976147873475e-08',
    '0.00054066666666',
    '16777217',
    '16777219',
    '16777217.0000000000000000001',
    '99999999999999999999',
    '3.4028235677973366e38',
    '1e-46',
    '1.401298464324817e-45',
    '0.000000000000000000000000000000001',
    '123456789012345678e-20',
    '1E5',
    '1e+5',
    '9007199254740993',
    '1.00000005960464477539062500000000000000001',
    '0.0',
    '-0.0e5',
  ])('reads %s as Number does', (text) => {
    expect(Object.is(read(text), Math.fround(Number(text))), `${text}: ${read(text)}`).toBe(true);
  });

  it('agrees with Number on any double, and on decimals next to float32 ties', () => {
    const decimals = fc.tuple(fc.maxSafeInteger(), fc.integer({ min: -30, max: 30 })).map(([m, e]) => `${m}e${e}`);
    const ties = fc
      .tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -2, max: 2 }))
      .map(([f, nudge]) => {
        const next = new Float32Array([f]);
        const bits = new Int32Array(next.buffer);
        bits[0] = (bits[0] ?? 0) + 1;
        const middle = (f + (next[0] ?? 0)) / 2;
        return Number.isFinite(middle) ? String(middle + nudge * Math.abs(middle) * 2 ** -52) : '0';
      });
    const doubles = fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => JSON.stringify(v));
    fc.assert(
      fc.property(fc.oneof(decimals, ties, doubles), (text) => {
        expect(Object.is(read(text), Math.fround(Number(text))), `${text}: ${read(text)}`).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });
});
