// The interface of a type of values: code outside a type uses it to size, copy, free, digest, save or describe a
// value, and never tests for a certain type. Each type is a folder of types/, which exports one object of this
// interface. Plain strings have a fast path besides (plain-strings.ts).
import type { Arena } from '../memory/arena.ts';
import type { RdbReader } from '../persistence/rdb/format/rdb-reader.ts';
import type { RdbWriter } from '../persistence/rdb/format/rdb-writer.ts';
import type { Request } from '../protocol/request.ts';
import type { BytesTables } from '../structures/bytes-tables.ts';
import type { ByteView } from '../structures/entry.ts';
import type { Collections, ExpiryClock } from './collections.ts';
import type { Database } from './database.ts';
import type { Entries } from './entries.ts';

/** A type of values. */
export interface ValueType {
  /** The type's number in an entry's meta word: 0 … 15. */
  readonly id: number;
  /** Name of the type for TYPE and SCAN. */
  readonly name: string;
  /** The class of its key events (key-events.ts). */
  readonly eventClass: number;
  /**
   * The signals that can wake clients waiting for values of the type, as bits of key-signals.ts; each waiter chooses
   * some of them. 0: no command waits for values of the type.
   */
  readonly wakes: number;
  /** Names for OBJECT ENCODING, by the number of the encoding; from FIRST_ROOT_ENCODING on, values have roots. */
  readonly encodings: Readonly<Record<number, string>>;
  /** Creates the operations on the type's roots in an arena, with its tables; absent if no encoding has a root. */
  readonly collectionsIn?: (arena: Arena, tables: BytesTables, clock: ExpiryClock) => Collections;
  /** Removes parts of values whose time has come; absent if no parts expire. */
  readonly partExpiry?: PartExpiry;
  readonly codec: ValueCodec;
  /** Adds the value to a digest, so that DEBUG DIGEST equals Redis's. */
  digest(entries: Entries, ref: number, digest: ValueDigest): void;
  /** Fields that DEBUG OBJECT adds for values of this type: '' or ' name:value …'. */
  describe(entries: Entries, ref: number): string;
  /** Whether Redis shares one object among all keys with this value, for OBJECT REFCOUNT; if absent, never. */
  isShared?(entries: Entries, ref: number): boolean;
}

/** The expiry of parts of values: fields of hashes, entries of streams of which there is a rule (XRETAIN). */
export interface PartExpiry {
  /** The soonest time at which a part of any value expires, in ms since the epoch; Infinity when none does. */
  soonestMs(entries: Entries): number;
  /** Bytes of what is kept for that beside the values. */
  overheadBytes(entries: Entries): number;
  /** Removes some of the parts that are due now; takes well under a millisecond. */
  expireSome(entries: Entries, databases: readonly Database[]): void;
  /**
   * Removes some of the parts of a value that are due now.
   * @returns the entry's reference; 0 when nothing was left of the value
   */
  expirePartsOf(db: Database, ref: number): number;
}

/** A digest that is being computed. */
export interface ValueDigest {
  /** Mixes bytes in; the order counts. */
  mix(bytes: Buffer): void;
  /** Adds bytes; the order does not count. */
  add(bytes: Buffer): void;
  /**
   * Adds a pair, such as a field and its value; the order of pairs does not count.
   * @param mark what is added to the pair itself, if it has it
   */
  addPair(first: Buffer, second: Buffer, mark?: Buffer): void;
}

/** How values of a type are read from and written to RDB files and payloads. */
export interface ValueCodec {
  /** Creates the reader of an encoding, by the type byte before the key. */
  readonly readers: Readonly<Record<number, (entries: Entries) => ValueReader>>;
  readonly writer: ValueWriter;
  /** The names of extensions that values of the type may have; absent: none. */
  readonly extensions?: readonly string[];
}

/**
 * Something that a value has beyond what Redis knows of. In files it is an auxiliary field before the key, in payloads it
 * stands behind the value: Redis passes over both.
 */
export interface ValueExtension {
  /** Unique among all types; not the name of another auxiliary field. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Where a reader stores values: a Database. */
export interface EntryTarget {
  readonly entries: Entries;
  build(
    ref: number,
    request: Request,
    i: number,
    type: number,
    encoding: number,
    length: number,
    expiry: number,
    block?: number,
  ): number;
  put(ref: number, fresh: number): void;
}

/**
 * Reads values of one encoding, one after another. A value is read in steps: each reads one part of
 * it, or throws (NEED_BYTES, RdbError), after which only the cursor's position has changed.
 */
export interface ValueReader {
  /** Begins a value. */
  begin(): void;
  /** Reads the next part; returns whether the value is complete. Its parts may still be in the input's buffer. */
  step(input: RdbReader): boolean;
  /**
   * Takes an extension of the value, at any time between `begin` and `store`; absent: the type has none.
   * @throws RdbError when it cannot be of such a value
   */
  extend?(extension: ValueExtension, input: RdbReader): void;
  /** The whole value if it is a string, until the next read. */
  readonly text?: ByteView;
  /** Whether the value has no elements; such keys are not stored. */
  readonly isEmpty: boolean;
  /**
   * Stores the whole value under argument i, which `lookupForChange` just found missing.
   * @param expiry in ms since the epoch, or NO_EXPIRY
   * @returns the entry's reference
   */
  store(db: EntryTarget, request: Request, i: number, expiry: number): number;
  /** Discards the value, complete or not. */
  discard(): void;
}

/** Writes values of one type. */
export interface ValueWriter {
  /** Whether any value may now be written in a form that Redis 7.0 cannot read; absent: never. */
  needsLatest?(entries: Entries): boolean;
  /**
   * What the entry's value has beyond what `write` writes; absent: nothing.
   * @param refersToFiles as the writer's: whether files of the data directory may be referred to
   */
  extensions?(entries: Entries, ref: number, refersToFiles: boolean): readonly ValueExtension[];
  /** The type byte of the encoding in which it writes an entry's value. */
  typeByte(entries: Entries, ref: number): number;
  /**
   * Writes an entry's value, or about `writer.stepBytes` of it.
   * @returns a writer of the rest; undefined when nothing is left
   */
  write(writer: RdbWriter, entries: Entries, ref: number): ValueRest | undefined;
}

/**
 * The rest of a value that is written in several steps. The value does not change until it is detached or completely
 * written.
 */
export interface ValueRest {
  /** Writes about `writer.stepBytes` more; returns whether there is still more. */
  step(writer: RdbWriter): boolean;
  /**
   * Called before the value changes: either writes all that is left, uncompressed, or preserves it so that it can be
   * written later in its current state, and writes nothing now.
   * @returns whether there is still something to be written
   */
  detach(writer: RdbWriter): boolean;
  /** Ends the writing early; nothing more is written. */
  abandon(): void;
}
