// Values of the stub type in RDB files, behind a byte that Redis has no type for:
//
//   STACK   n, n × string    from the top
import type { Entries } from '../../../src/keyspace/entries.ts';
import type {
  EntryTarget,
  ValueCodec,
  ValueReader,
  ValueRest,
} from '../../../src/keyspace/value-type.ts';
import type { RdbReader } from '../../../src/persistence/rdb/format/rdb-reader.ts';
import type { RdbWriter } from '../../../src/persistence/rdb/format/rdb-writer.ts';
import type { Request } from '../../../src/protocol/request.ts';
import { ByteView } from '../../../src/structures/entry.ts';
import { ENCODING_INLINE } from './encodings.ts';
import { MAX_ELEMENT_BYTES } from './linked-stacks.ts';
import { elementsOf, packed64, stackLength, stacksOf, storeRoot, storeStack } from './values.ts';

const STACK = 200;
/** What an element is counted as in a step, beyond its bytes. */
const ELEMENT_WEIGHT = 16;

/** Reads stacks: short ones are gathered, longer ones linked at once. */
class StackReader implements ValueReader {
  readonly #entries: Entries;
  readonly #short: Buffer[] = [];
  #root = 0;
  #last = 0;
  /** Elements that are still to come; -1 before the number was read. */
  #left = -1;

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  get isEmpty(): boolean {
    return this.#root === 0 && this.#short.length === 0;
  }

  begin(): void {
    this.#left = -1;
  }

  step(input: RdbReader): boolean {
    if (this.#left < 0) {
      this.#left = input.length();
    } else {
      const element = input.string();
      if (element.length > MAX_ELEMENT_BYTES) throw input.error('an element is too long');
      this.#add(element.copy());
      this.#left--;
    }
    return this.#left === 0;
  }

  store(db: EntryTarget, request: Request, i: number, expiry: number): number {
    const ref =
      this.#root === 0
        ? storeStack(db, request, i, this.#short, expiry)
        : storeRoot(db, request, i, this.#root, expiry);
    this.#root = 0;
    this.discard();
    return ref;
  }

  discard(): void {
    const stacks = stacksOf(this.#entries);
    if (this.#root !== 0) while (!stacks.freeStep(this.#root));
    this.#root = 0;
    this.#last = 0;
    this.#short.length = 0;
  }

  #add(element: Buffer): void {
    const stacks = stacksOf(this.#entries);
    if (this.#root === 0) {
      if (packed64([...this.#short, element]) !== undefined) {
        this.#short.push(element);
        return;
      }
      this.#root = stacks.create();
      for (const bytes of this.#short) this.#last = stacks.append(this.#root, this.#last, bytes);
    }
    this.#last = stacks.append(this.#root, this.#last, element);
  }
}

/** Writes a linked stack, from a node on. */
class StackRest implements ValueRest {
  readonly #entries: Entries;
  readonly #view = new ByteView();
  #node: number;

  constructor(entries: Entries, root: number) {
    this.#entries = entries;
    this.#node = stacksOf(entries).top(root);
  }

  step(writer: RdbWriter): boolean {
    for (let weight = 0; this.#node !== 0 && weight < writer.stepBytes; ) {
      weight += this.#writeOne(writer) + ELEMENT_WEIGHT;
    }
    return this.#node !== 0;
  }

  detach(writer: RdbWriter): boolean {
    while (this.#node !== 0) this.#writeOne(writer);
    return false;
  }

  abandon(): void {}

  #writeOne(writer: RdbWriter): number {
    const stacks = stacksOf(this.#entries);
    stacks.view(this.#node, this.#view);
    const { buffer, offset, length } = this.#view;
    writer.string(buffer, offset, length);
    this.#node = stacks.next(this.#node);
    return length;
  }
}

/** How stacks are read and written. */
export const stubCodec: ValueCodec = {
  readers: { [STACK]: (entries) => new StackReader(entries) },
  writer: {
    typeByte: () => STACK,
    write(writer, entries, ref) {
      writer.length(stackLength(entries, ref));
      if (entries.encodingOf(ref) === ENCODING_INLINE) {
        for (const bytes of elementsOf(entries, ref)) writer.string(bytes, 0, bytes.length);
        return undefined;
      }
      const rest = new StackRest(entries, entries.root(ref));
      return rest.step(writer) ? rest : undefined;
    },
  },
};
