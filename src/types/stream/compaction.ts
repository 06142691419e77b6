// Keeps of a stream, of entries with the same value in a field, only the newest ones (XCOMPACT): one pass from a fixed last
// id backward, a block at a time, in between which the stream may change in any way.
//
//   1-0 {k a, v 1}   2-0 {k b, v 1}   3-0 {k a, v 2}   4-0 {k b}   5-0 {x 1}
//   └─ older than 3-0└─ before 4-0                     └─ a tombstone: goes at last, once it is old enough
//
// A value is found again by its hash and compared with that of an entry that has it (seen-values.ts). Where that entry
// was removed meanwhile, the next one with the hash counts as the first of its value, so that nothing is removed without
// a newer entry of which it is known that it is there. A tombstone goes only after all that it supersedes, whatever ends
// the compaction early.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import { ifThereIsMemory } from '../../memory/out-of-memory.ts';
import { BlockCursor } from './block-cursor.ts';
import { BlockRewriting } from './block-rewriting.ts';
import { isCold } from './cold-block.ts';
import { coldLive } from './cold-root.ts';
import { BlockPlace, LEAST_ID } from './id-blocks.ts';
import { IS_CLOSED, IS_EXPIRED, SeenValues } from './seen-values.ts';
import type { StreamHold } from './stream-holds.ts';
import { StreamId } from './stream-id.ts';
import type { Streams } from './streams.ts';

/** What is kept. */
export interface CompactionRule {
  readonly field: Buffer;
  /** The newest entries of each value, 1 or more. */
  readonly keep: number;
  /** Tombstones whose id is of before this time go, in ms since the epoch. */
  readonly graceEndMs: number;
}

/** Tombstones that one step removes. */
const TOMBSTONES_PER_STEP = 64;

/** A compaction that is under way; see the head of this file. */
export class Compaction {
  /** Whether all is done. */
  isDone = false;
  readonly hold: StreamHold;
  readonly #streams: Streams;
  readonly #rule: CompactionRule;
  readonly #cursor: BlockCursor;
  readonly #rewriting: BlockRewriting;
  readonly #seen: SeenValues;
  readonly #place = new BlockPlace();
  /** The last id that is not looked at yet. */
  readonly #upper = new StreamId();
  readonly #least = new StreamId();
  readonly #id = new StreamId();
  /** Where the field's value is in the cursor's buffer. */
  #valueAt = 0;
  #valueLength = 0;
  /** The record whose tombstone is looked at next; 0: entries are looked at. */
  #record = 0;

  constructor(streams: Streams, root: number, rule: CompactionRule) {
    this.#streams = streams;
    this.#rule = rule;
    this.#cursor = new BlockCursor(streams.arena, streams.cold);
    this.#rewriting = new BlockRewriting(streams);
    this.#seen = new SeenValues(streams.arena);
    streams.lastId(root, this.#upper);
    this.hold = streams.blocks.holds.hold(root);
  }

  /**
   * Goes on with a block, or with some tombstones. The stream is still there.
   * @param removed the ids of entries that were removed are added to it, whatever is thrown
   * @throws ArenaFullError, RangeError without memory, or UnreadableValueError
   */
  step(removed: StreamId[]): void {
    if (this.#record === 0) this.#lookAtBlock(removed);
    else this.#removeTombstones(removed);
  }

  /** The block that the next step reads from a file; 0: it reads none. */
  get coldBlock(): number {
    const { root } = this.hold;
    const { arena, index } = this.#streams;
    if (this.#record !== 0 || coldLive(arena, root) === 0) return 0;
    const place = this.#place;
    return index.find(root, this.#upper, place) && isCold(arena, place.block) ? place.block : 0;
  }

  /** Ends it, done or not. */
  end(): void {
    this.isDone = true;
    this.#streams.blocks.holds.release(this.hold);
    this.#seen.free();
  }

  #lookAtBlock(removed: StreamId[]): void {
    const { root } = this.hold;
    const { arena, index } = this.#streams;
    const place = this.#place;
    if (!index.find(root, this.#upper, place)) {
      this.#record = 1;
      return;
    }
    const { block } = place;
    this.#least.load(arena.i32[block >>> SEGMENT_SHIFT], ((block & SEGMENT_MASK) << 1) + LEAST_ID);
    for (const id of this.#superseded(block)) {
      if (this.#streams.delete(root, id)) removed.push(id);
    }
    this.#condense(this.#least, this.#upper);
    this.#upper.set(this.#least);
    if (!this.#upper.decrement()) this.#record = 1;
  }

  /** The ids of entries of a block that are to be removed. */
  #superseded(block: number): StreamId[] {
    const cursor = this.#cursor;
    const ids: StreamId[] = [];
    cursor.openEnd(block);
    while (cursor.previous()) {
      if (cursor.isDeleted || cursor.id.compare(this.#upper) > 0) continue;
      if (this.#findField() && this.#isSuperseded()) ids.push(cursor.id.clone());
    }
    return ids;
  }

  /** Goes to the field of the cursor's entry; false when it is not there. */
  #findField(): boolean {
    const { field } = this.#rule;
    const cursor = this.#cursor;
    cursor.locate();
    const { buffer, fieldAt, fieldLengths, fields } = cursor;
    for (let i = 0; i < fields; i++) {
      const at = fieldAt[i];
      const length = fieldLengths[i];
      if (length !== field.length || field.compare(buffer, at, at + length) !== 0) continue;
      this.#valueAt = cursor.valueAt[i];
      this.#valueLength = cursor.valueLengths[i];
      return true;
    }
    return false;
  }

  /** Whether there are enough newer entries with the value; notes the entry if not. */
  #isSuperseded(): boolean {
    const { keep, graceEndMs } = this.#rule;
    const seen = this.#seen;
    const { buffer, fields, id } = this.#cursor;
    const hash = this.#streams.tables.hash(buffer, this.#valueAt, this.#valueLength);
    const isTombstone = fields === 1;
    const flags = isTombstone ? IS_CLOSED | (id.ms < graceEndMs ? IS_EXPIRED : 0) : 0;
    const record = this.#recordOf(hash);
    if (record === 0) {
      seen.add(hash, id, flags);
      return false;
    }
    if (record < 0) {
      seen.renew(-record, id, flags);
      return false;
    }
    if (seen.kept(record) >= keep || (seen.flags(record) & IS_CLOSED) !== 0) return true;
    seen.keep(record);
    if (isTombstone) seen.setEntry(record, id, flags);
    return false;
  }

  /** The record of the value; below 0: the number of one whose entry is gone; 0: none. */
  #recordOf(hash: number): number {
    const seen = this.#seen;
    const { root } = this.hold;
    let free = 0;
    for (let record = seen.first(hash); record !== 0; record = seen.next(record)) {
      seen.loadId(record, this.#id);
      if (!this.#streams.find(root, this.#id)) free = -record;
      else if (this.#hasSameValue()) return record;
    }
    return free;
  }

  /** Whether the entry that was just found has the value. */
  #hasSameValue(): boolean {
    const { field } = this.#rule;
    const { found } = this.#streams;
    const { buffer } = this.#cursor;
    found.locate();
    for (let i = 0; i < found.fields; i++) {
      const at = found.fieldAt[i];
      const length = found.fieldLengths[i];
      if (length !== field.length || field.compare(found.buffer, at, at + length) !== 0) continue;
      const from = this.#valueAt;
      const to = from + this.#valueLength;
      const start = found.valueAt[i];
      return buffer.compare(found.buffer, start, start + found.valueLengths[i], from, to) === 0;
    }
    return false;
  }

  #removeTombstones(removed: StreamId[]): void {
    const seen = this.#seen;
    const { root } = this.hold;
    const end = Math.min(seen.count + 1, this.#record + TOMBSTONES_PER_STEP);
    for (; this.#record < end; this.#record++) {
      if ((seen.flags(this.#record) & IS_EXPIRED) === 0) continue;
      const id = new StreamId();
      seen.loadId(this.#record, id);
      if (!this.#streams.delete(root, id)) continue;
      removed.push(id);
      this.#condense(id, id);
    }
    if (this.#record > seen.count) this.isDone = true;
  }

  /** Rewrites the blocks of a range of ids that are mostly deleted. */
  #condense(first: StreamId, last: StreamId): void {
    const { root } = this.hold;
    const { arena, index } = this.#streams;
    const place = this.#place;
    for (let more = index.findOrFirst(root, first, place); more; more = index.next(root, place)) {
      const { block } = place;
      const at = ((block & SEGMENT_MASK) << 1) + LEAST_ID;
      if (last.compareAt(arena.i32[block >>> SEGMENT_SHIFT], at) < 0) return;
      // Without memory the block stays as large as it is.
      ifThereIsMemory(() => this.#rewriting.condense(root, place));
    }
  }
}
