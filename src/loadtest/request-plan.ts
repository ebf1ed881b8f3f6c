import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FltsError, type ScenarioRequest } from '../contract/index.js';
import type { ConnectionSettings } from './generator/http-connection.js';
import type { RequestPlan } from './generator/messages.js';
import { type BodyPlan, templateProblems } from './payload/body-plan.js';
import { csvWindows } from './payload/csv-windows.js';
import { LTE_COLUMNS, syntheticWindows } from './payload/synthetic-windows.js';
import { asciiJson } from './payload/window-table.js';
import { resolveTarget, type Target } from './scenario/resolve-target.js';

/** The seed system's kind of request: 30 rows, 2 minutes apart, one step ahead. */
const DEFAULTS = { path: '/predict', rows: 30, stepS: 120, horizon: 1, timeoutS: 30 } as const;

const listOf = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];

async function windowsOf(request: ScenarioRequest, seed: number, folder: string): Promise<BodyPlan> {
  const rows = request.rows ?? DEFAULTS.rows;
  const stepS = request.step_s ?? DEFAULTS.stepS;
  const horizons = listOf(request.horizon ?? DEFAULTS.horizon);
  const horizon = horizons[0] ?? DEFAULTS.horizon;
  const tables =
    request.data === undefined
      ? [syntheticWindows({ seed, columns: request.columns ?? LTE_COLUMNS, rows, stepS, horizon })]
      : await Promise.all(
          listOf(request.data).map((path) =>
            csvWindows(resolve(folder, path), { columns: request.columns ?? null, rows, stepS, horizon }),
          ),
        );
  const template = request.template ?? null;
  const problems = template === null ? [] : tables.flatMap(({ columns }) => templateProblems(template, columns));
  if (problems.length > 0)
    throw new FltsError('FLTS_SCENARIO', `In the request, ${[...new Set(problems)].join('; ')}.`);
  return { tables, horizons, template };
}

async function connectionOf(request: ScenarioRequest, folder: string): Promise<ConnectionSettings> {
  const ca = request.tls?.ca;
  return {
    keepAlive: request.keep_alive ?? true,
    requestsMax: request.requests_per_connection ?? Number.POSITIVE_INFINITY,
    tlsInsecure: request.tls?.insecure ?? false,
    tlsCa:
      ca === undefined
        ? null
        : await readFile(resolve(folder, ca), 'utf8').catch((cause: unknown) => {
            throw new FltsError('FLTS_FILE_NOT_FOUND', `The authority's certificate ${ca} cannot be read.`, { cause });
          }),
  };
}

/** A service of a shape of its own answers in a shape of its own. */
function defaultCheck(request: ScenarioRequest, windows: BodyPlan | null): RequestPlan['check'] {
  if (windows === null) return 'status';
  return request.template === undefined ? 'predictions' : 'json';
}

/**
 * The request of a scenario against a target. Windows are generated for a POST without a fixed body. Throws
 * FLTS_SCENARIO and what reading a data file throws.
 */
export async function requestPlan(
  request: ScenarioRequest,
  target: Target,
  seed: number,
  folder: string,
): Promise<RequestPlan> {
  const headers = request.headers ?? {};
  const method = request.method ?? 'POST';
  const windows = method === 'POST' && request.body === undefined ? await windowsOf(request, seed, folder) : null;
  return {
    endpoint: target.endpoint,
    connection: await connectionOf(request, folder),
    method,
    path: `${target.prefix}${request.path ?? DEFAULTS.path}`,
    hostHeader: target.hostHeader,
    headers,
    body: request.body === undefined ? null : asciiJson(request.body),
    windows,
    check: request.check ?? defaultCheck(request, windows),
    expect: request.expect ?? {},
    timeoutMs: (request.timeout_s ?? DEFAULTS.timeoutS) * 1000,
  };
}

/** The request that does nothing: what the instrument's own floor is measured on. */
export function nullRequestPlan(plan: RequestPlan, target: Target, nullUrl: string | null): RequestPlan {
  const floor = { ...plan, method: 'GET', body: null, windows: null, check: 'status' as const, expect: {} };
  if (nullUrl === null) return { ...floor, path: `${target.prefix}/livez` };
  if (nullUrl.startsWith('/')) return { ...floor, path: `${target.prefix}${nullUrl}` };
  const other = resolveTarget(nullUrl);
  return {
    ...floor,
    endpoint: other.endpoint,
    hostHeader: other.hostHeader,
    path: other.prefix === '' ? '/' : other.prefix,
  };
}

/** What a bundle says of the request: everything but the values of headers. */
export function describeRequest(plan: RequestPlan, request: ScenarioRequest): Record<string, unknown> {
  const { windows } = plan;
  return {
    method: plan.method,
    path: plan.path.split('?', 1)[0],
    header_names: Object.keys(plan.headers),
    check: plan.check,
    keep_alive: plan.connection.keepAlive,
    timeout_s: plan.timeoutMs / 1000,
    ...(windows === null
      ? { body: plan.body === null ? 'none' : 'fixed' }
      : {
          body: describeBody(request),
          rows: windows.tables[0]?.rows ?? 0,
          step_s: windows.tables[0]?.stepS ?? 0,
          columns: windows.tables[0]?.columns.length ?? 0,
          ...(windows.tables.length > 1 ? { series: windows.tables.length } : {}),
          horizon: windows.horizons.length === 1 ? windows.horizons[0] : windows.horizons.join(', '),
        }),
  };
}

function describeBody(request: ScenarioRequest): string {
  const source = request.data === undefined ? 'synthetic windows' : 'windows from a CSV file';
  return request.template === undefined ? source : `${source}, in a template`;
}
