import { describe, expect, it } from 'vitest';
import { FltsError } from './errors.js';
import { resolveSettings, type SettingsSources, settingsTemplate } from './resolve-settings.js';
import { envNamesOf, fileKeyOf, flagOf, SETTING_NAMES, SETTINGS } from './settings.js';

function resolve(sources: Partial<SettingsSources>): ReturnType<typeof resolveSettings> {
  return resolveSettings({ flags: {}, env: {}, file: null, ...sources });
}

function problem(sources: Partial<SettingsSources>): string {
  try {
    resolve(sources);
  } catch (error) {
    if (error instanceof FltsError && error.code === 'FLTS_SETTINGS') return error.message;
    throw error;
  }
  throw new Error('the settings were taken');
}

const file = (...entries: [string, unknown][]): SettingsSources['file'] => ({
  path: 'flts.yaml',
  entries: entries.map(([key, value], i) => ({ key, value, line: i + 1 })),
});

describe('where a value comes from', () => {
  const everywhere = { flags: { port: '1' }, env: { FLTS_PORT: '2' }, file: file(['port', 3]) };

  it('flags go before the environment, that before the file, that before the default', () => {
    expect(resolve(everywhere)).toMatchObject({ settings: { port: 1 }, origins: { port: 'flag --port' } });
    const { env, file: yaml } = everywhere;
    expect(resolve({ env, file: yaml })).toMatchObject({
      settings: { port: 2 },
      origins: { port: 'environment FLTS_PORT' },
    });
    expect(resolve({ file: yaml })).toMatchObject({ settings: { port: 3 }, origins: { port: 'flts.yaml:1' } });
    expect(resolve({})).toMatchObject({ settings: { port: 8000 }, origins: { port: 'default' } });
  });

  it('the seed’s names are read, after ours', () => {
    const env = { PREDICT_MAX_CONCURRENCY: '16', ENABLE_PREDICT_CACHE: '1', WAIT_FOR_MODEL: 'no', IDENTIFIER: 'lte' };
    expect(resolve({ env }).settings).toMatchObject({
      predictMaxConcurrency: 16,
      enablePredictCache: true,
      waitForModel: false,
      identifier: 'lte',
    });
    expect(resolve({ env: { ...env, FLTS_PREDICT_MAX_CONCURRENCY: '4' } }).settings.predictMaxConcurrency).toBe(4);
  });

  it('empty variables and keys without a value leave the default in force', () => {
    expect(resolve({ env: { FLTS_PORT: '' }, file: file(['port', null]) }).settings.port).toBe(8000);
  });
});

describe('what stops the start', () => {
  it.each([
    [{ file: file(['prot', 1]) }, "flts.yaml:1: 'prot' is not a setting"],
    [{ file: file(['port', 1], ['port', 2]) }, "flts.yaml:2: 'port' is given twice"],
    [{ file: file(['port', 'x']) }, 'flts.yaml:1: "x" is not an integer from 0 to 65535'],
    [{ file: file(['port', [1]]) }, 'flts.yaml:1: [1] is not a single value'],
    [{ env: { FLTS_WORKERS: '1.5' } }, `environment FLTS_WORKERS: "1.5" is not an integer from 0 to 256, nor 'auto'`],
    [{ flags: { port: '65536' } }, 'flag --port: "65536" is not an integer from 0 to 65535'],
    [{ flags: { enablePredictCache: 'maybe' } }, 'flag --enable-predict-cache: "maybe" is neither true nor false'],
    [{ flags: { logLevel: 'loud' } }, 'flag --log-level: "loud" is none of debug, info, warn, error, silent'],
    [
      { flags: { maxSeries: '9', maxQueueLength: '8' } },
      'max_series (flag --max-series) must not exceed max_queue_length',
    ],
  ] as [Partial<SettingsSources>, string][])('%j', (sources, text) => {
    expect(problem(sources)).toBe(`Settings cannot be used: ${text}.`);
  });

  it('names all problems at once', () => {
    expect(problem({ flags: { port: 'x' }, env: { FLTS_WORKERS: 'y' } })).toContain('; ');
  });
});

it('names follow from one table', () => {
  expect([fileKeyOf('maxBatchRows'), flagOf('maxBatchRows'), envNamesOf('predictMaxConcurrency')]).toEqual([
    'max_batch_rows',
    '--max-batch-rows',
    ['FLTS_PREDICT_MAX_CONCURRENCY', 'PREDICT_MAX_CONCURRENCY'],
  ]);
});

it('the template names every setting at its default', () => {
  const template = settingsTemplate();
  for (const name of SETTING_NAMES) {
    const value = SETTINGS[name].default === '' ? '""' : String(SETTINGS[name].default);
    expect(template).toContain(`# ${fileKeyOf(name)}: ${value}\n`);
  }
});
