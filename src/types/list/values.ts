// Values of type list. A short one lies within its entry, packed; a longer one in chunks, of which the
// entry has the root's number (types/list/chunked-list.ts):
//
//   ENCODING_PACKED    [ count: 2 bytes ][ element ][ element ] …
//   ENCODING_CHUNKED   [ root: 4 bytes ]
//
// Functions that change a list return its entry's reference, which may be another, or 0 when the
// list has become empty and was removed. Modifications and events are reported by the commands.
// A span is valid until the next change of any data.

import type { Database } from '../../keyspace/database.ts';
import { type Entries, NO_EXPIRY } from '../../keyspace/entries.ts';
import { ifThereIsMemory } from '../../memory/out-of-memory.ts';
import type { Request } from '../../protocol/request.ts';
import { elementAfter, PackedElement, PackedEncoder } from '../../structures/packed-list.ts';
import { ChunkedLists, type ChunkLimits } from './chunked-list.ts';
import { ENCODING_CHUNKED, ENCODING_PACKED, TYPE_LIST } from './encodings.ts';
import { ListSpan } from './list-span.ts';

/** Bytes before the elements of a packed list. */
export const COUNT_BYTES = 2;
/** Bytes of the value of a list in chunks. */
export const ROOT_BYTES = 4;
/** Longest packed list in bytes. Pushing before the first element moves all others. */
export const MAX_PACKED_BYTES = 1024;
/** A list of one chunk that has shrunk to so many bytes becomes a packed one again. */
const PACK_AGAIN_BYTES = MAX_PACKED_BYTES / 4;

/** A packed list that grows gets a fourth as spare room. */
const SPARE_SHIFT = 2;
/** A shrinking packed list moves to a smaller block only if that saves this many bytes. */
const MIN_SPARE_BYTES = 64;

/** `list-max-listpack-size` below 0: the largest chunk in bytes. */
const LIMITS_BYTES = [0, 4096, 8192, 16384, 32768, 0xfff8];
/** Largest chunk in bytes when the directive is a number of elements. */
const SAFE_BYTES = 8192;
const MAX_COUNT = 0x7fff;

const encoder = new PackedEncoder();
const scratch = new ListSpan();

/** What `list-max-listpack-size` means: above 0 a number of elements, below 0 one of five sizes. */
export function chunkLimitsOf(directive: number): ChunkLimits {
  if (directive >= 0)
    return { directive, maxBytes: SAFE_BYTES, maxCount: Math.min(directive || 1, MAX_COUNT) };
  return { directive, maxBytes: LIMITS_BYTES[Math.min(-directive, 5)], maxCount: MAX_COUNT };
}

/** The operations on the chunked lists of a keyspace's entries. */
export function listsOf({ collections }: Entries): ChunkedLists {
  const lists = collections[TYPE_LIST];
  if (!(lists instanceof ChunkedLists)) throw new Error('this keyspace has no lists');
  return lists;
}

/** Number of elements. */
export function listLength(entries: Entries, ref: number): number {
  if (entries.encodingOf(ref) !== ENCODING_PACKED) {
    return listsOf(entries).length(entries.root(ref));
  }
  const { buffer, offset } = entries.value(ref);
  return buffer[offset] | (buffer[offset + 1] << 8);
}

/** Number of spans, from the first to the last. */
export function spanCount(entries: Entries, ref: number): number {
  if (entries.encodingOf(ref) === ENCODING_PACKED) return 1;
  return listsOf(entries).parts(entries.root(ref));
}

/** Points a span at the first elements of a list: all of a packed one. */
export function firstSpan(entries: Entries, ref: number, span: ListSpan): void {
  if (entries.encodingOf(ref) === ENCODING_PACKED) loadPacked(entries, ref, span);
  else listsOf(entries).first(entries.root(ref), span);
}

/** Points a span at the last elements of a list. */
export function lastSpan(entries: Entries, ref: number, span: ListSpan): void {
  if (entries.encodingOf(ref) === ENCODING_PACKED) loadPacked(entries, ref, span);
  else listsOf(entries).last(entries.root(ref), span);
}

/** Points a span at the elements that follow those it has; false when there are none. */
export function nextSpan(entries: Entries, span: ListSpan): boolean {
  return span.chunk !== 0 && listsOf(entries).next(span);
}

/** Points a span at the elements before those it has; false when there are none. */
export function previousSpan(entries: Entries, span: ListSpan): boolean {
  return span.chunk !== 0 && listsOf(entries).previous(span);
}

/**
 * Points a span at the elements among which is the one with an index: 0 … length - 1.
 * @returns its index among them
 */
export function seekSpan(entries: Entries, ref: number, index: number, span: ListSpan): number {
  if (entries.encodingOf(ref) !== ENCODING_PACKED) {
    return listsOf(entries).seek(entries.root(ref), index, span);
  }
  loadPacked(entries, ref, span);
  return index;
}

/**
 * Adds an element before the first or after the last.
 * @param ref the list under argument `keyAt`, or 0: `lookupForChange` just found nothing there, and one is made
 */
export function pushElement(
  db: Database,
  ref: number,
  request: Request,
  keyAt: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  atHead: boolean,
): number {
  encoder.set(bytes, offset, length);
  if (ref === 0) return createList(db, request, keyAt);
  if (db.encodingOf(ref) === ENCODING_PACKED) {
    loadPacked(db.entries, ref, scratch);
    if (mayStayPacked(listsOf(db.entries).limits, scratch.count, scratch.used + encoder.size)) {
      return insertPacked(db, ref, atHead ? 0 : scratch.used);
    }
    const chunked = toChunks(db, ref);
    pushToChunks(db, chunked, atHead);
    return chunked;
  }
  pushToChunks(db, ref, atHead);
  return ref;
}

/** Removes the first or the last `count` elements; there are as many. */
export function dropElements(db: Database, ref: number, count: number, atTail: boolean): number {
  if (db.encodingOf(ref) === ENCODING_PACKED) {
    loadPacked(db.entries, ref, scratch);
    const { start, end } = scratch;
    const left = scratch.count - count;
    if (left === 0) return discard(db, ref);
    if (atTail) scratch.end = scratch.placeOf(left);
    else scratch.start = scratch.placeOf(count);
    scratch.count = left;
    return storePacked(db, ref, start, end);
  }
  const lists = listsOf(db.entries);
  const root = db.entries.root(ref);
  if (lists.length(root) === count) return discard(db, ref);
  if (atTail) lists.dropTail(root, count);
  else lists.dropHead(root, count);
  return packAgain(db, ref);
}

/** Inserts an element at a place in a span of the list: before the one there, or after all of them. */
export function insertElement(
  db: Database,
  ref: number,
  span: ListSpan,
  at: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  encoder.set(bytes, offset, length);
  if (span.chunk !== 0) {
    listsOf(db.entries).insert(db.entries.root(ref), span, at, encoder);
    return ref;
  }
  const distance = at - span.start;
  if (mayStayPacked(listsOf(db.entries).limits, span.count, span.used + encoder.size))
    return insertPacked(db, ref, distance);
  const chunked = toChunks(db, ref);
  const lists = listsOf(db.entries);
  const root = db.entries.root(chunked);
  lists.first(root, scratch);
  lists.insert(root, scratch, scratch.start + distance, encoder);
  return chunked;
}

/** Puts an element in the place of the one at a place in a span of the list. */
export function replaceElement(
  db: Database,
  ref: number,
  span: ListSpan,
  at: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  encoder.set(bytes, offset, length);
  if (span.chunk === 0) {
    const distance = at - span.start;
    const size = elementAfter(span.buffer, at) - at;
    if (size === encoder.size) {
      encoder.write(span.buffer, at);
      return ref;
    }
    if (
      mayStayPacked(listsOf(db.entries).limits, span.count - 1, span.used - size + encoder.size)
    ) {
      return exchangePacked(db, ref, distance, size);
    }
    const chunked = toChunks(db, ref);
    listsOf(db.entries).first(db.entries.root(chunked), scratch);
    const place = scratch.start + distance;
    listsOf(db.entries).replace(db.entries.root(chunked), scratch, place, encoder);
    return chunked;
  }
  listsOf(db.entries).replace(db.entries.root(ref), span, at, encoder);
  return ref;
}

/** Result of `removeElements`. */
export interface Removal {
  readonly ref: number;
  readonly removed: number;
}

/**
 * Removes elements that equal the given bytes, at most `limit` of them, from the first or from the
 * last on.
 */
export function removeElements(
  db: Database,
  ref: number,
  encoded: Buffer,
  limit: number,
  fromTail: boolean,
): Removal {
  if (db.encodingOf(ref) === ENCODING_PACKED) {
    loadPacked(db.entries, ref, scratch);
    const { start, end } = scratch;
    const removed = fromTail
      ? scratch.removeLast(encoded, limit)
      : scratch.removeFirst(encoded, limit);
    if (removed === 0) return { ref, removed };
    return { ref: storePacked(db, ref, start, end), removed };
  }
  const lists = listsOf(db.entries);
  const root = db.entries.root(ref);
  const removed = lists.remove(root, encoded, limit, fromTail);
  return { ref: lists.length(root) === 0 ? discard(db, ref) : packAgain(db, ref), removed };
}

/** Calls `visit` with each element's bytes, which it must not keep, from the first to the last. */
export function visitElements(entries: Entries, ref: number, visit: (bytes: Buffer) => void): void {
  const span = new ListSpan();
  const element = new PackedElement();
  firstSpan(entries, ref, span);
  do {
    for (let at = span.start; at < span.end; ) {
      at = element.read(span.buffer, at);
      visit(element.bytes(span.buffer));
    }
  } while (nextSpan(entries, span));
}

/** The packed bytes of an element, with which elements are compared. */
export function encodeElement(bytes: Uint8Array, offset: number, length: number): Buffer {
  encoder.set(bytes, offset, length);
  const encoded = Buffer.allocUnsafe(encoder.size);
  encoder.write(encoded, 0);
  return encoded;
}

// ── Packed lists ────────────────────────────────────────────────────────────────────────────

function loadPacked(entries: Entries, ref: number, span: ListSpan): void {
  const { buffer, offset, length } = entries.value(ref);
  span.chunk = 0;
  span.buffer = buffer;
  span.floor = offset + COUNT_BYTES;
  span.start = span.floor;
  span.end = offset + length;
  span.ceiling = span.end;
  span.count = buffer[offset] | (buffer[offset + 1] << 8);
}

/** Whether a packed list of `count` elements may have one more, and then so many bytes. */
export function mayStayPacked(limits: ChunkLimits, count: number, sizeBytes: number): boolean {
  const { maxBytes, maxCount } = limits;
  return count < maxCount && sizeBytes <= MAX_PACKED_BYTES && sizeBytes <= maxBytes;
}

/** Makes a list under argument i, which `lookupForChange` just found missing, of the encoder's element. */
function createList(db: Database, request: Request, i: number): number {
  if (!mayStayPacked(listsOf(db.entries).limits, 0, encoder.size)) {
    return withNewChunks(db, (root) => {
      listsOf(db.entries).pushTail(root, encoder);
      const ref = db.build(0, request, i, TYPE_LIST, ENCODING_CHUNKED, ROOT_BYTES, NO_EXPIRY);
      db.entries.setRoot(ref, root);
      db.put(0, ref);
      return ref;
    });
  }
  const length = COUNT_BYTES + encoder.size;
  const ref = db.build(0, request, i, TYPE_LIST, ENCODING_PACKED, length, NO_EXPIRY);
  const { buffer, offset } = db.value(ref);
  buffer[offset] = 1;
  buffer[offset + 1] = 0;
  encoder.write(buffer, offset + COUNT_BYTES);
  db.put(0, ref);
  return ref;
}

/** Inserts the encoder's element so many bytes after the beginning of the elements. */
function insertPacked(db: Database, ref: number, distance: number): number {
  const before = db.value(ref).length;
  const length = before + encoder.size;
  const target = db.resize(ref, length, length + (length >>> SPARE_SHIFT));
  const { buffer, offset } = db.value(target);
  const at = offset + COUNT_BYTES + distance;
  if (at < offset + before) buffer.copyWithin(at + encoder.size, at, offset + before);
  encoder.write(buffer, at);
  const count = (buffer[offset] | (buffer[offset + 1] << 8)) + 1;
  buffer[offset] = count;
  buffer[offset + 1] = count >> 8;
  return target;
}

/** Puts the encoder's element in the place of one of `size` bytes. */
function exchangePacked(db: Database, ref: number, distance: number, size: number): number {
  const before = db.value(ref).length;
  const after = before - size + encoder.size;
  const target = after > before ? db.resize(ref, after) : ref;
  const { buffer, offset } = db.value(target);
  const at = offset + COUNT_BYTES + distance;
  buffer.copyWithin(at + encoder.size, at + size, offset + before);
  encoder.write(buffer, at);
  return after < before ? shrink(db, target, after) : target;
}

/** Makes the elements of `scratch`, which lie between `start` and `end`, all that there are. */
function storePacked(db: Database, ref: number, start: number, end: number): number {
  const { buffer, count, used } = scratch;
  if (count === 0) return discard(db, ref);
  const value = start - COUNT_BYTES;
  if (scratch.start !== start) buffer.copyWithin(start, scratch.start, scratch.end);
  buffer.writeUInt16LE(count, value);
  return used < end - start ? shrink(db, ref, COUNT_BYTES + used) : ref;
}

/** Gives a packed list's entry its new length, and a smaller block where most of it is free. */
function shrink(db: Database, ref: number, length: number): number {
  const target = db.resize(ref, length);
  const spare = db.entries.spareBytes(target);
  return spare > MIN_SPARE_BYTES && spare > length ? tryRefit(db, target, length) : target;
}

// ── Lists in chunks ─────────────────────────────────────────────────────────────────────────

function pushToChunks(db: Database, ref: number, atHead: boolean): void {
  const lists = listsOf(db.entries);
  const root = db.entries.root(ref);
  if (atHead) lists.pushHead(root, encoder);
  else lists.pushTail(root, encoder);
}

/** Moves the elements of a packed list into chunks. */
function toChunks(db: Database, ref: number): number {
  return withNewChunks(db, (root) => {
    loadPacked(db.entries, ref, scratch);
    listsOf(db.entries).pushPacked(root, scratch);
    const target = db.refit(ref, ROOT_BYTES);
    db.entries.setEncoding(target, ENCODING_CHUNKED);
    db.entries.setRoot(target, root);
    return target;
  });
}

/** Creates an empty chunked list and calls `use` with it; frees it if that throws. */
function withNewChunks(db: Database, use: (root: number) => number): number {
  const lists = listsOf(db.entries);
  const root = lists.create();
  try {
    return use(root);
  } catch (error) {
    while (!lists.freeStep(root));
    throw error;
  }
}

/** Makes a list of one chunk that has become short a packed one again. */
function packAgain(db: Database, ref: number): number {
  const { entries } = db;
  const lists = listsOf(entries);
  const root = entries.root(ref);
  if (!lists.isSingle(root)) return ref;
  lists.first(root, scratch);
  const { used, count } = scratch;
  if (used > PACK_AGAIN_BYTES || !mayStayPacked(listsOf(db.entries).limits, count - 1, used))
    return ref;
  // Detached from the entry for now, so that moving the entry leaves the chunks alone.
  entries.disownRoot(ref);
  const target = tryRefit(db, ref, COUNT_BYTES + used);
  if (target === ref) {
    entries.setEncoding(ref, ENCODING_CHUNKED);
    return ref;
  }
  entries.setEncoding(target, ENCODING_PACKED);
  const { buffer, offset } = db.value(target);
  buffer.writeUInt16LE(count, offset);
  scratch.buffer.copy(buffer, offset + COUNT_BYTES, scratch.start, scratch.end);
  lists.freeStep(root);
  return target;
}

/** As `Database.refit`, but the entry stays as it is when there is no memory for a new block. */
function tryRefit(db: Database, ref: number, length: number): number {
  return ifThereIsMemory(() => db.refit(ref, length)) ?? ref;
}

function discard(db: Database, ref: number): number {
  db.discard(ref);
  return 0;
}
