import { BodySource } from '../payload/body-plan.js';
import { ByteSlab } from '../payload/byte-slab.js';
import type { BodyBytes } from '../payload/window-table.js';
import type { RequestPlan } from './messages.js';

/** A request as it goes over the wire (ASCII) and what a right answer to it carries. */
export interface PreparedRequest {
  readonly bytes: Uint8Array;
  readonly expectedTs: string | null;
  /** Steps that were asked for; null where nobody says. */
  readonly horizon: number | null;
}

function headOf(plan: RequestPlan, hasBody: boolean): string {
  const lines = [`${plan.method} ${plan.path} HTTP/1.1`, `Host: ${plan.hostHeader}`, 'User-Agent: flts-loadtest'];
  const own = new Set(Object.keys(plan.headers).map((name) => name.toLowerCase()));
  if (!own.has('accept')) lines.push('Accept: application/json');
  if (hasBody && !own.has('content-type')) lines.push('Content-Type: application/json');
  if (!plan.connection.keepAlive) lines.push('Connection: close');
  for (const [name, value] of Object.entries(plan.headers)) lines.push(`${name}: ${value}`);
  return lines.join('\r\n');
}

/** Makes requests one after another; generator g of G takes windows g, g + G, g + 2G, …, so that no two send the same. */
export class RequestSource {
  readonly #head: string;
  readonly #fixed: PreparedRequest | null;
  readonly #bodies: BodySource | null;
  readonly #stride: number;
  readonly #slab = new ByteSlab();
  #index: number;

  constructor(plan: RequestPlan, generator: number, generators: number) {
    this.#index = generator;
    this.#stride = generators;
    this.#head = headOf(plan, plan.body !== null || plan.windows !== null);
    this.#bodies = plan.windows === null ? null : new BodySource(plan.windows);
    this.#fixed =
      this.#bodies === null ? this.#request(plan.body === null ? null : fixedBody(plan.body), null, null) : null;
  }

  next(): PreparedRequest {
    if (this.#bodies === null) return this.#fixed ?? this.#request(null, null, null);
    const body = this.#bodies.body(this.#index);
    this.#index += this.#stride;
    return this.#request(body, body.expectedTs, body.horizon);
  }

  #request(body: BodyBytes | null, expectedTs: string | null, horizon: number | null): PreparedRequest {
    const head = `${this.#head}${body === null ? '' : `\r\nContent-Length: ${body.length}`}\r\n\r\n`;
    const bytes = this.#slab.take(head.length + (body?.length ?? 0));
    bytes.write(head, 'latin1');
    body?.write(bytes, head.length);
    return { bytes, expectedTs, horizon };
  }
}

function fixedBody(text: string): BodyBytes {
  return {
    length: text.length,
    write: (target, at) => {
      target.write(text, at, 'latin1');
    },
  };
}
