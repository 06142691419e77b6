// A client as commands see it: its identity, protocol, selected database, transaction and modes.
// The socket behind it is the net layer's (net/connection.ts extends this class); clients without
// a socket (replay of the log, tests) are possible too.
import type { Database } from '../keyspace/database.ts';
import type { Watcher, Watches } from '../keyspace/watch.ts';
import type { PartList } from '../protocol/part-list.ts';
import type { Reply, ReplyPart } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import type { Subscriber, Subscriptions } from '../pubsub/subscriber.ts';
import type { TrackedClient, Tracker } from '../tracking/tracker.ts';
import type { Command } from './command.ts';
import { CommandQueue } from './command-queue.ts';
import { ReplyBuffer, type ReplyBufferSettings } from './reply-buffer.ts';
import {
  IN_TRANSACTION,
  MONITORING,
  REPLIES_OFF,
  SUBSCRIBED,
  UNAUTHENTICATED,
} from './restrictions.ts';

/** CLIENT REPLY: answered, not answered, or not answered for the next command. */
export const REPLY_ON = 0;
export const REPLY_OFF = 1;
export const REPLY_SKIP_NEXT = 2;
export const REPLY_SKIP = 3;

/** A transaction between MULTI and EXEC. */
export class Transaction {
  readonly queue = new CommandQueue();
  /** A command was refused while queueing: EXEC must fail. */
  aborted = false;
  /** Flags that any of the queued commands has, and those that all of them have. */
  flags = 0;
  commonFlags = -1;

  /** Queues a copy of a request. @throws RangeError when there is no memory */
  add(command: Command, request: Request): void {
    this.queue.add(command, request);
    this.flags |= command.flags;
    this.commonFlags &= command.flags;
  }
}

/** Where a client comes from and arrives, as CLIENT LIST shows it: "ip:port" or "path:0". */
export interface ClientAddress {
  readonly remote: string;
  readonly local: string;
  readonly unixSocket: boolean;
}

/** Sizes of a client's buffers, in bytes, for CLIENT LIST. */
export interface ClientBuffers {
  /** Received and not yet run, without the arguments of a request that are there already. */
  readonly query: number;
  /** Room for more in the buffer that holds it. */
  readonly queryFree: number;
  /** Arguments of a request that is not all there. */
  readonly arguments: number;
  /** Replies not yet sent. */
  readonly output: number;
}

/** Where the bytes of all clients are counted (client-memory.ts). */
export interface ClientLedger {
  /** In large arguments and replies, which are counted with the data as well. */
  largeBytes: number;
  /** Counts bytes on the JavaScript heap and off it; negative when they are given back. */
  add(heapBytes: number, offHeapBytes: number): void;
  /** Counts bytes of buffers that all clients share. */
  addShared(bytes: number): void;
}

/** Heap that a transaction takes at most, without its queue. */
const TRANSACTION_BYTES = 1024;

/** The state of one client; see the head of this file. */
export abstract class Client implements Watcher, Subscriber, TrackedClient {
  readonly id: number;
  readonly address: ClientAddress;
  /** Unix time at which the client connected, in ms. */
  readonly createdMs: number;

  db: Database;
  /** Version of the protocol that it speaks: 2 or 3. */
  protocol: 2 | 3 = 2;
  /** Name of the user it is authenticated as. */
  user = 'default';
  name = '';
  libraryName = '';
  libraryVersion = '';
  /** Whether memory pressure by clients does not close it (CLIENT NO-EVICT). */
  noEvict = false;
  /** Whether its reads leave access clocks alone (CLIENT NO-TOUCH). */
  noTouch = false;
  /** Whether it will be closed as soon as its replies are sent. */
  closing = false;
  /** Unix time of its last request, in ms. */
  lastActiveMs: number;
  /** What its last request asked for, whether it ran or not; undefined if there is no such command. */
  lastCommand: Command | undefined = undefined;

  /** Whether it waits for a key: until its command is answered, no other request of it is run. */
  blocked = false;
  /** Whether it must never wait, as there is no peer to answer: a log is run as it. */
  deniesBlocking = false;

  /** A watched key was modified: the next EXEC must fail. */
  dirty = false;
  /** The keys that it watches. */
  watches: Watches | undefined = undefined;

  /** Messages for it that its own request caused while CLIENT REPLY keeps answers back. */
  pendingPushes: PartList | undefined = undefined;
  /** Its client-side caching; undefined until it asks for it (CLIENT TRACKING). */
  tracker: Tracker | undefined = undefined;

  /** Bytes that it takes at most: on the JavaScript heap, and off it. */
  heapBytes = 0;
  offHeapBytes = 0;
  /** Of these: arguments of a command that waits for its answer. */
  waitingBytes = 0;
  /** Its share of the buffers for replies. */
  readonly replyBuffer: ReplyBuffer;
  /** Where its bytes are counted; undefined for one that counts nowhere. */
  /** What of the facts below admission must look at, as bits (restrictions.ts). */
  restrictions = 0;
  #authenticated = true;
  #replyMode: number = REPLY_ON;
  #transaction: Transaction | undefined = undefined;
  #subscriptions: Subscriptions | undefined = undefined;
  #monitor = false;
  readonly #memory: ClientLedger | undefined;
  #largeBytes = 0;
  #isDismissed = false;

  /** Bytes received and sent in all. */
  bytesIn = 0;
  bytesOut = 0;

  constructor(
    id: number,
    address: ClientAddress,
    db: Database,
    nowMs: number,
    trusted: boolean,
    memory?: ClientLedger,
  ) {
    this.id = id;
    this.address = address;
    this.db = db;
    this.createdMs = nowMs;
    this.lastActiveMs = nowMs;
    this.authenticated = trusted;
    this.replyBuffer = new ReplyBuffer(nowMs);
    this.#memory = memory;
    memory?.addShared(this.replyBuffer.sizeBytes);
  }

  get authenticated(): boolean {
    return this.#authenticated;
  }

  set authenticated(isAuthenticated: boolean) {
    this.#authenticated = isAuthenticated;
    this.#restrict(UNAUTHENTICATED, !isAuthenticated);
  }

  /** CLIENT REPLY: REPLY_ON and the like. */
  get replyMode(): number {
    return this.#replyMode;
  }

  set replyMode(mode: number) {
    this.#replyMode = mode;
    this.#restrict(REPLIES_OFF, mode !== REPLY_ON);
  }

  /** Undefined while it is not between MULTI and EXEC. */
  get transaction(): Transaction | undefined {
    return this.#transaction;
  }

  set transaction(transaction: Transaction | undefined) {
    this.#transaction = transaction;
    this.#restrict(IN_TRANSACTION, transaction !== undefined);
  }

  /** What it is subscribed to; undefined exactly while that is nothing. */
  get subscriptions(): Subscriptions | undefined {
    return this.#subscriptions;
  }

  set subscriptions(subscriptions: Subscriptions | undefined) {
    this.#subscriptions = subscriptions;
    this.#restrict(SUBSCRIBED, subscriptions !== undefined);
  }

  /** Whether it gets a line for every command (MONITOR). */
  get monitor(): boolean {
    return this.#monitor;
  }

  set monitor(isMonitor: boolean) {
    this.#monitor = isMonitor;
    this.#restrict(MONITORING, isMonitor);
  }

  #restrict(bit: number, holds: boolean): void {
    if (holds) this.restrictions |= bit;
    else this.restrictions &= ~bit;
  }

  /** Bytes that it counts for `maxmemory-clients`. */
  get memoryBytes(): number {
    if (this.#isDismissed) return 0;
    return this.heapBytes + this.offHeapBytes + this.replyBuffer.sizeBytes;
  }

  /**
   * Counts bytes that are kept for it, on the JavaScript heap (at most so many) and off it; negative
   * when they are given back.
   */
  charge(heapBytes: number, offHeapBytes = 0): void {
    if (this.#isDismissed) return;
    this.heapBytes += heapBytes;
    this.offHeapBytes += offHeapBytes;
    this.#memory?.add(heapBytes, offHeapBytes);
  }

  /** Counts bytes, of those that were charged, that lie where the data lies (ClientMemory.largeBytes). */
  countLarge(bytes: number): void {
    if (this.#isDismissed) return;
    this.#largeBytes += bytes;
    if (this.#memory !== undefined) this.#memory.largeBytes += bytes;
  }

  /** Lets its share of the buffers for replies follow what it uses. */
  resizeReplyBuffer(settings: ReplyBufferSettings, unsentBytes: number, nowMs: number): void {
    const grownBytes = this.replyBuffer.resize(settings, unsentBytes, nowMs);
    if (grownBytes !== 0 && !this.#isDismissed) this.#memory?.addShared(grownBytes);
  }

  /** It is gone: nothing counts for it any more. */
  dismiss(): void {
    if (this.#isDismissed) return;
    this.countLarge(-this.#largeBytes);
    this.charge(-this.heapBytes, -this.offHeapBytes);
    this.#memory?.addShared(-this.replyBuffer.sizeBytes);
    this.#isDismissed = true;
  }

  /** Begins to queue requests. */
  beginTransaction(): void {
    this.transaction = new Transaction();
    this.charge(TRANSACTION_BYTES);
  }

  /** Queues a copy of a request in its transaction. @throws RangeError when there is no memory */
  queue(command: Command, request: Request): void {
    const { transaction } = this;
    if (transaction === undefined) return;
    const { queue } = transaction;
    const { sizeBytes, largeBytes } = queue;
    transaction.add(command, request);
    const grownBytes = queue.sizeBytes - sizeBytes;
    if (grownBytes !== 0) this.charge(0, grownBytes);
    if (queue.largeBytes !== largeBytes) this.countLarge(queue.largeBytes - largeBytes);
  }

  /** Drops its transaction, if it has one. */
  endTransaction(): void {
    const { transaction } = this;
    if (transaction === undefined) return;
    this.transaction = undefined;
    this.countLarge(-transaction.queue.largeBytes);
    this.charge(-TRANSACTION_BYTES, -transaction.queue.sizeBytes);
    transaction.queue.clear();
  }

  /** Keeps a request of it until it is answered, or (negative) no longer. */
  chargeWaiting(heapBytes: number, argumentBytes: number): void {
    this.waitingBytes += argumentBytes;
    this.charge(heapBytes, argumentBytes);
  }

  get isSubscriber(): boolean {
    return this.subscriptions !== undefined;
  }

  /** Sizes of its buffers. */
  abstract buffers(): ClientBuffers;

  /** Number of the file descriptor of its socket, or -1. */
  abstract descriptor(): number;

  /** Begins to wait. */
  block(): void {
    this.blocked = true;
  }

  /** Its command is answered: it goes on with its requests, in a later iteration of the event loop. */
  unblock(): void {
    this.blocked = false;
  }

  /** The pause that suspended its next request is over. */
  resume(): void {}

  /** Closes it at once, dropping what was not sent. */
  abstract kill(): void;

  /** Sends encoded bytes that answer no request of its own (MONITOR lines, pushes). */
  abstract send(bytes: Buffer): void;

  /** As `send`, for parts of which some may be pinned. */
  sendParts(parts: readonly ReplyPart[]): void {
    for (const part of parts) {
      if (Buffer.isBuffer(part)) this.send(part);
      else part.release();
    }
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    this.send(buffer.subarray(start, end));
  }

  /** Puts the messages that were kept back into the replies. */
  addPendingPushesTo(reply: Reply): void {
    for (const part of this.pendingPushes?.take() ?? []) reply.part(part);
    this.pendingPushes = undefined;
  }
}
