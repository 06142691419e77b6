// The types of values that a keyspace can hold, by what they are asked by: the number in an entry, the byte in
// an RDB file.
import type { Arena } from '../memory/arena.ts';
import { type Collections, FIRST_ROOT_ENCODING } from './collections.ts';
import type { Entries } from './entries.ts';
import type { ValueReader, ValueType } from './value-type.ts';

/** Numbers that an entry's meta word has room for. */
const MAX_TYPES = 16;
const MAX_ENCODINGS = 16;

/** See the head of this file. */
export class TypeTable {
  /** All types, in the order of their numbers. */
  readonly all: readonly ValueType[];
  readonly #byId: ValueType[] = [];
  readonly #readers: ((entries: Entries) => ValueReader)[] = [];

  /** @throws Error when two types claim the same, or more than there is room for */
  constructor(types: readonly ValueType[]) {
    for (const type of types) {
      const { id, name } = type;
      if (!(id >= 0 && id < MAX_TYPES))
        throw new Error(`${name}: a type cannot have the number ${id}`);
      if (id in this.#byId) throw new Error(`${name}: there is a type ${id} already`);
      this.#byId[id] = type;
      checkEncodings(type);
      for (const [byte, reader] of Object.entries(type.codec.readers)) {
        if (Number(byte) in this.#readers) throw new Error(`${name}: the byte ${byte} is taken`);
        this.#readers[Number(byte)] = reader;
      }
    }
    this.all = this.#byId.filter((type) => type !== undefined);
  }

  /** The type with a number. There is one: entries have no others. */
  of(id: number): ValueType {
    return this.#byId[id];
  }

  /** What makes the reader of values that an RDB file has behind a byte; undefined where no type claims it. */
  readerOf(byte: number): ((entries: Entries) => ValueReader) | undefined {
    return this.#readers[byte];
  }

  /** What works on the roots of each type in an arena, by number. */
  collectionsIn(arena: Arena): (Collections | undefined)[] {
    return Array.from({ length: MAX_TYPES }, (_, id) => this.#byId[id]?.collectionsIn?.(arena));
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
