// The inside of one segment of a bytes table (bytes-table.ts): its words, and the arithmetic that
// places hashes in directory, segment and slot. Everything is monotone in the hash, so slots in
// directory order are in hash order.

import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { CLASS_UNITS, classOf, MAX_BLOCK_BYTES } from '../memory/size-classes.ts';

/** Words of a table segment before its slots. */
export const HEADER_WORDS = 4;
/** Word that counts the segment's entries. */
export const COUNT = 0;
/** Word with the number of the hash's top bits that all its entries have in common. */
export const LOCAL_DEPTH = 1;

/** Bits of hash below the local depth that place an entry inside its segment. */
const HOME_BITS = 20;

/** Deeper segments would have no hash bits left; 2^22 full ones exceed what the arena addresses. */
export const MAX_DEPTH = 22;

/**
 * Called for each entry that a scan meets, with the hash of its key: that is the same in all tables with a seed, which
 * saves computing it for a look into another table.
 */
export type EntryVisitor = (ref: number, hash: number) => void;

/** Size that a segment grows to before it splits. */
export const FULL_SEGMENT_BYTES = Math.min(8192, MAX_BLOCK_BYTES);

/** Size of the first segment of a table; the only one of a table doubles until it has the full size. */
export const SMALLEST_SEGMENT_BYTES = 64;

/** Holds the slots of a segment while they are distributed anew. */
const takenSlots = new Int32Array(FULL_SEGMENT_BYTES / 4 - HEADER_WORDS);

/** Slots in a segment of this many bytes. */
export function slotsIn(segmentBytes: number): number {
  return (segmentBytes - HEADER_WORDS * 4) / 8;
}

/** A segment of this many slots splits when it holds this many entries. */
export function fullAt(slots: number): number {
  return slots - (slots >>> 2) + (slots >>> 4);
}

/**
 * The depth that all segments of a table with this many entries almost certainly reach: shallower ones would split.
 */
export function depthFor(entries: number): number {
  const full = fullAt(slotsIn(FULL_SEGMENT_BYTES));
  const overfull = full + 2 * Math.sqrt(full);
  return Math.min(MAX_DEPTH, Math.max(0, Math.floor(Math.log2(entries / overfull)) + 1));
}

/** Index of the directory's entry for a hash: its top `depth` bits. */
export function directoryIndex(hash: number, depth: number): number {
  return (hash >>> 1) >>> (31 - depth);
}

/** Slot where a hash belongs: its bits below the local depth, scaled to the number of slots. */
export function homeSlot(hash: number, localDepth: number, slots: number): number {
  return (((hash << localDepth) >>> (32 - HOME_BITS)) * slots) >>> HOME_BITS;
}

/** The lowest hash whose home is `slot`, in the segment that `position` lies in. */
export function firstHashOf(position: number, depth: number, slot: number, slots: number): number {
  const prefix = depth === 0 ? 0 : (position >>> (32 - depth)) * 2 ** (32 - depth);
  const fraction = Math.ceil((slot * 2 ** HOME_BITS) / slots);
  return prefix + Math.ceil(fraction * 2 ** (32 - HOME_BITS - depth));
}

/** The first position after the segment that `position` lies in; 0 after the last. */
export function nextSegmentStart(position: number, depth: number): number {
  if (depth === 0) return 0;
  const next = ((position >>> (32 - depth)) + 1) * 2 ** (32 - depth);
  return next >= 2 ** 32 ? 0 : next;
}

/** Allocates an empty segment in the arena. */
export function makeSegment(arena: Arena, segmentBytes: number, localDepth: number): number {
  const sizeClass = classOf(segmentBytes);
  const segment = arena.allocate(sizeClass);
  const words = arena.i32[segment >>> SEGMENT_SHIFT];
  const base = (segment & SEGMENT_MASK) << 1;
  words.fill(0, base, base + CLASS_UNITS[sizeClass] * 2);
  words[base + LOCAL_DEPTH] = localDepth;
  return segment;
}

/** How many of the hash's top bits all entries of a segment have in common. */
export function localDepth(arena: Arena, segment: number): number {
  return arena.i32[segment >>> SEGMENT_SHIFT][((segment & SEGMENT_MASK) << 1) + LOCAL_DEPTH];
}

/** Number of entries in a segment. */
export function countOf(arena: Arena, segment: number): number {
  return arena.i32[segment >>> SEGMENT_SHIFT][((segment & SEGMENT_MASK) << 1) + COUNT];
}

/** Adds to the number of entries in a segment; negative to subtract. */
export function addCount(arena: Arena, segment: number, by: number): void {
  arena.i32[segment >>> SEGMENT_SHIFT][((segment & SEGMENT_MASK) << 1) + COUNT] += by;
}

/** Puts (hash, ref) into the first free slot from its home on; the segment is not full. */
export function putIntoSegment(
  words: Int32Array,
  base: number,
  slots: number,
  hash: number,
  ref: number,
): void {
  const first = base + HEADER_WORDS;
  let slot = homeSlot(hash, words[base + LOCAL_DEPTH], slots);
  while (words[first + (slot << 1) + 1] !== 0) {
    if (++slot === slots) slot = 0;
  }
  words[first + (slot << 1)] = hash;
  words[first + (slot << 1) + 1] = ref;
  words[base + COUNT]++;
}

/** Puts (hash, ref) into a slot that is free. */
export function putIntoSlot(
  words: Int32Array,
  base: number,
  slot: number,
  hash: number,
  ref: number,
): void {
  const at = base + HEADER_WORDS + (slot << 1);
  words[at] = hash;
  words[at + 1] = ref;
  words[base + COUNT]++;
}

/** Clears a slot, and shifts back entries that would not be found behind the gap. */
export function clearSlot(words: Int32Array, base: number, slots: number, slot: number): void {
  const first = base + HEADER_WORDS;
  const depth = words[base + LOCAL_DEPTH];
  let hole = slot;
  let next = slot;
  for (;;) {
    if (++next === slots) next = 0;
    const ref = words[first + (next << 1) + 1];
    if (ref === 0) break;
    const hash = words[first + (next << 1)];
    const home = homeSlot(hash, depth, slots);
    const distance = next >= home ? next - home : next - home + slots;
    const distanceToHole = next >= hole ? next - hole : next - hole + slots;
    if (distance < distanceToHole) continue;
    words[first + (hole << 1)] = hash;
    words[first + (hole << 1) + 1] = ref;
    hole = next;
  }
  words[first + (hole << 1) + 1] = 0;
  words[base + COUNT]--;
}

/**
 * Visits the entries whose home is a slot: they lie between it and the next free one.
 * @returns how many there are
 */
export function visitHome(
  words: Int32Array,
  base: number,
  slots: number,
  home: number,
  visit: EntryVisitor,
): number {
  const first = base + HEADER_WORDS;
  const depth = words[base + LOCAL_DEPTH];
  let visited = 0;
  let slot = home;
  for (;;) {
    const ref = words[first + (slot << 1) + 1];
    if (ref === 0) return visited;
    const hash = words[first + (slot << 1)];
    if (homeSlot(hash, depth, slots) === home) {
      visit(ref, hash);
      visited++;
    }
    if (++slot === slots) slot = 0;
  }
}

/** The entries of one segment, in no order, and their hashes. */
export class EntryBatch {
  readonly refs = new Int32Array(slotsIn(FULL_SEGMENT_BYTES));
  readonly hashes = new Int32Array(slotsIn(FULL_SEGMENT_BYTES));
  count = 0;

  /** Reads a segment of so many slots; 0 is an empty one. */
  read(arena: Arena, segment: number, slots: number): void {
    const { refs, hashes } = this;
    let count = 0;
    if (segment !== 0) {
      const words = arena.i32[segment >>> SEGMENT_SHIFT];
      const first = firstSlotOf(segment);
      const end = first + (slots << 1);
      for (let at = first; at < end; at += 2) {
        const ref = words[at + 1];
        if (ref === 0) continue;
        hashes[count] = words[at];
        refs[count++] = ref;
      }
    }
    this.count = count;
  }
}

/** Moves entries out of pages that are being emptied. */
export interface EntryMover {
  /** Whether it has done enough for now. */
  readonly isDone: boolean;
  /** Moves an entry if that is useful; returns its reference afterwards. */
  move(ref: number): number;
}

/**
 * Calls the mover for the entries of a segment, from a slot on.
 * @returns the slot to go on with
 */
export function relocateEntries(
  arena: Arena,
  segment: number,
  slots: number,
  firstSlot: number,
  mover: EntryMover,
): number {
  const words = arena.i32[segment >>> SEGMENT_SHIFT];
  const first = firstSlotOf(segment);
  let slot = firstSlot;
  for (; slot < slots && !mover.isDone; slot++) {
    const ref = words[first + (slot << 1) + 1];
    if (ref !== 0) words[first + (slot << 1) + 1] = mover.move(ref);
  }
  return slot;
}

/** Index of a segment's first slot, in words of the arena segment that it lies in. */
export function firstSlotOf(segment: number): number {
  return ((segment & SEGMENT_MASK) << 1) + HEADER_WORDS;
}

/** Empties a segment and sets its depth; returns its former slots, valid until the next call. */
export function takeSlots(
  arena: Arena,
  segment: number,
  slots: number,
  localDepth: number,
): Int32Array {
  const words = arena.i32[segment >>> SEGMENT_SHIFT];
  const base = (segment & SEGMENT_MASK) << 1;
  const first = base + HEADER_WORDS;
  const end = first + 2 * slots;
  takenSlots.set(words.subarray(first, end));
  words.fill(0, first, end);
  words[base + COUNT] = 0;
  words[base + LOCAL_DEPTH] = localDepth;
  return takenSlots;
}

/**
 * Moves the slots in `words`, from word `first` on, to the segments `low` or `high`, of `targetSlots` slots each, by
 * the hash bit after `depth`.
 */
export function moveSlots(
  arena: Arena,
  words: Int32Array,
  first: number,
  slots: number,
  low: number,
  high: number,
  depth: number,
  targetSlots: number,
): void {
  const lowWords = arena.i32[low >>> SEGMENT_SHIFT];
  const highWords = arena.i32[high >>> SEGMENT_SHIFT];
  const lowBase = (low & SEGMENT_MASK) << 1;
  const highBase = (high & SEGMENT_MASK) << 1;
  for (let at = first; at < first + 2 * slots; at += 2) {
    const ref = words[at + 1];
    if (ref === 0) continue;
    const hash = words[at];
    if (hash << depth >= 0) putIntoSegment(lowWords, lowBase, targetSlots, hash, ref);
    else putIntoSegment(highWords, highBase, targetSlots, hash, ref);
  }
}
