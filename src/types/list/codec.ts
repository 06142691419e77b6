// Lists in RDB files. Redis 7.0 writes LIST_QUICKLIST_2; the others are older:
//
//   LIST              n, n × string
//   LIST_ZIPLIST      string: ziplist
//   LIST_QUICKLIST    n, n × string: ziplist
//   LIST_QUICKLIST_2  n, n × ( PACKED, string: listpack | PLAIN, string: one element )
import type { Entries } from '../../keyspace/entries.ts';
import type {
  EntryTarget,
  ValueCodec,
  ValueReader,
  ValueRest,
  ValueWriter,
} from '../../keyspace/value-type.ts';
import { writeListpack } from '../../persistence/rdb/format/listpack-writer.ts';
import { LongString, Runs } from '../../persistence/rdb/format/long-string.ts';
import { readListpack, readZiplist } from '../../persistence/rdb/format/packed-elements.ts';
import type { RdbReader } from '../../persistence/rdb/format/rdb-reader.ts';
import type { RdbWriter } from '../../persistence/rdb/format/rdb-writer.ts';
import type { Request } from '../../protocol/request.ts';
import { PackedElement } from '../../structures/packed-list.ts';
import { ListBuilder } from './builder.ts';
import { ListSpan } from './list-span.ts';
import { firstSpan, nextSpan, spanCount } from './values.ts';

/** Reads one part of a list into a builder. */
type ListPartReader = (input: RdbReader, list: ListBuilder) => void;

const LIST = 1;
const LIST_ZIPLIST = 10;
const LIST_QUICKLIST = 14;
const LIST_QUICKLIST_2 = 18;
/** Kinds of nodes in LIST_QUICKLIST_2. */
const PLAIN = 1;
const PACKED = 2;
/** An element of this size has a plain node: a listpack's length has 32 bits. */
const LARGE_ELEMENT_BYTES = 1 << 30;
/** Weight of a node in a step, in addition to its bytes. */
const NODE_WEIGHT = 64;

/** Reads lists of one encoding; see the head of this file. */
class ListReader implements ValueReader {
  readonly #readPart: ListPartReader;
  readonly #isCounted: boolean;
  readonly #list: ListBuilder;
  /** Parts that are still to come; -1 before the number was read. */
  #left = -1;

  /** @param isCounted whether the number of parts comes first; otherwise there is one part */
  constructor(entries: Entries, readPart: ListPartReader, isCounted: boolean) {
    this.#list = new ListBuilder(entries);
    this.#readPart = readPart;
    this.#isCounted = isCounted;
  }

  get isEmpty(): boolean {
    return this.#list.count === 0;
  }

  begin(): void {
    this.#left = this.#isCounted ? -1 : 1;
  }

  step(input: RdbReader): boolean {
    if (this.#left < 0) {
      this.#left = input.length();
    } else {
      this.#readPart(input, this.#list);
      this.#left--;
    }
    return this.#left === 0;
  }

  store(db: EntryTarget, request: Request, i: number, expiry: number): number {
    return this.#list.store(db, request, i, expiry);
  }

  discard(): void {
    this.#list.discard();
  }
}

/** Reads an element. */
function readElement(input: RdbReader, list: ListBuilder): void {
  const { buffer, offset, length } = input.string();
  list.push(buffer, offset, length);
}

/** Reads the elements of a ziplist. */
function readZiplistPart(input: RdbReader, list: ListBuilder): void {
  if (!readZiplist(input.string(), list)) throw input.error('a ziplist is damaged');
}

/** Reads a node of a quicklist: an element or a listpack. */
function readNode(input: RdbReader, list: ListBuilder): void {
  const kind = input.length();
  if (kind === PLAIN) readLargeElement(input, list);
  else if (kind !== PACKED) throw input.error(`there are no nodes of lists of the kind ${kind}`);
  else if (!readListpack(input.string(), list)) throw input.error('a listpack is damaged');
}

/** Reads an element that is a node by itself: it is a large one, so it is not empty. */
function readLargeElement(input: RdbReader, list: ListBuilder): void {
  const { buffer, offset, length } = input.string();
  if (length === 0) throw input.error('a node of a list is empty');
  list.push(buffer, offset, length);
}

const element = new PackedElement();
const NO_BYTES = Buffer.alloc(0);

/** Writes lists; elements are packed in memory as they are in listpacks. */
const listWriter: ValueWriter = {
  typeByte: () => LIST_QUICKLIST_2,
  write(writer, entries, ref) {
    const rest = idle ?? new ListRest();
    idle = undefined;
    rest.begin(writer, entries, ref);
    if (rest.step(writer)) return rest;
    rest.forget();
    idle = rest;
    return undefined;
  },
};

/** Writes a list, from its present node on. */
class ListRest implements ValueRest {
  #entries: Entries | undefined;
  /** The elements of the present node. */
  readonly #span = new ListSpan();
  /** What is left of the present node, if it has a large element. */
  #long: LongString | undefined;

  /** Begins a list. */
  begin(writer: RdbWriter, entries: Entries, ref: number): void {
    this.#entries = entries;
    writer.length(spanCount(entries, ref));
    firstSpan(entries, ref, this.#span);
  }

  /** Drops its references to the list. */
  forget(): void {
    this.#entries = undefined;
    this.#span.buffer = NO_BYTES;
  }

  step(writer: RdbWriter): boolean {
    for (let weight = 0; weight < writer.stepBytes; weight += this.#span.used + NODE_WEIGHT) {
      if (this.#long === undefined) this.#long = writeNode(writer, this.#span);
      else if (!this.#long.step(writer)) this.#long = undefined;
      if (this.#long !== undefined) return true;
      if (!this.#advance()) return false;
    }
    return true;
  }

  detach(writer: RdbWriter): boolean {
    const { compresses } = writer;
    writer.compresses = false;
    try {
      do {
        this.#long ??= writeNode(writer, this.#span);
        this.#long?.finish(writer);
        this.#long = undefined;
      } while (this.#advance());
    } finally {
      writer.compresses = compresses;
    }
    return false;
  }

  abandon(): void {}

  /** Goes on to the next node; false when there is none. */
  #advance(): boolean {
    return this.#entries !== undefined && nextSpan(this.#entries, this.#span);
  }
}

/** A finished ListRest, to be reused: most lists are written in one step. */
let idle: ListRest | undefined;

/**
 * Writes elements as a node.
 * @returns what is still to be written of it, if it is too long for one step
 */
function writeNode(writer: RdbWriter, span: ListSpan): LongString | undefined {
  const { buffer, start, used, count } = span;
  if (used >= LARGE_ELEMENT_BYTES) {
    element.read(buffer, start);
    const { offset, length } = element;
    writer.length(PLAIN);
    if (used > writer.stepBytes)
      return new LongString(new Runs([buffer.subarray(offset, offset + length)]));
    writer.string(buffer, offset, length);
    return undefined;
  }
  writer.length(PACKED);
  return writeListpack(writer, buffer, start, used, count);
}

/** How lists are read and written. */
export const listCodec: ValueCodec = {
  readers: {
    [LIST]: (entries) => new ListReader(entries, readElement, true),
    [LIST_ZIPLIST]: (entries) => new ListReader(entries, readZiplistPart, false),
    [LIST_QUICKLIST]: (entries) => new ListReader(entries, readZiplistPart, true),
    [LIST_QUICKLIST_2]: (entries) => new ListReader(entries, readNode, true),
  },
  writer: listWriter,
};
