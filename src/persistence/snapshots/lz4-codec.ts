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
 * Decompresses a frame on another thread; it must not change until then. All of its content is in memory,
 * however long that is. The package accepts a frame without an end, and stops without an error at a block
 * without content and at the end of the frame, whatever follows: only frames of `frameOfBlock` belong here.
 * @throws Error when it is damaged; it has the message CHECKSUM_ERROR when only its content's checksum is wrong
 */
export async function decompressFrame(frame: Buffer): Promise<Buffer> {
  return codec().decompressFrame(frame);
}

/**
 * As `decompressFrame`, at once. What the package decompresses on other threads, its allocator keeps long after
 * it is garbage: 4 MiB at a time hundreds of megabytes, and this none.
 */
export function decompressFrameNow(frame: Buffer): Buffer {
  return codec().decompressFrameSync(frame);
}

/** What the package says of a frame whose content has another checksum. */
export const CHECKSUM_ERROR = 'ContentChecksumError';
