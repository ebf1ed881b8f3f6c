/** One field of a protobuf message. `value` of a length-delimited field is its bytes, of a varint its number. */
export type WireField =
  | { readonly number: number; readonly kind: 'varint'; readonly value: number }
  | { readonly number: number; readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly number: number; readonly kind: 'fixed' };

/** Bytes that are no protobuf message; the message is a clause. */
export class WireError extends Error {}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
/** A varint of 64 bits. */
const VARINT_BYTES_MAX = 10;

/**
 * The fields of a protobuf message in the order of the file; bytes are views, nothing is copied. Numbers of more than
 * 53 bits lose their last digits. Throws WireError. Source: "Protocol Buffers, Encoding", protobuf.dev.
 */
export function* wireFields(bytes: Uint8Array): Generator<WireField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = bytes[at++];
      if (byte === undefined) throw new WireError('it ends inside a number');
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value;
    }
    throw new WireError('it has a number of more than 64 bits');
  };
  const skip = (length: number): void => {
    if (length > bytes.length - at) throw new WireError('it ends inside a field');
    at += length;
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (number === 0) throw new WireError('it has a field without a number');
    const type = tag % 8;
    if (type === VARINT) {
      yield { number, kind: 'varint', value: varint() };
    } else if (type === BYTES) {
      const length = varint();
      skip(length);
      yield { number, kind: 'bytes', value: bytes.subarray(at - length, at) };
    } else if (type === FIXED64 || type === FIXED32) {
      skip(type === FIXED64 ? 8 : 4);
      yield { number, kind: 'fixed' };
    } else {
      throw new WireError(`it has a field of the unknown kind ${type}`);
    }
  }
}
