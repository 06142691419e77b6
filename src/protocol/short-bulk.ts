// Bulk strings of fewer than 64 bytes, written in loops without calls: what long replies of many elements spend their time
// on.

const BULK = 36; // $
const ZERO = 48;
const CR = 13;
const LF = 10;

/** A longer bulk string is no short one. */
export const MAX_SHORT_BYTES = 63;
/** Most bytes of a short bulk string: "$63", its content, and two line ends. */
export const SHORT_BULK_BYTES: number = 3 + 2 + MAX_SHORT_BYTES + 2;

/** Writes a bulk string of fewer than 64 bytes; returns the place after it. */
export function writeShortBulk(
  target: Buffer,
  position: number,
  buffer: Buffer,
  offset: number,
  length: number,
): number {
  let at = position;
  target[at++] = BULK;
  if (length >= 10) {
    const tens = (length * 205) >>> 11;
    target[at++] = ZERO + tens;
    target[at++] = ZERO + length - tens * 10;
  } else {
    target[at++] = ZERO + length;
  }
  target[at++] = CR;
  target[at++] = LF;
  for (let i = 0; i < length; i++) target[at + i] = buffer[offset + i];
  at += length;
  target[at] = CR;
  target[at + 1] = LF;
  return at + 2;
}
