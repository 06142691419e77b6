// The types of values that a keyspace can hold, found by the number in an entry or the type byte in an RDB file.
import type { Arena } from '../memory/arena.ts';
import type { BytesTables } from '../structures/bytes-tables.ts';
import { type Collections, type ExpiryClock, FIRST_ROOT_ENCODING } from './collections.ts';
import type { ValueType } from './value-type.ts';

/** Numbers that an entry's meta word has room for. */
const MAX_TYPES = 16;
const MAX_ENCODINGS = 16;

/** See the head of this file. */
export class TypeTable {
  /** All types, in the order of their numbers. */
  readonly all: readonly ValueType[];
  readonly #byId: ValueType[] = [];
  readonly #byRdbByte: ValueType[] = [];
  readonly #extensions = new Map<string, ValueType>();

  /** @throws Error when two types claim the same number, or there are too many */
  constructor(types: readonly ValueType[]) {
    for (const type of types) {
      const { id, name } = type;
      if (!(id >= 0 && id < MAX_TYPES))
        throw new Error(`${name}: a type cannot have the number ${id}`);
      if (id in this.#byId) throw new Error(`${name}: there is a type ${id} already`);
      this.#byId[id] = type;
      checkEncodings(type);
      for (const byte of Object.keys(type.codec.readers).map(Number)) {
        if (byte in this.#byRdbByte) throw new Error(`${name}: the byte ${byte} is taken`);
        this.#byRdbByte[byte] = type;
      }
      for (const extension of type.codec.extensions ?? []) this.#extensions.set(extension, type);
    }
    this.all = this.#byId.filter((type) => type !== undefined);
  }

  /** The type with a number, which exists. */
  of(id: number): ValueType {
    return this.#byId[id];
  }

  /** The type of values with this type byte in RDB files; undefined if there is none. */
  ofRdbByte(byte: number): ValueType | undefined {
    return this.#byRdbByte[byte];
  }

  /** The type whose values may have an extension of this name; undefined if there is none. */
  withExtension(name: string): ValueType | undefined {
    return this.#extensions.get(name);
  }

  /** The operations on the roots of each type in an arena, by the type's number. */
  collectionsIn(
    arena: Arena,
    tables: BytesTables,
    clock: ExpiryClock,
  ): (Collections | undefined)[] {
    return Array.from({ length: MAX_TYPES }, (_, id) =>
      this.#byId[id]?.collectionsIn?.(arena, tables, clock),
    );
  }
}

function checkEncodings({ name, encodings, collectionsIn }: ValueType): void {
  for (const number of Object.keys(encodings).map(Number)) {
    if (!(number >= 0 && number < MAX_ENCODINGS))
      throw new Error(`${name}: an encoding cannot have the number ${number}`);
    if (number >= FIRST_ROOT_ENCODING && collectionsIn === undefined)
      throw new Error(`${name}: the encoding ${number} has a root, and nothing works on roots`);
  }
}
