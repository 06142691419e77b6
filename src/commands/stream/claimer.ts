// Claiming entries of a group for a consumer, one by one. What was claimed is answered afterwards, when it is known how
// much it is; the log is told of each entry at once (claim-effects.ts).
import type { Call } from '../../core/call.ts';
import { ByteView } from '../../structures/entry.ts';
import { IdList } from '../../types/stream/id-list.ts';
import { PendingCursor } from '../../types/stream/pending-entries.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';
import type { ClaimOptions } from './claim-arguments.ts';
import { ClaimEffects } from './claim-effects.ts';
import { consumerAt, createConsumer, notifyConsumer } from './group-arguments.ts';

/** The argument that is the consumer's name. */
const CONSUMER_AT = 3;
/** Deliveries of an entry that was not pending until now. */
const FIRST_DELIVERY = 1;

/** Claims; see the head of this file. */
export class Claimer {
  /** Ids of the entries that were claimed, and of deleted ones that were dropped. */
  readonly claimed = new IdList();
  readonly deleted = new IdList();
  /** Where `claimFrom` is to go on; 0-0: nowhere. */
  readonly next = new StreamId();
  readonly #effects = new ClaimEffects();
  readonly #cursor = new PendingCursor();
  readonly #name = new ByteView();
  #root = 0;
  #group = 0;
  /** 0: not looked for yet. */
  #consumer = 0;
  #isConsumerNew = false;
  #options: ClaimOptions | undefined;

  /**
   * Runs what claims entries of a group, by the methods below.
   * @param ref the entry of the group's stream, which may be changed
   * @param isLastIdSet whether the group has just got another last id
   */
  run(
    call: Call,
    ref: number,
    group: number,
    options: ClaimOptions,
    isLastIdSet: boolean,
    claim: () => void,
  ): void {
    const { db, server } = call;
    this.claimed.clear();
    this.deleted.clear();
    this.#root = db.entries.root(ref);
    this.#group = group;
    this.#consumer = 0;
    this.#isConsumerNew = false;
    this.#options = options;
    // What it changes is recorded entry by entry, even if memory runs out after the first change.
    server.effects.suppress();
    const before = server.keyspace.dirty;
    try {
      this.#effects.record(call, group, isLastIdSet, claim);
    } catch (error) {
      this.notifyConsumer(call);
      throw error;
    } finally {
      if (isLastIdSet && server.keyspace.dirty === before) server.keyspace.dirty++;
    }
  }

  /** Tells of the consumer, if it was made: as Redis does, in the reply before the first entry. */
  notifyConsumer(call: Call): void {
    if (this.#isConsumerNew) notifyConsumer(call, 1);
    this.#isConsumerNew = false;
  }

  /**
   * Claims an entry, if it may be.
   * @param idText its id, as it was asked for
   */
  claim(call: Call, id: StreamId, idText: Uint8Array): void {
    const cursor = this.#cursor;
    const streams = streamsOf(call.db.entries);
    const isPending = streams.groups.findPending(this.#group, id, cursor);
    if (!streams.find(this.#root, id)) {
      if (isPending) this.#drop(call, idText);
    } else if (isPending) {
      if (this.#isIdle(call)) this.#take(call, idText);
    } else if (this.#options?.isForced === true) {
      this.#add(call, id, idText);
    }
  }

  /**
   * Claims pending entries from an id on.
   * @param count how many at most, deleted ones included
   * @param attempts how many are looked at
   */
  claimFrom(call: Call, start: StreamId, count: number, attempts: number): void {
    const cursor = this.#cursor;
    const streams = streamsOf(call.db.entries);
    const { groups } = streams;
    let more = groups.seekPending(this.#group, start, cursor);
    let wanted = count;
    for (let left = attempts; more && left > 0 && wanted > 0; left--) {
      if (!streams.find(this.#root, cursor.id)) {
        this.#drop(call, undefined);
        wanted--;
      } else if (this.#isIdle(call)) {
        this.#take(call, undefined);
        wanted--;
      }
      more = groups.nextPending(this.#group, cursor);
    }
    if (more) this.next.set(cursor.id);
    else this.next.setZero();
  }

  /** Whether the entry at the cursor has been idle for long enough. */
  #isIdle({ server }: Call): boolean {
    const minIdleMs = this.#options?.minIdleMs ?? 0;
    return minIdleMs === 0 || server.keyspace.nowMs - this.#cursor.timeMs >= minIdleMs;
  }

  /** The entry at the cursor is deleted: it is no longer pending. */
  #drop(call: Call, idText: Uint8Array | undefined): void {
    const { db, server } = call;
    const { groups } = streamsOf(db.entries);
    const { id, timeMs, deliveries, consumer } = this.#cursor;
    if (server.effects.active) {
      groups.name(consumer, this.#name);
      const owner = this.#name.copy();
      this.#effects.claimed(call, idText ?? id.toString(), owner, timeMs, deliveries);
    }
    this.deleted.add(id);
    groups.removePending(this.#root, this.#group, this.#cursor);
    server.keyspace.dirty++;
  }

  /** The entry at the cursor is the consumer's. */
  #take(call: Call, idText: Uint8Array | undefined): void {
    const cursor = this.#cursor;
    const { groups } = streamsOf(call.db.entries);
    const consumer = this.#consumerOf(call);
    const { timeMs } = this.#given;
    const deliveries = this.#deliveries(cursor.deliveries);
    groups.setPending(this.#root, this.#group, cursor, consumer, timeMs, deliveries);
    this.#note(call, cursor.id, idText, deliveries);
  }

  /** An entry that was not pending is the consumer's. */
  #add(call: Call, id: StreamId, idText: Uint8Array): void {
    const { groups } = streamsOf(call.db.entries);
    const consumer = this.#consumerOf(call);
    const deliveries = this.#deliveries(FIRST_DELIVERY);
    groups.addPending(this.#root, this.#group, consumer, id, this.#given.timeMs, deliveries);
    this.#note(call, id, idText, deliveries);
  }

  #note(call: Call, id: StreamId, idText: Uint8Array | undefined, deliveries: number): void {
    const { request, server } = call;
    this.claimed.add(id);
    server.keyspace.dirty++;
    if (!server.effects.active) return;
    const name = request.bytes(CONSUMER_AT);
    this.#effects.claimed(call, idText ?? id.toString(), name, this.#given.timeMs, deliveries);
  }

  /** How often an entry counts as delivered that was so often before. */
  #deliveries(before: number): number {
    const { retryCount, isJustId } = this.#given;
    if (retryCount >= 0) return retryCount;
    return isJustId ? before : Math.min(before + 1, Number.MAX_SAFE_INTEGER);
  }

  get #given(): ClaimOptions {
    if (this.#options === undefined) throw new Error('nothing is being claimed');
    return this.#options;
  }

  /** The consumer who claims, made if there is none; it was seen now. */
  #consumerOf(call: Call): number {
    if (this.#consumer !== 0) return this.#consumer;
    const { db, server } = call;
    const { nowMs } = server.keyspace;
    const { groups } = streamsOf(db.entries);
    let consumer = consumerAt(call, this.#group, CONSUMER_AT);
    if (consumer === 0) {
      consumer = createConsumer(call, this.#root, this.#group, CONSUMER_AT);
      this.#isConsumerNew = true;
    }
    groups.setSeenMs(consumer, nowMs);
    groups.setActiveMs(consumer, nowMs);
    this.#consumer = consumer;
    return consumer;
  }
}
