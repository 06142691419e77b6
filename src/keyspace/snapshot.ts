// A snapshot: the keyspace as it was at one moment, handed to a sink entry by entry, in slices, while
// commands go on changing it. An entry is saved before it changes (`preserve`), so each entry arrives once, as it
// was at that moment, in no particular order.
//
// Each entry has a snapshot epoch. A snapshot begins by changing the epoch of new entries: an entry with another
// epoch existed at that moment and is not saved yet; it gets the new epoch when it is saved. A large value takes
// several steps; if its entry is about to change before the last step, the sink detaches it. Tables may therefore
// grow, shrink and merge freely, and nothing is copied in advance. A snapshot walks tables, not databases, as SWAPDB
// exchanges the tables of databases.
import type { Arena } from '../memory/arena.ts';
import type { BytesTable } from '../structures/bytes-table.ts';
import { epochBits, hasEpoch, setEpoch } from '../structures/entry.ts';
import { FULL_SEGMENT_BYTES, slotsIn } from '../structures/table-segment.ts';
import type { DatabaseParts, DetachedKeys } from './database-parts.ts';
import type { Entries } from './entries.ts';

/** Entries saved together, between two readings of the clock. */
const BATCH = 32;
/** Entries that one step of a scan may find in addition to those asked for. */
const MAX_EXCESS = slotsIn(FULL_SEGMENT_BYTES);
/** Number of different epochs. */
const EPOCHS = 256;

/** A database as it was when the snapshot began. */
export type SnapshotSource = Omit<DatabaseParts, 'expiries'>;

/** The keyspace of a snapshot. */
export interface SnapshotHost {
  readonly arena: Arena;
  readonly entries: Entries;
  readonly databases: readonly { readonly parts: DatabaseParts }[];
  readonly epochs: SnapshotEpochs;
  /** The snapshot in progress. */
  snapshot: Snapshot | undefined;
  /** Queues memory to be given back. */
  giveBack(emptied: DetachedKeys): void;
}

/** Receives the entries of a snapshot. */
export interface SnapshotSink {
  /** Whether an entry that it was given is not completely saved: `step` continues with it. */
  readonly isBusy: boolean;
  /** Receives one entry of a database, which may change afterwards. May be called while busy. */
  entry(source: SnapshotSource, ref: number): void;
  /**
   * Receives entries of a database, when not busy: `refs` from index `from` to `count`.
   * @returns index of the first entry that it has not begun; if it is busy then, with the entry before that
   */
  entries(source: SnapshotSource, refs: Int32Array, from: number, count: number): number;
  /** The entry with which it is still busy is about to change. */
  detach(): void;
  /** Saves some more; returns whether it is still busy. */
  step(): boolean;
}

/** A snapshot in progress; see the head of this file. */
export class Snapshot {
  /** Number of keys when it began. */
  readonly keys: number;
  /** Number of keys handed to the sink. */
  saved = 0;

  readonly #keyspace: SnapshotHost;
  readonly #sink: SnapshotSink;
  readonly #sources = new Map<BytesTable, SnapshotSource>();
  /** Sources that are not completely walked; the first is being walked. */
  readonly #left: SnapshotSource[] = [];
  #cursor = 0;
  /** Whether the scan of the source has found its last entries. */
  #isScanned = false;
  /** Contents of databases that were emptied meanwhile and are still needed. */
  readonly #kept = new Map<BytesTable, DetachedKeys>();
  #failure: unknown;
  /** Entries found by the scan and not saved yet, from `#next` to `#count`; valid until other code runs. */
  readonly #refs = new Int32Array(BATCH + MAX_EXCESS);
  #count = 0;
  #next = 0;
  /** Cursor of the scan step that found them. */
  #batchCursor = 0;
  /** The entry with which the sink is busy; its epoch is set already. 0: none, or it is detached. */
  #unfinished = 0;
  readonly #visit = (ref: number): void => {
    this.#refs[this.#count++] = ref;
  };

  /** @throws Error when another snapshot is in progress */
  constructor(keyspace: SnapshotHost, sink: SnapshotSink) {
    if (keyspace.snapshot !== undefined) throw new Error('a snapshot is being taken already');
    this.#keyspace = keyspace;
    this.#sink = sink;
    let keys = 0;
    for (const { parts: source } of keyspace.databases) {
      this.#sources.set(source.table, source);
      this.#left.push(source);
      keys += source.size;
    }
    this.keys = keys;
    keyspace.epochs.begin();
    keyspace.snapshot = this;
  }

  /**
   * Saves an entry that is about to change, unless it is saved already or newer than the snapshot. An error makes
   * the snapshot fail, not the command: `work` throws it.
   */
  preserve(table: BytesTable, ref: number): void {
    const source = this.#sources.get(table);
    if (source === undefined || this.#failure !== undefined) return;
    const { entries } = this.#keyspace;
    // The caller may be using the shared views.
    entries.exchangeViews();
    try {
      this.#save(source, ref);
    } catch (error) {
      this.#failure = error;
    } finally {
      entries.exchangeViews();
    }
  }

  /** Whether an entry is being saved, so that neither it nor its blocks may be moved. */
  isSaving(ref: number): boolean {
    return ref === this.#unfinished;
  }

  /** Keeps the contents of an emptied database while the snapshot needs them; false when it does not. */
  keep(emptied: DetachedKeys): boolean {
    const { table } = emptied;
    if (table === undefined || !this.#left.some((source) => source.table === table)) return false;
    this.#kept.set(table, emptied);
    return true;
  }

  /**
   * Works until the deadline (by performance.now()).
   * @returns whether there is more to do
   * @throws the sink's error; the caller must then abort the snapshot
   */
  work(deadline: number): boolean {
    while (this.#left.length > 0) {
      if (this.#failure !== undefined) throw this.#failure;
      const [source] = this.#left;
      if (!this.#sink.isBusy) this.#saveSome(source);
      else if (!this.#sink.step()) this.#unfinished = 0;
      if (this.#isScanned && this.#next === this.#count && !this.#sink.isBusy) {
        this.#endSource(source);
      }
      if (this.#left.length > 0 && performance.now() >= deadline) {
        this.#forgetFound();
        return true;
      }
    }
    if (this.#failure !== undefined) throw this.#failure;
    this.#end();
    this.#keyspace.epochs.complete();
    return false;
  }

  /** Ends the snapshot early. */
  abort(): void {
    for (const source of [...this.#left]) this.#endSource(source);
    this.#end();
  }

  #save(source: SnapshotSource, ref: number): void {
    const { arena, entries } = this.#keyspace;
    if (ref === this.#unfinished) {
      this.#unfinished = 0;
      this.#sink.detach();
      return;
    }
    if (hasEpoch(arena, ref, entries.epoch)) return;
    this.#sink.entry(source, ref);
    setEpoch(arena, ref, entries.epoch);
    this.saved++;
  }

  /** Saves entries that the scan has found, or finds now. */
  #saveSome(source: SnapshotSource): void {
    const { arena, entries } = this.#keyspace;
    const refs = this.#refs;
    if (this.#next === this.#count) this.#find(source);
    const first = this.#next;
    if (first === this.#count) return;
    this.#next = this.#sink.entries(source, refs, first, this.#count);
    for (let i = first; i < this.#next; i++) setEpoch(arena, refs[i], entries.epoch);
    this.saved += this.#next - first;
    if (this.#sink.isBusy) this.#unfinished = refs[this.#next - 1];
  }

  /** Scans for more entries, and leaves out those that are saved. */
  #find(source: SnapshotSource): void {
    const { arena, entries } = this.#keyspace;
    const refs = this.#refs;
    this.#batchCursor = this.#cursor;
    this.#count = 0;
    this.#cursor = source.table.scan(this.#cursor, BATCH, this.#visit);
    this.#isScanned = this.#cursor === 0;
    let count = 0;
    for (let i = 0; i < this.#count; i++) {
      if (!hasEpoch(arena, refs[i], entries.epoch)) refs[count++] = refs[i];
    }
    this.#count = count;
    this.#next = 0;
  }

  /**
   * Called before other code runs, which may remove entries that were found: resets the scan to find unsaved ones
   * again.
   */
  #forgetFound(): void {
    if (this.#next === this.#count) return;
    this.#count = 0;
    this.#next = 0;
    this.#cursor = this.#batchCursor;
    this.#isScanned = false;
  }

  #endSource(source: SnapshotSource): void {
    this.#left.splice(this.#left.indexOf(source), 1);
    this.#isScanned = false;
    const kept = this.#kept.get(source.table);
    if (kept !== undefined) this.#keyspace.giveBack(kept);
    this.#kept.delete(source.table);
  }

  #end(): void {
    if (this.#keyspace.snapshot === this) this.#keyspace.snapshot = undefined;
  }
}

/**
 * Chooses an epoch for each snapshot that no entry has. A completed snapshot has given all entries its own, so only
 * many aborted snapshots in a row use up the epochs.
 */
export class SnapshotEpochs {
  readonly #keyspace: SnapshotHost;
  #epoch = 0;
  /** Number of epochs that entries may have, the current one included. */
  #inUse = 1;

  constructor(keyspace: SnapshotHost) {
    this.#keyspace = keyspace;
  }

  /** Changes the epoch of new entries to one that no entry has. */
  begin(): void {
    if (this.#inUse === EPOCHS) this.#renewAll();
    this.#inUse++;
    this.#epoch = (this.#epoch + 1) % EPOCHS;
    this.#keyspace.entries.epoch = epochBits(this.#epoch);
  }

  /** Records that all entries have the current epoch. */
  complete(): void {
    this.#inUse = 1;
  }

  #renewAll(): void {
    const { databases, arena, entries } = this.#keyspace;
    for (const { parts: source } of databases) {
      source.table.scan(0, Number.POSITIVE_INFINITY, (ref) => setEpoch(arena, ref, entries.epoch));
    }
    this.complete();
  }
}
