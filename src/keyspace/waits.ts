// Which clients wait for which keys, and which of these keys have become ready. A key becomes ready
// when it is created (by a push, a rename, a move, SWAPDB …) with a value of a type that somebody
// waits for; whether there is something for a waiter is looked at when clients are served, after the
// whole command or transaction (dispatch/blocking/blocked-clients.ts).
//
//   key ── queue:  first ⇄ place ⇄ place ⇄ last      in the order in which the waiters blocked
//                            │
//                          waiter ── its places, one a key: it leaves all queues at once
import type { Request } from '../protocol/request.ts';
import type { KeyLookup } from './database-host.ts';

/** There are fewer types of values (ValueType.id). */
const TYPES = 16;

/** A database as it is asked for keys. */
export interface WaitedDatabase extends KeyLookup {
  typeOf(ref: number): number;
}

/** Who waits for keys. */
export interface Waiter {
  /** The type of the values that it waits for (ValueType.id). */
  readonly type: number;
  /** Its places in the queues of its keys: WaitList's own. */
  readonly places: WaitPlace[];
  /** Gives it what there is under the key that is argument i of its request. */
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

/** Those who wait for one key, the longest waiting first. */
export interface WaitQueue {
  readonly database: number;
  /** The key, one character a byte. */
  readonly key: string;
  first: WaitPlace | undefined;
  last: WaitPlace | undefined;
  /** Whether it is among the keys that `takeReady` will return. */
  isReady: boolean;
}

/** The waiters of all databases; see the head of this file. */
export class WaitList {
  /** Number of waiters. */
  size = 0;
  /** Number of keys that are ready and were not taken. */
  ready = 0;
  readonly #queues: Map<string, WaitQueue>[] = [];
  readonly #sizeByType = new Int32Array(TYPES);
  #readyQueues: WaitQueue[] = [];

  /** Adds a waiter for the keys in arguments `firstKey` to `lastKey`; a repeated key counts once. */
  add(waiter: Waiter, database: number, request: Request, firstKey: number, lastKey: number): void {
    this.#queues[database] ??= new Map();
    const queues = this.#queues[database];
    for (let i = firstKey; i <= lastKey; i++) {
      const key = request.latin1(i);
      let queue = queues.get(key);
      if (queue === undefined) {
        queue = { database, key, first: undefined, last: undefined, isReady: false };
        queues.set(key, queue);
      }
      // Nobody else came in between.
      if (queue.last?.waiter !== waiter) append(queue, waiter, i);
    }
    this.size++;
    this.#sizeByType[waiter.type]++;
  }

  /** Takes a waiter out of all queues. */
  remove(waiter: Waiter): void {
    for (const { queue, previous, next } of waiter.places) {
      if (previous === undefined) queue.first = next;
      else previous.next = next;
      if (next === undefined) queue.last = previous;
      else next.previous = previous;
      if (queue.first === undefined) this.#queues[queue.database].delete(queue.key);
    }
    waiter.places.length = 0;
    this.size--;
    this.#sizeByType[waiter.type]--;
  }

  /** Notes that there is something new of a type under a key, if somebody waits for it. */
  signal(database: number, type: number, bytes: Uint8Array, offset: number, length: number): void {
    if (this.#sizeByType[type] === 0) return;
    const queues = this.#queues[database];
    if (queues === undefined) return;
    const key = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('latin1');
    const queue = queues.get(key);
    if (queue !== undefined) this.#makeReady(queue);
  }

  /** The same for all keys of a database that has got other contents (SWAPDB). */
  signalAll(database: WaitedDatabase): void {
    for (const queue of this.#queues[database.index]?.values() ?? []) {
      const key = Buffer.from(queue.key, 'latin1');
      const ref = database.find(key, 0, key.length);
      if (ref !== 0 && this.#sizeByType[database.typeOf(ref)] > 0) this.#makeReady(queue);
    }
  }

  /** The key that became ready first, which it is no longer; undefined when none is. */
  takeReady(): WaitQueue | undefined {
    const queues = this.#readyQueues;
    if (this.ready === 0) return undefined;
    const queue = queues[queues.length - this.ready--];
    queue.isReady = false;
    if (this.ready === 0) this.#readyQueues = [];
    return queue;
  }

  #makeReady(queue: WaitQueue): void {
    if (queue.isReady) return;
    queue.isReady = true;
    this.#readyQueues.push(queue);
    this.ready++;
  }
}

function append(queue: WaitQueue, waiter: Waiter, argument: number): void {
  const previous = queue.last;
  const place: WaitPlace = { waiter, argument, queue, previous, next: undefined };
  if (previous === undefined) queue.first = place;
  else previous.next = place;
  queue.last = place;
  waiter.places.push(place);
}
