// Sets in RDB files. Redis 7.0 writes the first two; the third is from Redis 7.2, and written where its directive packs
// sets:
//
//   SET            n, n × string
//   SET_INTSET     string: the array of integers (intset.ts)
//   SET_LISTPACK   string: listpack
//
// Whatever is read gets the encoding that the limits say; a member that is there twice is damage, as for Redis.
import type { Entries } from '../../keyspace/entries.ts';
import type {
  EntryTarget,
  ValueCodec,
  ValueReader,
  ValueRest,
  ValueWriter,
} from '../../keyspace/value-type.ts';
import { LongString, Runs } from '../../persistence/rdb/format/long-string.ts';
import {
  type ElementReceiver,
  readListpack,
} from '../../persistence/rdb/format/packed-elements.ts';
import type { RdbReader } from '../../persistence/rdb/format/rdb-reader.ts';
import type { RdbWriter } from '../../persistence/rdb/format/rdb-writer.ts';
import { LongStringRest, writePacked } from '../../persistence/rdb/packed-rest.ts';
import { writeRecords } from '../../persistence/rdb/record-rest.ts';
import type { Request } from '../../protocol/request.ts';
import { ByteView } from '../../structures/entry.ts';
import { SetBuilder } from './builder.ts';
import { ENCODING_INTSET, ENCODING_PACKED, ENCODING_TABLE } from './encodings.ts';
import { INTSET_HEADER_BYTES, isRdbIntset, RDB_HEADER_BYTES, writeRdbHeader } from './intset.ts';
import { mayBeIntset, mayBePacked } from './limits.ts';
import { Member } from './member.ts';
import { type SetTables, setsOf } from './set-tables.ts';
import { SetView } from './set-view.ts';

const SET = 2;
const SET_INTSET = 11;
const SET_LISTPACK = 20;

const DAMAGED_TWICE = 'a member of a set is there twice';

/** What the readers have in common. */
abstract class SetReader implements ValueReader {
  protected readonly set: SetBuilder;
  protected readonly sets: SetTables;
  protected readonly member = new Member();

  constructor(entries: Entries) {
    this.set = new SetBuilder(entries);
    this.sets = setsOf(entries);
  }

  get isEmpty(): boolean {
    return this.set.count === 0;
  }

  begin(): void {}

  abstract step(input: RdbReader): boolean;

  store(db: EntryTarget, request: Request, i: number, expiry: number): number {
    return this.set.store(db, 0, request, i, expiry);
  }

  discard(): void {
    this.set.discard();
  }
}

/** Reads SET, a member at a time. */
class MembersReader extends SetReader {
  /** Members that are still to come; -1 before the number was read. */
  #left = -1;

  override begin(): void {
    this.#left = -1;
  }

  step(input: RdbReader): boolean {
    if (this.#left < 0) {
      const count = input.length();
      // Redis gives a set of many members a table at once, even of integers. It gets no room for them in advance: a
      // damaged file may state any number.
      if (!mayBeIntset(this.sets.limits, count) && !mayBePacked(this.sets.limits, count, 0)) {
        this.set.beginTable();
      }
      this.#left = count;
    } else {
      const { buffer, offset, length } = input.string();
      this.member.setBytes(buffer, offset, length);
      if (!this.set.add(this.member)) throw input.error(DAMAGED_TWICE);
      this.#left--;
    }
    return this.#left === 0;
  }
}

/** Reads SET_INTSET. */
class IntsetReader extends SetReader {
  step(input: RdbReader): boolean {
    const { buffer, offset, length } = input.string();
    if (!isRdbIntset(buffer, offset, length)) throw input.error('a set of integers is damaged');
    this.set.adoptIntset(buffer, offset, length);
    return true;
  }
}

/** Reads SET_LISTPACK. */
class ListpackReader extends SetReader implements ElementReceiver {
  #isTwice = false;

  step(input: RdbReader): boolean {
    this.#isTwice = false;
    if (this.sets.limits.packedEntries > 0) this.set.beginPacked();
    if (!readListpack(input.string(), this)) throw input.error('a listpack is damaged');
    if (this.#isTwice) throw input.error(DAMAGED_TWICE);
    return true;
  }

  push(bytes: Uint8Array, offset: number, length: number): void {
    this.member.setBytes(asBuffer(bytes), offset, length);
    this.#add();
  }

  pushInteger(value: number): void {
    this.member.integer.setSafe(value);
    this.member.setInteger();
    this.#add();
  }

  #add(): void {
    if (!this.set.add(this.member)) this.#isTwice = true;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const key = new ByteView();
const view = new SetView();
const written = new Member();

/** Writes sets. */
const setWriter: ValueWriter = {
  typeByte(entries, ref) {
    const encoding = entries.encodingOf(ref);
    if (encoding === ENCODING_INTSET) return SET_INTSET;
    return isWrittenPacked(entries, encoding) ? SET_LISTPACK : SET;
  },
  write(writer, entries, ref) {
    const encoding = entries.encodingOf(ref);
    if (encoding === ENCODING_TABLE) return writeTable(writer, entries, ref);
    if (isWrittenPacked(entries, encoding)) return writePacked(writer, entries, ref);
    if (encoding === ENCODING_PACKED) {
      writeMembers(writer, entries, ref);
      return undefined;
    }
    return writeIntset(writer, entries, ref);
  },
};

/** Most arrays fit; longer ones get a buffer of their own. */
const scratch = Buffer.allocUnsafeSlow(8192);

function writeIntset(writer: RdbWriter, entries: Entries, ref: number): ValueRest | undefined {
  const { buffer, offset, length } = entries.value(ref);
  const first = offset + INTSET_HEADER_BYTES;
  const end = offset + length;
  const size = RDB_HEADER_BYTES + end - first;
  if (size > writer.stepBytes) {
    const header = Buffer.allocUnsafe(RDB_HEADER_BYTES);
    writeRdbHeader(buffer, offset, header);
    return new LongStringRest(new LongString(new Runs([header, buffer.subarray(first, end)])));
  }
  const bytes = size <= scratch.length ? scratch : Buffer.allocUnsafe(size);
  writeRdbHeader(buffer, offset, bytes);
  buffer.copy(bytes, RDB_HEADER_BYTES, first, end);
  writer.string(bytes, 0, size);
  return undefined;
}

/** Whether a packed set is written as one: only while the directive has sets packed, as Redis 7.0 does not read it. */
function isWrittenPacked(entries: Entries, encoding: number): boolean {
  return encoding === ENCODING_PACKED && setsOf(entries).limits.packedEntries > 0;
}

/** Writes a packed set member by member. */
function writeMembers(writer: RdbWriter, entries: Entries, ref: number): void {
  view.open(entries, ref);
  writer.length(view.count);
  while (view.next()) {
    view.read(view.place, written);
    written.asBytes();
    writer.string(written.buffer, written.offset, written.length);
  }
}

function writeTable(writer: RdbWriter, entries: Entries, ref: number) {
  const sets = setsOf(entries);
  return writeRecords(writer, entries, sets, entries.root(ref), (target, record) => {
    sets.records.key(record, key);
    target.string(key.buffer, key.offset, key.length);
  });
}

/** How sets are read and written. */
export const setCodec: ValueCodec = {
  readers: {
    [SET]: (entries) => new MembersReader(entries),
    [SET_INTSET]: (entries) => new IntsetReader(entries),
    [SET_LISTPACK]: (entries) => new ListpackReader(entries),
  },
  writer: setWriter,
};
