// The record of one key in a bytes table: a block in the arena.
//
//   byte 0        4            8              12
//       [ meta   ][ key length ][ value length ][ extra words … ][ key … ][ value … ]
//
//   meta, from bit 0:  type 4 | encoding 4 | extra words 4 | flags 4 | size class 8 | epoch 8
//
// The extra words, -1 … 7 of them, belong to the user of the table: a database keeps its access clock and expiry there
// (keyspace/entry-words.ts). With -1 of them the value's length is left out, too: there is no value (records.ts). The
// epoch is that of the last snapshot that has the entry or began before it was created (keyspace/snapshot.ts). A key
// longer than MAX_INLINE_KEY_BYTES, or a value that does not fit into the block, is in an overflow block: the flag is
// set, the length is still the true one, and in place of the bytes are 4 bytes, the number of the overflow block.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { isViewed, ViewCache } from '../protocol/copy-bytes.ts';

/** Bytes before the extra words. */
export const HEADER_BYTES = 12;

/** Bytes of the number that stands for an overflow key or value. */
export const OVERFLOW_ID_BYTES = 4;

/** Longer keys are in an overflow block. */
export const MAX_INLINE_KEY_BYTES = 16 * 1024;

/** The value's bytes are in an overflow block. */
export const FLAG_OVERFLOW_VALUE = 1 << 12;
/** The key's bytes are in an overflow block. */
export const FLAG_OVERFLOW_KEY = 1 << 13;

/** A word that lies in the second cache line of an entry that has two. */
const LAST_PREFETCHED_WORD = 11;
/** Wraps a word's index into its arena segment. */
const WORD_MASK = (SEGMENT_MASK << 1) | 1;
const TYPE_MASK = 0xf;
const ENCODING_SHIFT = 4;
const WORDS_SHIFT = 8;
const CLASS_SHIFT = 16;
const EPOCH_SHIFT = 24;
const EPOCH_MASK = 0xff << EPOCH_SHIFT;

/** A run of bytes in a buffer: a key or a value, without copying it. */
export class ByteView {
  buffer: Buffer = Buffer.alloc(0);
  offset = 0;
  length = 0;

  /** A copy that may be kept. */
  copy(): Buffer {
    return Buffer.from(this.buffer.subarray(this.offset, this.offset + this.length));
  }
}

/** What keys are compared with, four bytes at a time: most lie in the bytes of requests. */
const compared = new ViewCache();
const longKey = new ByteView();

/** Builds a meta word. */
export function packMeta(
  type: number,
  encoding: number,
  extraWords: number,
  flags: number,
  sizeClass: number,
): number {
  return (
    type |
    (encoding << ENCODING_SHIFT) |
    (extraWords << WORDS_SHIFT) |
    flags |
    (sizeClass << CLASS_SHIFT)
  );
}

/** A snapshot epoch, 0 … 255, at its position in a meta word. */
export function epochBits(epoch: number): number {
  return epoch << EPOCH_SHIFT;
}

/** Whether an entry has the epoch of these bits. */
export function hasEpoch(arena: Arena, ref: number, bits: number): boolean {
  return ((metaOf(arena, ref) ^ bits) & EPOCH_MASK) === 0;
}

/** Gives an entry the epoch of these bits. */
export function setEpoch(arena: Arena, ref: number, bits: number): void {
  const words = arena.i32[ref >>> SEGMENT_SHIFT];
  const base = (ref & SEGMENT_MASK) << 1;
  words[base] = (words[base] & ~EPOCH_MASK) | bits;
}

/** The meta word of an entry. */
export function metaOf(arena: Arena, ref: number): number {
  return arena.i32[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) << 1];
}

/** Type of the value: 0 … 15. */
export function metaType(meta: number): number {
  return meta & TYPE_MASK;
}

/** Encoding of the value: 0 … 15. */
export function metaEncoding(meta: number): number {
  return (meta >>> ENCODING_SHIFT) & 0xf;
}

/** The same meta word with another type and encoding. */
export function withEncoding(meta: number, type: number, encoding: number): number {
  return (meta & ~0xff) | type | (encoding << ENCODING_SHIFT);
}

/** Distance in bytes from the block's start to the key; the number of extra words has a sign. */
export function keyOffset(meta: number): number {
  return HEADER_BYTES + (((meta << (28 - WORDS_SHIFT)) >> 28) << 2);
}

/** Size class that the block was allocated with. */
export function metaClass(meta: number): number {
  return (meta >>> CLASS_SHIFT) & 0xff;
}

/** Points `view` at the entry's key. */
export function viewKey(arena: Arena, ref: number, view: ByteView): void {
  const words = arena.i32[ref >>> SEGMENT_SHIFT];
  const base = (ref & SEGMENT_MASK) << 1;
  const meta = words[base];
  const offset = (base << 2) + keyOffset(meta);
  view.length = words[base + 1];
  view.buffer = arena.u8[ref >>> SEGMENT_SHIFT];
  view.offset = offset;
  if ((meta & FLAG_OVERFLOW_KEY) !== 0) viewOverflow(arena, view);
}

/** Whether the entry has this key. */
export function hasKey(
  arena: Arena,
  ref: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): boolean {
  const words = arena.i32[ref >>> SEGMENT_SHIFT];
  const base = (ref & SEGMENT_MASK) << 1;
  if (words[base + 1] !== length) return false;
  if (length > MAX_INLINE_KEY_BYTES) return hasLongKey(arena, ref, bytes, offset, length);
  // A key begins at a whole word.
  let word = base + (keyOffset(words[base]) >> 2);
  const end = offset + length;
  let at = offset;
  if (isViewed(bytes)) {
    const view = compared.viewOf(bytes);
    for (; at + 4 <= end; at += 4) if (words[word++] !== view.getInt32(at, true)) return false;
  }
  const stored = arena.u8[ref >>> SEGMENT_SHIFT];
  for (let storedAt = word << 2; at < end; at++) {
    if (stored[storedAt++] !== bytes[at]) return false;
  }
  return true;
}

function hasLongKey(
  arena: Arena,
  ref: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): boolean {
  viewKey(arena, ref, longKey);
  const { buffer, offset: start } = longKey;
  return buffer.compare(bytes, offset, offset + length, start, start + length) === 0;
}

/** Points `view` at the entry's value. */
export function viewValue(arena: Arena, ref: number, view: ByteView): void {
  const words = arena.i32[ref >>> SEGMENT_SHIFT];
  const base = (ref & SEGMENT_MASK) << 1;
  const meta = words[base];
  const keyBytes = (meta & FLAG_OVERFLOW_KEY) === 0 ? words[base + 1] : OVERFLOW_ID_BYTES;
  view.length = words[base + 2];
  view.buffer = arena.u8[ref >>> SEGMENT_SHIFT];
  view.offset = (base << 2) + keyOffset(meta) + keyBytes;
  if ((meta & FLAG_OVERFLOW_VALUE) !== 0) viewOverflow(arena, view);
}

/**
 * Reads the beginnings of entries, so that they are in the processor's cache when they are needed a little later.
 * @returns a meaningless number that depends on all that was read, so that the reads are not optimised away
 */
export function prefetchEntries(arena: Arena, refs: Int32Array, count: number): number {
  const segments = arena.i32;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const ref = refs[i];
    if (ref === 0) continue;
    const words = segments[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    // Most entries are shorter than two cache lines; its last words lie in the second, if any.
    sum ^= words[base] ^ words[(base + LAST_PREFETCHED_WORD) & WORD_MASK];
  }
  return sum;
}

/** Points the view at the overflow block whose number it holds. */
function viewOverflow(arena: Arena, view: ByteView): void {
  view.buffer = arena.overflow.get(view.buffer.readUInt32LE(view.offset));
  view.offset = 0;
}
