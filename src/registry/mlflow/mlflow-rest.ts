import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { FltsError } from '../../contract/index.js';
import { boundedBytes } from '../objects/bounded-bytes.js';
import { SourceGuard } from '../source-guard.js';

export interface MlflowAccess {
  /** `http(s)://HOST[:PORT][/PATH]` of the tracking server. */
  readonly trackingUri: string;
  /** For basic authentication; empty: none. */
  readonly username: string;
  readonly password: string;
  /** For bearer authentication; it goes before the others; empty: none. */
  readonly token: string;
}

type Query = Readonly<Record<string, string>>;

/** What the server answered to one request. */
export interface MlflowAnswer {
  readonly status: number;
  readonly body: Readable;
  /** What it says it sends; null when it does not say. */
  readonly length: number | null;
}

interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Behind the server's address, with its leading slash. */
  readonly path: string;
  readonly query?: Query;
  readonly json?: unknown;
  readonly bytes?: Uint8Array | string;
  readonly timeoutMs?: number;
}

const API = '/api/2.0/mlflow';
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const MESSAGE_CHARS_MAX = 200;
const PAUSE_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5000;

/**
 * MLflow's REST API. It goes to the configured address only: no redirect is followed. Throws FLTS_SOURCE_DOWN,
 * FLTS_SOURCE_DENIED or FLTS_SOURCE_REFUSED; messages name the address without credentials.
 */
export class MlflowRest {
  /** `http://host:port/path`, without a slash at the end. */
  readonly base: string;
  readonly #guard: SourceGuard;
  readonly #authorization: string | null;
  readonly #agent = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS }, bodyTimeout: PAUSE_TIMEOUT_MS });

  constructor(access: MlflowAccess, guard?: SourceGuard) {
    this.base = parseTrackingUri(access.trackingUri);
    this.#guard = guard ?? new SourceGuard(`The MLflow server ${this.base}`);
    const { username, password, token } = access;
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    this.#authorization = token !== '' ? `Bearer ${token}` : username !== '' ? `Basic ${basic}` : null;
  }

  /** Asks the API; null when it says that there is no such thing. */
  async get(path: string, query: Query): Promise<unknown> {
    return await this.json({ method: 'GET', path: API + path, query }, true);
  }

  async post(path: string, json: unknown): Promise<unknown> {
    return await this.json({ method: 'POST', path: API + path, json });
  }

  async patch(path: string, json: unknown): Promise<unknown> {
    return await this.json({ method: 'PATCH', path: API + path, json });
  }

  async delete(path: string, json: unknown): Promise<unknown> {
    return await this.json({ method: 'DELETE', path: API + path, json });
  }

  /** Makes a request and reads its JSON answer. `mayMiss`: null when there is no such thing. */
  async json(ask: Ask, mayMiss = false): Promise<unknown> {
    return await this.send(ask, async (answer) => {
      const text = await this.#textOf(ask, answer);
      if (answer.status < 300) return parse(text, this.#nameOf(ask));
      if (mayMiss && isMissing(answer.status, text)) return null;
      throw this.#problem(ask, answer.status, text);
    });
  }

  /** Makes a request; `take` reads the answer, and is called again when that failed on the way. */
  async send<T>(ask: Ask, take: (answer: MlflowAnswer) => Promise<T>): Promise<T> {
    const query = ask.query === undefined ? '' : `?${new URLSearchParams(ask.query).toString()}`;
    return await this.#guard.run(async (signal) => {
      try {
        const { statusCode, body, headers } = await request(this.base + ask.path + query, {
          method: ask.method,
          dispatcher: this.#agent,
          signal,
          headersTimeout: ask.timeoutMs ?? PAUSE_TIMEOUT_MS,
          headers: {
            ...(this.#authorization === null ? {} : { authorization: this.#authorization }),
            ...(ask.json === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(ask.json === undefined ? {} : { body: JSON.stringify(ask.json) }),
          ...(ask.bytes === undefined ? {} : { body: ask.bytes }),
        });
        const length = Number(headers['content-length'] ?? Number.NaN);
        return await take({ status: statusCode, body, length: Number.isFinite(length) ? length : null });
      } catch (error) {
        if (error instanceof FltsError) throw error;
        throw new FltsError('FLTS_SOURCE_DOWN', `${this.#nameOf(ask)} cannot be asked: ${reasonOf(error)}.`);
      }
    }, ask.timeoutMs);
  }

  /** The error for an answer that is not what was wanted. */
  async problemOf(ask: Ask, answer: MlflowAnswer): Promise<FltsError> {
    return this.#problem(ask, answer.status, await this.#textOf(ask, answer));
  }

  close(): void {
    this.#guard.close();
    void this.#agent.destroy();
  }

  async #textOf(ask: Ask, { body, length }: MlflowAnswer): Promise<string> {
    const limits = { maxBytes: ANSWER_BYTES_MAX, pauseTimeoutMs: PAUSE_TIMEOUT_MS, length };
    const parts: Buffer[] = [];
    for await (const part of boundedBytes(this.#nameOf(ask), body, limits)) parts.push(part);
    return Buffer.concat(parts).toString();
  }

  #problem(ask: Ask, status: number, text: string): FltsError {
    const name = this.#nameOf(ask);
    if (status === 401 || status === 403) {
      return new FltsError('FLTS_SOURCE_DENIED', `${name} answers ${status}: it does not let us in.`);
    }
    if (status >= 300 && status < 400) {
      return new FltsError(
        'FLTS_SOURCE_REFUSED',
        `${name} answers ${status} and points elsewhere, which is not followed.`,
      );
    }
    const isPassing = status >= 500 || status === 408 || status === 429;
    const said = messageIn(text);
    const why = said === '' ? '' : `: ${said}`;
    return new FltsError(isPassing ? 'FLTS_SOURCE_DOWN' : 'FLTS_SOURCE_REFUSED', `${name} answers ${status}${why}.`);
  }

  #nameOf({ path }: Ask): string {
    return `The MLflow server ${this.base} (${path.replace('/api/2.0/', '').slice(0, MESSAGE_CHARS_MAX)})`;
  }
}

function parseTrackingUri(text: string): string {
  const remedy =
    'Set MLFLOW_TRACKING_URI to http://HOST:PORT; a user goes into MLFLOW_TRACKING_USERNAME and _PASSWORD.';
  if (text === '') throw new FltsError('FLTS_SETTINGS', 'No MLflow server is configured.', { remedy });
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (!isPlain || url.search !== '' || url.hash !== '') {
    throw new FltsError(
      'FLTS_SETTINGS',
      'The MLflow tracking URI must be http://HOST:PORT or https://HOST, without a user in it.',
      { remedy },
    );
  }
  return url.origin + url.pathname.replace(/\/$/, '');
}

function parse(text: string, name: string): unknown {
  try {
    return text === '' ? {} : (JSON.parse(text) as unknown);
  } catch {
    throw new FltsError('FLTS_SOURCE_REFUSED', `${name} answers what is not JSON.`, {
      remedy: 'Check that MLFLOW_TRACKING_URI is the address of an MLflow server.',
    });
  }
}

interface Problem {
  readonly error_code?: unknown;
  readonly message?: unknown;
}

function problemIn(text: string): Problem {
  try {
    return (JSON.parse(text) ?? {}) as Problem;
  } catch {
    // An error page of something between us and MLflow.
    return {};
  }
}

/** Old servers answer a missing alias with 404, new ones call it an invalid value. */
function isMissing(status: number, text: string): boolean {
  const { error_code: code, message } = problemIn(text);
  if (code === 'RESOURCE_DOES_NOT_EXIST') return true;
  return status === 400 && code === 'INVALID_PARAMETER_VALUE' && /alias .* not found/.test(String(message));
}

function messageIn(text: string): string {
  const { message } = problemIn(text);
  return typeof message === 'string' ? message.slice(0, MESSAGE_CHARS_MAX).replace(/[\s.]+$/, '') : '';
}

function reasonOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}
