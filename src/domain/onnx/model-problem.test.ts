import fc from 'fast-check';
import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { modelProblem, ONNX_BYTES_MAX, OPSET_RANGE, sizeProblem } from './model-problem.js';

type Part = Uint8Array;

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}
const int = (field: number, value: number): Part => Uint8Array.from([...varint(field * 8), ...varint(value)]);
const message = (field: number, ...parts: Part[]): Part => {
  const body = Buffer.concat(parts);
  return Uint8Array.from([...varint(field * 8 + 2), ...varint(body.length), ...body]);
};
const text = (field: number, value: string): Part => message(field, Buffer.from(value));

const tensorType = message(2, message(1, int(1, 1), message(2, message(1, int(1, 1)))));
const value = (field: number, name: string): Part => message(field, text(1, name), tensorType);
const identity = (...more: Part[]): Part => message(1, text(1, 'x'), text(2, 'y'), text(4, 'Identity'), ...more);

interface Wish {
  readonly ir?: number;
  readonly opset?: number | null;
  readonly ml?: number;
  /** Fields of the graph beside its one node. */
  readonly graph?: readonly Part[];
  readonly node?: readonly Part[];
  readonly model?: readonly Part[];
}

function model({ ir = 8, opset = 14, ml, graph = [], node = [], model: more = [] }: Wish = {}): Uint8Array {
  const opsets = [
    ...(opset === null ? [] : [message(8, text(1, ''), int(2, opset))]),
    ...(ml === undefined ? [] : [message(8, text(1, 'ai.onnx.ml'), int(2, ml))]),
  ];
  const body = message(7, identity(...node), text(2, 'g'), value(11, 'x'), value(12, 'y'), ...graph);
  return Buffer.concat([int(1, ir), body, ...opsets, ...more]);
}

const external = (field: number): Part => message(field, text(8, 'weights'), int(14, 1));
const loads = async (bytes: Uint8Array): Promise<boolean> =>
  await ort.InferenceSession.create(bytes, { logSeverityLevel: 4 }).then(
    () => true,
    () => false,
  );

describe('modelProblem', () => {
  it('lets a plain model pass, also one with operators of ai.onnx.ml', () => {
    expect(modelProblem(model())).toBeNull();
    expect(modelProblem(model({ ml: 3, node: [text(7, 'ai.onnx.ml')] }))).toBeNull();
    expect(modelProblem(model({ node: [text(7, 'ai.onnx')] }))).toBeNull();
  });

  it('says what ONNX Runtime says about versions', async () => {
    const wishes: Wish[] = [
      { opset: OPSET_RANGE.max },
      { opset: OPSET_RANGE.max + 1 },
      { ir: 13 },
      { ir: 14 },
      { ml: 5 },
      { ml: 6 },
    ];
    for (const wish of wishes) {
      const bytes = model(wish);
      expect([wish, modelProblem(bytes) === null]).toEqual([wish, await loads(bytes)]);
    }
    expect(modelProblem(model({ opset: 6 }))).toBe('it uses opset 6 of ai.onnx; 7 to 26 are supported');
    expect(modelProblem(model({ opset: null }))).toBe('it does not say which opset of ai.onnx it uses');
  });

  it.each([
    ['an initializer', { graph: [external(5)] }],
    ['the values of a sparse initializer', { graph: [message(15, external(1))] }],
    ["a constant's attribute", { node: [message(5, external(5))] }],
    ['a list of tensors', { node: [message(5, external(10))] }],
    ['a nested graph', { node: [message(5, message(6, external(5)))] }],
    ['one of several nested graphs', { node: [message(5, message(11, external(5)))] }],
    ['a function', { model: [message(25, message(7, message(5, external(5))))] }],
    ['a training graph', { model: [message(20, message(1, external(5)))] }],
    ['entries without a location', { graph: [message(5, text(8, 'weights'), message(13, text(1, 'location')))] }],
  ] as const)('finds external data in %s', (_, wish) => {
    expect(modelProblem(model(wish))).toBe(
      "it keeps the numbers of its tensor 'weights' in another file; save it as one file",
    );
  });

  it.each([
    ['the graph', { node: [text(7, 'com.acme')] }],
    ['a nested graph', { node: [message(5, message(6, identity(text(7, 'com.acme'))))] }],
    ['a function', { model: [message(25, message(7, text(4, 'Identity'), text(7, 'com.acme')))] }],
  ] as const)('finds a custom operator in %s', (_, wish) => {
    expect(modelProblem(model(wish))).toContain('it uses the custom operator com.acme::Identity');
  });

  it('refuses what is empty, too large, nested without end, or no model', () => {
    expect(modelProblem(new Uint8Array())).toBe('it is empty');
    expect(sizeProblem(ONNX_BYTES_MAX)).toBeNull();
    expect(sizeProblem(ONNX_BYTES_MAX + 1)).toContain('at most');
    expect(modelProblem(int(1, 8))).toBe('it is not an ONNX file: it has no graph');
    expect(modelProblem(Buffer.from('<html><body>no</body></html>'))).toMatch(/^it is not an ONNX file: /);
    let nested: Part = identity();
    for (let i = 0; i < 40; i++) nested = message(1, message(5, message(6, nested)));
    expect(modelProblem(Buffer.concat([int(1, 8), message(7, nested)]))).toContain('nested more than 32 deep');
  });

  it('never throws, whatever the bytes are', () => {
    const whole = model({ graph: [external(5)], model: [message(25, message(7, identity()))] });
    fc.assert(
      fc.property(fc.nat(whole.length), fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255))), (cut, changes) => {
        const bytes = Uint8Array.from(whole.subarray(0, cut));
        for (const [at, byte] of changes) if (at < cut) bytes[at] = byte;
        const problem = modelProblem(bytes);
        expect(problem === null || problem.startsWith('it ')).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(modelProblem(bytes) ?? 'it ').toMatch(/^it /);
      }),
    );
  });
});
