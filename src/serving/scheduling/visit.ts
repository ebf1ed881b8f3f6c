import type { AdmissionGate } from './admission-gate.js';

/** What a request's head says, before its body is read. */
export interface RequestHead {
  /** When the request arrived, on the engine's clock. */
  readonly arrivalUs: number;
  /** X-Request-Timeout-Ms; null where there is none. */
  readonly askedTimeoutMs: number | null;
  /** X-Priority, 0..3. */
  readonly priority: number;
  /** Who asks: an API key's place or an address. Clients share fairly under load. */
  readonly client: string;
  /** Content-Length; 0 where it is not said. */
  readonly bytes: number;
}

/**
 * A request from its head to the end of its reply; what it holds counts until then. Made by
 * `PredictionService.open`, and to be closed whatever its end.
 */
export class Visit {
  readonly arrivalUs: number;
  /** When it must be answered, on the engine's clock. */
  readonly dueUs: number;
  readonly priority: number;
  readonly client: string;
  readonly #gate: AdmissionGate;
  #bytes = 0;

  /** Throws FLTS_BYTES_FULL when its body has no room. */
  constructor(gate: AdmissionGate, head: RequestHead, dueUs: number) {
    this.arrivalUs = head.arrivalUs;
    this.dueUs = dueUs;
    this.priority = head.priority;
    this.client = head.client;
    this.#gate = gate;
    this.holdBytes(head.bytes);
  }

  /** The body is at least this long: more than the head said, or it said nothing. Throws FLTS_BYTES_FULL. */
  holdBytes(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.#gate.holdBytes(bytes - this.#bytes);
    this.#bytes = bytes;
  }

  /** Once the reply is out or the client has gone; closing twice is harmless. */
  close(): void {
    this.#gate.releaseBytes(this.#bytes);
    this.#bytes = 0;
  }
}
