import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Bundle } from '../../src/contract/index.js';
import type { ModelRegistry, PromoteOptions } from '../../src/registry/index.js';

const MODEL = new TextEncoder().encode('a model');

export const PROMOTE: PromoteOptions = {
  identifier: 'default',
  experiment: 'default',
  force: false,
  timestamp: '2024-01-02T00:00:00.000Z',
};

/** A run id that nobody has. */
export function freshRunId(): string {
  return randomBytes(16).toString('hex');
}

/** A small bundle that keeps every rule of the schema; `model` is what its digest is of. */
export function bundleFor(runId: string, overrides: Partial<Bundle> = {}, model: Uint8Array = MODEL): Bundle {
  const figures = { mae: 1, rmse: 1, nrmse: 1 };
  return {
    schema_version: 1,
    run_id: runId,
    model_type: 'RIDGE',
    created: '2024-01-01T00:00:00.000Z',
    lookback: 2,
    steps: 1,
    frequency_s: 120,
    features: ['a'],
    targets: ['a'],
    model_sha256: createHash('sha256').update(model).digest('hex'),
    fill: { rule: 'constant', values: { a: 0 } },
    target_std: [1],
    target_range: { min: [0], max: [9] },
    training: {
      sources: [],
      data_sha256: '',
      config_hash: 'c0ffee',
      seed: 1,
      split: { train_rows: 1, validation_rows: 1, test_rows: 1 },
      hyperparameters: {},
      libraries: {},
      duration_s: 1,
    },
    accuracy: {
      rows: [{ name: 'ridge', kind: 'model', horizon: 1, targets: { a: figures } }],
      relative_mae: 0.9,
      score: 0.4,
      rmse: 0.3,
      mae: 0.2,
      mse: 0.1,
    },
    residuals: { horizons: 1, n: 0, log_offset: [0], values: '' },
    baselines: {},
    history: { start: '2024-01-01T00:00:00', rows: 0, columns: {} },
    golden: { window: [[1], [2]], forecast: [[3]] },
    ...overrides,
  };
}

/**
 * What every registry does, wherever it lies. `open` answers one more view of the same registry, which begins empty;
 * each test uses versions of its own. `identifier`: what a pointer carries; a source that has names of its own keeps to them.
 * `replacesWhole`: readers never see half of what is being written.
 */
export function registryContract(
  open: () => ModelRegistry,
  { identifier = 'default', replacesWhole = true }: { identifier?: string; replacesWhole?: boolean } = {},
): void {
  it('is empty at first', async () => {
    expect(await open().readPointer()).toBeNull();
    expect(await open().list()).toEqual([]);
    await expect(open().readBundle(freshRunId())).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
    await expect(open().fetchBundle(freshRunId())).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
    await expect(open().promote(freshRunId(), PROMOTE)).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
    await expect(open().remove(freshRunId())).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
  });

  it('gives back what was written, to everybody', async () => {
    const [writer, reader, runId] = [open(), open(), freshRunId()];
    await writer.write(bundleFor(runId), MODEL);
    for (const registry of [writer, reader]) {
      expect(await registry.readBundle(runId)).toEqual(bundleFor(runId));
      const { bundle, modelPath } = await registry.fetchBundle(runId);
      expect(bundle).toEqual(bundleFor(runId));
      expect(new Uint8Array(await readFile(modelPath))).toEqual(MODEL);
    }
  });

  it('never replaces a version', async () => {
    const [registry, runId] = [open(), freshRunId()];
    await registry.write(bundleFor(runId), MODEL);
    for (const again of [registry, open()]) {
      await expect(again.write(bundleFor(runId), MODEL)).rejects.toMatchObject({ code: 'FLTS_CANNOT_WRITE' });
    }
  });

  it('lists the newest first, an ensemble before its members, and says which is current', async () => {
    const [registry, ridge, ensemble, newest] = [open(), freshRunId(), freshRunId(), freshRunId()];
    const created = (year: number): Partial<Bundle> => ({ created: `${year}-01-01T00:00:00.000Z` });
    await registry.write(bundleFor(ridge, created(2100)), MODEL);
    await registry.write(bundleFor(ensemble, { ...created(2100), members: [{ name: 'r', run_id: ridge }] }), MODEL);
    await registry.write(bundleFor(newest, created(2101)), MODEL);
    await registry.promote(ensemble, PROMOTE);
    const mine = (await open().list()).filter(({ runId }) => [ridge, ensemble, newest].includes(runId));
    expect(mine.map(({ runId, current }) => [runId, current])).toEqual([
      [newest, false],
      [ensemble, true],
      [ridge, false],
    ]);
  });

  it('refuses a model that is not the one that its bundle was made with', async () => {
    const [registry, runId] = [open(), freshRunId()];
    await registry.write(bundleFor(runId), new TextEncoder().encode('A model'));
    await expect(registry.fetchBundle(runId)).rejects.toMatchObject({ code: 'FLTS_BUNDLE_CORRUPT' });
    await expect(open().promote(runId, PROMOTE)).rejects.toMatchObject({ code: 'FLTS_BUNDLE_CORRUPT' });
  });

  it('promotes, and everybody sees it', async () => {
    const [registry, watcher, runId, next] = [open(), open(), freshRunId(), freshRunId()];
    for (const id of [runId, next]) await registry.write(bundleFor(id), MODEL);
    const pointer = await registry.promote(runId, { ...PROMOTE, identifier });
    expect(pointer).toMatchObject({ run_id: runId, identifier, rmse: 0.3, score: 0.4, timestamp: PROMOTE.timestamp });
    expect(await watcher.readPointer()).toEqual(pointer);
    expect(await watcher.readPointer()).toEqual(pointer);
    const after = await registry.promote(next, { ...PROMOTE, identifier });
    expect(after.history?.[0]).toEqual({ run_id: runId, timestamp: PROMOTE.timestamp });
    expect(await watcher.readPointer()).toEqual(after);
    const back = await open().promote(runId, { ...PROMOTE, identifier, rollBack: true });
    expect(back).toMatchObject({ run_id: runId, rolled_back_from: next });
    expect(await watcher.readPointer()).toEqual(back);
  });

  it('promotes what is no better than persistence only by force, and records it', async () => {
    const [registry, runId] = [open(), freshRunId()];
    await registry.write(bundleFor(runId, { accuracy: { ...bundleFor(runId).accuracy, relative_mae: 1.2 } }), MODEL);
    const before = await registry.readPointer();
    await expect(registry.promote(runId, PROMOTE)).rejects.toMatchObject({ code: 'FLTS_PROMOTION_REFUSED' });
    expect(await registry.readPointer()).toEqual(before);
    expect(await registry.promote(runId, { ...PROMOTE, force: true })).toMatchObject({ forced: true });
  });

  it.skipIf(!replacesWhole)('shows readers one whole pointer or the other while two promote at once', async () => {
    const [registry, watcher, a, b] = [open(), open(), freshRunId(), freshRunId()];
    for (const id of [a, b]) await registry.write(bundleFor(id), MODEL);
    await registry.promote(a, PROMOTE);
    const state = { isDone: false };
    const promoting = Promise.all(
      [a, b].map(async (runId) => {
        const mine = open();
        for (let i = 0; i < 3; i++) await mine.promote(runId, PROMOTE);
      }),
    ).finally(() => {
      state.isDone = true;
    });
    do expect([a, b]).toContain((await watcher.readPointer())?.run_id);
    while (!state.isDone);
    await promoting;
    expect([a, b]).toContain((await open().readPointer())?.run_id);
  });

  it('removes a version, not the current one', async () => {
    const [registry, runId, current] = [open(), freshRunId(), freshRunId()];
    for (const id of [runId, current]) await registry.write(bundleFor(id), MODEL);
    await registry.promote(current, PROMOTE);
    await registry.remove(runId);
    expect((await open().list()).map((entry) => entry.runId)).not.toContain(runId);
    await expect(open().readBundle(runId)).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
    await expect(registry.remove(current)).rejects.toMatchObject({ code: 'FLTS_REMOVAL_REFUSED' });
  });

  it.each(['../../etc', 'A'.repeat(32), '', 'a'])('takes %j for no run id', async (text) => {
    await expect(open().readBundle(text)).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
    await expect(open().fetchBundle(text)).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
    await expect(open().remove(text)).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
  });
}
