import { describe, expect, it } from 'vitest';
import { ManagedModels, run } from '../../../test/support/managed-models.js';
import { FltsError } from '../../contract/index.js';
import { RETRY_FAILED_US } from '../../domain/rollout/index.js';

async function untilLoading(models: ManagedModels): Promise<void> {
  for (let i = 0; i < 20_000 && !models.index().includes('2 LOADING'); i++) await models.clock.advance(100);
  expect(models.index()).toContain('2 LOADING');
}

const RETRY_S = RETRY_FAILED_US / 1e6;

describe('a new version', () => {
  it('takes over, and the one before goes once the trial is over', async () => {
    const models = await new ManagedModels().start(1);
    expect(models.index()).toEqual(['1 READY']);
    await models.promote(2);
    expect(models.index()).toEqual(['1 UNAVAILABLE', '2 READY']);
    expect(models.reasonOf(1)).toMatch(/kept while the version after it is on trial/);
    expect(await models.ask(3)).toEqual([2, 2, 2]);
    await models.pass(61);
    expect([models.index(), models.unclosed]).toEqual([['2 READY'], 1]);
    expect(models.metrics.counts.get('inference_model_swaps_total taken')).toBe(2);
  });

  it('without a trial, the one before goes when it has finished', async () => {
    const models = await new ManagedModels({ watchMs: 0 }).start(1);
    models.runs.set(1, { durationUs: 3_000_000, end: 'well' });
    const asked = models.ask(1);
    await models.promote(2);
    expect(models.index()).toEqual(['1 UNLOADING', '2 READY']);
    await models.pass(3);
    await asked;
    expect([models.index(), models.unclosed]).toEqual([['2 READY'], 1]);
  });

  it('goes through every step before it serves', async () => {
    const models = await new ManagedModels().start(1);
    models.registry.promote(2);
    await untilLoading(models);
    const reasons: string[] = [];
    for (let i = 0; i < 60; i++) {
      const reason = models.reasonOf(2);
      if (reason !== '' && reasons.at(-1) !== reason) reasons.push(reason);
      await models.clock.advance(100);
    }
    expect(reasons).toEqual(['admitted', 'checked', 'loaded', 'warmed']);
    expect(models.index()).toContain('2 READY');
  });
});

describe('what goes wrong leaves the old version serving, says why, and mends itself', () => {
  const gone = new FltsError('FLTS_CANNOT_WRITE', 'Cannot write the cache: the disk is full.');
  it.each<[string, (models: ManagedModels, isWrong: boolean) => void, RegExp, string]>([
    [
      'a wrong golden window',
      (m, on) => m.faults.set(2, on ? 'golden' : 'none'),
      /does not reproduce its golden window/,
      'FLTS_GOLDEN_MISMATCH',
    ],
    ['a change of shape', (m, on) => m.faults.set(2, on ? 'shape' : 'none'), /another shape/, 'FLTS_BUNDLE_CORRUPT'],
    ['a corrupt model', (m, on) => m.faults.set(2, on ? 'digest' : 'none'), /digest/, 'FLTS_BUNDLE_CORRUPT'],
    [
      'a crash of the loading worker',
      (m, on) => m.faults.set(2, on ? 'crash' : 'none'),
      /died while it loaded/,
      'FLTS_INTERNAL',
    ],
    [
      'a full disk',
      (m, on) => (on ? m.registry.broken.set(2, gone) : m.registry.broken.delete(2)),
      /disk is full/,
      'FLTS_CANNOT_WRITE',
    ],
    [
      'too little memory',
      (m, on) => (m.availableBytes = on ? 10 : 1000),
      /is not loaded: it needs about/,
      'FLTS_NO_MEMORY',
    ],
  ])('%s', async (_name, fault, reason, code) => {
    const models = await new ManagedModels().start(1);
    fault(models, true);
    await models.promote(2);
    expect(models.index()).toEqual(['1 READY', '2 UNAVAILABLE']);
    expect(models.reasonOf(2)).toMatch(reason);
    expect(models.catalogue.reason).toMatch(reason);
    expect(models.catalogue.problems()).toEqual([{ name: 'simulated', runId: run(2), code }]);
    expect(models.log.events.some(({ event, facts }) => event === 'model not taken' && facts['code'] === code)).toBe(
      true,
    );
    expect(models.metrics.counts.get('inference_model_swaps_total failed')).toBe(1);
    expect(await models.ask(2)).toEqual([1, 1]);
    await models.pass(RETRY_S - 5);
    expect(models.metrics.counts.get('inference_model_swaps_total failed')).toBe(1);
    fault(models, false);
    await models.pass(10);
    expect(models.index()).toEqual(['1 UNAVAILABLE', '2 READY']);
    expect([models.catalogue.reason, models.catalogue.problems(), models.unclosed]).toEqual([null, [], 2]);
  });

  it('a pointer that cannot be read', async () => {
    const models = await new ManagedModels().start(1);
    models.registry.promote(2);
    models.registry.down = new FltsError('FLTS_BUNDLE_CORRUPT', 'current.json is damaged: it is not JSON.');
    await models.pass(600);
    expect(models.index()).toEqual(['1 READY', ' UNAVAILABLE']);
    expect(models.catalogue.reason).toMatch(/not JSON/);
    expect(models.catalogue.registryProblems()).toEqual([{ name: 'simulated', code: 'FLTS_BUNDLE_CORRUPT' }]);
    expect(models.metrics.counts.get('inference_registry_failures_total FLTS_BUNDLE_CORRUPT')).toBe(600);
    expect(models.log.events.filter(({ event }) => event === 'registry cannot be read')).toHaveLength(1);
    expect(await models.ask(2)).toEqual([1, 1]);
    models.registry.down = null;
    await models.pass(1.1);
    expect(models.index()).toContain('2 READY');
    expect(models.catalogue.registryProblems()).toEqual([]);
    expect(models.metrics.counts.get('inference_registry_failures_total FLTS_BUNDLE_CORRUPT')).toBe(600);
  });

  it('a registry that cannot be read while a version is on trial: the index says both', async () => {
    const models = await new ManagedModels().start(1);
    await models.promote(2);
    models.registry.down = new FltsError('FLTS_SOURCE_DOWN', 'The registry does not answer.');
    await models.pass(1.1);
    expect(models.index()).toEqual(['1 UNAVAILABLE', '2 READY', ' UNAVAILABLE']);
    expect(models.reasonOf(1)).toMatch(/^replaced; kept while/);
    expect(models.catalogue.index().at(-1)?.reason).toBe('The registry does not answer.');
    models.registry.down = null;
    await models.pass(1.1);
    expect(models.index()).toEqual(['1 UNAVAILABLE', '2 READY']);
  });

  it.each<[string, (models: ManagedModels) => void]>([
    ['was refused', (m) => m.faults.set(2, 'golden')],
    ['was rolled back', (m) => m.runs.set(2, { durationUs: 1000, end: 'failed' })],
  ])('a registry that cannot be read after a version %s: the index says both', async (_name, spoil) => {
    const models = await new ManagedModels().start(1);
    spoil(models);
    await models.promote(2);
    await models.ask(5);
    await models.pass(1.1);
    const before = [models.index(), models.reasonOf(2)];
    expect(before[0]).toEqual(['1 READY', '2 UNAVAILABLE']);
    models.registry.down = new FltsError('FLTS_SOURCE_DOWN', 'The registry does not answer.');
    await models.pass(1.1);
    expect(models.index()).toEqual(['1 READY', '2 UNAVAILABLE', ' UNAVAILABLE']);
    expect(models.catalogue.index().at(-1)?.reason).toBe('The registry does not answer.');
    models.registry.down = null;
    await models.pass(1.1);
    expect([models.index(), models.reasonOf(2)]).toEqual(before);
  });

  it.each(['latest', 'newest:2'])(
    'a registry that is down at the start (%s): what served last, then what it says',
    async (policy) => {
      const models = new ManagedModels({ policy });
      models.registry.promote(1);
      await models.registry.noteServed((await models.registry.readPointer())!);
      models.registry.promote(2);
      models.registry.down = new FltsError('FLTS_SOURCE_DOWN', 'The registry does not answer.');
      await models.start();
      expect(models.index()).toEqual(['1 READY', ' UNAVAILABLE']);
      expect(models.catalogue.reason).toBe('The registry does not answer.');
      expect(models.catalogue.registryProblems()).toEqual([{ name: 'simulated', code: 'FLTS_SOURCE_DOWN' }]);
      expect(models.metrics.counts.get('inference_registry_failures_total FLTS_SOURCE_DOWN')).toBe(1);
      expect(await models.ask(2)).toEqual([1, 1]);
      await models.pass(600);
      expect(models.catalogue.reason).toBe('The registry does not answer.');
      expect(models.log.events.filter(({ event }) => event.startsWith('registry cannot be read'))).toHaveLength(2);
      models.registry.down = null;
      await models.pass(1.1);
      expect([models.index().includes('2 READY'), models.catalogue.reason]).toEqual([true, null]);
      expect((await models.registry.lastServed())?.run_id).toBe(run(2));
    },
  );

  it('a registry that is down at the start, and nothing served before: not ready, and ready by itself', async () => {
    const models = new ManagedModels();
    models.registry.down = new FltsError('FLTS_SOURCE_DOWN', 'The registry does not answer.');
    await models.start();
    await models.pass(600);
    expect([models.service.isReady, models.catalogue.reason]).toEqual([false, 'The registry does not answer.']);
    models.registry.promote(1);
    models.registry.down = null;
    await models.pass(1.1);
    expect([models.service.isReady, models.index()]).toEqual([true, ['1 READY']]);
  });

  it('looks do not come in step: each a little earlier or later', async () => {
    const models = new ManagedModels();
    models.draw = 0;
    await models.start(1);
    models.registry.promote(2);
    await models.pass(0.92);
    expect(models.index()).toContain('2 READY');
  });

  it('a clock that jumps in the middle of a swap and of a trial', async () => {
    const models = await new ManagedModels().start(1);
    models.registry.promote(2);
    await untilLoading(models);
    models.clock.leap(3600e6);
    await models.pass(1);
    expect(models.index()).toContain('2 READY');
    models.clock.leap(86_400e6);
    await models.pass(1);
    expect([models.index(), models.unclosed]).toEqual([['2 READY'], 1]);
    expect(await models.ask(1)).toEqual([2]);
  });

  it('two promoters at once: the last one serves', async () => {
    const models = await new ManagedModels().start(1);
    for (let i = 0; i < 20; i++) {
      models.registry.promote(2 + (i % 2));
      await models.clock.advance(700);
    }
    await models.pass(2);
    expect(models.index()).toContain('3 READY');
    await models.pass(70);
    expect(models.unclosed).toBe(1);
  });

  it('a version that is replaced while it loads is left behind', async () => {
    const models = await new ManagedModels().start(1);
    models.registry.promote(2);
    await untilLoading(models);
    models.registry.promote(3);
    await models.pass(2.5);
    expect(models.index()).toEqual(['2 UNAVAILABLE', '3 READY']);
    expect(models.unclosed).toBe(2);
  });
});

describe('a version that is worse than the one before', () => {
  it.each([
    ['gives NaN', { durationUs: 1000, end: 'not_finite' }, 'non_finite', 'FLTS_NON_FINITE_OUTPUT'],
    ['cannot be run', { durationUs: 1000, end: 'failed' }, 'errors', 'FLTS_INTERNAL'],
  ] as const)('%s: the one before serves again, at once and for good', async (_name, how, cause, code) => {
    const models = await new ManagedModels().start(1);
    await models.ask(50);
    models.runs.set(2, how);
    await models.promote(2);
    expect((await models.ask(5)).every((end) => end === code)).toBe(true);
    await models.pass(0.3);
    expect(models.index()).toEqual(['1 READY', '2 UNAVAILABLE']);
    expect(models.reasonOf(2)).toMatch(/^rolled back: 5 of its 5 requests/);
    expect(models.catalogue.reason).toContain(run(2));
    expect(models.catalogue.problems()).toEqual([{ name: 'simulated', runId: run(2), code: 'FLTS_ROLLED_BACK' }]);
    expect(models.metrics.counts.get(`inference_model_rollbacks_total ${cause}`)).toBe(1);
    expect(models.log.events.some(({ event }) => event === 'model rolled back')).toBe(true);
    expect(await models.ask(2)).toEqual([1, 1]);
    await models.pass(300);
    expect([models.index(), models.unclosed]).toEqual([['1 READY', '2 UNAVAILABLE'], 1]);
  });

  it('is slow', async () => {
    const models = await new ManagedModels().start(1);
    await models.ask(60);
    models.runs.set(2, { durationUs: 200_000, end: 'well' });
    await models.promote(2);
    await models.ask(60);
    await models.pass(3);
    expect(models.index()).toEqual(['1 READY', '2 UNAVAILABLE']);
    expect(models.reasonOf(2)).toMatch(/95 % of its answers came within/);
    expect(models.metrics.counts.get('inference_model_rollbacks_total latency')).toBe(1);
  });

  it('comes back when it is promoted again, or asked for', async () => {
    const models = await new ManagedModels().start(1);
    models.runs.set(2, { durationUs: 1000, end: 'failed' });
    await models.promote(2);
    await models.ask(5);
    await models.pass(1);
    models.runs.delete(2);
    await models.promote(2);
    expect(models.index()).toContain('2 READY');
    models.runs.set(3, { durationUs: 1000, end: 'failed' });
    await models.promote(3);
    await models.ask(5);
    await models.pass(1);
    expect(models.index()).toContain('3 UNAVAILABLE');
    // Another look is under way already.
    void models.catalogue.look(false);
    const again = models.catalogue.look(true);
    await models.pass(0.1);
    expect(await again).toEqual({ loaded: true, runId: run(3), reason: null });
  });

  it('is not judged once it is trusted', async () => {
    const models = await new ManagedModels({ watchMs: 2000 }).start(1);
    await models.promote(2);
    await models.pass(3);
    models.runs.set(2, { durationUs: 1000, end: 'failed' });
    await models.ask(20);
    await models.pass(5);
    expect(models.index()).toEqual(['2 READY']);
  });
});

describe('a rollback by command', () => {
  it('while the version before stands by, takes no loading and no second trial', async () => {
    const models = await new ManagedModels().start(1);
    await models.promote(2);
    await models.promote(1);
    await models.pass(1);
    expect([models.index(), models.host.backends.length, models.unclosed]).toEqual([['1 READY'], 2, 1]);
  });
});

describe('versions side by side', () => {
  it('newest:2 answers by version; the promoted one answers all others', async () => {
    const models = new ManagedModels({ policy: 'newest:2' });
    for (const version of [1, 2, 3, 4]) models.registry.write(version);
    await models.start(2);
    expect(models.index().toSorted()).toEqual(['2 READY', '3 READY', '4 READY']);
    expect(await models.ask(1)).toEqual([2]);
    expect(await models.ask(1, run(4))).toEqual([4]);
    expect(await models.ask(1, run(1))).toEqual(['FLTS_UNKNOWN_MODEL']);
    await models.promote(4);
    expect(await models.ask(1)).toEqual([4]);
    expect(models.host.backends).toHaveLength(3);
    models.registry.write(5);
    await models.pass(70);
    expect(models.index().toSorted()).toEqual(['4 READY', '5 READY']);
    expect(models.unclosed).toBe(2);
  });

  it('a rollback between two that stay loaded loses neither', async () => {
    const models = new ManagedModels({ policy: 'newest:2' });
    models.registry.write(2);
    await models.start(1);
    models.runs.set(2, { durationUs: 1000, end: 'failed' });
    await models.promote(2);
    expect(models.index().toSorted()).toEqual(['1 READY', '2 READY']);
    await models.ask(5);
    await models.pass(5);
    expect(models.index().toSorted()).toEqual(['1 READY', '2 UNAVAILABLE']);
    expect(await models.ask(2)).toEqual([1, 1]);
  });

  it('are bounded in number', async () => {
    const models = new ManagedModels({ policy: 'newest:9', maxVersions: 3 });
    for (let version = 1; version <= 9; version++) models.registry.write(version);
    await models.start(1);
    expect(models.index().toSorted()).toEqual(['1 READY', '8 READY', '9 READY']);
  });

  it('pinned stays whatever is promoted', async () => {
    const models = new ManagedModels({ policy: `pinned:${run(1)}` });
    models.registry.write(1);
    await models.start(2);
    await models.promote(3);
    expect(models.index()).toEqual(['1 READY']);
  });

  it('one that cannot be loaded is shown, and harms no other', async () => {
    const models = new ManagedModels({ policy: 'newest:3' });
    for (const version of [1, 2, 3]) models.registry.write(version);
    models.faults.set(2, 'shape');
    await models.start(3);
    expect(models.index().toSorted()).toEqual(['1 READY', '2 UNAVAILABLE', '3 READY']);
    expect(models.catalogue.reason).toBeNull();
  });
});
