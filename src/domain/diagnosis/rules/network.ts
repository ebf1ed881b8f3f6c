import { figure, finding, percent, ramp } from '../observation.js';
import { found, type Rule } from '../rule.js';
import { predict } from '../system-model.js';

/** Away from client and server by less than this, ms, is no distance worth a remedy. */
const FAR_MS = 3;
/** What is left of the way when both stand beside each other, ms. */
const NEAR_MS = 0.5;

/** The way between client and service takes the time, at any load. */
export const network: Rule = ({ phase, low, pressure, model }) => {
  const away = phase.parts?.['client+network'] ?? null;
  if (away === null && phase.floorMs === null) return null;
  const floor = phase.floorMs;
  // A floor that was measured is the way there and back; at the least load the fewest wait to be taken up.
  const known = [away, floor, low.parts?.['client+network'] ?? null, low.meanMs].filter((ms) => ms !== null);
  const way = Math.max(0, Math.min(...known));
  const shareOf = pressure.meanMs > 0 ? way / pressure.meanMs : 0;
  const score =
    ramp(shareOf, 0.3, 0.6) *
    ramp(way, FAR_MS, 3 * FAR_MS) *
    (1 - pressure.loop * 0.7) *
    (1 - 0.7 * ramp(phase.server.gcShare, 0.08, 0.25));
  const isFar = score > 0;
  const distance = finding(
    way,
    'client_network_ms',
    'ms',
    `${figure(way)} ms (${percent(shareOf)}) of the response time lie between client and service at the least load`,
  );
  const nothing =
    floor === null
      ? null
      : finding(floor, 'floor_ms', 'ms', `a route that does nothing takes ${figure(floor)} ms at this load`);
  return found(
    'network',
    score,
    isFar ? { for: [distance, nothing], against: [] } : { for: [], against: [distance] },
    model === null || !isFar
      ? []
      : [
          predict(
            model,
            {
              id: 'network/nearer',
              remedy: 'Bring client and service together: one zone, kept-alive connections, no detour through a proxy.',
              change: { name: 'client_network_ms', from: way, to: NEAR_MS },
              assumptions: ['what lies between client and service at the least load is the way, and can go'],
            },
            { aloneMs: model.aloneMs - way + NEAR_MS },
            { aloneMs: model.aloneMs - 0.8 * way },
          ),
        ],
  );
};
