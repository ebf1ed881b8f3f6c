import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { type Histogram, HistogramLogReader, initWebAssembly } from 'hdr-histogram-js';
import { HISTOGRAMS_FILE, type RunSample, SAMPLES_FILE, SERVER_FILE, type ServerSample } from '../contract/index.js';
import { AttributionBuilder } from './evidence/attribution-builder.js';
import { ModelRunBuilder } from './evidence/model-run-builder.js';
import { readRunFile } from './read-run-file.js';
import type { DistributionPoint, RunBundle, SampleFold } from './run-bundle.js';
import { TimelineBuilder } from './timeline.js';

/** Lines beyond these are not read; no bundle of ours has more. */
const LINES_MAX = 2_100_000;
const LINE_CHARS_MAX = 1024 * 1024;
const PERCENTILE_POINTS = [
  0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 98, 98.5, 99, 99.25, 99.5, 99.75, 99.9, 99.95, 99.99,
  99.999,
];

/** A reason in words when an optional part cannot be used; undefined = it is not there. */
function gap(file: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `${file} is not in the bundle.`;
  return `${file} is damaged (${message}); what it would have shown is left out.`;
}

/** Reads a gzipped file of JSON lines; rejects on the first fault of file, compression or line. */
function readLines(path: string, take: (value: unknown) => void): Promise<void> {
  let lines = 0;
  const takeLine = (line: string): void => {
    if (line !== '' && lines++ < LINES_MAX) take(JSON.parse(line));
  };
  return pipeline(createReadStream(path), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for await (const chunk of chunks) {
      const pieces = (rest + decoder.write(chunk)).split('\n');
      rest = pieces.pop() ?? '';
      if (rest.length > LINE_CHARS_MAX) throw new Error('an endless line');
      pieces.forEach(takeLine);
    }
    takeLine(rest + decoder.end());
  });
}

/** Every sample once through all folds; rejects where the file is damaged: what was folded until then is not whole. */
async function foldSamples(path: string, folds: readonly SampleFold[]): Promise<true> {
  await readLines(path, (value) => {
    for (const fold of folds) fold.add(value as RunSample);
  });
  return true;
}

function distributionOf(histogram: Histogram): DistributionPoint[] {
  const n = histogram.totalCount;
  const points = PERCENTILE_POINTS.filter((percentile) => percentile <= 100 * (1 - 1 / n));
  return points.map((percentile) => ({
    percentile,
    ms: Math.min(histogram.getValueAtPercentile(Math.max(percentile, 100 / n)), histogram.maxValue) / 1000,
  }));
}

/** Distributions of right answers by phase, generators merged (histograms add up without loss). */
async function readDistributions(path: string): Promise<Map<string, DistributionPoint[]>> {
  await initWebAssembly();
  const reader = new HistogramLogReader(await readFile(path, 'utf8'), 32, true);
  const merged = new Map<string, Histogram>();
  try {
    for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
      const [phase = '', , outcome] = next.tag.split('/');
      const known = merged.get(phase);
      if (outcome !== 'ok' || known !== undefined) {
        if (outcome === 'ok') known?.add(next);
        next.destroy();
      } else merged.set(phase, next);
    }
    return new Map([...merged].map(([phase, histogram]) => [phase, distributionOf(histogram)]));
  } finally {
    for (const histogram of merged.values()) histogram.destroy();
  }
}

/**
 * Reads a run bundle: a folder, or a `run.json` alone. Parts beside run.json may be missing or damaged: then `gaps`
 * says so. Throws FLTS_RUN_BUNDLE or FLTS_BUNDLE_VERSION for run.json itself.
 */
export async function readRunBundle(path: string): Promise<RunBundle> {
  const { run, folder } = await readRunFile(path);
  const gaps: string[] = [];
  const optional = async <T>(file: string, read: (path: string) => Promise<T>, otherwise: T): Promise<T> => {
    if (folder === null) return otherwise;
    try {
      return await read(join(folder, file));
    } catch (error) {
      gaps.push(gap(file, error));
      return otherwise;
    }
  };
  const distributions = await optional(HISTOGRAMS_FILE, readDistributions, new Map<string, DistributionPoint[]>());
  const timeline = new TimelineBuilder();
  const requests = new AttributionBuilder();
  const modelRuns = new ModelRunBuilder(run);
  const folds: readonly SampleFold[] = [timeline, requests, modelRuns];
  const hasSamples = await optional(SAMPLES_FILE, (file) => foldSamples(file, folds), false);
  const server: ServerSample[] = [];
  await optional(SERVER_FILE, (file) => readLines(file, (value) => server.push(value as ServerSample)), undefined);
  return {
    run,
    distributions,
    timeline: hasSamples ? timeline.points() : [],
    attribution: hasSamples ? requests.sets() : new Map(),
    modelRuns: hasSamples ? modelRuns.curve() : null,
    server,
    gaps,
  };
}
