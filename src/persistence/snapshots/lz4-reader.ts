// Decompresses LZ4 frames that follow one another, block by block: `lz4-napi` gets each block as a frame
// of its own, with a header of our making (lz4-frames.ts), so it sees no size that a file tells but the
// block's, and memory is bounded however long a frame is. Blocks of a size that Synap writes are decompressed
// on other threads, one ahead of the one that is being worked on. Every checksum that is there is verified; that of
// a frame's content before its last block is handed out: by `lz4-napi` where the frame is a single block, as in what
// Synap writes, by us where it is of several.
import { loadXxh32, type Xxh32, type Xxh32Stream } from './lz4-checksum.ts';
import { CHECKSUM_ERROR, decompressFrame, decompressFrameNow } from './lz4-codec.ts';
import { blocksOf, type FoundBlock, type FoundFrame } from './lz4-finder.ts';
import { frameOfBlock, HISTORY_BYTES, Lz4Error, WORD_BYTES } from './lz4-frames.ts';
import type { Lz4Input } from './lz4-input.ts';

const NO_BYTES = Buffer.alloc(0);
/** Blocks up to this are decompressed on other threads; there larger ones would take memory that stays taken. */
const MOST_ASIDE_BYTES = 256 * 1024;
/** Bytes of a compressed block without content; `lz4-napi` verifies no checksum behind it. */
const EMPTY_BLOCK_BYTES = 1;

/** The result of decompressing a block, which may be there long before it is needed. */
type Outcome = { readonly content: Buffer } | { readonly error: Error };

interface Pending {
  readonly block: FoundBlock;
  /** What its frame has become up to it. */
  readonly content: FrameContent;
  /** Whether `lz4-napi` verifies the checksum of the frame's content. */
  readonly isVerified: boolean;
  readonly outcome: Promise<Outcome>;
}

/**
 * The content of frames.
 * @param input at the beginning of a frame; the frames go up to the end of it
 * @throws Lz4Error when something is damaged, and what the input throws
 */
export async function* framesContent(input: Lz4Input): AsyncGenerator<Buffer, void, undefined> {
  const xxh32 = await loadXxh32();
  let ahead: Pending | undefined;
  for await (const block of blocksOf(input, xxh32)) {
    const previous = ahead;
    const content =
      previous === undefined || block.isFirst
        ? new FrameContent(block.frame, xxh32)
        : previous.content;
    // A block that refers to the one before can begin only when that is there.
    const isReady = block.isFirst || !block.frame.header.isLinked;
    if (isReady) ahead = begin(block, content, xxh32);
    if (previous === undefined) continue;
    const bytes = await finish(previous);
    if (!isReady) ahead = begin(block, content, xxh32);
    if (bytes.length > 0) yield bytes;
  }
  if (ahead === undefined) return;
  const bytes = await finish(ahead);
  if (bytes.length > 0) yield bytes;
}

/** Has a block decompressed. */
function begin(block: FoundBlock, content: FrameContent, xxh32: Xxh32): Pending {
  const { bytes, isFirst, end } = block;
  const isWhole = isFirst && bytes.length > WORD_BYTES + EMPTY_BLOCK_BYTES;
  const contentChecksum = isWhole ? end?.checksum : undefined;
  const isVerified = contentChecksum !== undefined;
  if (block.isStored && !isVerified) {
    const outcome = Promise.resolve({ content: bytes.subarray(WORD_BYTES) });
    return { block, content, isVerified, outcome };
  }
  const { history } = content;
  const { sizes } = block.frame.header;
  const frame = frameOfBlock(bytes, { sizes, history, contentChecksum }, xxh32);
  return { block, content, isVerified, outcome: outcomeOf(block, frame, history.length) };
}

/** Decompresses a block in a frame of its own; errors are part of the result. */
async function outcomeOf(
  { frame: { header, position: framePosition }, position }: FoundBlock,
  frame: Buffer,
  historyBytes: number,
): Promise<Outcome> {
  try {
    const isAside = header.maxBlockBytes <= MOST_ASIDE_BYTES;
    const content = isAside ? await decompressFrame(frame) : await decompressSoon(frame);
    return { content: content.subarray(historyBytes) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason === CHECKSUM_ERROR) return { error: wrongChecksum(framePosition, position) };
    return { error: new Lz4Error(`a block cannot be decompressed: ${reason}`, position) };
  }
}

/** Decompresses a frame on this thread, after whatever else waits for it. */
async function decompressSoon(frame: Buffer): Promise<Buffer> {
  await new Promise(setImmediate);
  return decompressFrameNow(frame);
}

/** The content of a block, after which comes that of the next in its frame. */
async function finish({ block, content, isVerified, outcome }: Pending): Promise<Buffer> {
  const result = await outcome;
  if ('error' in result) throw result.error;
  content.add(result.content, isVerified);
  if (block.end !== undefined)
    content.end(block.position, isVerified ? undefined : block.end.checksum);
  return result.content;
}

/** What a frame has become so far. */
class FrameContent {
  /** The end of it, which the next block may refer to; empty where none does. */
  history: Buffer = NO_BYTES;
  readonly #frame: FoundFrame;
  readonly #xxh32: Xxh32;
  #checksum: Xxh32Stream | undefined;
  #sizeBytes = 0;

  constructor(frame: FoundFrame, xxh32: Xxh32) {
    this.#frame = frame;
    this.#xxh32 = xxh32;
  }

  /** Adds the content of the next block. @param isVerified its checksum needs not be computed */
  add(content: Buffer, isVerified: boolean): void {
    const { isLinked, hasContentChecksum } = this.#frame.header;
    this.#sizeBytes += content.length;
    if (hasContentChecksum && !isVerified) {
      this.#checksum ??= this.#xxh32.stream();
      this.#checksum.update(content);
    }
    if (isLinked) this.history = historyAfter(this.history, content);
  }

  /**
   * Verifies what is there when the frame is over.
   * @param position of its last block
   * @param checksum of the content, where it is to be verified
   * @throws Lz4Error when it has another size, or another checksum
   */
  end(position: number, checksum: number | undefined): void {
    const { contentBytes } = this.#frame.header;
    if (contentBytes !== undefined && contentBytes !== this.#sizeBytes) {
      throw new Lz4Error(
        `the LZ4 frame has ${this.#sizeBytes} bytes instead of ${contentBytes}`,
        this.#frame.position,
      );
    }
    if (checksum !== undefined && checksum !== this.#checksum?.digest()) {
      throw wrongChecksum(this.#frame.position, position);
    }
  }
}

/** What the next block of a frame may refer to. */
function historyAfter(history: Buffer, content: Buffer): Buffer {
  if (content.length >= HISTORY_BYTES) return content.subarray(content.length - HISTORY_BYTES);
  return Buffer.concat([history, content]).subarray(-HISTORY_BYTES);
}

function wrongChecksum(framePosition: number, position: number): Lz4Error {
  return new Lz4Error(
    `the checksum of the LZ4 frame that begins at byte ${framePosition} is wrong`,
    position,
  );
}
