import type { Dice } from '../../../src/simulation/index.js';

/** What has broken readers of JSON before. */
const ODD_TEXTS = [
  '1e999',
  '-1e39',
  '1e-60',
  'null',
  '[]',
  '{}',
  '""',
  '"__proto__"',
  '-',
  ',',
  '0',
  '"NaN"',
  '\u0000',
  '\ud83d',
] as const;
/** Bytes that end or prolong numbers and lengths of protobuf. */
const ODD_BYTES = [0, 1, 0x7f, 0x80, 0xff] as const;

/** The bytes after one to four small damages: bits, bytes, pieces lost or repeated, an end too early. */
export function mutateBytes(d: Dice, bytes: Uint8Array): Uint8Array {
  let left: Uint8Array = Uint8Array.from(bytes);
  for (let i = d.whole(1, 4); i > 0; i--) left = damaged(d, left);
  return left;
}

function damaged(d: Dice, bytes: Uint8Array): Uint8Array {
  const at = d.whole(0, Math.max(0, bytes.length - 1));
  const end = Math.min(bytes.length, at + d.whole(1, 12));
  const [before, piece, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (d.pick(['bit', 'bit', 'byte', 'byte', 'lost', 'repeated', 'cut'])) {
    case 'bit':
      return Buffer.concat([before, Uint8Array.of((bytes[at] ?? 0) ^ (1 << d.whole(0, 7))), bytes.subarray(at + 1)]);
    case 'byte': {
      const other = d.chance(0.5) ? d.pick(ODD_BYTES) : d.whole(0, 255);
      return Buffer.concat([before, Uint8Array.of(other), bytes.subarray(at + 1)]);
    }
    case 'lost':
      return Buffer.concat([before, after]);
    case 'repeated':
      return Buffer.concat([before, piece, piece, after]);
    default:
      return d.chance(0.2) ? before : bytes;
  }
}

/** The text after one or two tokens of it were exchanged, and now and then damaged byte by byte. */
export function mutateText(d: Dice, text: string): Uint8Array {
  const tokens = text.split(/(?<=[[\]{},:])|(?=[[\]{},:])/);
  for (let i = d.whole(1, 2); i > 0; i--) {
    const own = tokens[d.whole(0, tokens.length - 1)] ?? '';
    tokens[d.whole(0, tokens.length - 1)] = d.chance(0.2) ? own : d.pick(ODD_TEXTS);
  }
  const bytes = Buffer.from(tokens.join(''));
  return d.chance(0.3) ? mutateBytes(d, bytes) : bytes;
}
