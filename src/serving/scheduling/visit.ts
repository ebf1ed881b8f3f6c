import type { ModelWish } from '../versions/model-table.js';
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
  readonly wish: ModelWish;
  readonly #gate: AdmissionGate;
  #bytes = 0;

  /** Throws FLTS_BYTES_FULL when a body of the announced length has no room. */
  constructor(gate: AdmissionGate, head: RequestHead, dueUs: number, wish: ModelWish) {
    this.arrivalUs = head.arrivalUs;
    this.dueUs = dueUs;
    this.priority = head.priority;
    this.client = head.client;
    this.wish = wish;
    this.#gate = gate;
    // What is only announced takes no memory: a few who announce much and send little would shut out all others.
    gate.checkBytes(head.bytes);
  }

  /** This many bytes of the body are here. Throws FLTS_BYTES_FULL or FLTS_OVER_SHARE. */
  holdBytes(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.#gate.holdBytes(this.client, bytes - this.#bytes);
    this.#bytes = bytes;
  }

  /** Once the reply is out or the client has gone; closing twice is harmless. */
  close(): void {
    this.#gate.releaseBytes(this.client, this.#bytes);
    this.#bytes = 0;
  }
}
