// Sorted sets in RDB files. Redis 7.0 writes ZSET_2, from the highest score down, and ZSET_LISTPACK; the others are
// older:
//
//   ZSET           n, n × ( string, score in text )
//   ZSET_2         n, n × ( string, score: 8 bytes )
//   ZSET_ZIPLIST   string: ziplist of members and scores in turn
//   ZSET_LISTPACK  string: listpack, the same
import type { Entries } from '../../keyspace/entries.ts';
import type {
  EntryTarget,
  ValueCodec,
  ValueReader,
  ValueWriter,
} from '../../keyspace/value-type.ts';
import { readListpack, readZiplist } from '../../persistence/rdb/format/packed-elements.ts';
import type { RdbReader } from '../../persistence/rdb/format/rdb-reader.ts';
import type { RdbWriter } from '../../persistence/rdb/format/rdb-writer.ts';
import { writePacked } from '../../persistence/rdb/packed-rest.ts';
import { type RecordOrder, writeRecords } from '../../persistence/rdb/record-rest.ts';
import { parsePrefix } from '../../protocol/double-parse.ts';
import { writeInteger } from '../../protocol/integer.ts';
import type { Request } from '../../protocol/request.ts';
import { ByteView } from '../../structures/entry.ts';
import { RankedCursor } from '../../structures/ranked-tree.ts';
import { SortedSetBuilder } from './builder.ts';
import { ENCODING_PACKED } from './encodings.ts';
import type { SortedSets } from './sorted-sets.ts';
import { sortedSetsOf } from './values.ts';

const ZSET = 3;
const ZSET_2 = 5;
const ZSET_ZIPLIST = 12;
const ZSET_LISTPACK = 17;

/** A canonical integer has at most so many bytes. */
const INTEGER_BYTES = 24;

/** Reads a score. */
type ScoreReader = (input: RdbReader) => number;
/** Hands on the elements of a string; false when it is damaged. */
type ElementsReader = (view: ByteView, receiver: PairReceiver) => boolean;

/** What both readers do with the sorted set that they have read. */
abstract class SortedSetReader implements ValueReader {
  protected readonly set: SortedSetBuilder;

  constructor(entries: Entries) {
    this.set = new SortedSetBuilder(entries);
  }

  get isEmpty(): boolean {
    return this.set.count === 0;
  }

  abstract begin(): void;
  abstract step(input: RdbReader): boolean;

  store(db: EntryTarget, request: Request, i: number, expiry: number): number {
    return this.set.store(db, 0, request, i, expiry);
  }

  discard(): void {
    this.set.discard();
  }
}

/** Reads members one by one. */
class CountedReader extends SortedSetReader {
  readonly #readScore: ScoreReader;
  /** Members that are still to come; -1 before the number was read. */
  #left = -1;

  constructor(entries: Entries, readScore: ScoreReader) {
    super(entries);
    this.#readScore = readScore;
  }

  begin(): void {
    this.#left = -1;
  }

  step(input: RdbReader): boolean {
    if (this.#left < 0) {
      this.#left = input.length();
      return this.#left === 0;
    }
    const { buffer, offset, length } = input.string();
    const score = this.#readScore(input);
    if (Number.isNaN(score)) throw input.error('a score is no number');
    if (!this.set.add(buffer, offset, length, score)) throw input.error('a member is there twice');
    this.#left--;
    return this.#left === 0;
  }
}

/** Takes members and scores in turn. */
class PairReceiver {
  /** Whether one of them cannot be. */
  isDamaged = false;
  /** Whether the next element is a score. */
  hasMember = false;
  readonly #set: SortedSetBuilder;
  readonly #digits = Buffer.alloc(INTEGER_BYTES);
  #buffer: Uint8Array = this.#digits;
  #offset = 0;
  #length = 0;

  constructor(set: SortedSetBuilder) {
    this.#set = set;
  }

  push(bytes: Uint8Array, offset: number, length: number): void {
    if (this.hasMember) this.#add(parsePrefix(bytes, offset, length));
    else this.#setMember(bytes, offset, length);
  }

  pushInteger(value: number): void {
    if (this.hasMember) this.#add(value);
    else this.#setMember(this.#digits, 0, writeInteger(this.#digits, 0, value));
  }

  #setMember(bytes: Uint8Array, offset: number, length: number): void {
    this.#buffer = bytes;
    this.#offset = offset;
    this.#length = length;
    this.hasMember = true;
  }

  #add(score: number): void {
    this.hasMember = false;
    if (Number.isNaN(score) || !this.#set.append(this.#buffer, this.#offset, this.#length, score)) {
      this.isDamaged = true;
    }
  }
}

/** Reads all members from one string. */
class PackedReader extends SortedSetReader {
  readonly #read: ElementsReader;

  constructor(entries: Entries, read: ElementsReader) {
    super(entries);
    this.#read = read;
  }

  begin(): void {}

  step(input: RdbReader): boolean {
    const receiver = new PairReceiver(this.set);
    const isWhole = this.#read(input.string(), receiver);
    if (!isWhole || receiver.isDamaged || receiver.hasMember || this.set.hasDuplicates) {
      throw input.error('the members of a sorted set are damaged');
    }
    return true;
  }
}

/** The records of a sorted set from the highest score down. */
class Descending implements RecordOrder {
  readonly #sets: SortedSets;
  readonly #cursor = new RankedCursor();
  #isLeft: boolean;

  constructor(sets: SortedSets, root: number) {
    this.#sets = sets;
    this.#isLeft = sets.trees.seek(sets.tree(root), sets.length(root) - 1, this.#cursor);
  }

  next(): number {
    if (!this.#isLeft) return 0;
    const { record } = this.#cursor;
    this.#isLeft = this.#sets.trees.previous(this.#cursor);
    return record;
  }
}

const view = new ByteView();
const scoreBytes = Buffer.alloc(8);

const sortedSetWriter: ValueWriter = {
  typeByte: (entries, ref) =>
    entries.encodingOf(ref) === ENCODING_PACKED ? ZSET_LISTPACK : ZSET_2,
  write(writer, entries, ref) {
    if (entries.encodingOf(ref) === ENCODING_PACKED) return writePacked(writer, entries, ref);
    const sets = sortedSetsOf(entries);
    const root = entries.root(ref);
    const write = (target: RdbWriter, record: number) => writeMember(target, sets, record);
    return writeRecords(writer, entries, sets, root, write, new Descending(sets, root));
  },
};

function writeMember(writer: RdbWriter, { records }: SortedSets, record: number): void {
  records.key(record, view);
  writer.string(view.buffer, view.offset, view.length);
  scoreBytes.writeDoubleLE(records.score(record));
  writer.raw(scoreBytes, 0, scoreBytes.length);
}

/** How sorted sets are read and written. */
export const sortedSetCodec: ValueCodec = {
  readers: {
    [ZSET]: (entries) => new CountedReader(entries, (input) => input.textDouble()),
    [ZSET_2]: (entries) => new CountedReader(entries, (input) => input.double()),
    [ZSET_ZIPLIST]: (entries) => new PackedReader(entries, readZiplist),
    [ZSET_LISTPACK]: (entries) => new PackedReader(entries, readListpack),
  },
  writer: sortedSetWriter,
};
