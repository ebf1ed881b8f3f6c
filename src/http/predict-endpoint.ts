import type { IncomingMessage, ServerResponse } from 'node:http';
import { FltsError } from '../contract/index.js';
import { type PendingPrediction, type PredictReplyText, shedReasonOf, type Visit } from '../serving/index.js';
import { keyOf, placeOfKey } from './api-keys.js';
import type { AppOptions } from './app-options.js';
import type { BodyRequest, BodyTaker } from './body-request.js';
import { mapError } from './error-mapper.js';
import { parseJson } from './json-body.js';
import type { OpenConnections } from './open-connections.js';
import { readPredictQuery } from './predict-query.js';
import type { RequestTurns, Turn } from './request-turns.js';
import { closeTrace, type RequestTrace, serverTiming, startTrace } from './request-trace.js';
import { readWishes } from './request-wishes.js';

export const PREDICT_PATH = '/predict';

const JSON_TYPE = 'application/json; charset=utf-8';
/** The rest of a body that was refused by its head is skipped up to this length; beyond it the connection is closed. */
const SKIPPED_BYTES = 65_536;
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
  readonly #connections: OpenConnections;
  readonly #turns: RequestTurns;

  constructor(
    options: AppOptions,
    nextId: (request: IncomingMessage) => string,
    connections: OpenConnections,
    turns: RequestTurns,
  ) {
    this.#options = options;
    this.#nextId = nextId;
    this.#connections = connections;
    this.#turns = turns;
  }

  handle(request: BodyRequest, response: ServerResponse): void {
    new Exchange(this.#options, this.#connections, this.#turns, request, response, this.#nextId(request)).begin();
  }
}

/** One request and its reply. */
class Exchange implements BodyTaker {
  readonly #options: AppOptions;
  readonly #connections: OpenConnections;
  readonly #turns: RequestTurns;
  readonly #request: BodyRequest;
  readonly #response: ServerResponse;
  readonly #id: string;
  readonly #trace: RequestTrace;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #visit: Visit | null = null;
  #turn: Turn | null = null;
  #pending: PendingPrediction | null = null;
  #queryHorizon: unknown;

  constructor(
    options: AppOptions,
    connections: OpenConnections,
    turns: RequestTurns,
    request: BodyRequest,
    response: ServerResponse,
    id: string,
  ) {
    this.#options = options;
    this.#connections = connections;
    this.#turns = turns;
    this.#request = request;
    this.#response = response;
    this.#id = id;
    this.#trace = startTrace(options.clock.nowUs());
  }

  begin(): void {
    this.#options.noteRequests(1);
    this.#connections.follow(this.#request.socket, this.#response, () => {
      this.#close();
    });
    let visit: Visit;
    try {
      // Before the body is read: a stranger's body, one that is too large, or one too many costs nothing.
      visit = this.#enter();
    } catch (error) {
      this.#refuse(error);
      return;
    }
    this.#visit = visit;
    this.#request.takeBody(this);
  }

  /**
   * A refusal has to wait for its turn like any other reply: its client may have the next request ready, and a thousand
   * of them, answered at once, would leave the turn no time for those that were let in, or for new connections.
   */
  #refuse(error: unknown): void {
    const { clock } = this.#options;
    const sinceUs = clock.nowUs();
    this.#turn = this.#turns.takeRefusal(sinceUs, () => {
      this.#trace.heldUs = clock.nowUs() - sinceUs;
      this.#fail(error);
    });
  }

  #enter(): Visit {
    const { bodyLimitBytes, service } = this.#options;
    const { headers } = this.#request;
    const client = this.#client();
    const type = headers['content-type'];
    if (type !== 'application/json' && !JSON_CONTENT_TYPE.test(type ?? '')) {
      throw new FltsError('FLTS_CONTENT_TYPE', 'The content type must be application/json');
    }
    const bytes = Number(headers['content-length'] ?? 0);
    if (bytes > bodyLimitBytes) throw this.#tooLarge();
    const { askedTimeoutMs, priority } = readWishes(headers);
    const { horizon, wish } = readPredictQuery(this.#request.url ?? PREDICT_PATH, PREDICT_PATH.length);
    this.#queryHorizon = horizon;
    const head = { arrivalUs: this.#trace.startUs, askedTimeoutMs, priority, client, bytes };
    return service.open(head, wish, this.#turns.waitUs);
  }

  /** Who asks: the place of the key where keys are asked for, else the address. Throws FLTS_UNAUTHORIZED. */
  #client(): string {
    const { keys } = this.#options;
    if (keys === null) return this.#request.socket.remoteAddress ?? '';
    const key = keyOf(this.#request.headers);
    const place = key === null ? -1 : placeOfKey(key, keys);
    if (place < 0) throw new FltsError('FLTS_UNAUTHORIZED', 'A valid API key is required');
    return `key ${place}`;
  }

  #tooLarge(): FltsError {
    return new FltsError('FLTS_BODY_TOO_LARGE', 'The request body is larger than this server accepts');
  }

  take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    try {
      if (this.#bytes > this.#options.bodyLimitBytes) throw this.#tooLarge();
      this.#visit?.holdBytes(this.#bytes);
      this.#chunks.push(chunk);
    } catch (error) {
      this.#request.skipBody();
      this.#chunks = [];
      this.#fail(error);
    }
  }

  end(): void {
    const visit = this.#visit;
    // It was refused while the body was read.
    if (visit === null) return;
    const bodyUs = this.#options.clock.nowUs();
    this.#trace.bodyUs = bodyUs;
    this.#turn = this.#turns.take(bodyUs, () => {
      this.#predict(visit);
    });
    if (this.#turn !== null) this.#request.forgetHead();
  }

  #predict(visit: Visit): void {
    const { clock, service } = this.#options;
    const trace = this.#trace;
    const [first, ...others] = this.#chunks;
    try {
      if (this.#turn !== null) {
        trace.heldUs = clock.nowUs() - trace.bodyUs;
        service.reopen(visit, this.#turns.lastUs);
      }
      if (first === undefined) throw new FltsError('FLTS_NOT_JSON', 'Request body is not valid JSON');
      const body = others.length === 0 ? first : Buffer.concat(this.#chunks, this.#bytes);
      const queryHorizon = this.#queryHorizon;
      this.#chunks = [];
      let parsed: unknown;
      try {
        // The scanner knows nothing of the query, which goes before the body.
        parsed = (queryHorizon === undefined ? service.scan(body, visit) : null) ?? parseJson(body);
      } finally {
        trace.parsedUs = clock.nowUs();
      }
      this.#pending = service.predict({
        body: parsed,
        queryHorizon,
        visit,
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
    const bytes = Buffer.byteLength(text);
    const headers = [
      'content-type',
      JSON_TYPE,
      'content-length',
      String(bytes),
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
    // have it.
    const isLast = this.#connections.noteAnswer(this.#request.socket, nowUs);
    if (isLast || service.isDraining || !this.#skipsRest()) headers.push('connection', 'close');
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
    // `end(text)` hands head and text to the kernel with an empty piece behind them, as a list of pieces: a tenth of what
    // Node takes for a small request. Written alone they are one piece.
    this.#response.write(text, bytes === text.length ? 'latin1' : 'utf8');
    this.#response.socket?.uncork();
    this.#response.end();
  }

  /** Whether the connection can be kept: the body is here, or what is left of it is not worth closing for. */
  #skipsRest(): boolean {
    if (this.#request.complete) return true;
    if (!(Number(this.#request.headers['content-length']) <= SKIPPED_BYTES)) return false;
    this.#request.resume();
    return true;
  }

  #close(): void {
    const { noteRequests, metrics, clock } = this.#options;
    if (this.#turn !== null) this.#turns.leave(this.#turn);
    this.#pending?.cancel();
    this.#visit?.close();
    // A request that waited is in V8's old generation by now. Dead there, it keeps all that it points to alive until a
    // full collection: what its answer was made of, and its reply's head, a tree of pieces (docs/adr/0018).
    this.#turn = this.#pending = this.#visit = null;
    Reflect.set(this.#response, '_header', null);
    noteRequests(-1);
    const labels = { method: 'POST', route: PREDICT_PATH, status: String(this.#response.statusCode) };
    metrics.observeHttp(labels, (clock.nowUs() - this.#trace.startUs) / 1e6);
  }
}
