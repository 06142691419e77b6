// The leaves of lists of pending entries (pending-lists.ts): blocks of items that are sorted by id. A list is a group's,
// with who got each entry when, or a consumer's own, of ids only.
//
//   of a group      [ header: 6 words ][ base time: a double ][ item, item … ]
//     narrow item   [ ms - least ms ][ seq ][ time - base time ][ deliveries 16 bits │ number of the consumer 16 ]
//     wide item     [ ms: 2 words ][ seq: 2 words ][ time: double ][ deliveries: double ][ number ][ – ]
//   of a consumer   [ header: 6 words ][ item, item … ]
//     narrow item   [ ms - least ms ][ seq ]
//     wide item     [ ms: 2 words ][ seq: 2 words ]
//
//   shape, in the header:  … │ wide 1 bit (10) │ of a group 1 │ … │ items 8 (from bit 16) │ free in front of them 8
//
// All items of a leaf are narrow, or all are wide. As most items are removed at the head, that only moves a bound.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { CLASS_UNITS } from '../../memory/size-classes.ts';
import { BLOCK_HEADER_WORDS, LEAST_ID, SHAPE } from './id-blocks.ts';
import { StreamId } from './stream-id.ts';

/** Kinds of leaves, as bits of their shapes. */
export const OF_CONSUMER = 0;
export const OF_GROUP: number = 1 << 11;
/** Its items are wide. */
export const IS_WIDE: number = 1 << 10;

const KIND_SHIFT = 10;
const CLASS_MASK = 0xff;
const COUNT_SHIFT = 16;
const COUNT_ONE = 1 << COUNT_SHIFT;
const START_SHIFT = 24;
const START_ONE = 1 << START_SHIFT;
const BYTE_MASK = 0xff;
const BOUNDS_MASK = -1 << COUNT_SHIFT;

/** By the bits of the kind: words of an item, words before the first item, and most items. */
const ITEM_WORDS = [2, 4, 4, 10];
const FIRST_WORD = [BLOCK_HEADER_WORDS, BLOCK_HEADER_WORDS, 8, 8];
/** Most items: narrow ones fill a block of 512 or 1024 bytes. */
const MAX_ITEMS = [61, 61, 62, 62];
/** Of any leaf. */
export const MOST_ITEMS = 62;
const BASE_TIME_DOUBLE = 3;

const TWO_32 = 2 ** 32;
/** Largest deliveries and number of a consumer in a narrow item. */
export const MAX_NARROW = 0xffff;

/** A pending entry: whose it is, and since when. */
export class PendingItem {
  readonly id: StreamId = new StreamId();
  /** When it was delivered last, in ms since the epoch. */
  timeMs = 0;
  /** How often it was delivered. */
  deliveries = 0;
  /** Number of its consumer in the group. */
  number = 0;
}

/** Words of a leaf for so many items. */
export function leafWords(kind: number, isWide: boolean, items: number): number {
  const row = (kind >>> KIND_SHIFT) | (isWide ? 1 : 0);
  return FIRST_WORD[row] + ITEM_WORDS[row] * items;
}

/** Most items of a leaf. */
export function maxItems(kind: number): number {
  return MAX_ITEMS[kind >>> KIND_SHIFT];
}

/** How far the time of an id is above that of the id in memory, in ms; exact where it is below 2^53. */
export function msAbove(id: StreamId, words: Int32Array, at: number): number {
  const high = (id.msHigh >>> 0) - (words[at] >>> 0);
  return high * TWO_32 + ((id.msLow >>> 0) - (words[at + 1] >>> 0));
}

/** A view of a leaf; valid until blocks are moved or freed. */
export class PendingLeaf {
  /** Number of items. */
  count = 0;
  isWide = false;
  /** Where its header is, in `words`. */
  base = 0;
  words: Int32Array;
  #doubles: Float64Array;
  readonly #arena: Arena;
  /** Words of an item; index of the first item. */
  #step = 2;
  #first = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.words = new Int32Array(0);
    this.#doubles = new Float64Array(0);
  }

  /** Looks at a leaf. */
  open(block: number): this {
    const words = this.#arena.i32[block >>> SEGMENT_SHIFT];
    const base = (block & SEGMENT_MASK) << 1;
    const shape = words[base + SHAPE];
    const row = (shape >>> KIND_SHIFT) & 3;
    this.words = words;
    this.#doubles = this.#arena.f64[block >>> SEGMENT_SHIFT];
    this.base = base;
    this.isWide = (row & 1) !== 0;
    this.count = (shape >>> COUNT_SHIFT) & BYTE_MASK;
    this.#step = ITEM_WORDS[row];
    this.#first = base + FIRST_WORD[row] + this.#step * (shape >>> START_SHIFT);
    return this;
  }

  /** Kind of the leaf. */
  get kind(): number {
    return this.words[this.base + SHAPE] & OF_GROUP;
  }

  /** How many items it has room for. */
  get capacity(): number {
    const shape = this.words[this.base + SHAPE];
    const row = (shape >>> KIND_SHIFT) & 3;
    const words = CLASS_UNITS[shape & CLASS_MASK] * 2 - FIRST_WORD[row];
    return Math.min(MAX_ITEMS[row], Math.floor(words / ITEM_WORDS[row]));
  }

  /** Makes a new block an empty leaf. */
  clear(block: number, kind: number, isWide: boolean, least: StreamId, baseMs: number): void {
    const words = this.#arena.i32[block >>> SEGMENT_SHIFT];
    const base = (block & SEGMENT_MASK) << 1;
    least.store(words, base + LEAST_ID);
    words[base + SHAPE] = (words[base + SHAPE] & ~BOUNDS_MASK) | kind | (isWide ? IS_WIDE : 0);
    this.open(block);
    if (kind === OF_GROUP) this.#doubles[(base >>> 1) + BASE_TIME_DOUBLE] = baseMs;
  }

  // ── Reading ─────────────────────────────────────────────────────────────────────────────────

  /** Number of the item with an id; if there is none, ~n, n being that of the first item behind it. */
  search(id: StreamId): number {
    const { count } = this;
    // Most are looked for at the ends.
    const last = this.compare(id, count - 1);
    if (last >= 0) return last === 0 ? count - 1 : ~count;
    const first = this.compare(id, 0);
    if (first <= 0) return first === 0 ? 0 : ~0;
    let low = 1;
    let high = count - 1;
    for (let middle = 0; low < high; middle = (low + high) >>> 1) {
      const order = this.compare(id, middle);
      if (order === 0) return middle;
      if (order > 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }

  /** Below 0: an id is less than that of item i; 0: they are equal; above 0: it is greater. */
  compare(id: StreamId, i: number): number {
    const { words } = this;
    const at = this.#first + this.#step * i;
    if (this.isWide) return id.compareAt(words, at);
    const order = msAbove(id, words, this.base + LEAST_ID) - (words[at] >>> 0);
    if (order !== 0) return order;
    return id.seqHigh !== 0 ? 1 : (id.seqLow >>> 0) - (words[at + 1] >>> 0);
  }

  /** Reads the id of item i. */
  loadId(i: number, id: StreamId): void {
    const { words, base } = this;
    const at = this.#first + this.#step * i;
    if (this.isWide) {
      id.load(words, at);
      return;
    }
    const low = (words[base + LEAST_ID + 1] >>> 0) + (words[at] >>> 0);
    const high = words[base + LEAST_ID] + (low >= TWO_32 ? 1 : 0);
    id.setWords(high | 0, low | 0, 0, words[at + 1]);
  }

  /** Reads item i. */
  load(i: number, item: PendingItem): void {
    this.loadId(i, item.id);
    if (this.kind === OF_GROUP) this.loadDetails(i, item);
  }

  /** Reads all of item i of a group but its id. */
  loadDetails(i: number, item: PendingItem): void {
    const { words, base } = this;
    const at = this.#first + this.#step * i;
    if (this.isWide) {
      const double = (at >>> 1) + 2;
      item.timeMs = this.#doubles[double];
      item.deliveries = this.#doubles[double + 1];
      item.number = words[at + 8];
      return;
    }
    item.timeMs = this.#doubles[(base >>> 1) + BASE_TIME_DOUBLE] + words[at + 2];
    item.deliveries = words[at + 3] & MAX_NARROW;
    item.number = words[at + 3] >>> 16;
  }

  // ── Changing ────────────────────────────────────────────────────────────────────────────────

  /** Whether items of the leaf can be this one. */
  fits(item: PendingItem): boolean {
    const { words, base } = this;
    const { id } = item;
    if (this.isWide) return id.compareAt(words, base + LEAST_ID) >= 0;
    const ms = msAbove(id, words, base + LEAST_ID);
    if (ms < 0 || ms >= TWO_32 || id.seqHigh !== 0) return false;
    if (ms === 0 && id.compareAt(words, base + LEAST_ID) < 0) return false;
    return this.kind === OF_CONSUMER || this.#fitsDetails(item);
  }

  #fitsDetails({ timeMs, deliveries, number }: PendingItem): boolean {
    const time = timeMs - this.#doubles[(this.base >>> 1) + BASE_TIME_DOUBLE];
    if (time !== (time | 0)) return false;
    return deliveries === (deliveries & MAX_NARROW) && number <= MAX_NARROW;
  }

  /** Inserts an item before item i; there is room for it, and it fits. */
  insert(i: number, item: PendingItem): void {
    const { words, count } = this;
    const step = this.#step;
    const shape = words[this.base + SHAPE];
    const start = shape >>> START_SHIFT;
    const from = this.#first;
    if (start > 0 && start + count === this.capacity) {
      // There is no room behind the items, but in front.
      const first = from - start * step;
      words.copyWithin(first, from, from + i * step);
      words.copyWithin(first + (i + 1) * step, from + i * step, from + count * step);
      this.#first = first;
      words[this.base + SHAPE] = (shape & ~(BYTE_MASK << START_SHIFT)) + COUNT_ONE;
    } else {
      const at = from + i * step;
      if (i < count) words.copyWithin(at + step, at, from + count * step);
      words[this.base + SHAPE] = shape + COUNT_ONE;
    }
    this.count = count + 1;
    this.set(i, item);
  }

  /** Writes item i; it fits. */
  set(i: number, item: PendingItem): void {
    const { words, base } = this;
    const at = this.#first + this.#step * i;
    const { id } = item;
    if (this.isWide) id.store(words, at);
    else {
      words[at] = msAbove(id, words, base + LEAST_ID);
      words[at + 1] = id.seqLow;
    }
    if (this.kind === OF_CONSUMER) return;
    if (this.isWide) {
      const double = (at >>> 1) + 2;
      this.#doubles[double] = item.timeMs;
      this.#doubles[double + 1] = item.deliveries;
      words[at + 8] = item.number;
      return;
    }
    words[at + 2] = item.timeMs - this.#doubles[(base >>> 1) + BASE_TIME_DOUBLE];
    words[at + 3] = item.deliveries | (item.number << 16);
  }

  /** Removes item i, which is not the only one. */
  remove(i: number): void {
    const { words, count } = this;
    const step = this.#step;
    const left = count - 1;
    words[this.base + SHAPE] -= COUNT_ONE;
    this.count = left;
    if (i === 0) {
      words[this.base + SHAPE] += START_ONE;
      this.#first += step;
    } else if (i < left) {
      const at = this.#first + i * step;
      words.copyWithin(at, at + step, this.#first + count * step);
    }
  }

  /** Removes all items of a consumer, by its number, from a group's leaf; there may be none left. */
  removeOf(number: number): void {
    const { words, count } = this;
    const step = this.#step;
    let to = this.#first;
    for (let i = 0; i < count; i++) {
      const from = this.#first + i * step;
      if ((this.isWide ? words[from + 8] : words[from + 3] >>> 16) === number) continue;
      if (to < from) words.copyWithin(to, from, from + step);
      to += step;
    }
    this.count = (to - this.#first) / step;
    words[this.base + SHAPE] -= (count - this.count) * COUNT_ONE;
  }
}
