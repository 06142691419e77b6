// The words of a database's entry, except those that locate its key and value. An entry
// (structures/entry.ts) has these extra words before its key:
//
//   without expiry:  [ access clock ]
//   with expiry:     [ access clock ][ expiry in ms since the epoch, a double ][ heap position ]
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { metaEncoding, metaOf, metaType, withEncoding } from '../structures/entry.ts';
import { PARTS_EXPIRE } from './collections.ts';
import { HEAP_POSITION_WORD } from './expiry-heap.ts';

export const CLOCK_WORD = 3;
/** Index of the expiry, in doubles from the block's start. */
export const EXPIRY_DOUBLE = 2;
export const WORDS_PLAIN = 1;
export const WORDS_EXPIRING = 4;
/** Bit of the extra-words field of a meta word that is set only in WORDS_EXPIRING. */
const META_EXPIRES = WORDS_EXPIRING << 8;

/** Bits of a meta word that are set together if parts of the value expire (PARTS_EXPIRE). */
const META_PARTS_EXPIRE = PARTS_EXPIRE << 4;

/** No expiry. */
export const NO_EXPIRY = -1;
/** The latest expiry, in ms since the epoch: the largest double that fits the 64-bit integer of RDB files. */
export const LATEST_EXPIRY_MS = 2 ** 63 - 1024;

/** The words of entries; see the head of this file. */
export class EntryWords {
  readonly arena: Arena;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** Type of the value (ValueType.id). */
  typeOf(ref: number): number {
    return metaType(metaOf(this.arena, ref));
  }

  /** Encoding of the value (ValueType.encodings). */
  encodingOf(ref: number): number {
    return metaEncoding(metaOf(this.arena, ref));
  }

  /** Sets the encoding of the value. */
  setEncoding(ref: number, encoding: number): void {
    const words = this.arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    words[base] = withEncoding(words[base], metaType(words[base]), encoding);
  }

  /** The word of the access clock (access-clock.ts). */
  accessWord(ref: number): number {
    return this.arena.i32[ref >>> SEGMENT_SHIFT][((ref & SEGMENT_MASK) << 1) + CLOCK_WORD];
  }

  /** Sets the word of the access clock. */
  setAccessWord(ref: number, word: number): void {
    this.arena.i32[ref >>> SEGMENT_SHIFT][((ref & SEGMENT_MASK) << 1) + CLOCK_WORD] = word;
  }

  /** Whether the entry has an expiry. */
  expires(ref: number): boolean {
    return (metaOf(this.arena, ref) & META_EXPIRES) !== 0;
  }

  /** Whether the entry has an expiry, or parts of its value may have one: what a lookup must look at. */
  isTimed(ref: number): boolean {
    const meta = metaOf(this.arena, ref);
    return (meta & META_EXPIRES) !== 0 || (meta & META_PARTS_EXPIRE) === META_PARTS_EXPIRE;
  }

  /** Whether parts of the value may have an expiry. */
  hasTimedParts(ref: number): boolean {
    return (metaOf(this.arena, ref) & META_PARTS_EXPIRE) === META_PARTS_EXPIRE;
  }

  /** When the key expires, in ms since the epoch, or NO_EXPIRY. */
  expiryOf(ref: number): number {
    const segment = ref >>> SEGMENT_SHIFT;
    const unit = ref & SEGMENT_MASK;
    if ((this.arena.i32[segment][unit << 1] & META_EXPIRES) === 0) return NO_EXPIRY;
    return this.arena.f64[segment][unit + EXPIRY_DOUBLE];
  }

  /** Sets when the key expires, in ms since the epoch; the entry was built with an expiry. */
  setExpiry(ref: number, timeMs: number): void {
    this.arena.f64[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) + EXPIRY_DOUBLE] = timeMs;
  }

  /** Position in the expiry heap of an entry that has an expiry. */
  heapPosition(ref: number): number {
    return this.arena.i32[ref >>> SEGMENT_SHIFT][((ref & SEGMENT_MASK) << 1) + HEAP_POSITION_WORD];
  }
}
