import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { runSwapFaults } from './run-swap-faults.js';

/** `SWAP_SEEDS=100000` runs more of them. */
const SEEDS = Number(process.env['SWAP_SEEDS'] ?? 1000);
const MS_PER_SEED = 60;

describe('changes of version under faults, on virtual time', () => {
  it(
    `lose no request and recover by themselves over ${SEEDS} seeds`,
    async () => {
      const broken: string[] = [];
      const drawn = new Set<string>();
      const ends = new Set<number | string>();
      for (let seed = 1; seed <= SEEDS && broken.length < 10; seed++) {
        const result = await runSwapFaults(seed);
        if (result.broken !== null) broken.push(`seed ${seed}: ${result.broken}`);
        for (const name of result.drawn) drawn.add(name);
        for (const end of result.ends) if (typeof end === 'string') ends.add(end);
      }
      expect(broken).toEqual([]);
      expect(drawn.size).toBe(13);
      // Only a version that is bad itself fails requests, until it is rolled back.
      expect([...ends].sort()).toEqual(['FLTS_INTERNAL', 'FLTS_NON_FINITE_OUTPUT']);
    },
    SEEDS * MS_PER_SEED,
  );

  it('go the same way each time', async () => {
    expect(await runSwapFaults(20)).toEqual(await runSwapFaults(20));
  });
});
