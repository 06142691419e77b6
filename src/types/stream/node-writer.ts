// Writes blocks of entries as nodes of a stream, byte for byte those that Redis has for the same entries: an id, and a
// listpack (node-reader.ts). Its length is known beforehand (PACKED_BYTES). One that is too long for a step is written
// as a long string, whose long parts stay where they are in the block.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { LongString, Runs } from '../../persistence/rdb/format/long-string.ts';
import { LISTPACK_HEADER_BYTES } from '../../persistence/rdb/format/packed-elements.ts';
import type { RdbWriter } from '../../persistence/rdb/format/rdb-writer.ts';
import { parseInteger } from '../../protocol/integer.ts';
import { PackedEncoder } from '../../structures/packed-list.ts';
import { BlockCursor } from './block-cursor.ts';
import type { BlockImage } from './cold-block.ts';
import { DELETED, LIVE, PACKED_BYTES, packedIntegerBytes } from './entry-block.ts';
import { blockWord, LEAST_ID } from './id-blocks.ts';
import { ID_BYTES, storeId } from './id-codec.ts';
import { FLAG_DELETED, FLAG_SAME_FIELDS } from './node-reader.ts';
import { StreamId } from './stream-id.ts';
import type { Streams } from './streams.ts';

/** The count in a listpack with too many elements to be counted there. */
const UNCOUNTED = 0xffff;
const END_MARK = 0xff;
/** Integers of so many digits may be beyond 2^53; those of more digits are beyond 64 bits. */
const LONG_INTEGER_BYTES = 16;
const MAX_INTEGER_BYTES = 20;
const NINE = 57;
/** Head of an integer of 64 bits, and bytes of it. */
const INTEGER_64 = 0xf4;
const INTEGER_64_BYTES = 9;
/** Head of a string from 4 KiB on, and bytes of head and length. */
const LONG_STRING = 0xf0;
const LONG_STRING_BYTES = 5;
/** Most bytes of the length behind an element. */
const BACK_LENGTH_BYTES = 5;
/** Strings from here on stay in the block, where the listpack is a long string. */
const LENT_BYTES = 64 * 1024;
/** Parts of a long listpack between such strings. */
const RUN_BYTES = 64 * 1024;
const TWO_32 = 2 ** 32;
/** High words of integers of magnitude < 2^53. */
const SAFE_HIGH = 1 << 21;

/** Most listpacks fit. */
const scratch = Buffer.allocUnsafeSlow(1 << 17);

/** The writer; see the head of this file. */
export class NodeWriter {
  readonly arena: Arena;
  readonly #cursor: BlockCursor;
  readonly #encoder = new PackedEncoder();
  readonly #leastId = new StreamId();
  readonly #key = Buffer.alloc(ID_BYTES);
  /** Where elements go, and the next one. */
  #target: Buffer = scratch;
  #at = 0;
  /** Elements so far. */
  #count = 0;
  /** The parts of a long listpack so far; undefined: the listpack is in one part. */
  #runs: Buffer[] | undefined;

  constructor({ arena, cold }: Streams) {
    this.arena = arena;
    this.#cursor = new BlockCursor(arena, cold);
  }

  /**
   * Writes a block, or begins to.
   * @returns what is still to be written of it, if it is too long for a step; it refers to the block, which stays
   */
  write(writer: RdbWriter, block: number): LongString | undefined {
    const { arena } = this;
    const base = (block & SEGMENT_MASK) << 1;
    this.#leastId.load(arena.i32[block >>> SEGMENT_SHIFT], base + LEAST_ID);
    const live = blockWord(arena, block, LIVE);
    const deleted = blockWord(arena, block, DELETED);
    this.#cursor.open(block);
    return this.#node(writer, live, deleted, blockWord(arena, block, PACKED_BYTES));
  }

  /** Writes one of the blocks that a cold block stands for. */
  writeImage(writer: RdbWriter, image: BlockImage): LongString | undefined {
    image.loadId(LEAST_ID, this.#leastId);
    this.#cursor.openOnly(image);
    const packedBytes = image.word(PACKED_BYTES);
    return this.#node(writer, image.word(LIVE), image.word(DELETED), packedBytes);
  }

  /** Writes the entries of the cursor. */
  #node(
    writer: RdbWriter,
    live: number,
    deleted: number,
    packedBytes: number,
  ): LongString | undefined {
    storeId(this.#key, 0, this.#leastId);
    writer.string(this.#key, 0, ID_BYTES);
    const length = packedBytes + packedIntegerBytes(live) + packedIntegerBytes(deleted);
    const isLong = length > writer.stepBytes;
    this.#runs = isLong ? [] : undefined;
    if (isLong) this.#target = Buffer.allocUnsafe(RUN_BYTES);
    else this.#target = length <= scratch.length ? scratch : Buffer.allocUnsafe(length);
    const header = this.#target;
    this.#at = LISTPACK_HEADER_BYTES;
    this.#count = 0;
    this.#writeMaster(live, deleted);
    while (this.#cursor.next()) this.#writeEntry();
    this.#reserve(1);
    this.#target[this.#at++] = END_MARK;
    header.writeUInt32LE(length, 0);
    header.writeUInt16LE(Math.min(this.#count, UNCOUNTED), 4);
    const long = this.#end(writer, length);
    this.#target = scratch;
    this.#runs = undefined;
    return long;
  }

  #end(writer: RdbWriter, length: number): LongString | undefined {
    const runs = this.#runs;
    if (runs === undefined) {
      if (this.#at !== length) throw new Error(`a listpack has ${this.#at} bytes, not ${length}`);
      writer.string(this.#target, 0, length);
      return undefined;
    }
    this.#endRun();
    const pages = new Runs(runs);
    if (pages.length !== length)
      throw new Error(`a listpack has ${pages.length} bytes, not ${length}`);
    return new LongString(pages);
  }

  #writeMaster(live: number, deleted: number): void {
    const cursor = this.#cursor;
    this.#integer(live);
    this.#integer(deleted);
    cursor.locateMaster();
    const { fields, fieldAt, fieldLengths } = cursor;
    this.#integer(fields);
    for (let i = 0; i < fields; i++) this.#string(fieldAt[i], fieldLengths[i]);
    this.#integer(0);
  }

  #writeEntry(): void {
    const cursor = this.#cursor;
    cursor.locate();
    const { id, fields, hasMasterFields, isDeleted } = cursor;
    const least = this.#leastId;
    const before = this.#count;
    this.#integer((isDeleted ? FLAG_DELETED : 0) | (hasMasterFields ? FLAG_SAME_FIELDS : 0));
    this.#difference(id.msHigh, id.msLow, least.msHigh, least.msLow);
    this.#difference(id.seqHigh, id.seqLow, least.seqHigh, least.seqLow);
    if (!hasMasterFields) this.#integer(fields);
    const { fieldAt, fieldLengths, valueAt, valueLengths } = cursor;
    for (let i = 0; i < fields; i++) {
      if (!hasMasterFields) this.#string(fieldAt[i], fieldLengths[i]);
      this.#string(valueAt[i], valueLengths[i]);
    }
    this.#integer(this.#count - before);
  }

  // ── Elements ────────────────────────────────────────────────────────────────────────────────

  #integer(value: number): void {
    const encoder = this.#encoder;
    encoder.setInteger(value);
    this.#reserve(encoder.size);
    encoder.write(this.#target, this.#at);
    this.#at += encoder.size;
    this.#count++;
  }

  /** The difference of two numbers of 64 bits. */
  #difference(high: number, low: number, fromHigh: number, fromLow: number): void {
    const lowWord = (low - fromLow) | 0;
    const highWord = (high - fromHigh - (low >>> 0 < fromLow >>> 0 ? 1 : 0)) | 0;
    if (highWord >= -SAFE_HIGH && highWord < SAFE_HIGH) {
      const value = highWord * TWO_32 + (lowWord >>> 0);
      if (Number.isSafeInteger(value)) {
        this.#integer(value);
        return;
      }
    }
    this.#words(highWord, lowWord);
  }

  /** An integer of 64 bits. */
  #words(high: number, low: number): void {
    this.#reserve(INTEGER_64_BYTES + 1);
    const target = this.#target;
    target[this.#at] = INTEGER_64;
    target.writeInt32LE(low, this.#at + 1);
    target.writeInt32LE(high, this.#at + 5);
    target[this.#at + INTEGER_64_BYTES] = INTEGER_64_BYTES;
    this.#at += INTEGER_64_BYTES + 1;
    this.#count++;
  }

  /** A string of the block, as an integer if it is one. */
  #string(at: number, length: number): void {
    const { buffer } = this.#cursor;
    const mayBeLong = length >= LONG_INTEGER_BYTES && length <= MAX_INTEGER_BYTES;
    if (mayBeLong && buffer[at] <= NINE && this.#longInteger(buffer, at, length)) return;
    if (length >= LENT_BYTES && this.#runs !== undefined) {
      this.#lend(buffer, at, length);
      return;
    }
    const encoder = this.#encoder;
    encoder.set(buffer, at, length);
    this.#reserve(encoder.size);
    encoder.write(this.#target, this.#at);
    this.#at += encoder.size;
    this.#count++;
  }

  /** Writes a string that is an integer of 64 bits beyond 2^53; returns whether it is. */
  #longInteger(buffer: Buffer, at: number, length: number): boolean {
    const near = parseInteger(buffer, at, length);
    if (Number.isNaN(near) || Number.isSafeInteger(near)) return false;
    const value = BigInt(buffer.toString('latin1', at, at + length));
    this.#words(Number(value >> 32n), Number(BigInt.asIntN(32, value)));
    return true;
  }

  // ── Long listpacks ──────────────────────────────────────────────────────────────────────────

  /** A string that stays in the block. */
  #lend(buffer: Buffer, at: number, length: number): void {
    this.#reserve(LONG_STRING_BYTES);
    this.#target[this.#at] = LONG_STRING;
    this.#target.writeUInt32LE(length, this.#at + 1);
    this.#at += LONG_STRING_BYTES;
    this.#endRun();
    this.#runs?.push(buffer.subarray(at, at + length));
    this.#target = Buffer.allocUnsafe(RUN_BYTES);
    this.#at = this.#writeBackLength(length + LONG_STRING_BYTES);
    this.#count++;
  }

  /** Writes the length behind an element to the beginning of the target; returns its end. */
  #writeBackLength(content: number): number {
    const target = this.#target;
    const size = content < 2097151 ? 3 : content < 268435455 ? 4 : BACK_LENGTH_BYTES;
    let rest = content;
    for (let i = size - 1; i > 0; i--) {
      target[i] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    target[0] = rest;
    return size;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#target.length) return;
    this.#endRun();
    this.#target = Buffer.allocUnsafe(Math.max(RUN_BYTES, bytes));
    this.#at = 0;
  }

  #endRun(): void {
    this.#runs?.push(this.#target.subarray(0, this.#at));
  }
}
