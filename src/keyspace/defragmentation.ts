// Moves blocks out of pages of the arena that hold few of them, so that these become free: what `activedefrag`
// does in the background. A cycle chooses the pages and then walks through all tables, once, in steps; each block
// in such a page is copied into another one, and the one reference to it is changed:
//
//   table segment ◀── directory          entry ◀── slot, expiry heap
//   root of a list ◀── entry             chunk ◀── its neighbours, root
//
// Between two steps commands run, which may change, move and delete everything. A long list is moved in steps of
// its own, after the walk (list-relocation.ts). What a snapshot is saving stays where it is.
import { CLASS_UNITS } from '../memory/size-classes.ts';
import { metaClass, metaOf } from '../structures/entry.ts';
import type { EntryMover } from '../structures/table-segment.ts';
import type { Database } from './database.ts';
import type { ExpiryHeap } from './expiry-heap.ts';
import type { Keyspace } from './keyspace.ts';

/** Moved or looked at in one step, at most; takes well under half a millisecond. */
const STEP_BYTES = 256 * 1024;
const STEP_ENTRIES = 512;
/** Chunks of a list in one step, at most: of 8 KiB each. */
const STEP_CHUNKS = 32;

/** A long list, whose chunks are moved later. */
interface LongList {
  readonly database: Database;
  readonly key: Buffer;
}

/** Defragments a keyspace, a cycle at a time; see the head of this file. */
export class Defragmentation implements EntryMover {
  /** `active-defrag-max-scan-fields`: lists of more elements are long. */
  maxElements = 1000;
  /** Whether a cycle is under way. */
  isRunning = false;
  readonly #keyspace: Keyspace;
  /** Where the walk is: which database, where in its table. */
  #database = 0;
  #position = 0;
  #expiries: ExpiryHeap | undefined;
  #longLists: LongList[] = [];
  /** The one whose chunks are being moved. */
  #list: LongList | undefined;
  /** What this step may still do. */
  #bytesLeft = 0;
  #entriesLeft = 0;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  /** Begins a cycle; returns whether there is anything to move. */
  begin(): boolean {
    const { arena } = this.#keyspace;
    let pages = 0;
    for (let sizeClass = 0; sizeClass < CLASS_UNITS.length; sizeClass++) {
      pages += arena.chooseSparsePages(sizeClass);
    }
    this.isRunning = pages > 0;
    this.#database = 0;
    this.#position = 0;
    return this.isRunning;
  }

  /** Goes on a little; returns whether the cycle goes on after that. */
  step(): boolean {
    if (!this.isRunning) return false;
    const { arena, databases, entries, stats } = this.#keyspace;
    const { relocation } = entries.lists;
    const before = arena.relocations;
    const scannedBefore = relocation.scanned;
    this.#bytesLeft = STEP_BYTES;
    this.#entriesLeft = STEP_ENTRIES;
    if (this.#list !== undefined) this.#continueList(this.#list);
    else if (this.#database < databases.length) this.#walk(databases[this.#database]);
    else this.#beginList(this.#longLists.pop());
    const moved = arena.relocations - before;
    const scanned = relocation.scanned - scannedBefore + STEP_ENTRIES - this.#entriesLeft;
    stats.defragHits += moved;
    stats.defragMisses += Math.max(0, scanned - moved);
    return this.isRunning;
  }

  /** Ends a cycle, done or not. */
  end(): void {
    this.#keyspace.arena.keepSparsePages();
    this.#longLists = [];
    this.#list = undefined;
    this.isRunning = false;
  }

  // ── For tables ──────────────────────────────────────────────────────────────────────────────

  get isDone(): boolean {
    return this.#bytesLeft <= 0 || this.#entriesLeft <= 0;
  }

  move(ref: number): number {
    const { arena, entries, snapshot, stats } = this.#keyspace;
    this.#entriesLeft--;
    if (snapshot?.isSaving(ref)) return ref;
    const before = arena.relocations;
    const moved = this.#moveEntry(ref);
    if (entries.hasOutside(moved)) this.#moveList(moved);
    if (arena.relocations > before) stats.defragKeyHits++;
    else stats.defragKeyMisses++;
    return moved;
  }

  #moveEntry(ref: number): number {
    const { arena, entries } = this.#keyspace;
    if (!arena.isSparse(ref)) return ref;
    const sizeClass = metaClass(metaOf(arena, ref));
    const moved = arena.relocate(ref, sizeClass);
    this.#bytesLeft -= arena.blockBytes(sizeClass);
    if (moved !== ref && entries.expires(moved)) {
      this.#expiries?.relocated(entries.heapPosition(moved), moved);
    }
    return moved;
  }

  /** Moves a list that is not long; notes one that is. */
  #moveList(ref: number): void {
    const { databases, entries } = this.#keyspace;
    const { lists } = entries;
    const root = entries.outside(ref);
    if (lists.length(root) > this.maxElements || lists.chunks(root) > STEP_CHUNKS) {
      const database = databases[this.#database];
      this.#longLists.push({ database, key: entries.key(ref).copy() });
      return;
    }
    const moved = lists.relocation.begin(root);
    if (moved !== root) entries.setOutside(ref, moved);
    lists.relocation.step(STEP_CHUNKS);
    this.#bytesLeft -= entries.lists.bytes(moved);
  }

  // ── The cycle ───────────────────────────────────────────────────────────────────────────────

  #walk(database: Database): void {
    const { table, expiries } = database.parts;
    this.#expiries = expiries;
    this.#position = table.relocate(this.#position, this);
    if (this.#position === 0) this.#database++;
  }

  /** Begins to move the chunks of a long list, if it is there still; after the last one the cycle ends. */
  #beginList(list: LongList | undefined): void {
    if (list === undefined) {
      this.end();
      return;
    }
    const { entries } = this.#keyspace;
    const ref = this.#findList(list);
    if (ref === 0) return;
    const root = entries.outside(ref);
    const moved = entries.lists.relocation.begin(root);
    if (moved !== root) entries.setOutside(ref, moved);
    this.#list = list;
  }

  #continueList(list: LongList): void {
    const { entries } = this.#keyspace;
    const { relocation } = entries.lists;
    const ref = this.#findList(list);
    const isThere = ref !== 0 && entries.outside(ref) === relocation.root;
    if (!isThere || !relocation.step(STEP_CHUNKS)) this.#list = undefined;
  }

  /** The entry of a list in chunks that may be moved, or 0. */
  #findList({ database, key }: LongList): number {
    const { entries, snapshot } = this.#keyspace;
    const ref = database.find(key, 0, key.length);
    if (ref === 0 || !entries.hasOutside(ref)) return 0;
    return snapshot?.isSaving(ref) ? 0 : ref;
  }
}
