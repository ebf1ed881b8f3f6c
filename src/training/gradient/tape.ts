import type { OnnxGraph, Value } from '../onnx/index.js';

/**
 * Reverse-mode automatic differentiation that writes ONNX: each operation appends its node to the graph and remembers
 * how its gradient is formed; `gradients` then appends the backward pass. Forward and backward are one graph, run by
 * the same runtime that later serves the model.
 * Source: Baydin et al., "Automatic Differentiation in Machine Learning: a Survey" (2018), §3.2.
 */
export class Tape {
  readonly graph: OnnxGraph;
  /** In forward order; run backwards. */
  readonly #steps: { readonly outputs: readonly Value[]; backward: (gradients: (Value | null)[]) => void }[] = [];
  readonly #gradients = new Map<Value, Value>();

  constructor(graph: OnnxGraph) {
    this.graph = graph;
  }

  /** a [m, k] · b [k, n] + c, where c is [m, n] or a row [n] added to every row. */
  affine(a: Value, b: Value, c: Value, cIsRow: boolean): Value {
    const output = this.graph.op('Gemm', [a, b, c]);
    this.#record([output], ([gradient]) => {
      this.#matmulGradients(a, b, gradient);
      this.#accumulate(c, cIsRow ? this.#sumRows(gradient) : gradient);
    });
    return output;
  }

  add(a: Value, b: Value): Value {
    const output = this.graph.op('Add', [a, b]);
    this.#record([output], ([gradient]) => {
      this.#accumulate(a, gradient);
      this.#accumulate(b, gradient);
    });
    return output;
  }

  /** Element by element; shapes equal. */
  multiply(a: Value, b: Value): Value {
    const output = this.graph.op('Mul', [a, b]);
    this.#record([output], ([gradient]) => {
      this.#accumulate(a, this.graph.op('Mul', [gradient, b]));
      this.#accumulate(b, this.graph.op('Mul', [gradient, a]));
    });
    return output;
  }

  sigmoid(x: Value): Value {
    const output = this.graph.op('Sigmoid', [x]);
    this.#record([output], ([gradient]) => {
      // σ' = σ·(1 − σ) = σ − σ²
      const square = this.graph.op('Mul', [output, output]);
      this.#accumulate(x, this.graph.op('Mul', [gradient, this.graph.op('Sub', [output, square])]));
    });
    return output;
  }

  tanh(x: Value): Value {
    const output = this.graph.op('Tanh', [x]);
    this.#record([output], ([gradient]) => {
      // tanh' = 1 − tanh², so g·tanh' = g − g·tanh²
      const square = this.graph.op('Mul', [output, output]);
      const damped = this.graph.op('Mul', [gradient, square]);
      this.#accumulate(x, this.graph.op('Sub', [gradient, damped]));
    });
    return output;
  }

  /** Cuts x along `axis` into parts of the given sizes; every part must be used. */
  split(x: Value, sizes: readonly number[], axis: number): Value[] {
    const outputs = this.graph.ops('Split', [x, this.graph.integers(sizes)], sizes.length, { axis });
    this.#record(outputs, (gradients) => {
      this.#accumulate(x, this.graph.op('Concat', gradients, { axis }));
    });
    return outputs;
  }

  /** Cuts x along its rows into `parts` equal parts, also where their size is not known yet. */
  splitRows(x: Value, parts: number): Value[] {
    const outputs = this.graph.ops('Split', [x], parts, { axis: 0 });
    this.#record(outputs, (gradients) => {
      this.#accumulate(x, this.graph.op('Concat', gradients, { axis: 0 }));
    });
    return outputs;
  }

  /** Stacks the rows of the parts. `rowsOfEach` cuts the gradient again, equal parts. */
  stackRows(parts: readonly Value[]): Value {
    const output = this.graph.op('Concat', parts, { axis: 0 });
    this.#record([output], ([gradient]) => {
      const cut = this.graph.ops('Split', [gradient], parts.length, { axis: 0 });
      parts.forEach((part, i) => {
        this.#accumulate(part, cut[i] ?? gradient);
      });
    });
    return output;
  }

  /**
   * Appends the backward pass of a loss whose gradient with respect to `output` is `seed`, and answers the gradients
   * of `wanted`, in order. To be called once. Throws when a wanted value does not reach the output.
   */
  gradients(output: Value, seed: Value, wanted: readonly Value[]): Value[] {
    this.#gradients.set(output, seed);
    for (const step of this.#steps.toReversed()) {
      step.backward(step.outputs.map((value) => this.#gradients.get(value) ?? null));
    }
    return wanted.map((value) => {
      const gradient = this.#gradients.get(value);
      if (gradient === undefined) throw new Error(`${value} does not reach the output`);
      return gradient;
    });
  }

  #record(outputs: readonly Value[], backward: (gradients: [Value, ...Value[]]) => void): void {
    this.#steps.push({
      outputs,
      backward: (gradients) => {
        // A value that nothing downstream reads passes nothing back.
        const reached = gradients.filter((gradient) => gradient !== null);
        const [first, ...rest] = reached;
        if (first === undefined) return;
        if (reached.length !== gradients.length) throw new Error('a part of a split is not used');
        backward([first, ...rest]);
      },
    });
  }

  #matmulGradients(a: Value, b: Value, gradient: Value): void {
    this.#accumulate(a, this.graph.op('Gemm', [gradient, b], { transB: 1 }));
    this.#accumulate(b, this.graph.op('Gemm', [a, gradient], { transA: 1 }));
  }

  #sumRows(gradient: Value): Value {
    return this.graph.op('ReduceSum', [gradient, this.graph.integers([0])], { keepdims: 0 });
  }

  #accumulate(value: Value, gradient: Value): void {
    const sum = this.#gradients.get(value);
    this.#gradients.set(value, sum === undefined ? gradient : this.graph.op('Add', [sum, gradient]));
  }
}
