// Streams: entries in blocks that are found by their ids, and the groups of consumers that read them.
//
//   root ──▶ index ──▶ [ entry, entry … ][ entry, entry … ] … [ entry … free ]    entry-blocks.ts, entry-block.ts
//        └─▶ groups ──▶ pending entries, consumers                               groups.ts
//
// Adding goes to the last block, trimming takes whole blocks from the first one on, and a range begins with two binary
// searches. Counters and ids are kept as Redis keeps them, first id and largest deleted id included.

import type { Collections, ExpiryClock } from '../../keyspace/collections.ts';
import { UnreadableValueError } from '../../keyspace/unreadable-value.ts';
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import type { BytesTables } from '../../structures/bytes-tables.ts';
import { BlockCursor } from './block-cursor.ts';
import { isCold, NODES, RAW_BYTES } from './cold-block.ts';
import { ColdBlocks } from './cold-blocks.ts';
import {
  COLD_ROOT_BYTES,
  coldLog,
  copyCold,
  countCold,
  freeCold,
  hotLimit,
  setHotLimit,
} from './cold-root.ts';
import { DELETED, LAST_ENTRY_ID, LIVE } from './entry-block.ts';
import { EntryBlocks } from './entry-blocks.ts';
import { EntryWalk } from './entry-walk.ts';
import type { FieldSource } from './entry-writer.ts';
import { FrozenStream } from './frozen-stream.ts';
import { Groups } from './groups.ts';
import {
  BlockPlace,
  blockWord,
  type IdBlocks,
  INDEX_WORDS,
  LEAST_ID,
  setBlockWord,
} from './id-blocks.ts';
import { RetentionRules } from './retention-rules.ts';
import { SharedBlocks } from './shared-blocks.ts';
import { Spilling } from './spilling.ts';
import { StreamId } from './stream-id.ts';
import { StreamRelocation } from './stream-relocation.ts';
import {
  COLD,
  COPIED_WORDS,
  counterAt,
  ENTRIES_ADDED,
  FIRST_ID,
  freeRoot,
  incrementCounter,
  LAST_ID,
  loadRootId,
  MAX_DELETED_ID,
  newRoot,
  ROOT_BYTES,
  rootBytes,
  rootLength,
  setCounterAt,
  setRootLength,
  storeRootId,
} from './stream-root.ts';
import { thaw } from './thaw.ts';
import type { Trim } from './trim.ts';

/** Blocks freed in one step. */
const STEP_BLOCKS = 64;

/** The operations on the streams of an arena; see the head of this file. */
export class Streams implements Collections {
  readonly arena: Arena;
  readonly blocks: SharedBlocks;
  readonly index: IdBlocks;
  readonly entries: EntryBlocks;
  /** The blocks that lie in files, and what moves others there. */
  readonly cold: ColdBlocks;
  readonly spilling: Spilling;
  readonly groups: Groups;
  /** How much is kept of streams that have a rule for that. */
  readonly retention: RetentionRules;
  readonly clock: ExpiryClock;
  readonly tables: BytesTables;
  readonly relocation: StreamRelocation;
  readonly #cursor: BlockCursor;
  /** For whoever reads entries next. */
  readonly walk: EntryWalk;
  readonly #walk: EntryWalk;
  readonly #place = new BlockPlace();
  readonly #id = new StreamId();
  readonly #zero = new StreamId();
  readonly #largest = new StreamId();
  /** The streams that are frozen, by their roots. */
  readonly #frozen = new Map<number, FrozenStream>();

  /** @param tables for the names of groups and consumers */
  constructor(arena: Arena, tables: BytesTables, clock: ExpiryClock = { dueMs: 0 }) {
    this.arena = arena;
    this.clock = clock;
    this.tables = tables;
    this.cold = new ColdBlocks(arena);
    this.blocks = new SharedBlocks(arena, this.cold);
    this.index = this.blocks.index;
    this.entries = new EntryBlocks(arena, this.blocks);
    this.groups = new Groups(arena, tables, this.blocks);
    this.retention = new RetentionRules(arena, this.index);
    this.relocation = new StreamRelocation(
      arena,
      this.blocks,
      this.groups.relocation,
      this.retention,
      (root) => this.spilling.isMoving(root),
    );
    this.#cursor = new BlockCursor(arena, this.cold);
    this.walk = this.newWalk();
    this.#walk = this.newWalk();
    this.spilling = new Spilling(this);
    this.#largest.setMax();
  }

  /** Makes an empty stream; returns its root. @throws ArenaFullError */
  create(): number {
    return newRoot(this.arena);
  }

  /** A walk over entries, for a user of its own. */
  newWalk(): EntryWalk {
    return new EntryWalk(this.arena, this.index, this.cold);
  }

  // ── As a collection ─────────────────────────────────────────────────────────────────────────

  bytes(root: number): number {
    const own = ROOT_BYTES + rootBytes(this.arena, root) + this.index.directoryBytes(root);
    const isTiered = blockWord(this.arena, root, COLD) !== 0;
    return (
      own + this.groups.bytes(root) + this.retention.bytes(root) + (isTiered ? COLD_ROOT_BYTES : 0)
    );
  }

  length(root: number): number {
    return rootLength(this.arena, root);
  }

  parts(root: number): number {
    return this.index.count(root) + this.groups.parts(root);
  }

  copy(root: number): number {
    const { arena, index } = this;
    const copy = newRoot(arena);
    try {
      const from = (root & SEGMENT_MASK) << 1;
      const words = arena.i32[root >>> SEGMENT_SHIFT];
      const place = new BlockPlace();
      for (let more = index.first(root, place); more; more = index.next(root, place)) {
        this.#copyBlock(copy, place.block);
      }
      // All but the index, the freeze, the groups and the rule: length, ids, counters, bytes.
      const to = ((copy & SEGMENT_MASK) << 1) + INDEX_WORDS + 2;
      const rest = words.subarray(from + INDEX_WORDS + 2, from + COPIED_WORDS);
      arena.i32[copy >>> SEGMENT_SHIFT].set(rest, to);
      setBlockWord(arena, copy, COLD, 0);
      copyCold(arena, root, copy);
      if (hotLimit(arena, copy) !== 0) this.spilling.limits++;
      this.groups.copy(root, copy);
      this.retention.copy(root, copy);
    } catch (error) {
      while (!this.freeStep(copy));
      throw error;
    }
    return copy;
  }

  #copyBlock(root: number, block: number): void {
    const copied = this.blocks.copy(block);
    try {
      this.index.append(root, copied);
    } catch (error) {
      this.blocks.free(root, copied);
      throw error;
    }
  }

  renamed(root: number, keyHash: number): void {
    this.retention.renamed(root, keyHash);
  }

  freeStep(root: number): boolean {
    const { index } = this;
    this.retention.remove(root);
    this.blocks.holds.freed(root);
    if (!this.groups.freeStep(root)) return false;
    const place = this.#place;
    for (let i = 0; i < STEP_BLOCKS; i++) {
      if (!index.last(root, place)) {
        this.relocation.freed(root);
        // Who writes it has blocks of its own.
        this.#frozen.delete(root);
        this.#freeCold(root);
        freeRoot(this.arena, root);
        return true;
      }
      this.entries.remove(root, place);
    }
    return false;
  }

  /** Sets how much of a stream is hot at least, as in cold-root.ts. @throws ArenaFullError, before anything has changed */
  setHotLimit(root: number, limit: number): void {
    const { arena, spilling } = this;
    const before = hotLimit(arena, root);
    setHotLimit(arena, root, limit);
    spilling.limits += (limit === 0 ? 0 : 1) - (before === 0 ? 0 : 1);
    spilling.consider(root);
  }

  #freeCold(root: number): void {
    if (hotLimit(this.arena, root) !== 0) this.spilling.limits--;
    const log = coldLog(this.arena, root);
    this.spilling.freed(root);
    if (log !== 0) this.cold.disowned(log);
    freeCold(this.arena, root);
  }

  // ── Snapshots ───────────────────────────────────────────────────────────────────────────────

  /** Freezes a stream as it is, to be written in steps; undefined if it is frozen already. */
  freeze(root: number): FrozenStream | undefined {
    if (this.#frozen.has(root)) return undefined;
    const frozen = new FrozenStream(this.blocks, () => this.#unfreeze(root, frozen));
    this.blocks.freeze(root);
    this.#frozen.set(root, frozen);
    return frozen;
  }

  /** Ends that, if the stream is still there: another one may have got its root. */
  #unfreeze(root: number, frozen: FrozenStream): void {
    if (this.#frozen.get(root) !== frozen) return;
    this.#frozen.delete(root);
    this.blocks.unfreeze(root);
  }

  // ── Entries ─────────────────────────────────────────────────────────────────────────────────

  /**
   * Adds an entry.
   * @param id greater than the last id
   * @param first the argument that is the first field; its value is the next one
   * @param fields number of fields, at least 1
   * @throws ArenaFullError, or RangeError without memory for a large one, before anything has changed
   */
  append(root: number, id: StreamId, source: FieldSource, first: number, fields: number): void {
    const { arena } = this;
    this.entries.append(root, id, source, first, fields);
    const length = rootLength(arena, root) + 1;
    setRootLength(arena, root, length);
    storeRootId(arena, root, LAST_ID, id);
    if (length === 1) storeRootId(arena, root, FIRST_ID, id);
    incrementCounter(arena, root, ENTRIES_ADDED);
    if (this.spilling.isActive) this.spilling.consider(root);
    this.retention.grown(root);
  }

  /** Goes to the entry with an id; false when there is none. */
  find(root: number, id: StreamId): boolean {
    const place = this.#place;
    const cursor = this.#cursor;
    if (!this.index.find(root, id, place)) return false;
    cursor.open(place.block);
    return cursor.seek(id) && cursor.id.compare(id) === 0;
  }

  /** The entry that `find` went to. */
  get found(): BlockCursor {
    return this.#cursor;
  }

  /**
   * Removes an entry; ids and counters of the stream stay as they are.
   * @returns whether it was there
   * @throws ArenaFullError while the stream is being saved, before anything has changed
   */
  remove(root: number, id: StreamId): boolean {
    if (!this.find(root, id)) return false;
    const { arena, entries } = this;
    const place = this.#place;
    if (isCold(arena, place.block)) {
      this.#thaw(root, place);
      this.find(root, id);
    }
    if (blockWord(arena, place.block, LIVE) === 1) {
      entries.remove(root, place);
    } else {
      const shared = place.block;
      const block = entries.own(root, place);
      // A copy has its entries elsewhere.
      if (block !== shared) this.find(root, id);
      this.#cursor.markDeleted();
      entries.countDeleted(block, 1);
    }
    setRootLength(arena, root, rootLength(arena, root) - 1);
    return true;
  }

  /**
   * Removes an entry as XDEL does: first id and largest deleted id follow.
   * @returns whether it was there
   * @throws as `remove`
   */
  delete(root: number, id: StreamId): boolean {
    if (!this.remove(root, id)) return false;
    this.maxDeletedId(root, this.#id);
    if (id.compare(this.#id) > 0) this.setMaxDeletedId(root, id);
    this.firstId(root, this.#id);
    if (this.length(root) === 0 || id.compare(this.#id) === 0) this.renewFirstId(root);
    return true;
  }

  /** Number of entries between two ids, both included, up to a limit. */
  countRange(root: number, first: StreamId, last: StreamId, limit: number): number {
    return this.#walk.count(root, first, last, limit);
  }

  /**
   * Trims a stream, and sets its first id.
   * @returns how many entries were taken
   * @throws ArenaFullError while the stream is being saved, or UnreadableValueError; what was taken until then is gone
   */
  trim(root: number, trim: Trim): number {
    const { arena, index } = this;
    const place = this.#place;
    const { keep, limit, isApproximate, maxBlocks = Number.POSITIVE_INFINITY } = trim;
    let deleted = 0;
    let blocks = 0;
    try {
      for (let more = index.first(root, place); more; more = place.block !== 0) {
        const length = rootLength(arena, root);
        if (keep !== undefined && length <= keep) break;
        const live = blockWord(arena, place.block, LIVE);
        if (limit > 0 && deleted + live > limit) break;
        if (++blocks > maxBlocks) break;
        if (this.#isBelow(place.block, length - live, trim)) {
          this.#discount(root, place.block);
          this.entries.remove(root, place);
          setRootLength(arena, root, length - live);
          deleted += live;
          continue;
        }
        if (isApproximate) break;
        if (isCold(arena, place.block)) {
          this.#thaw(root, place);
          continue;
        }
        deleted += this.#trimWithin(root, place, trim);
        break;
      }
    } finally {
      if (deleted > 0) this.renewFirstId(root);
    }
    return deleted;
  }

  /** Makes the cold block at a place hot. */
  #thaw(root: number, place: BlockPlace): void {
    thaw(this.arena, this.entries, root, place, this.cold.payload(place.block));
  }

  /** A block is about to be removed. */
  #discount(root: number, block: number): void {
    const { arena } = this;
    if (!isCold(arena, block)) return;
    countCold(arena, root, -blockWord(arena, block, LIVE), -blockWord(arena, block, RAW_BYTES));
  }

  /** Whether all entries of a block are to be trimmed; `left` would be left then. */
  #isBelow(block: number, left: number, { keep, minId, keepsFromId = false }: Trim): boolean {
    if (keep !== undefined && left < keep) return false;
    if (keep !== undefined && !keepsFromId) return true;
    const words = this.arena.i32[block >>> SEGMENT_SHIFT];
    const at = ((block & SEGMENT_MASK) << 1) + LAST_ENTRY_ID;
    return minId.compareAt(words, at) > 0;
  }

  /** Trims the first entries of a block, not all of them; returns how many. */
  #trimWithin(root: number, place: BlockPlace, trim: Trim): number {
    const { arena } = this;
    const cursor = this.#cursor;
    const length = rootLength(arena, root);
    const { keep, minId, keepsFromId = keep === undefined } = trim;
    const block = this.entries.own(root, place);
    cursor.open(block);
    let deleted = 0;
    while (cursor.next()) {
      if (keep !== undefined && length - deleted <= keep) break;
      if (keepsFromId && cursor.id.compare(minId) >= 0) break;
      if (cursor.isDeleted) continue;
      cursor.markDeleted();
      deleted++;
    }
    this.entries.countDeleted(block, deleted);
    setRootLength(arena, root, length - deleted);
    return deleted;
  }

  // ── Ids ─────────────────────────────────────────────────────────────────────────────────────

  /** Sets the first id to that of the first entry; 0-0 when there is none. */
  renewFirstId(root: number): void {
    try {
      this.edgeId(root, true, this.#id);
    } catch (error) {
      if (!(error instanceof UnreadableValueError)) throw error;
      // The first entry lies in a damaged file: the least id that it can have is good enough for lag.
      this.index.first(root, this.#place);
      this.#loadLeast(this.#place.block);
    }
    storeRootId(this.arena, root, FIRST_ID, this.#id);
  }

  #loadLeast(block: number): void {
    this.#id.load(
      this.arena.i32[block >>> SEGMENT_SHIFT],
      ((block & SEGMENT_MASK) << 1) + LEAST_ID,
    );
  }

  /** The id of the first or the last entry; 0-0 when there is none. */
  edgeId(root: number, isFirst: boolean, id: StreamId): void {
    const walk = this.#walk;
    id.setZero();
    if (this.length(root) === 0) return;
    const last = this.index.lastBlock(root);
    if (!isFirst && blockWord(this.arena, last, DELETED) === 0) {
      id.load(this.arena.i32[last >>> SEGMENT_SHIFT], ((last & SEGMENT_MASK) << 1) + LAST_ENTRY_ID);
      return;
    }
    walk.open(root, this.#zero, this.#largest, !isFirst);
    if (walk.next()) id.set(walk.cursor.id);
  }

  /** The last id that was given: new ones are greater. */
  lastId(root: number, id: StreamId): void {
    loadRootId(this.arena, root, LAST_ID, id);
  }

  firstId(root: number, id: StreamId): void {
    loadRootId(this.arena, root, FIRST_ID, id);
  }

  /** The largest id of an entry that XDEL has removed, or what XSETID says. */
  maxDeletedId(root: number, id: StreamId): void {
    loadRootId(this.arena, root, MAX_DELETED_ID, id);
  }

  setLastId(root: number, id: StreamId): void {
    storeRootId(this.arena, root, LAST_ID, id);
  }

  setMaxDeletedId(root: number, id: StreamId): void {
    storeRootId(this.arena, root, MAX_DELETED_ID, id);
  }

  /** How many entries were ever added, or what XSETID says; 0 … 2^63 - 1. */
  entriesAdded(root: number): bigint {
    return counterAt(this.arena, root, ENTRIES_ADDED);
  }

  setEntriesAdded(root: number, added: bigint): void {
    setCounterAt(this.arena, root, ENTRIES_ADDED, added);
  }

  /** The id of the first entry, deleted ones included that are still in a block; the largest one when there is none. */
  physicalFirstId(root: number, id: StreamId): void {
    id.setMax();
    if (!this.index.first(root, this.#place)) return;
    this.#cursor.open(this.#place.block);
    if (this.#cursor.next()) id.set(this.#cursor.id);
  }

  // ── For those who know Redis's nodes ────────────────────────────────────────────────────────

  /** Number of nodes that Redis would have. */
  nodes(root: number): number {
    const { arena, index } = this;
    let nodes = index.count(root);
    if (blockWord(arena, root, COLD) === 0) return nodes;
    const place = this.#place;
    for (let more = index.first(root, place); more; more = index.next(root, place)) {
      if (isCold(arena, place.block)) nodes += blockWord(arena, place.block, NODES) - 1;
    }
    return nodes;
  }
}
