// The one stream of changes: RESP commands in the order in which they happened, with SELECT where the database
// changes and a transaction between MULTI and EXEC. A position in it is one number, the offset: it counts the bytes
// of a history, which the replication id names.
//
//   effects (dispatch/effect-recorder.ts) ──▶ stream ──┬──▶ log
//                                               │      ├──▶ backlog, replicas, feeds
//      replies leave when it is durable ◀───────┘      └──▶ …
//
// Invariants:
// - All subscribers get the same bytes at the same offsets. One that comes later begins at the end of a command
//   or transaction, in database 0: SELECT stands before the next effect in another one. So does every
//   group of a log.
// - The offset never goes back, and counts on while there are subscribers, or finished ones that replies wait for.
// With the last
//   of them the history ends: later changes are in no stream, so the next history gets another id.
// - durableOffset is not above what any subscriber that holds replies calls durable.

import { newReplicationId } from '../persistence/segments/manifest.ts';
import type { LargeArgument } from '../protocol/large-argument.ts';
import type { StreamSubscriber, SubscriberKind } from './subscriber.ts';

/**
 * A group of this many bytes does not grow any more: a start reads a group in one piece, which is at most this and
 * the largest transaction.
 */
const FULL_GROUP_BYTES = 256 * 1024 * 1024;
/** With a full group before it, and what is added to its requests, it stays below 4 GiB. */
const MAX_TRANSACTION_BYTES = 3 * 1024 * 1024 * 1024;

const MULTI = Buffer.from('*1\r\n$5\r\nMULTI\r\n', 'latin1');
const EXEC = Buffer.from('*1\r\n$4\r\nEXEC\r\n', 'latin1');

/** In place of an offset: nowhere. */
const NOWHERE = -1;

/** Bounds of groups, in bytes. */
export interface GroupBounds {
  /** From this size on a group does not grow any more, but for a transaction that has begun. */
  readonly fullGroupBytes: number;
  /** Requests of a transaction. */
  readonly maxTransactionBytes: number;
}

/** A position in a history. */
export interface StreamPosition {
  readonly replicationId: string;
  readonly offset: number;
  /** The database that is selected at this position. */
  readonly database: number;
}

/** A subscriber and its state. */
interface Subscription {
  readonly subscriber: StreamSubscriber;
  /** `groupStart` of the last effect in a database other than 0. */
  groupStart: number;
  isReceiving: boolean;
}

/** The stream of changes; see the head of this file. */
export class CommandStream {
  /** Whether there are subscribers, or finished ones that replies wait for; otherwise effects need not be recorded. */
  active = false;
  /** The offset of its end. */
  offset = 0;
  /**
   * The durable offset, as of the last `commit` or `progressed`: replies that depend on changes beyond it wait.
   * Infinity while no subscriber holds replies.
   */
  durableOffset = Number.POSITIVE_INFINITY;
  bounds: GroupBounds = {
    fullGroupBytes: FULL_GROUP_BYTES,
    maxTransactionBytes: MAX_TRANSACTION_BYTES,
  };
  /** 40 hexadecimal digits: names the history that the offsets count in. */
  #replicationId = newReplicationId();
  /** The active subscriptions. The array is replaced, never changed. */
  #receivers: readonly Subscription[] = [];
  /**
   * The active subscriptions, the finished ones that replies still wait for, and those that begin after the current
   * transaction.
   */
  #subscriptions: readonly Subscription[] = [];
  #joining: Subscription[] = [];
  /** Database of the last effect. */
  #database = 0;
  #inTransaction = false;
  /** Whether MULTI was written for the present transaction. */
  #hasMulti = false;
  /** Whether an effect has begun and not ended. */
  #isInEffect = false;
  #isSuspended = false;
  /** No group is full before this offset. */
  #noneFullBefore = 0;
  readonly #onProgress: ((durableOffset: number) => void)[] = [];

  /** Names the history that the offsets count in: 40 hexadecimal digits. */
  get replicationId(): string {
    return this.#replicationId;
  }

  /** Whether recording is suspended, because a log is being loaded again (DEBUG LOADAOF). */
  set isSuspended(isSuspended: boolean) {
    this.#isSuspended = isSuspended;
    this.#refreshActive();
  }

  /** Continues where a log ends. @throws Error when there is a subscriber already */
  goOn({ replicationId, offset, database }: StreamPosition): void {
    if (this.#subscriptions.length > 0) throw new Error('the stream has begun already');
    this.#replicationId = replicationId;
    this.offset = offset;
    this.#database = database;
    this.#noneFullBefore = 0;
  }

  /** Sets the listener that is called, with the durable offset, when that may have grown. */
  onProgress(listener: (durableOffset: number) => void): void {
    this.#onProgress.push(listener);
  }

  // ── Subscribers ─────────────────────────────────────────────────────────────────────────────

  /** Adds a subscriber: it gets all changes from now on, or from the end of the current command or transaction on. */
  subscribe(subscriber: StreamSubscriber): void {
    const subscription = { subscriber, groupStart: NOWHERE, isReceiving: false };
    if (this.#isInEffect || this.#hasMulti) this.#joining.push(subscription);
    else this.#begin(subscription);
    this.#subscriptions = [...this.#subscriptions, subscription];
    this.#refreshActive();
    this.#refreshDurable();
  }

  /** Ends the delivery to a subscriber. If it holds replies, they go on waiting for it until it is unsubscribed. */
  finish(subscriber: StreamSubscriber): void {
    const isOther = (subscription: Subscription) => subscription.subscriber !== subscriber;
    for (const subscription of this.#receivers) {
      if (!isOther(subscription)) subscription.isReceiving = false;
    }
    this.#receivers = this.#receivers.filter(isOther);
    this.#joining = this.#joining.filter(isOther);
  }

  /** Ends a subscription: the subscriber gets nothing more, and no reply waits for it. */
  unsubscribe(subscriber: StreamSubscriber): void {
    this.finish(subscriber);
    const left = this.#subscriptions.filter(
      (subscription) => subscription.subscriber !== subscriber,
    );
    const isLast = left.length === 0 && this.#subscriptions.length > 0;
    this.#subscriptions = left;
    if (isLast) {
      this.#replicationId = newReplicationId();
      this.#database = 0;
    }
    this.#refreshActive();
    this.progressed();
  }

  #begin(subscription: Subscription): void {
    subscription.subscriber.begin(this.offset);
    subscription.isReceiving = true;
    this.#receivers = [...this.#receivers, subscription];
  }

  /** Called when a command or transaction is over: starts the subscriptions that have waited for that. */
  #beginJoining(): void {
    const joining = this.#joining;
    this.#joining = [];
    for (const subscription of joining) {
      this.#isolated(subscription, () => this.#begin(subscription));
    }
  }

  #refreshActive(): void {
    this.active = this.#subscriptions.length > 0 && !this.#isSuspended;
  }

  #isolated(subscription: Subscription, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fail(subscription, error);
    }
  }

  #fail({ subscriber }: Subscription, error: unknown): void {
    this.finish(subscriber);
    subscriber.failed(error);
  }

  // ── Recording ───────────────────────────────────────────────────────────────────────────────

  /** To be called before a command runs: full groups end here. */
  beginCommand(): void {
    if (this.offset >= this.#noneFullBefore && !this.#inTransaction) this.#closeFullGroups();
  }

  #closeFullGroups(): void {
    const { fullGroupBytes } = this.bounds;
    let oldest = this.offset;
    for (const subscription of this.#receivers) {
      const { subscriber } = subscription;
      const start = subscriber.groupStart;
      if (this.offset - start < fullGroupBytes) oldest = Math.min(oldest, start);
      else this.#isolated(subscription, () => subscriber.closeGroup());
    }
    this.#noneFullBefore = oldest + fullGroupBytes;
  }

  /** Whether effects are being repeated all or none. */
  get isInTransaction(): boolean {
    return this.#inTransaction;
  }

  /** The effects until `endTransaction` are repeated all or none. */
  beginTransaction(): void {
    this.#inTransaction = true;
  }

  endTransaction(): void {
    this.#inTransaction = false;
    if (!this.#hasMulti) return;
    this.#hasMulti = false;
    this.append(EXEC, 0, EXEC.length);
    this.endEffect();
  }

  /** An effect in a database begins: one command, in parts, until `endEffect`. */
  beginEffect(database: number): void {
    this.#isInEffect = true;
    // Subscribers and groups begin in database 0.
    if (database !== 0 || this.#database !== 0) this.#select(database);
    if (this.#inTransaction && !this.#hasMulti) {
      this.#hasMulti = true;
      this.append(MULTI, 0, MULTI.length);
    }
  }

  #select(database: number): void {
    let isNeeded = database !== this.#database;
    for (const subscription of this.#receivers) {
      // A group may end at any time (a write tried again, a new segment): the subscriber knows.
      const { groupStart } = subscription.subscriber;
      if (groupStart !== subscription.groupStart && database !== 0) isNeeded = true;
      subscription.groupStart = groupStart;
    }
    this.#database = database;
    if (!isNeeded) return;
    const select = selectOf(database);
    this.append(select, 0, select.length);
  }

  /** Appends bytes [start, end): the effect, or a part of it. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const receivers = this.#receivers;
    for (let i = 0; i < receivers.length; i++) {
      const subscription = receivers[i];
      if (!subscription.isReceiving) continue;
      try {
        subscription.subscriber.append(bytes, start, end);
      } catch (error) {
        this.#fail(subscription, error);
      }
    }
    this.offset += end - start;
  }

  /** Appends the bytes of a large argument, which are not copied: each subscriber gets them pinned. */
  appendLarge(argument: LargeArgument): void {
    for (const subscription of this.#receivers) {
      if (!subscription.isReceiving) continue;
      const piece = argument.pin();
      try {
        subscription.subscriber.appendPinned(piece);
      } catch (error) {
        piece.release();
        this.#fail(subscription, error);
      }
    }
    this.offset += argument.length;
  }

  endEffect(): void {
    this.#isInEffect = false;
    if (this.#joining.length > 0 && !this.#hasMulti) this.#beginJoining();
  }

  // ── Durability ──────────────────────────────────────────────────────────────────────────────

  /**
   * Makes all subscribers write or sync what they were given (StreamSubscriber.commit), before replies are sent.
   * @returns `durableOffset`
   */
  commit(): number {
    const receivers = this.#receivers;
    for (let i = 0; i < receivers.length; i++) {
      const subscription = receivers[i];
      if (!subscription.isReceiving) continue;
      try {
        subscription.subscriber.commit();
      } catch (error) {
        this.#fail(subscription, error);
      }
    }
    return this.#refreshDurable();
  }

  /** To be called by subscribers when their durable offset has grown, or `holdsReplies` has changed. */
  progressed(): void {
    const durableOffset = this.#refreshDurable();
    for (const listener of this.#onProgress) listener(durableOffset);
  }

  /** Number of complete subscribers of a kind whose data is durable up to an offset: for WAIT. */
  countDurable(kind: SubscriberKind, offset: number): number {
    return this.#count(kind, (subscriber) => subscriber.durableOffset >= offset);
  }

  /** Number of complete subscribers of a kind whose data is on disk up to an offset: for WAITAOF. */
  countSynced(kind: SubscriberKind, offset: number): number {
    return this.#count(kind, (subscriber) => subscriber.syncedOffset >= offset);
  }

  #count(kind: SubscriberKind, has: (subscriber: StreamSubscriber) => boolean): number {
    return this.#subscriptions.filter(
      ({ subscriber }) => subscriber.kind === kind && subscriber.isComplete && has(subscriber),
    ).length;
  }

  #refreshDurable(): number {
    let durableOffset = Number.POSITIVE_INFINITY;
    const subscriptions = this.#subscriptions;
    for (let i = 0; i < subscriptions.length; i++) {
      const { subscriber } = subscriptions[i];
      if (subscriber.holdsReplies) {
        durableOffset = Math.min(durableOffset, subscriber.durableOffset);
      }
    }
    this.durableOffset = durableOffset;
    return durableOffset;
  }
}

const selects: Buffer[] = [];

/** The encoded SELECT of a database. */
function selectOf(database: number): Buffer {
  const known = selects[database];
  if (known !== undefined) return known;
  const digits = String(database);
  const select = Buffer.from(`*2\r\n$6\r\nSELECT\r\n$${digits.length}\r\n${digits}\r\n`, 'latin1');
  selects[database] = select;
  return select;
}
