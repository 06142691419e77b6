// The keys of one database that have an expiry, ordered by it: a 4-ary min-heap. The soonest is at
// its root, so the active expiry cycle touches only keys that are due, `volatile-ttl` evicts
// exactly, and any position is a uniformly random volatile key for the other volatile policies.
//
// Each entry knows its position (a word in its block), so that its expiry can be changed or taken
// away in O(log n). The heap lives in chunks of typed arrays, so that growing copies nothing, but
// for the first one: that begins small and doubles.
import type { Arena } from '../memory/arena.ts';

const SEGMENT_SHIFT = 23;
const SEGMENT_MASK = (1 << SEGMENT_SHIFT) - 1;
const CHUNK_SHIFT = 14;
const CHUNK_SIZE = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_SIZE - 1;
/** Places of the first chunk at first. */
const FIRST_SIZE = 64;
/** A time and a reference. */
const PLACE_BYTES = 12;
const AVERAGE_SAMPLES = 64;

/** Word of an entry, from its block's start, that holds its position in the heap. */
export const HEAP_POSITION_WORD = 6;

/** A min-heap of entries by expiry; see the head of this file. */
export class ExpiryHeap {
  /** Number of keys that have an expiry. */
  size = 0;

  readonly #arena: Arena;
  readonly #times: Float64Array[] = [];
  readonly #refs: Int32Array[] = [];
  /** Places in all chunks: what `size` can reach before the next one is needed. */
  #places = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Bytes that the heap takes. */
  get overheadBytes(): number {
    return this.#places * PLACE_BYTES;
  }

  /** The soonest expiry in ms since the epoch; Infinity when there is none. */
  get soonestMs(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#times[0][0];
  }

  /** The entry at a position: 0 ≤ position < size; 0 is the soonest to expire. */
  at(position: number): number {
    return this.#refs[position >>> CHUNK_SHIFT][position & CHUNK_MASK];
  }

  /** The expiry at a position, in ms since the epoch. */
  timeAt(position: number): number {
    return this.#times[position >>> CHUNK_SHIFT][position & CHUNK_MASK];
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

  /** Adds an entry. */
  add(ref: number, timeMs: number): void {
    if (this.size === this.#places) this.#grow();
    this.#rise(this.size++, ref, timeMs);
  }

  /** Changes the expiry at a position. */
  update(position: number, timeMs: number): void {
    const ref = this.at(position);
    if (timeMs < this.timeAt(position)) this.#rise(position, ref, timeMs);
    else this.#sink(position, ref, timeMs);
  }

  /** The entry at a position is another block now. */
  relocated(position: number, ref: number): void {
    this.#refs[position >>> CHUNK_SHIFT][position & CHUNK_MASK] = ref;
  }

  /** Takes the entry at a position out. */
  remove(position: number): void {
    const last = --this.size;
    const ref = this.at(last);
    const timeMs = this.timeAt(last);
    if (position !== last) {
      if (timeMs < this.timeAt(position)) this.#rise(position, ref, timeMs);
      else this.#sink(position, ref, timeMs);
    }
    // One spare chunk stays, against allocation going back and forth over a chunk's edge.
    if (this.#times.length > (this.size >>> CHUNK_SHIFT) + 2) {
      this.#times.pop();
      this.#refs.pop();
      this.#setPlaces(this.#places - CHUNK_SIZE);
    }
    if (this.size === 0 && this.#places > FIRST_SIZE) this.discard();
  }

  /** Drops everything, and gives the memory back. */
  discard(): void {
    this.#setPlaces(0);
    this.#times.length = 0;
    this.#refs.length = 0;
    this.size = 0;
  }

  /** Doubles the first chunk as long as it is small, then adds chunks. */
  #grow(): void {
    const before = this.#places;
    const isFirst = before < CHUNK_SIZE;
    const chunk = isFirst ? 0 : this.#times.length;
    const size = isFirst ? Math.max(FIRST_SIZE, 2 * before) : CHUNK_SIZE;
    const times = new Float64Array(size);
    const refs = new Int32Array(size);
    if (isFirst && before > 0) {
      times.set(this.#times[0]);
      refs.set(this.#refs[0]);
    }
    this.#times[chunk] = times;
    this.#refs[chunk] = refs;
    this.#setPlaces(isFirst ? size : before + size);
  }

  #setPlaces(places: number): void {
    this.#arena.sideBytes += (places - this.#places) * PLACE_BYTES;
    this.#places = places;
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

  #sink(start: number, ref: number, timeMs: number): void {
    let position = start;
    for (;;) {
      const firstChild = position * 4 + 1;
      if (firstChild >= this.size) break;
      const end = Math.min(firstChild + 4, this.size);
      let child = firstChild;
      let childTime = this.timeAt(firstChild);
      for (let i = firstChild + 1; i < end; i++) {
        const time = this.timeAt(i);
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
    this.#times[position >>> CHUNK_SHIFT][position & CHUNK_MASK] = timeMs;
    this.#refs[position >>> CHUNK_SHIFT][position & CHUNK_MASK] = ref;
    const words = this.#arena.i32[ref >>> SEGMENT_SHIFT];
    words[((ref & SEGMENT_MASK) << 1) + HEAP_POSITION_WORD] = position;
  }
}
