import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip, gunzipSync } from 'node:zlib';
import { HistogramLogReader } from 'hdr-histogram-js';
import {
  FltsError,
  HISTOGRAMS_FILE,
  parseRun,
  type Run,
  RUN_FILE,
  type RunSample,
  SAMPLES_FILE,
  SERVER_FILE,
  type ServerSample,
  SHARD_FILE,
} from '../contract/index.js';
import { seededRandom } from '../domain/arrivals/index.js';
import { parseRequirement } from '../domain/stats/index.js';
import { assembleRun } from './assemble-run.js';
import type { DrivenPhase } from './drive-phases.js';
import { residentMemory } from './probe/resident-memory.js';
import { restartsOf } from './probe/restarts.js';
import { loadHistograms } from './record/histogram.js';
import { OUTCOMES, PhaseRecorder } from './record/phase-recorder.js';
import { EXTRA_MAX, RESERVOIR_MAX } from './record/sample-store.js';
import { type ShardFile, unpackShard } from './record/shard-file.js';
import { prepareBundleFolder, writeBundle } from './record/write-bundle.js';
import type { RunResult } from './run-load-test.js';

const SAMPLES_MAX = RESERVOIR_MAX + EXTRA_MAX;

interface ShardBundle {
  readonly folder: string;
  /** What messages call the folder. */
  readonly place: string;
  readonly run: Run;
  readonly file: ShardFile;
}

function refuse(text: string, cause?: unknown): FltsError {
  return new FltsError('FLTS_RUN_BUNDLE', text, cause === undefined ? {} : { cause });
}

async function readShard(folder: string, place: string): Promise<ShardBundle> {
  const path = `${place}/${RUN_FILE}`;
  const text = await readFile(join(folder, RUN_FILE), 'utf8').catch((cause: unknown) => {
    throw refuse(`${path} cannot be read; a run bundle has at least that file.`, cause);
  });
  const run = parseRun(text, path);
  if (run.shard === undefined) throw refuse(`${place} is no shard: it was not made with --shard.`);
  try {
    return { folder, place, run, file: unpackShard(await readFile(join(folder, SHARD_FILE))) };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw refuse(`${place}/${SHARD_FILE} cannot be used: ${said}.`, cause);
  }
}

/** The shards in order. Throws FLTS_RUN_BUNDLE when they are not all parts of one load, each once. */
function ordered(shards: readonly ShardBundle[]): [ShardBundle, ...ShardBundle[]] {
  const [first, ...others] = shards.toSorted((a, b) => (a.run.shard?.index ?? 0) - (b.run.shard?.index ?? 0));
  if (first === undefined)
    throw new FltsError('FLTS_USAGE', 'There is nothing to merge: name the folders of the shards.');
  const { count = 1, scenario_sha256: digest, start_at: startAt } = first.run.shard ?? {};
  for (const { place, run } of others) {
    if (run.shard?.scenario_sha256 !== digest) throw refuse(`${place} ran another scenario than ${first.place}.`);
    if (run.shard?.start_at !== startAt) throw refuse(`${place} started at another time than ${first.place}.`);
    if (run.shard?.count !== count) throw refuse(`${place} is of another number of shards than ${first.place}.`);
  }
  const there = [first, ...others].map(({ run }) => run.shard?.index ?? 0);
  const missing = Array.from({ length: count }, (_, i) => i).filter((i) => !there.includes(i));
  if (missing.length > 0) throw refuse(`Of ${count} shards these are missing: ${missing.join(', ')}.`);
  if (new Set(there).size !== there.length) throw refuse('A shard was named twice.');
  return [first, ...others];
}

/** Adds the histograms of a log to the recorders of their phases. */
export function addHistogramLog(text: string, recorders: ReadonlyMap<string, PhaseRecorder>): void {
  const reader = new HistogramLogReader(text, 32, true);
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
    const [phase = '', generator = '', tag] = next.tag.split('/');
    const outcome = OUTCOMES.find((known) => known === tag);
    if (outcome !== undefined) recorders.get(phase)?.addHistogram(Number(generator), outcome, next);
    next.destroy();
  }
}

async function mergePhases(shards: readonly ShardBundle[], driven: DrivenPhase[]): Promise<void> {
  const recorders = new Map(driven.map(({ recorder }) => [recorder.phase.name, recorder]));
  for (const { folder, place, file } of shards) {
    for (const { state } of file.phases) recorders.get(state.phase.name)?.merge(state);
    try {
      addHistogramLog(await readFile(join(folder, HISTOGRAMS_FILE), 'utf8'), recorders);
    } catch (cause) {
      throw refuse(`${place}/${HISTOGRAMS_FILE} is missing or damaged: without it the shards cannot be merged.`, cause);
    }
  }
}

/** Samples of all shards on the first one's clock; of more than a bundle holds, a seeded share, and all the extras. */
async function* mergedSamples(shards: readonly ShardBundle[]): AsyncGenerator<RunSample> {
  const epochMs = shards[0]?.file.epochMs ?? 0;
  const kept = shards.reduce((sum, { run }) => sum + (run.samples?.kept ?? 0), 0);
  const share = Math.min(1, SAMPLES_MAX / Math.max(1, kept));
  const random = seededRandom(1);
  for (const { folder, file } of shards) {
    const shiftUs = Math.round((file.epochMs - epochMs) * 1000);
    const input = createReadStream(join(folder, SAMPLES_FILE)).pipe(createGunzip());
    for await (const line of createInterface({ input })) {
      if (line === '' || random() >= share) continue;
      const sample = JSON.parse(line) as RunSample;
      yield {
        ...sample,
        intended_us: sample.intended_us + shiftUs,
        sent_us: sample.sent_us + shiftUs,
        first_byte_us: sample.first_byte_us === null ? null : sample.first_byte_us + shiftUs,
        done_us: sample.done_us + shiftUs,
      };
    }
  }
}

/** Every shard asked the same target once a second: the first one's answers speak for all. */
async function serverOf({ folder }: ShardBundle): Promise<ServerSample[]> {
  const bytes = await readFile(join(folder, SERVER_FILE)).catch(() => null);
  if (bytes === null) return [];
  return gunzipSync(bytes)
    .toString('utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ServerSample]));
}

function headOf(shards: readonly [ShardBundle, ...ShardBundle[]]) {
  const runs = shards.map(({ run }) => run);
  const sum = (read: (run: Run) => number | undefined): number =>
    runs.reduce((total, run) => total + (read(run) ?? 0), 0);
  const probes = sum((run) => run.readiness_probes);
  // What is taken anew takes the place of what the first shard said.
  const rest = { ...shards[0].run };
  delete rest.shard;
  return {
    ...rest,
    run_id: randomUUID(),
    merged_from: runs.map((run) => run.run_id ?? 'unknown'),
    interrupted: runs.some((run) => run.interrupted === true),
    generators: { processes: sum((run) => run.generators?.processes), keep_alive: rest.generators?.keep_alive ?? true },
    uptime: probes === 0 ? null : sum((run) => (run.uptime ?? 0) * (run.readiness_probes ?? 0)) / probes,
    readiness_probes: probes,
    samples: {
      kept: Math.min(
        SAMPLES_MAX,
        sum((run) => run.samples?.kept),
      ),
      of: sum((run) => run.samples?.of),
    },
  };
}

/**
 * Puts the shards of one load together, as if one generator had driven it: histograms and counts add up without loss,
 * and figures, validity and verdict are taken anew. Throws FLTS_RUN_BUNDLE when the folders are not all the shards of
 * one load, FLTS_USAGE, FLTS_CANNOT_WRITE. `placeOf` says what messages call a folder, where it is a copy.
 */
export async function mergeRuns(
  folders: readonly string[],
  outDir: string,
  placeOf: (folder: string) => string = (folder) => folder,
): Promise<RunResult> {
  const shards = ordered(await Promise.all(folders.map((folder) => readShard(folder, placeOf(folder)))));
  await prepareBundleFolder(outDir);
  await loadHistograms();
  const [{ file }] = shards;
  const driven: DrivenPhase[] = file.phases.map(({ state }) => {
    const parts = shards.flatMap((shard) =>
      shard.file.phases.filter((part) => part.state.phase.name === state.phase.name),
    );
    return {
      recorder: new PhaseRecorder(state.phase),
      generators: parts.flatMap(({ generators }) => generators),
      problems: parts.flatMap(({ problems }) => problems),
    };
  });
  try {
    await mergePhases(shards, driven);
    const server = await serverOf(shards[0]);
    const run = assembleRun({
      head: headOf(shards),
      driven,
      requirements: file.requirements.flatMap((text) => {
        const parsed = parseRequirement(text);
        return typeof parsed === 'string' ? [] : [parsed];
      }),
      seed: file.seed,
      rss: residentMemory(server),
      restarts: restartsOf(server, file.epochMs),
      warnings: [`Merged from ${shards.length} shards.`],
    });
    const recorders = driven.map(({ recorder }) => recorder);
    await writeBundle(outDir, {
      run,
      recorders,
      samples: mergedSamples(shards),
      server,
      epochMs: file.epochMs,
      shard: null,
    });
    return { run, folder: outDir };
  } finally {
    for (const { recorder } of driven) recorder.destroy();
  }
}
