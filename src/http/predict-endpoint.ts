import type { IncomingMessage, ServerResponse } from 'node:http';
import { FltsError } from '../contract/index.js';
import { type PendingPrediction, type PredictReplyText, shedReasonOf } from '../serving/index.js';
import { isKnownKey, keyOf } from './api-keys.js';
import type { AppOptions } from './app-options.js';
import type { ConnectionLives } from './connection-lives.js';
import { mapError } from './error-mapper.js';
import { parseJson } from './json-body.js';
import { closeTrace, type RequestTrace, serverTiming, startTrace } from './request-trace.js';

export const PREDICT_PATH = '/predict';

const JSON_TYPE = 'application/json; charset=utf-8';
const JSON_CONTENT_TYPE = /^application\/json\s*(;|$)/i;

/** Whether a request is for the prediction endpoint, whatever its query. */
export function isPredict(request: IncomingMessage): boolean {
  const { method, url = '' } = request;
  return method === 'POST' && url.startsWith(PREDICT_PATH) && (url.length === PREDICT_PATH.length || url[8] === '?');
}

/**
 * `POST /predict` (CONTRACT §1) straight on Node's HTTP server. All other routes go through Fastify; this one carries
 * the load, and a third of its time went into a framework whose hooks, schemas and reply pipeline it does not use
 * (docs/adr/0007).
 */
export class PredictEndpoint {
  readonly #options: AppOptions;
  readonly #nextId: (request: IncomingMessage) => string;
  readonly #lives: ConnectionLives;

  constructor(options: AppOptions, nextId: (request: IncomingMessage) => string, lives: ConnectionLives) {
    this.#options = options;
    this.#nextId = nextId;
    this.#lives = lives;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    new Exchange(this.#options, this.#lives, request, response, this.#nextId(request)).begin();
  }
}

/** One request and its reply. */
class Exchange {
  readonly #options: AppOptions;
  readonly #lives: ConnectionLives;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #id: string;
  readonly #trace: RequestTrace;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #pending: PendingPrediction | null = null;

  constructor(
    options: AppOptions,
    lives: ConnectionLives,
    request: IncomingMessage,
    response: ServerResponse,
    id: string,
  ) {
    this.#options = options;
    this.#lives = lives;
    this.#request = request;
    this.#response = response;
    this.#id = id;
    this.#trace = startTrace(options.clock.nowUs());
  }

  begin(): void {
    this.#options.noteRequests(1);
    // Unlike 'finish', 'close' also comes when the client has gone.
    this.#response.once('close', () => {
      this.#end();
    });
    try {
      // Before the body is read: a stranger's body, or one that is too large, costs nothing.
      this.#checkHead();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#request.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    this.#request.on('end', () => {
      this.#predict();
    });
  }

  #checkHead(): void {
    const { keys, bodyLimitBytes } = this.#options;
    const { headers } = this.#request;
    if (keys !== null) {
      const key = keyOf(headers);
      if (key === null || !isKnownKey(key, keys)) {
        throw new FltsError('FLTS_UNAUTHORIZED', 'A valid API key is required');
      }
    }
    const type = headers['content-type'];
    if (type !== 'application/json' && !JSON_CONTENT_TYPE.test(type ?? '')) {
      throw new FltsError('FLTS_CONTENT_TYPE', 'The content type must be application/json');
    }
    if (Number(headers['content-length'] ?? 0) > bodyLimitBytes) throw this.#tooLarge();
  }

  #tooLarge(): FltsError {
    return new FltsError('FLTS_BODY_TOO_LARGE', 'The request body is larger than this server accepts');
  }

  #take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#options.bodyLimitBytes) {
      this.#chunks.push(chunk);
      return;
    }
    this.#request.removeAllListeners('data');
    this.#request.removeAllListeners('end');
    this.#fail(this.#tooLarge());
  }

  #predict(): void {
    const { clock, service } = this.#options;
    const trace = this.#trace;
    const [first, ...others] = this.#chunks;
    trace.bodyUs = clock.nowUs();
    try {
      if (first === undefined) throw new FltsError('FLTS_NOT_JSON', 'Request body is not valid JSON');
      const body = others.length === 0 ? first : Buffer.concat(this.#chunks, this.#bytes);
      const queryHorizon = this.#queryHorizon();
      this.#chunks = [];
      let parsed: unknown;
      try {
        // The scanner knows nothing of the query, which goes before the body.
        parsed = (queryHorizon === undefined ? service.scan(body) : null) ?? parseJson(body);
      } finally {
        trace.parsedUs = clock.nowUs();
      }
      this.#pending = service.predict({
        body: parsed,
        queryHorizon,
        arrivalUs: trace.startUs,
        askedTimeoutMs: askedTimeoutMs(this.#request),
        reqId: this.#id,
        timing: trace.timing,
      });
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#pending.reply.then(
      (answer) => {
        this.#answer(answer);
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
  }

  /** The parameter `inference_length`: a text, several of them, or undefined where there is none. */
  #queryHorizon(): unknown {
    const { url = '' } = this.#request;
    if (url.length === PREDICT_PATH.length) return undefined;
    const values = new URLSearchParams(url.slice(PREDICT_PATH.length + 1)).getAll('inference_length');
    return values.length > 1 ? values : values[0];
  }

  #answer({ text, cached, runId }: PredictReplyText): void {
    this.#trace.cached = cached;
    this.#trace.runId = runId;
    this.#reply(200, text, null);
  }

  #fail(error: unknown): void {
    const mapped = mapError(error, this.#id);
    this.#trace.code = mapped.code;
    if (mapped.isUnexpected) {
      const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#options.log.error('request failed unexpectedly', { reqId: this.#id, route: PREDICT_PATH, cause });
    }
    this.#reply(mapped.status, JSON.stringify(mapped.body), mapped.retryAfterS);
  }

  #reply(status: number, text: string, retryAfterS: number | null): void {
    const { clock, service, ledger, replicaId } = this.#options;
    const trace = this.#trace;
    const nowUs = clock.nowUs();
    const parts = closeTrace(trace, nowUs);
    const headers = [
      'content-type',
      JSON_TYPE,
      'content-length',
      String(Buffer.byteLength(text)),
      'x-request-id',
      this.#id,
      'x-model-run-id',
      trace.runId ?? service.lane?.spec.runId ?? 'none',
      'x-replica-id',
      replicaId,
      'server-timing',
      serverTiming(trace, parts),
    ];
    if (retryAfterS !== null) headers.push('retry-after', String(retryAfterS));
    // Whoever holds a connection for ever, or to a draining process, would never notice that another replica should
    // have it; and the rest of a body that nobody reads must not be taken for the next request.
    const isLast = this.#lives.noteAnswer(this.#request.socket, nowUs);
    if (isLast || service.isDraining || !this.#request.complete) headers.push('connection', 'close');
    ledger.note({
      code: trace.code,
      status,
      cached: trace.cached,
      shedReason: shedReasonOf(trace.code),
      timing: trace.timing,
      parseUs: parts.parseUs,
      postUs: parts.postUs,
      totalUs: parts.totalUs,
      endedAtUs: nowUs,
    });
    this.#response.writeHead(status, headers);
    this.#response.end(text);
  }

  #end(): void {
    const { noteRequests, metrics, clock } = this.#options;
    this.#pending?.cancel();
    noteRequests(-1);
    const labels = { method: 'POST', route: PREDICT_PATH, status: String(this.#response.statusCode) };
    metrics.observeHttp(labels, (clock.nowUs() - this.#trace.startUs) / 1e6);
  }
}

function askedTimeoutMs(request: IncomingMessage): number | null {
  const header = request.headers['x-request-timeout-ms'];
  if (header === undefined) return null;
  const value = typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : 0;
  if (value >= 1) return value;
  throw new FltsError(
    'FLTS_BAD_PARAMETER',
    "'X-Request-Timeout-Ms' must be a whole number of milliseconds, at least 1",
  );
}
