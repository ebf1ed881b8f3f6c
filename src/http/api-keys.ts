import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { FltsError } from '../contract/index.js';

/** Digests of the keys that are let in; the keys themselves are nowhere. */
export type KeyDigests = readonly Buffer[];

/**
 * Reads a key file: a line each, `NAME SHA256-IN-HEX`; empty lines and lines that start with # are skipped.
 * Throws FLTS_SETTINGS that names the first bad line; never repeats what stands there.
 */
export function parseKeyFile(text: string, path: string): KeyDigests {
  const digests: Buffer[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const hex = /^\S+\s+([0-9a-fA-F]{64})\s*$/.exec(line)?.[1];
    if (hex === undefined) {
      throw new FltsError('FLTS_SETTINGS', `${path}:${i + 1} is not 'NAME SHA256-OF-THE-KEY-IN-HEX'.`, {
        remedy: "Make a digest with: printf %s 'KEY' | sha256sum",
      });
    }
    digests.push(Buffer.from(hex, 'hex'));
  }
  if (digests.length === 0) throw new FltsError('FLTS_SETTINGS', `${path} has no key: nobody could be let in.`);
  return digests;
}

/** The key that a request carries: X-Api-Key, else the bearer token; null when it has none. */
export function keyOf(headers: IncomingHttpHeaders): string | null {
  const direct = headers['x-api-key'];
  if (typeof direct === 'string' && direct !== '') return direct;
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}

/**
 * The place of the key among the digests, -1 for a key that is not there. Digests are compared, all of them and in
 * constant time, so that the time taken says nothing about how near a guess was.
 */
export function placeOfKey(key: string, digests: KeyDigests): number {
  const digest = digestOf(key);
  let place = -1;
  digests.forEach((candidate, i) => {
    if (timingSafeEqual(digest, candidate)) place = i;
  });
  return place;
}

/** Whether the key is among the digests. */
export function isKnownKey(key: string, digests: KeyDigests): boolean {
  return placeOfKey(key, digests) >= 0;
}

export function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
