// Lists in RDB files. Redis 7.0 writes LIST_QUICKLIST_2; the others are older:
//
//   LIST              n, n × string
//   LIST_ZIPLIST      string: ziplist
//   LIST_QUICKLIST    n, n × string: ziplist
//   LIST_QUICKLIST_2  n, n × ( PACKED, string: listpack | PLAIN, string: one element )
import type { Database } from '../keyspace/database.ts';
import type { Entries } from '../keyspace/entries.ts';
import { ListBuilder } from '../keyspace/list-builder.ts';
import { firstSpan, nextSpan } from '../keyspace/list-values.ts';
import type { Request } from '../protocol/request.ts';
import { ListSpan } from '../structures/list-span.ts';
import { PackedElement } from '../structures/packed-list.ts';
import { LISTPACK_HEADER_BYTES, readListpack, readZiplist } from './packed-elements.ts';
import type { RdbReader } from './rdb-reader.ts';
import type { RdbWriter } from './rdb-writer.ts';
import type { ValueReader, ValueWriter } from './value-reader.ts';

/** Reads one part of a list into a builder. */
export type ListPartReader = (input: RdbReader, list: ListBuilder) => void;

const LIST_QUICKLIST_2 = 18;
/** Kinds of nodes in LIST_QUICKLIST_2. */
const PLAIN = 1;
const PACKED = 2;
/** An element of this size has a plain node: a listpack's length has 32 bits. */
const LARGE_ELEMENT_BYTES = 1 << 30;
/** A listpack's count when it has more elements. */
const UNCOUNTED = 0xffff;
const END_MARK = 0xff;

/** Reads lists of one encoding; see the head of this file. */
export class ListReader implements ValueReader {
  readonly #readPart: ListPartReader;
  readonly #isCounted: boolean;
  readonly #list: ListBuilder;
  /** Parts that are still to come; -1 before the number was read. */
  #left = -1;

  /** @param isCounted whether the number of parts stands in front; else there is one */
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

  store(db: Database, request: Request, i: number, expiry: number): number {
    return this.#list.store(db, request, i, expiry);
  }

  discard(): void {
    this.#list.discard();
  }
}

/** Reads an element. */
export function readElement(input: RdbReader, list: ListBuilder): void {
  const { buffer, offset, length } = input.string();
  list.push(buffer, offset, length);
}

/** Reads the elements of a ziplist. */
export function readZiplistPart(input: RdbReader, list: ListBuilder): void {
  if (!readZiplist(input.string(), list)) throw input.error('a ziplist is damaged');
}

/** Reads a node of a quicklist: an element or a listpack. */
export function readNode(input: RdbReader, list: ListBuilder): void {
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

const span = new ListSpan();
const element = new PackedElement();
/** Chunks have at most 64 KiB, but for those of a single large element. */
const scratch = Buffer.allocUnsafeSlow(1 << 17);

/** Writes lists; elements are packed in memory as they are in listpacks. */
export const listWriter: ValueWriter = {
  typeByte: LIST_QUICKLIST_2,
  write(writer, db, ref) {
    let nodes = 0;
    firstSpan(db, ref, span);
    do nodes++;
    while (nextSpan(db, span));
    writer.length(nodes);
    firstSpan(db, ref, span);
    do writeNode(writer);
    while (nextSpan(db, span));
  },
};

/** Writes the elements of `span` as a node. */
function writeNode(writer: RdbWriter): void {
  const { buffer, start, used, count } = span;
  if (used >= LARGE_ELEMENT_BYTES) {
    element.read(buffer, start);
    writer.length(PLAIN);
    writer.string(buffer, element.offset, element.length);
    return;
  }
  const length = LISTPACK_HEADER_BYTES + used + 1;
  const listpack = length <= scratch.length ? scratch : Buffer.allocUnsafe(length);
  listpack.writeUInt32LE(length, 0);
  listpack.writeUInt16LE(Math.min(count, UNCOUNTED), 4);
  buffer.copy(listpack, LISTPACK_HEADER_BYTES, start, start + used);
  listpack[length - 1] = END_MARK;
  writer.length(PACKED);
  writer.string(listpack, 0, length);
}
