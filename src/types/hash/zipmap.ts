// Reads zipmaps, in which Redis before 2.6 kept small hashes, as they stand in RDB files:
//
//   [ count: 1 byte ]( [ length ][ field ][ length ][ free: 1 byte ][ value ][ free bytes ] )… [ 0xff ]
//
// A length is a byte, or 0xfe and 4 bytes, the lowest first. A count of 0xfe means that it is not known.
// Specification: the comment at the head of zipmap.c in Redis. The bytes are not trusted.
import type { ElementReceiver } from '../../persistence/rdb/format/packed-elements.ts';
import type { ByteView } from '../../structures/entry.ts';

const LONG_LENGTH = 0xfe;
const UNCOUNTED = 0xfe;
const END_MARK = 0xff;

/** Where an element is, after its header was read. */
const element = { start: 0, length: 0 };

/** Hands on fields and values in turn; false when the zipmap is damaged or empty, maybe after some of them. */
export function readZipmap(view: ByteView, receiver: ElementReceiver): boolean {
  const { buffer, offset, length } = view;
  const end = offset + length - 1;
  if (length < 2 || buffer[end] !== END_MARK) return false;
  let at = offset + 1;
  let count = 0;
  for (; buffer[at] !== END_MARK; count++) {
    if (!readHeader(buffer, at, end)) return false;
    const field = element.start;
    const fieldLength = element.length;
    at = field + fieldLength;
    if (at >= end || !readHeader(buffer, at, end)) return false;
    const value = element.start + 1;
    const free = buffer[element.start];
    at = value + element.length + free;
    if (at > end) return false;
    receiver.push(buffer, field, fieldLength);
    receiver.push(buffer, value, element.length);
  }
  return at === end && count > 0 && (buffer[offset] === UNCOUNTED || buffer[offset] === count);
}

/** Reads the length of an element; false when it does not end before `end`. */
function readHeader(buffer: Buffer, at: number, end: number): boolean {
  const isLong = buffer[at] >= LONG_LENGTH;
  element.start = at + (isLong ? 5 : 1);
  if (element.start >= end) return false;
  element.length = isLong ? buffer.readUInt32LE(at + 1) : buffer[at];
  return element.start + element.length <= end;
}
