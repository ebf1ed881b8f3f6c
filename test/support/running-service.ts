import { resolveSettings, type SettingName } from '../../src/contract/index.js';
import { type RunningService, startService } from '../../src/cli/service/start-service.js';
import { RecordingLog } from './recording-metrics.js';

/** Worker threads start from built files. */
export const WORKER_URL = new URL('../../dist/runtime/worker.js', import.meta.url);

export interface TestService extends RunningService {
  readonly log: RecordingLog;
}

/** A real service on a free port of the loopback, with settings given as flags. */
export async function serve(
  registry: string,
  flags: Partial<Record<SettingName, string>> = {},
  options: { workerUrl?: URL; secrets?: Record<string, string> } = {},
): Promise<TestService> {
  const log = new RecordingLog();
  const { settings } = resolveSettings({
    flags: { registry, port: '0', workers: '1', registryPollMs: '50', ...flags },
    env: options.secrets ?? {},
    file: null,
  });
  const service = await startService({
    settings,
    log,
    version: '0.0.0-test',
    workerUrl: options.workerUrl ?? WORKER_URL,
  });
  return { ...service, log };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

/** POSTs a body to `/predict`; an object is sent as JSON, a text as it is. */
export async function post(
  service: { url: string },
  body: unknown,
  options: { path?: string; headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Answer> {
  const response = await fetch(`${service.url}${options.path ?? '/predict'}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...options.headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return {
    status: response.status,
    headers: response.headers,
    json: (await response.json()) as Record<string, unknown>,
  };
}

export async function get(
  service: { url: string },
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${service.url}${path}`, { headers });
  return {
    status: response.status,
    headers: response.headers,
    json: (await response.json()) as Record<string, unknown>,
  };
}

/** Waits until the condition holds, looking again whenever the event loop has gone round. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  patienceMs = 20_000,
): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
