// Reads the values of one file or payload, one after another.
import type { Entries } from '../../keyspace/entries.ts';
import type { TypeTable } from '../../keyspace/type-table.ts';
import type { ValueReader } from '../../keyspace/value-type.ts';
import type { RdbReader } from './format/rdb-reader.ts';
import { ValueSkipper } from './format/skipped-value.ts';
import { rdbTypeOf } from './rdb-types.ts';

/** What values are read into: a keyspace. */
export interface ValueTarget {
  readonly entries: Entries;
  readonly types: TypeTable;
}

/** Reads values, or skips those of unknown types: in steps, as a ValueReader. */
export class ValueCursor {
  readonly #target: ValueTarget;
  /** The readers used so far, by type byte. */
  readonly #readers: (ValueReader | undefined)[] = [];
  /** The names of types looked up so far, by type byte. */
  readonly #names: (string | undefined)[] = [];
  readonly #skipper = new ValueSkipper();
  /** The reader of the current value; undefined while a value is skipped. */
  reader: ValueReader | undefined;

  constructor(target: ValueTarget) {
    this.#target = target;
  }

  /** Name of the type with a type byte, as TYPE returns it; undefined when there is none. */
  typeOf(byte: number): string | undefined {
    const name = this.#names[byte];
    if (name !== undefined) return name;
    const { types } = this.#target;
    this.#names[byte] = types.ofRdbByte(byte)?.name ?? rdbTypeOf(byte)?.type;
    return this.#names[byte];
  }

  /** Begins a value with a type byte for which there is a type. */
  begin(byte: number): void {
    this.reader = this.#readers[byte] ?? this.#makeReader(byte);
    if (this.reader === undefined) this.#skipper.begin(rdbTypeOf(byte)?.layout ?? []);
    else this.reader.begin();
  }

  /** Reads the next part; returns whether that was the last. */
  step(input: RdbReader): boolean {
    const { reader } = this;
    return reader === undefined ? this.#skipper.step(input) : reader.step(input);
  }

  #makeReader(byte: number): ValueReader | undefined {
    const { types, entries } = this.#target;
    const reader = types.ofRdbByte(byte)?.codec.readers[byte](entries);
    this.#readers[byte] = reader;
    return reader;
  }
}
