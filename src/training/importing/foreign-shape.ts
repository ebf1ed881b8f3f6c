import { FltsError } from '../../contract/index.js';
import type { TensorInfo } from '../ports.js';

/** How a foreign model takes windows and gives forecasts. */
export interface ForeignShape {
  readonly input: { readonly name: string; readonly isDouble: boolean; readonly isFlat: boolean };
  readonly output: { readonly name: string; readonly isDouble: boolean };
}

/** What the user says about the model; `output`: which one, where there are several. */
export interface Wanted {
  readonly lookback: number;
  readonly features: readonly string[];
  readonly steps: number;
  readonly targets: readonly string[];
  readonly output: string | null;
}

export function refused(file: string, why: string, cause?: unknown): FltsError {
  return new FltsError('FLTS_MODEL_REFUSED', `${file} cannot be imported: ${why}.`, { cause });
}

/**
 * Checks inputs and outputs: one float input [batch, lookback, features] or [batch, lookback·features], a free batch,
 * and a float output of steps·targets numbers for each window. Throws FLTS_MODEL_REFUSED.
 */
export function foreignShape(
  file: string,
  inputs: readonly TensorInfo[],
  outputs: readonly TensorInfo[],
  wanted: Wanted,
): ForeignShape {
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) {
    const names = inputs.map(({ name }) => name).join(', ');
    throw refused(
      file,
      `it has ${inputs.length} inputs (${names}), one is needed; export a recurrent network without its initial state as input`,
    );
  }
  const output = chooseOutput(file, outputs, wanted.output);
  return { input: checkInput(file, input, wanted), output: checkOutput(file, output, wanted) };
}

function chooseOutput(file: string, outputs: readonly TensorInfo[], name: string | null): TensorInfo {
  const found = name === null && outputs.length === 1 ? outputs[0] : outputs.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = outputs.map((one) => one.name).join(', ');
  if (name === null)
    throw refused(file, `it has ${outputs.length} outputs (${names}); name the forecast with --output`);
  throw refused(file, `it has no output '${name}' but ${names}`);
}

function checkInput(file: string, input: TensorInfo, { lookback, features }: Wanted): ForeignShape['input'] {
  const { length } = features;
  const [batch, ...rest] = input.dims;
  const sizes = [[lookback, length], [lookback * length]];
  const fits = sizes.some(
    (size) => size.length === rest.length && size.every((n, i) => rest[i] === n || rest[i] === null),
  );
  if (!fits || input.type === null) {
    throw refused(
      file,
      `its input '${input.name}' is ${shown(input)}, expected [batch, ${lookback}, ${length}] or [batch, ${lookback * length}] ` +
        `for ${lookback} rows of ${length} features`,
    );
  }
  return { name: input.name, isDouble: isDouble(file, input, 'input', batch), isFlat: rest.length === 1 };
}

function checkOutput(file: string, output: TensorInfo, { steps, targets }: Wanted): ForeignShape['output'] {
  const { length } = targets;
  const [batch, ...rest] = output.dims;
  // skl2onnx says [batch, 1] whatever a network answers: the replay of the examples counts what really comes.
  const sizes = [[steps * length], [steps, length], [1], []];
  const fits = sizes.some(
    (size) => size.length === rest.length && size.every((n, i) => rest[i] === n || rest[i] === null),
  );
  if (!fits || output.type === null) {
    const flat = steps === 1 ? `[batch, ${length}]` : `[batch, ${steps * length}]`;
    throw refused(
      file,
      `its output '${output.name}' is ${shown(output)}, expected ${flat} or [batch, ${steps}, ${length}] for ${steps} steps of ${length} targets`,
    );
  }
  return { name: output.name, isDouble: isDouble(file, output, 'output', batch) };
}

function isDouble(file: string, tensor: TensorInfo, side: string, batch: number | null | undefined): boolean {
  if (typeof batch === 'number') {
    throw refused(file, `its ${side} '${tensor.name}' has a fixed batch of ${batch}; export it with a dynamic batch`);
  }
  if (tensor.type === 'float64') return true;
  if (tensor.type === 'float32') return false;
  throw refused(file, `its ${side} '${tensor.name}' is ${tensor.type ?? 'no tensor'}; float32 or float64 is needed`);
}

function shown({ type, dims }: TensorInfo): string {
  if (type === null) return 'no tensor';
  return `${type} [${dims.map((size) => size ?? '?').join(', ')}]`;
}
