import { resolve } from 'node:path';
import { FltsError, type ScenarioRequest } from '../contract/index.js';
import type { RequestPlan } from './generator/messages.js';
import { csvWindows } from './payload/csv-windows.js';
import { LTE_COLUMNS, syntheticWindows } from './payload/synthetic-windows.js';
import { asciiJson, type WindowTable } from './payload/window-table.js';
import { resolveTarget, type Target } from './scenario/resolve-target.js';

/** The seed system's kind of request: 30 rows, 2 minutes apart, one step ahead. */
const DEFAULTS = { path: '/predict', rows: 30, stepS: 120, horizon: 1, timeoutS: 30 } as const;

const RESERVED_HEADERS = ['host', 'content-length', 'transfer-encoding', 'connection'];

async function windowsOf(request: ScenarioRequest, seed: number, folder: string): Promise<WindowTable> {
  const rows = request.rows ?? DEFAULTS.rows;
  const stepS = request.step_s ?? DEFAULTS.stepS;
  const horizon = request.horizon ?? DEFAULTS.horizon;
  return request.data === undefined
    ? syntheticWindows({ seed, columns: request.columns ?? LTE_COLUMNS, rows, stepS, horizon })
    : csvWindows(resolve(folder, request.data), { columns: request.columns ?? null, rows, stepS, horizon });
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(headers)) {
    if (RESERVED_HEADERS.includes(name.toLowerCase())) {
      throw new FltsError('FLTS_SCENARIO', `The header "${name}" is set by the connection itself and cannot be given.`);
    }
  }
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
  checkHeaders(headers);
  const method = request.method ?? 'POST';
  const windows = method === 'POST' && request.body === undefined ? await windowsOf(request, seed, folder) : null;
  return {
    endpoint: target.endpoint,
    method,
    path: `${target.prefix}${request.path ?? DEFAULTS.path}`,
    hostHeader: target.hostHeader,
    headers,
    body: request.body === undefined ? null : asciiJson(request.body),
    windows,
    check: request.check ?? (windows === null ? 'status' : 'predictions'),
    keepAlive: request.keep_alive ?? true,
    timeoutMs: (request.timeout_s ?? DEFAULTS.timeoutS) * 1000,
  };
}

/** The request that does nothing: what the instrument's own floor is measured on. */
export function nullRequestPlan(plan: RequestPlan, target: Target, nullUrl: string | null): RequestPlan {
  const floor = { ...plan, method: 'GET', body: null, windows: null, check: 'status' as const };
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
    keep_alive: plan.keepAlive,
    timeout_s: plan.timeoutMs / 1000,
    ...(windows === null
      ? { body: plan.body === null ? 'none' : 'fixed' }
      : {
          body: request.data === undefined ? 'synthetic windows' : 'windows from a CSV file',
          rows: windows.rows,
          step_s: windows.stepS,
          columns: windows.columns.length,
          horizon: windows.horizon,
        }),
  };
}
