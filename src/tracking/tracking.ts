// Client-side caching: remembers which keys clients may have in their caches, and notifies them when
// these keys are not valid any more. https://redis.io/docs/manual/client-side-caching/
//
//   a client reads ──▶ table: key → clients     ── modified, expired, evicted ──▶ one message each
//   a client follows a prefix ──▶ prefixes      ── the same ──▶ noted ── end of the iteration ──▶ one
//                                                                      message with all keys
//
// Order. A client is notified of what its own command invalidates after the reply, and after the whole
// transaction; a client that others redirect to may get their invalidations during its own command, before its
// reply, but not inside the reply of a transaction.
import type { KeyObserver } from '../keyspace/keyspace.ts';
import { ArenaFullError } from '../memory/arena.ts';
import { RecordLog } from '../memory/record-log.ts';
import type { Request } from '../protocol/request.ts';
import type { HashSeed } from '../structures/hash.ts';
import { brokenRedirection, Invalidation } from './invalidation.ts';
import { PrefixTable } from './prefix-table.ts';
import {
  BROADCAST,
  BROKEN_REDIRECTION,
  CACHING,
  NO_LOOP,
  TRACKING_ON,
  type TrackedClient,
  Tracker,
} from './tracker.ts';
import { eachNumber, TrackingTable } from './tracking-table.ts';

/** Keys dropped per check of the limit, multiplied by the number of preceding checks that did not suffice. */
const LIMIT_EFFORT = 100;

/** Most bytes of modified keys that are noted before a broadcast: a transaction may modify millions of keys. */
const MAX_NOTED_BYTES = 8 * 1024 * 1024;

/** Bytes of the number of a tracker. */
const NUMBER_BYTES = 4;

/** How a client tracks. */
export interface TrackingOptions {
  /** BROADCAST, OPT_IN, OPT_OUT and NO_LOOP. */
  readonly modes: number;
  /** Id of the client that gets the invalidations; 0 for the client itself. */
  readonly redirect: number;
  /** Prefixes to follow in the mode BROADCAST, in addition to the present ones; none: all keys. */
  readonly prefixes: readonly string[];
}

/** What tracking needs of the server around it. */
export interface TrackingHost {
  /** The client with this id, if it is connected. */
  find(id: number): TrackedClient | undefined;
  /** Begins or ends to call the observer for every key that changes. */
  observe(observer: KeyObserver | undefined): void;
  /** Called when `active` has changed. */
  activated(isActive: boolean): void;
  /** Schedules a task to run after all requests that have arrived. */
  schedule(task: () => void): void;
}

/** Client-side caching of all clients; see the head of this file. */
export class Tracking implements KeyObserver {
  /** Number of clients that track. */
  clients = 0;
  /** `tracking-table-max-keys`; 0 for no limit. */
  maxKeys = 0;
  readonly table: TrackingTable;
  readonly prefixes = new PrefixTable();

  readonly #host: TrackingHost;
  readonly #trackers = new Map<number, Tracker>();
  #active = false;
  #lastNumber = 0;
  /** The client whose command runs now. */
  #current: TrackedClient | undefined;
  /** Whether all its invalidations wait, and not only those caused by its own command. */
  #withholds = false;
  /** Waiting invalidations: the number of a tracker in 4 bytes, and the value. There may be millions. */
  #withheld = new RecordLog();
  #broadcastScheduled = false;
  #limitRounds = 0;

  constructor(seed: HashSeed, host: TrackingHost) {
    this.table = new TrackingTable(seed);
    this.#host = host;
  }

  /** Whether `begin` and `end` must be called for each command: a client tracks, or just did. */
  get active(): boolean {
    return this.#active;
  }

  #setActive(isActive: boolean): void {
    if (isActive === this.#active) return;
    this.#active = isActive;
    this.#host.activated(isActive);
  }

  // ── Clients ─────────────────────────────────────────────────────────────────────────────────

  /** Starts tracking for a client, or changes its options. */
  enable(client: TrackedClient, { modes, redirect, prefixes }: TrackingOptions): void {
    client.tracker ??= this.#newTracker(client);
    const { tracker } = client;
    if (!tracker.has(TRACKING_ON) && ++this.clients === 1) {
      this.#setActive(true);
      this.#host.observe(this);
      // `begin` was not called for the current command.
      if (this.#current === undefined) this.begin(client, true);
    }
    tracker.flags = (tracker.flags & CACHING) | TRACKING_ON | modes;
    tracker.redirect = redirect;
    if ((modes & BROADCAST) === 0) return;
    if (prefixes.length > 0) this.prefixes.follow(tracker, prefixes);
    else if (!tracker.prefixes.has('')) this.prefixes.follow(tracker, ['']);
  }

  /**
   * Ends tracking for a client. What it has read stays in the table until it is invalidated, or
   * no client tracks any more.
   */
  disable(client: TrackedClient): void {
    const { tracker } = client;
    if (tracker === undefined || !tracker.has(TRACKING_ON)) return;
    this.prefixes.leave(tracker);
    tracker.flags = 0;
    if (--this.clients > 0) return;
    this.table.clear();
    this.#host.observe(undefined);
    this.#setActive(this.#current !== undefined);
  }

  /**
   * Removes a disconnected client, except from the prefixes that it followed: each call of the returned function
   * does some of these, and returns whether all are done.
   */
  forget(client: TrackedClient): () => boolean {
    const { tracker } = client;
    if (tracker === undefined) return () => true;
    const step = this.prefixes.forget(tracker);
    this.disable(client);
    this.#trackers.delete(tracker.number);
    return step;
  }

  #newTracker(client: TrackedClient): Tracker {
    do {
      this.#lastNumber = (this.#lastNumber + 1) >>> 0;
    } while (this.#trackers.has(this.#lastNumber));
    const tracker = new Tracker(client, this.#lastNumber);
    this.#trackers.set(tracker.number, tracker);
    return tracker;
  }

  // ── Commands ────────────────────────────────────────────────────────────────────────────────

  /**
   * A client's command begins.
   * @param withholds whether nothing must be sent to the client before it ends
   */
  begin(client: TrackedClient, withholds: boolean): void {
    this.#current = client;
    this.#withholds = withholds;
  }

  /** The command has ended, and its reply is encoded: sends the client what waited. */
  end(): void {
    this.#current = undefined;
    this.#setActive(this.clients > 0);
    this.sendWithheld();
  }

  /** Sends the client of the current command its waiting invalidations, unless nothing may be sent yet. */
  sendWithheld(): void {
    if (this.#withheld.length === 0 || (this.#current !== undefined && this.#withholds)) return;
    const reader = this.#withheld.reader();
    this.#withheld = new RecordLog();
    while (reader.next()) {
      const { buffer, offset, length } = reader;
      const tracker = this.#trackers.get(buffer.readUInt32LE(offset));
      if (tracker === undefined) continue;
      const value = buffer.subarray(offset + NUMBER_BYTES, offset + length);
      this.#send(tracker, new Invalidation(value));
    }
  }

  #withhold(tracker: Tracker, { value }: Invalidation): void {
    const at = this.#withheld.add(NUMBER_BYTES + value.length);
    const { buffer } = this.#withheld;
    value.copy(buffer, buffer.writeUInt32LE(tracker.number, at));
  }

  /** Remembers that a client has read the key of argument i; the caller has checked `tracker.remembers`. */
  remember(tracker: Tracker, request: Request, i: number): void {
    try {
      this.table.add(request, i, tracker.number);
    } catch (error) {
      if (!(error instanceof ArenaFullError)) throw error;
      // A key that cannot be remembered must not be cached: invalidate it at once.
      this.#withhold(tracker, Invalidation.of(request.bytes(i)));
    }
  }

  // ── Changes ─────────────────────────────────────────────────────────────────────────────────

  keyChanged(bytes: Uint8Array, offset: number, length: number, byClient: boolean): void {
    if (this.prefixes.mayHave(bytes, offset, length)) {
      const key = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('latin1');
      const noted = this.prefixes.note(key, byClient ? this.#current : undefined);
      if (noted) this.#scheduleBroadcast();
      if (this.prefixes.notedBytes > MAX_NOTED_BYTES) this.#broadcast();
    }
    this.#invalidate(bytes, offset, length);
  }

  flushed(): void {
    for (const tracker of this.#trackers.values()) {
      if (!tracker.has(TRACKING_ON)) continue;
      this.#notify(tracker, Invalidation.ofEverything[tracker.client.protocol]);
    }
    this.table.clear();
  }

  /** Drops keys drawn at random while there are more than `maxKeys`, for a bounded time. */
  limitKeys(): void {
    const { table, maxKeys } = this;
    const isOver = (): boolean => maxKeys !== 0 && table.keys > maxKeys;
    for (let left = LIMIT_EFFORT * (this.#limitRounds + 1); left > 0 && isOver(); left--) {
      const key = table.randomKey();
      if (key !== undefined) this.#invalidate(key, 0, key.length);
    }
    this.#limitRounds = isOver() ? this.#limitRounds + 1 : 0;
  }

  /** Removes a key from the table and notifies the clients that read it. */
  #invalidate(bytes: Uint8Array, offset: number, length: number): void {
    const numbers = this.table.take(bytes, offset, length);
    if (numbers.length === 0) return;
    const invalidation = Invalidation.of(bytes.subarray(offset, offset + length));
    eachNumber(numbers, (number) => {
      const tracker = this.#trackers.get(number);
      if (tracker === undefined || !tracker.has(TRACKING_ON) || tracker.has(BROADCAST)) return;
      if (tracker.has(NO_LOOP) && tracker.client === this.#current) return;
      this.#notify(tracker, invalidation);
    });
  }

  /** Sends an invalidation; the client whose command caused it gets it only after the command. */
  #notify(tracker: Tracker, invalidation: Invalidation): void {
    if (tracker.client === this.#current) this.#withhold(tracker, invalidation);
    else this.#send(tracker, invalidation);
  }

  #send(tracker: Tracker, invalidation: Invalidation): void {
    const { client, redirect } = tracker;
    const target = redirect === 0 ? client : this.#host.find(redirect);
    if (target === undefined) {
      tracker.flags |= BROKEN_REDIRECTION;
      if (client.protocol === 3) client.send(brokenRedirection(redirect));
    } else if (target === this.#current && this.#withholds) {
      this.#withhold(tracker, invalidation);
    } else if (target.protocol === 3) {
      target.send(invalidation.push);
    } else if (redirect !== 0 && target.isSubscriber) {
      target.send(invalidation.message);
    }
  }

  #scheduleBroadcast(): void {
    if (this.#broadcastScheduled) return;
    this.#broadcastScheduled = true;
    this.#host.schedule(() => {
      this.#broadcastScheduled = false;
      this.#broadcast();
    });
  }

  #broadcast(): void {
    this.prefixes.broadcast((tracker, invalidation) => {
      // A disconnected client may not be removed from all its prefixes yet.
      if (tracker.has(TRACKING_ON)) this.#send(tracker, invalidation);
    });
  }
}
