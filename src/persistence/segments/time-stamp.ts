// The time stamps of a log: lines as Redis writes them (`aof-timestamp-enabled`), so that
// `redis-check-aof --truncate-to-timestamp` can cut it back to one:
//
//   #TS:1700000000\r\n
//
// Readers skip them: they are not part of the stream, and offsets do not count them. Synap's have a fixed length and
// precede a group's annotation, whose checksum covers them.

/** Length of a line that Synap writes, in bytes. */
export const STAMP_BYTES = 16;

const PREFIX = Buffer.from('#TS:', 'latin1');
const DIGITS = 10;
/** Most digits of a 64-bit integer; with a wrong clock there may be fewer than ten. */
const MAX_DIGITS = 19;
const ZERO = 48;
const NINE = 57;
const CR = 13;
const LF = 10;

/**
 * Writes the line for a time at `at`.
 * @param seconds since the epoch, below 10^10
 */
export function writeTimeStamp(buffer: Buffer, at: number, seconds: number): void {
  buffer.set(PREFIX, at);
  let rest = seconds;
  for (let i = at + PREFIX.length + DIGITS - 1; i >= at + PREFIX.length; i--) {
    buffer[i] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  buffer[at + STAMP_BYTES - 2] = CR;
  buffer[at + STAMP_BYTES - 1] = LF;
}

/** Whether `bytes` [at, end) begin like such a line, as far as they reach. */
export function mayBeTimeStamp(bytes: Buffer, at: number, end: number): boolean {
  const length = Math.min(PREFIX.length, end - at);
  return PREFIX.compare(bytes, at, at + length, 0, length) === 0;
}

/**
 * Where the line at `at` ends, Redis's included.
 * @param end of the bytes that are there
 * @returns `at` when there is no whole line
 */
export function timeStampEnd(bytes: Buffer, at: number, end: number): number {
  if (!mayBeTimeStamp(bytes, at, end)) return at;
  const from = at + PREFIX.length;
  let i = from;
  while (i < end && i - from < MAX_DIGITS && bytes[i] >= ZERO && bytes[i] <= NINE) i++;
  const isWhole = i > from && i + 2 <= end && bytes[i] === CR && bytes[i + 1] === LF;
  return isWhole ? i + 2 : at;
}
