import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FltsError } from '../../src/contract/index.js';
import { SourceGuard } from '../../src/registry/source-guard.js';
import { ManagedModels } from '../support/managed-models.js';

const GONE_S = 600;
const STEP_MS = 250;
const LIMITS = { timeoutMs: 1000, tries: 3, breakAfter: 5, pauseMs: 10_000 };

beforeEach(() => {
  // The simulation's clock runs on setImmediate, which stays real.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('a registry gone for ten minutes: the version at hand serves on, the next one comes by itself', async () => {
  const models = await new ManagedModels().start(1);
  const guard = new SourceGuard('the registry', LIMITS);
  const read = models.registry.readPointer.bind(models.registry);
  let asked = 0;
  vi.spyOn(models.registry, 'readPointer').mockImplementation(() =>
    guard.run(() => {
      asked++;
      return read();
    }),
  );
  /** The guard's timers and the service's clock go side by side. */
  const pass = async (seconds: number): Promise<void> => {
    for (let ms = 0; ms < seconds * 1000; ms += STEP_MS) {
      await vi.advanceTimersByTimeAsync(STEP_MS);
      await models.clock.advance(STEP_MS * 1000);
    }
  };
  models.registry.promote(2);
  models.registry.down = new FltsError('FLTS_SOURCE_DOWN', 'The registry does not answer.');
  for (let s = 0; s < GONE_S; s += 20) {
    await pass(20);
    expect(await models.ask(3)).toEqual([1, 1, 1]);
    expect(models.index()).toEqual(['1 READY', ' UNAVAILABLE']);
  }
  expect(models.reasonOf(1)).toBe('');
  expect(models.catalogue.reason).toBe('The registry does not answer.');
  const pauses = (GONE_S * 1000) / LIMITS.pauseMs;
  // Looks come once a second; an open circuit lets one try through for each pause.
  expect(asked).toBeGreaterThan(pauses / 2);
  expect(asked).toBeLessThanOrEqual(pauses + LIMITS.breakAfter);
  expect(models.log.events.filter(({ event }) => event === 'registry cannot be read')).toHaveLength(1);
  models.registry.down = null;
  await pass(LIMITS.pauseMs / 1000 + 3);
  expect(models.index()).toContain('2 READY');
  expect(models.catalogue.reason).toBeNull();
  expect(await models.ask(3)).toEqual([2, 2, 2]);
}, 30_000);
