// Collections whose records (structures/records.ts) are in a hash table of their own: large sets, hashes and sorted sets. All of
// a collection lies in the arena, and a root (structures/record-root.ts) names it:
//
//   root ─▶ bytes table ─▶ record, record, …
//     └───▶ partner: what a type keeps beside the table (a ranked tree, a heap of expiries)
//
// Types that have a partner extend the class. Everything is done in bounded steps, or costs only what it changes;
// copying alone takes as long as the collection is large.

import type { Arena } from '../memory/arena.ts';
import type { Request } from '../protocol/request.ts';
import type { BytesTable } from '../structures/bytes-table.ts';
import type { BytesTables } from '../structures/bytes-tables.ts';
import { prefetchEntries, setEpoch } from '../structures/entry.ts';
import {
  addRecordBytes,
  endWalk,
  freeRoot,
  isWalked,
  newRoot,
  PARTNER,
  ROOT_BYTES,
  recordBytes,
  rootWord,
  setRootWord,
  startWalk,
  TABLE,
} from '../structures/record-root.ts';
import { type RecordVisitor, RecordWalk } from '../structures/record-walk.ts';
import { Records } from '../structures/records.ts';
import type { EntryVisitor } from '../structures/table-segment.ts';
import type { Collections, MemberTable } from './collections.ts';
import { RecordRelocation, type RelocationOwner } from './record-relocation.ts';

/** Records of this many are as much work as a block of other collections. */
export const RECORDS_PER_PART = 32;

/** See the head of this file. */
export class RecordTables implements Collections, MemberTable, RelocationOwner {
  readonly records: Records;
  readonly relocation: RecordRelocation;
  protected readonly arena: Arena;
  protected readonly tables: BytesTables;
  /** The table that was used last, by which it is often used again. */
  readonly #view: BytesTable;
  readonly #walks = new Map<number, RecordWalk>();
  readonly #free = (ref: number): void => this.records.free(ref);

  constructor(arena: Arena, tables: BytesTables) {
    this.arena = arena;
    this.tables = tables;
    this.records = new Records(arena);
    this.relocation = new RecordRelocation(arena, this, tables.view());
    this.#view = tables.view();
  }

  /** Makes an empty collection; returns its root. @throws ArenaFullError */
  create(): number {
    const table = this.tables.create();
    try {
      return newRoot(this.arena, table);
    } catch (error) {
      this.tables.freeStep(table, this.#free);
      throw error;
    }
  }

  /** Number of records. */
  length(root: number): number {
    return this.tables.length(rootWord(this.arena, root, TABLE));
  }

  bytes(root: number): number {
    const table = rootWord(this.arena, root, TABLE);
    const frame = ROOT_BYTES + this.tables.overheadBytes(table);
    return frame + recordBytes(this.arena, root) + this.partnerBytes(root);
  }

  parts(root: number): number {
    const table = rootWord(this.arena, root, TABLE);
    const records = this.tables.length(table) / RECORDS_PER_PART;
    return this.tables.parts(table) + Math.ceil(records) + this.partnerParts(root);
  }

  // ── Records ─────────────────────────────────────────────────────────────────────────────────

  /**
   * Looks a record up by its member or field, and remembers the place for `insert`, `replace` or `remove`.
   * @returns its reference, or 0
   */
  find(root: number, bytes: Uint8Array, offset: number, length: number): number {
    return this.open(root).find(bytes, offset, length);
  }

  /** As `find`, of argument i of a request, which may have kept its hash. */
  findArgument(root: number, request: Request, i: number): number {
    const { buffer, offsets, lengths } = request;
    const table = this.open(root);
    if (i !== request.memberAt) return table.find(buffer, offsets[i], lengths[i]);
    return table.findHashed(request.memberHash, buffer, offsets[i], lengths[i]);
  }

  /** As `find`, for a caller that has the hash already, as a scan of another table tells it. */
  findHashed(
    root: number,
    hash: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): number {
    return this.open(root).findHashed(hash, bytes, offset, length);
  }

  /** The table of members for those who prefetch; of a command on one member, that stands last. */
  get members(): MemberTable {
    return this;
  }

  argumentOf(count: number): number {
    return count - 1;
  }

  prefetch(root: number, hashes: Int32Array, refs: Int32Array, count: number): number {
    const sum = this.open(root).prefetchSlots(hashes, refs, count);
    return sum ^ prefetchEntries(this.arena, refs, count);
  }

  /** Makes room for a record that the last `find` did not find, so that `insert` cannot fail. @throws ArenaFullError */
  reserve(root: number): void {
    this.open(root).reserve();
  }

  /** Gives an empty collection room for so many records. @throws ArenaFullError */
  presize(root: number, count: number): void {
    this.open(root).presize(count);
  }

  /** Adds a record that the last `find` did not find. @throws ArenaFullError unless there is room (`reserve`) */
  insert(root: number, ref: number): void {
    this.open(root).insert(ref);
    addRecordBytes(this.arena, root, this.records.bytes(ref));
    if (isWalked(this.arena, root)) this.#walkOf(root).mark(ref);
  }

  /** Puts a record in the place of the one that the last `find` found, and frees that. */
  replace(root: number, old: number, fresh: number): void {
    const walked = isWalked(this.arena, root);
    if (walked) this.#walkOf(root).visitOnce(old);
    this.open(root).replace(fresh);
    addRecordBytes(this.arena, root, this.records.bytes(fresh) - this.records.bytes(old));
    this.records.free(old);
    if (walked) this.#walkOf(root).mark(fresh);
  }

  /** Removes the record that the last `find` found, and frees it. */
  remove(root: number, ref: number): void {
    if (isWalked(this.arena, root)) this.#walkOf(root).visitOnce(ref);
    this.open(root).remove();
    addRecordBytes(this.arena, root, -this.records.bytes(ref));
    this.records.free(ref);
  }

  /** To be called before a record is changed in place. Its bytes must stay as many as they are. */
  changing(root: number, ref: number): void {
    if (isWalked(this.arena, root)) this.#walkOf(root).visitOnce(ref);
  }

  /** One step of an iteration, as BytesTable.scan. */
  scan(root: number, cursor: number, count: number, visit: EntryVisitor): number {
    return this.open(root).scan(cursor, count, visit);
  }

  /** Visits all records; meanwhile no other collection of the type is used but by views of their own (`viewOf`). */
  visitAll(root: number, visit: EntryVisitor): void {
    this.open(root).scan(0, Number.POSITIVE_INFINITY, visit);
  }

  /** A record drawn at random, nearly evenly. */
  random(root: number): number {
    return this.open(root).random();
  }

  /** A view for reading a collection while others are used; it is valid until this one changes. */
  viewOf(root: number): BytesTable {
    const view = this.tables.view();
    view.point(rootWord(this.arena, root, TABLE));
    return view;
  }

  // ── The whole ───────────────────────────────────────────────────────────────────────────────

  copy(root: number): number {
    const copy = this.create();
    try {
      const source = this.viewOf(root);
      const target = this.tables.view();
      target.point(rootWord(this.arena, copy, TABLE));
      target.presize(source.size);
      source.scan(0, Number.POSITIVE_INFINITY, (ref, hash) => this.#addCopy(target, ref, hash));
      addRecordBytes(this.arena, copy, recordBytes(this.arena, root));
      this.copyPartner(root, copy);
    } catch (error) {
      while (!this.freeStep(copy));
      throw error;
    }
    return copy;
  }

  #addCopy(target: BytesTable, ref: number, hash: number): void {
    const fresh = this.records.copy(ref);
    setEpoch(this.arena, fresh, 0);
    try {
      target.add(hash, fresh);
    } catch (error) {
      this.records.free(fresh);
      throw error;
    }
  }

  freeStep(root: number): boolean {
    this.#view.point(0);
    if (this.relocation.root === root) this.relocation.stop();
    if (isWalked(this.arena, root)) {
      this.#walkOf(root).isOrphan = true;
      return true;
    }
    if (rootWord(this.arena, root, PARTNER) !== 0) {
      if (!this.freePartnerStep(root)) return false;
      setRootWord(this.arena, root, PARTNER, 0);
    }
    if (!this.tables.freeStep(rootWord(this.arena, root, TABLE), this.#free)) return false;
    freeRoot(this.arena, root);
    return true;
  }

  // ── Walks ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Begins to visit all records as they are now, while the collection goes on to change (structures/record-walk.ts).
   * @returns undefined if it is being walked already
   */
  startWalk(root: number, visit: RecordVisitor): RecordWalk | undefined {
    if (isWalked(this.arena, root)) return undefined;
    if (startWalk(this.arena, root)) this.visitAll(root, (ref) => setEpoch(this.arena, ref, 0));
    const walk = new RecordWalk(this.arena, root, this.tables.view(), visit);
    this.#walks.set(root, walk);
    return walk;
  }

  /**
   * Ends a walk.
   * @param isComplete whether it has visited all records
   * @returns whether the collection was freed meanwhile, and the caller is to free it now (`freeStep`)
   */
  endWalk({ root, isOrphan }: RecordWalk, isComplete: boolean): boolean {
    this.#walks.delete(root);
    endWalk(this.arena, root, isComplete);
    return isOrphan;
  }

  #walkOf(root: number): RecordWalk {
    const walk = this.#walks.get(root);
    if (walk === undefined) throw new Error('a collection is walked by nobody');
    return walk;
  }

  /** Whether a collection must stay where it is. */
  isPinned(root: number): boolean {
    return isWalked(this.arena, root);
  }

  // ── For the partner ─────────────────────────────────────────────────────────────────────────

  /** Bytes of the partner. */
  protected partnerBytes(_root: number): number {
    return 0;
  }

  /** Number of the partner's blocks. */
  protected partnerParts(_root: number): number {
    return 0;
  }

  /**
   * Gives a copied collection its partner; the records are copied. @throws ArenaFullError; what there is of the copied
   * partner must be freed by `freePartnerStep` then
   */
  protected copyPartner(_from: number, _to: number): void {}

  /** Frees a part of the partner, which is there, in well under a millisecond; returns whether all is freed. */
  protected freePartnerStep(_root: number): boolean {
    return true;
  }

  /** A record has moved to another block. Called by the relocation. */
  recordMoved(_root: number, _old: number, _fresh: number): void {}

  /**
   * Moves blocks of the partner out of pages that are being emptied, about `count` of them. Called by the relocation,
   * once the records are moved.
   * @param position 0 to begin, then what the last call returned
   * @returns where to go on; 0 after the last
   */
  relocatePartner(_root: number, _position: number, _count: number): number {
    return 0;
  }

  /** The table of a collection; valid until the next call for another one. */
  protected open(root: number): BytesTable {
    const table = rootWord(this.arena, root, TABLE);
    const view = this.#view;
    if (view.root !== table) view.point(table);
    return view;
  }

  /** Forgets the table used last, which another view has changed. */
  forgetTable(): void {
    this.#view.point(0);
  }
}
