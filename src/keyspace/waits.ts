// Which clients wait for which keys, and which of these keys are ready. A key becomes ready by a signal
// (key-signals.ts) that wakes waiters of its type, or by a timer (wait-timers.ts). Whether a waiter can be served is
// checked later, after the whole command or transaction (dispatch/blocking/blocked-clients.ts).
//
//   key ── queue:  first ⇄ place ⇄ place ⇄ last      in the order in which the waiters blocked
//            │               │
//          time            waiter ── its places, one a key: it leaves all queues at once

import type { Request } from '../protocol/request.ts';
import type { ByteView } from '../structures/entry.ts';
import type { KeyLookup } from './database-host.ts';
import { KEY_CREATED, KEY_GONE, KEY_GROWN, KEY_SIGNALS, signalIndex } from './key-signals.ts';
import { type Timed, WaitTimers } from './wait-timers.ts';

/** More than the largest number of a type (ValueType.id). */
const TYPES = 16;

/** A database in which waiters look for keys. */
export interface WaitedDatabase extends KeyLookup {
  typeOf(ref: number): number;
}

/** A client that waits for keys. */
export interface Waiter {
  /** The type of the values that it waits for (ValueType.id). */
  readonly type: number;
  /** The signals that wake it: bits of key-signals.ts, a subset of ValueType.wakes of its type. */
  readonly events: number;
  /** Its places in the queues of its keys; managed by WaitList. */
  readonly places: WaitPlace[];
  /** Serves it from the key that is argument i of its request; the key may no longer exist. */
  serve(i: number): void;
}

/** A waiter's place in the queue of one key. */
export interface WaitPlace {
  readonly waiter: Waiter;
  /** Which argument of its request the key is. */
  readonly argument: number;
  readonly queue: WaitQueue;
  previous: WaitPlace | undefined;
  next: WaitPlace | undefined;
}

/** The waiters of one key, the longest waiting first. */
export interface WaitQueue extends Timed {
  readonly database: number;
  /** The key, one character a byte. */
  readonly key: string;
  first: WaitPlace | undefined;
  last: WaitPlace | undefined;
  /** Number of waiters that KEY_GONE wakes. */
  goneWaiters: number;
  /** The signals that made it ready; 0 when `takeReady` will not return it. */
  events: number;
  /** The signals that had made it ready when it was last taken. */
  takenEvents: number;
}

/** Serves the waiters. */
export interface WaitServer {
  /** A first key has become ready: waiters must be served. */
  onReady(): void;
  /** The soonest time (`soonestMs`) has become earlier, or there is none any more. */
  onTimers(): void;
}

const NOBODY: WaitServer = { onReady: () => {}, onTimers: () => {} };

/** The waiters of all databases; see the head of this file. */
export class WaitList {
  /** Number of waiters. */
  size = 0;
  /** Number of ready keys that were not taken yet. */
  ready = 0;
  /** The signals that matter for any waiter or timer. */
  events = 0;
  server: WaitServer = NOBODY;
  readonly #queues: Map<string, WaitQueue>[] = [];
  readonly #timers = new WaitTimers<WaitQueue>();
  /** For each type, the signals that wake any waiter; and the number of these waiters, by type and signal. */
  readonly #eventsOfType = new Uint8Array(TYPES);
  readonly #waiters = new Int32Array(TYPES * KEY_SIGNALS);
  #readyQueues: WaitQueue[] = [];

  /** Adds a waiter for the keys in arguments `firstKey` to `lastKey`; a repeated key counts once. */
  add(waiter: Waiter, database: number, request: Request, firstKey: number, lastKey: number): void {
    this.#queues[database] ??= new Map();
    const queues = this.#queues[database];
    for (let i = firstKey; i <= lastKey; i++) {
      const key = request.latin1(i);
      let queue = queues.get(key);
      if (queue === undefined) {
        queue = newQueue(database, key);
        queues.set(key, queue);
      }
      // No other waiter was added in between.
      if (queue.last?.waiter !== waiter) append(queue, waiter, i);
    }
    this.size++;
    this.#count(waiter, 1);
  }

  /** Takes a waiter out of all queues. */
  remove(waiter: Waiter): void {
    const wantsEnd = (waiter.events & KEY_GONE) !== 0;
    for (const { queue, previous, next } of waiter.places) {
      if (previous === undefined) queue.first = next;
      else previous.next = next;
      if (next === undefined) queue.last = previous;
      else next.previous = previous;
      if (wantsEnd) queue.goneWaiters--;
      if (queue.first !== undefined) continue;
      this.#queues[queue.database].delete(queue.key);
      this.#cancelTime(queue);
    }
    waiter.places.length = 0;
    this.size--;
    this.#count(waiter, -1);
  }

  /** Records a signal of a key of a type, if a client waits for it. */
  signal(database: number, event: number, type: number, key: ByteView): void {
    const isWanted = (this.#eventsOfType[type] & event) !== 0;
    const endsTime = event === KEY_GONE && this.#timers.size > 0;
    if (!isWanted && !endsTime) return;
    const queue = this.#find(database, key);
    if (queue === undefined) return;
    if (endsTime) this.#cancelTime(queue);
    if (isWanted) this.#makeReady(queue, event);
  }

  /** Makes a key ready (KEY_GROWN) at a later time, if a client waits for it; an earlier timer of the key is kept. */
  signalAt(database: number, key: ByteView, timeMs: number): void {
    const queue = this.#find(database, key);
    if (queue === undefined || queue.dueMs <= timeMs) return;
    const { soonestMs } = this.#timers;
    this.#timers.set(queue, timeMs);
    if (timeMs < soonestMs) this.#timersChanged();
  }

  /** The soonest time at which a key becomes ready, in ms since the epoch; Infinity when there is none. */
  get soonestMs(): number {
    return this.#timers.soonestMs;
  }

  /** Makes the keys ready whose time has come. */
  signalDue(nowMs: number): void {
    const { size } = this.#timers;
    for (let queue = this.#timers.takeDue(nowMs); queue; queue = this.#timers.takeDue(nowMs)) {
      this.#makeReady(queue, KEY_GROWN);
    }
    if (size > 0 && this.#timers.size === 0) this.#timersChanged();
  }

  /** The existing keys of a database whose removal wakes a waiter; called before its contents are replaced. */
  presentIn(database: WaitedDatabase): WaitQueue[] {
    const present: WaitQueue[] = [];
    for (const queue of this.#queues[database.index]?.values() ?? []) {
      if (queue.goneWaiters > 0 && (this.#eventsAt(database, queue) & KEY_GONE) !== 0) {
        present.push(queue);
      }
    }
    return present;
  }

  /**
   * The contents of a database were replaced (FLUSHDB, SWAPDB): all former keys are gone, and all current ones created.
   * @param gone what `presentIn` returned before
   */
  signalReplaced(database: WaitedDatabase, gone: readonly WaitQueue[]): void {
    for (const queue of gone) this.#makeReady(queue, KEY_GONE);
    for (const queue of this.#queues[database.index]?.values() ?? []) {
      this.#cancelTime(queue);
      if ((this.#eventsAt(database, queue) & KEY_CREATED) !== 0) {
        this.#makeReady(queue, KEY_CREATED);
      }
    }
  }

  /** Takes the key that became ready first; undefined when none is ready. */
  takeReady(): WaitQueue | undefined {
    const queues = this.#readyQueues;
    if (this.ready === 0) return undefined;
    const queue = queues[queues.length - this.ready--];
    queue.takenEvents = queue.events;
    queue.events = 0;
    if (this.ready === 0) this.#readyQueues = [];
    return queue;
  }

  #find(database: number, { buffer, offset, length }: ByteView): WaitQueue | undefined {
    const queues = this.#queues[database];
    if (queues === undefined || queues.size === 0) return undefined;
    return queues.get(buffer.toString('latin1', offset, offset + length));
  }

  /** The signals that wake waiters of the type of a key's value; 0 when the key does not exist. */
  #eventsAt(database: WaitedDatabase, queue: WaitQueue): number {
    const key = Buffer.from(queue.key, 'latin1');
    const ref = database.find(key, 0, key.length);
    return ref === 0 ? 0 : this.#eventsOfType[database.typeOf(ref)];
  }

  #makeReady(queue: WaitQueue, event: number): void {
    if (queue.events === 0) {
      this.#readyQueues.push(queue);
      this.ready++;
      if (this.ready === 1) this.server.onReady();
    }
    queue.events |= event;
  }

  #cancelTime(queue: WaitQueue): void {
    if (queue.dueMs === Number.POSITIVE_INFINITY) return;
    this.#timers.cancel(queue);
    if (this.#timers.size === 0) this.#timersChanged();
  }

  #timersChanged(): void {
    this.#refreshEvents();
    this.server.onTimers();
  }

  #count({ type, events }: Waiter, by: number): void {
    for (const event of [KEY_CREATED, KEY_GROWN, KEY_GONE]) {
      if ((events & event) === 0) continue;
      const index = type * KEY_SIGNALS + signalIndex(event);
      this.#waiters[index] += by;
      if (this.#waiters[index] === 0) this.#eventsOfType[type] &= ~event;
      else this.#eventsOfType[type] |= event;
    }
    this.#refreshEvents();
  }

  #refreshEvents(): void {
    let events = this.#timers.size > 0 ? KEY_GONE : 0;
    for (const ofType of this.#eventsOfType) events |= ofType;
    this.events = events;
  }
}

function newQueue(database: number, key: string): WaitQueue {
  return {
    database,
    key,
    first: undefined,
    last: undefined,
    goneWaiters: 0,
    events: 0,
    takenEvents: 0,
    dueMs: Number.POSITIVE_INFINITY,
    timeSerial: 0,
    timeIndex: 0,
  };
}

function append(queue: WaitQueue, waiter: Waiter, argument: number): void {
  const previous = queue.last;
  const place: WaitPlace = { waiter, argument, queue, previous, next: undefined };
  if (previous === undefined) queue.first = place;
  else previous.next = place;
  queue.last = place;
  if ((waiter.events & KEY_GONE) !== 0) queue.goneWaiters++;
  waiter.places.push(place);
}
