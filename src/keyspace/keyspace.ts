// All databases and what they share: the arena, the clock, statistics, watched keys, and the
// background work that is done in slices (deleting expired keys, freeing memory).

import { Arena } from '../memory/arena.ts';
import type { Request } from '../protocol/request.ts';
import { BytesTables } from '../structures/bytes-tables.ts';
import type { ByteView } from '../structures/entry.ts';
import { type HashSeed, randomSeed } from '../structures/hash.ts';
import { type AccessSettings, lfuInitialWord, lfuTouched, lruWord } from './access-clock.ts';
import { Database } from './database.ts';
import type { DatabaseHost, EntryRemoval, KeyLookup } from './database-host.ts';
import type { DetachedKeys } from './database-parts.ts';
import { Entries } from './entries.ts';
import { EVENT_EVICTED, EVENT_EXPIRED, EVENT_NEW, KeyEvents } from './key-events.ts';
import { KEY_CREATED } from './key-signals.ts';
import { type KeyspaceStats, noStats } from './keyspace-stats.ts';
import { expireParts, notifyEntriesRemoved, notifyExpiredFields } from './part-expiry.ts';
import { RepeatedKey } from './repeated-key.ts';
import { type Snapshot, SnapshotEpochs, type SnapshotHost } from './snapshot.ts';
import { TypeTable } from './type-table.ts';
import type { ValueType } from './value-type.ts';
import { type Waiter, WaitList } from './waits.ts';
import { type Watcher, WatchList } from './watch.ts';

/** Expired keys deleted between two readings of the clock. */
const EXPIRY_BATCH = 16;

/** Is notified of every key that changes, and of emptied databases. */
export interface KeyObserver {
  /**
   * A key was modified, expired or was evicted. The database is not specified.
   * @param byClient whether a client asked for the change
   */
  keyChanged(bytes: Uint8Array, offset: number, length: number, byClient: boolean): void;
  /** One database was emptied, or all. */
  flushed(): void;
}

/** More large values than this do not wait to be freed for long. */
const MANY_RELEASED = 8;

/** Is notified of keys, and parts of values, that were deleted without a client's request. */
export interface RemovalObserver {
  /** A key expired or was evicted; the bytes of `key` are valid during the call only. */
  keyRemoved(database: KeyLookup, key: Buffer): void;
  /** Fields of a hash expired. */
  fieldsRemoved(database: KeyLookup, key: Buffer, fields: readonly Buffer[]): void;
  /** Entries of a stream were removed. */
  entriesRemoved(database: KeyLookup, removal: EntryRemoval): void;
}

/** The databases of a server; see the head of this file. */
export class Keyspace implements DatabaseHost, SnapshotHost {
  readonly types: TypeTable;
  readonly arena = new Arena();
  readonly entries: Entries;
  readonly seed: HashSeed = randomSeed();
  /** The hash tables of databases, and of values that have their own. */
  readonly tables = new BytesTables(this.arena, this.seed);
  readonly repeated = new RepeatedKey();
  readonly databases: Database[] = [];
  readonly watches = new WatchList();
  readonly waits = new WaitList();
  readonly events = new KeyEvents();
  readonly stats: KeyspaceStats = noStats();
  readonly access: AccessSettings = { frequency: false, logFactor: 10, decayMinutes: 1 };

  /** The time that commands see, in ms since the epoch: set once a tick by `tick`. */
  nowMs = 0;
  /**
   * Keys with an expiry up to this time have expired: `nowMs`, or -Infinity while a log is replayed, as the log
   * contains the deletions.
   */
  dueMs = 0;
  /** Number of changes since the start, as Redis counts them: without expiry and eviction. */
  dirty = 0;
  /** The access clock of a key that is created now. */
  freshWord = 0;
  /** Whether expired keys are hidden but not deleted (while writes are paused). */
  expiryPaused = false;
  /** Whether some keys cannot be found yet (KeyFiller): nothing expires or is evicted meanwhile. */
  isLoading = false;
  /** Whether changed keys must be reported: to watchers, or the observer. */
  observed = false;
  /** The signals that a waiter or an observer needs, as bits of key-signals.ts; mostly 0. */
  noticed = 0;
  /** Whether reads leave the access clock alone (CLIENT NO-TOUCH). */
  suspendTouch = false;

  /** What `usedBytes` was while all databases were empty. */
  readonly initialBytes: number;

  readonly epochs = new SnapshotEpochs(this);
  /** The snapshot in progress: entries must be preserved in it before they change. */
  snapshot: Snapshot | undefined;

  /** Contents of emptied databases, freed in slices. */
  readonly #detached: DetachedKeys[] = [];
  /** Memory of large deleted values, freed in steps (OverflowBlocks.onRelease). */
  readonly #released: (() => boolean)[] = [];
  #observer: KeyObserver | undefined;
  readonly #removalObservers: RemovalObserver[] = [];
  /** Database at which the next active expiry cycle begins. */
  #nextExpiryIndex = 0;

  /** Called when `reclaim` has memory to free, a slice at a time. */
  onReclaimable: () => void = () => {};

  /** @param types the types of values that it can hold (types/index.ts) */
  constructor(types: readonly ValueType[], databaseCount: number) {
    this.types = new TypeTable(types);
    this.entries = new Entries(this.arena, this.types.collectionsIn(this.arena, this.tables, this));
    this.entries.onLargeValue = (step) => {
      this.giveBack({ keys: 1, free: () => !step() });
    };
    this.arena.overflow.onRelease = (step) => this.releaseInSteps(step);
    for (let i = 0; i < databaseCount; i++) this.databases.push(new Database(this, i));
    this.initialBytes = this.usedBytes;
    this.tick(Date.now());
  }

  /** Sets the time. */
  tick(nowMs: number): void {
    if (nowMs === this.nowMs) return;
    this.nowMs = nowMs;
    this.dueMs = nowMs;
    this.refreshAccessWord();
  }

  /** Sets `freshWord` to the present time and access mode. */
  refreshAccessWord(): void {
    const nowMs = this.nowMs;
    this.freshWord = this.access.frequency ? lfuInitialWord(nowMs) : lruWord(nowMs);
  }

  /** The access clock's word after one more use. */
  touchedWord(word: number): number {
    return this.access.frequency ? lfuTouched(word, this.nowMs, this.access) : this.freshWord;
  }

  /** Bytes of all data: entries, tables, expiry heaps, what lies outside the arena. */
  get usedBytes(): number {
    return this.arena.usedBytes + this.arena.overflow.usedBytes;
  }

  /** Sets `stats` back to zero. */
  resetStats(): void {
    Object.assign(this.stats, noStats());
  }

  /** Called by databases after each modification of a key that a client asked for. */
  modified(database: KeyLookup, bytes: Uint8Array, offset: number, length: number): void {
    this.dirty++;
    if (this.observed) this.#notifyObservers(database, bytes, offset, length, true);
  }

  /**
   * Called by databases when a key expires, is evicted or is moved, which does not count as a change (`dirty`). Its
   * watchers are marked all the same.
   * @param byClient whether a client asked for it
   */
  affected(
    database: KeyLookup,
    bytes: Uint8Array,
    offset: number,
    length: number,
    byClient: boolean,
  ): void {
    if (this.observed) this.#notifyObservers(database, bytes, offset, length, byClient);
  }

  /** Called by databases after they deleted a key whose expiry has passed. */
  expired(database: KeyLookup, key: Buffer): void {
    const { events } = this;
    this.stats.expired++;
    for (const observer of this.#removalObservers) observer.keyRemoved(database, key);
    if ((events.mask & EVENT_EXPIRED) !== 0) {
      events.emit('expired', database.index, key, 0, key.length);
    }
    this.affected(database, key, 0, key.length, false);
  }

  /**
   * Called by databases after they removed fields of a hash whose time has come.
   * @param isGone whether these were all, and the key was removed
   */
  fieldsExpired(
    database: KeyLookup,
    key: Buffer,
    fields: readonly Buffer[],
    isGone: boolean,
  ): void {
    for (const observer of this.#removalObservers) observer.fieldsRemoved(database, key, fields);
    notifyExpiredFields(this.events, database.index, key, isGone);
    this.affected(database, key, 0, key.length, false);
  }

  /** Called by databases after work in the background removed entries of a stream. */
  entriesRemoved(database: KeyLookup, removal: EntryRemoval): void {
    const { command, key, count } = removal;
    this.dirty += count;
    if (command === 'xtrim') this.stats.retentionTrimmed += count;
    for (const observer of this.#removalObservers) observer.entriesRemoved(database, removal);
    notifyEntriesRemoved(this.events, database.index, removal);
    this.affected(database, key, 0, key.length, false);
  }

  /** Called by databases when parts of a value may be due; returns its reference, or 0 when nothing is left of it. */
  expirePartsOf({ index }: KeyLookup, ref: number): number {
    const { partExpiry } = this.types.of(this.entries.typeOf(ref));
    return partExpiry?.expirePartsOf(this.databases[index], ref) ?? ref;
  }

  /** Called by databases after they evicted a key. */
  evicted(database: KeyLookup, key: Buffer): void {
    const { events } = this;
    this.stats.evicted++;
    for (const observer of this.#removalObservers) observer.keyRemoved(database, key);
    this.affected(database, key, 0, key.length, false);
    if ((events.mask & EVENT_EVICTED) !== 0) {
      events.emit('evicted', database.index, key, 0, key.length);
    }
  }

  /** Adds an observer of expired and evicted keys, which is notified before anything else. */
  observeRemovals(observer: RemovalObserver): void {
    this.#removalObservers.push(observer);
  }

  /** Sets the observer of changes; undefined for none. */
  observe(observer: KeyObserver | undefined): void {
    this.#observer = observer;
    this.#refreshObserved();
  }

  #notifyObservers(
    database: KeyLookup,
    bytes: Uint8Array,
    offset: number,
    length: number,
    byClient: boolean,
  ): void {
    if (this.watches.size !== 0) this.#touchWatchers(database, bytes, offset, length);
    this.#observer?.keyChanged(bytes, offset, length, byClient);
  }

  #refreshObserved(): void {
    this.observed = this.watches.size !== 0 || this.#observer !== undefined;
  }

  /** Sets the classes of key events that are published, by their letters (key-events.ts). */
  chooseEvents(letters: string): void {
    this.events.choose(letters);
    this.#refreshNoticed();
  }

  /** Called when the waiters or the observers of keys have changed. */
  #refreshNoticed(): void {
    const tellsOfNew = (this.events.mask & EVENT_NEW) !== 0;
    this.noticed = this.waits.events | (tellsOfNew ? KEY_CREATED : 0);
  }

  // ── Waiting for keys ────────────────────────────────────────────────────────────────────────

  /**
   * Begins to wait for the keys in arguments `firstKey` to `lastKey`.
   * @throws Error if the waiter's events are not signalled for its type, which is a defect
   */
  wait(
    waiter: Waiter,
    database: Database,
    request: Request,
    firstKey: number,
    lastKey: number,
  ): void {
    const { name, wakes } = this.types.of(waiter.type);
    if ((waiter.events & ~wakes) !== 0)
      throw new Error(`values of type ${name} do not send these signals`);
    this.waits.add(waiter, database.index, request, firstKey, lastKey);
    this.#refreshNoticed();
  }

  /** Removes a waiter. */
  endWait(waiter: Waiter): void {
    this.waits.remove(waiter);
    this.#refreshNoticed();
  }

  /** Called by databases for a signal in `noticed` of a key or its value. */
  signal(database: number, event: number, type: number, key: ByteView): void {
    this.waits.signal(database, event, type, key);
    this.#refreshNoticed();
  }

  /** Called by databases: at that time (ms since the epoch) a key's value will have something new. */
  signalAt(database: number, key: ByteView, timeMs: number): void {
    this.waits.signalAt(database, key, timeMs);
    this.#refreshNoticed();
  }

  /** Marks as ready the keys whose time has come. */
  signalDue(): void {
    this.waits.signalDue(this.nowMs);
    this.#refreshNoticed();
  }

  /** Runs `replace`, which exchanges the contents of these databases, and signals all their keys. */
  #replacing(databases: readonly Database[], replace: () => void): void {
    if (this.waits.size === 0) {
      replace();
      return;
    }
    const gone = databases.map((database) => this.waits.presentIn(database));
    replace();
    for (const [i, database] of databases.entries()) this.waits.signalReplaced(database, gone[i]);
    this.#refreshNoticed();
  }

  // ── WATCH ───────────────────────────────────────────────────────────────────────────────────

  /** Adds a watch of a key. */
  watch(watcher: Watcher, database: Database, key: Buffer): void {
    const expired = this.expiryPaused && database.find(key, 0, key.length) === 0;
    database.find(key, 0, key.length);
    this.watches.add(watcher, database.index, key.toString('latin1'), expired);
    this.#refreshObserved();
  }

  /** Ends all watches of a watcher. */
  unwatch(watcher: Watcher): void {
    this.watches.removeAll(watcher);
    this.#refreshObserved();
  }

  /** Ends all watches of a disconnected watcher, some at once and the others in `reclaim`. */
  forgetWatches(watcher: Watcher): void {
    if (watcher.watches === undefined) return;
    const step = this.watches.forget(watcher);
    this.finishInSteps(() => {
      const isOver = step();
      if (isOver) this.#refreshObserved();
      return isOver;
    });
  }

  /** Marks the watcher if a key that it watches has expired since, even if it is not deleted yet. */
  expireWatched(watcher: Watcher): void {
    let watch = watcher.watches?.first;
    for (; watch !== undefined; watch = watch.following) {
      if (watch.expired) continue;
      const bytes = Buffer.from(watch.key, 'latin1');
      // Deleting an expired key marks its watchers.
      this.databases[watch.database].find(bytes, 0, bytes.length);
    }
  }

  #touchWatchers(database: KeyLookup, bytes: Uint8Array, offset: number, length: number): void {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('latin1');
    const exists = database.find(bytes, offset, length) !== 0;
    this.watches.touch(database.index, key, exists);
  }

  // ── Whole databases ─────────────────────────────────────────────────────────────────────────

  /**
   * Empties databases at once and queues their memory to be freed.
   * @param index of the one to empty; all when undefined
   * @returns number of keys that were in them
   */
  flush(index?: number): number {
    const targets = index === undefined ? this.databases : [this.databases[index]];
    let removed = 0;
    this.#replacing(targets, () => {
      removed = this.#empty(targets);
    });
    this.dirty += removed;
    this.#observer?.flushed();
    return removed;
  }

  /** Empties databases; returns how many keys they had. */
  #empty(targets: readonly Database[]): number {
    let removed = 0;
    for (const database of targets) {
      for (const key of this.watches.keysIn(database.index)) {
        if (this.#holds(database, key)) this.watches.refresh(database.index, key, true, false);
      }
      removed += database.size;
      // An empty database may still hold memory from when it was larger.
      if (database.capacity > 0) {
        const emptied = database.detach();
        if (this.snapshot?.keep(emptied) !== true) this.giveBack(emptied);
      }
    }
    return removed;
  }

  /** Queues memory to be freed. */
  giveBack(emptied: DetachedKeys): void {
    this.#detached.push(emptied);
    this.onReclaimable();
  }

  /** Exchanges the contents of two databases, as SWAPDB, which may be the same. */
  swap(first: Database, second: Database): void {
    this.dirty++;
    if (first === second) return;
    this.#touchSwapped(first, second);
    this.#touchSwapped(second, first);
    this.#replacing([first, second], () => first.swapWith(second));
  }

  /** Marks watchers of keys of `database` that exist in either database. */
  #touchSwapped(database: Database, other: Database): void {
    for (const key of this.watches.keysIn(database.index)) {
      if (this.#holds(database, key) || this.#holds(other, key)) {
        this.watches.refresh(database.index, key, true, false);
      }
    }
  }

  #holds(database: Database, key: string): boolean {
    const bytes = Buffer.from(key, 'latin1');
    return database.find(bytes, 0, bytes.length) !== 0;
  }

  // ── Background work ─────────────────────────────────────────────────────────────────────────

  /** Whether memory that is still counted is waiting to be freed. */
  get reclaiming(): boolean {
    return this.#detached.length > 0;
  }

  /** Number of keys of emptied databases whose memory is not freed yet. */
  get pendingKeys(): number {
    return this.#detached.reduce((sum, { keys }) => sum + keys, 0);
  }

  /** Whether so many large values wait to be freed that their memory must not be left to grow. */
  get isCrowded(): boolean {
    return this.#detached.length + this.#released.length > MANY_RELEASED;
  }

  /** Has `reclaim` call a function until it returns true. Each call must take well under a millisecond. */
  releaseInSteps(step: () => boolean): void {
    this.#released.push(step);
    this.onReclaimable();
  }

  /** As `releaseInSteps`, but runs the first step at once. */
  finishInSteps(step: () => boolean): void {
    if (!step()) this.releaseInSteps(step);
  }

  /**
   * Frees memory of emptied databases and of large values until the deadline (by performance.now()); with Infinity,
   * all memory of emptied databases.
   * @returns whether there may be more
   */
  reclaim(deadline: number): boolean {
    const isPartial = deadline !== Number.POSITIVE_INFINITY;
    while (this.#detached.length > 0) {
      const [{ keys, free }] = this.#detached;
      if (!free()) {
        this.#detached.shift();
        if (isPartial) this.stats.lazyFreed += keys;
      }
      if (performance.now() >= deadline) return true;
    }
    while (isPartial && this.#released.length > 0) {
      if (this.#released[0]()) this.#released.shift();
      if (performance.now() >= deadline) return this.#released.length > 0;
    }
    return false;
  }

  /**
   * Deletes keys whose expiry has passed until the deadline (by performance.now()), soonest first
   * in each database, beginning with another database each time; then parts of values.
   * @returns whether its time was up, so that due keys may be left
   */
  expireDue(deadline: number): boolean {
    if (this.isLoading) return false;
    const count = this.databases.length;
    for (let i = 0; i < count; i++) {
      const database = this.databases[(this.#nextExpiryIndex + i) % count];
      while (database.soonestExpiryMs <= this.dueMs) {
        for (let k = 0; k < EXPIRY_BATCH && database.soonestExpiryMs <= this.dueMs; k++) {
          database.expireEntry(database.soonestToExpire());
        }
        if (performance.now() >= deadline) {
          this.#nextExpiryIndex = (this.#nextExpiryIndex + i + 1) % count;
          this.stats.expiryCyclesCutShort++;
          return true;
        }
      }
    }
    return expireParts(this, deadline);
  }
}
