import { describe, expect, it } from 'vitest';
import { ENGINE_LIMITS, FakeBackend } from '../../../test/support/fake-backend.js';
import { fixtureBundle } from '../../../test/support/fixture-registry.js';
import { RecordingLog, RecordingMetrics } from '../../../test/support/recording-metrics.js';
import { VirtualClock } from '../../simulation/index.js';
import { compileModelSpec } from '../model-spec.js';
import type { Slot } from '../ports.js';
import { Engine } from './engine.js';
import { Lane } from './lane.js';

const RUN_US = 1000;
const HANDLING_US = 500;

/** Between the end of a run and the next dispatch time passes. */
class SlowlyFreedBackend extends FakeBackend {
  beforeRelease: () => void = () => undefined;

  override take(): Slot | null {
    const slot = super.take();
    if (slot === null) return null;
    return {
      window: slot.window,
      run: async (rows) => {
        const result = await slot.run(rows);
        return {
          ...result,
          release: () => {
            this.beforeRelease();
            result.release();
          },
        };
      },
    };
  }
}

/** What a run of one row is expected to take, after one request of 40 steps. */
async function expectedUs(): Promise<number> {
  const { bundle } = await fixtureBundle();
  const spec = compileModelSpec(bundle, 'default');
  const clock = new VirtualClock();
  const backend = new SlowlyFreedBackend(spec, clock, { baseUs: RUN_US });
  backend.beforeRelease = () => {
    clock.leap(HANDLING_US);
  };
  const engine = new Engine(ENGINE_LIMITS, clock, new RecordingMetrics(), new RecordingLog());
  const lane = new Lane(spec, backend);
  engine.addLane(lane);
  const values = new Float32Array(spec.lookback * spec.features);
  const window = { id: null, window: values, lastMs: 0, naive: false, warnings: [] };
  engine.submit(lane, [window], { horizon: 40, priority: 1, client: 'a', deadlineUs: 1e9 });
  await clock.advance(1e6);
  expect(lane.isIdle).toBe(true);
  return lane.curveFit.expected?.perRowUs ?? 0;
}

describe('the time that runs take', () => {
  it('has what passes between a run and the next while work is there', async () => {
    const us = await expectedUs();
    expect(us).toBeGreaterThan(RUN_US + 0.95 * HANDLING_US);
    expect(us).toBeLessThan(RUN_US + 1.05 * HANDLING_US);
  });
});
