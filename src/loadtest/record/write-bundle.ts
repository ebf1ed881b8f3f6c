import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { HistogramLogWriter } from 'hdr-histogram-js';
import {
  FltsError,
  HISTOGRAMS_FILE,
  type Run,
  RUN_FILE,
  type RunSample,
  SAMPLES_FILE,
  SERVER_FILE,
  SHARD_FILE,
  type ServerSample,
} from '../../contract/index.js';
import { OUTCOMES, type PhaseRecorder } from './phase-recorder.js';
import { packShard, type ShardFile } from './shard-file.js';

/** Lines that are handed to the compressor at once. */
const LINES_PER_CHUNK = 500;

function cannotWrite(path: string, cause: unknown): FltsError {
  const reason = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
  return new FltsError('FLTS_CANNOT_WRITE', `${path} cannot be written: ${reason}.`, { cause });
}

/** Writes a file beside its place and moves it there when it is whole; a failure leaves nothing behind. */
async function atomically(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cannotWrite(path, cause);
  }
}

async function* lines(values: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<string> {
  let chunk = '';
  let count = 0;
  for await (const value of values) {
    chunk += `${JSON.stringify(value)}\n`;
    if (++count % LINES_PER_CHUNK === 0) {
      yield chunk;
      chunk = '';
    }
  }
  yield chunk;
}

function writeLines(path: string, values: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
  return atomically(path, (temporary) =>
    pipeline(Readable.from(lines(values)), createGzip({ level: 6 }), createWriteStream(temporary)),
  );
}

/** HdrHistogram log V2, one interval per phase, generator and outcome; times are seconds since the epoch. */
export function histogramLog(recorders: readonly PhaseRecorder[], epochMs: number): string {
  let text = '';
  const writer = new HistogramLogWriter((part) => (text += part));
  writer.outputLogFormatVersion();
  writer.outputStartTime(epochMs);
  writer.outputLegend();
  for (const { phase, histograms, windowEndUs } of recorders) {
    const startS = (epochMs + phase.plan.startUs / 1000) / 1000;
    const endS = (epochMs + windowEndUs / 1000) / 1000;
    for (const [generator, outcomes] of histograms) {
      for (const outcome of OUTCOMES) {
        const histogram = outcomes[outcome];
        if (histogram.count === 0) continue;
        histogram.inner.tag = `${phase.name}/${generator}/${outcome}`;
        writer.outputIntervalHistogram(histogram.inner, startS, endS, 1000);
      }
    }
  }
  return text;
}

/** Makes the folder and proves that it can be written to, before a long run is spent on it. Throws FLTS_CANNOT_WRITE. */
export async function prepareBundleFolder(folder: string): Promise<void> {
  const probe = join(folder, `.write-probe.${process.pid}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(probe, '');
  } catch (cause) {
    throw cannotWrite(folder, cause);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

/** Writes run.json alone, atomically. */
export function writeRun(folder: string, run: Run): Promise<void> {
  return atomically(join(folder, RUN_FILE), (temporary) => writeFile(temporary, `${JSON.stringify(run, null, 2)}\n`));
}

/**
 * Writes a whole bundle; `run.json` goes away first and comes last, so that a folder with it is complete. Throws
 * FLTS_CANNOT_WRITE and leaves no half file.
 */
export async function writeBundle(
  folder: string,
  parts: {
    readonly run: Run;
    readonly recorders: readonly PhaseRecorder[];
    readonly samples: Iterable<RunSample> | AsyncIterable<RunSample>;
    readonly server: readonly ServerSample[];
    readonly epochMs: number;
    /** What a shard leaves for merging; null where the run is whole. */
    readonly shard: ShardFile | null;
  },
): Promise<void> {
  await rm(join(folder, RUN_FILE), { force: true });
  await atomically(join(folder, HISTOGRAMS_FILE), (temporary) =>
    writeFile(temporary, histogramLog(parts.recorders, parts.epochMs)),
  );
  await writeLines(join(folder, SAMPLES_FILE), parts.samples);
  await writeLines(join(folder, SERVER_FILE), parts.server);
  const { shard } = parts;
  if (shard !== null) {
    await atomically(join(folder, SHARD_FILE), (temporary) => writeFile(temporary, packShard(shard)));
  }
  await writeRun(folder, parts.run);
}
