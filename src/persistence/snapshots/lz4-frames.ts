// What an LZ4 frame looks like, as Synap and the program `lz4` write them:
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md, version 1.6.
//
//     [ magic 4 ][ FLG 1 ][ BD 1 ][ content size 8? ][ header checksum 1 ]
//     [ block size 4 ][ block ][ checksum 4? ] …   [ 0000 end mark ][ content checksum 4? ]
//
//     FLG   version 2 bits = 01 │ blocks are independent │ have checksums │
//           content size is there │ content checksum is there │ 0 │ dictionary has an id
//     BD    0 │ most bytes of a block 3 bits: 4 … 7 for 64 KiB … 4 MiB │ 0000
//
// All numbers are little endian. Frames that need a dictionary of their own are refused.
import type { Xxh32 } from './lz4-checksum.ts';

/** Bytes that are no LZ4 frames, or damaged ones. */
export class Lz4Error extends Error {
  /** Where it was noticed, in bytes from the beginning of the file. */
  readonly position: number;
  /** What is wrong, without the place. */
  readonly problem: string;

  constructor(problem: string, position: number) {
    super(`${problem} (at byte ${position} of the file)`);
    this.name = 'Lz4Error';
    this.problem = problem;
    this.position = position;
  }
}

/** Bytes of a block's size, and of a checksum. */
export const WORD_BYTES = 4;
/** What a file of frames begins with, and each of its frames. */
export const LZ4_MAGIC = Buffer.from([0x04, 0x22, 0x4d, 0x18]);
/** Bytes of a header up to the flags, which determine its length. */
export const FLAGS_END = 6;
/** How far back linked blocks refer. */
export const HISTORY_BYTES = 64 * 1024;
/** Set in a block's size when it is stored as it is. */
export const STORED_BIT = 0x80000000;

const VERSION_MASK = 0b11000000;
const VERSION = 0b01000000;
const INDEPENDENT_BLOCKS = 0b00100000;
const BLOCK_CHECKSUMS = 0b00010000;
const CONTENT_SIZE = 0b00001000;
const CONTENT_CHECKSUM = 0b00000100;
const RESERVED = 0b00000010;
const DICTIONARY_ID = 0b00000001;
const CONTENT_SIZE_BYTES = 8;
const SMALLEST_BLOCK_CODE = 4;
const END_MARK = Buffer.alloc(WORD_BYTES);

/** The content of a frame's header. */
export interface FrameHeader {
  /** The byte BD. */
  readonly sizes: number;
  /** Most bytes of a block's content. */
  readonly maxBlockBytes: number;
  /** Blocks refer to what precedes them in the frame. */
  readonly isLinked: boolean;
  readonly hasBlockChecksums: boolean;
  readonly hasContentChecksum: boolean;
  /** Bytes of all blocks' content, if the header states it. */
  readonly contentBytes: number | undefined;
}

/** Bytes of a header with these flags. */
export function headerBytesOf(flags: number): number {
  return FLAGS_END + ((flags & CONTENT_SIZE) === 0 ? 0 : CONTENT_SIZE_BYTES) + 1;
}

/**
 * Reads a header.
 * @param bytes the header, all of it
 * @param position where it begins in the file
 * @throws Lz4Error when it is damaged, or of frames that cannot be read
 */
export function readFrameHeader(bytes: Buffer, position: number, xxh32: Xxh32): FrameHeader {
  const flags = bytes[LZ4_MAGIC.length];
  const sizes = bytes[LZ4_MAGIC.length + 1];
  if ((flags & DICTIONARY_ID) !== 0) {
    throw new Lz4Error('the LZ4 frame needs a dictionary, or its header is damaged', position);
  }
  const last = bytes.length - 1;
  if (headerChecksum(bytes.subarray(LZ4_MAGIC.length, last), xxh32) !== bytes[last]) {
    throw new Lz4Error("the checksum of the LZ4 frame's header is wrong", position);
  }
  const blockCode = sizes >>> 4;
  const isKnown = (flags & (VERSION_MASK | RESERVED)) === VERSION && (sizes & 0b1111) === 0;
  if (!isKnown || blockCode < SMALLEST_BLOCK_CODE || blockCode > 7) {
    throw new Lz4Error('the LZ4 frame is of an unknown version', position);
  }
  return {
    sizes,
    maxBlockBytes: 2 ** (8 + 2 * blockCode),
    isLinked: (flags & INDEPENDENT_BLOCKS) === 0,
    hasBlockChecksums: (flags & BLOCK_CHECKSUMS) !== 0,
    hasContentChecksum: (flags & CONTENT_CHECKSUM) !== 0,
    contentBytes:
      (flags & CONTENT_SIZE) === 0 ? undefined : Number(bytes.readBigUInt64LE(FLAGS_END)),
  };
}

/** The last byte of a header, of those between it and the magic number. */
function headerChecksum(descriptor: Uint8Array, xxh32: Xxh32): number {
  return (xxh32.of(descriptor) >>> 8) & 0xff;
}

/** What a block's content depends on, beside the block. */
export interface BlockFacts {
  /** The byte BD of the frame that it is from. */
  readonly sizes: number;
  /** What preceded it, where it may refer to that: up to HISTORY_BYTES. */
  readonly history: Buffer;
  /** Checksum of its content, to be verified with it. */
  readonly contentChecksum: number | undefined;
}

/**
 * A frame of its own for a block: nothing in it but the block is from the file. What the block may refer
 * to comes before it, stored as it is.
 * @param block its size, and as many bytes
 */
export function frameOfBlock(block: Buffer, facts: BlockFacts, xxh32: Xxh32): Buffer {
  const { sizes, history, contentChecksum } = facts;
  let flags = VERSION;
  const parts = [block, END_MARK];
  if (history.length === 0) flags |= INDEPENDENT_BLOCKS;
  else parts.unshift(uint32(history.length + STORED_BIT), history);
  if (contentChecksum !== undefined) {
    flags |= CONTENT_CHECKSUM;
    parts.push(uint32(contentChecksum));
  }
  const checksum = headerChecksum(Uint8Array.of(flags, sizes), xxh32);
  return Buffer.concat([LZ4_MAGIC, Uint8Array.of(flags, sizes, checksum), ...parts]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(WORD_BYTES);
  bytes.writeUInt32LE(value);
  return bytes;
}
