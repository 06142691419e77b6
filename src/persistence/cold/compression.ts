// Compressed payloads: pieces of at most 128 KiB, each an LZ4 block by itself, so that none holds the event loop up.
//
//     [ bytes that follow 4 ][ bytes of the piece's content 4 ][ LZ4 block ] …
//
// The second number and the block are what `lz4-napi` reads and writes. It allocates what that number says, so it is
// only given numbers that were checked. Compressing is done on another thread, up to 5 ms for a MB that hardly can be;
// decompressing on this one: it takes 25 µs for 64 KiB, less than the way to a thread and back, and what the package
// allocates on other threads stays with them (findings/lz4-napi-async-memory.sh).
import { createRequire } from 'node:module';

type Codec = typeof import('lz4-napi');

/** Bytes of a piece's content, but for the last one, which may be shorter. */
export const PIECE_BYTES = 128 * 1024;

const WORD_BYTES = 4;
/** Pieces that are decompressed in one step: some tenths of a millisecond. */
const STEP_PIECES = 4;
/** What LZ4 must at least save to be worth decompressing: a sixteenth. */
const WORTHWHILE = 15 / 16;

const load = createRequire(import.meta.url);
let loaded: Codec | undefined;

/** LZ4 cannot be loaded: `lz4-napi` is native code, which is not there for every platform. */
export class NoLz4Error extends Error {}

function codec(): Codec {
  try {
    loaded ??= load('lz4-napi') as Codec;
    return loaded;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NoLz4Error(`LZ4 cannot be loaded: ${reason}`, { cause: error });
  }
}

/**
 * Compresses a payload on another thread; it must not change until then.
 * @returns what is to be stored, in parts; undefined when compressing is not worth it, or LZ4 cannot be loaded
 */
export async function compress(payload: Buffer): Promise<Buffer[] | undefined> {
  let lz4: Codec;
  try {
    lz4 = codec();
  } catch {
    return undefined;
  }
  const parts: Buffer[] = [];
  let storedBytes = 0;
  for (let at = 0; at < payload.length; at += PIECE_BYTES) {
    const content = payload.subarray(at, at + PIECE_BYTES);
    const piece = await lz4.compress(content);
    const length = Buffer.allocUnsafe(WORD_BYTES);
    length.writeUInt32LE(piece.length);
    parts.push(length, piece);
    storedBytes += length.length + piece.length;
    if (storedBytes > (at + content.length) * WORTHWHILE) return undefined;
  }
  return parts;
}

/**
 * Decompresses a payload, step by step.
 * @param stored what `compress` has made of it
 * @param rawBytes of the payload
 * @throws Error when these are not pieces of so many bytes, NoLz4Error
 */
export function* decompress(stored: Buffer, rawBytes: number): Generator<void, Buffer, void> {
  let content: Buffer | undefined;
  let rawAt = 0;
  for (let at = 0, count = 1; rawAt < rawBytes; count++) {
    const { piece, end } = readPiece(stored, at, Math.min(PIECE_BYTES, rawBytes - rawAt));
    at = end;
    if (at === stored.length && rawAt === 0 && piece.length === rawBytes) return piece;
    content ??= Buffer.allocUnsafeSlow(rawBytes);
    piece.copy(content, rawAt);
    rawAt += piece.length;
    if (rawAt === rawBytes && at === stored.length) return content;
    if (count % STEP_PIECES === 0) yield;
  }
  throw new Error('there is more than the payload');
}

/** The piece at `at`, and where it ends. @param rawBytes of its content */
function readPiece(stored: Buffer, at: number, rawBytes: number): { piece: Buffer; end: number } {
  const start = at + WORD_BYTES;
  if (start + WORD_BYTES > stored.length) throw new Error('a piece is missing');
  const end = start + stored.readUInt32LE(at);
  if (end > stored.length || end < start + WORD_BYTES)
    throw new Error('a piece has no such length');
  if (stored.readUInt32LE(start) !== rawBytes) throw new Error('a piece has another length');
  const piece = codec().uncompressSync(stored.subarray(start, end));
  if (piece.length !== rawBytes) throw new Error('a piece has become something else');
  return { piece, end };
}
