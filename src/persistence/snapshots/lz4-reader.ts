// Decompresses LZ4 frames that follow one another, block by block: a block is at most 4 MiB, however
// long its frame is and whatever its header says, and so memory is bounded. Blocks are decompressed on
// other threads, one ahead of the one that is being worked on. Every checksum that is there is
// verified; that of a frame's content before its last block is handed out.
import { Xxh32 } from './lz4-checksum.ts';
import { decompressBlock, SIZE_PREFIX_BYTES } from './lz4-codec.ts';
import {
  FLAGS_END,
  type FrameHeader,
  HISTORY_BYTES,
  headerBytesOf,
  LZ4_MAGIC,
  Lz4Error,
  readFrameHeader,
  STORED_BIT,
} from './lz4-frames.ts';
import type { Lz4Input } from './lz4-input.ts';

/** Bytes of a block's size, and of a checksum. */
const WORD_BYTES = 4;
const NO_BYTES = Buffer.alloc(0);

/** A frame that is being read. */
interface Frame {
  readonly header: FrameHeader;
  /** Where it begins in the file. */
  readonly position: number;
  /** What was decompressed of it. */
  readonly checksum: Xxh32;
  contentBytes: number;
  /** The end of that, which the next block may refer to; empty where none does. */
  history: Buffer;
}

interface Block {
  readonly frame: Frame;
  /** Where it begins in the file. */
  readonly position: number;
  /** SIZE_PREFIX_BYTES to be set to the most that it may become, then the block. */
  readonly bytes: Buffer;
  readonly isStored: boolean;
  /** Set on the last block of its frame. */
  readonly end: FrameEnd | undefined;
}

interface FrameEnd {
  /** Checksum of the frame's content, if it has one. */
  readonly checksum: number | undefined;
}

/** What came of decompressing a block: it may be over long before somebody asks. */
type Outcome = { readonly content: Buffer } | { readonly error: Error };

/**
 * The content of frames.
 * @param input at the beginning of a frame; the frames go up to the end of it
 * @throws Lz4Error when something is damaged, and what the input throws
 */
export async function* framesContent(input: Lz4Input): AsyncGenerator<Buffer, void, undefined> {
  let ahead: { readonly block: Block; readonly outcome: Promise<Outcome> } | undefined;
  for await (const block of blocksOf(input)) {
    if (ahead === undefined) {
      ahead = { block, outcome: outcomeOf(block) };
      continue;
    }
    const previous = ahead;
    // A block that refers to the one before can begin only when that is there.
    const isReady = !block.frame.header.isLinked || block.frame !== previous.block.frame;
    if (isReady) ahead = { block, outcome: outcomeOf(block) };
    const content = verified(previous.block, await previous.outcome);
    if (!isReady) ahead = { block, outcome: outcomeOf(block) };
    if (content.length > 0) yield content;
  }
  if (ahead === undefined) return;
  const content = verified(ahead.block, await ahead.outcome);
  if (content.length > 0) yield content;
}

/** Finds the blocks of all frames. Frames without a block have nothing to verify. */
async function* blocksOf(input: Lz4Input): AsyncGenerator<Block, void, undefined> {
  while (await input.has(1)) {
    const frame = await beginFrame(input);
    let isOver = (await nextSize(input, frame)) === 0;
    if (isOver) verifyEnd(frame, await takeEnd(input, frame), input.position);
    while (!isOver) {
      const block = await takeBlock(input, frame);
      isOver = block.end !== undefined;
      yield block;
    }
  }
}

async function beginFrame(input: Lz4Input): Promise<Frame> {
  const { position } = input;
  if (!(await input.has(FLAGS_END))) throw tornFrame(position);
  if (!input.peek(LZ4_MAGIC.length).equals(LZ4_MAGIC)) {
    throw new Lz4Error('there should be an LZ4 frame or the end of the file', position);
  }
  const headerBytes = headerBytesOf(input.peek(FLAGS_END)[LZ4_MAGIC.length]);
  if (!(await input.has(headerBytes))) throw tornFrame(position);
  const header = readFrameHeader(input.take(headerBytes), position);
  return { header, position, checksum: new Xxh32(), contentBytes: 0, history: NO_BYTES };
}

/** Size of the next block with STORED_BIT, or 0 for the end mark; it is not passed over. */
async function nextSize(input: Lz4Input, frame: Frame): Promise<number> {
  if (!(await input.has(WORD_BYTES))) throw tornFrame(frame.position);
  return input.peek(WORD_BYTES).readUInt32LE(0);
}

/** Takes a block, and the frame's end if it follows. */
async function takeBlock(input: Lz4Input, frame: Frame): Promise<Block> {
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
  if (header.hasBlockChecksums && Xxh32.of(bytes.subarray(WORD_BYTES)) !== input.takeUint32()) {
    throw new Lz4Error('the checksum of a block of the LZ4 frame is wrong', position);
  }
  const isLast = (await nextSize(input, frame)) === 0;
  const end = isLast ? await takeEnd(input, frame) : undefined;
  return { frame, position, bytes, isStored, end };
}

async function takeEnd(input: Lz4Input, frame: Frame): Promise<FrameEnd> {
  const { hasContentChecksum } = frame.header;
  if (!(await input.has(WORD_BYTES + (hasContentChecksum ? WORD_BYTES : 0)))) {
    throw tornFrame(frame.position);
  }
  input.take(WORD_BYTES);
  return { checksum: hasContentChecksum ? input.takeUint32() : undefined };
}

/** Decompresses a block; errors are part of the result. */
async function outcomeOf({ frame, position, bytes, isStored }: Block): Promise<Outcome> {
  if (isStored) return { content: bytes.subarray(WORD_BYTES) };
  // The most that it may become takes the place of its size, which is as long.
  bytes.writeUInt32LE(frame.header.maxBlockBytes, WORD_BYTES - SIZE_PREFIX_BYTES);
  try {
    return { content: await decompressBlock(bytes, frame.history) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { error: new Lz4Error(`a block cannot be decompressed: ${reason}`, position) };
  }
}

/** The content of a block, after which comes that of the next in its frame. */
function verified({ frame, position, end }: Block, outcome: Outcome): Buffer {
  if ('error' in outcome) throw outcome.error;
  const { content } = outcome;
  const { header } = frame;
  frame.contentBytes += content.length;
  if (header.hasContentChecksum) frame.checksum.update(content);
  if (header.isLinked) frame.history = historyAfter(frame.history, content);
  if (end !== undefined) verifyEnd(frame, end, position);
  return content;
}

/** What the next block of a frame may refer to. */
function historyAfter(history: Buffer, content: Buffer): Buffer {
  if (content.length >= HISTORY_BYTES) return content.subarray(content.length - HISTORY_BYTES);
  return Buffer.concat([history, content]).subarray(-HISTORY_BYTES);
}

function verifyEnd(frame: Frame, { checksum }: FrameEnd, position: number): void {
  const { contentBytes } = frame.header;
  if (contentBytes !== undefined && contentBytes !== frame.contentBytes) {
    throw new Lz4Error(
      `the LZ4 frame has ${frame.contentBytes} bytes instead of ${contentBytes}`,
      frame.position,
    );
  }
  if (checksum !== undefined && checksum !== frame.checksum.digest()) {
    throw new Lz4Error(
      `the checksum of the LZ4 frame that begins at byte ${frame.position} is wrong`,
      position,
    );
  }
}

function tornFrame(position: number): Lz4Error {
  return new Lz4Error('the file ends before the LZ4 frame that begins there does', position);
}
