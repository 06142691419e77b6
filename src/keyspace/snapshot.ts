// A snapshot: the keyspace as it was at one moment, handed to a sink entry by entry, in slices, while
// commands go on changing it. Who is about to change an entry has it saved first (`preserve`), so each
// entry arrives as it was, once, in no order.
//
// Each entry bears an epoch. A snapshot begins by changing the epoch of the entries that are made from
// then on: an entry with another one is of the moment and not saved yet, and gets the new epoch when it
// is. A large value takes several steps; if its entry is about to change before the last one, the sink
// detaches it. Tables may therefore grow, shrink and merge as they like, and nothing is copied or set aside.
// Tables are what the snapshot goes by, not databases: SWAPDB exchanges those.
import type { Arena } from '../memory/arena.ts';
import type { BytesTable } from '../structures/bytes-table.ts';
import { epochBits, hasEpoch, setEpoch } from '../structures/entry.ts';
import { FULL_SEGMENT_BYTES, slotsIn } from '../structures/table-segment.ts';
import type { DatabaseParts, DetachedKeys } from './database-parts.ts';
import type { Entries } from './entries.ts';

/** Entries saved together, between two looks at the clock. */
const BATCH = 32;
/** Entries that one step of a scan may find beyond those asked for. */
const MAX_EXCESS = slotsIn(FULL_SEGMENT_BYTES);
/** SnapshotEpochs that there are. */
const EPOCHS = 256;

/** A database as it was when the snapshot began. */
export type SnapshotSource = Omit<DatabaseParts, 'expiries'>;

/** What a snapshot is taken of: a keyspace. */
export interface SnapshotHost {
  readonly arena: Arena;
  readonly entries: Entries;
  readonly databases: readonly { readonly parts: DatabaseParts }[];
  readonly epochs: SnapshotEpochs;
  /** The snapshot that is being taken. */
  snapshot: Snapshot | undefined;
  /** Queues memory to be given back. */
  giveBack(emptied: DetachedKeys): void;
}

/** Takes the entries of a snapshot. */
export interface SnapshotSink {
  /** Whether not all of the entries that it was given is saved: `step` goes on with that. */
  readonly isBusy: boolean;
  /** An entry of a database, busy or not: it changes afterwards. */
  entry(source: SnapshotSource, ref: number): void;
  /**
   * Several of a database, when it is not busy: those of `refs` from index `from` to `count`.
   * @returns index of the first that it has not begun; when it is busy then, it is with the one before
   */
  entries(source: SnapshotSource, refs: Int32Array, from: number, count: number): number;
  /** The last one of `entries`, with which it is still busy, is about to change. */
  detach(): void;
  /** Saves some more; returns whether it is still busy. */
  step(): boolean;
}

/** A snapshot that is being taken; see the head of this file. */
export class Snapshot {
  /** Keys that there were when it began. */
  readonly keys: number;
  /** Keys that the sink has. */
  saved = 0;

  readonly #keyspace: SnapshotHost;
  readonly #sink: SnapshotSink;
  readonly #sources = new Map<BytesTable, SnapshotSource>();
  /** Sources that are not walked to their end; the first is being walked. */
  readonly #left: SnapshotSource[] = [];
  #cursor = 0;
  /** Whether the scan of the source has found its last entries. */
  #isScanned = false;
  /** What was emptied meanwhile and is still needed. */
  readonly #kept = new Map<BytesTable, DetachedKeys>();
  #failure: unknown;
  /** What the scan has found and is to be saved, `#next` to `#count`; only until others run. */
  readonly #refs = new Int32Array(BATCH + MAX_EXCESS);
  #count = 0;
  #next = 0;
  /** Where the scan found them. */
  #batchCursor = 0;
  /** The entry with which the sink is busy; it has its epoch already. 0: none, or it is detached. */
  #unfinished = 0;
  readonly #visit = (ref: number): void => {
    this.#refs[this.#count++] = ref;
  };

  /** Begins. @throws Error when another one is being taken */
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
   * Saves an entry that is about to change, unless it is saved or newer than the snapshot. A failure
   * is the snapshot's, not of who wants to change the entry: it comes out of `work`.
   */
  preserve(table: BytesTable, ref: number): void {
    const source = this.#sources.get(table);
    if (source === undefined || this.#failure !== undefined) return;
    const { entries } = this.#keyspace;
    // Who is about to change the entry may be looking at others.
    entries.exchangeViews();
    try {
      this.#save(source, ref);
    } catch (error) {
      this.#failure = error;
    } finally {
      entries.exchangeViews();
    }
  }

  /** Whether an entry is being saved, so that neither it nor what belongs to it may be moved. */
  isSaving(ref: number): boolean {
    return ref === this.#unfinished;
  }

  /** Keeps what was in an emptied database for as long as it is needed; false when it is not. */
  keep(emptied: DetachedKeys): boolean {
    const { table } = emptied;
    if (table === undefined || !this.#left.some((source) => source.table === table)) return false;
    this.#kept.set(table, emptied);
    return true;
  }

  /**
   * Goes on until the deadline (by performance.now()).
   * @returns whether there is more to do
   * @throws what the sink threw; the snapshot is to be aborted then
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

  /** Ends it before its time. */
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

  /** Has the scan find more entries, and leaves out those that are saved. */
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

  /** Others run: entries that were found may be gone then. Has the scan find again what is not saved. */
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
 * Chooses epochs: each snapshot's is one that no entry has. A snapshot that was completed has given
 * all entries its own, so only many aborted ones in a row use the epochs up.
 */
export class SnapshotEpochs {
  readonly #keyspace: SnapshotHost;
  #epoch = 0;
  /** SnapshotEpochs that entries may have, the present one included. */
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

  /** Notes that all entries have the present epoch. */
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
