// A type of values as the rest sees it: everything that must be right for every type is asked here, and nobody
// outside asks "is it a list?" to size, copy, free, digest, save or describe a value. Each type is a folder of
// types/, which ends in one such object. Plain strings have a short cut besides (plain-strings.ts).
import type { Arena } from '../memory/arena.ts';
import type { RdbReader } from '../persistence/rdb/format/rdb-reader.ts';
import type { RdbWriter } from '../persistence/rdb/format/rdb-writer.ts';
import type { Request } from '../protocol/request.ts';
import type { ByteView } from '../structures/entry.ts';
import type { Collections } from './collections.ts';
import type { Entries } from './entries.ts';

/** A type of values. */
export interface ValueType {
  /** What an entry's meta word has: 0 … 15. */
  readonly id: number;
  /** As TYPE and SCAN tell it. */
  readonly name: string;
  /** The class of its key events (key-events.ts). */
  readonly eventClass: number;
  /**
   * What wakes those who wait for values of the type: bits of key-signals.ts, of which each who waits chooses some.
   * 0: nobody ever waits for them.
   */
  readonly wakes: number;
  /** What OBJECT ENCODING says, by the number of the encoding; from FIRST_ROOT_ENCODING on they have roots. */
  readonly encodings: Readonly<Record<number, string>>;
  /** Makes what works on the roots in an arena; absent where no encoding has one. */
  readonly collectionsIn?: (arena: Arena) => Collections;
  readonly codec: ValueCodec;
  /** Adds the value to a digest, as DEBUG DIGEST of Redis does with equal values. */
  digest(entries: Entries, ref: number, digest: ValueDigest): void;
  /** What DEBUG OBJECT tells besides what it tells of every value: '' or ' name:value …'. */
  describe(entries: Entries, ref: number): string;
  /** Whether Redis has one object for all keys with this value, as OBJECT REFCOUNT tells; without it: never. */
  isShared?(entries: Entries, ref: number): boolean;
}

/** A fingerprint that is being made. */
export interface ValueDigest {
  /** Mixes bytes in; the order counts. */
  mix(bytes: Buffer): void;
}

/** How values of a type are read from and written to RDB files and payloads. */
export interface ValueCodec {
  /** What makes the reader of an encoding, by the byte that stands before the key. */
  readonly readers: Readonly<Record<number, (entries: Entries) => ValueReader>>;
  readonly writer: ValueWriter;
}

/** Where a reader puts what it has read (a Database). */
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
 * it, or throws (NEED_BYTES, RdbError) and has then changed nothing but the cursor's place.
 */
export interface ValueReader {
  /** Begins a value. */
  begin(): void;
  /** Reads the next part; returns whether the value is whole. Its parts may still lie in the input. */
  step(input: RdbReader): boolean;
  /** The whole value if it is a string, until the next read. */
  readonly text?: ByteView;
  /** Whether the value has no elements, so that it is none. */
  readonly isEmpty: boolean;
  /**
   * Stores the whole value under argument i, which `lookupForChange` just found missing.
   * @param expiry in ms since the epoch, or NO_EXPIRY
   * @returns the entry's reference
   */
  store(db: EntryTarget, request: Request, i: number, expiry: number): number;
  /** Forgets the value, whole or not. */
  discard(): void;
}

/** Writes values of one type. */
export interface ValueWriter {
  /** The byte of the encoding in which it writes an entry's value. */
  typeByte(entries: Entries, ref: number): number;
  /**
   * Writes an entry's value, or about `writer.stepBytes` of it.
   * @returns what writes the rest; undefined when there is none
   */
  write(writer: RdbWriter, entries: Entries, ref: number): ValueRest | undefined;
}

/**
 * The rest of a value that takes several steps to be written. Until it is detached, or all is written,
 * the value does not change.
 */
export interface ValueRest {
  /** Writes about `writer.stepBytes` more; returns whether there is still more. */
  step(writer: RdbWriter): boolean;
  /**
   * The value is about to change, and waits for this: either writes all that is left, without
   * compressing it, or sees to it that it can be written later as it is now, and writes nothing.
   * @returns whether there is still something to be written
   */
  detach(writer: RdbWriter): boolean;
  /** Nothing more of it will be written. */
  abandon(): void;
}
