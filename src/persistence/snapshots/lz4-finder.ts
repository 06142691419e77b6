// Finds the blocks of LZ4 frames that follow one another. What a file says is believed only within
// bounds: a block is at most 4 MiB, and no more of the file is in memory; every frame must have its end.
// Checksums of headers and of blocks are verified here.
import type { Xxh32 } from './lz4-checksum.ts';
import {
  FLAGS_END,
  type FrameHeader,
  headerBytesOf,
  LZ4_MAGIC,
  Lz4Error,
  readFrameHeader,
  STORED_BIT,
  WORD_BYTES,
} from './lz4-frames.ts';
import type { Lz4Input } from './lz4-input.ts';

/** A frame that was found. */
export interface FoundFrame {
  readonly header: FrameHeader;
  /** Where it begins in the file. */
  readonly position: number;
}

/** A block that was found. */
export interface FoundBlock {
  readonly frame: FoundFrame;
  /** Where it begins in the file. */
  readonly position: number;
  /** Its size, with STORED_BIT where it is stored as it is, and the block. */
  readonly bytes: Buffer;
  readonly isStored: boolean;
  readonly isFirst: boolean;
  /** Set on the last block of its frame. */
  readonly end: FrameEnd | undefined;
}

/** What stands at the end of a frame. */
export interface FrameEnd {
  /** Checksum of the frame's content, if it has one. */
  readonly checksum: number | undefined;
}

/** Stands for the blocks of a frame that has none: a stored one without content. */
const NO_BLOCK = Buffer.from([0, 0, 0, 0x80]);

/**
 * The blocks of all frames; at least one for each frame.
 * @param input at the beginning of a frame; the frames go up to the end of it
 * @throws Lz4Error when something is damaged, and what the input throws
 */
export async function* blocksOf(
  input: Lz4Input,
  xxh32: Xxh32,
): AsyncGenerator<FoundBlock, void, undefined> {
  while (await input.has(1)) {
    const frame = await beginFrame(input, xxh32);
    if ((await nextSize(input, frame)) === 0) {
      const { position } = input;
      const end = await takeEnd(input, frame);
      yield { frame, position, bytes: NO_BLOCK, isStored: true, isFirst: true, end };
      continue;
    }
    let block = await takeBlock(input, frame, true, xxh32);
    yield block;
    while (block.end === undefined) {
      block = await takeBlock(input, frame, false, xxh32);
      yield block;
    }
  }
}

async function beginFrame(input: Lz4Input, xxh32: Xxh32): Promise<FoundFrame> {
  const { position } = input;
  if (!(await input.has(FLAGS_END))) throw tornFrame(position);
  if (!input.peek(LZ4_MAGIC.length).equals(LZ4_MAGIC)) {
    throw new Lz4Error('there should be an LZ4 frame or the end of the file', position);
  }
  const headerBytes = headerBytesOf(input.peek(FLAGS_END)[LZ4_MAGIC.length]);
  if (!(await input.has(headerBytes))) throw tornFrame(position);
  return { header: readFrameHeader(input.take(headerBytes), position, xxh32), position };
}

/** Size of the next block with STORED_BIT, or 0 for the end mark; it is not passed over. */
async function nextSize(input: Lz4Input, frame: FoundFrame): Promise<number> {
  if (!(await input.has(WORD_BYTES))) throw tornFrame(frame.position);
  return input.peek(WORD_BYTES).readUInt32LE(0);
}

/** Takes a block, and the frame's end if it follows. */
async function takeBlock(
  input: Lz4Input,
  frame: FoundFrame,
  isFirst: boolean,
  xxh32: Xxh32,
): Promise<FoundBlock> {
  const { header } = frame;
  const { position } = input;
  const size = await nextSize(input, frame);
  const isStored = size >= STORED_BIT;
  const blockBytes = isStored ? size - STORED_BIT : size;
  if (blockBytes > header.maxBlockBytes) {
    throw new Lz4Error(
      `a block of ${blockBytes} bytes is in an LZ4 frame of blocks up to ${header.maxBlockBytes}`,
      position,
    );
  }
  const checksumBytes = header.hasBlockChecksums ? WORD_BYTES : 0;
  // The end mark, or the size of the next block, is always there.
  if (!(await input.has(WORD_BYTES + blockBytes + checksumBytes + WORD_BYTES))) {
    throw tornFrame(frame.position);
  }
  const bytes = input.take(WORD_BYTES + blockBytes);
  if (header.hasBlockChecksums && xxh32.of(bytes.subarray(WORD_BYTES)) !== input.takeUint32()) {
    throw new Lz4Error('the checksum of a block of the LZ4 frame is wrong', position);
  }
  const isLast = (await nextSize(input, frame)) === 0;
  const end = isLast ? await takeEnd(input, frame) : undefined;
  return { frame, position, bytes, isStored, isFirst, end };
}

async function takeEnd(input: Lz4Input, frame: FoundFrame): Promise<FrameEnd> {
  const { hasContentChecksum } = frame.header;
  if (!(await input.has(WORD_BYTES + (hasContentChecksum ? WORD_BYTES : 0)))) {
    throw tornFrame(frame.position);
  }
  input.take(WORD_BYTES);
  return { checksum: hasContentChecksum ? input.takeUint32() : undefined };
}

function tornFrame(position: number): Lz4Error {
  return new Lz4Error('the file ends before the LZ4 frame that begins there does', position);
}
