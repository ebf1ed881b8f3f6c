/**
 * The settings of the service: one table for flags, environment, flts.yaml, `flts config` and the documentation.
 * A setting is here only because a test changes behaviour through it.
 */

import { SOURCE_SETTINGS } from './source-settings.js';

interface SettingBase {
  readonly description: string;
  /** Environment names that are read besides `FLTS_<NAME>`: those that the seed's system used. */
  readonly alsoEnv?: readonly string[];
}

interface NumberSetting extends SettingBase {
  readonly kind: 'integer';
  readonly min: number;
  readonly max: number;
  readonly default: number;
  /** A word that may stand for a number. */
  readonly word?: { readonly text: string; readonly value: number };
}

interface BooleanSetting extends SettingBase {
  readonly kind: 'boolean';
  readonly default: boolean;
}

interface StringSetting extends SettingBase {
  /** A secret is never printed nor logged. */
  readonly kind: 'string' | 'secret';
  readonly default: string;
  /** The values that are allowed, where they are few. */
  readonly oneOf?: readonly string[];
}

export type Setting = NumberSetting | BooleanSetting | StringSetting;

export const SETTINGS = {
  registry: {
    kind: 'string',
    default: './flts-registry',
    description:
      'Where models come from: a folder (PATH or dir:PATH), s3://BUCKET/PREFIX, or mlflow:models:/NAME@ALIAS.',
  },
  identifier: {
    kind: 'string',
    default: '',
    alsoEnv: ['IDENTIFIER'],
    description: 'Serve only a pointer with this identifier; empty: whatever is promoted.',
  },
  ...SOURCE_SETTINGS,
  host: { kind: 'string', default: '127.0.0.1', description: 'Address to listen on; 0.0.0.0 is every interface.' },
  port: { kind: 'integer', min: 0, max: 65_535, default: 8000, description: 'Port to listen on; 0 takes a free one.' },
  workers: {
    kind: 'integer',
    min: 0,
    max: 256,
    default: 0,
    word: { text: 'auto', value: 0 },
    description: 'Inference threads of each process; 0 or auto: one less than the cores for each process, at least 1.',
  },
  processes: {
    kind: 'integer',
    min: 0,
    max: 64,
    default: 1,
    word: { text: 'auto', value: 0 },
    description: 'Processes that share the port; 0 or auto: one for every two cores. Limits hold for each process.',
  },
  device: {
    kind: 'string',
    default: 'cpu',
    oneOf: ['cpu', 'cuda'],
    description: 'What computes the forecasts: cpu, or cuda (needs a GPU and ONNX Runtime with CUDA).',
  },
  predictMaxConcurrency: {
    kind: 'integer',
    min: 0,
    max: 1_000_000,
    default: 0,
    alsoEnv: ['PREDICT_MAX_CONCURRENCY'],
    description: 'Most requests dispatched to workers at once, the rest wait in the queue; 0: no limit.',
  },
  maxQueueLength: {
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    default: 2048,
    description: 'Most windows that wait for their first dispatch; beyond it requests are answered 503.',
  },
  maxBatchRows: {
    kind: 'integer',
    min: 1,
    max: 1024,
    default: 32,
    description: 'Most windows in one run of the model.',
  },
  maxQueueDelayUs: {
    kind: 'integer',
    min: 0,
    max: 1_000_000,
    default: 0,
    description: 'How long new windows may wait for a fuller batch; 0: a free worker never waits.',
  },
  maxStepsInFlight: {
    kind: 'integer',
    min: 1,
    max: 100_000_000,
    default: 1_000_000,
    description: 'Most forecast steps (series times horizon) of all requests under way; beyond it: 503.',
  },
  maxBytesInFlight: {
    kind: 'integer',
    min: 1024,
    max: 17_179_869_184,
    default: 67_108_864,
    description: 'Most bytes of request bodies held at once; beyond it: 503.',
  },
  adaptiveConcurrency: {
    kind: 'boolean',
    default: false,
    description: 'Limit the requests under way so that no queue stands; beyond the limit: 503.',
  },
  fairShare: {
    kind: 'boolean',
    default: true,
    description: 'Once half of the queue is taken, refuse clients that hold more than their share: 429.',
  },
  requestTimeoutMs: {
    kind: 'integer',
    min: 1,
    max: 3_600_000,
    default: 30_000,
    description: 'Longest time for one answer; X-Request-Timeout-Ms may ask for less. Beyond it: 504.',
  },
  receiveTimeoutMs: {
    kind: 'integer',
    min: 100,
    max: 3_600_000,
    default: 15_000,
    description: 'Longest time in which the headers and body of a request may arrive. Beyond it: 408.',
  },
  maxConnectionRequests: {
    kind: 'integer',
    min: 1,
    max: 1_000_000_000,
    default: 100_000,
    description:
      'Most requests on one connection; the last answer closes it. Each connection may have up to a fifth less.',
  },
  maxConnectionAgeMs: {
    kind: 'integer',
    min: 1,
    max: 86_400_000,
    default: 300_000,
    description: 'Age at which the next answer closes a connection. Each connection may have up to a fifth less.',
  },
  maxSeries: {
    kind: 'integer',
    min: 1,
    max: 100_000,
    default: 256,
    description: "Most entries of 'series' in one request.",
  },
  maxForecastRows: {
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    default: 20_000,
    description: 'Most forecast rows in one reply: series times horizon.',
  },
  bodyLimitBytes: {
    kind: 'integer',
    min: 1024,
    max: 1_073_741_824,
    default: 8_388_608,
    description: 'Largest request body. Beyond it: 413.',
  },
  enablePredictCache: {
    kind: 'boolean',
    default: false,
    alsoEnv: ['ENABLE_PREDICT_CACHE'],
    description: 'Answer equal requests from memory, until the model changes or the entry is too old.',
  },
  cacheMaxBytes: {
    kind: 'integer',
    min: 1024,
    max: 17_179_869_184,
    default: 33_554_432,
    description: 'Memory for cached answers.',
  },
  cacheTtlMs: {
    kind: 'integer',
    min: 1,
    max: 86_400_000,
    default: 60_000,
    description: 'How long a cached answer is good for.',
  },
  registryPollMs: {
    kind: 'integer',
    min: 50,
    max: 3_600_000,
    default: 1000,
    description: 'How often the registry is asked which model is current.',
  },
  versionPolicy: {
    kind: 'string',
    default: 'latest',
    description:
      'Which versions are loaded: latest (the promoted one), pinned:RUN_ID, or newest:N (the promoted one, and the N newest for who asks by version).',
  },
  models: {
    kind: 'string',
    default: '',
    description:
      'Further models that are served beside the first: NAME=REGISTRY or NAME=REGISTRY#POLICY, separated by commas; asked for as ?model=NAME.',
  },
  maxModelVersions: {
    kind: 'integer',
    min: 1,
    max: 64,
    default: 8,
    description: 'Most versions loaded, over all models; a swap may have one more of a model for a while.',
  },
  memoryReserveBytes: {
    kind: 'integer',
    min: 0,
    max: 1_099_511_627_776,
    default: 67_108_864,
    description: 'Memory that must stay free when another version is loaded; with less it is refused.',
  },
  rollbackWatchMs: {
    kind: 'integer',
    min: 0,
    max: 3_600_000,
    default: 60_000,
    description:
      'How long a new version is on trial: rolled back if it fails, gives values that are not finite, or is slow, compared with the one before. 0: not at all.',
  },
  waitForModel: {
    kind: 'boolean',
    default: true,
    alsoEnv: ['WAIT_FOR_MODEL'],
    description: 'Start without a model and stay not ready until there is one; false: refuse to start.',
  },
  modelWaitTimeout: {
    kind: 'integer',
    min: 0,
    max: 86_400,
    default: 0,
    alsoEnv: ['MODEL_WAIT_TIMEOUT'],
    description: 'Seconds to wait for the first model before the process gives up; 0: wait for ever.',
  },
  listenWhenReady: {
    kind: 'boolean',
    default: false,
    description:
      'Look for the first model before listening, for balancers that do not ask /ready and would send requests too early.',
  },
  drainNoticeMs: {
    kind: 'integer',
    min: 0,
    max: 3_600_000,
    default: 0,
    description:
      'After SIGTERM: how long it still answers, not ready and closing connections, so that balancers leave it out.',
  },
  drainGraceMs: {
    kind: 'integer',
    min: 0,
    max: 3_600_000,
    default: 25_000,
    description: 'How long requests under way may take to finish after SIGTERM and the notice.',
  },
  adminToken: {
    kind: 'secret',
    default: '',
    description: 'Bearer token of the admin routes; empty: they answer 404. Best given as FLTS_ADMIN_TOKEN.',
  },
  apiKeysFile: {
    kind: 'string',
    default: '',
    description: 'File of API keys, a line each: NAME SHA256-OF-THE-KEY-IN-HEX. Empty: no key is asked for.',
  },
  replicaId: {
    kind: 'string',
    default: '',
    description: 'X-Replica-Id of every reply; empty: a random name, new at each start.',
  },
  logLevel: {
    kind: 'string',
    default: 'info',
    oneOf: ['debug', 'info', 'warn', 'error', 'silent'],
    description: 'Least level that is logged: debug, info, warn, error or silent.',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

type ValueOf<S extends Setting> = S['kind'] extends 'integer' ? number : S['kind'] extends 'boolean' ? boolean : string;

/** Every setting with its value in force. */
export type Settings = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> };

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** The name in flts.yaml: `maxBatchRows` is `max_batch_rows`. */
export function fileKeyOf(name: SettingName): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The name as a flag: `maxBatchRows` is `--max-batch-rows`. */
export function flagOf(name: SettingName): string {
  return `--${fileKeyOf(name).replaceAll('_', '-')}`;
}

/** The environment names that are read, the first one wins: `FLTS_MAX_BATCH_ROWS`, then those of the seed's system. */
export function envNamesOf(name: SettingName): string[] {
  const spec: Setting = SETTINGS[name];
  return [`FLTS_${fileKeyOf(name).toUpperCase()}`, ...(spec.alsoEnv ?? [])];
}
