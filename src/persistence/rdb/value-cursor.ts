// Reads the values of one file or payload, one after another.
import type { Entries } from '../../keyspace/entries.ts';
import type { TypeTable } from '../../keyspace/type-table.ts';
import type { ValueExtension, ValueReader } from '../../keyspace/value-type.ts';
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
  /** The type byte of the current value. */
  #byte = 0;
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
    this.#byte = byte;
    this.reader = this.#readers[byte] ?? this.#makeReader(byte);
    if (this.reader === undefined) this.#skipper.begin(rdbTypeOf(byte)?.layout ?? []);
    else this.reader.begin();
  }

  /** Reads the next part; returns whether that was the last. */
  step(input: RdbReader): boolean {
    const { reader } = this;
    return reader === undefined ? this.#skipper.step(input) : reader.step(input);
  }

  /** Whether values may have an extension of this name. */
  isExtension(name: string): boolean {
    return this.#target.types.withExtension(name) !== undefined;
  }

  /**
   * Hands an extension to the value that was begun.
   * @throws RdbError when values of its type have no such extension
   */
  extend(extension: ValueExtension, input: RdbReader): void {
    const { types } = this.#target;
    const { name } = extension;
    if (types.withExtension(name) !== types.ofRdbByte(this.#byte)) {
      throw input.error(`a value of the type ${this.typeOf(this.#byte)} has the field ${name}`);
    }
    this.reader?.extend?.(extension, input);
  }

  #makeReader(byte: number): ValueReader | undefined {
    const { types, entries } = this.#target;
    const reader = types.ofRdbByte(byte)?.codec.readers[byte](entries);
    this.#readers[byte] = reader;
    return reader;
  }
}
