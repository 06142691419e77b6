// A group of the log that has large arguments in it. These are not copied into the group: they stay in
// their blocks, pinned, until the group is on disk and need not be written again.
//
//   file     [ stamp ][ header ][ …*3 $3 SET $1 k $536870912 ][ the argument ][ CR LF, *3 … ][ another ] …
//   bytes    [ stamp ][ header ][ …*3 $3 SET $1 k $536870912 │                 CR LF, *3 … │            ] …
//   pieces                                                   └ pinned                       └ pinned
//
// It is summed and written step by step (group-writer.ts), while what comes next gathers elsewhere.
import { crc32 } from 'node:zlib';
import type { PinnedPiece } from '../../protocol/large-argument.ts';
import { HEADER_BYTES, placeGroupHeader } from './group-header.ts';
import type { OpenSegment } from './open-segment.ts';

/** Pinned bytes, and where they stand among the others. */
export interface PlacedPiece {
  readonly at: number;
  readonly bytes: PinnedPiece;
}

/** The content of a scattered group. */
export interface ScatteredContent {
  /** All that is not pinned, with room for the header behind the stamp. */
  readonly bytes: Buffer;
  /** In the order of the file. */
  readonly pieces: readonly PlacedPiece[];
  readonly stampBytes: number;
  readonly segment: OpenSegment;
  /** Position of the group in the file. */
  readonly position: number;
  /** The stream's offset behind it. */
  readonly endOffset: number;
}

/** Bytes of the group that lie in one place. */
interface Part {
  /** Where they begin in the group. */
  readonly at: number;
  readonly length: number;
  copyTo(target: Uint8Array, targetAt: number, from: number, to: number): void;
}

/** A scattered group; see the head of this file. */
export class ScatteredGroup {
  readonly segment: OpenSegment;
  readonly position: number;
  readonly endOffset: number;
  /** Bytes of it in the file. */
  readonly sizeBytes: number;
  readonly #bytes: Buffer;
  readonly #pieces: readonly PlacedPiece[];
  readonly #parts: readonly Part[];
  readonly #stampBytes: number;
  #crc = 0;
  /** The checksum covers the body up to this position. */
  #summedTo: number;

  constructor({ bytes, pieces, stampBytes, segment, position, endOffset }: ScatteredContent) {
    this.segment = segment;
    this.position = position;
    this.endOffset = endOffset;
    this.#bytes = bytes;
    this.#pieces = pieces;
    this.#parts = partsOf(bytes, pieces);
    this.#stampBytes = stampBytes;
    this.#summedTo = stampBytes + HEADER_BYTES;
    this.sizeBytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, bytes.length);
  }

  /** Adds a little more to the checksum, using a scratch buffer; returns whether it covers all. */
  sumStep(scratch: Buffer): boolean {
    const end = Math.min(this.#summedTo + scratch.length, this.sizeBytes);
    const length = this.copyTo(scratch, this.#summedTo, end);
    this.#crc = crc32(scratch.subarray(0, length), this.#crc);
    this.#summedTo = end;
    return end === this.sizeBytes;
  }

  /**
   * Completes it with its annotation; all is summed.
   * @param start the stream's offset at its beginning
   * @param synced the stream is on disk up to here
   */
  seal(start: number, synced: number): void {
    const stampBytes = this.#stampBytes;
    const length = this.sizeBytes - stampBytes - HEADER_BYTES;
    const header = { start, length, synced, crc: this.#crc };
    placeGroupHeader(this.#bytes, stampBytes, stampBytes, header);
  }

  /** Copies its bytes [from, to), as they stand in the file, to the front of a buffer; returns how many. */
  copyTo(target: Buffer, from: number, to: number): number {
    for (const part of this.#parts) {
      const start = Math.max(from, part.at);
      const end = Math.min(to, part.at + part.length);
      if (start < end) part.copyTo(target, start - from, start - part.at, end - part.at);
    }
    return to - from;
  }

  /** Releases the pins, once the group need not be written again. */
  release(): void {
    for (const { bytes } of this.#pieces) bytes.release();
  }
}

function partsOf(bytes: Buffer, pieces: readonly PlacedPiece[]): Part[] {
  const parts: Part[] = [];
  let at = 0;
  let from = 0;
  const add = (length: number, copyTo: Part['copyTo']) => {
    parts.push({ at, length, copyTo });
    at += length;
  };
  const addBytes = (start: number, end: number) =>
    add(end - start, (target, targetAt, first, last) => {
      target.set(bytes.subarray(start + first, start + last), targetAt);
    });
  for (const piece of pieces) {
    addBytes(from, piece.at);
    add(piece.bytes.length, (...args) => piece.bytes.copyTo(...args));
    from = piece.at;
  }
  addBytes(from, bytes.length);
  return parts;
}
