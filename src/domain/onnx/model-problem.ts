import { type ModelFacts, readModelFacts } from './model-facts.js';
import { WireError } from './wire-reader.js';

/** Larger files are no small forecasting model; the check reads them whole. */
export const ONNX_BYTES_MAX = 256 * 1024 * 1024;
/** What ONNX Runtime 1.30 loads; a test holds these numbers against it. Below opset 7 operators meant other things. */
export const OPSET_RANGE = { min: 7, max: 26 } as const;
const ML_OPSET_MAX = 5;
const IR_VERSION_MAX = 13;
const ML_DOMAIN = 'ai.onnx.ml';

/** The clause for a file of that many bytes that is too large to be read; null when it is not. */
export function sizeProblem(bytes: number): string | null {
  if (bytes <= ONNX_BYTES_MAX) return null;
  return `it has ${bytes} bytes; at most ${ONNX_BYTES_MAX} are loaded`;
}

/**
 * Why an ONNX file must not be loaded, as a clause that begins with "it"; null when it may: one ONNX graph, whole in
 * this file, of standard operators (ai.onnx, ai.onnx.ml) of versions that ONNX Runtime knows. Files that name other
 * files would read from wherever the model says, and custom operators would need foreign code in the process. Import
 * and every load ask this, before the runtime sees the bytes.
 */
export function modelProblem(bytes: Uint8Array): string | null {
  const tooLarge = sizeProblem(bytes.length);
  if (tooLarge !== null) return tooLarge;
  if (bytes.length === 0) return 'it is empty';
  try {
    return factsProblem(readModelFacts(bytes));
  } catch (error) {
    if (error instanceof WireError) return `it is not an ONNX file: ${error.message}`;
    throw error;
  }
}

function factsProblem(facts: ModelFacts): string | null {
  if (!facts.hasGraph) return 'it is not an ONNX file: it has no graph';
  if (facts.externalTensor !== null) {
    return `it keeps the numbers of its tensor '${facts.externalTensor}' in another file; save it as one file`;
  }
  const foreign = [...facts.operators].find((name) => name.includes('::') && !name.startsWith(`${ML_DOMAIN}::`));
  if (foreign !== undefined) {
    return `it uses the custom operator ${foreign}; only operators of ai.onnx and ${ML_DOMAIN} are loaded`;
  }
  if (facts.irVersion > IR_VERSION_MAX) {
    return `it has IR version ${facts.irVersion}; up to ${IR_VERSION_MAX} is supported`;
  }
  const opset = facts.opsets.get('');
  const standardUsed = [...facts.operators].some((name) => !name.includes('::'));
  if (opset === undefined && standardUsed) return 'it does not say which opset of ai.onnx it uses';
  if (opset !== undefined && !(opset >= OPSET_RANGE.min && opset <= OPSET_RANGE.max)) {
    return `it uses opset ${opset} of ai.onnx; ${OPSET_RANGE.min} to ${OPSET_RANGE.max} are supported`;
  }
  const ml = facts.opsets.get(ML_DOMAIN);
  if (ml !== undefined && ml > ML_OPSET_MAX) {
    return `it uses opset ${ml} of ${ML_DOMAIN}; up to ${ML_OPSET_MAX} is supported`;
  }
  return null;
}
