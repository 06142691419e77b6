// LZ4 itself, which is native code of the package `lz4-napi`. It is loaded when it is first needed: it
// takes several MB of memory, and is not there for every platform that Node.js runs on.
import { createRequire } from 'node:module';

type Codec = typeof import('lz4-napi');

const load = createRequire(import.meta.url);
let loaded: Codec | undefined;

function codec(): Codec {
  loaded ??= load('lz4-napi') as Codec;
  return loaded;
}

/** How frames are written: what they hold can be verified, as with the program `lz4`. */
const FRAME_OPTIONS = { contentChecksum: true };

/** Bytes before a compressed block that tell how many it may become. */
export const SIZE_PREFIX_BYTES = 4;

/**
 * Compresses bytes on another thread; they must not change until then.
 * @returns an LZ4 frame of its own
 */
export async function compressFrame(bytes: Buffer): Promise<Buffer> {
  return codec().compressFrame(bytes, FRAME_OPTIONS);
}

/** As `compressFrame`, at once. */
export function compressFrameNow(bytes: Buffer): Buffer {
  return codec().compressFrameSync(bytes, FRAME_OPTIONS);
}

/**
 * Decompresses a block on another thread.
 * @param block SIZE_PREFIX_BYTES with the most bytes that it may become (little endian), then the block
 * @param history what preceded it, where it may refer to that: up to 64 KiB
 * @throws Error when these are no block, or become more
 */
export async function decompressBlock(block: Buffer, history: Buffer): Promise<Buffer> {
  return codec().uncompress(block, history.length === 0 ? undefined : history);
}
