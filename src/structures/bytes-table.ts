// A hash table keyed by bytes, by extendible hashing: it grows and shrinks one bounded step at a
// time, so no operation ever pays for a rehash of everything.
//
//   directory (by the hash's top `depth` bits)     segment: a block of at most 8 KiB in the arena
//     00 ─▶ segment A  (local depth 2)              word 0  entries in it
//     01 ─▶ segment B  (local depth 2)              word 1  its local depth
//     10 ─┬▶ segment C (local depth 1)              then slots: [hash][reference of the entry] …
//     11 ─┘                                         reference 0: the slot is free
//
// A full segment splits in two by its next hash bit; the directory doubles when a segment that is
// as deep as the directory splits. Sparse neighbours merge. (R. Fagin et al., "Extendible hashing",
// 1979; B. Lu et al., "Dash", 2020.) A table that fits into one segment starts with a small one.
//
// Inside a segment: linear probing, and an entry's home slot is monotone in its hash. Slots in
// directory order are therefore in hash order, which is what gives `scan` its guarantee: a cursor
// is a point in hash space, and it stays meaningful however segments split and merge meanwhile.
// Removal shifts back, so there are no tombstones and an absent key is decided at a free slot.
//
// Entries are blocks laid out as entry.ts says; the table owns its segments, not the entries.
import type { Arena } from '../memory/arena.ts';
import { classOf } from '../memory/size-classes.ts';
import { ByteView, keyOffset, MAX_INLINE_KEY_BYTES, viewKey } from './entry.ts';
import { type HashSeed, hashBytes } from './hash.ts';
import { doubleDirectory, halveDirectory } from './table-directory.ts';
import {
  COUNT,
  clearSlot,
  depthFor,
  directoryIndex,
  type EntryMover,
  type EntryVisitor,
  FULL_SEGMENT_BYTES,
  firstHashOf,
  firstSlotOf,
  fullAt,
  HEADER_WORDS,
  homeSlot,
  LOCAL_DEPTH,
  MAX_DEPTH,
  makeSegment,
  makeSegments,
  moveSlots,
  nextSegmentStart,
  putIntoSegment,
  putIntoSlot,
  relocateEntries,
  slotsIn,
  takeSlots,
  visitHome,
} from './table-segment.ts';

const SEGMENT_SHIFT = 23;
const SEGMENT_MASK = (1 << SEGMENT_SHIFT) - 1;

const SMALLEST_SEGMENT_BYTES = 64;

/** Instead of a slot. */
const NOWHERE = -1;

/** A hash table of entries keyed by bytes; see the head of this file. */
export class BytesTable {
  /** Number of entries. */
  size = 0;
  /** Hash of the key of the last `find`; `insert` and the caller's bookkeeping use it again. */
  hash = 0;

  readonly #arena: Arena;
  readonly #seed: HashSeed;
  #directory: Int32Array;
  #depth = 0;
  /** Segments whose local depth equals the directory's depth (the directory halves at 0). */
  #deepest = 1;
  #segmentBytes = SMALLEST_SEGMENT_BYTES;
  #slots = slotsIn(SMALLEST_SEGMENT_BYTES);
  #segments = 0;
  /** Where the last `find` ended: its segment, and the slot of the entry. */
  #foundSegment = 0;
  #foundSlot = 0;
  /** The free slot of that segment at which it ended; NOWHERE once it is taken, or there was none. */
  #freeSlot = NOWHERE;
  readonly #view = new ByteView();

  constructor(arena: Arena, seed: HashSeed) {
    this.#arena = arena;
    this.#seed = seed;
    this.#directory = Int32Array.of(0);
    arena.sideBytes += this.#directory.byteLength;
  }

  /** Bytes that the table itself takes: segments and directory, without the entries. */
  get overheadBytes(): number {
    return this.#segments * this.#segmentBytes + this.#directory.byteLength;
  }

  /** Slots in all segments: what `size` can approach before the next split. */
  get capacity(): number {
    return this.#segments * this.#slots;
  }

  /**
   * Looks a key up and remembers the place for `insert`, `replace` or `remove`, which must follow
   * before any other call that changes the table.
   * @returns the entry's reference, or 0
   */
  find(bytes: Uint8Array, offset: number, length: number): number {
    return this.findHashed(hashBytes(this.#seed, bytes, offset, length), bytes, offset, length);
  }

  /** As `find`, for a caller that has the key's hash already. */
  findHashed(hash: number, bytes: Uint8Array, offset: number, length: number): number {
    this.hash = hash;
    this.#freeSlot = NOWHERE;
    const segment = this.#directory[directoryIndex(hash, this.#depth)];
    this.#foundSegment = segment;
    if (segment === 0) return 0;
    const arena = this.#arena;
    const words = arena.i32[segment >>> SEGMENT_SHIFT];
    const base = (segment & SEGMENT_MASK) << 1;
    const first = base + HEADER_WORDS;
    const slots = this.#slots;
    let slot = homeSlot(hash, words[base + LOCAL_DEPTH], slots);
    for (;;) {
      const ref = words[first + (slot << 1) + 1];
      if (ref === 0) break;
      if (words[first + (slot << 1)] === hash && this.#hasKey(ref, bytes, offset, length)) {
        this.#foundSlot = slot;
        return ref;
      }
      if (++slot === slots) slot = 0;
    }
    this.#freeSlot = slot;
    return 0;
  }

  /**
   * Reads the slots where keys of these hashes would be, so that they are in the processor's cache
   * when the keys are looked up a little later.
   * @param refs receives the references of the entries with these hashes, 0 where there is none:
   *   very likely those that will be found, but good only for `warmEntries` (entry.ts)
   * @returns a number that depends on all that was read, and means nothing
   */
  warmSlots(hashes: Int32Array, refs: Int32Array, count: number): number {
    const directory = this.#directory;
    const segments = this.#arena.i32;
    const slots = this.#slots;
    const depth = this.#depth;
    let sum = 0;
    // First only a touch of every home slot: nothing waits for what is read, so the reads overlap.
    for (let i = 0; i < count; i++) {
      const hash = hashes[i];
      const segment = directory[directoryIndex(hash, depth)];
      if (segment === 0) continue;
      const words = segments[segment >>> SEGMENT_SHIFT];
      const base = (segment & SEGMENT_MASK) << 1;
      const slot = homeSlot(hash, words[base + LOCAL_DEPTH], slots);
      sum ^= words[base + HEADER_WORDS + (slot << 1)];
    }
    for (let i = 0; i < count; i++) refs[i] = this.#firstOfHash(hashes[i]);
    return sum;
  }

  /** The first entry of this hash, or 0. */
  #firstOfHash(hash: number): number {
    const segment = this.#directory[directoryIndex(hash, this.#depth)];
    if (segment === 0) return 0;
    const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
    const base = (segment & SEGMENT_MASK) << 1;
    const first = base + HEADER_WORDS;
    const slots = this.#slots;
    let slot = homeSlot(hash, words[base + LOCAL_DEPTH], slots);
    for (;;) {
      const ref = words[first + (slot << 1) + 1];
      if (ref === 0 || words[first + (slot << 1)] === hash) return ref;
      if (++slot === slots) slot = 0;
    }
  }

  /**
   * Finds the slot that holds this very entry, for an entry reached otherwise than by its key.
   * @returns whether it is in the table
   */
  locate(ref: number): boolean {
    const view = this.#view;
    viewKey(this.#arena, ref, view);
    return this.find(view.buffer, view.offset, view.length) === ref;
  }

  /**
   * Takes now what memory the insertion of the key that the last `find` did not find may take, so
   * that nothing is to be undone when there is none.
   */
  reserve(): void {
    if (!this.#hasFreeSlot()) this.#segmentWithRoom(this.hash);
  }

  /**
   * Gives a table that was never used the segments that so many entries will need: they need not be
   * split one after another as the entries come.
   */
  presize(entries: number): void {
    const depth = depthFor(entries);
    if (this.#segments > 0 || depth === 0) return;
    const directory = makeSegments(this.#arena, depth);
    this.#segmentBytes = FULL_SEGMENT_BYTES;
    this.#slots = slotsIn(FULL_SEGMENT_BYTES);
    this.#segments = directory.length;
    this.#arena.sideBytes += directory.byteLength - this.#directory.byteLength;
    this.#directory = directory;
    this.#depth = depth;
    this.#deepest = directory.length;
  }

  /** Adds an entry whose key the last `find` did not find. */
  insert(ref: number): void {
    const isKnown = this.#hasFreeSlot();
    const segment = isKnown ? this.#foundSegment : this.#segmentWithRoom(this.hash);
    const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
    const base = (segment & SEGMENT_MASK) << 1;
    if (isKnown) putIntoSlot(words, base, this.#freeSlot, this.hash, ref);
    else putIntoSegment(words, base, this.#slots, this.hash, ref);
    this.#freeSlot = NOWHERE;
    this.size++;
  }

  /** Adds an entry whose key has this hash, unless there is one with its key; returns whether it did. */
  add(hash: number, ref: number): boolean {
    if (this.#firstOfHash(hash) !== 0) {
      const view = this.#view;
      viewKey(this.#arena, ref, view);
      if (this.findHashed(hash, view.buffer, view.offset, view.length) !== 0) return false;
    }
    this.hash = hash;
    this.#freeSlot = NOWHERE;
    this.insert(ref);
    return true;
  }

  /** Puts another block in the place of the entry that the last `find` found. */
  replace(ref: number): void {
    const segment = this.#foundSegment;
    const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
    words[((segment & SEGMENT_MASK) << 1) + HEADER_WORDS + (this.#foundSlot << 1) + 1] = ref;
  }

  /** Takes out the entry that the last `find` found (its block stays the caller's). */
  remove(): void {
    const segment = this.#foundSegment;
    const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
    const base = (segment & SEGMENT_MASK) << 1;
    const slots = this.#slots;
    const depth = words[base + LOCAL_DEPTH];
    clearSlot(words, base, slots, this.#foundSlot);
    this.size--;
    if (depth > 0 && words[base + COUNT] < slots >>> 3) this.#merge(this.hash, depth);
  }

  /**
   * Visits the entries of one step of an iteration in hash order, and at least `count` of them
   * where there are as many. Between calls the table may change in any way: an entry that is there
   * during the whole iteration is visited at least once.
   * @param cursor 0 to begin, then what the last call returned
   * @returns the next cursor (an unsigned 32-bit integer), or 0 when all has been visited
   */
  scan(cursor: number, count: number, visit: EntryVisitor): number {
    let position = cursor;
    let visited = 0;
    for (;;) {
      const segment = this.#directory[directoryIndex(position | 0, this.#depth)];
      if (segment === 0) return 0;
      const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
      const base = (segment & SEGMENT_MASK) << 1;
      const depth = words[base + LOCAL_DEPTH];
      let slot = homeSlot(position | 0, depth, this.#slots);
      while (slot < this.#slots) {
        if (visited >= count) return firstHashOf(position, depth, slot, this.#slots);
        visited += visitHome(words, base, this.#slots, slot, visit);
        slot++;
      }
      position = nextSegmentStart(position, depth);
      if (position === 0) return 0;
    }
  }

  /** An entry drawn at random, nearly evenly; 0 when the table is empty. */
  random(): number {
    if (this.size === 0) return 0;
    for (;;) {
      const segment = this.#directory[(Math.random() * this.#directory.length) | 0];
      const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
      const base = (segment & SEGMENT_MASK) << 1;
      if (words[base + COUNT] === 0) continue;
      let slot = (Math.random() * this.#slots) | 0;
      let tries = 0;
      for (;;) {
        const ref = words[base + HEADER_WORDS + (slot << 1) + 1];
        if (ref !== 0) return ref;
        // Drawing anew keeps the draw even; walking on ends the search in a sparse segment.
        if (++tries < 32) slot = (Math.random() * this.#slots) | 0;
        else if (++slot === this.#slots) slot = 0;
      }
    }
  }

  /**
   * Moves the segment that a position lies in out of a page that is being emptied, and lets its entries from
   * there on be moved. Between calls the table may change in any way: an entry may be left out then.
   * @param position in hash order: 0 to begin, then what the last call returned
   * @returns where to go on; 0 after the last entry
   */
  relocate(position: number, mover: EntryMover): number {
    const at = directoryIndex(position | 0, this.#depth);
    let segment = this.#directory[at];
    if (segment === 0) return 0;
    const depth = this.#localDepth(segment);
    if (this.#arena.isSparse(segment)) {
      segment = this.#arena.relocate(segment, classOf(this.#segmentBytes));
      const span = 1 << (this.#depth - depth);
      this.#directory.fill(segment, at & -span, (at & -span) + span);
    }
    const first = homeSlot(position | 0, depth, this.#slots);
    const slot = relocateEntries(this.#arena, segment, this.#slots, first, mover);
    if (slot < this.#slots) return firstHashOf(position, depth, slot, this.#slots);
    return nextSegmentStart(position, depth);
  }

  /**
   * Takes the table apart piecemeal, once nothing else uses it any more and never will: visits
   * every entry of the last segment and frees that segment.
   * @returns whether anything is left
   */
  dismantle(visit: EntryVisitor): boolean {
    if (this.#directory.length === 0) return false;
    const segment = this.#directory[this.#directory.length - 1];
    if (segment === 0) {
      this.#arena.sideBytes -= this.#directory.byteLength;
      this.#directory = this.#directory.subarray(0, 0);
      return false;
    }
    const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
    const base = (segment & SEGMENT_MASK) << 1;
    const depth = words[base + LOCAL_DEPTH];
    for (let slot = 0; slot < this.#slots; slot++) {
      const ref = words[base + HEADER_WORDS + (slot << 1) + 1];
      if (ref !== 0) visit(ref);
    }
    this.size -= words[base + COUNT];
    this.#freeSegment(segment);
    const left = this.#directory.length - (1 << (this.#depth - depth));
    const remaining = this.#directory.subarray(0, left);
    this.#arena.sideBytes += remaining.byteLength - this.#directory.byteLength;
    this.#directory = remaining;
    return left > 0;
  }

  #hasKey(ref: number, bytes: Uint8Array, offset: number, length: number): boolean {
    const arena = this.#arena;
    const words = arena.i32[ref >>> SEGMENT_SHIFT];
    const base = (ref & SEGMENT_MASK) << 1;
    if (words[base + 1] !== length) return false;
    if (length > MAX_INLINE_KEY_BYTES) return this.#hasLongKey(ref, bytes, offset, length);
    const stored = arena.u8[ref >>> SEGMENT_SHIFT];
    const start = (base << 2) + keyOffset(words[base]);
    for (let i = 0; i < length; i++) {
      if (stored[start + i] !== bytes[offset + i]) return false;
    }
    return true;
  }

  #hasLongKey(ref: number, bytes: Uint8Array, offset: number, length: number): boolean {
    const view = this.#view;
    viewKey(this.#arena, ref, view);
    return (
      view.buffer.compare(bytes, offset, offset + length, view.offset, view.offset + length) === 0
    );
  }

  /** Whether the last `find` ended at a free slot that may be taken. */
  #hasFreeSlot(): boolean {
    return this.#freeSlot !== NOWHERE && this.#count(this.#foundSegment) < fullAt(this.#slots);
  }

  /** The segment that a hash belongs to, after it has grown or split if it was full. */
  #segmentWithRoom(hash: number): number {
    this.#freeSlot = NOWHERE;
    for (;;) {
      const segment = this.#directory[directoryIndex(hash, this.#depth)];
      if (segment !== 0 && this.#count(segment) < fullAt(this.#slots)) return segment;
      if (segment === 0 || this.#segmentBytes < FULL_SEGMENT_BYTES) this.#growOnly(segment);
      else this.#split(hash, segment);
    }
  }

  /** A table of one small segment, or none: moves to a segment of twice the size. */
  #growOnly(segment: number): void {
    const oldBytes = this.#segmentBytes;
    const oldSlots = this.#slots;
    const segmentBytes = segment === 0 ? oldBytes : 2 * oldBytes;
    const larger = this.#newSegment(segmentBytes, 0);
    if (segment !== 0) {
      this.#segmentBytes = segmentBytes;
      this.#slots = slotsIn(segmentBytes);
      const arena = this.#arena;
      const words = arena.i32[segment >>> SEGMENT_SHIFT];
      moveSlots(arena, words, firstSlotOf(segment), oldSlots, larger, larger, 0, this.#slots);
      this.#arena.free(segment, classOf(oldBytes));
      this.#segments--;
    }
    this.#directory[0] = larger;
  }

  #split(hash: number, segment: number): void {
    const depth = this.#localDepth(segment);
    if (depth >= MAX_DEPTH) throw new RangeError('a hash table segment cannot be split further');
    // What may fail for want of memory comes before what changes anything.
    const { length } = this.#directory;
    const doubled = depth === this.#depth ? new Int32Array(length * 2) : undefined;
    const high = this.#newSegment(this.#segmentBytes, depth + 1);
    if (doubled !== undefined) this.#doubleDirectory(doubled);
    const slots = takeSlots(this.#arena, segment, this.#slots, depth + 1);
    moveSlots(this.#arena, slots, 0, this.#slots, segment, high, depth, this.#slots);
    const span = 1 << (this.#depth - depth);
    const first = directoryIndex(hash, this.#depth) & ~(span - 1);
    this.#directory.fill(high, first + span / 2, first + span);
    if (depth + 1 === this.#depth) this.#deepest += 2;
  }

  /**
   * Joins a sparse segment with its neighbour of the same depth when both fit easily. Takes no
   * memory, so removing works when there is none left.
   */
  #merge(hash: number, depth: number): void {
    const span = 1 << (this.#depth - depth);
    const first = directoryIndex(hash, this.#depth) & ~(2 * span - 1);
    const low = this.#directory[first];
    const high = this.#directory[first + span];
    if (this.#localDepth(low) !== depth || this.#localDepth(high) !== depth) return;
    if (this.#count(low) + this.#count(high) > this.#slots >>> 2) return;
    const slots = takeSlots(this.#arena, low, this.#slots, depth - 1);
    moveSlots(this.#arena, slots, 0, this.#slots, low, low, 0, this.#slots);
    const highWords = this.#arena.i32[high >>> SEGMENT_SHIFT];
    moveSlots(this.#arena, highWords, firstSlotOf(high), this.#slots, low, low, 0, this.#slots);
    this.#freeSegment(high);
    this.#directory.fill(low, first + span, first + 2 * span);
    if (depth === this.#depth) {
      this.#deepest -= 2;
      if (this.#deepest === 0) this.#halveDirectory();
    }
  }

  /** @param doubled what becomes the directory, of twice the length */
  #doubleDirectory(doubled: Int32Array): void {
    doubleDirectory(this.#directory, doubled);
    this.#arena.sideBytes += doubled.byteLength - this.#directory.byteLength;
    this.#directory = doubled;
    this.#depth++;
    this.#deepest = 0;
  }

  #halveDirectory(): void {
    const halved = halveDirectory(this.#directory);
    this.#arena.sideBytes += halved.byteLength - this.#directory.byteLength;
    this.#directory = halved;
    this.#depth--;
    this.#deepest = 0;
    for (const segment of halved) if (this.#localDepth(segment) === this.#depth) this.#deepest++;
  }

  #newSegment(segmentBytes: number, localDepth: number): number {
    const segment = makeSegment(this.#arena, segmentBytes, localDepth);
    this.#segments++;
    return segment;
  }

  #freeSegment(segment: number): void {
    this.#arena.free(segment, classOf(this.#segmentBytes));
    this.#segments--;
  }

  #localDepth(segment: number): number {
    return this.#arena.i32[segment >>> SEGMENT_SHIFT][
      ((segment & SEGMENT_MASK) << 1) + LOCAL_DEPTH
    ];
  }

  #count(segment: number): number {
    return this.#arena.i32[segment >>> SEGMENT_SHIFT][((segment & SEGMENT_MASK) << 1) + COUNT];
  }
}
