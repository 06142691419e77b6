// The blocks of database entries: creating, reading, resizing and freeing them. This file knows the layout and the
// memory; tables, databases and notifications are database.ts's. The words of an entry are in entry-words.ts.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { ByteCopier } from '../memory/byte-copier.ts';
import { classOf, MAX_BLOCK_BYTES } from '../memory/size-classes.ts';
import { copyBytes } from '../protocol/copy-bytes.ts';
import { writeInteger } from '../protocol/integer.ts';
import {
  ByteView,
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
  withEncoding,
} from '../structures/entry.ts';
import { type Collections, FIRST_ROOT_ENCODING } from './collections.ts';
import {
  CLOCK_WORD,
  EntryWords,
  EXPIRY_DOUBLE,
  NO_EXPIRY,
  WORDS_EXPIRING,
  WORDS_PLAIN,
} from './entry-words.ts';
import { ENCODING_INT, TYPE_STRING } from './plain-strings.ts';

/** The bit of a meta word that all encodings with a root have set. */
const HAS_ROOT = FIRST_ROOT_ENCODING << 4;

/** Bits of a meta word that are all 0 when neither key nor value is in an overflow block. */
const IS_OUTSIDE = FLAG_OVERFLOW_VALUE | FLAG_OVERFLOW_KEY;
/** The same, and the value is a string. */
const IS_PLAIN_STRING = IS_OUTSIDE | 0xf;
/** The same, and its encoding. */
const IS_PLAIN_INTEGER = IS_PLAIN_STRING | 0xf0;
const INTEGER_META = withEncoding(0, TYPE_STRING, ENCODING_INT);

/** A growing value gets spare capacity equal to its length, up to this many bytes. */
const MAX_SPARE_BYTES = 1024 * 1024;

export { LATEST_EXPIRY_MS, NO_EXPIRY } from './entry-words.ts';

/** In place of an overflow block's number: a new block is allocated if one is needed. */
export const NEW_BLOCK = -1;

/** The blocks of all databases' entries; see the head of this file. */
export class Entries extends EntryWords {
  /** The operations on the roots of each type, by the type's number; undefined for types without roots. */
  readonly collections: readonly (Collections | undefined)[];
  /**
   * Takes over a large value that was freed only in part: each call of `step` frees a little more, in well under a
   * millisecond, and returns whether all is freed.
   */
  onLargeValue: (step: () => boolean) => void = finish;
  /** The snapshot epoch of new entries, shifted to its position in a meta word (snapshot.ts). */
  epoch = 0;
  readonly #keys: ByteCopier;
  readonly #values: ByteCopier;
  #value = new ByteView();
  #key = new ByteView();
  #spareValue = new ByteView();
  #spareKey = new ByteView();

  constructor(arena: Arena, collections: readonly (Collections | undefined)[]) {
    super(arena);
    this.collections = collections;
    this.#keys = new ByteCopier(arena);
    this.#values = new ByteCopier(arena);
  }

  /** The bytes of a value, in place. The view is shared: valid until the next call. */
  value(ref: number): ByteView {
    viewValue(this.arena, ref, this.#value);
    return this.#value;
  }

  /** The bytes of a key, in place. The view is shared: valid until the next call. */
  key(ref: number): ByteView {
    viewKey(this.arena, ref, this.#key);
    return this.#key;
  }

  /**
   * Swaps the shared views with a second pair, and back at the next call: code that runs in between does not
   * overwrite the views that its caller still uses.
   */
  exchangeViews(): void {
    [this.#value, this.#spareValue] = [this.#spareValue, this.#value];
    [this.#key, this.#spareKey] = [this.#spareKey, this.#key];
  }

  /** Bytes that the entry takes: its block, overflow blocks and collection. */
  footprintBytes(ref: number): number {
    const meta = metaOf(this.arena, ref);
    let total = this.arena.blockBytes(metaClass(meta));
    const { overflow } = this.arena;
    if ((meta & FLAG_OVERFLOW_KEY) !== 0) total += overflow.sizeOf(this.#overflowId(ref, 0));
    if ((meta & FLAG_OVERFLOW_VALUE) !== 0) total += overflow.sizeOf(this.overflowValue(ref));
    if ((meta & HAS_ROOT) !== 0) total += this.collectionsOf(ref).bytes(this.root(ref));
    return total;
  }

  /** Bytes by which the value can grow in place. */
  spareBytes(ref: number): number {
    const meta = metaOf(this.arena, ref);
    const { buffer, length } = this.value(ref);
    if ((meta & FLAG_OVERFLOW_VALUE) !== 0) return buffer.length - length;
    const keyLength = this.arena.i32[ref >>> SEGMENT_SHIFT][((ref & SEGMENT_MASK) << 1) + 1];
    const keyBytes = (meta & FLAG_OVERFLOW_KEY) !== 0 ? OVERFLOW_ID_BYTES : keyLength;
    return this.arena.blockBytes(metaClass(meta)) - keyOffset(meta) - keyBytes - length;
  }

  /**
   * Creates an entry for a key and a value of `valueLength` bytes, whose content is undefined.
   * @param expiry in ms since the epoch, or NO_EXPIRY; the caller adds the entry to the expiry heap
   * @param valueId number of an overflow block that becomes the value, if that does not fit inside
   */
  build(
    key: Uint8Array,
    keyAt: number,
    keyLength: number,
    type: number,
    encoding: number,
    valueLength: number,
    expiry: number,
    accessWord: number,
    valueId = NEW_BLOCK,
  ): number {
    const arena = this.arena;
    const words = expiry === NO_EXPIRY ? WORDS_PLAIN : WORDS_EXPIRING;
    let flags = 0;
    let keyBytes = keyLength;
    if (keyLength > MAX_INLINE_KEY_BYTES) {
      flags |= FLAG_OVERFLOW_KEY;
      keyBytes = OVERFLOW_ID_BYTES;
    }
    let sizeBytes = HEADER_BYTES + words * 4 + keyBytes + valueLength;
    if (sizeBytes > MAX_BLOCK_BYTES) {
      flags |= FLAG_OVERFLOW_VALUE;
      sizeBytes += OVERFLOW_ID_BYTES - valueLength;
    }
    const sizeClass = classOf(sizeBytes);
    const ref = arena.allocate(sizeClass);
    const segment = ref >>> SEGMENT_SHIFT;
    const i32 = arena.i32[segment];
    const base = (ref & SEGMENT_MASK) << 1;
    i32[base] = packMeta(type, encoding, words, 0, sizeClass) | this.epoch;
    i32[base + 1] = keyLength;
    i32[base + 2] = valueLength;
    i32[base + CLOCK_WORD] = accessWord;
    if (expiry !== NO_EXPIRY) {
      arena.f64[segment][(ref & SEGMENT_MASK) + EXPIRY_DOUBLE] = expiry;
    }
    if (flags === 0) {
      const at = (base << 2) + HEADER_BYTES + words * 4;
      this.#keys.copy(key, keyAt, keyLength, segment, at);
    } else {
      this.#buildOverflow(ref, flags, key, keyAt, keyLength, valueLength, valueId);
    }
    return ref;
  }

  /** The rest of `build` when key or value need an overflow block; frees everything if it fails. */
  #buildOverflow(
    ref: number,
    flags: number,
    key: Uint8Array,
    keyAt: number,
    keyLength: number,
    valueLength: number,
    valueId: number,
  ): void {
    const { overflow, i32, u8 } = this.arena;
    const block = u8[ref >>> SEGMENT_SHIFT];
    const words = i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    const at = (base << 2) + keyOffset(words[base]);
    let valueIdAt = at + keyLength;
    try {
      // A flag is set only once the block exists, so that `free` frees exactly what there is.
      if ((flags & FLAG_OVERFLOW_KEY) !== 0) {
        const id = overflow.allocate(keyLength);
        overflow.get(id).set(key.subarray(keyAt, keyAt + keyLength));
        block.writeUInt32LE(id, at);
        words[base] |= FLAG_OVERFLOW_KEY;
        valueIdAt = at + OVERFLOW_ID_BYTES;
      } else {
        copyBytes(key, keyAt, keyLength, block, at);
      }
      if ((flags & FLAG_OVERFLOW_VALUE) !== 0) {
        const id = valueId === NEW_BLOCK ? overflow.allocate(valueLength) : valueId;
        block.writeUInt32LE(id, valueIdAt);
        words[base] |= FLAG_OVERFLOW_VALUE;
      }
    } catch (error) {
      this.free(ref);
      throw error;
    }
  }

  /** Writes the first `length` bytes of the value. */
  fillValue(ref: number, bytes: Uint8Array, offset: number, length: number): void {
    const meta = metaOf(this.arena, ref);
    if ((meta & IS_OUTSIDE) === 0) {
      const segment = ref >>> SEGMENT_SHIFT;
      const base = (ref & SEGMENT_MASK) << 1;
      const at = (base << 2) + keyOffset(meta) + this.arena.i32[segment][base + 1];
      this.#values.copy(bytes, offset, length, segment, at);
    } else {
      const value = this.value(ref);
      copyBytes(bytes, offset, length, value.buffer, value.offset);
      if ((meta & FLAG_OVERFLOW_VALUE) !== 0) this.arena.overflow.written(value.buffer, length);
    }
  }

  /**
   * Overwrites a string's value in its block; the expiry is kept.
   * @returns false when a block of another size is needed, or the value is not a string
   */
  overwrite(
    ref: number,
    encoding: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): boolean {
    const words = this.arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    const meta = words[base];
    if ((meta & IS_PLAIN_STRING) !== 0) return false;
    const valueAt = keyOffset(meta) + words[base + 1];
    if (valueAt + length > MAX_BLOCK_BYTES || classOf(valueAt + length) !== metaClass(meta)) {
      return false;
    }
    words[base] = withEncoding(meta, TYPE_STRING, encoding);
    words[base + 2] = length;
    this.#values.copy(bytes, offset, length, ref >>> SEGMENT_SHIFT, (base << 2) + valueAt);
    return true;
  }

  /**
   * Overwrites an integer with one of the same length: `size` characters, the sign included.
   * @returns false when the value is not an integer of that length
   */
  overwriteInteger(ref: number, value: number, size: number): boolean {
    const words = this.arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    const meta = words[base];
    if ((meta & IS_PLAIN_INTEGER) !== INTEGER_META || words[base + 2] !== size) return false;
    const at = (base << 2) + keyOffset(meta) + words[base + 1];
    writeInteger(this.arena.u8[ref >>> SEGMENT_SHIFT], at, value);
    return true;
  }

  /**
   * Changes bytes of a value in place, from `at` on; bytes between its end and `at` become NUL. This is the only way
   * to change a string in an overflow block, whose bytes may be pinned.
   */
  patch(
    ref: number,
    before: number,
    at: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): void {
    const { overflow } = this.arena;
    const { buffer, offset: start } = this.value(ref);
    overflow.changing(buffer, Math.min(before, at), at + length);
    if (at > before) overflow.clear(buffer, start + before, start + at);
    copyBytes(bytes, offset, length, buffer, start + at);
    overflow.written(buffer, start + at + length);
  }

  /** Moves bytes [from, to) of a value by `distance`, as `patch` changes them: there is room. */
  shift(ref: number, from: number, to: number, distance: number): void {
    const { overflow } = this.arena;
    const { buffer, offset: start } = this.value(ref);
    overflow.changing(buffer, from + Math.min(0, distance), to + Math.max(0, distance));
    buffer.copyWithin(start + from + distance, start + from, start + to);
    overflow.written(buffer, start + to + distance);
  }

  /** Changes the length of the value within its block; false when the block is too small. */
  resizeInPlace(ref: number, length: number): boolean {
    const meta = metaOf(this.arena, ref);
    const words = this.arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    if ((meta & FLAG_OVERFLOW_VALUE) !== 0) {
      if (length > this.value(ref).buffer.length && !this.#growOutside(ref, length)) return false;
    } else {
      const keyBytes = (meta & FLAG_OVERFLOW_KEY) !== 0 ? OVERFLOW_ID_BYTES : words[base + 1];
      if (keyOffset(meta) + keyBytes + length > this.arena.blockBytes(metaClass(meta)))
        return false;
    }
    words[base + 2] = length;
    return true;
  }

  /** Grows the overflow block of a value in place; false when that is not possible. */
  #growOutside(ref: number, length: number): boolean {
    return this.arena.overflow.grow(this.overflowValue(ref), length + spareFor(length));
  }

  /**
   * Creates an entry for another key with the type, the encoding and `length` bytes of the value of `ref`.
   * @param takesOver whether parts of the value that lie outside change hands; else they are copied
   */
  duplicate(
    ref: number,
    key: Uint8Array,
    keyAt: number,
    keyLength: number,
    length: number,
    expiry: number,
    accessWord: number,
    takesOver: boolean,
  ): number {
    const type = this.typeOf(ref);
    const encoding = this.encodingOf(ref);
    const before = this.value(ref).length;
    const valueId = takesOver && length === before ? this.overflowValue(ref) : NEW_BLOCK;
    const fresh = this.build(
      key,
      keyAt,
      keyLength,
      type,
      encoding,
      length,
      expiry,
      accessWord,
      valueId,
    );
    if (valueId !== NEW_BLOCK && this.overflowValue(fresh) === valueId) {
      // The new entry takes over the overflow block: it no longer belongs to the old one.
      this.arena.i32[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) << 1] &= ~FLAG_OVERFLOW_VALUE;
    } else {
      const value = this.value(ref);
      this.fillValue(fresh, value.buffer, value.offset, Math.min(before, length));
      if (encoding >= FIRST_ROOT_ENCODING) this.#inheritRoot(ref, fresh, takesOver);
    }
    return fresh;
  }

  /** The operations on the root of an entry; it has one. */
  collectionsOf(ref: number): Collections {
    const collections = this.collections[this.typeOf(ref)];
    if (collections === undefined)
      throw new Error(`values of type ${this.typeOf(ref)} have no roots`);
    return collections;
  }

  /** Whether the value is a collection outside its entry, with a `root`. */
  hasRoot(ref: number): boolean {
    return (metaOf(this.arena, ref) & HAS_ROOT) !== 0;
  }

  /** The root of a value that has one. */
  root(ref: number): number {
    const segment = ref >>> SEGMENT_SHIFT;
    const base = (ref & SEGMENT_MASK) << 1;
    const words = this.arena.i32[segment];
    const meta = words[base];
    const keyBytes = (meta & FLAG_OVERFLOW_KEY) !== 0 ? OVERFLOW_ID_BYTES : words[base + 1];
    return this.arena.views[segment].getInt32((base << 2) + keyOffset(meta) + keyBytes, true);
  }

  /** Sets the root of a value that has one. */
  setRoot(ref: number, id: number): void {
    const { buffer, offset } = this.value(ref);
    buffer.writeInt32LE(id, offset);
  }

  /** Gives `fresh`, an entry with the same value, the root of `ref`, or a copy of the collection. */
  #inheritRoot(ref: number, fresh: number, takesOver: boolean): void {
    if (takesOver) {
      this.disownRoot(ref);
      return;
    }
    try {
      this.setRoot(fresh, this.collectionsOf(ref).copy(this.root(ref)));
    } catch (error) {
      this.disownRoot(fresh);
      this.free(fresh);
      throw error;
    }
  }

  /** Removes the root from an entry, so that freeing the entry does not free the collection. */
  disownRoot(ref: number): void {
    this.setEncoding(ref, this.encodingOf(ref) & ~FIRST_ROOT_ENCODING);
  }

  /**
   * The same entry in a new block with another value length or expiry.
   * @param capacity length to which the value can grow in the new block; a large growing value gets more
   */
  rebuild(ref: number, length: number, expiry: number, capacity = length): number {
    const { buffer, offset, length: keyLength } = this.key(ref);
    const before = this.value(ref).length;
    const spare = length > before ? spareFor(length) : 0;
    const fresh = this.duplicate(
      ref,
      buffer,
      offset,
      keyLength,
      fitsInside(keyLength, capacity) ? capacity : length + spare,
      expiry,
      this.accessWord(ref),
      true,
    );
    this.arena.i32[fresh >>> SEGMENT_SHIFT][((fresh & SEGMENT_MASK) << 1) + 2] = length;
    return fresh;
  }

  /** Frees the entry's block, overflow blocks and collection. */
  free(ref: number): void {
    const arena = this.arena;
    const meta = metaOf(arena, ref);
    if ((meta & FLAG_OVERFLOW_KEY) !== 0) arena.overflow.free(this.#overflowId(ref, 0));
    if ((meta & FLAG_OVERFLOW_VALUE) !== 0) arena.overflow.free(this.overflowValue(ref));
    if ((meta & HAS_ROOT) !== 0) this.#freeCollection(this.collectionsOf(ref), this.root(ref));
    arena.free(ref, metaClass(meta));
  }

  #freeCollection(collections: Collections, root: number): void {
    if (!collections.freeStep(root)) this.onLargeValue(() => collections.freeStep(root));
  }

  /** Number of the overflow block that holds the entry's value; NEW_BLOCK when none does. */
  overflowValue(ref: number): number {
    const meta = metaOf(this.arena, ref);
    if ((meta & FLAG_OVERFLOW_VALUE) === 0) return NEW_BLOCK;
    const keyLength = this.arena.i32[ref >>> SEGMENT_SHIFT][((ref & SEGMENT_MASK) << 1) + 1];
    return this.#overflowId(ref, (meta & FLAG_OVERFLOW_KEY) !== 0 ? OVERFLOW_ID_BYTES : keyLength);
  }

  /** The number of the overflow block, which is stored `afterKey` bytes after the start of the key. */
  #overflowId(ref: number, afterKey: number): number {
    const at = ((ref & SEGMENT_MASK) << 3) + keyOffset(metaOf(this.arena, ref)) + afterKey;
    return this.arena.u8[ref >>> SEGMENT_SHIFT].readUInt32LE(at);
  }
}

/** Frees all of a large value at once. */
function finish(step: () => boolean): void {
  while (!step());
}

/** Spare capacity of a value that grows to a length. */
function spareFor(length: number): number {
  return Math.min(length, MAX_SPARE_BYTES);
}

/** Whether a value of this many bytes fits into the entry's block, with or without an expiry. */
function fitsInside(keyLength: number, valueLength: number): boolean {
  return HEADER_BYTES + WORDS_EXPIRING * 4 + keyLength + valueLength <= MAX_BLOCK_BYTES;
}
