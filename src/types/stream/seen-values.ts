// The values that a compaction has met, by their hashes, off the heap: 32 bytes for each of them, and a word for the bucket
// that leads to it. A value itself is not kept, but the id of an entry that has it. The table grows by one bucket at a time
// (linear hashing), so that no addition takes long.
//
//   record, word 0   1       2 … 5                   6         7
//     [ hash       ][ next ][ id of an entry that   ][ kept   ][ flags ]
//                             has the value            entries
//
// Source: W. Litwin, Linear hashing: a new tool for file and table addressing, VLDB 1980
import type { Arena } from '../../memory/arena.ts';
import type { StreamId } from './stream-id.ts';

const HASH = 0;
const NEXT = 1;
const ID = 2;
const KEPT = 6;
const FLAGS = 7;
const RECORD_SHIFT = 3;
/** Words of a chunk of records or buckets: 64 KB. */
const CHUNK_SHIFT = 14;
const CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;
const FIRST_BUCKETS = 1024;

/** Older entries with the value are superseded by a tombstone. */
export const IS_CLOSED = 1;
/** The entry whose id is kept is a tombstone that is to go at last. */
export const IS_EXPIRED = 2;

/** Words off the heap that grow at their end. */
class Words {
  readonly #arena: Arena;
  readonly #blocks: number[] = [];
  readonly #chunks: Int32Array[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Has room for the word at an index, all new words 0. @throws RangeError without memory */
  reserve(index: number): void {
    while (index >>> CHUNK_SHIFT >= this.#chunks.length) {
      const { overflow } = this.#arena;
      const block = overflow.allocateWords(1 << CHUNK_SHIFT);
      this.#blocks.push(block);
      this.#chunks.push(overflow.words(block));
    }
  }

  get(index: number): number {
    return this.#chunks[index >>> CHUNK_SHIFT][index & CHUNK_MASK];
  }

  set(index: number, value: number): void {
    this.#chunks[index >>> CHUNK_SHIFT][index & CHUNK_MASK] = value;
  }

  /** The chunk that has the word at an index, which is word `index & CHUNK_MASK` of it. */
  chunk(index: number): Int32Array {
    return this.#chunks[index >>> CHUNK_SHIFT];
  }

  free(): void {
    for (const block of this.#blocks.splice(0)) this.#arena.overflow.free(block);
    this.#chunks.length = 0;
  }
}

/** See the head of this file. Records are numbered from 1; 0 is none. */
export class SeenValues {
  /** Number of records. */
  count = 0;
  readonly #records: Words;
  /** The first record of each bucket. */
  readonly #buckets: Words;
  /** Buckets of this round; those before `#split` are split already, into twice as many. */
  #round = FIRST_BUCKETS;
  #split = 0;

  constructor(arena: Arena) {
    this.#records = new Words(arena);
    this.#buckets = new Words(arena);
  }

  /** The first record with a hash. */
  first(hash: number): number {
    if (this.count === 0) return 0;
    return this.#withHash(this.#buckets.get(this.#bucketOf(hash)), hash);
  }

  /** The record with the same hash that comes behind one. */
  next(record: number): number {
    return this.#withHash(this.#word(record, NEXT), this.#word(record, HASH));
  }

  #withHash(from: number, hash: number): number {
    let record = from;
    while (record !== 0 && this.#word(record, HASH) !== hash) record = this.#word(record, NEXT);
    return record;
  }

  /** Adds a record of one entry. @throws RangeError without memory, before anything has changed */
  add(hash: number, id: StreamId, flags: number): void {
    const record = this.count + 1;
    this.#records.reserve((record << RECORD_SHIFT) + FLAGS);
    this.#buckets.reserve(this.#round + this.#split);
    this.count = record;
    this.#set(record, HASH, hash);
    this.renew(record, id, flags);
    this.#link(record, this.#bucketOf(hash));
    if (record > this.#round + this.#split) this.#splitOne();
  }

  /** Makes a record one of another entry, the only one that was kept as yet. */
  renew(record: number, id: StreamId, flags: number): void {
    this.#set(record, KEPT, 1);
    this.setEntry(record, id, flags);
  }

  /** Sets the entry whose id is kept, and the flags. */
  setEntry(record: number, id: StreamId, flags: number): void {
    const at = (record << RECORD_SHIFT) + ID;
    id.store(this.#records.chunk(at), at & CHUNK_MASK);
    this.#set(record, FLAGS, flags);
  }

  /** Reads the id of the entry that has the value. */
  loadId(record: number, id: StreamId): void {
    const at = (record << RECORD_SHIFT) + ID;
    id.load(this.#records.chunk(at), at & CHUNK_MASK);
  }

  /** How many entries with the value were kept. */
  kept(record: number): number {
    return this.#word(record, KEPT);
  }

  /** One more is. */
  keep(record: number): void {
    this.#set(record, KEPT, this.#word(record, KEPT) + 1);
  }

  flags(record: number): number {
    return this.#word(record, FLAGS);
  }

  /** Gives the memory back. */
  free(): void {
    this.#records.free();
    this.#buckets.free();
    this.count = 0;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (this.#round - 1);
    return bucket < this.#split ? hash & (2 * this.#round - 1) : bucket;
  }

  #link(record: number, bucket: number): void {
    this.#set(record, NEXT, this.#buckets.get(bucket));
    this.#buckets.set(bucket, record);
  }

  /** Splits the next bucket: some of its records go to a new one. */
  #splitOne(): void {
    let record = this.#buckets.get(this.#split);
    this.#buckets.set(this.#split, 0);
    this.#split++;
    while (record !== 0) {
      const next = this.#word(record, NEXT);
      this.#link(record, this.#bucketOf(this.#word(record, HASH)));
      record = next;
    }
    if (this.#split < this.#round) return;
    this.#round *= 2;
    this.#split = 0;
  }

  #word(record: number, word: number): number {
    return this.#records.get((record << RECORD_SHIFT) + word);
  }

  #set(record: number, word: number, value: number): void {
    this.#records.set((record << RECORD_SHIFT) + word, value);
  }
}
