// Writes values that are a packed list within their entry (keyspace/packed-value.ts) to RDB files: each is a listpack.
import type { Entries } from '../../keyspace/entries.ts';
import { openPacked, PackedView } from '../../keyspace/packed-value.ts';
import type { ValueRest } from '../../keyspace/value-type.ts';
import { writeListpack } from './format/listpack-writer.ts';
import type { LongString } from './format/long-string.ts';
import type { RdbWriter } from './format/rdb-writer.ts';

const view = new PackedView();

/**
 * Writes a packed value as a listpack, or begins to.
 * @returns the writer of the rest, if it is too long for one step
 */
export function writePacked(
  writer: RdbWriter,
  entries: Entries,
  ref: number,
): ValueRest | undefined {
  openPacked(entries, ref, view);
  const long = writeListpack(writer, view.buffer, view.start, view.used, view.count);
  return long === undefined ? undefined : new LongStringRest(long);
}

/** The rest of a value that is one long string, which lies in its entry. */
export class LongStringRest implements ValueRest {
  readonly #long: LongString;

  constructor(long: LongString) {
    this.#long = long;
  }

  step(writer: RdbWriter): boolean {
    return this.#long.step(writer);
  }

  detach(writer: RdbWriter): boolean {
    this.#long.finish(writer);
    return false;
  }

  abandon(): void {}
}
