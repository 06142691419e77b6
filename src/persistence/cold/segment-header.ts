// What a segment's file begins with. Numbers are little endian.
//
//     [ magic 4 ][ version 4 ][ log's id 16 ][ segment's number 4 ][ CRC32 of the 28 bytes before 4 ]
//
// Reading an extent does not need it, as the extent's own checksum covers where it is; `verify` does look at it.
import { crc32 } from 'node:zlib';
import type { LogId } from './segment-name.ts';

/** Bytes of the header: the offset of the first extent. */
export const SEGMENT_HEADER_BYTES = 32;

const MAGIC = 0x44_4c_43_53; // "SCLD"
const VERSION = 1;
const VERSION_AT = 4;
const ID_AT = 8;
const NUMBER_AT = 24;
const CRC_AT = 28;

/** The header of a segment. */
export function segmentHeader(id: LogId, segment: number): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.writeUInt32LE(MAGIC);
  bytes.writeUInt32LE(VERSION, VERSION_AT);
  bytes.write(id, ID_AT, 'hex');
  bytes.writeUInt32LE(segment, NUMBER_AT);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
  return bytes;
}

/**
 * What is wrong with a segment's header; undefined if nothing is.
 * @param bytes the file's first SEGMENT_HEADER_BYTES bytes, or all that it has
 */
export function problemOfSegment(bytes: Buffer, id: LogId, segment: number): string | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES) {
    return `the file ends in the middle of its header, after ${bytes.length} bytes`;
  }
  if (bytes.readUInt32LE() !== MAGIC) return 'it does not begin like a segment';
  if (bytes.readUInt32LE(CRC_AT) !== crc32(bytes.subarray(0, CRC_AT))) {
    return "the checksum of the segment's header is wrong";
  }
  const version = bytes.readUInt32LE(VERSION_AT);
  if (version !== VERSION) return `the segment is of the unknown version ${version}`;
  const isOwn = bytes.toString('hex', ID_AT, NUMBER_AT) === id;
  if (isOwn && bytes.readUInt32LE(NUMBER_AT) === segment) return undefined;
  return 'the file is that of another segment';
}
