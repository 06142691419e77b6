// The keys of one database that have an expiry, ordered by it: a 4-ary min-heap. The soonest is at
// its top, so the active expiry cycle touches only keys that are due, `volatile-ttl` evicts
// exactly, and any position is a uniformly random volatile key for the other volatile policies.
//
// Each entry knows its position (a word in its block), so that its expiry can be changed or taken
// away in O(log n). The heap lies in chunks in the arena (expiry-chunks.ts), so that growing copies nothing,
// but for the first one: that begins small and doubles. An `ExpiryHeap` is a view of a root there, as a BytesTable is.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../memory/addressing.ts';
import type { Arena } from '../memory/arena.ts';
import {
  addChunk,
  CHUNK_MASK,
  CHUNK_SHIFT,
  DIRECTORY,
  directoryBase,
  directoryOf,
  FIRST_PLACES,
  freeHeap,
  heapBytes,
  newHeap,
  PLACES,
  ROOT_WORDS,
  refsOffset,
  relocateFrame,
  relocateHeapChunk,
  removeChunk,
  SIZE,
} from './expiry-chunks.ts';

const AVERAGE_SAMPLES = 64;
/** Entries that are counted one by one, from the top on. */
const MAX_TRACED = 512;
/** Positions that are still to be looked at while they are. */
const untraced = new Int32Array(4 * MAX_TRACED);

/** The words of a heap that has no root yet; never written. */
const NO_WORDS: Int32Array = new Int32Array(ROOT_WORDS);

/** Word of an entry, from its block's start, that holds its position in the heap. */
export const HEAP_POSITION_WORD = 6;

/** A view of a min-heap of entries by expiry; see the head of this file. */
export class ExpiryHeap {
  readonly #arena: Arena;
  #root = 0;
  #rootWords = NO_WORDS;
  #rootBase = 0;
  /** The chunks' references: words of an array, from an index on. */
  #chunks = NO_WORDS;
  #chunksBase = 0;
  /** Words from a chunk's start to its references. */
  #refsOffset = 0;

  /** A view of an empty heap, which gets its root when it gets its first entry. */
  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** The root; 0 while there is none. `relocate` may change it. */
  get root(): number {
    return this.#root;
  }

  /** Points the view at another heap, by its root; 0: at an empty heap without a root. */
  point(root: number): void {
    const arena = this.#arena;
    const isThere = root !== 0;
    this.#root = root;
    this.#rootWords = isThere ? arena.i32[root >>> SEGMENT_SHIFT] : NO_WORDS;
    this.#rootBase = isThere ? (root & SEGMENT_MASK) << 1 : 0;
    this.#chunks = isThere ? directoryOf(arena, root) : NO_WORDS;
    this.#chunksBase = isThere ? directoryBase(arena, root) : DIRECTORY;
    this.#refsOffset = isThere ? refsOffset(this.#places) : 0;
  }

  /** Number of keys that have an expiry. */
  get size(): number {
    return this.#rootWords[this.#rootBase + SIZE];
  }

  /** Bytes that the heap takes. */
  get overheadBytes(): number {
    return this.#root === 0 ? 0 : heapBytes(this.#arena, this.#root);
  }

  /** The soonest expiry in ms since the epoch; Infinity when there is none. */
  get soonestMs(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.timeAt(0);
  }

  /** The entry at a position: 0 ≤ position < size; 0 is the soonest to expire. */
  at(position: number): number {
    const chunk = this.#chunks[this.#chunksBase + (position >>> CHUNK_SHIFT)];
    const base = ((chunk & SEGMENT_MASK) << 1) + this.#refsOffset;
    return this.#arena.i32[chunk >>> SEGMENT_SHIFT][base + (position & CHUNK_MASK)];
  }

  /** The expiry at a position, in ms since the epoch. */
  timeAt(position: number): number {
    const chunk = this.#chunks[this.#chunksBase + (position >>> CHUNK_SHIFT)];
    return this.#arena.f64[chunk >>> SEGMENT_SHIFT][
      (chunk & SEGMENT_MASK) + (position & CHUNK_MASK)
    ];
  }

  /**
   * Number of entries that expire up to a time: few are found from the top on, and where there are many, all times are
   * read one after another, which takes 1 to 2 ms for a million.
   */
  countUntil(timeMs: number): number {
    untraced[0] = 0;
    let depth = this.soonestMs <= timeMs ? 1 : 0;
    let count = 0;
    while (depth > 0) {
      if (++count > MAX_TRACED) return this.#countAllUntil(timeMs);
      const first = 4 * untraced[--depth] + 1;
      const end = Math.min(first + 4, this.size);
      for (let child = first; child < end; child++) {
        if (this.timeAt(child) <= timeMs) untraced[depth++] = child;
      }
    }
    return count;
  }

  #countAllUntil(timeMs: number): number {
    const { size } = this;
    let count = 0;
    for (let start = 0; start < size; start += CHUNK_MASK + 1) {
      const chunk = this.#chunks[this.#chunksBase + (start >>> CHUNK_SHIFT)];
      const times = this.#arena.f64[chunk >>> SEGMENT_SHIFT];
      const first = chunk & SEGMENT_MASK;
      const end = first + Math.min(size - start, CHUNK_MASK + 1);
      for (let i = first; i < end; i++) if (times[i] <= timeMs) count++;
    }
    return count;
  }

  /** The entry at a random position; 0 when there is none. */
  random(): number {
    return this.size === 0 ? 0 : this.at(Math.floor(Math.random() * this.size));
  }

  /** Mean of the remaining times in ms, from a sample of at most 64 entries; 0 without any. */
  averageTtlMs(nowMs: number): number {
    const count = Math.min(this.size, AVERAGE_SAMPLES);
    let total = 0;
    for (let i = 0; i < count; i++) {
      total += Math.max(0, this.timeAt(Math.floor(Math.random() * this.size)) - nowMs);
    }
    return count === 0 ? 0 : Math.round(total / count);
  }

  /**
   * Allocates the memory that the next `add` may need, so that `add` cannot fail.
   * @throws ArenaFullError
   */
  reserve(): void {
    if (this.size < this.#places) return;
    if (this.#root === 0) {
      this.point(newHeap(this.#arena));
    } else {
      addChunk(this.#arena, this.#root);
      this.point(this.#root);
    }
  }

  /** Adds an entry. @throws ArenaFullError when there is no memory: nothing has changed then */
  add(ref: number, timeMs: number): void {
    this.reserve();
    const position = this.#rootWords[this.#rootBase + SIZE]++;
    this.#rise(position, ref, timeMs);
  }

  /** Changes the expiry at a position. */
  update(position: number, timeMs: number): void {
    const ref = this.at(position);
    if (timeMs < this.timeAt(position)) this.#rise(position, ref, timeMs);
    else this.#sink(position, ref, timeMs);
  }

  /** Records that the entry at a position has moved to another block. */
  relocated(position: number, ref: number): void {
    const chunk = this.#chunks[this.#chunksBase + (position >>> CHUNK_SHIFT)];
    const base = ((chunk & SEGMENT_MASK) << 1) + this.#refsOffset;
    this.#arena.i32[chunk >>> SEGMENT_SHIFT][base + (position & CHUNK_MASK)] = ref;
  }

  /** Takes the entry at a position out. */
  remove(position: number): void {
    const last = --this.#rootWords[this.#rootBase + SIZE];
    const ref = this.at(last);
    const timeMs = this.timeAt(last);
    if (position !== last) {
      if (timeMs < this.timeAt(position)) this.#rise(position, ref, timeMs);
      else this.#sink(position, ref, timeMs);
    }
    // One spare chunk is kept, so that a size that varies around a chunk's border does not allocate each time.
    if (this.#places >>> CHUNK_SHIFT > (last >>> CHUNK_SHIFT) + 2) {
      removeChunk(this.#arena, this.#root);
    }
    if (last === 0 && this.#places > FIRST_PLACES) this.discard();
  }

  /** Removes all entries and frees the memory. */
  discard(): void {
    if (this.#root === 0) return;
    freeHeap(this.#arena, this.#root);
    this.point(0);
  }

  /**
   * Moves a chunk out of a page that is being emptied, and first of all root and directory. Between calls the heap
   * may change in any way.
   * @param chunk 0 to begin, then what the last call returned
   * @returns the next chunk; 0 after the last one
   */
  relocate(chunk: number): number {
    if (this.#root === 0) return 0;
    if (chunk === 0) this.#root = relocateFrame(this.#arena, this.#root);
    const next = relocateHeapChunk(this.#arena, this.#root, chunk);
    this.point(this.#root);
    return next;
  }

  /** Capacity of all chunks, in places. */
  get #places(): number {
    return this.#rootWords[this.#rootBase + PLACES];
  }

  #rise(start: number, ref: number, timeMs: number): void {
    let position = start;
    while (position > 0) {
      const parent = (position - 1) >>> 2;
      const parentTime = this.timeAt(parent);
      if (parentTime <= timeMs) break;
      this.#put(position, this.at(parent), parentTime);
      position = parent;
    }
    this.#put(position, ref, timeMs);
  }

  #sink(from: number, ref: number, timeMs: number): void {
    const { size } = this;
    let position = from;
    for (;;) {
      const firstChild = position * 4 + 1;
      if (firstChild >= size) break;
      const end = Math.min(firstChild + 4, size);
      // All four are in one chunk, or the last one is the first of the next chunk.
      const chunk = this.#chunks[this.#chunksBase + (firstChild >>> CHUNK_SHIFT)];
      const times = this.#arena.f64[chunk >>> SEGMENT_SHIFT];
      const start = (chunk & SEGMENT_MASK) - (firstChild & ~CHUNK_MASK);
      let child = firstChild;
      let childTime = times[start + firstChild];
      for (let i = firstChild + 1; i < end; i++) {
        const time = (i & CHUNK_MASK) === 0 ? this.timeAt(i) : times[start + i];
        if (time < childTime) {
          child = i;
          childTime = time;
        }
      }
      if (childTime >= timeMs) break;
      this.#put(position, this.at(child), childTime);
      position = child;
    }
    this.#put(position, ref, timeMs);
  }

  #put(position: number, ref: number, timeMs: number): void {
    const arena = this.#arena;
    const chunk = this.#chunks[this.#chunksBase + (position >>> CHUNK_SHIFT)];
    const unit = chunk & SEGMENT_MASK;
    const place = position & CHUNK_MASK;
    arena.f64[chunk >>> SEGMENT_SHIFT][unit + place] = timeMs;
    arena.i32[chunk >>> SEGMENT_SHIFT][(unit << 1) + this.#refsOffset + place] = ref;
    const words = arena.i32[ref >>> SEGMENT_SHIFT];
    words[((ref & SEGMENT_MASK) << 1) + HEAP_POSITION_WORD] = position;
  }
}
