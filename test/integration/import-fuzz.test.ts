import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { dice } from '../../src/simulation/index.js';
import { temporaryFolder } from '../support/fixture-registry.js';
import { importAll } from '../support/importing/import-child.js';
import { goodFiles, type ImportFiles, writeImport } from '../support/importing/import-files.js';
import { mutateBytes, mutateText } from '../support/importing/mutate.js';
import { flts } from '../support/run-flts.js';

/** IMPORT_MUTATIONS=20000 for a long search. */
const MUTATIONS = Number(process.env['IMPORT_MUTATIONS'] ?? 400);
const FIRST_SEED = Number(process.env['IMPORT_SEED'] ?? 20_261_128);
/** Arguments of one process must fit its command line. */
const AT_ONCE = 200;

const ENDS = ['imported', 'FLTS_MODEL_REFUSED', 'FLTS_EXAMPLE_MISMATCH', 'FLTS_IMPORT_INPUT'];

/** The good files with one of them damaged, drawn from a seed. */
function mutated(seed: number): ImportFiles {
  const d = dice(seed);
  const good = goodFiles();
  switch (d.pick(['model', 'model', 'scaler', 'example'])) {
    case 'model':
      return { ...good, model: mutateBytes(d, good.model as Uint8Array) };
    case 'scaler':
      return { ...good, scaler: mutateText(d, JSON.stringify(good.scaler)) };
    default:
      return { ...good, example: mutateText(d, JSON.stringify(good.example)) };
  }
}

it(`answers ${MUTATIONS} damaged files with a sentence or a whole model`, {
  timeout: 60_000 + MUTATIONS * 100,
}, async () => {
  const root = temporaryFolder();
  const registry = join(root, 'registry');
  const met = new Map<string, number>();
  for (let from = 0; from < MUTATIONS; from += AT_ONCE) {
    const seeds = Array.from({ length: Math.min(AT_ONCE, MUTATIONS - from) }, (_, i) => FIRST_SEED + from + i);
    const commands = seeds.map((seed) => {
      const folder = join(root, String(seed));
      mkdirSync(folder);
      return [...writeImport(folder, mutated(seed)).slice(2), '--registry', registry];
    });
    const ends = await importAll(root, commands).catch((cause: unknown) => {
      throw new Error(`counted from the seed ${seeds[0]}`, { cause });
    });
    ends.forEach(({ code, message }, i) => {
      expect([seeds[i], ENDS, message]).toEqual([seeds[i], expect.arrayContaining([code]), message]);
      if (code !== 'imported')
        expect([seeds[i], message]).toEqual([seeds[i], expect.stringMatching(/^[^\n]{10,600}\.$/)]);
      met.set(code, (met.get(code) ?? 0) + 1);
    });
  }
  expect([...met.keys()].toSorted()).toEqual(ENDS.toSorted());
  // What was taken is there and good; of what was refused there is nothing.
  expect(readdirSync(registry)).toEqual(['models']);
  const kept = readdirSync(join(registry, 'models'));
  expect(kept.filter((name) => /^[0-9a-f]{32}$/.test(name))).toHaveLength(met.get('imported')!);
  expect(kept).toHaveLength(met.get('imported')!);
  const verified = await flts(['models', 'verify', '--all', '--registry', registry]);
  expect([verified.code, verified.stderr], verified.stdout).toEqual([0, '']);
});
