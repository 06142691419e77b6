// Writes the parts of RDB files and payloads: lengths, strings, numbers, into pieces of a bounded
// size that leave as they become full. Encodings are those that Redis 7.0 chooses: integers of 32
// bits as such, long strings compressed where that makes them shorter. Of strings above 1 MiB, some that Redis would
// compress are not, because trying it blocks the event loop.
import { copyBytes } from '../../../protocol/copy-bytes.ts';
import { parseInteger } from '../../../protocol/integer.ts';
import { compress, SAMPLE_BYTES, SAMPLED_FROM_BYTES, shrinks } from './lzf.ts';
import {
  ENCODED,
  ENCODED_INT8,
  ENCODED_INT16,
  ENCODED_INT32,
  ENCODED_LZF,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
} from './rdb-format.ts';

/** Default size of a piece, in bytes. */
const PIECE_BYTES = 256 * 1024;
/** Pieces kept for reuse: as many as usually wait to be written. */
const KEPT_PIECES = 20;
/** Room for a length or number. */
const NUMBER_BYTES = 9;
/** Digits of a 32-bit integer, and its sign. */
const MAX_INTEGER_BYTES = 11;
const NINE = 57;
/** Strings up to here are not worth compressing. */
const SHORT_BYTES = 20;
/** Bytes that compressing must save. */
export const LEAST_SAVED_BYTES = 4;
/** Runs up to this length are copied without splitting them across pieces. */
const COPIED_AT_ONCE_BYTES = 64;
const TWO_32 = 2 ** 32;
const NO_BYTES = Buffer.alloc(0);
/** The scratch for compressing is kept up to this size. */
const KEPT_SCRATCH_BYTES = 1024 * 1024;

/** Receives pieces in order, and owns them. */
export type PieceReceiver = (piece: Buffer) => void;

/** Options of a writer. */
export interface RdbWriterOptions {
  /** Whether long strings are compressed. */
  readonly compresses: boolean;
  readonly pieceBytes?: number | undefined;
  /** See `RdbWriter.stepBytes`; without it, everything is written in one step. */
  readonly stepBytes?: number;
  /** See `RdbWriter.refersToFiles`. */
  readonly refersToFiles?: boolean;
  /** Pieces for reuse, shared with another writer whose pieces have the same size. */
  readonly spares?: Buffer[];
}

/** The writer; see the head of this file. */
export class RdbWriter {
  /** Whether long strings are compressed. */
  compresses: boolean;
  /** Whether parts of values that lie in files of the data directory may be referred to, instead of being written. */
  readonly refersToFiles: boolean;
  /** Approximate bytes of a value to be written in one step. */
  readonly stepBytes: number;
  /** Bytes of strings written since this was last reset; a 32-bit integer. */
  takenBytes = 0;
  /** Returned pieces: new memory for each would make the collector run often. */
  readonly spares: Buffer[];

  readonly #receive: PieceReceiver;
  readonly #pieceBytes: number;
  /** The piece that is being filled; empty until something is written. */
  #piece: Buffer = NO_BYTES;
  #at = 0;
  #scratch: Buffer = NO_BYTES;

  constructor(receive: PieceReceiver, options: RdbWriterOptions) {
    this.#receive = receive;
    this.compresses = options.compresses;
    this.refersToFiles = options.refersToFiles === true;
    this.#pieceBytes = options.pieceBytes ?? PIECE_BYTES;
    this.stepBytes = options.stepBytes ?? Number.POSITIVE_INFINITY;
    this.spares = options.spares ?? [];
  }

  /** Whether everything written was emitted. */
  get isFlushed(): boolean {
    return this.#at === 0;
  }

  /** Emits the current piece, though it is not full. */
  flush(): void {
    if (this.#at === 0) return;
    this.#receive(this.#piece.subarray(0, this.#at));
    this.#piece = NO_BYTES;
    this.#at = 0;
  }

  /** Returns a piece that is not used any more, to be reused. */
  recycle({ buffer, byteOffset }: Buffer): void {
    if (byteOffset !== 0 || buffer.byteLength !== this.#pieceBytes) return;
    if (this.spares.length < KEPT_PIECES) this.spares.push(Buffer.from(buffer));
  }

  /** A byte. */
  byte(value: number): void {
    this.#reserve(1);
    this.#piece[this.#at++] = value;
  }

  /** A length, or another number ≥ 0 of magnitude ≤ 2^53, in as few bytes as it needs. */
  length(value: number): void {
    this.#reserve(NUMBER_BYTES);
    const piece = this.#piece;
    if (value < 1 << 6) {
      piece[this.#at++] = value;
    } else if (value < 1 << 14) {
      piece[this.#at++] = 0x40 | (value >> 8);
      piece[this.#at++] = value & 0xff;
    } else if (value < TWO_32) {
      piece[this.#at] = LENGTH_32_BITS;
      this.#at = piece.writeUInt32BE(value, this.#at + 1);
    } else {
      piece[this.#at] = LENGTH_64_BITS;
      piece.writeUInt32BE(Math.floor(value / TWO_32), this.#at + 1);
      this.#at = piece.writeUInt32BE(value % TWO_32, this.#at + 5);
    }
  }

  /** As `length`, for a number of 64 bits without a sign. */
  length64(value: bigint): void {
    if (value < TWO_32) {
      this.length(Number(value));
      return;
    }
    this.#reserve(NUMBER_BYTES);
    this.#piece[this.#at] = LENGTH_64_BITS;
    this.#at = this.#piece.writeBigUInt64BE(value, this.#at + 1);
  }

  /** A signed 64-bit integer, the lowest byte first. */
  int64(value: number): void {
    this.#reserve(8);
    this.#at = this.#piece.writeBigInt64LE(BigInt(value), this.#at);
  }

  /** A string of text, one character a byte. */
  text(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.string(bytes, 0, bytes.length);
  }

  /** A string, encoded as Redis would. */
  string(bytes: Uint8Array, offset: number, length: number): void {
    this.takenBytes = (this.takenBytes + length) | 0;
    if (length <= MAX_INTEGER_BYTES) {
      if (length > 0 && bytes[offset] <= NINE && this.#integer(bytes, offset, length)) return;
    } else if (length > SHORT_BYTES && this.compresses && this.#compressed(bytes, offset, length)) {
      return;
    }
    this.length(length);
    this.raw(bytes, offset, length);
  }

  /** Begins an uncompressed string of `length` bytes, which the caller then passes to `raw`. */
  plain(length: number): void {
    this.takenBytes = (this.takenBytes + length) | 0;
    this.length(length);
  }

  /** Writes the header of a compressed string. */
  compressedHeader(compressedLength: number, length: number): void {
    this.byte(ENCODED | ENCODED_LZF);
    this.length(compressedLength);
    this.length(length);
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array, offset: number, length: number): void {
    if (length <= COPIED_AT_ONCE_BYTES) {
      this.#reserve(length);
      copyBytes(bytes, offset, length, this.#piece, this.#at);
      this.#at += length;
      return;
    }
    for (let done = 0; done < length; ) {
      if (this.#at === this.#piece.length) this.#renew();
      const count = Math.min(length - done, this.#piece.length - this.#at);
      this.#piece.set(bytes.subarray(offset + done, offset + done + count), this.#at);
      this.#at += count;
      done += count;
    }
  }

  /** Writes the string as an integer, if it is a canonical one of 32 bits; returns whether it is. */
  #integer(bytes: Uint8Array, offset: number, length: number): boolean {
    const value = parseInteger(bytes, offset, length);
    if (value !== (value | 0)) return false;
    this.#reserve(NUMBER_BYTES);
    const piece = this.#piece;
    if (value === (value << 24) >> 24) {
      piece[this.#at] = ENCODED | ENCODED_INT8;
      this.#at = piece.writeInt8(value, this.#at + 1);
    } else if (value === (value << 16) >> 16) {
      piece[this.#at] = ENCODED | ENCODED_INT16;
      this.#at = piece.writeInt16LE(value, this.#at + 1);
    } else {
      piece[this.#at] = ENCODED | ENCODED_INT32;
      this.#at = piece.writeInt32LE(value, this.#at + 1);
    }
    return true;
  }

  /** Writes the string compressed, if that is shorter; returns whether it is. */
  #compressed(bytes: Uint8Array, offset: number, length: number): boolean {
    // Trying to compress blocks the event loop.
    if (length > SAMPLED_FROM_BYTES) {
      const middle = offset + (length >> 1);
      if (!shrinks(bytes, offset, SAMPLE_BYTES) && !shrinks(bytes, middle, SAMPLE_BYTES)) {
        return false;
      }
    }
    const limit = length - LEAST_SAVED_BYTES;
    if (this.#scratch.length < limit) {
      this.#scratch = Buffer.allocUnsafeSlow(Math.max(limit, 1024));
    }
    const size = compress(bytes, offset, length, this.#scratch, limit);
    if (size > 0) {
      this.compressedHeader(size, length);
      this.raw(this.#scratch, 0, size);
    }
    if (this.#scratch.length > KEPT_SCRATCH_BYTES) this.#scratch = NO_BYTES;
    return size > 0;
  }

  /** Makes room for `count` bytes, fewer than a piece. */
  #reserve(count: number): void {
    if (this.#at + count > this.#piece.length) this.#renew();
  }

  #renew(): void {
    this.flush();
    this.#piece = this.spares.pop() ?? Buffer.allocUnsafeSlow(this.#pieceBytes);
  }
}
