// Reads a set, whatever its encoding is: whether a member is there, all members in turn, the member of a place. A view is
// opened on an entry or on a set that is being built, and valid until any data changes; it can be opened again and again.
//
// A place names a member within its set, by one integer: in an intset it is an index, in a packed set the position of the
// element, in a table the reference of the record. Places can be kept for as long as the view is valid.
import type { Entries } from '../../keyspace/entries.ts';
import { openPacked, PackedView } from '../../keyspace/packed-value.ts';
import { ByteView } from '../../structures/entry.ts';
import { elementAfter, PackedElement, skipForward } from '../../structures/packed-list.ts';
import { PackedNeedle } from '../../structures/packed-search.ts';
import { randomBelow } from '../../structures/random-source.ts';
import { EntryBatch } from '../../structures/table-segment.ts';
import { ENCODING_INTSET, ENCODING_PACKED, ENCODING_TABLE } from './encodings.ts';
import { intsetCount, readIntset, searchIntset, searchIntsetFrom } from './intset.ts';
import type { Member } from './member.ts';
import { type SetTables, setsOf } from './set-tables.ts';

const needle = new PackedNeedle();
const element = new PackedElement();

/** A view of a set; see the head of this file. */
export class SetView {
  encoding = ENCODING_INTSET;
  /** Number of members. */
  count = 0;
  /** The place that `next` found last. */
  place = 0;
  /** Of an intset, and of a packed set. */
  buffer: Buffer = NO_BYTES;
  start = 0;
  #end = 0;
  /** Of a table. */
  root = 0;
  #tables: SetTables | undefined;
  /** Where `next` goes on: an index, a position, or an index among the fetched records. */
  #next = 0;
  /** Where fetching goes on; 0 at the beginning and at the end. */
  #position = 0;
  #hasBegun = false;
  #batch: EntryBatch | undefined;
  readonly #packed = new PackedView();
  readonly #key = new ByteView();
  /** Opens the set of an entry. */
  open(entries: Entries, ref: number): void {
    const encoding = entries.encodingOf(ref);
    if (encoding === ENCODING_TABLE) {
      this.openTable(setsOf(entries), entries.root(ref));
    } else if (encoding === ENCODING_INTSET) {
      const { buffer, offset } = entries.value(ref);
      this.openIntset(buffer, offset);
    } else {
      const packed = this.#packed;
      openPacked(entries, ref, packed);
      this.openPacked(packed.buffer, packed.start, packed.end, packed.count);
    }
  }

  /** Opens a table. */
  openTable(tables: SetTables, root: number): void {
    this.encoding = ENCODING_TABLE;
    this.#tables = tables;
    this.root = root;
    this.count = tables.length(root);
    this.rewind();
  }

  /** Opens an array of integers that begins at a place in a buffer. */
  openIntset(buffer: Buffer, start: number): void {
    this.encoding = ENCODING_INTSET;
    this.buffer = buffer;
    this.start = start;
    this.count = intsetCount(buffer, start);
    this.rewind();
  }

  /** Opens packed members: bytes `start` … `end` of a buffer. */
  openPacked(buffer: Buffer, start: number, end: number, count: number): void {
    this.encoding = ENCODING_PACKED;
    this.buffer = buffer;
    this.start = start;
    this.#end = end;
    this.count = count;
    this.rewind();
  }

  /** Whether a member is there. */
  has(member: Member): boolean {
    return this.placeOf(member) !== NO_PLACE;
  }

  /**
   * As `has`, in an intset, for integers that are asked for in ascending order: it looks from the last one on, in steps
   * that double, so that asking for all takes no longer than merging both, nor than looking each up.
   */
  hasNext({ integer }: Member): boolean {
    const { high, low } = integer;
    const index = searchIntsetFrom(this.buffer, this.start, this.#next, high, low);
    this.#next = index < 0 ? ~index : index + 1;
    return index >= 0;
  }

  /** The place of a member; NO_PLACE if it is not there. */
  placeOf(member: Member): number {
    if (this.encoding === ENCODING_TABLE && this.#tables !== undefined) {
      const ref = this.#tables.findMember(this.root, member);
      return ref === 0 ? NO_PLACE : ref;
    }
    if (this.encoding === ENCODING_INTSET) {
      if (!member.isInteger) return NO_PLACE;
      const { high, low } = member.integer;
      const index = searchIntset(this.buffer, this.start, high, low);
      return index < 0 ? NO_PLACE : index;
    }
    member.asBytes();
    needle.set(member.buffer, member.offset, member.length);
    const at = needle.findIn(this.buffer, this.start, this.#end, 1);
    return at < 0 ? NO_PLACE : at;
  }

  /** Begins before the first member again. */
  rewind(): void {
    this.#next = this.encoding === ENCODING_PACKED ? this.start : 0;
    this.#position = 0;
    this.#hasBegun = false;
    if (this.#batch !== undefined) this.#batch.count = 0;
  }

  /** Goes on to the next place, in ascending order in an intset; false when there is none. */
  next(): boolean {
    if (this.encoding === ENCODING_TABLE) return this.#nextRecord();
    const next = this.#next;
    this.place = next;
    if (this.encoding === ENCODING_INTSET) {
      if (next >= this.count) return false;
      this.#next = next + 1;
    } else {
      if (next >= this.#end) return false;
      this.#next = elementAfter(this.buffer, next);
    }
    return true;
  }

  /** The bytes of a record of a table. */
  readRecord(ref: number, target: ByteView): void {
    this.#tables?.records.key(ref, target);
  }

  /** Sets a member to the one that `next` found last. */
  readNext(member: Member): void {
    this.read(this.place, member);
    if (this.#batch !== undefined && this.encoding === ENCODING_TABLE) {
      member.setHash(this.#batch.hashes[this.#next - 1]);
    }
  }

  /** Sets a member to the one of a place. */
  read(place: number, member: Member): void {
    if (this.encoding === ENCODING_TABLE && this.#tables !== undefined) {
      const key = this.#key;
      this.#tables.records.key(place, key);
      member.setBytes(key.buffer, key.offset, key.length);
    } else if (this.encoding === ENCODING_INTSET) {
      readIntset(this.buffer, this.start, place, member.integer);
      member.setInteger();
    } else {
      element.read(this.buffer, place);
      if (element.isInteger) {
        member.integer.setSafe(element.integer);
        member.setInteger();
      } else {
        member.setBytes(this.buffer, element.offset, element.length);
      }
    }
  }

  /**
   * Adds places to an array: those of one step of an iteration over a table, otherwise all.
   * @param cursor 0 to begin, then what the last call returned
   * @param count how many there are to be at least in a step
   * @returns the next cursor; 0 at the end
   */
  scan(cursor: number, count: number, places: number[]): number {
    if (this.encoding !== ENCODING_TABLE || this.#tables === undefined) {
      this.rewind();
      while (this.next()) places.push(this.place);
      return 0;
    }
    return this.#tables.scan(this.root, cursor, count, (ref) => places.push(ref));
  }

  /** A place drawn at random, each with the same probability; there are members. */
  random(): number {
    if (this.encoding === ENCODING_TABLE && this.#tables !== undefined) {
      return this.#tables.random(this.root);
    }
    const index = randomBelow(this.count);
    if (this.encoding === ENCODING_INTSET) return index;
    return skipForward(this.buffer, this.start, index);
  }

  /**
   * Fetches some records of a table, all of which are handed out by that.
   * @returns the batch, which is good until the next call; undefined after the last record
   */
  nextBatch(): EntryBatch | undefined {
    if (this.#tables === undefined) return undefined;
    this.#batch ??= spareBatches.pop() ?? new EntryBatch();
    const batch = this.#batch;
    do {
      if (this.#hasBegun && this.#position === 0) {
        this.#batch = undefined;
        spareBatches.push(batch);
        return undefined;
      }
      this.#hasBegun = true;
      this.#position = this.#tables.fetch(this.root, this.#position, batch);
    } while (batch.count === 0);
    this.#next = batch.count;
    return batch;
  }

  #nextRecord(): boolean {
    if (this.#batch === undefined || this.#next === this.#batch.count) {
      if (this.nextBatch() === undefined) return false;
      this.#next = 0;
    }
    if (this.#batch === undefined) return false;
    this.place = this.#batch.refs[this.#next++];
    return true;
  }
}

/**
 * Batches of views that have come to their ends. One is several KiB, and a command may read any number of sets, one after
 * another.
 */
const spareBatches: EntryBatch[] = [];

/** In place of a place: none. A record's reference may be any other number below 0. */
export const NO_PLACE = -1;

const NO_BYTES = Buffer.alloc(0);
