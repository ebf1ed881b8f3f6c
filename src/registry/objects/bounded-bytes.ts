import type { Readable } from 'node:stream';
import { FltsError } from '../../contract/index.js';

export interface ByteLimits {
  readonly maxBytes: number;
  /** Longest pause between two parts. */
  readonly pauseTimeoutMs: number;
  /** What the answer said it would send; null when it did not say. */
  readonly length: number | null;
}

/**
 * The parts of an answer's body. Throws FLTS_SOURCE_REFUSED when there are more bytes than `maxBytes`, FLTS_SOURCE_DOWN
 * when it stands still or ends early. The stream is destroyed in any case.
 */
export async function* boundedBytes(name: string, body: Readable, limits: ByteLimits): AsyncGenerator<Buffer> {
  const { maxBytes, pauseTimeoutMs, length } = limits;
  const stillness = new Error(`stood still for ${pauseTimeoutMs} ms`);
  const watch = (): NodeJS.Timeout => setTimeout(() => body.destroy(stillness), pauseTimeoutMs);
  let timer = watch();
  let bytes = 0;
  try {
    if (length !== null && length > maxBytes) throw tooLarge(name, maxBytes);
    for await (const part of body) {
      clearTimeout(timer);
      const chunk = part as Buffer;
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(name, maxBytes);
      // While the taker is busy, nobody waits for the source.
      yield chunk;
      timer = watch();
    }
    if (length !== null && bytes !== length) throw new Error(`ended after ${bytes} of ${length} bytes`);
  } catch (error) {
    if (error instanceof FltsError) throw error;
    const what = error === stillness ? stillness.message : `broke off after ${bytes} bytes`;
    throw new FltsError('FLTS_SOURCE_DOWN', `The answer for ${name} ${what}.`, { cause: error });
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

function tooLarge(name: string, maxBytes: number): FltsError {
  return new FltsError('FLTS_SOURCE_REFUSED', `${name} is larger than ${maxBytes} bytes, and is not read.`);
}
