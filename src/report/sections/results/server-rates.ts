import type { ServerSample } from '../../../contract/index.js';
import { statOf } from '../../evidence/server-figures.js';

/** Looks closer together than this make noise, not rates: one follows the end of every phase. */
const RATE_OVER_MIN_S = 0.5;

type Read = (sample: ServerSample) => number | null;

/** A Prometheus figure of the target, summed over its labels; null where there is none. */
function prometheusNumber(sample: ServerSample, metric: string): number | null {
  const value = sample.prometheus?.[metric];
  return value === undefined || !Number.isFinite(value) ? null : value;
}

/** CPU time of the service process since its start, s. */
export const processCpuS: Read = (sample) => {
  const user = statOf(sample, 'process', 'cpu_user_s');
  const system = statOf(sample, 'process', 'cpu_system_s');
  return user === null || system === null ? prometheusNumber(sample, 'process_cpu_seconds_total') : user + system;
};

/** For each look, growth of `of` per unit of `per` since the last look at least half a second before; null unknown. */
function growth(samples: readonly ServerSample[], of: Read, per: Read): (number | null)[] {
  return samples.map((sample, i) => {
    const before = samples
      .slice(Math.max(0, i - 3), i)
      .findLast((other) => sample.at_us - other.at_us >= RATE_OVER_MIN_S * 1e6);
    if (before === undefined) return null;
    const [from, to, perFrom, perTo] = [of(before), of(sample), per(before), per(sample)];
    if (from === null || to === null || perFrom === null || perTo === null) return null;
    return to < from || perTo <= perFrom ? null : (to - from) / (perTo - perFrom);
  });
}

/** What a counter grew by per second; null where it fell (a restart). */
export function rates(samples: readonly ServerSample[], read: Read): (number | null)[] {
  return growth(samples, read, (sample) => sample.at_us / 1e6);
}

/** Mean of a Prometheus histogram or summary between looks: sum over count. */
export function means(samples: readonly ServerSample[], metric: string): (number | null)[] {
  return growth(
    samples,
    (sample) => prometheusNumber(sample, `${metric}_sum`),
    (sample) => prometheusNumber(sample, `${metric}_count`),
  );
}
