/** `flts synth`, `train`, `evaluate`, `forecast` and `models` as a user runs them: the built CLI in a process of its own. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

let folder = '';
const path = (name: string): string => join(folder, name);

/** Runs the CLI in the folder; `onError` sees what it has written to stderr so far. */
function flts(args: readonly string[], onError?: (err: string, kill: () => void) => void): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env: { ...process.env, NO_COLOR: '1' } });
    let out = '';
    let err = '';
    child.stdout.on('data', (part: Buffer) => (out += part.toString()));
    child.stderr.on('data', (part: Buffer) => {
      err += part.toString();
      onError?.(err, () => child.kill('SIGINT'));
    });
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, out, err });
    });
  });
}

/** An error is one sentence and a remedy, without a stack trace. */
function expectError({ err }: Outcome, message: string | RegExp): void {
  expect(err).toMatch(message);
  expect(err).toMatch(/\n {2}→ .+\n/);
  expect(err).not.toMatch(/^\s+at /m);
}

interface ModelJson {
  readonly name: string;
  readonly run_id: string;
}

describe('forecasting commands', () => {
  let models: ModelJson[] = [];
  const runOf = (name: string): string => models.find((model) => model.name === name)!.run_id;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flts-cli-'));
    await flts(['synth', '--rows', '2400', '--seed', '5', '--out', 'all.csv']);
    const lines = (await readFile(path('all.csv'), 'utf8')).split('\n');
    await writeFile(path('train.csv'), lines.slice(0, 2001).join('\n'));
    await writeFile(path('test.csv'), [lines[0], ...lines.slice(2001)].join('\n'));
    const trained = await flts(['train', 'train.csv', '--model', 'ensemble', '--hidden', '16', '--promote', '--json']);
    expect(trained.err).toContain('training ensemble');
    ({ models } = JSON.parse(trained.out) as { models: ModelJson[] });
  }, 120_000);
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('lists the ensemble as current and its members beside it', async () => {
    const { out } = await flts(['models', 'list', '--json']);
    const listed = JSON.parse(out) as { run_id: string; current: boolean; model_type: string }[];
    expect(listed.map(({ model_type }) => model_type).toSorted()).toEqual(['ENSEMBLE', 'LSTM', 'RIDGE']);
    expect(listed.filter(({ current }) => current).map(({ run_id }) => run_id)).toEqual([runOf('ensemble')]);
    expect(listed[0]!.run_id).toBe(runOf('ensemble'));
  });

  it('evaluates the promoted model, its members and all baselines on a file that follows', async () => {
    const { code, out } = await flts(['evaluate', 'test.csv', '--json', '--html', 'page.html', '--horizons', '1,40']);
    expect(code).toBe(0);
    const { rows, scored } = JSON.parse(out) as {
      rows: { name: string; kind: string; horizon: number }[];
      scored: { rows: number };
    };
    expect(scored.rows).toBe(400);
    const names = (horizon: number): string[] => rows.filter((row) => row.horizon === horizon).map(({ name }) => name);
    const always = ['ensemble', 'lstm', 'ridge', 'persistence', 'seasonal_24h', 'moving_average_5', 'ses'];
    expect(names(1)).toEqual([...always, 'ridge_raw', 'ridge_log']);
    // The direct ridges were fitted for 30 steps.
    expect(names(40)).toEqual(always);
    expect(await readFile(path('page.html'), 'utf8')).toContain('<h2>down</h2>');
    expect(await readdir(folder)).not.toContainEqual(expect.stringMatching(/\.tmp$/));
  });

  it('forecasts the rows after the last one as table, CSV and JSON', async () => {
    const json = JSON.parse((await flts(['forecast', 'all.csv', '--horizon', '3', '--level', '80', '--json'])).out) as {
      run_id: string;
      predictions: Record<string, number | string>[];
      intervals: Record<string, Record<string, [number, number]>[]>;
    };
    expect(json.run_id).toBe(runOf('ensemble'));
    expect(json.predictions.map(({ ts }) => ts)).toEqual([
      '2024-01-04T08:00:00',
      '2024-01-04T08:02:00',
      '2024-01-04T08:04:00',
    ]);
    const [lower, upper] = json.intervals['80']![2]!['down']!;
    expect(lower).toBeLessThan(json.predictions[2]!['down'] as number);
    expect(upper).toBeGreaterThan(json.predictions[2]!['down'] as number);
    const csv = (await flts(['forecast', 'all.csv', '--csv'])).out.trim().split('\n');
    expect(csv).toHaveLength(2);
    expect(csv[1]!.split(',')[1]).toBe(String(json.predictions[0]!['down']));
    expect((await flts(['forecast', 'all.csv'])).out).toContain('2024-01-04T08:00:00');
  });

  it('promotes a member by the beginning of its id, and verifies all', async () => {
    const { code } = await flts(['models', 'promote', runOf('ridge').slice(0, 8)]);
    expect(code).toBe(0);
    const pointer = JSON.parse(await readFile(path('flts-registry/current.json'), 'utf8')) as { run_id: string };
    expect(pointer.run_id).toBe(runOf('ridge'));
    const verified = await flts(['models', 'verify', '--all']);
    expect([verified.code, verified.out.match(/good/g)]).toEqual([0, ['good', 'good', 'good']]);
  });

  it.each([
    ['a missing file', ['train', 'none.csv'], 4, 'flts: none.csv does not exist.'],
    ['an unreadable CSV', ['train', 'bad.csv'], 3, "flts: bad.csv, line 3, column 'down': 'many' is not a number."],
    ['too few rows', ['train', 'test.csv'], 3, /flts: There are 400 rows; training .* needs \d+\./],
    ['no model', ['forecast', 'all.csv', '--registry', 'empty'], 4, 'flts: The registry empty has no model.'],
    ['an unknown run', ['evaluate', 'test.csv', '--run', 'ffffff'], 4, 'no model whose run id begins with'],
    ['a target that is down', ['forecast', 'all.csv', '--target', 'http://127.0.0.1:1'], 6, 'does not answer'],
    ['a wrong horizon', ['forecast', 'all.csv', '--horizon', '0'], 2, '--horizon takes a whole number'],
    ['a wrong setting', ['train', 'train.csv', '--layers', '9'], 2, 'layers must be a whole number from 1 to 4'],
    ['no right to write', ['synth', '--rows', '5', '--out', 'none/x.csv'], 4, 'none/x.csv'],
  ] as const)('says in a sentence what is wrong with %s', async (_, args, code, message) => {
    await writeFile(path('bad.csv'), 'time,down\n2024-01-01 00:00,1\n2024-01-01 00:02,many\n');
    const outcome = await flts(args);
    expect(outcome.code).toBe(code);
    expectError(outcome, message);
  });

  it('refuses a model with a wrong digest, and a file that is no model', async () => {
    const run = runOf('lstm');
    await cp(path('flts-registry'), path('damaged'), { recursive: true });
    const model = path(`damaged/models/${run}/model.onnx`);
    await writeFile(model, 'not a model');
    const args = ['--registry', 'damaged', '--run', run];
    const wrongDigest = await flts(['forecast', 'all.csv', ...args]);
    expect(wrongDigest.code).toBe(5);
    expectError(wrongDigest, 'has the digest');

    const bundlePath = path(`damaged/models/${run}/bundle.json`);
    const bundle = JSON.parse(await readFile(bundlePath, 'utf8')) as Record<string, unknown>;
    const digestOf = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
    await writeFile(bundlePath, JSON.stringify({ ...bundle, model_sha256: digestOf('not a model') }));
    const noModel = await flts(['evaluate', 'test.csv', ...args]);
    expect(noModel.code).toBe(5);
    expectError(noModel, 'cannot be loaded as an ONNX model');

    // A sound model that is another one.
    const foreign = await readFile(path(`damaged/models/${runOf('ridge')}/model.onnx`));
    await writeFile(model, foreign);
    await writeFile(bundlePath, JSON.stringify({ ...bundle, model_sha256: digestOf(foreign) }));
    const promoted = await flts(['models', 'promote', run, '--registry', 'damaged']);
    expect(promoted.code).toBe(5);
    expectError(promoted, 'answers its golden window with');
    const pointer = JSON.parse(await readFile(path('damaged/current.json'), 'utf8')) as { run_id: string };
    expect(pointer.run_id).not.toBe(run);
  });

  it('leaves nothing half-written when the registry cannot be written', async () => {
    await writeFile(path('blocked'), 'a file where a folder should be');
    const outcome = await flts(['train', 'train.csv', '--model', 'ridge', '--registry', 'blocked']);
    expect(outcome.code).toBe(6);
    expectError(outcome, 'Cannot write');
    expect(await readFile(path('blocked'), 'utf8')).toBe('a file where a folder should be');
  });

  it('keeps the best network so far on Ctrl-C', async () => {
    const settings = ['--epochs', '1000', '--hidden', '64', '--registry', 'stopped'];
    let asked = false;
    const outcome = await flts(['train', 'train.csv', ...settings], (err, kill) => {
      // A second Ctrl-C would end the process at once.
      if (!asked && err.includes('epoch')) {
        asked = true;
        kill();
      }
    });
    expect(outcome.code).toBe(130);
    expect(outcome.err).toContain('interrupted, the best network so far is kept');
    const verified = await flts(['models', 'verify', '--registry', 'stopped']);
    expect([verified.code, verified.out]).toEqual([0, expect.stringContaining('good')]);
  }, 60_000);
});
