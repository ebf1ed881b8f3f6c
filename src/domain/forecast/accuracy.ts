/** Error figures of forecasts against actual values, in the units of the values. */
export interface ErrorFigures {
  /** Mean absolute error. */
  readonly mae: number;
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** RMSE / mean of the actual values; 0 when that mean is 0. */
  readonly nrmse: number;
}

/** Adds up errors pair by pair. */
export class ErrorSum {
  #count = 0;
  #absolute = 0;
  #squared = 0;
  #actual = 0;

  add(forecast: number, actual: number): void {
    const miss = forecast - actual;
    this.#count++;
    this.#absolute += Math.abs(miss);
    this.#squared += miss * miss;
    this.#actual += actual;
  }

  /** Figures of all pairs so far; NaN when there is none. */
  figures(): ErrorFigures {
    const rmse = Math.sqrt(this.#squared / this.#count);
    const mean = this.#actual / this.#count;
    return { mae: this.#absolute / this.#count, rmse, nrmse: mean === 0 ? 0 : rmse / mean };
  }
}
