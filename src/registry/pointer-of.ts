import { type Bundle, FltsError, type Pointer, POINTER_HISTORY_MAX } from '../contract/index.js';
import { promotionGate, SCORE_WEIGHTS } from '../domain/forecast/index.js';
import type { PromoteOptions } from './model-registry.js';

/**
 * The pointer that makes a version the current one after `before`. A promotion remembers what was current, a rollback
 * forgets it, so that rolling back twice goes back two promotions. Throws FLTS_PROMOTION_REFUSED when the gate says no.
 */
export function pointerOf(bundle: Bundle, options: PromoteOptions, before: Pointer | null): Pointer {
  const gate = promotionGate(bundle.accuracy.relative_mae);
  if (!gate.passed && !options.force) {
    throw new FltsError('FLTS_PROMOTION_REFUSED', `Run ${bundle.run_id} is not promoted: ${gate.reason}.`);
  }
  const { rmse, mae, mse, score } = bundle.accuracy;
  const leaves = before !== null && before.run_id !== bundle.run_id;
  const isRollBack = options.rollBack === true;
  const known = before?.history ?? [];
  const history = isRollBack
    ? known.slice(known.findIndex((earlier) => earlier.run_id === bundle.run_id) + 1)
    : [...(leaves ? [{ run_id: before.run_id, timestamp: before.timestamp }] : []), ...known];
  return {
    identifier: options.identifier,
    config_hash: bundle.training.config_hash,
    run_id: bundle.run_id,
    model_type: bundle.model_type,
    experiment: options.experiment,
    model_uri: `models/${bundle.run_id}`,
    rmse,
    mae,
    mse,
    score,
    timestamp: options.timestamp,
    weights: { ...SCORE_WEIGHTS },
    ...(gate.passed ? {} : { forced: true }),
    ...(history.length > 0 ? { history: history.slice(0, POINTER_HISTORY_MAX) } : {}),
    ...(isRollBack && leaves ? { rolled_back_from: before.run_id } : {}),
  };
}
