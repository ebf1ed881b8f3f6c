/** `flts models rollback` and `flts models prune`, as a user runs them, and the registry beneath. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Pointer, POINTER_HISTORY_MAX } from '../../src/contract/index.js';
import { openRegistry } from '../../src/registry/index.js';
import { fixtureBundle, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { flts } from '../support/run-flts.js';

let registry = '';
beforeEach(() => {
  registry = temporaryFolder();
});

const models = (...args: string[]): ReturnType<typeof flts> => flts(['models', ...args, '--registry', registry]);
const pointer = (): Pointer => JSON.parse(readFileSync(join(registry, 'current.json'), 'utf8')) as Pointer;
const runIds = (): string[] => readdirSync(join(registry, 'models')).toSorted();

/** Promotes versions of these names one after the other; their run ids. */
async function promoted(...names: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const name of names) ids.push((await promoteFixture(registry, { name })).run_id);
  return ids;
}

describe('flts models rollback', () => {
  it('goes back one promotion each time, and says when there is none left', async () => {
    const [one, two, three] = await promoted('one', 'two', 'three');
    const first = await models('rollback');
    expect([first.code, first.stdout]).toEqual([0, `rolled back  from run ${three!} to LSTM of run ${two!}\n`]);
    expect(pointer()).toMatchObject({ run_id: two, rolled_back_from: three, identifier: 'default' });
    expect(JSON.parse((await models('rollback', '--json')).stdout)).toMatchObject({ run_id: one });
    const none = await models('rollback');
    expect(none.code).toBe(4);
    expect(none.stderr).toMatch(/knows of no version that was current before run/);
    expect(pointer().run_id).toBe(one);
  });

  it('does not go back to a version that is damaged', async () => {
    const [one, two] = await promoted('one', 'two');
    writeFileSync(join(registry, 'models', one!, 'model.onnx'), 'damaged');
    const { code, stderr } = await models('rollback');
    expect(code).toBe(5);
    expect(stderr).toMatch(/has the digest/);
    expect(pointer().run_id).toBe(two);
  });

  it('of a registry where nothing is promoted is one sentence', async () => {
    expect(await models('rollback')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/Nothing is promoted/) as string,
    });
  });
});

describe('the history of a pointer', () => {
  it('is bounded, does not grow by promoting the same again, and outlives a damaged pointer', async () => {
    const [one, two] = await promoted('one', 'two');
    const again = { identifier: 'default', experiment: 'test', force: false, timestamp: '2024-01-01T00:00:00Z' };
    await openRegistry(registry).promote(two!, again);
    expect(pointer().history).toEqual([{ run_id: one, timestamp: '2024-01-01T00:00:00Z' }]);
    for (let i = 0; i <= POINTER_HISTORY_MAX; i++) await openRegistry(registry).promote([one!, two!][i % 2]!, again);
    expect(pointer().history).toHaveLength(POINTER_HISTORY_MAX);
    writeFileSync(join(registry, 'current.json'), '{"run_id": "');
    expect(await openRegistry(registry).promote(one!, again)).not.toHaveProperty('history');
  });
});

describe('flts models prune', () => {
  /** Versions of ascending age, none promoted. */
  async function written(...names: string[]): Promise<string[]> {
    const ids: string[] = [];
    for (const [i, name] of names.entries()) {
      const { bundle, model } = await fixtureBundle({ name });
      await openRegistry(registry).write({ ...bundle, created: `2024-01-0${9 - i}T00:00:00Z` }, model);
      ids.push(bundle.run_id);
    }
    return ids;
  }
  const promote = (runId: string): Promise<Pointer> =>
    openRegistry(registry).promote(runId, {
      identifier: 'default',
      experiment: 'test',
      force: false,
      timestamp: '2024-01-01T00:00:00Z',
    });

  it('keeps the newest, the current one and the one to roll back to', async () => {
    const [a, b, c, d, e] = (await written('a', 'b', 'c', 'd', 'e')) as [string, string, string, string, string];
    await promote(e);
    await promote(c);
    const tried = await models('prune', '--keep', '1', '--dry-run', '--json');
    expect(JSON.parse(tried.stdout)).toEqual({ removed: [d, b], kept: [a, c, e] });
    expect(runIds()).toHaveLength(5);
    const { code, stdout } = await models('prune', '--keep', '1');
    expect([code, stdout]).toEqual([0, `removed   ${d}\nremoved   ${b}\n3 of 5 versions stay\n`]);
    expect(runIds()).toEqual([a, c, e].toSorted());
    expect((await models('rollback')).code).toBe(0);
    expect((await models('verify', '--all')).code).toBe(0);
  });

  it('removes nothing while the pointer cannot be read', async () => {
    await written('a', 'b');
    writeFileSync(join(registry, 'current.json'), '{');
    expect((await models('prune', '--keep', '1')).code).toBe(5);
    expect(runIds()).toHaveLength(2);
  });

  it('asks for at least one', async () => {
    mkdirSync(join(registry, 'models'));
    for (const keep of ['0', '-1', 'all', '1.5']) expect((await models('prune', '--keep', keep)).code).toBe(2);
  });
});

describe('a version in a registry', () => {
  it('is removed whole; the current one is not removed', async () => {
    const [one, two] = await promoted('one', 'two');
    const there = openRegistry(registry);
    await expect(there.remove(two!)).rejects.toMatchObject({ code: 'FLTS_REMOVAL_REFUSED' });
    await there.remove(one!);
    expect(runIds()).toEqual([two]);
    await expect(there.remove(one!)).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
    await expect(there.remove('../models')).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
  });
});
