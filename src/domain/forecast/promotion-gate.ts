/** What decides whether a model may serve. */
export interface PromotionGate {
  readonly passed: boolean;
  /** One clause that names the figure: for messages and for the record. */
  readonly reason: string;
}

/**
 * CONTRACT §5's gate: the mean over targets of MAE / persistence's MAE, one step ahead on held-out rows, must be
 * below 1. A figure that is not finite never passes, nor does a model that was not evaluated (null).
 */
export function promotionGate(relativeMae: number | null): PromotionGate {
  if (relativeMae === null) return { passed: false, reason: 'it was not evaluated on rows beside persistence' };
  const figure = `MAE on held-out rows is ${relativeMae.toFixed(3)} of persistence's (mean over targets, one step ahead)`;
  return relativeMae < 1 ? { passed: true, reason: figure } : { passed: false, reason: `${figure}; below 1 is needed` };
}

/** Weights of the seed system's score, lower is better. */
export const SCORE_WEIGHTS = { rmse: 0.5, mae: 0.3, mse: 0.2 } as const;

/** The seed system's score: 0.5·RMSE + 0.3·MAE + 0.2·MSE of scaled targets (standard deviations of training). */
export function promotionScore(figures: { rmse: number; mae: number; mse: number }): number {
  return SCORE_WEIGHTS.rmse * figures.rmse + SCORE_WEIGHTS.mae * figures.mae + SCORE_WEIGHTS.mse * figures.mse;
}
