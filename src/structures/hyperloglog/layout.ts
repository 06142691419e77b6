// The bytes of a HyperLogLog, Redis's own: a string that clients may read, change and store as any other.
//
//   byte 0       4           5            8             16
//        [ HYLL ][ encoding ][ not used  ][ count      ][ registers …          ]
//
//   count      cardinality as computed last, little-endian; its highest bit is set when it holds no more
//   registers  dense (dense-registers.ts): 6 bits each, so the whole has always 12304 bytes
//              sparse (sparse-registers.ts): runs of equal registers

/** Bits of an element's hash that choose its register. */
export const INDEX_BITS = 14;
export const REGISTERS: number = 1 << INDEX_BITS;
/** Largest value of a register that a hash leads to: the bits that are left, and one. */
export const MAX_RUN: number = 64 - INDEX_BITS + 1;

export const HEADER_BYTES = 16;
export const DENSE_BYTES: number = HEADER_BYTES + (REGISTERS * 6) / 8;

export const DENSE = 0;
export const SPARSE = 1;

const MAGIC = 'HYLL';
const ENCODING_AT = 4;
/** Where the count is, from the start. */
export const COUNT_AT = 8;
export const COUNT_BYTES = 8;
const IS_OUTDATED = 0x80;

/** Bytes that the head of an empty one has, its count outdated; more follow. */
export const EMPTY_BYTES: number = HEADER_BYTES + 2;

/** Whether bytes are a HyperLogLog as far as its header tells. */
export function isHyperLogLog(bytes: Uint8Array, start: number, length: number): boolean {
  if (length < HEADER_BYTES) return false;
  for (let i = 0; i < MAGIC.length; i++) {
    if (bytes[start + i] !== MAGIC.charCodeAt(i)) return false;
  }
  const encoding = bytes[start + ENCODING_AT];
  return encoding === SPARSE || (encoding === DENSE && length === DENSE_BYTES);
}

/** DENSE or SPARSE. */
export function encodingOf(bytes: Uint8Array, start: number): number {
  return bytes[start + ENCODING_AT];
}

/** Writes one without elements, EMPTY_BYTES long. */
export function writeEmpty(bytes: Uint8Array, start: number): void {
  bytes.fill(0, start, start + HEADER_BYTES);
  for (let i = 0; i < MAGIC.length; i++) bytes[start + i] = MAGIC.charCodeAt(i);
  bytes[start + ENCODING_AT] = SPARSE;
  // A run of all registers, with the value 0.
  bytes[start + HEADER_BYTES] = 0x40 | ((REGISTERS - 1) >> 8);
  bytes[start + HEADER_BYTES + 1] = (REGISTERS - 1) & 0xff;
}

/** Sets the encoding in a header. */
export function setEncoding(bytes: Uint8Array, start: number, encoding: number): void {
  bytes[start + ENCODING_AT] = encoding;
}

/** Where the byte is that tells that the count is outdated, from the start, and its value then. */
export const OUTDATED_AT: number = COUNT_AT + COUNT_BYTES - 1;
export function outdated(byte: number): number {
  return byte | IS_OUTDATED;
}

/** Whether the count holds. */
export function hasCount(bytes: Uint8Array, start: number): boolean {
  return (bytes[start + OUTDATED_AT] & IS_OUTDATED) === 0;
}

/** Lowest count that a signed integer of 64 bits does not hold. */
const COUNT_LIMIT = 2 ** 63;

/** A count below 2^53 that holds; NaN for a larger one. */
export function readCount(bytes: Uint8Array, start: number): number {
  const count = wordAt(bytes, start + COUNT_AT) + wordAt(bytes, start + COUNT_AT + 4) * 2 ** 32;
  return count <= Number.MAX_SAFE_INTEGER ? count : Number.NaN;
}

/** Any count that holds. */
export function readLargeCount(bytes: Uint8Array, start: number): bigint {
  const low = BigInt(wordAt(bytes, start + COUNT_AT));
  return low | (BigInt(wordAt(bytes, start + COUNT_AT + 4)) << 32n);
}

/** An integer as counts are told: one beyond 64 bits, which no elements lead to, becomes the lowest there is. */
export function countOf(estimate: number): bigint {
  return estimate < COUNT_LIMIT ? BigInt(estimate) : -BigInt(COUNT_LIMIT);
}

/** Writes a count into the header at `start`. */
export function writeCount(bytes: Uint8Array, start: number, count: number): void {
  const isKept = count < COUNT_LIMIT;
  writeWord(bytes, start + COUNT_AT, isKept ? count % 2 ** 32 : 0);
  writeWord(
    bytes,
    start + COUNT_AT + 4,
    isKept ? Math.floor(count / 2 ** 32) : COUNT_LIMIT / 2 ** 32,
  );
}

function wordAt(bytes: Uint8Array, at: number): number {
  const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  return word >>> 0;
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}
