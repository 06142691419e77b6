// The annotation line in front of each group of the log: where in the stream the group stands, how
// long it is, and its checksum. AOF readers skip lines that begin with '#'. The line has a fixed
// length and a checksum of its own, so a length that was read from it can be trusted:
//
//   #SG1 SSSSSSSSSSSSSS LLLLLLLL DDDDDDDDDDDDDD CCCCCCCC HHHHHHHH\r\n
//        start offset   length   on disk        CRC of   CRC of what
//        (hexadecimal)           up to here     the body stands before
//
// From "on disk up to here" recovery knows which damage a loss of power explains: only damage after that offset. A
// time stamp may precede it directly (time-stamp.ts). It belongs to the group, and the CRC of "what stands before"
// covers it: a stamp that is changed, removed or moved is noticed.
import { crc32 } from 'node:zlib';
import { STAMP_BYTES, timeStampEnd } from './time-stamp.ts';

/** Length of the annotation, in bytes. */
export const HEADER_BYTES = 63;

const MAGIC = Buffer.from('#SG1 ', 'latin1');
const START_AT = 5;
const LENGTH_AT = 20;
const SYNCED_AT = 29;
const BODY_CRC_AT = 44;
const OWN_CRC_AT = 53;
const OFFSET_DIGITS = 14;
const WORD_DIGITS = 8;
const SPACE = 32;
const CR = 13;
const LF = 10;
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');

/** The content of an annotation. */
export interface GroupHeader {
  /** Offset of the group's first byte in the stream. */
  readonly start: number;
  /** Bytes of the group, the annotation not counted: below 4 GiB (ensured by replication/command-stream.ts). */
  readonly length: number;
  /** The stream was on disk up to this offset when the group was written. */
  readonly synced: number;
  /** CRC32 of the group's bytes. */
  readonly crc: number;
}

/**
 * Writes the annotation for a group, whose bytes [bodyStart, bodyEnd) follow in the same buffer.
 * @param stampBytes length of the time stamp in front of `at`, which is there already; 0 without one
 */
export function writeGroupHeader(
  buffer: Buffer,
  at: number,
  stampBytes: number,
  start: number,
  synced: number,
  bodyEnd: number,
): void {
  const bodyStart = at + HEADER_BYTES;
  const crc = crc32(buffer.subarray(bodyStart, bodyEnd));
  placeGroupHeader(buffer, at, stampBytes, { start, length: bodyEnd - bodyStart, synced, crc });
}

/** As `writeGroupHeader`, for a group whose length and checksum are known, wherever its bytes are. */
export function placeGroupHeader(
  buffer: Buffer,
  at: number,
  stampBytes: number,
  { start, length, synced, crc }: GroupHeader,
): void {
  buffer.set(MAGIC, at);
  writeHex(buffer, at + START_AT, OFFSET_DIGITS, start);
  writeHex(buffer, at + LENGTH_AT, WORD_DIGITS, length);
  writeHex(buffer, at + SYNCED_AT, OFFSET_DIGITS, synced);
  writeHex(buffer, at + BODY_CRC_AT, WORD_DIGITS, crc);
  buffer[at + LENGTH_AT - 1] = SPACE;
  buffer[at + SYNCED_AT - 1] = SPACE;
  buffer[at + BODY_CRC_AT - 1] = SPACE;
  buffer[at + OWN_CRC_AT - 1] = SPACE;
  const own = crc32(buffer.subarray(at - stampBytes, at + OWN_CRC_AT));
  writeHex(buffer, at + OWN_CRC_AT, WORD_DIGITS, own);
  buffer[at + HEADER_BYTES - 2] = CR;
  buffer[at + HEADER_BYTES - 1] = LF;
}

/**
 * Position of the annotation of the group that begins at `at`: there, or after its time stamp.
 * @param end of the bytes that are there
 */
export function headerPlace(buffer: Buffer, at: number, end: number): number {
  return timeStampEnd(buffer, at, end) === at + STAMP_BYTES ? at + STAMP_BYTES : at;
}

/**
 * The annotation at `at`, of which all bytes are there; undefined when there is no whole one.
 * @param stampBytes length of the time stamp that belongs to it, in front of `at`
 */
export function readGroupHeader(
  buffer: Buffer,
  at: number,
  stampBytes: number,
): GroupHeader | undefined {
  for (let i = 0; i < MAGIC.length; i++) if (buffer[at + i] !== MAGIC[i]) return undefined;
  if (buffer[at + HEADER_BYTES - 2] !== CR || buffer[at + HEADER_BYTES - 1] !== LF) {
    return undefined;
  }
  const own = readHex(buffer, at + OWN_CRC_AT, WORD_DIGITS);
  if (own !== crc32(buffer.subarray(at - stampBytes, at + OWN_CRC_AT))) return undefined;
  return {
    start: readHex(buffer, at + START_AT, OFFSET_DIGITS),
    length: readHex(buffer, at + LENGTH_AT, WORD_DIGITS),
    synced: readHex(buffer, at + SYNCED_AT, OFFSET_DIGITS),
    crc: readHex(buffer, at + BODY_CRC_AT, WORD_DIGITS),
  };
}

/** First position at or after `from` where an annotation may begin; -1 when there is none. */
export function findGroupHeader(bytes: Buffer, from: number): number {
  return bytes.indexOf(MAGIC, from);
}

/** Whether `bytes` [at, end) could be the beginning of an annotation. */
export function mayBeGroupHeader(bytes: Buffer, at: number, end: number): boolean {
  const length = Math.min(MAGIC.length, end - at);
  return MAGIC.compare(bytes, at, at + length, 0, length) === 0;
}

/** Whether a group's bytes are those that its annotation was written for. */
export function isIntact(header: GroupHeader, bytes: Buffer, at: number): boolean {
  return crc32(bytes.subarray(at, at + header.length)) === header.crc;
}

function writeHex(buffer: Buffer, at: number, digits: number, value: number): void {
  let low = value >>> 0;
  let high = Math.floor(value / 0x1_0000_0000);
  for (let i = digits - 1; i >= 0; i--) {
    buffer[at + i] = DIGITS[low & 15];
    low = (low >>> 4) | ((high & 15) << 28);
    high >>>= 4;
  }
}

/** NaN for anything but lower-case digits. */
function readHex(buffer: Buffer, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = DIGITS.indexOf(buffer[i]);
    if (digit < 0) return Number.NaN;
    value = value * 16 + digit;
  }
  return value;
}
