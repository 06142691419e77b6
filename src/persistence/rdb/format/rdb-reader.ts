// A cursor over the bytes of an RDB file or payload: lengths, strings, numbers. Bytes arrive in pieces, which are
// appended to the unread bytes; bytes that were read are then dropped.
//
// A read that reaches the end of the buffer throws NEED_BYTES, having changed nothing but `at` and its own results:
// the caller resets `at` and tries again with more bytes. After `finish` it throws an RdbError instead. Nothing is
// allocated for bytes that have not arrived: a compressed string has at most 88 times its compressed bytes.
import { constants } from 'node:buffer';
import { parseDouble } from '../../../protocol/double-parse.ts';
import { writeInteger } from '../../../protocol/integer.ts';
import { ByteView } from '../../../structures/entry.ts';
import type { Crc64 } from './crc64.ts';
import { decompress, mayExpandTo } from './lzf.ts';
import {
  ENCODED,
  ENCODED_INT8,
  ENCODED_INT16,
  ENCODED_LZF,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
  RdbError,
} from './rdb-format.ts';

/** Thrown when more bytes are needed than have arrived. */
export const NEED_BYTES: unique symbol = Symbol('more bytes are needed');

/** A sign and the digits of a 32-bit integer. */
const INTEGER_BYTES = 12;
const TWO_32 = 2 ** 32;
const { MAX_LENGTH } = constants;
const NO_BYTES = Buffer.alloc(0);
/** What is kept of a piece is mostly part of a key: with so much room, pieces of one size fit again. */
const SPARE_BYTES = 64 * 1024;
/** A buffer larger than this is dropped when the long string in it was read. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** First bytes of doubles in text that stand for no digits. */
const TEXT_NAN = 253;
const TEXT_INFINITY = 254;
const TEXT_MINUS_INFINITY = 255;

/** The cursor; see the head of this file. */
export class RdbReader {
  /** The bytes that have arrived: those before `end`. */
  buffer: Buffer = NO_BYTES;
  end = 0;
  /** The next byte to read. */
  at = 0;
  /** Whether it may refer to files of the data directory: what clients send may not. */
  refersToFiles = false;
  readonly #text = new ByteView();
  readonly #digits = Buffer.alloc(INTEGER_BYTES);
  /** Distance of the buffer's beginning from that of the file. */
  #base = 0;
  #isComplete = false;

  /** A reader of a complete run of bytes. */
  static of(bytes: Buffer): RdbReader {
    const reader = new RdbReader();
    reader.buffer = bytes;
    reader.end = bytes.length;
    reader.finish();
    return reader;
  }

  /** Where the next byte is, in bytes from the beginning of the file. */
  get offset(): number {
    return this.#base + this.at;
  }

  /** The bytes that were not read. */
  get rest(): Buffer {
    return this.buffer.subarray(this.at, this.end);
  }

  /** Adds a copy of a piece. */
  push(piece: Buffer): void {
    this.#makeRoom(piece.length);
    piece.copy(this.buffer, this.end);
    this.end += piece.length;
  }

  /** Reports that there will be no more pieces. */
  finish(): void {
    this.#isComplete = true;
  }

  /** An error at the position of the next byte. */
  error(problem: string): RdbError {
    return new RdbError(problem, this.offset);
  }

  /** Adds the bytes from an offset of the file, which are still buffered, up to the next byte to a checksum. */
  addTo(checksum: Crc64, fromOffset: number): void {
    checksum.update(this.buffer, fromOffset - this.#base, this.at);
  }

  // ── Reading ─────────────────────────────────────────────────────────────────────────────────

  /** Makes sure that `count` bytes have arrived. @throws NEED_BYTES, or RdbError at the end */
  need(count: number): void {
    if (this.end - this.at >= count) return;
    if (this.#isComplete) throw this.error('the data ends too early');
    if (count > MAX_LENGTH) throw this.error(`there is no room for ${count} bytes`);
    throw NEED_BYTES;
  }

  byte(): number {
    if (this.at >= this.end) this.need(1);
    return this.buffer[this.at++];
  }

  /** The next byte, without reading it. */
  peek(): number {
    if (this.at >= this.end) this.need(1);
    return this.buffer[this.at];
  }

  /** Skips bytes. */
  skip(count: number): void {
    this.need(count);
    this.at += count;
  }

  /** Reads a run of bytes of a known length. The view is shared: valid until the next read. */
  bytes(count: number): ByteView {
    this.need(count);
    return this.#view(this.buffer, this.#advance(count), count);
  }

  /** Reads a length, or a number that is written like one; beyond 2^53 it is rounded. */
  length(): number {
    const head = this.byte();
    if (head < 0x40) return head;
    if (head < 0x80) return ((head & 0x3f) << 8) | this.byte();
    if (head === LENGTH_32_BITS) {
      this.need(4);
      return this.buffer.readUInt32BE(this.#advance(4));
    }
    if (head === LENGTH_64_BITS) {
      this.need(8);
      const at = this.#advance(8);
      return this.buffer.readUInt32BE(at) * TWO_32 + this.buffer.readUInt32BE(at + 4);
    }
    throw this.#errorBefore(`there is no length that begins with the byte ${head}`);
  }

  /** As `length`, for a number of 64 bits without a sign. */
  length64(): bigint {
    if (this.peek() !== LENGTH_64_BITS) return BigInt(this.length());
    this.need(9);
    return this.buffer.readBigUInt64BE(this.#advance(9) + 1);
  }

  /** Reads a string, whatever its encoding. The view is shared: valid until the next read. */
  string(): ByteView {
    const head = this.peek();
    if (head >= ENCODED) return this.#encodedString(head & 0x3f);
    const length = this.length();
    if (this.end - this.at < length) this.need(length);
    return this.#view(this.buffer, this.#advance(length), length);
  }

  /** Reads a string that is encoded as an integer of 8, 16 or 32 bits. */
  encodedInteger(): number {
    switch (this.byte() & 0x3f) {
      case ENCODED_INT8:
        return (this.byte() << 24) >> 24;
      case ENCODED_INT16:
        this.need(2);
        return this.buffer.readInt16LE(this.#advance(2));
      default:
        return this.int32();
    }
  }

  /** Skips a string. */
  skipString(): void {
    const head = this.byte();
    if (head >= ENCODED) {
      this.#skipEncoded(head & 0x3f);
    } else {
      this.at--;
      this.skip(this.length());
    }
  }

  /** Reads a signed 32-bit integer, the lowest byte first. */
  int32(): number {
    this.need(4);
    return this.buffer.readInt32LE(this.#advance(4));
  }

  /** Reads a signed 64-bit integer, the lowest byte first; beyond 2^53 it is rounded. */
  int64(): number {
    this.need(8);
    const at = this.#advance(8);
    return this.buffer.readInt32LE(at + 4) * TWO_32 + this.buffer.readUInt32LE(at);
  }

  /** Reads a double of 8 bytes. */
  double(): number {
    this.need(8);
    return this.buffer.readDoubleLE(this.#advance(8));
  }

  /** Reads a double in text behind the byte of its length, as old sorted sets have it. */
  textDouble(): number {
    const length = this.byte();
    if (length === TEXT_NAN) return Number.NaN;
    if (length === TEXT_INFINITY) return Number.POSITIVE_INFINITY;
    if (length === TEXT_MINUS_INFINITY) return Number.NEGATIVE_INFINITY;
    this.need(length);
    const at = this.#advance(length);
    const value = parseDouble(this.buffer, at, length);
    if (Number.isNaN(value)) throw this.#errorBefore('this is no number');
    return value;
  }

  // ── Parts ───────────────────────────────────────────────────────────────────────────────────

  #encodedString(encoding: number): ByteView {
    if (encoding < ENCODED_LZF) return this.#integer(this.encodedInteger());
    this.at++;
    if (encoding === ENCODED_LZF) return this.#compressed();
    throw this.#errorBefore(`there is no encoding of strings with the number ${encoding}`);
  }

  #skipEncoded(encoding: number): void {
    if (encoding < ENCODED_LZF) {
      this.skip(1 << encoding);
    } else if (encoding === ENCODED_LZF) {
      const compressed = this.length();
      this.length();
      this.skip(compressed);
    } else {
      throw this.#errorBefore(`there is no encoding of strings with the number ${encoding}`);
    }
  }

  #integer(value: number): ByteView {
    return this.#view(this.#digits, 0, writeInteger(this.#digits, 0, value));
  }

  #compressed(): ByteView {
    const compressedLength = this.length();
    const length = this.length();
    this.need(compressedLength);
    if (!mayExpandTo(compressedLength, length)) {
      throw this.error(`${compressedLength} compressed bytes cannot stand for ${length}`);
    }
    const at = this.at;
    const text = Buffer.allocUnsafe(length);
    if (!decompress(this.buffer, at, at + compressedLength, text, length)) {
      throw this.error('a compressed string is damaged');
    }
    this.at = at + compressedLength;
    return this.#view(text, 0, length);
  }

  #view(buffer: Buffer, offset: number, length: number): ByteView {
    const view = this.#text;
    view.buffer = buffer;
    view.offset = offset;
    view.length = length;
    return view;
  }

  /** Advances; returns the position before. */
  #advance(count: number): number {
    const { at } = this;
    this.at = at + count;
    return at;
  }

  #errorBefore(problem: string): RdbError {
    return new RdbError(problem, this.offset - 1);
  }

  /** Makes room behind the bytes that were not read. */
  #makeRoom(count: number): void {
    const left = this.end - this.at;
    // Grow by doubling, so that a long string is not moved for each of its pieces.
    if (this.buffer.length - this.end >= count && this.at < left) return;
    const needed = left + count;
    const isRoomy = this.buffer.length > KEPT_BYTES && needed < KEPT_BYTES / 2;
    if (needed <= this.buffer.length && !isRoomy) {
      this.buffer.copyWithin(0, this.at, this.end);
    } else {
      const size = Math.min(MAX_LENGTH, needed + Math.max(left, SPARE_BYTES));
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, size));
      this.buffer.copy(larger, 0, this.at, this.end);
      this.buffer = larger;
    }
    this.#base += this.at;
    this.at = 0;
    this.end = left;
  }
}
