// What reading and writing values of a type look like to those who read and write files: one file a
// type implements these (types/string/codec.ts, types/list/codec.ts …), and value-types.ts lists them. Both go in
// steps, so that no value, however large, holds everything else up.
import type { Database } from '../../keyspace/database.ts';
import type { Request } from '../../protocol/request.ts';
import type { ByteView } from '../../structures/entry.ts';
import type { RdbReader } from './rdb-reader.ts';
import type { RdbWriter } from './rdb-writer.ts';

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
   * Stores the whole value under argument i, which `peek` just found missing.
   * @param expiry in ms since the epoch, or NO_EXPIRY
   * @returns the entry's reference
   */
  store(db: Database, request: Request, i: number, expiry: number): number;
  /** Forgets the value, whole or not. */
  discard(): void;
}

/** Writes values of one type. */
export interface ValueWriter {
  /** Byte of the encoding in which it writes them. */
  readonly typeByte: number;
  /**
   * Writes an entry's value, or about `writer.stepBytes` of it.
   * @returns what writes the rest; undefined when there is none
   */
  write(writer: RdbWriter, db: Database, ref: number): ValueRest | undefined;
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
