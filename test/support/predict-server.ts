import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as the server saw it. */
export interface Seen {
  readonly body: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export interface PredictServer {
  readonly url: string;
  /** Requests to /predict so far. */
  readonly seen: Seen[];
  close(): Promise<void>;
}

export interface PredictServerOptions {
  /** Delay of answer `n` (0-based), ms. */
  readonly delayMs?: (n: number) => number;
  /** Answers instead of the right one; return false to let the right one go out. */
  readonly misbehave?: (n: number, response: ServerResponse) => boolean;
  /** What /queue_stats says; 404 without it. */
  readonly stats?: () => Record<string, unknown>;
  readonly ready?: () => boolean;
}

/** The answer of a right service: one prediction, one step after the last row. */
function predictionFor(body: string): string {
  const { data, inference_length: horizon } = JSON.parse(body) as { data: { ts: string[] }; inference_length: number };
  const times = data.ts.map((ts) => Date.parse(`${ts.replace(' ', 'T')}Z`));
  const last = times.at(-1)!;
  const stepMs = times.length > 1 ? last - times.at(-2)! : 120_000;
  const predictions = Array.from({ length: horizon }, (_, i) => ({
    ts: new Date(last + (i + 1) * stepMs).toISOString().slice(0, 19),
    down: 1.5e8 + i,
  }));
  return JSON.stringify({ status: 'SUCCESS', predictions });
}

/** A service with a known delay and known faults, on a port of its own. */
export async function startPredictServer(options: PredictServerOptions = {}): Promise<PredictServer> {
  const seen: Seen[] = [];
  const json = (response: ServerResponse, status: number, text: string): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  };
  const predict = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const n = seen.push({ body, url: request.url ?? '', headers: request.headers }) - 1;
      const answer = (): void => {
        if (options.misbehave?.(n, response) === true) return;
        response.setHeader('Server-Timing', 'queue;dur=1.5, batch;desc="3", exec;dur=2, total;dur=3.5');
        response.setHeader('X-Replica-Id', 'replica-a');
        json(response, 200, predictionFor(body));
      };
      const delayMs = options.delayMs?.(n) ?? 0;
      if (delayMs > 0) setTimeout(answer, delayMs);
      else answer();
    });
  };
  const server: Server = createServer((request, response) => {
    if (request.url?.split('?')[0] === '/predict') predict(request, response);
    else if (request.url === '/livez') json(response, 200, '{"status":"ok"}');
    else if (request.url === '/ready') json(response, (options.ready?.() ?? true) ? 200 : 503, '{}');
    else if (request.url === '/queue_stats' && options.stats !== undefined)
      json(response, 200, JSON.stringify(options.stats()));
    else json(response, 404, '{"detail":"no such route"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
