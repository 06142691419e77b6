// Streams in RDB files. Redis 7.0 writes STREAM_LISTPACKS_2 (stream-writer.ts):
//
//   STREAM_LISTPACKS     nodes, length, last id, groups                              Redis 5 and 6
//   STREAM_LISTPACKS_2   with first id, largest deleted id, entries added; and in groups with entries read
//   STREAM_LISTPACKS_3   with the time at which a consumer last had something        Redis 7.2
import type { Entries } from '../../keyspace/entries.ts';
import type {
  EntryTarget,
  ValueCodec,
  ValueExtension,
  ValueReader,
} from '../../keyspace/value-type.ts';
import type { RdbReader } from '../../persistence/rdb/format/rdb-reader.ts';
import type { Request } from '../../protocol/request.ts';
import { ENCODING_BLOCKS, TYPE_STREAM } from './encodings.ts';
import { GroupReader } from './group-reader.ts';
import { readId } from './id-codec.ts';
import { NodeReader } from './node-reader.ts';
import { decodeRule, RETENTION_EXTENSION, type RetentionRule } from './retention-rule.ts';
import { StreamId } from './stream-id.ts';
import {
  ENTRIES_ADDED,
  FIRST_ID,
  LAST_ID,
  MAX_DELETED_ID,
  setCounterAt,
  setRootLength,
  storeRootId,
} from './stream-root.ts';
import { STREAM_2, streamWriter } from './stream-writer.ts';
import type { Streams } from './streams.ts';
import { applyTier, decodeTier, TIER_EXTENSION, type TierState } from './tier-state.ts';
import { ROOT_REF_BYTES, streamsOf } from './values.ts';

const STREAM = 15;
const STREAM_3 = 21;

const LARGEST = new StreamId();
LARGEST.setMax();

/** Parts of a stream that are read next. */
type State = 'begins' | 'nodes' | 'counters' | 'groups';

/** Reads streams of one encoding; see the head of this file. */
class StreamReader implements ValueReader {
  readonly isEmpty = false;
  readonly #entries: Entries;
  readonly #streams: Streams;
  readonly #type: number;
  readonly #nodes: NodeReader;
  readonly #groups: GroupReader;
  readonly #ids = [new StreamId(), new StreamId(), new StreamId()] as const;
  #state: State = 'begins';
  /** Nodes or groups that are still to come. */
  #left = 0;
  /** Root of the stream; 0 while there is none. */
  #root = 0;
  /** How much of it is kept; undefined: all. */
  #rule: RetentionRule | undefined;
  /** What of it lies in files, and may. */
  #tier: TierState | undefined;

  constructor(entries: Entries, type: number) {
    this.#entries = entries;
    this.#streams = streamsOf(entries);
    this.#type = type;
    this.#nodes = new NodeReader(this.#streams);
    this.#groups = new GroupReader(this.#streams, {
      hasEntriesRead: type !== STREAM,
      hasActiveTime: type === STREAM_3,
    });
  }

  begin(): void {
    this.#state = 'begins';
    this.#rule = undefined;
    this.#tier = undefined;
  }

  step(input: RdbReader): boolean {
    switch (this.#state) {
      case 'begins':
        this.#left = input.length();
        this.#root = this.#streams.create();
        this.#nodes.begin(this.#root);
        this.#state = this.#left === 0 ? 'counters' : 'nodes';
        return false;
      case 'nodes':
        this.#nodes.read(input);
        if (--this.#left === 0) this.#state = 'counters';
        return false;
      case 'counters':
        this.#readCounters(input);
        this.#groups.begin(this.#root);
        this.#state = 'groups';
        return this.#left === 0;
      default:
        if (this.#groups.step(input)) this.#left--;
        return this.#left === 0;
    }
  }

  extend({ name, bytes }: ValueExtension, input: RdbReader): void {
    if (name === TIER_EXTENSION) {
      this.#tier = decodeTier(bytes);
      if (this.#tier === undefined) throw input.error('what is said of cold entries is damaged');
      if (this.#tier.cold !== undefined && !input.refersToFiles) {
        throw input.error('a payload refers to files');
      }
      // In a payload it comes behind the value.
      if (this.#state === 'groups') this.#applyTier(input);
      return;
    }
    this.#rule = decodeRule(bytes);
    if (this.#rule === undefined) throw input.error('a stream has an unknown rule of retention');
  }

  store(db: EntryTarget, request: Request, i: number, expiry: number): number {
    if (this.#rule !== undefined) {
      const { buffer, offsets, lengths } = request;
      const { retention, tables } = this.#streams;
      retention.set(this.#root, this.#rule, tables.hash(buffer, offsets[i], lengths[i]));
    }
    const ref = db.build(0, request, i, TYPE_STREAM, ENCODING_BLOCKS, ROOT_REF_BYTES, expiry);
    db.entries.setRoot(ref, this.#root);
    this.#root = 0;
    db.put(0, ref);
    return ref;
  }

  discard(): void {
    const root = this.#root;
    if (root === 0) return;
    this.#root = 0;
    const streams = this.#streams;
    if (!streams.freeStep(root)) this.#entries.onLargeValue(() => streams.freeStep(root));
  }

  #applyTier(input: RdbReader): void {
    if (this.#tier === undefined || applyTier(this.#streams, this.#root, this.#tier)) return;
    throw input.error('cold entries of a stream do not fit in between the others');
  }

  /** Reads what is known of the stream as a whole, and the number of groups. */
  #readCounters(input: RdbReader): void {
    const root = this.#root;
    const { arena } = this.#streams;
    const [lastId, firstId, maxDeletedId] = this.#ids;
    const length = input.length();
    readId(input, lastId);
    let added = BigInt(length);
    if (this.#type !== STREAM) {
      readId(input, firstId);
      readId(input, maxDeletedId);
      added = input.length64();
    }
    this.#left = input.length();
    if (length !== this.#nodes.length) {
      throw input.error(`a stream has ${this.#nodes.length} entries, not ${length}`);
    }
    if (this.#nodes.isBefore(lastId)) throw input.error('a stream has entries behind its last id');
    setRootLength(arena, root, length);
    storeRootId(arena, root, LAST_ID, lastId);
    setCounterAt(arena, root, ENTRIES_ADDED, added);
    if (this.#type === STREAM) {
      this.#streams.renewFirstId(root);
      // As Redis has it of nothing.
      if (length === 0) storeRootId(arena, root, FIRST_ID, LARGEST);
    } else {
      storeRootId(arena, root, FIRST_ID, firstId);
      storeRootId(arena, root, MAX_DELETED_ID, maxDeletedId);
    }
    this.#applyTier(input);
  }
}

/** How streams are read and written. */
export const streamCodec: ValueCodec = {
  readers: {
    [STREAM]: (entries) => new StreamReader(entries, STREAM),
    [STREAM_2]: (entries) => new StreamReader(entries, STREAM_2),
    [STREAM_3]: (entries) => new StreamReader(entries, STREAM_3),
  },
  writer: streamWriter,
  extensions: [RETENTION_EXTENSION, TIER_EXTENSION],
};
