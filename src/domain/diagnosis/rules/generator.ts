import { doubled } from '../closed-network.js';
import { figure, finding, percent, ramp } from '../observation.js';
import { found, type Rule } from '../rule.js';
import { predict } from '../system-model.js';

/** The instrument, not the service, is what was measured. */
export const generator: Rule = ({ phase, pressure, model }) => {
  const { generatorBusyShare, generators, achievedShare, lateMs: late } = phase;
  if (generatorBusyShare === null && achievedShare === null && late === null) return null;
  const score = Math.max(
    ramp(generatorBusyShare, 0.7, 0.9),
    ramp(pressure.lateShare, 0.15, 0.4) * ramp(late, 0.3, 1),
    achievedShare === null ? 0 : ramp(1 - achievedShare, 0.01, 0.03),
  );
  const busy =
    generatorBusyShare === null
      ? null
      : finding(
          generatorBusyShare,
          'generator_busy_share',
          'share',
          `the busiest generator was at work ${percent(generatorBusyShare)} of the time`,
        );
  const lateness =
    late === null || pressure.lateShare === null
      ? null
      : finding(
          late,
          'generator_late_ms',
          'ms',
          `requests left ${figure(late)} ms late (${percent(pressure.lateShare)} of the response time)`,
        );
  const achieved =
    achievedShare === null
      ? null
      : finding(achievedShare, 'achieved_share', 'share', `${percent(achievedShare)} of what was due was sent in time`);
  const entries = [busy, lateness, achieved];
  const station = model?.stations.generator;
  const twice = station && doubled(station);
  const isSlow = score > 0;
  return found(
    'generator',
    score,
    isSlow ? { for: entries, against: [] } : { for: [], against: entries },
    model === null || !isSlow || twice === undefined || generators === null
      ? []
      : [
          predict(
            model,
            {
              id: 'generator/double',
              remedy: `Generate the load from ${figure(generators * 2)} processes instead of ${figure(generators)}, on cores of their own.`,
              change: { name: 'generators', from: generators, to: generators * 2 },
              assumptions: ['each further generator finds a core of its own'],
            },
            {
              aloneMs: Math.max(model.aloneMs / 2, model.aloneMs - (late ?? 0)),
              stations: { generator: twice },
            },
            { stations: { generator: twice } },
          ),
        ],
  );
};
