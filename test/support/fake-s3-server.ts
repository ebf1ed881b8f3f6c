import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface Kept {
  readonly body: Buffer;
  readonly etag: string;
  readonly metadata: Record<string, string>;
}

/** What a test may do to an answer; true: it was answered, and the server does no more. */
export type Fault = (request: IncomingMessage, response: ServerResponse, kept: Kept | undefined) => boolean;

/**
 * The part of S3 that flts uses, in memory, on loopback: conditional reads and writes as AWS has them, and faults at
 * will. The real servers are in test/interop; this one stands where they cannot be made to fail.
 */
export class FakeS3Server {
  readonly objects = new Map<string, Kept>();
  /** Method and path of every request, in order. */
  readonly requests: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  fault: Fault = () => false;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.#answer(request, response, Buffer.concat(parts));
      });
    });
  }

  static async start(): Promise<FakeS3Server> {
    const fake = new FakeS3Server();
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Replaces the body of an object, as a damaged disk would: its metadata stay. `path`: /BUCKET/KEY. */
  damage(path: string, change: (body: Buffer) => Buffer): void {
    const kept = this.objects.get(path);
    if (kept === undefined) throw new Error(`no object ${path}`);
    this.objects.set(path, { ...kept, ...stored(change(Buffer.from(kept.body))) });
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const url = new URL(request.url ?? '/', 'http://s3');
    const path = decodeURIComponent(url.pathname);
    this.requests.push(`${request.method ?? ''} ${path}`);
    this.headers.push(request.headers);
    const kept = this.objects.get(path);
    if (this.fault(request, response, kept)) return;
    if (request.method === 'GET' && url.searchParams.has('list-type')) this.#list(url, path, response);
    else if (request.method === 'GET') this.#get(request, response, kept);
    else if (request.method === 'PUT') this.#put(request, response, path, body);
    else {
      this.objects.delete(path);
      response.writeHead(204).end();
    }
  }

  #get(request: IncomingMessage, response: ServerResponse, kept: Kept | undefined): void {
    if (kept === undefined) refuse(response, 404, 'NoSuchKey');
    else if (request.headers['if-none-match'] === kept.etag) response.writeHead(304, { etag: kept.etag }).end();
    else
      response.writeHead(200, { etag: kept.etag, 'content-length': kept.body.length, ...kept.metadata }).end(kept.body);
  }

  #put(request: IncomingMessage, response: ServerResponse, path: string, body: Buffer): void {
    const etag = this.objects.get(path)?.etag;
    const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers;
    if ((ifMatch !== undefined && ifMatch !== etag) || (ifNoneMatch === '*' && etag !== undefined)) {
      refuse(response, 412, 'PreconditionFailed');
      return;
    }
    const metadata = Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-meta-'));
    const kept = { ...stored(body), metadata: Object.fromEntries(metadata) as Record<string, string> };
    this.objects.set(path, kept);
    response.writeHead(200, { etag: kept.etag }).end();
  }

  #list(url: URL, bucket: string, response: ServerResponse): void {
    const prefix = url.searchParams.get('prefix') ?? '';
    const most = Number(url.searchParams.get('max-keys') ?? 1000);
    const after = url.searchParams.get('continuation-token') ?? '';
    const root = `${bucket.replace(/\/$/, '')}/`;
    const keys = [...this.objects.keys()]
      .filter((path) => path.startsWith(root + prefix))
      .map((path) => path.slice(root.length))
      .filter((key) => key > after)
      .sort();
    const page = keys.slice(0, most);
    const contents = page.map((key) => {
      const size = this.objects.get(root + key)?.body.length ?? 0;
      return `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`;
    });
    const isCut = page.length < keys.length;
    const next = isCut ? `<NextContinuationToken>${page.at(-1) ?? ''}</NextContinuationToken>` : '';
    response
      .writeHead(200, { 'content-type': 'application/xml' })
      .end(`<ListBucketResult><IsTruncated>${isCut}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`);
  }
}

function stored(body: Buffer): { body: Buffer; etag: string } {
  return { body, etag: `"${createHash('md5').update(body).digest('hex')}"` };
}

/** An error as S3 words it. */
export function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code></Error>`);
}
