// Hashes in RDB files. Redis 7.0 writes HASH and HASH_LISTPACK; the others are older:
//
//   HASH           n, n × ( string: field, string: value )
//   HASH_ZIPMAP    string: zipmap (zipmap.ts)
//   HASH_ZIPLIST   string: ziplist of fields and values in turn
//   HASH_LISTPACK  string: listpack of the same
//
// The forms of Redis 7.4 are used where fields expire. Times are in ms since the epoch, 0 stands for none:
//
//   HASH_METADATA            soonest time (8 bytes), n, n × ( 0 | time - soonest + 1, string: field, string: value )
//   HASH_METADATA_PRE_GA     n, n × ( time, string: field, string: value )
//   HASH_LISTPACK_EX         soonest time, string: listpack of fields, values and times in turn
//   HASH_LISTPACK_EX_PRE_GA  string: the same
//
// A field that is there twice is damage, whatever form it has.
import type { Entries } from '../../keyspace/entries.ts';
import { PackedBuilder } from '../../keyspace/packed-value.ts';
import type {
  EntryTarget,
  ValueCodec,
  ValueReader,
  ValueWriter,
} from '../../keyspace/value-type.ts';
import {
  type ElementReceiver,
  readListpack,
  readZiplist,
} from '../../persistence/rdb/format/packed-elements.ts';
import type { RdbReader } from '../../persistence/rdb/format/rdb-reader.ts';
import type { RdbWriter } from '../../persistence/rdb/format/rdb-writer.ts';
import { writePacked } from '../../persistence/rdb/packed-rest.ts';
import { writeRecords } from '../../persistence/rdb/record-rest.ts';
import type { Request } from '../../protocol/request.ts';
import type { ByteView } from '../../structures/entry.ts';
import { HashBuilder } from './builder.ts';
import { ENCODING_EXPIRING, ENCODING_PACKED } from './encodings.ts';
import { type FieldTables, NO_FIELD_EXPIRY } from './field-tables.ts';
import { FieldView } from './field-view.ts';
import { hashesOf } from './values.ts';
import { readZipmap } from './zipmap.ts';

const HASH = 4;
const HASH_ZIPMAP = 9;
const HASH_ZIPLIST = 13;
const HASH_LISTPACK = 16;
const HASH_METADATA_PRE_GA = 22;
const HASH_LISTPACK_EX_PRE_GA = 23;
const HASH_METADATA = 24;
const HASH_LISTPACK_EX = 25;

/** The latest time at which a field may expire, in ms since the epoch. */
const LATEST_TIME_MS = 2 ** 48 - 2;
/** A field, its value, and when it expires. */
const TRIPLE = 3;

/** A field is kept while its value is awaited; room up to this is kept for the next one. */
const KEPT_FIELD_BYTES = 64 * 1024;

const TWICE = 'a hash has a field twice';

/** What the readers of all forms have in common. */
abstract class HashReader implements ValueReader {
  protected readonly hash: HashBuilder;
  protected readonly entries: Entries;

  constructor(entries: Entries) {
    this.entries = entries;
    this.hash = new HashBuilder(entries);
  }

  get isEmpty(): boolean {
    return this.hash.count === 0;
  }

  abstract begin(): void;
  abstract step(input: RdbReader): boolean;

  store(db: EntryTarget, request: Request, i: number, expiry: number): number {
    return this.hash.store(db, request, i, expiry);
  }

  discard(): void {
    this.hash.discard();
  }
}

/** What stands before each field. */
type Times = 'none' | 'absolute' | 'relative';

/** Reads the forms HASH and HASH_METADATA: a field in one step, its value in the next. */
class PairsReader extends HashReader {
  readonly #times: Times;
  /** Strings that are still to come; -1 before the number was read. */
  #left = -1;
  /** Time that relative ones count from. */
  #soonestMs = 0;
  /** When the field expires whose value comes next; 0: never. */
  #timeMs = 0;
  readonly #field = new FieldView();
  readonly #value = new FieldView();
  #fieldBytes = Buffer.allocUnsafeSlow(256);

  constructor(entries: Entries, times: Times) {
    super(entries);
    this.#times = times;
  }

  begin(): void {
    this.#left = -1;
  }

  step(input: RdbReader): boolean {
    const { hash } = this;
    if (this.#left < 0) {
      if (this.#times === 'relative') this.#soonestMs = timeOf(input, input.int64());
      const length = input.length();
      this.#left = 2 * length;
      if (length > hashesOf(this.entries).limits.maxFields) hash.toTable();
    } else if (this.#left % 2 === 0) {
      if (this.#times !== 'none') this.#timeMs = this.#readTime(input);
      this.#keepField(input.string());
      this.#left--;
    } else {
      const { buffer, offset, length } = input.string();
      this.#value.setBytes(buffer, offset, length);
      if (!this.#add()) throw input.error(TWICE);
      this.#left--;
    }
    if (this.#left > 0) return false;
    if (!hash.isTable && hash.hasDuplicates) throw input.error(TWICE);
    return true;
  }

  #readTime(input: RdbReader): number {
    const time = input.length();
    const isRelative = this.#times === 'relative' && time !== 0;
    return timeOf(input, isRelative ? this.#soonestMs + time - 1 : time);
  }

  /** Copies a field: the bytes that it was read from may be gone when its value has come. */
  #keepField({ buffer, offset, length }: ByteView): void {
    if (length > this.#fieldBytes.length || this.#fieldBytes.length > KEPT_FIELD_BYTES) {
      this.#fieldBytes = Buffer.allocUnsafeSlow(Math.max(length, 256));
    }
    buffer.copy(this.#fieldBytes, 0, offset, offset + length);
    this.#field.setBytes(this.#fieldBytes, 0, length);
  }

  /** Adds the field and its value; false if the field is there already. */
  #add(): boolean {
    const { hash } = this;
    if (this.#timeMs !== 0) {
      if (!hash.isTable && !hash.toTable()) return false;
      return hash.addExpiring(this.#field, this.#value, this.#timeMs);
    }
    if (!hash.isTable) {
      const { maxBytes } = hashesOf(this.entries).limits;
      if (this.#field.length <= maxBytes && this.#value.length <= maxBytes) {
        hash.pack(this.#field, this.#value);
        return true;
      }
      if (!hash.toTable()) return false;
    }
    return hash.add(this.#field, this.#value);
  }
}

/** Hands on the fields and values of a packed form; false when it is damaged. */
type PackedReader = (view: ByteView, receiver: ElementReceiver) => boolean;

/** Reads a packed form, which is one string. */
class PackedHashReader extends HashReader {
  readonly #read: PackedReader;
  readonly #limitsLengths: boolean;

  /** @param limitsLengths whether Redis looks at the lengths of fields and values when it reads this form */
  constructor(entries: Entries, read: PackedReader, limitsLengths: boolean) {
    super(entries);
    this.#read = read;
    this.#limitsLengths = limitsLengths;
  }

  begin(): void {}

  step(input: RdbReader): boolean {
    const { hash } = this;
    const view = input.string();
    const isWhole = this.#read(view, hash.packed) && hash.packed.count % 2 === 0;
    if (!isWhole) throw input.error('a packed hash is damaged');
    if (hash.hasDuplicates) throw input.error(TWICE);
    const { maxFields, maxBytes } = hashesOf(this.entries).limits;
    if (hash.count > maxFields || (this.#limitsLengths && hash.longest > maxBytes)) hash.toTable();
    return true;
  }
}

/** Reads the forms HASH_LISTPACK_EX. */
class PackedTriplesReader extends HashReader {
  readonly #hasSoonest: boolean;
  readonly #triples = new PackedBuilder();
  readonly #field = new FieldView();
  readonly #value = new FieldView();
  readonly #time = new FieldView();

  /** @param hasSoonest whether the soonest time stands before the listpack */
  constructor(entries: Entries, hasSoonest: boolean) {
    super(entries);
    this.#hasSoonest = hasSoonest;
  }

  begin(): void {}

  step(input: RdbReader): boolean {
    const { hash } = this;
    const triples = this.#triples;
    triples.clear();
    if (this.#hasSoonest) input.skip(8);
    const isWhole = readListpack(input.string(), triples) && triples.count % TRIPLE === 0;
    if (!isWhole) throw input.error('a packed hash is damaged');
    const { maxFields } = hashesOf(this.entries).limits;
    if (triples.count > TRIPLE * maxFields || this.#hasTimes(input)) hash.toTable();
    const { buffer } = triples;
    for (let at = 0; at < triples.used; ) {
      at = this.#time.readPacked(buffer, this.#readPair(buffer, at));
      if (!this.#add()) throw input.error(TWICE);
    }
    if (!hash.isTable && hash.hasDuplicates) throw input.error(TWICE);
    triples.clear();
    return true;
  }

  /** Whether any field expires. @throws RdbError when a time is none */
  #hasTimes(input: RdbReader): boolean {
    const { buffer, used } = this.#triples;
    let isThere = false;
    for (let at = 0; at < used; ) {
      at = this.#time.readPacked(buffer, this.#readPair(buffer, at));
      const time = timeOf(input, this.#time.isInteger ? this.#time.integer : Number.NaN);
      isThere ||= time !== 0;
    }
    return isThere;
  }

  #readPair(buffer: Buffer, at: number): number {
    const end = this.#value.readPacked(buffer, this.#field.readPacked(buffer, at));
    this.#field.asBytes();
    this.#value.asBytes();
    return end;
  }

  /** Adds the triple; false if the field is there already. */
  #add(): boolean {
    const { hash } = this;
    const time = this.#time.integer;
    if (time !== 0) return hash.addExpiring(this.#field, this.#value, time);
    if (hash.isTable) return hash.add(this.#field, this.#value);
    hash.pack(this.#field, this.#value);
    return true;
  }
}

/** A time that was read. @throws RdbError when it cannot be one */
function timeOf(input: RdbReader, timeMs: number): number {
  if (timeMs >= 0 && timeMs <= LATEST_TIME_MS) return timeMs;
  throw input.error('a field of a hash expires at no time that there is');
}

const view = new FieldView();

/** Writes hashes; small ones are packed in memory as they are in listpacks. */
const hashWriter: ValueWriter = {
  needsLatest: (entries) => hashesOf(entries).timers.soonestMs !== Number.POSITIVE_INFINITY,
  typeByte(entries, ref) {
    const encoding = entries.encodingOf(ref);
    if (encoding === ENCODING_PACKED) return HASH_LISTPACK;
    return encoding === ENCODING_EXPIRING ? HASH_METADATA : HASH;
  },
  write(writer, entries, ref) {
    if (entries.encodingOf(ref) === ENCODING_PACKED) return writePacked(writer, entries, ref);
    const hashes = hashesOf(entries);
    const root = entries.root(ref);
    if (entries.encodingOf(ref) !== ENCODING_EXPIRING) {
      return writeRecords(writer, entries, hashes, root, (target, record) =>
        writeField(target, hashes, record),
      );
    }
    const soonestMs = hashes.soonestOf(root);
    writer.int64(soonestMs);
    return writeRecords(writer, entries, hashes, root, (target, record) => {
      const timeMs = hashes.expiryOf(record);
      target.length(timeMs === NO_FIELD_EXPIRY ? 0 : timeMs - soonestMs + 1);
      writeField(target, hashes, record);
    });
  },
};

/** Writes the record of a field. */
function writeField(writer: RdbWriter, hashes: FieldTables, record: number): void {
  hashes.viewField(record, view);
  writer.string(view.buffer, view.offset, view.length);
  hashes.viewValue(record, view);
  writer.string(view.buffer, view.offset, view.length);
}

/** How hashes are read and written. */
export const hashCodec: ValueCodec = {
  readers: {
    [HASH]: (entries) => new PairsReader(entries, 'none'),
    [HASH_ZIPMAP]: (entries) => new PackedHashReader(entries, readZipmap, true),
    [HASH_ZIPLIST]: (entries) => new PackedHashReader(entries, readZiplist, false),
    [HASH_LISTPACK]: (entries) => new PackedHashReader(entries, readListpack, false),
    [HASH_METADATA_PRE_GA]: (entries) => new PairsReader(entries, 'absolute'),
    [HASH_METADATA]: (entries) => new PairsReader(entries, 'relative'),
    [HASH_LISTPACK_EX_PRE_GA]: (entries) => new PackedTriplesReader(entries, false),
    [HASH_LISTPACK_EX]: (entries) => new PackedTriplesReader(entries, true),
  },
  writer: hashWriter,
};
