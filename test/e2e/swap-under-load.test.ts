import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run } from '../support/run-flts.js';

const BENCH = fileURLToPath(new URL('../../bench/swap.mjs', import.meta.url));

/** How the answers of one stretch of load were. */
interface Stretch {
  readonly requests: number;
  readonly right: number;
  readonly failed: number;
  readonly wrong: number;
}

it('versions change under load: no request fails, and every answer is that of the version it names', async () => {
  const options = ['--seconds', '6', '--swaps', '4', '--many', '0', '--rate', '150'];
  const { code, stdout, stderr } = await run(process.execPath, [BENCH, ...options]);
  expect(code, stderr).toBe(0);
  const { before, during, after } = JSON.parse(stdout) as Record<'before' | 'during' | 'after', Stretch>;
  expect(during).toMatchObject({ requests: 900, right: 900, failed: 0, wrong: 0 });
  for (const stretch of [before, after]) expect(stretch).toMatchObject({ right: stretch.requests });
}, 180_000);
