import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { BadAnswerError, type HttpAnswer, ResponseParser } from './response-parser.js';

/** What one read of a socket takes at most. All connections of a process read into it: a parser keeps copies only. */
const READ_BYTES = 64 * 1024;
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** Why there is no answer, in the words of FAILURE_KINDS. */
export interface ExchangeFailure {
  readonly kind: 'connect' | 'reset' | 'timeout' | 'bad_answer';
  readonly text: string;
}

/** One request and what came of it; times in µs on the run's clock. */
export interface Exchange {
  /** When the request was handed to the kernel; the same as `doneUs` when no connection came about. */
  readonly sentUs: number;
  readonly connectionWaitUs: number;
  readonly firstByteUs: number | null;
  readonly doneUs: number;
  readonly bytesIn: number;
  readonly answer: HttpAnswer | null;
  readonly failure: ExchangeFailure | null;
}

/** What a user needs of the network: one request at a time. Other transports may take its place. */
export interface Connection {
  /** Opens the connection ahead of time; an error text, or null. */
  open(onOpen: (problem: string | null) => void): void;
  /** Sends one request (head and body) and calls back exactly once. Never while another is under way. */
  exchange(request: Uint8Array, onDone: (exchange: Exchange) => void): void;
  /** When the exchange under way began, or null. */
  readonly busySinceUs: number | null;
  /** Ends the exchange under way as a failure of that kind. */
  giveUp(failure: ExchangeFailure): void;
  close(): void;
  /** Connections that were opened so far. */
  readonly opened: number;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

export interface ConnectionSettings {
  /** False closes the connection after every answer. */
  readonly keepAlive: boolean;
  /** The connection is closed after so many requests; Infinity = as long as the server keeps it. */
  readonly requestsMax: number;
  /** Accept any certificate. */
  readonly tlsInsecure: boolean;
  /** PEM text of the authority to trust instead of the system's; null = the system's. */
  readonly tlsCa: string | null;
}

/** One user's HTTP/1.1 connection over a raw socket: opened when needed, kept while the server lets it. */
export class HttpConnection implements Connection {
  readonly #endpoint: Endpoint;
  readonly #nowUs: () => number;
  readonly #settings: ConnectionSettings;
  readonly #parser = new ResponseParser();
  #socket: Socket | null = null;
  #opening: ((problem: string | null) => void) | null = null;
  #done: ((exchange: Exchange) => void) | null = null;
  #beganUs = 0;
  #sentUs: number | null = null;
  #firstByteUs: number | null = null;
  #bytesIn = 0;
  /** Answers over the present connection. */
  #served = 0;
  opened = 0;

  constructor(endpoint: Endpoint, settings: ConnectionSettings, nowUs: () => number) {
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#nowUs = nowUs;
  }

  get busySinceUs(): number | null {
    return this.#done === null ? null : this.#beganUs;
  }

  open(onOpen: (problem: string | null) => void): void {
    const { host, port, tls } = this.#endpoint;
    const { tlsInsecure, tlsCa } = this.#settings;
    const receive = (chunk: Buffer): void => {
      if (this.#socket === socket) this.#receive(chunk);
    };
    // Straight from the read into the parser: the stream's own buffering costs as much as the parsing. (Not for TLS,
    // whose streams have no such way.)
    const onread = {
      buffer: readBuffer,
      callback: (bytes: number): boolean => {
        receive(readBuffer.subarray(0, bytes));
        return true;
      },
    };
    const socket: Socket = tls
      ? connectTls({
          host,
          port,
          // An IP address is no server name (RFC 6066).
          ...(isIP(host) === 0 ? { servername: host } : {}),
          rejectUnauthorized: !tlsInsecure,
          ...(tlsCa === null ? {} : { ca: tlsCa }),
        })
      : connectTcp({ host, port, onread });
    if (tls) socket.on('data', receive);
    this.#socket = socket;
    this.#opening = onOpen;
    socket.setNoDelay(true);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      this.opened++;
      this.#served = 0;
      this.#endOpening(null);
    });
    socket.on('end', () => {
      if (this.#socket === socket) this.#ended();
    });
    socket.on('error', (error: Error) => {
      if (this.#socket === socket) this.#lost(error.message === '' ? error.name : error.message);
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.#lost('the connection was closed');
    });
  }

  exchange(request: Uint8Array, onDone: (exchange: Exchange) => void): void {
    this.#done = onDone;
    this.#beganUs = this.#nowUs();
    this.#sentUs = null;
    this.#firstByteUs = null;
    this.#bytesIn = 0;
    this.#parser.reset();
    const socket = this.#socket;
    if (socket !== null && this.#opening === null) {
      this.#write(socket, request);
      return;
    }
    this.open((problem) => {
      if (this.#done !== onDone) return; // given up meanwhile
      if (problem !== null) this.#finish(null, { kind: 'connect', text: problem });
      else if (this.#socket !== null) this.#write(this.#socket, request);
    });
  }

  giveUp(failure: ExchangeFailure): void {
    this.close();
    if (this.#done !== null) this.#finish(null, failure);
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#opening = null;
    socket?.destroy();
  }

  #write(socket: Socket, request: Uint8Array): void {
    this.#sentUs = this.#nowUs();
    socket.write(request);
  }

  #endOpening(problem: string | null): void {
    const opening = this.#opening;
    this.#opening = null;
    opening?.(problem);
  }

  #receive(chunk: Buffer): void {
    if (this.#done === null) {
      this.close(); // bytes that nobody asked for: this connection is out of step
      return;
    }
    this.#firstByteUs ??= this.#nowUs();
    this.#bytesIn += chunk.length;
    this.#settle(() => this.#parser.push(chunk));
  }

  #ended(): void {
    if (this.#done === null || this.#opening !== null) {
      this.#lost('the connection was closed');
      return;
    }
    this.#settle(() => {
      const answer = this.#parser.end();
      if (answer === null) this.#lost('the connection was closed before an answer');
      return answer;
    });
  }

  /** Takes an answer that is complete, or the complaint of the parser. */
  #settle(parse: () => HttpAnswer | null): void {
    try {
      const answer = parse();
      if (answer === null) return;
      this.#served++;
      const { keepAlive, requestsMax } = this.#settings;
      if (!answer.keepAlive || !keepAlive || this.#served >= requestsMax) this.close();
      this.#finish(answer, null);
    } catch (error) {
      if (!(error instanceof BadAnswerError)) throw error;
      this.giveUp({ kind: 'bad_answer', text: error.message });
    }
  }

  #lost(text: string): void {
    const opening = this.#opening !== null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.destroy();
    if (opening) this.#endOpening(text);
    else if (this.#done !== null) this.#finish(null, { kind: 'reset', text });
  }

  #finish(answer: HttpAnswer | null, failure: ExchangeFailure | null): void {
    const done = this.#done;
    if (done === null) return;
    this.#done = null;
    const doneUs = this.#nowUs();
    const sentUs = this.#sentUs ?? doneUs;
    done({
      sentUs,
      connectionWaitUs: sentUs - this.#beganUs,
      firstByteUs: this.#firstByteUs,
      doneUs,
      bytesIn: this.#bytesIn,
      answer,
      failure,
    });
  }
}
