// Writes packed elements as a listpack, a string of an RDB file: in memory they are packed as they are there
// (structures/packed-list.ts).
import { LongString, Runs } from './long-string.ts';
import { LISTPACK_HEADER_BYTES } from './packed-elements.ts';
import type { RdbWriter } from './rdb-writer.ts';

/** The count in a listpack with too many elements to be counted there. */
const UNCOUNTED = 0xffff;
const END_MARK = 0xff;

/** Most listpacks fit; longer ones get a buffer of their own. */
const scratch = Buffer.allocUnsafeSlow(1 << 17);

/**
 * Writes a listpack.
 * @param buffer where its elements are: `used` bytes from `start`, `count` of them
 * @returns what is still to be written of it, if it is too long for one step; it refers to the buffer
 */
export function writeListpack(
  writer: RdbWriter,
  buffer: Buffer,
  start: number,
  used: number,
  count: number,
): LongString | undefined {
  const isLong = used > writer.stepBytes;
  const length = LISTPACK_HEADER_BYTES + used + 1;
  const header = isLong ? Buffer.allocUnsafe(LISTPACK_HEADER_BYTES) : scratchFor(length);
  header.writeUInt32LE(length, 0);
  header.writeUInt16LE(Math.min(count, UNCOUNTED), 4);
  if (isLong) {
    const end = Buffer.of(END_MARK);
    return new LongString(new Runs([header, buffer.subarray(start, start + used), end]));
  }
  if (writer.compresses) {
    buffer.copy(header, LISTPACK_HEADER_BYTES, start, start + used);
    header[length - 1] = END_MARK;
    writer.string(header, 0, length);
  } else {
    writer.plain(length);
    writer.raw(header, 0, LISTPACK_HEADER_BYTES);
    writer.raw(buffer, start, used);
    writer.byte(END_MARK);
  }
  return undefined;
}

function scratchFor(length: number): Buffer {
  return length <= scratch.length ? scratch : Buffer.allocUnsafe(length);
}
