import { type ErrorCode, ERRORS, FltsError } from '../../contract/index.js';
import { formatTimestamp, type Series, timeOfRow } from '../../domain/forecast/index.js';
import type { ForecastResult } from './local-forecast.js';

/** Rows that are sent at most: models look back far less. */
const ROWS_SENT = 500;
const TIMEOUT_MS = 60_000;

/**
 * The same forecast through a service: POST /predict with the last rows of the series. Throws FLTS_TARGET_DOWN when it
 * does not answer, or the service's own error.
 */
export async function remoteForecast(
  target: string,
  series: Series,
  horizon: number,
  levels: readonly number[],
  apiKey: string | undefined,
  signal: AbortSignal,
): Promise<ForecastResult> {
  const url = predictUrl(target);
  const body = JSON.stringify({
    data: lastRows(series),
    inference_length: horizon,
    ...(levels.length === 0 ? {} : { level: levels }),
  });
  const headers = { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }) };
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const { status, text } = await fetch(url, { method: 'POST', headers, body, signal: bounded }).then(
    async (response) => ({ status: response.status, text: await response.text() }),
    (cause: unknown) => {
      if (signal.aborted) throw new FltsError('FLTS_INTERRUPTED', 'Interrupted while the service was asked.');
      throw new FltsError('FLTS_TARGET_DOWN', `${url.origin} does not answer.`, { cause });
    },
  );
  const reply = parseReply(text);
  if (status !== 200 || reply === null) throw refusal(url, status, reply);
  return readReply(url, reply);
}

function predictUrl(target: string): URL {
  try {
    return new URL('predict', target.endsWith('/') ? target : `${target}/`);
  } catch (cause) {
    throw new FltsError('FLTS_USAGE', `--target takes a URL such as http://127.0.0.1:8000, not '${target}'.`, {
      cause,
    });
  }
}

function lastRows(series: Series): Record<string, unknown[]> {
  const from = Math.max(0, series.rows - ROWS_SENT);
  const rows = Array.from({ length: series.rows - from }, (_, i) => from + i);
  const width = series.columns.length;
  return {
    ts: rows.map((row) => formatTimestamp(timeOfRow(series, row), true)),
    ...Object.fromEntries(
      series.columns.map((name, column) => [name, rows.map((row) => series.values[row * width + column])]),
    ),
  };
}

type Json = Readonly<Record<string, unknown>>;

function parseReply(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : null;
  } catch {
    // What is not JSON did not come from this service.
    return null;
  }
}

function refusal(url: URL, status: number, reply: Json | null): FltsError {
  const detail = typeof reply?.['detail'] === 'string' ? reply['detail'] : null;
  if (detail === null) {
    return new FltsError('FLTS_TARGET_DOWN', `${url.href} answered ${status}, not a forecast.`, {
      remedy: 'Check that the URL is that of an flts service.',
    });
  }
  const code = typeof reply?.['code'] === 'string' && Object.hasOwn(ERRORS, reply['code']) ? reply['code'] : null;
  return new FltsError((code ?? 'FLTS_BAD_REQUEST') as ErrorCode, `${url.origin} answered ${status}: ${detail}`);
}

function readReply(url: URL, reply: Json): ForecastResult {
  const rows = reply['predictions'];
  if (!Array.isArray(rows)) {
    throw new FltsError('FLTS_TARGET_DOWN', `${url.href} answered without predictions.`);
  }
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    runId: text(reply['run_id']),
    modelType: text(reply['model_type']),
    rows: rows as ForecastResult['rows'],
    intervals: (reply['intervals'] ?? {}) as ForecastResult['intervals'],
    warnings: Array.isArray(reply['warnings']) ? reply['warnings'].map(String) : [],
  };
}
