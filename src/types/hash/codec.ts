// Hashes in RDB files. Redis 7.0 writes HASH and HASH_LISTPACK; the others are older:
//
//   HASH           n, n × ( string: field, string: value )
//   HASH_ZIPMAP    string: zipmap (zipmap.ts)
//   HASH_ZIPLIST   string: ziplist of fields and values in turn
//   HASH_LISTPACK  string: listpack of the same
//
// A field that is there twice is damage, whatever form it has.
import type { Entries } from '../../keyspace/entries.ts';
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
import { ENCODING_PACKED } from './encodings.ts';
import type { FieldTables } from './field-tables.ts';
import { FieldView } from './field-view.ts';
import { hashesOf } from './values.ts';
import { readZipmap } from './zipmap.ts';

const HASH = 4;
const HASH_ZIPMAP = 9;
const HASH_ZIPLIST = 13;
const HASH_LISTPACK = 16;

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

/** Reads the form HASH: a field in one step, its value in the next. */
class PairsReader extends HashReader {
  /** Strings that are still to come; -1 before the number was read. */
  #left = -1;
  readonly #field = new FieldView();
  readonly #value = new FieldView();
  #fieldBytes = Buffer.allocUnsafeSlow(256);

  begin(): void {
    this.#left = -1;
  }

  step(input: RdbReader): boolean {
    const { hash } = this;
    if (this.#left < 0) {
      const length = input.length();
      this.#left = 2 * length;
      if (length > hashesOf(this.entries).limits.maxFields) hash.toTable();
    } else if (this.#left % 2 === 0) {
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

const view = new FieldView();

/** Writes hashes; small ones are packed in memory as they are in listpacks. */
const hashWriter: ValueWriter = {
  typeByte: (entries, ref) => (entries.encodingOf(ref) === ENCODING_PACKED ? HASH_LISTPACK : HASH),
  write(writer, entries, ref) {
    if (entries.encodingOf(ref) === ENCODING_PACKED) return writePacked(writer, entries, ref);
    const hashes = hashesOf(entries);
    return writeRecords(writer, entries, hashes, entries.root(ref), (target, record) =>
      writeField(target, hashes, record),
    );
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
    [HASH]: (entries) => new PairsReader(entries),
    [HASH_ZIPMAP]: (entries) => new PackedHashReader(entries, readZipmap, true),
    [HASH_ZIPLIST]: (entries) => new PackedHashReader(entries, readZiplist, false),
    [HASH_LISTPACK]: (entries) => new PackedHashReader(entries, readListpack, false),
  },
  writer: hashWriter,
};
