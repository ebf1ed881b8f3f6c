import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ErrorCode, ERRORS } from '../../src/contract/index.js';
import { decodeModel, encodeModel, type OnnxGraph, type Value } from '../../src/training/onnx/index.js';
import { promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import {
  type ForeignGraph,
  foreignModel,
  goodExample,
  goodFiles,
  grown,
  type ImportFiles,
  writeImport,
} from '../support/importing/import-files.js';
import { withCustomOperator, withExternalTensor } from '../support/onnx-fixture.js';
import { flts } from '../support/run-flts.js';

const EXITS = { FLTS_USAGE: 2, FLTS_IMPORT_INPUT: 3, FLTS_FILE_NOT_FOUND: 4, FLTS_MODEL_REFUSED: 5 } as const;
const EXAMPLE_MISMATCH_EXIT = 5;
/** TensorProto.DataType */
const INT64 = 7;

const root = temporaryFolder();
const registry = join(root, 'registry');

beforeAll(async () => {
  mkdirSync(registry);
  await promoteFixture(registry);
});

/** Every file below a folder with its digest: what must not change. */
function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .toSorted()
    .map((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory()
        ? name
        : `${name} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
    });
}

/** Imports the files and expects a refusal: its exit code, one sentence with its remedy, and a registry as before. */
async function refusal(files: ImportFiles, code: ErrorCode, exit: number, ...more: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(root, 'case-'));
  return await refusalOf([...writeImport(folder, files), ...more], code, exit);
}

async function refusalOf(
  args: readonly string[],
  code: ErrorCode,
  exit: number,
  says: string = ERRORS[code].remedy,
): Promise<string> {
  const before = listing(registry);
  const { code: exited, stdout, stderr } = await flts([...args, '--registry', registry], root);
  expect(stderr).toMatch(/^flts: [^\n]+\.\n {2}→ [^\n]+\n$/);
  const [sentence = '', remedy] = stderr.trimEnd().split('\n  → ');
  expect([exited, remedy, stdout]).toEqual([exit, says, '']);
  // Names of source files, of this program or of ONNX Runtime, are for debugging.
  expect(sentence).not.toMatch(/\.(?:[cm]?js|ts|cc|h):\d|\bat \w+ \(|onnxruntime|undefined|\[object|Error:/);
  expect(sentence.length).toBeLessThan(420);
  expect(listing(registry)).toEqual(before);
  return sentence.replace('flts: ', '');
}

/** The model with inputs (or outputs) declared to be of another element type. */
function retyped(graph: ForeignGraph, side: 'input' | 'output', elementType: number): Uint8Array {
  const model = decodeModel(foreignModel(graph));
  for (const value of model.graph[side] as unknown as { type: { tensor_type: { elem_type: number } } }[]) {
    value.type.tensor_type.elem_type = elementType;
  }
  return encodeModel(model);
}

function ofOpset(version: number | null): Uint8Array {
  const model = decodeModel(foreignModel());
  model.opset_import = version === null ? [] : [{ domain: '', version }];
  return encodeModel(model);
}

/** Each window loses the mean of the whole batch. */
function overTheBatch(graph: OnnxGraph, window: Value): Value {
  const forecast = grown(graph, window);
  const mean = graph.op('ReduceMean', [forecast], { axes: [0], keepdims: 1 });
  return graph.op('Add', [graph.op('Sub', [forecast, mean]), forecast]);
}

it('takes the files that the cases break', async () => {
  const own = join(root, 'good');
  const { code, stdout, stderr } = await flts([...writeImport(root, goodFiles()), '--registry', own]);
  expect([code, stderr], stdout).toEqual([0, '']);
  expect(stdout).toContain('ONNX with 3 rows back, 2 steps ahead; 2 examples are reproduced');
});

describe('an ONNX file is refused', () => {
  const good = Buffer.from(foreignModel());

  it.each<[string, Uint8Array | string, string | RegExp]>([
    ['is empty', '', 'it is empty'],
    ['is a web page', '<!doctype html><html><body>Sign in</body></html>', /it is not an ONNX file: /],
    ['was cut in half', good.subarray(0, good.length / 2), 'it is not an ONNX file: it ends inside a field'],
    ['lacks its last byte', good.subarray(0, -1), 'it is not an ONNX file: it ends inside a field'],
    ['has no graph', encodeModel({ ir_version: 8 }), 'it is not an ONNX file: it has no graph'],
    [
      'keeps numbers in another file',
      withExternalTensor(good),
      "its tensor 'secret' in another file; save it as one file",
    ],
    [
      'needs a library',
      withCustomOperator(good),
      'it uses the custom operator com.acme::Forecast; only operators of ai.onnx',
    ],
    ['is too new', ofOpset(27), 'it uses opset 27 of ai.onnx; 7 to 26 are supported'],
    [
      'takes integers',
      retyped({ body: (graph, x) => grown(graph, graph.op('Cast', [x], { to: 1 })) }, 'input', INT64),
      "its input 'x' is int64; float32 or float64 is needed",
    ],
    [
      'gives integers',
      retyped({ body: (graph, x) => graph.op('Cast', [grown(graph, x)], { to: INT64 }) }, 'output', INT64),
      "its output 'y' is int64; float32 or float64 is needed",
    ],
    [
      'declares another type than it gives',
      retyped({}, 'output', INT64),
      /: Type \(tensor\(int64\)\) of output arg \(y\)/,
    ],
  ])('that %s', async (_, model, says) => {
    const sentence = await refusal({ ...goodFiles(), model }, 'FLTS_MODEL_REFUSED', EXITS.FLTS_MODEL_REFUSED);
    expect(sentence).toMatch(/^m\.onnx cannot be imported: /);
    expect(sentence).toMatch(says);
  });

  it.each<[string, ForeignGraph, string | RegExp, string[]?]>([
    [
      'with an initial state as input',
      { more: (graph) => void graph.input('h0', [1, 'n', 8]) },
      'it has 2 inputs (x, h0), one is needed; export a recurrent network without its initial state as input',
    ],
    [
      'of 3 features',
      {
        input: ['n', 3, 3],
        body: (graph, x) => grown(graph, graph.op('Gather', [x, graph.integers([0, 1])], { axis: 2 })),
      },
      "its input 'x' is float32 [?, 3, 3], expected [batch, 3, 2] or [batch, 6] for 3 rows of 2 features",
    ],
    ['of 5 rows', { input: ['n', 5, 2] }, "its input 'x' is float32 [?, 5, 2], expected [batch, 3, 2]"],
    [
      'with a fixed batch',
      { input: [1, 3, 2], output: [1, 2, 2] },
      "its input 'x' has a fixed batch of 1; export it with a dynamic batch",
    ],
    [
      'of 1 step',
      { output: ['n', 1, 2], body: (graph, x) => graph.op('Gather', [x, graph.integers([2])], { axis: 1 }) },
      "its output 'y' is float32 [?, 1, 2], expected [batch, 4] or [batch, 2, 2] for 2 steps of 2 targets",
    ],
    [
      'with two outputs',
      {
        more: (graph, y) => {
          graph.output(y, 'state', ['n', 2, 2]);
        },
      },
      'it has 2 outputs (y, state); name the forecast with --output',
    ],
    ['without the output that is asked for', {}, "it has no output 'forecast' but y", ['--output', 'forecast']],
    [
      'with free sizes that want 4 rows',
      {
        input: ['n', 'rows', 'columns'],
        body: (graph, x) => grown(graph, graph.op('Add', [x, graph.constant(Array(8).fill(0), [4, 2])])),
      },
      /with windows of 3 rows of 2 features it does not load: .*Incompatible dimensions/,
    ],
    [
      'that mixes the windows of a batch',
      { body: overTheBatch },
      /its windows are not independent of each other; export it batch first/,
    ],
    ['with an operator that nobody knows', { body: (graph, x) => graph.op('Prophesy', [grown(graph, x)]) }, /Prophesy/],
    [
      'with a node that reads nothing',
      { body: (graph, x) => graph.op('Add', [grown(graph, x), 'gone' as Value]) },
      /gone/,
    ],
  ])('%s', async (_, graph, says, more = []) => {
    const model = foreignModel(graph);
    const sentence = await refusal({ ...goodFiles(), model }, 'FLTS_MODEL_REFUSED', EXITS.FLTS_MODEL_REFUSED, ...more);
    expect(sentence).toMatch(/^m\.onnx cannot be imported: /);
    if (typeof says === 'string') expect(sentence).toContain(says);
    else expect(sentence).toMatch(says);
  });

  it('of more bytes than any small model has, without reading it', async () => {
    const folder = mkdtempSync(join(root, 'case-'));
    const args = writeImport(folder, goodFiles());
    truncateSync(join(folder, 'm.onnx'), 256 * 1024 * 1024 + 1);
    const sentence = await refusalOf(args, 'FLTS_MODEL_REFUSED', EXITS.FLTS_MODEL_REFUSED);
    expect(sentence).toBe('m.onnx cannot be imported: it has 268435457 bytes; at most 268435456 are loaded.');
  });
});

const { scaler: SCALER } = goodFiles() as { scaler: Record<'down' | 'up', object> };

describe('a scaler file is refused', () => {
  it.each<[string, unknown, string]>([
    ['is not JSON', '{"down": ', 's.json cannot be used: it is not JSON.'],
    ['is a list', [1, 2], 's.json cannot be used: it is not a JSON object.'],
    [
      'lacks a column',
      { down: SCALER.down },
      `it has no scale of 'up'; write {"kind": "none"} for a column that is not scaled.`,
    ],
    [
      'lacks a target',
      { features: SCALER, targets: { down: SCALER.down } },
      "s.json, targets cannot be used: it has no scale of 'up'",
    ],
    [
      'has a part that is a number',
      { features: SCALER, targets: 3 },
      's.json, targets cannot be used: it is not a JSON object.',
    ],
    [
      'has an unknown kind',
      { ...SCALER, up: { kind: 'robust' } },
      `the kind of 'up' is not "standard", "min-max" or "none".`,
    ],
    ['has no std', { ...SCALER, up: { kind: 'standard', mean: 3 } }, "the scale of 'up' needs a number 'std'."],
    [
      'has text for a number',
      { ...SCALER, up: { kind: 'standard', mean: '3', std: 1 } },
      "the scale of 'up' needs a number 'mean'.",
    ],
    [
      'has a negative std',
      { ...SCALER, up: { kind: 'standard', mean: 3, std: -4 } },
      "the std of 'up' is -4: it must not be negative.",
    ],
    [
      'has a number beyond float32',
      { ...SCALER, up: { kind: 'standard', mean: 1e39, std: 4 } },
      "the scale of 'up' is beyond float32.",
    ],
    [
      'has a std that float32 has not',
      { ...SCALER, up: { kind: 'standard', mean: 3, std: 1e-60 } },
      "the scale of 'up' is beyond float32.",
    ],
    [
      'has its ends swapped',
      { ...SCALER, up: { kind: 'min-max', min: 9, max: 1 } },
      'a maximum (1) is smaller than its minimum (9).',
    ],
    [
      'has an empty range',
      { ...SCALER, up: { kind: 'min-max', min: 1, max: 9, range: [1, 1] } },
      'a range must go from a smaller number to a larger one.',
    ],
    [
      'has a range of three',
      { ...SCALER, up: { kind: 'min-max', min: 1, max: 9, range: [0, 1, 2] } },
      "the range of 'up' is not two numbers.",
    ],
    [
      'is of three columns (scikit-learn)',
      { mean_: [1, 2, 3], scale_: [1, 1, 1] },
      'mean_ is not a list of 2 numbers, one for each of down, up.',
    ],
    [
      'is of other columns (scikit-learn)',
      { feature_names_in_: ['a', 'b'], mean_: [1, 2], scale_: [1, 1] },
      "it has no scale of 'down'",
    ],
    ['has a zero (scikit-learn)', { min_: [0, 0], scale_: [1, 0] }, 'scale_ has a zero.'],
    [
      'clips (scikit-learn)',
      { min_: [0, 0], scale_: [1, 1], clip: true },
      'a scaler that clips (clip=True) is not supported.',
    ],
  ])('that %s', async (_, scaler, says) => {
    const sentence = await refusal({ ...goodFiles(), scaler }, 'FLTS_IMPORT_INPUT', EXITS.FLTS_IMPORT_INPUT);
    expect(sentence).toMatch(/^s\.json(?:, targets)? cannot be used: /);
    expect(sentence).toContain(says);
  });

  // A column without spread counts as spread 1, as in scikit-learn: the examples tell whether that is what was meant.
  it.each<[string, unknown]>([
    ['has no spread where there was one', { ...SCALER, up: { kind: 'standard', mean: 14, std: 0 } }],
    ['has another mean', { ...SCALER, down: { kind: 'standard', mean: 90, std: 20 } }],
    ['has its columns swapped', { down: SCALER.up, up: SCALER.down }],
    ['is of the features alone', { features: SCALER }],
  ])('by the examples that %s', async (_, scaler) => {
    const files = { ...goodFiles(), scaler };
    const sentence = await refusal(files, 'FLTS_EXAMPLE_MISMATCH', EXAMPLE_MISMATCH_EXIT);
    expect(sentence).toMatch(
      /^Example 1 is not reproduced: '(?:down|up)' at step [12] is -?[\d.]+ from m\.onnx, the example says -?[\d.]+ /,
    );
  });
});

describe('an example file is refused', () => {
  const { window, forecast } = goodExample();
  const stamps = (...times: string[]): object => ({ window, forecast, ts: times.map((time) => `2018-02-05 ${time}`) });

  it.each<[string, unknown, string]>([
    ['is not JSON', 'window: []', 'e.json cannot be used: it is not JSON.'],
    ['has no example', [], 'e.json cannot be used: it has no example.'],
    ['has no window', { forecast }, "'window' must be a list of rows of 2 numbers (down, up)."],
    ['has no forecast', { window }, "'forecast' must be a list of rows of 2 numbers (down, up)."],
    ['has no rows', { window: [], forecast }, "'window' must be a list of rows of 2 numbers (down, up)."],
    [
      'has a row of 3',
      {
        window: [
          [1, 2],
          [1, 2, 3],
        ],
        forecast,
      },
      "'window' must be a list of rows of 2 numbers (down, up); row 2 is not.",
    ],
    [
      'has null for a number',
      {
        window,
        forecast: [
          [1, 2],
          [3, null],
        ],
      },
      "'forecast' must be a list of rows of 2 numbers (down, up); row 2 is not.",
    ],
    [
      'has a number beyond float32',
      {
        window: [
          [1, 2],
          [1e39, 2],
        ],
        forecast,
      },
      "'down' in row 2 of 'window' is beyond float32.",
    ],
    [
      'has examples of two shapes',
      [
        { window, forecast },
        { window: window.slice(1), forecast },
      ],
      'e.json, example 2 cannot be used: it has 2 rows and 2 steps, example 1 has 3 and 2.',
    ],
    [
      'has too few timestamps',
      stamps('23:40:00'),
      "'ts' must be a list of 3 timestamps, one for each row of the window.",
    ],
    [
      'has a time that is none',
      stamps('23:40:00', '23:61:00', '23:44:00'),
      "'ts' has an unreadable timestamp in row 2.",
    ],
    [
      'goes back in time',
      stamps('23:44:00', '23:42:00', '23:40:00'),
      "'ts' goes back in time, or stands still, in row 2.",
    ],
  ])('that %s', async (_, example, says) => {
    const sentence = await refusal({ ...goodFiles(), example }, 'FLTS_IMPORT_INPUT', EXITS.FLTS_IMPORT_INPUT);
    expect(sentence).toMatch(/^e\.json(?:, example [12])? cannot be used: /);
    expect(sentence).toContain(says);
  });

  it('whose second example is not what the model answers', async () => {
    const wrong = {
      ...goodExample([90, 9]),
      forecast: [
        [90, 9],
        [87.5, 9.26],
      ],
    };
    const files = { ...goodFiles(), example: [goodExample(), wrong] };
    const sentence = await refusal(files, 'FLTS_EXAMPLE_MISMATCH', EXAMPLE_MISMATCH_EXIT);
    expect(sentence).toMatch(
      /^Example 2 is not reproduced: 'up' at step 2 is 9\.25 from m\.onnx, the example says 9\.26 /,
    );
  });

  it('that the model answers with no number', async () => {
    const model = foreignModel({
      body: (graph, x) => graph.op('Log', [graph.op('Neg', [graph.op('Abs', [grown(graph, x)])])]),
    });
    const sentence = await refusal({ ...goodFiles(), model }, 'FLTS_EXAMPLE_MISMATCH', EXAMPLE_MISMATCH_EXIT);
    expect(sentence).toContain("'down' at step 1 is NaN from m.onnx, the example says 140 ");
  });

  it('of more rows than the model looks back', async () => {
    const example = { window: [...window, [1, 1]], forecast };
    const sentence = await refusal({ ...goodFiles(), example }, 'FLTS_MODEL_REFUSED', EXITS.FLTS_MODEL_REFUSED);
    expect(sentence).toContain(
      "its input 'x' is float32 [?, 3, 2], expected [batch, 4, 2] or [batch, 8] for 4 rows of 2 features",
    );
  });
});

describe('a command line is refused', () => {
  it.each<[string, string[], string]>([
    ['a feature twice', ['--features', 'down,down'], "'down' is listed twice."],
    ['a feature without a name', ['--features', 'down,'], 'A name in the list is empty.'],
    [
      'time features alone',
      ['--features', 'min_of_day_sin,min_of_day_cos'],
      '--features needs at least one data column.',
    ],
    [
      'a target that it does not read',
      ['--targets', 'sideways'],
      "The target 'sideways' is not among the data columns of --features (down, up).",
    ],
    ['--force alone', ['--force'], '--force goes with --promote.'],
    ['a frequency of nothing', ['--frequency', '0'], '--frequency takes seconds from above 0 to 31622400, not 0.'],
  ])('with %s', async (_, more, says) => {
    expect(await refusal(goodFiles(), 'FLTS_USAGE', EXITS.FLTS_USAGE, ...more)).toBe(says);
  });

  it.each([0, 1, 2])('that names a file which is not there (%i)', async (index) => {
    const folder = mkdtempSync(join(root, 'case-'));
    const args = writeImport(folder, goodFiles());
    const at = args.findIndex((arg) => arg.endsWith(['m.onnx', 's.json', 'e.json'][index]!));
    for (const [path, says] of [
      [join(folder, 'gone'), 'does not exist.'],
      [folder, 'is a folder, not a file.'],
    ] as const) {
      const sentence = await refusalOf(args.with(at, path), 'FLTS_FILE_NOT_FOUND', EXITS.FLTS_FILE_NOT_FOUND);
      expect(sentence).toContain(says);
    }
  });

  it('that names a registry which is a file', async () => {
    const file = join(root, 'file');
    writeFileSync(file, 'kept');
    const { code, stderr } = await flts([...writeImport(root, goodFiles()), '--registry', file]);
    expect([code, stderr]).toEqual([6, expect.stringContaining('a part of the path is a file')]);
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });
});

describe('the gate', () => {
  it.each<[string, string[], RegExp]>([
    ['was not evaluated', [], /^Run [0-9a-f]{32} is not promoted: .*not evaluated/],
    ['is worse than persistence', ['--evaluate', 'rows.csv'], /^Run [0-9a-f]{32} is not promoted: .*persistence/],
  ])('keeps a model that %s, whole, and does not promote it', async (_, more, says) => {
    const own = mkdtempSync(join(root, 'gate-'));
    const current = await promoteFixture(own);
    const pointer = readFileSync(join(own, 'current.json'), 'utf8');
    if (more.length > 0) expect((await flts(['synth', '--rows', '2500', '--out', 'rows.csv'], own)).code).toBe(0);
    const model = foreignModel({ body: (graph, x) => grown(graph, x, 3) });
    const files = { ...goodFiles(), model, example: goodExample([140, 12], 3) };
    const args = [...writeImport(own, files), ...more, '--promote', '--registry', own];
    const { code, stderr } = await flts(args, own);
    const [sentence = '', remedy] = stderr.trimEnd().split('\n  → ');
    expect([code, remedy]).toEqual([5, ERRORS.FLTS_PROMOTION_REFUSED.remedy]);
    expect(sentence.replace('flts: ', '')).toMatch(says);
    expect(readFileSync(join(own, 'current.json'), 'utf8')).toBe(pointer);
    const versions = readdirSync(join(own, 'models'));
    expect(versions).toEqual(expect.arrayContaining([current.run_id]));
    expect(versions).toHaveLength(2);
    const verified = await flts(['models', 'verify', '--all', '--registry', own]);
    expect([verified.code, verified.stderr], verified.stdout).toEqual([0, '']);
  });

  const rows = (columns: string): string => `ts,${columns}\n2018-02-05 23:40:00,1,2\n2018-02-05 23:42:00,1,2\n`;

  it.each<[string, string, ErrorCode, string, string?]>([
    [
      'has other columns',
      rows('left,right'),
      'FLTS_CSV',
      'columns that the model needs: down, up',
      'The model reads down, up.',
    ],
    ['has too few rows', rows('down,up'), 'FLTS_TOO_LITTLE_DATA', 'There are 2 rows'],
  ])('has nothing to ask where the file of --evaluate %s', async (_, text, code, says, remedy) => {
    const folder = mkdtempSync(join(root, 'case-'));
    writeFileSync(join(folder, 'rows.csv'), text);
    const args = [...writeImport(folder, goodFiles()), '--evaluate', join(folder, 'rows.csv'), '--promote'];
    expect(await refusalOf(args, code, 3, remedy)).toContain(says);
  });
});
