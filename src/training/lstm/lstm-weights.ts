/** Shape of a stacked LSTM with a linear head. */
export interface LstmShape {
  readonly lookback: number;
  readonly features: number;
  readonly hidden: number;
  readonly layers: number;
  readonly targets: number;
}

/** One weight tensor: `dims` row-major. Gates lie side by side in ONNX's order: input, output, forget, cell. */
export interface WeightTensor {
  readonly name: string;
  readonly dims: readonly [number] | readonly [number, number];
  readonly data: Float32Array;
}

/**
 * All weights of the network. Per layer `input` [width, 4·hidden], `hidden` [hidden, 4·hidden], `bias` [4·hidden];
 * then the head, `head` [hidden, targets] and `head_bias` [targets].
 */
export interface LstmWeights {
  readonly shape: LstmShape;
  readonly tensors: readonly WeightTensor[];
}

/** Width of what layer `layer` (from 0) reads. */
function inputWidth(shape: LstmShape, layer: number): number {
  return layer === 0 ? shape.features : shape.hidden;
}

/**
 * Fresh weights: uniform in ±1/√hidden, forget bias 1, so that cells remember before they have learned what to forget.
 * Source: Jozefowicz, Zaremba, Sutskever, "An Empirical Exploration of Recurrent Network Architectures" (2015), §5.
 * `random` is uniform in [0, 1).
 */
export function initialLstmWeights(shape: LstmShape, random: () => number): LstmWeights {
  const bound = 1 / Math.sqrt(shape.hidden);
  const uniform = (length: number): Float32Array => Float32Array.from({ length }, () => (2 * random() - 1) * bound);
  const tensors: WeightTensor[] = [];
  for (let layer = 0; layer < shape.layers; layer++) {
    const width = inputWidth(shape, layer);
    const gates = 4 * shape.hidden;
    const bias = new Float32Array(gates);
    bias.fill(1, 2 * shape.hidden, 3 * shape.hidden);
    tensors.push(
      { name: `input_${layer}`, dims: [width, gates], data: uniform(width * gates) },
      { name: `hidden_${layer}`, dims: [shape.hidden, gates], data: uniform(shape.hidden * gates) },
      { name: `bias_${layer}`, dims: [gates], data: bias },
    );
  }
  tensors.push(
    { name: 'head', dims: [shape.hidden, shape.targets], data: uniform(shape.hidden * shape.targets) },
    { name: 'head_bias', dims: [shape.targets], data: new Float32Array(shape.targets) },
  );
  return { shape, tensors };
}

/** A copy that later steps do not change. */
export function copyLstmWeights({ shape, tensors }: LstmWeights): LstmWeights {
  return { shape, tensors: tensors.map((tensor) => ({ ...tensor, data: tensor.data.slice() })) };
}

/** The tensor of a name; throws when the network has none. */
export function tensorOf(weights: LstmWeights, name: string): WeightTensor {
  const tensor = weights.tensors.find((one) => one.name === name);
  if (tensor === undefined) throw new RangeError(`the network has no weights '${name}'`);
  return tensor;
}
