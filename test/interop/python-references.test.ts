import { describe, expect, it } from 'vitest';
import { interopPython, runPython } from '../support/interop-python.js';

const python = interopPython();

describe.skipIf(python === null)('the Python references', () => {
  it('compute with the pinned ONNX Runtime', () => {
    const program = 'import onnxruntime, skl2onnx; print(onnxruntime.__version__)';
    expect(runPython(python!, ['-c', program]).trim()).toBe('1.32.0');
  });
});
