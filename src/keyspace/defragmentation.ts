// Moves blocks out of sparsely used pages of the arena, so that these pages become free: what `activedefrag` does in
// the background. A cycle chooses the pages and then walks all tables once, in steps; each block in a chosen page is
// copied to another page, and the one reference to it is updated:
//
//   table segment ◀── directory ◀── root       entry ◀── slot, expiry heap
//   chunk of a heap ◀── directory ◀── root     root of a list ◀── entry     chunk ◀── its neighbours, root
//
// Between two steps commands run, which may change, move and delete everything. A long list is moved in steps of
// its own, after the walk (list-relocation.ts). Entries that a snapshot is saving are not moved.
import { CLASS_UNITS } from '../memory/size-classes.ts';
import { metaClass, metaOf } from '../structures/entry.ts';
import type { EntryMover } from '../structures/table-segment.ts';
import type { Collections, Relocation } from './collections.ts';
import type { Database } from './database.ts';
import type { ExpiryHeap } from './expiry-heap.ts';
import type { Keyspace } from './keyspace.ts';

/** Most bytes moved or examined in one step, which takes well under half a millisecond. */
const STEP_BYTES = 256 * 1024;
const STEP_ENTRIES = 512;
/** Chunks of an expiry heap per step; each has 48 KiB. */
const STEP_HEAP_CHUNKS = 5;
/** Most blocks of a collection per step; each has about 8 KiB. */
const STEP_PARTS = 32;

/** A long collection, whose blocks are moved after the walk. */
interface LongCollection {
  readonly database: Database;
  readonly key: Buffer;
}

/** Defragments a keyspace, a cycle at a time; see the head of this file. */
export class Defragmentation implements EntryMover {
  /** `active-defrag-max-scan-fields`: collections of more elements are long. */
  maxElements = 1000;
  /** Whether a cycle is under way. */
  isRunning = false;
  readonly #keyspace: Keyspace;
  /** Position of the walk: the database, and the position in its table, then in its expiry heap. */
  #database = 0;
  #position = 0;
  #isInHeap = false;
  #expiries: ExpiryHeap | undefined;
  #longOnes: LongCollection[] = [];
  /** The collection whose blocks are being moved. */
  #long: LongCollection | undefined;
  /** Bytes that this step may still move or examine. */
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
    this.#isInHeap = false;
    return this.isRunning;
  }

  /** Does one step; returns whether the cycle has more to do. */
  step(): boolean {
    if (!this.isRunning) return false;
    const { arena, databases, stats } = this.#keyspace;
    const before = arena.relocations;
    const scannedBefore = this.#scanned;
    this.#bytesLeft = STEP_BYTES;
    this.#entriesLeft = STEP_ENTRIES;
    if (this.#long !== undefined) this.#continueLong(this.#long);
    else if (this.#database < databases.length) this.#walk(databases[this.#database]);
    else this.#beginLong(this.#longOnes.pop());
    const moved = arena.relocations - before;
    const scanned = this.#scanned - scannedBefore + STEP_ENTRIES - this.#entriesLeft;
    stats.defragHits += moved;
    stats.defragMisses += Math.max(0, scanned - moved);
    return this.isRunning;
  }

  /** Ends a cycle, whether it is complete or not. */
  end(): void {
    this.#keyspace.arena.keepSparsePages();
    this.#longOnes = [];
    this.#long = undefined;
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
    if (entries.hasRoot(moved)) this.#moveCollection(moved);
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

  /** Moves a short collection; records a long one for later. */
  #moveCollection(ref: number): void {
    const { databases, entries } = this.#keyspace;
    const collections = entries.collectionsOf(ref);
    const root = entries.root(ref);
    if (collections.length(root) > this.maxElements || collections.parts(root) > STEP_PARTS) {
      const database = databases[this.#database];
      this.#longOnes.push({ database, key: entries.key(ref).copy() });
      return;
    }
    this.#beginCollection(ref, collections).step(STEP_PARTS);
    this.#bytesLeft -= collections.bytes(entries.root(ref));
  }

  /** Moves the root of an entry's value; its blocks are next. */
  #beginCollection(ref: number, { relocation }: Collections): Relocation {
    const { entries } = this.#keyspace;
    const root = entries.root(ref);
    const moved = relocation.begin(root);
    if (moved !== root) entries.setRoot(ref, moved);
    return relocation;
  }

  /** Number of blocks of collections examined so far. */
  get #scanned(): number {
    let total = 0;
    for (const collections of this.#keyspace.entries.collections) {
      if (collections !== undefined) total += collections.relocation.scanned;
    }
    return total;
  }

  // ── The cycle ───────────────────────────────────────────────────────────────────────────────

  #walk(database: Database): void {
    const { table, expiries } = database.parts;
    this.#expiries = expiries;
    if (!this.#isInHeap) {
      this.#position = table.relocate(this.#position, this);
      this.#isInHeap = this.#position === 0;
      return;
    }
    for (let i = 0; i < STEP_HEAP_CHUNKS; i++) {
      this.#position = expiries.relocate(this.#position);
      if (this.#position !== 0) continue;
      this.#isInHeap = false;
      this.#database++;
      return;
    }
  }

  /** Starts moving the blocks of a long collection, if it still exists; after the last collection the cycle ends. */
  #beginLong(long: LongCollection | undefined): void {
    if (long === undefined) {
      this.end();
      return;
    }
    const ref = this.#find(long);
    if (ref === 0) return;
    this.#beginCollection(ref, this.#keyspace.entries.collectionsOf(ref));
    this.#long = long;
  }

  #continueLong(long: LongCollection): void {
    const { entries } = this.#keyspace;
    const ref = this.#find(long);
    const relocation = ref === 0 ? undefined : entries.collectionsOf(ref).relocation;
    const isThere = relocation !== undefined && entries.root(ref) === relocation.root;
    if (!isThere || !relocation.step(STEP_PARTS)) this.#long = undefined;
  }

  /** The entry of a long collection, if it still has a root that may be moved; else 0. */
  #find({ database, key }: LongCollection): number {
    const { entries, snapshot } = this.#keyspace;
    const ref = database.find(key, 0, key.length);
    if (ref === 0 || !entries.hasRoot(ref)) return 0;
    return snapshot?.isSaving(ref) ? 0 : ref;
  }
}
