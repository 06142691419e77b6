// The records of tables inside values: members of sets and sorted sets, fields of hashes. Each is a block laid out as
// an entry (entry.ts), but without what only the keys of a database need:
//
//   member    [ meta ][ length ][ member ]
//   scored    [ meta ][ length ][ score: a double ][ member ]
//   field     [ meta ][ length ][ value's length ][ field ][ value ]
//   expiring  [ meta ][ length ][ value's length ][ free ][ expiry: a double ][ heap position ][ field ][ value ]
//
// The last one has the words of a database's entry that expires, so that an ExpiryHeap can order such fields. The
// epoch in the meta word belongs to keyspace/record-tables.ts.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { ByteCopier } from '../memory/byte-copier.ts';
import { classOf, MAX_BLOCK_BYTES } from '../memory/size-classes.ts';
import {
  type ByteView,
  FLAG_OVERFLOW_KEY,
  FLAG_OVERFLOW_VALUE,
  HEADER_BYTES,
  keyOffset,
  MAX_INLINE_KEY_BYTES,
  metaClass,
  metaOf,
  OVERFLOW_ID_BYTES,
  packMeta,
  viewKey,
  viewValue,
} from './entry.ts';

/** Extra words of each kind, as the meta word holds them: 4 bits, -1 is 15. */
const WORDS_MEMBER = 15;
const WORDS_SCORED = 1;
const WORDS_FIELD = 0;
const WORDS_EXPIRING = 4;
/** Bits of the extra words that only an expiring field has like this. */
const WORDS_BITS = 0xf << 8;
const EXPIRING_BITS = WORDS_EXPIRING << 8;

/** Index of a score or an expiry, in doubles from the block's start. */
const SCORE_DOUBLE = 1;
const EXPIRY_DOUBLE = 2;

const HAS_OVERFLOW = FLAG_OVERFLOW_KEY | FLAG_OVERFLOW_VALUE;

/** Creates, reads and frees records in an arena; see the head of this file. */
export class Records {
  readonly #arena: Arena;
  readonly #copier: ByteCopier;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#copier = new ByteCopier(arena);
  }

  /** A record of a member. @throws ArenaFullError */
  newMember(bytes: Uint8Array, offset: number, length: number): number {
    const bytesInside = length > MAX_INLINE_KEY_BYTES ? OVERFLOW_ID_BYTES : length;
    const ref = this.#allocate(WORDS_MEMBER, HEADER_BYTES - 4 + bytesInside);
    this.#setKey(ref, bytes, offset, length, 0);
    return ref;
  }

  /** A record of a member with a score. @throws ArenaFullError */
  newScored(bytes: Uint8Array, offset: number, length: number, score: number): number {
    const bytesInside = length > MAX_INLINE_KEY_BYTES ? OVERFLOW_ID_BYTES : length;
    const ref = this.#allocate(WORDS_SCORED, HEADER_BYTES + 4 + bytesInside);
    this.setScore(ref, score);
    this.#setKey(ref, bytes, offset, length, 0);
    return ref;
  }

  /**
   * A record of a field and its value.
   * @param expiryMs in ms since the epoch; undefined: it does not expire
   * @throws ArenaFullError
   */
  newField(
    field: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    value: Uint8Array,
    valueAt: number,
    valueLength: number,
    expiryMs?: number,
  ): number {
    const arena = this.#arena;
    const words = expiryMs === undefined ? WORDS_FIELD : WORDS_EXPIRING;
    const bytesInside = fieldLength > MAX_INLINE_KEY_BYTES ? OVERFLOW_ID_BYTES : fieldLength;
    const start = HEADER_BYTES + words * 4 + bytesInside;
    const isOutside = start + valueLength > MAX_BLOCK_BYTES;
    const ref = this.#allocate(words, start + (isOutside ? OVERFLOW_ID_BYTES : valueLength));
    const segment = ref >>> SEGMENT_SHIFT;
    arena.i32[segment][((ref & SEGMENT_MASK) << 1) + 2] = valueLength;
    if (expiryMs !== undefined) this.setExpiry(ref, expiryMs);
    this.#setKey(ref, field, fieldAt, fieldLength, isOutside ? valueLength : 0);
    const view = arena.u8[segment];
    const at = ((ref & SEGMENT_MASK) << 3) + start;
    if (isOutside) {
      const id = view.readUInt32LE(at);
      arena.overflow.get(id).set(value.subarray(valueAt, valueAt + valueLength));
    } else {
      this.#copier.copy(value, valueAt, valueLength, segment, at);
    }
    return ref;
  }

  /** The member or field. */
  key(ref: number, view: ByteView): void {
    viewKey(this.#arena, ref, view);
  }

  /** The value of a field. */
  value(ref: number, view: ByteView): void {
    viewValue(this.#arena, ref, view);
  }

  /** The score of a member that has one. */
  score(ref: number): number {
    return this.#arena.f64[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) + SCORE_DOUBLE];
  }

  /** Sets the score of a member that has one. */
  setScore(ref: number, score: number): void {
    this.#arena.f64[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) + SCORE_DOUBLE] = score;
  }

  /** Whether a field expires. */
  expires(ref: number): boolean {
    return (metaOf(this.#arena, ref) & WORDS_BITS) === EXPIRING_BITS;
  }

  /** When a field that expires does so, in ms since the epoch. */
  expiry(ref: number): number {
    return this.#arena.f64[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) + EXPIRY_DOUBLE];
  }

  /** Sets when a field expires that was created with an expiry. */
  setExpiry(ref: number, timeMs: number): void {
    this.#arena.f64[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) + EXPIRY_DOUBLE] = timeMs;
  }

  /** Overwrites the value of a field in its block; false if it needs a block of another size. */
  overwriteValue(ref: number, bytes: Uint8Array, offset: number, length: number): boolean {
    const arena = this.#arena;
    const words = arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    const meta = words[base];
    if ((meta & HAS_OVERFLOW) !== 0) return false;
    const at = keyOffset(meta) + words[base + 1];
    if (at + length > MAX_BLOCK_BYTES || classOf(at + length) !== metaClass(meta)) return false;
    words[base + 2] = length;
    this.#copier.copy(bytes, offset, length, ref >>> SEGMENT_SHIFT, (base << 2) + at);
    return true;
  }

  /** A copy of a record, in another block. @throws ArenaFullError */
  copy(ref: number): number {
    const arena = this.#arena;
    const meta = metaOf(arena, ref);
    const sizeClass = metaClass(meta);
    const fresh = arena.allocate(sizeClass);
    const from = (ref & SEGMENT_MASK) << 3;
    const source = arena.u8[ref >>> SEGMENT_SHIFT];
    const target = arena.u8[fresh >>> SEGMENT_SHIFT];
    const to = (fresh & SEGMENT_MASK) << 3;
    source.copy(target, to, from, from + arena.blockBytes(sizeClass));
    if ((meta & HAS_OVERFLOW) !== 0) this.#copyOverflow(ref, fresh, meta);
    return fresh;
  }

  /** Bytes that a record takes. */
  bytes(ref: number): number {
    const arena = this.#arena;
    const meta = metaOf(arena, ref);
    const bytes = arena.blockBytes(metaClass(meta));
    if ((meta & HAS_OVERFLOW) === 0) return bytes;
    let total = bytes;
    if ((meta & FLAG_OVERFLOW_KEY) !== 0) total += arena.overflow.sizeOf(this.#keyId(ref));
    if ((meta & FLAG_OVERFLOW_VALUE) !== 0) total += arena.overflow.sizeOf(this.#valueId(ref));
    return total;
  }

  /** Frees a record. */
  free(ref: number): void {
    const arena = this.#arena;
    const meta = metaOf(arena, ref);
    if ((meta & FLAG_OVERFLOW_KEY) !== 0) arena.overflow.free(this.#keyId(ref));
    if ((meta & FLAG_OVERFLOW_VALUE) !== 0) arena.overflow.free(this.#valueId(ref));
    arena.free(ref, metaClass(meta));
  }

  #allocate(words: number, sizeBytes: number): number {
    const arena = this.#arena;
    const sizeClass = classOf(sizeBytes);
    const ref = arena.allocate(sizeClass);
    arena.i32[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) << 1] = packMeta(
      0,
      0,
      words,
      0,
      sizeClass,
    );
    return ref;
  }

  /**
   * Writes the key, and allocates what lies outside the block.
   * @param outside bytes of a value that does not fit into the block; 0: it does, or there is none
   */
  #setKey(ref: number, bytes: Uint8Array, offset: number, length: number, outside: number): void {
    const arena = this.#arena;
    const words = arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    words[base + 1] = length;
    if (length > MAX_INLINE_KEY_BYTES || outside > 0) {
      this.#setOutside(ref, bytes, offset, length, outside);
    } else {
      const at = (base << 2) + keyOffset(words[base]);
      this.#copier.copy(bytes, offset, length, ref >>> SEGMENT_SHIFT, at);
    }
  }

  #setOutside(
    ref: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    outside: number,
  ): void {
    const { i32, u8, overflow } = this.#arena;
    const words = i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    const block = u8[ref >>> SEGMENT_SHIFT];
    let at = (base << 2) + keyOffset(words[base]);
    try {
      // A flag is set once the block exists, so that `free` frees what there is.
      if (length > MAX_INLINE_KEY_BYTES) {
        const id = overflow.allocate(length);
        overflow.get(id).set(bytes.subarray(offset, offset + length));
        at = block.writeUInt32LE(id, at);
        words[base] |= FLAG_OVERFLOW_KEY;
      } else {
        this.#copier.copy(bytes, offset, length, ref >>> SEGMENT_SHIFT, at);
        at += length;
      }
      if (outside > 0) {
        block.writeUInt32LE(overflow.allocate(outside), at);
        words[base] |= FLAG_OVERFLOW_VALUE;
      }
    } catch (error) {
      this.free(ref);
      throw error;
    }
  }

  /** Gives a copied record overflow blocks of its own. */
  #copyOverflow(ref: number, fresh: number, meta: number): void {
    const { overflow, i32, u8 } = this.#arena;
    const words = i32[fresh >>> SEGMENT_SHIFT];
    const base = (fresh & SEGMENT_MASK) << 1;
    const block = u8[fresh >>> SEGMENT_SHIFT];
    words[base] = meta & ~HAS_OVERFLOW;
    const keyAt = (base << 2) + keyOffset(meta);
    const copy = (id: number) => {
      const bytes = overflow.get(id);
      const own = overflow.allocate(bytes.length);
      overflow.get(own).set(bytes);
      return own;
    };
    try {
      let valueAt = keyAt + words[base + 1];
      if ((meta & FLAG_OVERFLOW_KEY) !== 0) {
        valueAt = block.writeUInt32LE(copy(this.#keyId(ref)), keyAt);
        words[base] |= FLAG_OVERFLOW_KEY;
      }
      if ((meta & FLAG_OVERFLOW_VALUE) !== 0) {
        block.writeUInt32LE(copy(this.#valueId(ref)), valueAt);
        words[base] |= FLAG_OVERFLOW_VALUE;
      }
    } catch (error) {
      this.free(fresh);
      throw error;
    }
  }

  #keyId(ref: number): number {
    const at = ((ref & SEGMENT_MASK) << 3) + keyOffset(metaOf(this.#arena, ref));
    return this.#arena.u8[ref >>> SEGMENT_SHIFT].readUInt32LE(at);
  }

  #valueId(ref: number): number {
    const meta = metaOf(this.#arena, ref);
    const words = this.#arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    const keyBytes = (meta & FLAG_OVERFLOW_KEY) !== 0 ? OVERFLOW_ID_BYTES : words[base + 1];
    const at = (base << 2) + keyOffset(meta) + keyBytes;
    return this.#arena.u8[ref >>> SEGMENT_SHIFT].readUInt32LE(at);
  }
}
