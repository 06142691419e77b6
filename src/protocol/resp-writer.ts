// Writes what RESP consists of to a place in a buffer that has room for it: headers, line ends, bulk strings. Who
// makes room, and where bytes go then, is the callers' part: replies, messages, invalidations, the log.
import { copyBytes } from './copy-bytes.ts';
import { digitsOf, writeInteger } from './integer.ts';

/** Room for a header: its type, an integer and the line's end. */
export const HEADER_BYTES = 23;
/** Bytes of a line's end. */
export const LINE_END_BYTES = 2;

/** Types, the first byte of what they begin. */
export const BULK = 36; // $
export const ARRAY = 42; // *
export const PUSH = 62; // >

const CR = 13;
const LF = 10;
const ZERO = 48;

/** Ends a line; returns the position behind it. */
export function writeLineEnd(target: Uint8Array, at: number): number {
  target[at] = CR;
  target[at + 1] = LF;
  return at + LINE_END_BYTES;
}

/**
 * Writes a type and an integer of magnitude ≤ 2^53 as a line, of HEADER_BYTES at most.
 * @returns the position behind it
 */
export function writeHeader(target: Uint8Array, at: number, type: number, value: number): number {
  target[at] = type;
  if (value >= 0 && value < 10) {
    target[at + 1] = ZERO + value;
    return writeLineEnd(target, at + 2);
  }
  return writeLineEnd(target, writeInteger(target, at + 1, value));
}

/** Bytes that a bulk string of so many bytes takes. */
export function bulkBytes(length: number): number {
  return 1 + digitsOf(length) + LINE_END_BYTES + length + LINE_END_BYTES;
}

/** Writes a bulk string; returns the position behind it. */
export function writeBulk(
  target: Uint8Array,
  at: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  const body = writeHeader(target, at, BULK, length);
  copyBytes(bytes, offset, length, target, body);
  return writeLineEnd(target, body + length);
}

/** Writes text as a bulk string, a character a byte; returns the position behind it. */
export function writeBulkText(target: Buffer, at: number, text: string): number {
  const body = writeHeader(target, at, BULK, text.length);
  return writeLineEnd(target, body + target.write(text, body, 'latin1'));
}
