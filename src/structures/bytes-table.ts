// A hash table keyed by bytes, by extendible hashing: it grows and shrinks one bounded step at a
// time, so no operation ever pays for a rehash of everything.
//
//   root ─▶ directory (by the hash's top `depth` bits)   segment: a block of at most 8 KiB in the arena
//             00 ─▶ segment A  (local depth 2)             word 0  entries in it
//             01 ─▶ segment B  (local depth 2)             word 1  its local depth
//             10 ─┬▶ segment C (local depth 1)             then slots: [hash][reference of the entry] …
//             11 ─┘                                        reference 0: the slot is free
//
// All of it lies in the arena, and a table is nothing but the reference of its root (table-root.ts): millions of
// tables cost the JavaScript heap nothing. A `BytesTable` is a view that is pointed at a root. A database has one
// of its own, which caches what looking up a key needs; all collections share one (bytes-tables.ts). While a view
// points at a table, the table may change through this view only.
//
// A full segment splits in two by its next hash bit; the directory doubles when a segment that is
// as deep as the directory splits. Sparse neighbours merge. (R. Fagin et al., "Extendible hashing",
// 1979; B. Lu et al., "Dash", 2020.) A table of one segment has a segment of the size that it needs.
//
// Inside a segment: linear probing, and an entry's home slot is monotone in its hash. Slots in
// directory order are therefore in hash order, which is what gives `scan` its guarantee: a cursor
// is a point in hash space, and it stays meaningful however segments split and merge meanwhile.
// Removal shifts back, so there are no tombstones and an absent key is decided at a free slot.
//
// Entries are blocks laid out as entry.ts says; the table owns its segments, not the entries.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import { ByteView, hasKey, viewKey } from './entry.ts';
import { type HashSeed, hashBytes } from './hash.ts';
import {
  directoryStart,
  directoryWords,
  overheadBytes,
  relocateDirectory,
} from './table-directory.ts';
import {
  createTable,
  dismantleStep,
  isSparseSegment,
  presize,
  segmentWithRoom,
  shrink,
} from './table-growth.ts';
import { drawSlot } from './table-random.ts';
import {
  freeRoot,
  ROOT_WORDS,
  relocateRoot,
  SEGMENTS,
  SHAPE,
  SIZE,
  shapeClass,
  shapeDepth,
  shapeSegmentBytes,
} from './table-root.ts';
import {
  COUNT,
  clearSlot,
  countOf,
  depthFor,
  directoryIndex,
  type EntryBatch,
  type EntryMover,
  type EntryVisitor,
  firstHashOf,
  firstSlotOf,
  fullAt,
  HEADER_WORDS,
  homeSlot,
  LOCAL_DEPTH,
  localDepth,
  nextSegmentStart,
  putIntoSegment,
  putIntoSlot,
  relocateEntries,
  slotsIn,
  visitHome,
} from './table-segment.ts';

/** The words of a table that has no root yet: a directory of one word, which names no segment; never written. */
const NO_WORDS: Int32Array = new Int32Array(ROOT_WORDS);

/** In place of a slot: none. */
const NOWHERE = -1;

/** A view of a hash table of entries keyed by bytes; see the head of this file. */
export class BytesTable {
  /** Hash of the key of the last `find`; `insert` and the caller's bookkeeping use it again. */
  hash = 0;
  /** What the last `find` found, 0 if nothing, while the table has not changed since. */
  foundRef = 0;
  /** Counts the calls of `find`, in 32 bits: two of them may find the same block, with another entry in it. */
  finds = 0;

  readonly #arena: Arena;
  readonly #seed: HashSeed;
  #root = 0;
  #rootWords = NO_WORDS;
  #rootBase = 0;
  /** The directory: 2^depth words of an array, from an index on. */
  #directory = NO_WORDS;
  #directoryBase = 0;
  #depth = 0;
  /** As `directoryIndex` shifts a hash, half of it. */
  #shift = 31;
  /** Of each segment. */
  #slots = 0;
  /** Where the last `find` ended: its segment, and the slot of the entry. */
  #foundSegment = 0;
  #foundSlot = 0;
  /** The free slot of that segment at which it ended; NOWHERE once it is taken, or there was none. */
  #freeSlot = NOWHERE;
  readonly #view = new ByteView();

  /** A view of an empty table, which gets its root when it gets its first entry. */
  constructor(arena: Arena, seed: HashSeed) {
    this.#arena = arena;
    this.#seed = seed;
  }

  /** The root; 0 while there is none. `relocate` may change it. */
  get root(): number {
    return this.#root;
  }

  /** Points the view at another table, by its root; 0: at an empty table without a root. */
  point(root: number): void {
    this.#root = root;
    this.#freeSlot = NOWHERE;
    this.foundRef = 0;
    if (root !== 0) {
      this.#load();
      return;
    }
    this.#rootWords = NO_WORDS;
    this.#rootBase = 0;
    this.#directory = NO_WORDS;
    this.#directoryBase = 0;
    this.#depth = 0;
    this.#shift = 31;
    this.#slots = 0;
  }

  /** Number of entries. */
  get size(): number {
    return this.#rootWords[this.#rootBase + SIZE];
  }

  /** Number of segments. */
  get segments(): number {
    return this.#rootWords[this.#rootBase + SEGMENTS];
  }

  /** Bytes that the table itself takes: root, directory and segments, without the entries. */
  get overheadBytes(): number {
    return this.#root === 0 ? 0 : overheadBytes(this.#arena, this.#root);
  }

  /** Slots in all segments: what `size` can approach before the next split. */
  get capacity(): number {
    return this.segments * this.#slots;
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
    this.foundRef = 0;
    this.finds = (this.finds + 1) | 0;
    const segment = this.#directory[this.#directoryBase + ((hash >>> 1) >>> this.#shift)];
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
      if (words[first + (slot << 1)] === hash && hasKey(this.#arena, ref, bytes, offset, length)) {
        this.#foundSlot = slot;
        this.foundRef = ref;
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
   *   very likely those that will be found, but usable only for `prefetchEntries` (entry.ts)
   * @returns a meaningless number that depends on all that was read, so that the reads are not optimised away
   */
  prefetchSlots(hashes: Int32Array, refs: Int32Array, count: number): number {
    const segments = this.#arena.i32;
    for (let i = 0; i < count; i++) refs[i] = this.#homeOf(hashes[i]);
    // The reads do not depend on each other, and stand close together, so that many overlap.
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const home = refs[i];
      if (home !== 0) sum ^= segments[home >>> SEGMENT_SHIFT][(home & SEGMENT_MASK) << 1];
    }
    for (let i = 0; i < count; i++) {
      const home = refs[i];
      if (home === 0) continue;
      const words = segments[home >>> SEGMENT_SHIFT];
      const base = (home & SEGMENT_MASK) << 1;
      const hash = hashes[i];
      refs[i] = words[base] === hash ? words[base + 1] : this.#firstOfHash(hash);
    }
    return sum;
  }

  /** Where the home slot of a hash is, as a reference; 0 if there is none. */
  #homeOf(hash: number): number {
    const segment = this.#directory[this.#directoryBase + ((hash >>> 1) >>> this.#shift)];
    if (segment === 0) return 0;
    const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
    const depth = words[((segment & SEGMENT_MASK) << 1) + LOCAL_DEPTH];
    return (segment + HEADER_WORDS / 2 + homeSlot(hash, depth, this.#slots)) | 0;
  }

  /** The first entry of this hash, or 0. */
  #firstOfHash(hash: number): number {
    const segment = this.#directory[this.#directoryBase + ((hash >>> 1) >>> this.#shift)];
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

  /** An entry with this hash that `accepts` takes; 0 if there is none. */
  withHash(hash: number, accepts: (ref: number) => boolean): number {
    const segment = this.#directory[this.#directoryBase + ((hash >>> 1) >>> this.#shift)];
    if (segment === 0) return 0;
    const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
    const base = (segment & SEGMENT_MASK) << 1;
    const first = base + HEADER_WORDS;
    const slots = this.#slots;
    let slot = homeSlot(hash, words[base + LOCAL_DEPTH], slots);
    for (;;) {
      const ref = words[first + (slot << 1) + 1];
      if (ref === 0 || (words[first + (slot << 1)] === hash && accepts(ref))) return ref;
      if (++slot === slots) slot = 0;
    }
  }

  /**
   * Finds the slot that holds this entry, for an entry that was not found by its key.
   * @returns whether it is in the table
   */
  locate(ref: number): boolean {
    const view = this.#view;
    viewKey(this.#arena, ref, view);
    return this.find(view.buffer, view.offset, view.length) === ref;
  }

  /**
   * Allocates the memory that inserting the key of the last `find` may need, so that `insert` cannot fail.
   */
  reserve(): void {
    if (!this.#hasFreeSlot()) this.#segmentWithRoom(this.hash);
  }

  /**
   * Gives an unused table the segments that `entries` entries will need, so that they need not be split one after
   * another.
   */
  presize(entries: number): void {
    const depth = depthFor(entries);
    if (this.segments === 0 && depth > 0) this.#grow((root) => presize(this.#arena, root, depth));
  }

  /** Adds an entry whose key the last `find` did not find. */
  insert(ref: number): void {
    this.foundRef = 0;
    const isKnown = this.#hasFreeSlot();
    const segment = isKnown ? this.#foundSegment : this.#segmentWithRoom(this.hash);
    const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
    const base = (segment & SEGMENT_MASK) << 1;
    if (isKnown) putIntoSlot(words, base, this.#freeSlot, this.hash, ref);
    else putIntoSegment(words, base, this.#slots, this.hash, ref);
    this.#freeSlot = NOWHERE;
    this.#rootWords[this.#rootBase + SIZE]++;
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

  /** Replaces the entry that the last `find` found by another block. */
  replace(ref: number): void {
    this.foundRef = 0;
    const segment = this.#foundSegment;
    const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
    words[((segment & SEGMENT_MASK) << 1) + HEADER_WORDS + (this.#foundSlot << 1) + 1] = ref;
  }

  /** Removes the entry that the last `find` found; its block is not freed. */
  remove(): void {
    this.foundRef = 0;
    const segment = this.#foundSegment;
    const words = this.#arena.i32[segment >>> SEGMENT_SHIFT];
    const base = (segment & SEGMENT_MASK) << 1;
    const slots = this.#slots;
    clearSlot(words, base, slots, this.#foundSlot);
    this.#rootWords[this.#rootBase + SIZE]--;
    if (isSparseSegment(words[base + COUNT], slots)) {
      shrink(this.#arena, this.#root, this.hash);
      this.#load();
    }
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
      const segment =
        this.#directory[this.#directoryBase + directoryIndex(position | 0, this.#depth)];
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

  /**
   * An entry drawn at random, each with the same probability (table-random.ts), and remembered as by `find`; 0 when the
   * table is empty.
   */
  random(): number {
    if (this.size === 0) return 0;
    this.foundRef = 0;
    const slots = this.#slots;
    const draw = drawSlot(this.#arena, this.#directory, this.#directoryBase, this.#depth, slots);
    this.#foundSlot = draw % slots;
    this.#foundSegment = this.#directory[this.#directoryBase + Math.floor(draw / slots)];
    const words = this.#arena.i32[this.#foundSegment >>> SEGMENT_SHIFT];
    const at = firstSlotOf(this.#foundSegment) + (this.#foundSlot << 1);
    this.hash = words[at];
    return words[at + 1];
  }

  /**
   * Fetches all entries of the segment of a position. Between two calls the table does not change.
   * @param position in hash order: 0 to begin, then what the last call returned
   * @returns where to go on; 0 after the last segment
   */
  fetch(position: number, batch: EntryBatch): number {
    const segment =
      this.#directory[this.#directoryBase + directoryIndex(position | 0, this.#depth)];
    batch.read(this.#arena, segment, this.#slots);
    return segment === 0 ? 0 : nextSegmentStart(position, localDepth(this.#arena, segment));
  }

  /**
   * Moves the segment of a position out of a page that is being emptied (and first of all root and directory), and
   * calls the mover for its entries from there on. Between calls the table may change in any way: an entry may be
   * left out then.
   * @param position in hash order: 0 to begin, then what the last call returned
   * @returns where to go on; 0 after the last entry
   */
  relocate(position: number, mover: EntryMover): number {
    this.foundRef = 0;
    if (position === 0) this.#relocateFrame();
    const at = directoryIndex(position | 0, this.#depth);
    let segment = this.#directory[this.#directoryBase + at];
    if (segment === 0) return 0;
    const arena = this.#arena;
    const depth = localDepth(arena, segment);
    if (arena.isSparse(segment)) {
      segment = arena.relocate(segment, shapeClass(this.#rootWords[this.#rootBase + SHAPE]));
      const span = 1 << (this.#depth - depth);
      const first = this.#directoryBase + (at & -span);
      this.#directory.fill(segment, first, first + span);
    }
    const first = homeSlot(position | 0, depth, this.#slots);
    const slot = relocateEntries(arena, segment, this.#slots, first, mover);
    if (slot < this.#slots) return firstHashOf(position, depth, slot, this.#slots);
    return nextSegmentStart(position, depth);
  }

  #relocateFrame(): void {
    if (this.#root === 0) return;
    this.#root = relocateRoot(this.#arena, this.#root);
    relocateDirectory(this.#arena, this.#root);
    this.#load();
  }

  /**
   * Frees a table in steps, once nothing else uses it: each step visits every entry of the last segment and frees
   * that segment, and with the last segment the root.
   * @param visit may return false to leave the other entries of the segment to the next step
   * @returns whether anything is left
   */
  dismantle(visit: (ref: number) => unknown): boolean {
    if (this.#root === 0) return false;
    const isLeft = dismantleStep(this.#arena, this.#root, visit);
    if (!isLeft) this.point(0);
    return isLeft;
  }

  /** Whether the last `find` ended at a free slot that may be taken. */
  #hasFreeSlot(): boolean {
    if (this.#freeSlot === NOWHERE) return false;
    return countOf(this.#arena, this.#foundSegment) < fullAt(this.#slots);
  }

  /** The segment that a hash belongs to, after it has grown or split if it was full. */
  #segmentWithRoom(hash: number): number {
    this.#freeSlot = NOWHERE;
    const segment = this.#directory[this.#directoryBase + ((hash >>> 1) >>> this.#shift)];
    if (segment !== 0 && countOf(this.#arena, segment) < fullAt(this.#slots)) return segment;
    return this.#grow((root) => segmentWithRoom(this.#arena, root, hash));
  }

  /** Runs a step of growth on the root; a table without a root gets one, if the step succeeds. */
  #grow<T>(step: (root: number) => T): T {
    const isNew = this.#root === 0;
    const root = isNew ? createTable(this.#arena) : this.#root;
    let isDone = false;
    try {
      const result = step(root);
      isDone = true;
      return result;
    } finally {
      if (isDone) this.point(root);
      else if (isNew) freeRoot(this.#arena, root);
      else {
        // One of several steps may have succeeded.
        this.foundRef = 0;
        this.#load();
      }
    }
  }

  /** Caches the words of the root. */
  #load(): void {
    const arena = this.#arena;
    const root = this.#root;
    this.#rootWords = arena.i32[root >>> SEGMENT_SHIFT];
    this.#rootBase = (root & SEGMENT_MASK) << 1;
    const shape = this.#rootWords[this.#rootBase + SHAPE];
    this.#depth = shapeDepth(shape);
    this.#shift = 31 - this.#depth;
    this.#slots = slotsIn(shapeSegmentBytes(shape));
    this.#directory = directoryWords(arena, root);
    this.#directoryBase = directoryStart(arena, root);
  }
}
