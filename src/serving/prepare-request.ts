import { FltsError, MAX_HORIZON, MAX_LEVELS } from '../contract/index.js';
import type { ModelSpec } from './model-spec.js';
import { clip, listNames, quote } from './payload-text.js';
import { type PreparedWindow, prepareWindow } from './prepare-window.js';

/** A request that passed every check. */
export interface PreparedRequest {
  /** Whether the request sent `data` (one window, no id) or `series`. */
  readonly kind: 'data' | 'series';
  /** At least one; in request order. */
  readonly windows: readonly PreparedWindow[];
  /** Steps to forecast, 1..10000. */
  readonly horizon: number;
  /** Percentages in (0, 100), distinct, in request order. */
  readonly levels: readonly number[];
}

export interface RequestLimits {
  readonly maxSeries: number;
  /** Most forecast rows (series × horizon) in one reply. */
  readonly maxForecastRows: number;
}

const MAX_ID_CHARS = 256;

/**
 * Checks a parsed body against the model that will serve it, and forms its windows (CONTRACT §1). `queryHorizon` is
 * the query parameter `inference_length`, which goes before the body's; undefined where there is none.
 * Throws FltsError: 422 for parameters, 400 for everything about the data.
 */
export function prepareRequest(
  spec: ModelSpec,
  body: unknown,
  queryHorizon: unknown,
  limits: RequestLimits,
): PreparedRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw dataMissing();
  const request = body as Readonly<Record<string, unknown>>;
  const data = own(request, 'data');
  const series = own(request, 'series');
  const hasData = data !== undefined && data !== null && !isEmptyObject(data);
  const hasSeries = series !== undefined && series !== null && !(Array.isArray(series) && series.length === 0);
  if (!hasData && !hasSeries) throw dataMissing();
  if (hasData && hasSeries) {
    throw new FltsError('FLTS_BAD_SERIES', "Request payload must include either 'data' or 'series', not both");
  }
  const horizon = readHorizon(queryHorizon, own(request, 'inference_length'));
  boundHorizon(spec, horizon);
  const levels = readLevels(own(request, 'level'));
  const indexColumn = own(request, 'index_col');
  if (hasData) {
    boundForecastRows(1, horizon, limits);
    return { kind: 'data', windows: [prepareWindow(spec, data, indexColumn, horizon, null)], horizon, levels };
  }
  const entries = readSeries(series, limits);
  boundForecastRows(entries.length, horizon, limits);
  const windows = entries.map((entry) => prepareEntry(spec, entry, indexColumn, horizon));
  return { kind: 'series', windows, horizon, levels };
}

/** Own properties only: a body may call a key `__proto__` or `constructor`, and mean nothing by it. */
function own(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

function dataMissing(): FltsError {
  return new FltsError('FLTS_DATA_MISSING', "Request payload must include a non-empty 'data' object");
}

function readHorizon(query: unknown, body: unknown): number {
  const raw = query ?? body ?? 1;
  // A query carries text; in the body a number is meant as a number.
  const value =
    query === undefined ? raw : typeof query === 'string' && /^\d+$/.test(query) ? Number(query) : Number.NaN;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_HORIZON) return value;
  throw new FltsError(
    'FLTS_BAD_PARAMETER',
    `'inference_length' must be an integer from 1 to ${MAX_HORIZON}, got ${quote(raw)}`,
  );
}

/** Throws FLTS_HORIZON_BEYOND_MODEL. */
function boundHorizon(spec: ModelSpec, horizon: number): void {
  if (horizon <= spec.horizonMax) return;
  const unknown = spec.columns.filter((column) => column.target < 0).map((column) => column.name);
  throw new FltsError(
    'FLTS_HORIZON_BEYOND_MODEL',
    `'inference_length' must be at most ${spec.horizonMax}, got ${horizon}: the model does not predict ${listNames(unknown)}, which it needs to go on from its own forecast`,
  );
}

function readLevels(raw: unknown): readonly number[] {
  if (raw === undefined || raw === null) return [];
  const list: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  if (list.length > MAX_LEVELS) {
    throw new FltsError('FLTS_BAD_PARAMETER', `'level' must have at most ${MAX_LEVELS} entries, got ${list.length}`);
  }
  const levels: number[] = [];
  for (const level of list) {
    if (typeof level !== 'number' || !(level > 0 && level < 100)) {
      throw new FltsError(
        'FLTS_BAD_PARAMETER',
        `'level' must be percentages above 0 and below 100, such as [80, 95], got ${quote(level)}`,
      );
    }
    if (!levels.includes(level)) levels.push(level);
  }
  return levels;
}

function boundForecastRows(series: number, horizon: number, limits: RequestLimits): void {
  const rows = series * horizon;
  if (rows <= limits.maxForecastRows) return;
  throw new FltsError(
    'FLTS_BAD_PARAMETER',
    `The request asks for ${rows} forecast rows (${series} series, ${horizon} steps); this server answers at most ${limits.maxForecastRows}`,
  );
}

interface SeriesEntry {
  readonly id: string;
  readonly data: unknown;
  readonly indexColumn: unknown;
}

function readSeries(raw: unknown, limits: RequestLimits): SeriesEntry[] {
  if (!Array.isArray(raw)) throw new FltsError('FLTS_BAD_SERIES', "'series' must be a list of {id, data}");
  const list: readonly unknown[] = raw;
  if (list.length > limits.maxSeries) {
    throw new FltsError(
      'FLTS_BAD_SERIES',
      `'series' must have at most ${limits.maxSeries} entries, got ${list.length}`,
    );
  }
  const seen = new Set<string>();
  return list.map((entry, i) => {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      throw new FltsError('FLTS_BAD_SERIES', `Entry ${i + 1} of 'series' must be an object {id, data}`);
    }
    const fields = entry as Readonly<Record<string, unknown>>;
    const id = own(fields, 'id');
    if (typeof id !== 'string' || id === '' || id.length > MAX_ID_CHARS) {
      throw new FltsError(
        'FLTS_BAD_SERIES',
        `Entry ${i + 1} of 'series' must have an id of 1 to ${MAX_ID_CHARS} characters`,
      );
    }
    if (seen.has(id)) throw new FltsError('FLTS_BAD_SERIES', `'series' has the id '${clip(id)}' twice`);
    seen.add(id);
    return { id, data: own(fields, 'data'), indexColumn: own(fields, 'index_col') };
  });
}

/** As for `data`; messages say which series they speak of. */
function prepareEntry(spec: ModelSpec, entry: SeriesEntry, indexColumn: unknown, horizon: number): PreparedWindow {
  try {
    if (entry.data === undefined || entry.data === null || isEmptyObject(entry.data)) throw dataMissing();
    return prepareWindow(spec, entry.data, entry.indexColumn ?? indexColumn, horizon, entry.id);
  } catch (error) {
    if (!(error instanceof FltsError)) throw error;
    throw new FltsError(error.code, `Series '${clip(entry.id)}': ${error.message}`, { cause: error });
  }
}
