// Reads the groups of a stream from a file or payload:
//
//   string: name, last id, (entries read), n, n × pending entry, n, n × consumer
//   pending entry    id: 16 bytes, time: 8 bytes, deliveries
//   consumer         string: name, seen: 8 bytes, (active: 8 bytes), n, n × id
//
// Which consumer has an entry is only known when the consumer is read. Nothing is trusted: an entry is pending once, and
// has one consumer.
import type { RdbReader } from '../../persistence/rdb/format/rdb-reader.ts';
import { entriesReadAt } from './group-lag.ts';
import type { Groups } from './groups.ts';
import { ID_BYTES, loadId, readId } from './id-codec.ts';
import { StreamId } from './stream-id.ts';
import type { Streams } from './streams.ts';

/** What groups and consumers have in a file besides the rest. */
export interface GroupLayout {
  readonly hasEntriesRead: boolean;
  readonly hasActiveTime: boolean;
}

type State = 'group' | 'pending' | 'consumer' | 'own';

/** The reader; see the head of this file. */
export class GroupReader {
  readonly #streams: Streams;
  readonly #groups: Groups;
  readonly #layout: GroupLayout;
  readonly #id = new StreamId();
  /** The id of the entry before, of the group or the consumer, and whether there is one. */
  readonly #lastId = new StreamId();
  #isFirst = true;
  #state: State = 'group';
  #root = 0;
  #group = 0;
  #consumer = 0;
  /** Entries of the group or the consumer, and consumers, that are still to come. */
  #left = 0;
  #consumersLeft = 0;
  /** Pending entries whose consumer is not known yet. */
  #unowned = 0;

  constructor(streams: Streams, layout: GroupLayout) {
    this.#streams = streams;
    this.#groups = streams.groups;
    this.#layout = layout;
  }

  /** Begins with the groups of a stream, of which all else is read. */
  begin(root: number): void {
    this.#root = root;
    this.#state = 'group';
  }

  /** Reads the next part; returns whether a group is complete. @throws NEED_BYTES, RdbError, ArenaFullError */
  step(input: RdbReader): boolean {
    switch (this.#state) {
      case 'group':
        this.#readGroup(input);
        return false;
      case 'pending':
        if (this.#left > 0) {
          this.#readPending(input);
          return false;
        }
        this.#consumersLeft = input.length();
        break;
      case 'consumer':
        this.#readConsumer(input);
        break;
      default:
        this.#readOwn(input);
    }
    if (this.#state === 'own' && this.#left > 0) return false;
    this.#state = 'consumer';
    if (this.#consumersLeft > 0) return false;
    if (this.#unowned > 0) throw input.error('a pending entry has no consumer');
    this.#state = 'group';
    return true;
  }

  #readGroup(input: RdbReader): void {
    const name = input.string().copy();
    const id = this.#id;
    readId(input, id);
    const entriesRead = this.#layout.hasEntriesRead
      ? input.length64()
      : entriesReadAt(this.#streams, this.#root, id);
    const left = input.length();
    if (this.#groups.find(this.#root, name, 0, name.length) !== 0) {
      throw input.error('a stream has a group twice');
    }
    this.#group = this.#groups.create(this.#root, name, 0, name.length, id, entriesRead);
    this.#left = left;
    this.#unowned = left;
    this.#isFirst = true;
    this.#state = 'pending';
  }

  #readPending(input: RdbReader): void {
    this.#readEntryId(input);
    const timeMs = clamped(input.int64());
    const deliveries = clamped(input.length());
    this.#checkOrder(input);
    this.#groups.addUnowned(this.#root, this.#group, this.#id, timeMs, deliveries);
    this.#left--;
  }

  #readConsumer(input: RdbReader): void {
    const name = input.string().copy();
    const seenMs = clamped(input.int64());
    // That is the best guess there is.
    const activeMs = this.#layout.hasActiveTime ? clamped(input.int64()) : seenMs;
    const left = input.length();
    const groups = this.#groups;
    const group = this.#group;
    if (groups.findConsumer(group, name, 0, name.length) !== 0) {
      throw input.error('a group has a consumer twice');
    }
    this.#consumer = groups.createConsumer(this.#root, group, name, 0, name.length, seenMs);
    groups.setActiveMs(this.#consumer, activeMs);
    this.#consumersLeft--;
    this.#left = left;
    this.#isFirst = true;
    this.#state = 'own';
  }

  #readOwn(input: RdbReader): void {
    this.#readEntryId(input);
    this.#checkOrder(input);
    if (!this.#groups.setOwner(this.#root, this.#group, this.#consumer, this.#id)) {
      throw input.error('a consumer has an entry that is not pending, or is that of another');
    }
    this.#unowned--;
    this.#left--;
  }

  #readEntryId(input: RdbReader): void {
    const { buffer, offset } = input.bytes(ID_BYTES);
    loadId(buffer, offset, this.#id);
  }

  /** Entries ascend, so none is there twice. */
  #checkOrder(input: RdbReader): void {
    if (!this.#isFirst && this.#id.compare(this.#lastId) <= 0) {
      throw input.error('pending entries do not ascend');
    }
    this.#isFirst = false;
    this.#lastId.set(this.#id);
  }
}

/** Numbers beyond 2^53 are less then. */
function clamped(value: number): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(value, Number.MAX_SAFE_INTEGER));
}
