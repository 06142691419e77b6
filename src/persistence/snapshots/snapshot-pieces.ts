// The bytes of a snapshot's file, in pieces of at most 4 MiB: as they are, or decompressed where the
// file consists of LZ4 frames, as its first bytes show. Reading the disk and decompressing go on
// while the last piece is being worked on.
import type { FileHandle } from 'node:fs/promises';
import { openRegularSoon } from '../../files/regular-file.ts';
import { LZ4_MAGIC } from './lz4-frames.ts';
import { Lz4Input } from './lz4-input.ts';
import { framesContent } from './lz4-reader.ts';

/** Bytes read at a time: they stay in the processor's cache while they are read through. */
const PIECE_BYTES = 256 * 1024;
/** The same of a compressed file. */
const CHUNK_BYTES = 1024 * 1024;

/** A file that is being read, once; see the head of this file. */
export class SnapshotPieces implements AsyncIterable<Buffer> {
  /** Bytes of the file that were read; with compression fewer than those of the pieces. */
  readBytes = 0;
  readonly #path: string;

  /** The file is opened when the first piece is asked for. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The pieces; each is valid until the next is asked for. Asking for one
   * @throws Lz4Error when a frame is damaged, or the system's error
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, undefined, undefined> {
    const file = await openRegularSoon(this.#path);
    try {
      const magic = Buffer.alloc(LZ4_MAGIC.length);
      await file.read(magic, 0, magic.length, 0);
      if (magic.equals(LZ4_MAGIC)) yield* framesContent(new Lz4Input(this.#chunks(file)));
      else yield* this.#counted(plainPieces(file));
      return undefined;
    } finally {
      await file.close();
    }
  }

  async *#counted(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      this.readBytes += piece.length;
      yield piece;
    }
  }

  async *#chunks(file: FileHandle): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, this.readBytes);
      if (bytesRead === 0) return;
      this.readBytes += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  }
}

/**
 * Reads a file piece by piece, the next one while the last one is worked on. The same memory is used
 * again and again: a piece is valid until the next one is asked for.
 */
async function* plainPieces(file: FileHandle): AsyncGenerator<Buffer, undefined> {
  const buffers = [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(PIECE_BYTES)];
  let position = 0;
  let next = readInto(file, buffers[0], position);
  for (let turn = 1; ; turn ^= 1) {
    const piece = await next;
    if (piece instanceof Error) throw piece;
    if (piece.length === 0) return undefined;
    position += piece.length;
    next = readInto(file, buffers[turn], position);
    yield piece;
  }
}

/** The bytes read, or the error, which is thrown only when the piece is needed. */
async function readInto(
  file: FileHandle,
  buffer: Buffer,
  position: number,
): Promise<Buffer | Error> {
  try {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
