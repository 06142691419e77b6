// The header in front of each extent's payload. Numbers are little endian.
//
//     [ magic 4 ][ CRC32 4 ][ stored length 4 ][ flags 4 ][ first id 16 ][ last id 16 ][ entries 4 ][ tag 4 ][ length 4 ]
//
//     stored length   bytes of the payload in the file
//     flags           1: it is compressed (compression.ts); nothing else is set
//     length          bytes of the payload
//     CRC32           of the place (log's id, segment's number, offset), the header from the stored length on, and the
//                     payload as it is stored: an extent that is whole but belongs elsewhere is noticed, too
import { crc32 } from 'node:zlib';
import { type Extent, type ExtentRef, ID_BYTES } from './extent.ts';
import type { LogId } from './segment-name.ts';

/** Bytes of an extent's header. */
export const EXTENT_HEADER_BYTES = 60;

const MAGIC = 0x54_58_43_53; // "SCXT"
const CRC_AT = 4;
const STORED_AT = 8;
const FLAGS_AT = 12;
const FIRST_ID_AT = 16;
const LAST_ID_AT = FIRST_ID_AT + ID_BYTES;
const ENTRIES_AT = LAST_ID_AT + ID_BYTES;
const TAG_AT = ENTRIES_AT + 4;
const LENGTH_AT = TAG_AT + 4;
const COMPRESSED = 1;
/** Bytes that are summed at a time: less than half a millisecond. */
const STEP_BYTES = 1024 * 1024;

/** What a header says, beside the ids. */
export interface ExtentFacts {
  /** CRC32 of place, header and stored payload. */
  readonly crc: number;
  /** Bytes of the payload in the file. */
  readonly storedBytes: number;
  readonly isCompressed: boolean;
  readonly entries: number;
  readonly tag: number;
  /** Bytes of the payload. */
  readonly rawBytes: number;
}

/** A header that lacks its checksum. */
export function extentHeader(extent: Extent, storedBytes: number, isCompressed: boolean): Buffer {
  const header = Buffer.allocUnsafe(EXTENT_HEADER_BYTES);
  header.writeUInt32LE(MAGIC);
  header.writeUInt32LE(0, CRC_AT);
  header.writeUInt32LE(storedBytes, STORED_AT);
  header.writeUInt32LE(isCompressed ? COMPRESSED : 0, FLAGS_AT);
  header.set(extent.firstId, FIRST_ID_AT);
  header.set(extent.lastId, LAST_ID_AT);
  header.writeUInt32LE(extent.entries, ENTRIES_AT);
  header.writeUInt32LE(extent.tag, TAG_AT);
  header.writeUInt32LE(extent.payload.length, LENGTH_AT);
  return header;
}

/** Puts the checksum into a header. */
export function sealHeader(header: Buffer, crc: number): void {
  header.writeUInt32LE(crc, CRC_AT);
}

/** What a header says. @param bytes at least a header's, of which `problemOfHeader` found nothing wrong */
export function extentFacts(bytes: Buffer): ExtentFacts {
  return {
    crc: bytes.readUInt32LE(CRC_AT),
    storedBytes: bytes.readUInt32LE(STORED_AT),
    isCompressed: bytes.readUInt32LE(FLAGS_AT) === COMPRESSED,
    entries: bytes.readUInt32LE(ENTRIES_AT),
    tag: bytes.readUInt32LE(TAG_AT),
    rawBytes: bytes.readUInt32LE(LENGTH_AT),
  };
}

/**
 * What is wrong with a header, as far as that shows without the payload; undefined if nothing is.
 * @param bytes what the file has at the place, a header's bytes or more
 */
export function problemOfHeader(bytes: Buffer, ref: ExtentRef): string | undefined {
  if (bytes.length < EXTENT_HEADER_BYTES) {
    return `the file ends in the middle of an extent's header, after ${bytes.length} of its bytes`;
  }
  if (bytes.readUInt32LE() !== MAGIC) return 'no extent begins there';
  const stored = bytes.readUInt32LE(STORED_AT);
  const expected = ref.lengthBytes - EXTENT_HEADER_BYTES;
  if (stored !== expected) return `the extent has ${stored} bytes and not ${expected}`;
  const flags = bytes.readUInt32LE(FLAGS_AT);
  if (flags > COMPRESSED) return `the extent has the unknown flags ${flags}`;
  const length = bytes.readUInt32LE(LENGTH_AT);
  if (flags === 0 && length !== stored) return `the extent has ${stored} bytes for ${length}`;
  if (!hasId(bytes, FIRST_ID_AT, ref.firstId) || !hasId(bytes, LAST_ID_AT, ref.lastId)) {
    return 'the extent has other ids';
  }
  return undefined;
}

function hasId(bytes: Buffer, at: number, id: Uint8Array): boolean {
  return bytes.compare(id, 0, id.length, at, at + ID_BYTES) === 0;
}

/**
 * The checksum of an extent at a place, step by step: each `next` takes less than half a millisecond.
 * @param header of which all but the checksum is there
 * @param parts of the payload as it is stored
 */
export function* sumExtent(
  id: LogId,
  segment: number,
  offset: number,
  header: Buffer,
  parts: readonly Uint8Array[],
): Generator<void, number, void> {
  const place = Buffer.allocUnsafe(24);
  place.write(id, 'hex');
  place.writeUInt32LE(segment, 16);
  place.writeUInt32LE(offset, 20);
  let sum = crc32(header.subarray(STORED_AT, EXTENT_HEADER_BYTES), crc32(place));
  let stepBytes = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += STEP_BYTES) {
      const piece = part.subarray(at, at + STEP_BYTES);
      if (stepBytes + piece.length > STEP_BYTES) {
        yield;
        stepBytes = 0;
      }
      sum = crc32(piece, sum);
      stepBytes += piece.length;
    }
  }
  return sum;
}
