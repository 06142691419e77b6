// Writes the parts of RDB files and payloads: lengths, strings, numbers, into pieces of a bounded
// size that leave as they become full. Encodings are those that Redis 7.0 chooses: integers of 32
// bits as such, long strings compressed where that makes them shorter; only of those above 1 MiB some
// that Redis would compress stay as they are, as everything waits while they are tried.
import { parseInteger } from '../protocol/integer.ts';
import { compress } from './lzf.ts';
import {
  ENCODED,
  ENCODED_INT8,
  ENCODED_INT16,
  ENCODED_INT32,
  ENCODED_LZF,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
} from './rdb-format.ts';

/** Bytes of a piece, if the writer is not told otherwise. */
const PIECE_BYTES = 256 * 1024;
/** Pieces that are kept to be filled again: as many as usually wait to be written. */
const KEPT_PIECES = 20;
/** Room for a length or number. */
const NUMBER_BYTES = 9;
/** Digits of a 32-bit integer, and its sign. */
const MAX_INTEGER_BYTES = 11;
const NINE = 57;
/** Strings up to here are not worth compressing. */
const SHORT_BYTES = 20;
/** Above this, samples tell whether it is worth it to compress the string: at 100 MB/s, that takes long. */
const LARGE_BYTES = 1024 * 1024;
const SAMPLE_BYTES = 64 * 1024;
/** What compressing has to save of a sample. */
const LEAST_SAVED_SAMPLE_BYTES = SAMPLE_BYTES / 8;
/** What compressing has to save. */
const LEAST_SAVED_BYTES = 4;
/** Below this many bytes a loop copies faster than a call into the runtime. */
const LOOP_COPY_BYTES = 64;
const TWO_32 = 2 ** 32;
const NO_BYTES = Buffer.alloc(0);
/** The scratch for compressing is kept up to this size. */
const KEPT_SCRATCH_BYTES = 1024 * 1024;

/** Receives pieces in their order; they are the receiver's. */
export type PieceReceiver = (piece: Buffer) => void;

/** The writer; see the head of this file. */
export class RdbWriter {
  /** Whether long strings are compressed. */
  compresses: boolean;

  readonly #receive: PieceReceiver;
  readonly #pieceBytes: number;
  /** The piece that is being filled; empty until something is written. */
  #piece: Buffer = NO_BYTES;
  #at = 0;
  /** Pieces that came back: fresh memory for each has the collector run again and again. */
  readonly #spares: Buffer[] = [];
  #scratch: Buffer = NO_BYTES;

  constructor(receive: PieceReceiver, compresses: boolean, pieceBytes: number = PIECE_BYTES) {
    this.#receive = receive;
    this.compresses = compresses;
    this.#pieceBytes = pieceBytes;
  }

  /** Sends off what was written, though the piece is not full. */
  flush(): void {
    if (this.#at === 0) return;
    this.#receive(this.#piece.subarray(0, this.#at));
    this.#piece = NO_BYTES;
    this.#at = 0;
  }

  /** Takes a piece back that nobody reads any more, to be filled again. */
  recycle({ buffer, byteOffset }: Buffer): void {
    if (byteOffset !== 0 || buffer.byteLength !== this.#pieceBytes) return;
    if (this.#spares.length < KEPT_PIECES) this.#spares.push(Buffer.from(buffer));
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
    if (length <= MAX_INTEGER_BYTES) {
      if (length > 0 && bytes[offset] <= NINE && this.#integer(bytes, offset, length)) return;
    } else if (length > SHORT_BYTES && this.compresses && this.#compressed(bytes, offset, length)) {
      return;
    }
    this.length(length);
    this.raw(bytes, offset, length);
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array, offset: number, length: number): void {
    if (length <= LOOP_COPY_BYTES) {
      this.#reserve(length);
      const piece = this.#piece;
      let at = this.#at;
      for (let i = 0; i < length; i++) piece[at++] = bytes[offset + i];
      this.#at = at;
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
    if (length > LARGE_BYTES && !this.#samplesShrink(bytes, offset, length)) return false;
    const limit = length - LEAST_SAVED_BYTES;
    if (this.#scratch.length < limit) {
      this.#scratch = Buffer.allocUnsafeSlow(Math.max(limit, 1024));
    }
    const size = compress(bytes, offset, length, this.#scratch, limit);
    if (size > 0) {
      this.byte(ENCODED | ENCODED_LZF);
      this.length(size);
      this.length(length);
      this.raw(this.#scratch, 0, size);
    }
    if (this.#scratch.length > KEPT_SCRATCH_BYTES) this.#scratch = NO_BYTES;
    return size > 0;
  }

  /** Whether the beginning or the middle of a string gets shorter by an eighth when it is compressed. */
  #samplesShrink(bytes: Uint8Array, offset: number, length: number): boolean {
    const target = Buffer.allocUnsafe(SAMPLE_BYTES);
    const shrinks = (at: number) =>
      compress(bytes, at, SAMPLE_BYTES, target, SAMPLE_BYTES - LEAST_SAVED_SAMPLE_BYTES) > 0;
    return shrinks(offset) || shrinks(offset + (length >> 1));
  }

  /** Makes room for so many bytes, which are fewer than a piece. */
  #reserve(count: number): void {
    if (this.#at + count > this.#piece.length) this.#renew();
  }

  #renew(): void {
    this.flush();
    this.#piece = this.#spares.pop() ?? Buffer.allocUnsafeSlow(this.#pieceBytes);
  }
}
