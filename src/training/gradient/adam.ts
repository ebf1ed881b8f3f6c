/**
 * Adam: parameters move against the mean of their gradients, scaled by the root of their mean square.
 * Source: Kingma, Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1, with its default constants.
 */
const MEAN_DECAY = 0.9;
const SQUARE_DECAY = 0.999;
const EPSILON = 1e-8;

/** Gradients longer than this, over all parameters together, are shortened to it. */
const MAX_GRADIENT_NORM = 1;

export class Adam {
  readonly #parameters: readonly Float32Array[];
  readonly #means: Float32Array[];
  readonly #squares: Float32Array[];
  #steps = 0;

  /** `parameters` are changed in place by every step. */
  constructor(parameters: readonly Float32Array[]) {
    this.#parameters = parameters;
    this.#means = parameters.map((values) => new Float32Array(values.length));
    this.#squares = parameters.map((values) => new Float32Array(values.length));
  }

  /** One step with gradients in the parameters' order and sizes, each times `scale`. */
  step(gradients: readonly Float32Array[], scale: number, learningRate: number): void {
    this.#steps++;
    const norm = Math.sqrt(gradients.reduce((sum, values) => sum + squareSum(values), 0)) * scale;
    const factor = norm > MAX_GRADIENT_NORM ? (scale * MAX_GRADIENT_NORM) / norm : scale;
    const rate = (learningRate * Math.sqrt(1 - SQUARE_DECAY ** this.#steps)) / (1 - MEAN_DECAY ** this.#steps);
    this.#parameters.forEach((values, i) => {
      const gradient = gradients[i];
      const mean = this.#means[i];
      const square = this.#squares[i];
      if (gradient?.length !== values.length || mean === undefined || square === undefined) {
        throw new RangeError('gradients do not have the shapes of the parameters');
      }
      moveParameters(values, gradient, mean, square, factor, rate);
    });
  }
}

function squareSum(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

function moveParameters(
  values: Float32Array,
  gradient: Float32Array,
  mean: Float32Array,
  square: Float32Array,
  factor: number,
  rate: number,
): void {
  for (let i = 0; i < values.length; i++) {
    const g = (gradient[i] ?? 0) * factor;
    const m = MEAN_DECAY * (mean[i] ?? 0) + (1 - MEAN_DECAY) * g;
    const s = SQUARE_DECAY * (square[i] ?? 0) + (1 - SQUARE_DECAY) * g * g;
    mean[i] = m;
    square[i] = s;
    values[i] = (values[i] ?? 0) - (rate * m) / (Math.sqrt(s) + EPSILON);
  }
}
