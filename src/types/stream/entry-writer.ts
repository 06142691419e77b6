// Encodes an entry of a stream for the block that it is to be in (entry-block.ts): measured first, as the block may
// have to grow, then written.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { copyBytes } from '../../protocol/copy-bytes.ts';
import { parseInteger } from '../../protocol/integer.ts';
import {
  type BlockData,
  FULL,
  ID_SHIFT,
  IS_DELETED,
  LAST_ENTRY_ID,
  MS_8,
  MS_16,
  NEXT_SEQ,
  packedIntegerBytes,
  SAME_FIELDS,
  SAME_LENGTHS,
  SEQ,
  varint64Bytes,
  varintBytes,
  writeVarint,
  writeVarint64,
} from './entry-block.ts';
import { LEAST_ID } from './id-blocks.ts';
import { StreamId } from './stream-id.ts';

const NINE = 57;
const MINUS = 45;
const ZERO = 48;
/** A canonical 64-bit integer has at most 19 digits and a sign. */
const MAX_INTEGER_BYTES = 20;
/** Elements of a listpack that every entry has: flags, two differences of ids, and how many elements it has. */
const FLAGS_BYTES = 2;
/** Elements of a listpack before the fields and values of an entry. */
const ELEMENTS_BEFORE = 3;
/** Bytes of an empty listpack: its header, and its end. */
const LISTPACK_BYTES = 7;
const TWO_32 = 2 ** 32;

/** Arguments, of which fields and values are some, one after another: a Request is one. */
export interface FieldSource {
  readonly buffer: Uint8Array;
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
}

/** The encoder; see the head of this file. */
export class EntryWriter {
  /** Bytes of the entry in the block, after `measure`. */
  sizeBytes = 0;
  /** Bytes of it in a listpack. */
  packedBytes = 0;
  readonly #arena: Arena;
  readonly #previous = new StreamId();
  #source: FieldSource | undefined;
  #first = 0;
  #fields = 0;
  #head = 0;
  #kind = 0;
  /** Differences of ids, and seq, as they are written. */
  #high = 0;
  #low = 0;
  readonly #id = new StreamId();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  // ── The master ──────────────────────────────────────────────────────────────────────────────

  /** Bytes of a master with these fields and the lengths of these values. */
  masterBytes({ lengths }: FieldSource, first: number, fields: number): number {
    let size = varintBytes(fields);
    for (let i = 0; i < fields; i++) {
      const length = lengths[first + 2 * i];
      size += varintBytes(length) + length + varintBytes(lengths[first + 2 * i + 1]);
    }
    return size;
  }

  /** Bytes of a listpack that has such a master and no entries, without its counts. */
  packedMasterBytes(
    { buffer, offsets, lengths }: FieldSource,
    first: number,
    fields: number,
  ): number {
    let size = LISTPACK_BYTES + packedIntegerBytes(fields) + packedIntegerBytes(0);
    for (let i = first; i < first + 2 * fields; i += 2) {
      size += packedStringBytes(buffer, offsets[i], lengths[i]);
    }
    return size;
  }

  /** Writes a master; returns the position after it. */
  writeMaster(
    target: Buffer,
    at: number,
    source: FieldSource,
    first: number,
    fields: number,
  ): number {
    const { buffer, offsets, lengths } = source;
    const end = first + 2 * fields;
    let position = writeVarint(target, at, fields);
    for (let i = first; i < end; i += 2) position = writeVarint(target, position, lengths[i]);
    for (let i = first + 1; i < end; i += 2) position = writeVarint(target, position, lengths[i]);
    for (let i = first; i < end; i += 2) {
      copyBytes(buffer, offsets[i], lengths[i], target, position);
      position += lengths[i];
    }
    return position;
  }

  // ── An entry ────────────────────────────────────────────────────────────────────────────────

  /**
   * Measures an entry that comes behind the last one of a block.
   * @param block the block; its data are where `data` says
   * @param id greater than that of the last entry; that of the block for the first one
   * @param first the argument that is the first field; its value is the next one
   */
  measure(
    block: number,
    data: BlockData,
    id: StreamId,
    source: FieldSource,
    first: number,
    fields: number,
  ): void {
    this.#source = source;
    this.#first = first;
    this.#fields = fields;
    this.#head = this.#compare(data.buffer, data.start);
    const hasMasterFields = (this.#head & SAME_FIELDS) !== 0;
    const { buffer, offsets, lengths } = source;
    let bytes = 0;
    let lengthBytes = hasMasterFields ? 0 : varintBytes(fields);
    let packed = hasMasterFields ? 0 : packedIntegerBytes(fields);
    const step = hasMasterFields ? 2 : 1;
    for (let i = hasMasterFields ? first + 1 : first; i < first + 2 * fields; i += step) {
      const length = lengths[i];
      bytes += length;
      lengthBytes += varintBytes(length);
      packed += packedStringBytes(buffer, offsets[i], length);
    }
    if ((this.#head & SAME_LENGTHS) !== 0) lengthBytes = 0;
    this.sizeBytes = 1 + this.#measureId(block, id) + lengthBytes + bytes;
    const elements = ELEMENTS_BEFORE + (hasMasterFields ? fields : 2 * fields + 1);
    this.packedBytes =
      packed + FLAGS_BYTES + this.#packedIdBytes(block) + packedIntegerBytes(elements);
  }

  /** Writes the entry that was measured last; returns the position after it. */
  write(target: Buffer, at: number): number {
    const source = this.#source;
    if (source === undefined) throw new Error('no entry was measured');
    const { buffer, offsets, lengths } = source;
    const end = this.#first + 2 * this.#fields;
    target[at] = this.#head | (this.#kind << ID_SHIFT);
    let position = this.#writeId(target, at + 1);
    const hasMasterFields = (this.#head & SAME_FIELDS) !== 0;
    const first = hasMasterFields ? this.#first + 1 : this.#first;
    const step = hasMasterFields ? 2 : 1;
    if (!hasMasterFields) position = writeVarint(target, position, this.#fields);
    if ((this.#head & SAME_LENGTHS) === 0) {
      for (let i = first; i < end; i += step) position = writeVarint(target, position, lengths[i]);
    }
    for (let i = first; i < end; i += step) {
      const length = lengths[i];
      copyBytes(buffer, offsets[i], length, target, position);
      position += length;
    }
    return position;
  }

  /** Marks an entry that was written as deleted. */
  markDeleted(target: Buffer, at: number): void {
    target[at] |= IS_DELETED;
  }

  /** What the entry has in common with the master, as bits of its head. */
  #compare(target: Buffer, start: number): number {
    const source = this.#source;
    const fields = this.#fields;
    if (source === undefined || this.#varint(target, start) !== fields) return 0;
    const { buffer, offsets, lengths } = source;
    const end = this.#first + 2 * fields;
    for (let i = this.#first; i < end; i += 2) {
      if (this.#varint(target, this.#after) !== lengths[i]) return 0;
    }
    let hasLengths = true;
    for (let i = this.#first + 1; i < end; i += 2) {
      if (this.#varint(target, this.#after) !== lengths[i]) hasLengths = false;
    }
    let at = this.#after;
    for (let i = this.#first; i < end; i += 2) {
      if (!areEqual(target, at, buffer, offsets[i], lengths[i])) return 0;
      at += lengths[i];
    }
    return hasLengths ? SAME_FIELDS | SAME_LENGTHS : SAME_FIELDS;
  }

  /** Position after the varint that was read last. */
  #after = 0;

  #varint(buffer: Buffer, at: number): number {
    let byte = buffer[at];
    let position = at + 1;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = buffer[position++];
      value |= (byte & 0x7f) << shift;
    }
    this.#after = position;
    return value >>> 0;
  }

  // ── Its id ──────────────────────────────────────────────────────────────────────────────────

  /** Chooses how the id follows from the one before; returns its bytes. */
  #measureId(block: number, id: StreamId): number {
    const previous = this.#previous;
    const words = this.#arena.i32[block >>> SEGMENT_SHIFT];
    previous.load(words, ((block & SEGMENT_MASK) << 1) + LAST_ENTRY_ID);
    this.#id.set(id);
    if (id.msHigh === previous.msHigh && id.msLow === previous.msLow) {
      this.#subtract(id.seqHigh, id.seqLow, previous.seqHigh, previous.seqLow);
      this.#kind = this.#high === 0 && this.#low === 1 ? NEXT_SEQ : SEQ;
      return this.#kind === NEXT_SEQ ? 0 : varint64Bytes(this.#high, this.#low);
    }
    this.#subtract(id.msHigh, id.msLow, previous.msHigh, previous.msLow);
    const isShort = this.#high === 0 && (id.seqHigh | id.seqLow) === 0;
    if (isShort && this.#low >>> 0 < 0x10000) {
      this.#kind = this.#low < 0x100 ? MS_8 : MS_16;
      return this.#kind;
    }
    this.#kind = FULL;
    return varint64Bytes(this.#high, this.#low) + varint64Bytes(id.seqHigh, id.seqLow);
  }

  #writeId(target: Buffer, at: number): number {
    switch (this.#kind) {
      case NEXT_SEQ:
        return at;
      case MS_8:
        target[at] = this.#low;
        return at + 1;
      case MS_16:
        target[at] = this.#low & 0xff;
        target[at + 1] = this.#low >> 8;
        return at + 2;
      case SEQ:
        return writeVarint64(target, at, this.#high, this.#low);
      default: {
        const { seqHigh, seqLow } = this.#id;
        return writeVarint64(
          target,
          writeVarint64(target, at, this.#high, this.#low),
          seqHigh,
          seqLow,
        );
      }
    }
  }

  /** Bytes of the differences from the block's least id, as in a listpack. */
  #packedIdBytes(block: number): number {
    const words = this.#arena.i32[block >>> SEGMENT_SHIFT];
    const at = ((block & SEGMENT_MASK) << 1) + LEAST_ID;
    const id = this.#id;
    const ms = signedDifference(id.msHigh, id.msLow, words[at], words[at + 1]);
    const seq = signedDifference(id.seqHigh, id.seqLow, words[at + 2], words[at + 3]);
    return packedIntegerBytes(ms) + packedIntegerBytes(seq);
  }

  #subtract(high: number, low: number, fromHigh: number, fromLow: number): void {
    this.#low = (low - fromLow) | 0;
    this.#high = (high - fromHigh - (low >>> 0 < fromLow >>> 0 ? 1 : 0)) | 0;
  }
}

/** The difference of two 64-bit numbers, as a signed 64-bit number; beyond 2^53 one near it. */
function signedDifference(high: number, low: number, fromHigh: number, fromLow: number): number {
  const borrow = low >>> 0 < fromLow >>> 0 ? 1 : 0;
  return ((high - fromHigh - borrow) | 0) * TWO_32 + ((low - fromLow) >>> 0);
}

function areEqual(
  a: Uint8Array,
  at: number,
  b: Uint8Array,
  offset: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) if (a[at + i] !== b[offset + i]) return false;
  return true;
}

/** Bytes of a string as an element of a listpack, where integers of 64 bits are such. */
export function packedStringBytes(bytes: Uint8Array, offset: number, length: number): number {
  if (length <= MAX_INTEGER_BYTES && length > 0) {
    const first = bytes[offset];
    if (first <= NINE && (first >= ZERO || first === MINUS)) {
      const integer = parseInteger(bytes, offset, length);
      if (!Number.isNaN(integer)) return packedIntegerBytes(integer);
    }
  }
  const content = (length < 64 ? 1 : length < 4096 ? 2 : 5) + length;
  if (content <= 127) return content + 1;
  if (content < 16383) return content + 2;
  if (content < 2097151) return content + 3;
  return content < 268435455 ? content + 4 : content + 5;
}
