import { readFile, stat } from 'node:fs/promises';
import { modelProblem, sizeProblem } from '../domain/onnx/index.js';

/**
 * The bytes of a model file, once they may be given to ONNX Runtime. The runtime gets the bytes, never the path: what
 * was checked is what is loaded. Throws an Error whose message is a clause that says what is wrong with the file.
 */
export async function readModel(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  const tooLarge = sizeProblem(size);
  if (tooLarge !== null) throw new Error(tooLarge);
  return checkedModel(await readFile(path));
}

/** The same bytes. Throws as `readModel` does when they must not be loaded. */
export function checkedModel(bytes: Uint8Array): Uint8Array {
  const problem = modelProblem(bytes);
  if (problem !== null) throw new Error(problem);
  return bytes;
}
