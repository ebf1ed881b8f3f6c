import { figure, finding } from '../observation.js';
import { isSameLoad } from '../pressure.js';
import { found, type Rule } from '../rule.js';
import { predict } from '../system-model.js';

/** At another load than the phase it is compared with, a swap is told, and not named. */
const OTHER_LOAD = 0.3;

/** A new model version was loaded and replayed while the phase ran. */
export const modelSwap: Rule = ({ phase, low, pressure, model }) => {
  const { modelSwaps } = phase.server;
  if (modelSwaps === null) return null;
  const score = modelSwaps === 0 ? 0 : isSameLoad(phase, low) ? pressure.swap : OTHER_LOAD;
  const swaps = finding(
    modelSwaps,
    'model_swaps',
    'count',
    modelSwaps === 0 ? 'no model was swapped' : `${figure(modelSwaps)} model versions were taken while it ran`,
  );
  return found(
    'model_swap',
    score,
    modelSwaps === 0 ? { for: [], against: [swaps] } : { for: [swaps], against: [] },
    model === null || modelSwaps === 0
      ? []
      : [
          predict(
            model,
            {
              id: 'model_swap/apart',
              remedy: 'Promote models outside the hours of load, or into replicas that serve nobody yet.',
              change: { name: 'model_swaps', from: modelSwaps, to: 0 },
              assumptions: ['without a swap the phase is as fast as the one of the least load'],
            },
            { aloneMs: Math.min(model.aloneMs, low.meanMs ?? model.aloneMs) },
            {},
          ),
        ],
  );
};
