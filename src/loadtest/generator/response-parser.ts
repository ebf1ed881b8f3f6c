/**
 * An incremental HTTP/1.1 response parser for one answer at a time: no pipelining, bodies by content-length, chunked,
 * or until the connection ends. It keeps only the headers that a measurement needs. Source: RFC 9112.
 */

/** Beyond these an answer is not worth measuring but a fault. */
const HEAD_BYTES_MAX = 64 * 1024;
const BODY_BYTES_MAX = 64 * 1024 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** Whether the connection may carry another request. */
  readonly keepAlive: boolean;
  readonly serverTiming: string;
  readonly replica: string;
  readonly runId: string;
}

/** An answer that breaks the protocol; the connection is of no use afterwards. */
export class BadAnswerError extends Error {
  override readonly name = 'BadAnswerError';
}

type Stage = 'head' | 'length' | 'chunk_size' | 'chunk_data' | 'chunk_end' | 'trailers' | 'until_end';

interface Head {
  status: number;
  keepAlive: boolean;
  length: number | null;
  chunked: boolean;
  serverTiming: string;
  replica: string;
  runId: string;
}

const KNOWN_LENGTHS = new Set(
  ['content-length', 'transfer-encoding', 'connection', 'server-timing', 'x-replica-id', 'x-model-run-id'].map(
    (name) => name.length,
  ),
);
const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: |$)/;
const DIGITS = /^\d+$/;
const HEX = /^[0-9a-fA-F]+$/;

function parseHead(text: string): Head {
  const lines = text.split('\r\n');
  const match = STATUS_LINE.exec(lines[0] ?? '');
  if (match === null) throw new BadAnswerError(`not an HTTP answer: "${(lines[0] ?? '').slice(0, 60)}"`);
  const head: Head = {
    status: Number(match[2]),
    keepAlive: match[1] === '1',
    length: null,
    chunked: false,
    serverTiming: '',
    replica: '',
    runId: '',
  };
  for (let i = 1; i < lines.length; i++) readHeader(lines[i] ?? '', head);
  return head;
}

function readHeader(line: string, head: Head): void {
  const colon = line.indexOf(':');
  if (colon <= 0) throw new BadAnswerError(`a header line without a name: "${line.slice(0, 60)}"`);
  // Most headers are none of these: their length alone tells.
  if (!KNOWN_LENGTHS.has(colon)) return;
  // A bare line feed is no line end here; nobody may take it for one later.
  const value = line
    .slice(colon + 1)
    .replaceAll('\n', ' ')
    .trim();
  switch (line.slice(0, colon).toLowerCase()) {
    case 'content-length':
      if (!DIGITS.test(value)) throw new BadAnswerError(`content-length is "${value.slice(0, 60)}"`);
      if (head.length !== null && head.length !== Number(value))
        throw new BadAnswerError('two different content-lengths');
      head.length = Number(value);
      if (head.length > BODY_BYTES_MAX) throw new BadAnswerError(`a body of ${head.length} bytes`);
      break;
    case 'transfer-encoding':
      if (value.toLowerCase() !== 'chunked') throw new BadAnswerError(`transfer-encoding is "${value.slice(0, 60)}"`);
      head.chunked = true;
      break;
    case 'connection':
      head.keepAlive = value.toLowerCase() === 'close' ? false : head.keepAlive || value.toLowerCase() === 'keep-alive';
      break;
    case 'server-timing':
      head.serverTiming = head.serverTiming === '' ? value : `${head.serverTiming}, ${value}`;
      break;
    case 'x-replica-id':
      head.replica = value;
      break;
    case 'x-model-run-id':
      head.runId = value;
      break;
    default:
  }
}

/** Feeds on chunks until one answer is complete; `reset()` before the next. */
export class ResponseParser {
  #stage: Stage = 'head';
  #head: Head | null = null;
  /** Bytes that are not consumed yet. */
  #rest: Buffer = Buffer.alloc(0);
  #body: Buffer[] = [];
  /** Parts of the body that are copies; those after them are views of the chunk that is being pushed. */
  #copied = 0;
  #bodyBytes = 0;
  /** Bytes that the present part of the body still lacks. */
  #lacking = 0;

  reset(): void {
    this.#stage = 'head';
    this.#head = null;
    this.#rest = Buffer.alloc(0);
    this.#body = [];
    this.#copied = 0;
    this.#bodyBytes = 0;
    this.#lacking = 0;
  }

  /**
   * The answer as soon as it is complete, else null. The chunk may be overwritten afterwards. Throws BadAnswerError, also
   * on bytes beyond the answer.
   */
  push(chunk: Buffer): HttpAnswer | null {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const before = this.#rest.length;
      const stage = this.#stage;
      if (this.#step()) return this.#complete();
      if (this.#rest.length === before && this.#stage === stage) {
        this.#keepCopies();
        return null;
      }
    }
  }

  /** The connection ended: completes a body that lasts until then; null when nothing had come at all. */
  end(): HttpAnswer | null {
    if (this.#stage === 'until_end') return this.#complete();
    if (this.#stage === 'head' && this.#rest.length === 0) return null;
    throw new BadAnswerError('the connection ended inside an answer');
  }

  /** One step of progress; true when the answer is complete. */
  #step(): boolean {
    switch (this.#stage) {
      case 'head':
        return this.#readHead();
      case 'length':
        return this.#readBody();
      case 'chunk_size':
        return this.#readChunkSize();
      case 'chunk_data':
        if (this.#readBody()) this.#stage = 'chunk_end';
        return false;
      case 'chunk_end':
        if (this.#readLine() !== null) this.#stage = 'chunk_size';
        return false;
      case 'trailers':
        return this.#readLine() === '';
      case 'until_end':
        this.#keep(this.#rest);
        this.#rest = Buffer.alloc(0);
        return false;
    }
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#rest.length > HEAD_BYTES_MAX) throw new BadAnswerError(`a head of over ${HEAD_BYTES_MAX} bytes`);
      return false;
    }
    const head = parseHead(this.#rest.toString('latin1', 0, end));
    this.#rest = this.#rest.subarray(end + 4);
    if (head.status < 200) return false; // an interim answer: the real one follows
    this.#head = head;
    if (head.status === 204 || head.status === 304) return true;
    if (head.chunked) this.#stage = 'chunk_size';
    else if (head.length === null) {
      this.#stage = 'until_end';
      head.keepAlive = false;
    } else {
      this.#stage = 'length';
      this.#lacking = head.length;
    }
    return false;
  }

  #readBody(): boolean {
    const part = this.#rest.subarray(0, this.#lacking);
    this.#keep(part);
    this.#rest = this.#rest.subarray(part.length);
    this.#lacking -= part.length;
    return this.#lacking === 0;
  }

  #readChunkSize(): boolean {
    const line = this.#readLine();
    if (line === null) return false;
    const size = (line.split(';', 1)[0] ?? '').trim();
    if (!HEX.test(size)) throw new BadAnswerError(`a chunk size of "${size.slice(0, 60)}"`);
    this.#lacking = Number.parseInt(size, 16);
    this.#stage = this.#lacking === 0 ? 'trailers' : 'chunk_data';
    return false;
  }

  #readLine(): string | null {
    const end = this.#rest.indexOf('\r\n');
    if (end < 0) {
      if (this.#rest.length > HEAD_BYTES_MAX) throw new BadAnswerError('an endless line');
      return null;
    }
    const line = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    return line;
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#bodyBytes += part.length;
    if (this.#bodyBytes > BODY_BYTES_MAX) throw new BadAnswerError(`a body of over ${BODY_BYTES_MAX} bytes`);
    this.#body.push(part);
  }

  /** Lets go of the chunk that was pushed. */
  #keepCopies(): void {
    if (this.#rest.length > 0) this.#rest = Buffer.from(this.#rest);
    for (; this.#copied < this.#body.length; this.#copied++) {
      this.#body[this.#copied] = Buffer.from(this.#body[this.#copied] ?? []);
    }
  }

  #complete(): HttpAnswer {
    if (this.#rest.length > 0) throw new BadAnswerError(`${this.#rest.length} bytes beyond the answer`);
    const head = this.#head;
    if (head === null) throw new BadAnswerError('an answer without a head');
    const { status, keepAlive, serverTiming, replica, runId } = head;
    const body = Buffer.concat(this.#body);
    return { status, body, keepAlive, serverTiming, replica, runId };
  }
}
