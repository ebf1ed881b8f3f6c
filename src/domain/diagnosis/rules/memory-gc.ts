import { figure, finding, percent, ramp } from '../observation.js';
import { found, type Rule } from '../rule.js';
import { predict, workMs } from '../system-model.js';

/** The HTTP thread stands still for garbage collection, or memory runs out. */
export const memoryGc: Rule = ({ phase, pressure, model }) => {
  const { gcShare, memoryBytesMax, memoryLimitBytes, oomKills, loopBusyShare } = phase.server;
  const full = memoryBytesMax === null || memoryLimitBytes === null ? null : memoryBytesMax / memoryLimitBytes;
  if (gcShare === null && full === null && oomKills === null) return null;
  const score = Math.max(
    ramp(gcShare, 0.08, 0.25) * Math.max(pressure.gcOfLoop, 1 - pressure.loop),
    0.7 * ramp(full, 0.9, 0.99),
    (oomKills ?? 0) > 0 ? 1 : 0,
  );
  const collected =
    gcShare === null
      ? null
      : finding(gcShare, 'gc_share', 'share', `${percent(gcShare)} of the time went into garbage collection`);
  const memory =
    full === null ? null : finding(full, 'memory_share', 'share', `memory was used to ${percent(full)} of its limit`);
  const kills =
    oomKills === null
      ? null
      : finding(oomKills, 'oom_kills', 'count', `${figure(oomKills)} processes were killed for want of memory`);
  const isPressed = score > 0;
  const loop = model?.stations.loop;
  const left = (kept: number): number =>
    1 - ((gcShare ?? 0) * (1 - kept)) / Math.max(loopBusyShare ?? 1, gcShare ?? 0, 1e-9);
  return found(
    'memory_gc',
    score,
    {
      for: isPressed ? [collected, (full ?? 0) > 0.9 ? memory : null, (oomKills ?? 0) > 0 ? kills : null] : [],
      against: isPressed ? [(full ?? 1) <= 0.9 ? memory : null] : [collected, memory, kills],
    },
    model === null || !isPressed || gcShare === null
      ? []
      : [
          predict(
            model,
            {
              id: 'memory_gc/heap',
              remedy:
                'Give the heap room or make less garbage (NODE_OPTIONS=--max-old-space-size, resources.limits.memory).',
              change: { name: 'gc_share', from: gcShare, to: 0 },
              assumptions: ['at best no pause is left, at worst half of them'],
            },
            {
              aloneMs: Math.min(model.aloneMs * (1 - gcShare), workMs(phase) ?? model.aloneMs),
              ...(loop === undefined ? {} : { stations: { loop: { ...loop, demandMs: loop.demandMs * left(0) } } }),
            },
            loop === undefined ? {} : { stations: { loop: { ...loop, demandMs: loop.demandMs * left(0.5) } } },
          ),
        ],
  );
};
