/**
 * Everything that can go wrong between a registry and the version that serves, in the real service: over HTTP, with
 * worker threads and a registry on S3. The old version serves on; the reason is in log, metrics and index; recovery
 * needs nobody. Most of it is waiting for the next try, so all faults live at once, each with a service of its own.
 */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode, IndexEntry } from '../../src/contract/index.js';
import { type ModelRegistry, openRegistry } from '../../src/registry/index.js';
import { FakeS3Server, type Kept, refuse } from '../support/fake-s3-server.js';
import { fixtureBundle, type FixtureOptions, payload, temporaryFolder } from '../support/fixture-registry.js';
import { driftModel, logModel } from '../support/onnx-fixture.js';
import { PROMOTE } from '../support/registry-contract.js';
import { post, serve, type TestService, until } from '../support/running-service.js';
import { type SmallDisk, smallDisk } from '../support/small-disk.js';

Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's', AWS_EC2_METADATA_DISABLED: 'true' });
const URI = 's3://models/flts';
const POINTER = '/models/flts/current.json';
/** A version that failed is tried again after half a minute; a source that is too slow is given up after as long. */
const PATIENCE_MS = 90_000;

/** A service that serves version 1 of a registry on S3, where versions 2 and 3 are to be promoted. */
interface Stage {
  readonly s3: FakeS3Server;
  readonly one: TestService;
  readonly flags: Parameters<typeof serve>[1];
  /** The registry as others see it. */
  readonly open: () => ModelRegistry;
  readonly disk: SmallDisk | null;
  /** Run ids of the versions, from the first on. */
  readonly runIds: readonly [string, string, string];
  /** The path of a file of version 2 on the server. */
  readonly pathOf: (name: string) => string;
  /** Makes a version the promoted one, whatever the server answers to others. */
  readonly promote: (version: 1 | 2 | 3) => void;
}

interface Fault {
  readonly name: string;
  /** What the second version is, where it is not like the others. */
  readonly second?: FixtureOptions;
  /** Makes the fault, with version 2 promoted; the answer ends it, and recovery has to follow. */
  readonly strike: (stage: Stage) => () => void;
  readonly code: ErrorCode;
  readonly reason: RegExp;
  readonly at: 'version' | 'registry';
  readonly event: 'model not taken' | 'registry cannot be read' | 'model rolled back';
  /** What serves in the end; 2 unless it can never serve. */
  readonly then?: 3;
}

const damaged =
  (name: string, change: (body: Buffer) => Buffer) =>
  ({ s3, pathOf, promote }: Stage): (() => void) => {
    const whole = s3.objects.get(pathOf(name))!;
    s3.damage(pathOf(name), change);
    promote(2);
    return () => s3.objects.set(pathOf(name), whole);
  };

const failing =
  (answer: FakeS3Server['fault']) =>
  ({ s3, promote }: Stage): (() => void) => {
    s3.fault = answer;
    promote(2);
    return () => (s3.fault = () => false);
  };

/** A version that is no good: only another one mends that. */
const promoted = ({ promote }: Stage): (() => void) => {
  promote(2);
  return () => {
    promote(3);
  };
};

const flipped = (body: Buffer): Buffer => Buffer.from(body.map((byte, i) => (i === 9 ? byte ^ 4 : byte)));
const wrongGolden = [Array<number>(11).fill(7)];
const refused = { at: 'version', event: 'model not taken' } as const;
const unreadable = { at: 'registry', event: 'registry cannot be read' } as const;
const corrupt = { code: 'FLTS_BUNDLE_CORRUPT', ...refused } as const;
const down = { code: 'FLTS_SOURCE_DOWN', ...unreadable } as const;

const FAULTS: readonly Fault[] = [
  {
    name: 'the registry is gone',
    strike: failing((_request, response) => {
      response.destroy();
      return true;
    }),
    reason: /current\.json cannot be read: ECONNRESET/,
    ...down,
  },
  {
    name: 'S3 answers 500',
    strike: failing((_request, response) => {
      refuse(response, 500, 'InternalError');
      return true;
    }),
    reason: /current\.json cannot be read: the server answers 500/,
    ...down,
  },
  {
    name: 'S3 answers 500 to the download of a model',
    strike: failing(({ url = '' }, response) => {
      if (!url.includes('model.onnx')) return false;
      refuse(response, 500, 'InternalError');
      return true;
    }),
    reason: /model\.onnx cannot be read: the server answers 500/,
    code: 'FLTS_SOURCE_DOWN',
    ...refused,
  },
  {
    name: 'S3 reads too slowly',
    strike: failing((_request, response, kept) => {
      response.writeHead(200, { 'content-length': kept?.body.length ?? 2 }).write('{');
      return true;
    }),
    reason: /did not answer within \d+ ms/,
    ...down,
  },
  {
    name: 'a truncated model',
    strike: damaged('model.onnx', (body) => body.subarray(1)),
    reason: /digest/,
    ...corrupt,
  },
  { name: 'a bit-flipped model', strike: damaged('model.onnx', flipped), reason: /digest/, ...corrupt },
  {
    name: 'a truncated bundle',
    strike: damaged('bundle.json', (body) => body.subarray(1)),
    reason: /not as it was written/,
    ...corrupt,
  },
  {
    name: 'a bit-flipped bundle',
    strike: damaged('bundle.json', flipped),
    reason: /not as it was written/,
    ...corrupt,
  },
  {
    name: 'a half-written pointer',
    strike: ({ s3, promote }) => {
      s3.damage(POINTER, (body) => body.subarray(0, 40));
      return () => {
        promote(2);
      };
    },
    reason: /current\.json is damaged: it is not JSON/,
    code: 'FLTS_BUNDLE_CORRUPT',
    ...unreadable,
  },
  {
    name: 'a wrong golden window',
    second: { goldenForecast: wrongGolden },
    strike: promoted,
    reason: /does not reproduce its golden window: 'down'/,
    code: 'FLTS_GOLDEN_MISMATCH',
    ...refused,
    then: 3,
  },
  {
    name: 'a change of shape',
    second: { model: (shape) => driftModel({ ...shape, targets: shape.targets - 1 }), goldenForecast: wrongGolden },
    strike: promoted,
    reason: /its output 'forecast' is float32 \[batch, 1, 10\], expected float32 \[batch, 1, 11\]/,
    ...corrupt,
    then: 3,
  },
  {
    name: 'a model that answers NaN',
    second: { model: logModel },
    strike: promoted,
    reason: /\d+ of its \d+ requests .* had values that are not finite/,
    code: 'FLTS_ROLLED_BACK',
    at: 'version',
    event: 'model rolled back',
    then: 3,
  },
  {
    name: 'a full disk',
    strike: ({ disk, promote }) => {
      disk!.fill();
      promote(2);
      return () => {
        disk!.free();
      };
    },
    reason: /^Cannot write .*: the disk is full\.$/,
    code: 'FLTS_CANNOT_WRITE',
    ...refused,
  },
];

async function write(registry: ModelRegistry, options: FixtureOptions): Promise<string> {
  const { bundle, model } = await fixtureBundle(options);
  await registry.write(bundle, model);
  return bundle.run_id;
}

async function setUp(fault: Fault, disk: SmallDisk | null): Promise<Stage & { end(): Promise<void> }> {
  const s3 = await FakeS3Server.start();
  const [writer, cache] = [temporaryFolder(), disk?.folder ?? temporaryFolder()];
  const opened: ModelRegistry[] = [];
  const open = (): ModelRegistry => {
    const registry = openRegistry(URI, {
      s3: { endpointUrl: s3.url, region: '' },
      mlflow: { trackingUri: '', username: '', password: '', token: '' },
      cache: { folder: join(writer, 'cache'), maxBytes: 1e9, holds: false },
    });
    opened.push(registry);
    return registry;
  };
  const registry = open();
  const runIds: [string, string, string] = ['', '', ''];
  const pointers: Kept[] = [];
  for (const [i, options] of [{}, fault.second ?? {}, {}].entries()) {
    runIds[i] = await write(registry, { name: `${fault.name} ${i}`, ...options });
    await registry.promote(runIds[i], PROMOTE);
    pointers.push(s3.objects.get(POINTER)!);
  }
  const promote = (version: 1 | 2 | 3): void => {
    s3.objects.set(POINTER, pointers[version - 1]!);
  };
  promote(1);
  const flags = { s3EndpointUrl: s3.url, modelCacheFolder: cache, rollbackWatchMs: '5000' };
  const one = await serve(URI, flags);
  const end = async (): Promise<void> => {
    await one.stop();
    for (const registry of opened) registry.close?.();
    await s3.stop();
    disk?.unmount();
  };
  return {
    s3,
    one,
    flags,
    open,
    disk,
    runIds,
    promote,
    pathOf: (name) => `/models/flts/models/${runIds[1]}/${name}`,
    end,
  };
}

/** Asks with values that some models make NaN of: status and version. */
async function ask(one: TestService): Promise<[number, unknown]> {
  const { data } = payload();
  data['up'] = Array<number>(30).fill(-1);
  const { status, json } = await post(one, { data });
  return [status, json['run_id']];
}

async function indexOf(one: TestService): Promise<IndexEntry[]> {
  return (await post(one, '', { path: '/v2/repository/index' })).json as unknown as IndexEntry[];
}

const problemsOf = async (one: TestService): Promise<string[]> =>
  (await (await fetch(`${one.url}/metrics`)).text())
    .split('\n')
    .filter((line) => /^inference_(model|registry)_problem\{/.test(line));

async function live(fault: Fault, disk: SmallDisk | null): Promise<void> {
  const { name, code, reason, at, event } = fault;
  const stage = await setUp(fault, disk);
  const { one } = stage;
  const [first, second, third] = stage.runIds;
  try {
    expect(await ask(one)).toEqual([200, first]);
    const mend = fault.strike(stage);
    const isSaid = async (): Promise<boolean> => {
      if (one.stats().current_run_id === second) await ask(one);
      return reason.test(one.stats().reason ?? '');
    };
    await until(isSaid, `${name} was noticed`, PATIENCE_MS);
    expect(await ask(one)).toEqual([200, first]);
    const version = at === 'version' ? second : '';
    const index = await indexOf(one);
    expect(index).toContainEqual({ name: 'default', version: first, state: 'READY', reason: '' });
    const entry = index.find((known) => known.version === version);
    expect(entry).toMatchObject({ reason: expect.stringMatching(reason) as string });
    const labels = at === 'version' ? `identifier="default",run_id="${version}"` : 'identifier="default"';
    const kind = at === 'version' ? 'model' : 'registry';
    expect(await problemsOf(one)).toEqual([`inference_${kind}_problem{${labels},code="${code}"} 1`]);
    const said = one.log.events.filter((line) => line.event === event);
    expect(said).toContainEqual(
      expect.objectContaining({
        facts: expect.objectContaining({ why: expect.stringMatching(reason) as string }) as object,
      }),
    );
    mend();
    const last = fault.then === 3 ? third : second;
    const isOver = (): boolean => one.stats().current_run_id === last && one.stats().reason === null;
    await until(isOver, `${name} is over`, PATIENCE_MS);
    expect(await ask(one)).toEqual([200, last]);
    expect(await problemsOf(one)).toEqual([]);
    expect((await indexOf(one)).filter((known) => reason.test(known.reason))).toEqual([]);
  } finally {
    await stage.end();
  }
}

it('two promoters at once: what the pointer names in the end serves, and nothing is amiss', async () => {
  const stage = await setUp({ ...FAULTS[0]!, name: 'two promoters' }, null);
  const { one, open, runIds } = stage;
  try {
    const pointers = await Promise.all(runIds.slice(1).map((runId) => open().promote(runId, PROMOTE)));
    const last = (await open().readPointer())!;
    expect(pointers).toContainEqual(last);
    const promotions = [last.run_id, ...(last.history ?? []).map(({ run_id: runId }) => runId)];
    expect(promotions.slice(0, 3).toSorted()).toEqual(runIds.toSorted());
    await until(() => one.stats().current_run_id === last.run_id, 'the last one serves');
    expect(await ask(one)).toEqual([200, last.run_id]);
    await until(() => one.stats().reason === null, 'the look has ended');
    expect([await problemsOf(one), one.log.events.filter(({ level }) => level !== 'info')]).toEqual([[], []]);
  } finally {
    await stage.end();
  }
});

it.each(['latest', 'newest:2'])(
  'a start without the registry (%s): what served last serves, and says why',
  async (policy) => {
    const stage = await setUp({ ...FAULTS[0]!, name: `start ${policy}` }, null);
    await stage.one.stop();
    stage.s3.fault = (_request, response) => {
      refuse(response, 500, 'InternalError');
      return true;
    };
    stage.promote(2);
    const one = await serve(URI, { ...stage.flags, versionPolicy: policy });
    try {
      expect(await ask(one)).toEqual([200, stage.runIds[0]]);
      const why = expect.stringMatching(/current\.json cannot be read: the server answers 500/) as string;
      expect(await indexOf(one)).toContainEqual({ name: 'default', version: '', state: 'UNAVAILABLE', reason: why });
      expect(one.stats()).toMatchObject({ status: 'ready', reason: why });
      expect(await problemsOf(one)).toEqual([
        'inference_registry_problem{identifier="default",code="FLTS_SOURCE_DOWN"} 1',
      ]);
      stage.s3.fault = () => false;
      const isOver = (): boolean => one.stats().current_run_id === stage.runIds[1] && one.stats().reason === null;
      await until(isOver, 'the promoted one serves', PATIENCE_MS);
      expect([await ask(one), await problemsOf(one)]).toEqual([[200, stage.runIds[1]], []]);
    } finally {
      await one.stop();
      await stage.end();
    }
  },
);

const disk = smallDisk(16 * 1024, 'a service whose disk is full');
const faults = FAULTS.filter(({ name }) => disk !== null || name !== 'a full disk');

describe('the old version serves on, says why everywhere, and nobody has to mend the service', () => {
  const lives = new Map<string, Promise<void>>();
  beforeAll(() => {
    for (const fault of faults) {
      const lived = live(fault, fault.name === 'a full disk' ? disk : null);
      // It is awaited by its own test.
      lived.catch(() => undefined);
      lives.set(fault.name, lived);
    }
  });

  it.each(faults.map(({ name }) => name))(
    '%s',
    async (name) => {
      await lives.get(name);
    },
    2 * PATIENCE_MS,
  );
});
