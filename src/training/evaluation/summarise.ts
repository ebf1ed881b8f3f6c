import type { AccuracyTableRow, Bundle } from '../../contract/index.js';
import { promotionScore } from '../../domain/forecast/index.js';

/**
 * The figures that promotion looks at, one step ahead: `relative_mae` is the mean over targets of MAE /
 * persistence's MAE (targets that never move are left out); the others are means over targets in units of the
 * targets' standard deviations in training. Throws RangeError when the table lacks the model or persistence.
 */
export function summariseAccuracy(
  rows: readonly AccuracyTableRow[],
  name: string,
  targets: readonly string[],
  targetStd: readonly number[],
): Bundle['accuracy'] {
  const find = (wanted: string): AccuracyTableRow => {
    const row = rows.find((one) => one.name === wanted && one.horizon === 1);
    if (row === undefined) throw new RangeError(`the accuracy table has no row of ${wanted} at horizon 1`);
    return row;
  };
  const model = find(name);
  const persistence = find('persistence');
  const figures = targets.map((target, i) => {
    const own = model.targets[target];
    const reference = persistence.targets[target];
    if (own === undefined || reference === undefined) throw new RangeError(`no figures of ${target}`);
    const std = targetStd[i] ?? 1;
    return {
      ratio: reference.mae > 0 ? own.mae / reference.mae : null,
      rmse: own.rmse / std,
      mae: own.mae / std,
      mse: (own.rmse / std) ** 2,
    };
  });
  const ratios = figures.flatMap(({ ratio }) => (ratio === null ? [] : [ratio]));
  const rmse = meanOf(figures.map((figure) => figure.rmse));
  const mae = meanOf(figures.map((figure) => figure.mae));
  const mse = meanOf(figures.map((figure) => figure.mse));
  return {
    rows: [...rows],
    // Where nothing ever moves, persistence cannot be beaten.
    relative_mae: ratios.length === 0 ? 1 : meanOf(ratios),
    score: promotionScore({ rmse, mae, mse }),
    rmse,
    mae,
    mse,
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
