// Long lists: a deque of chunks of packed elements, so that pushing and popping at both ends moves no other
// elements, and a search by index skips whole chunks.
//
//   root ── head ─▶ [ …free│elements ] ⇄ [ elements ] ⇄ … ⇄ [ elements│free… ] ◀─ tail
//
// The root, a small block, keeps head, tail and the number of elements; the owner of the list keeps its reference.
// The elements of the first chunk lie at its far end and those of the last one at its beginning, so that a push
// usually finds room next to them. Chunks at the ends begin small and double, up to the limit
// (`list-max-listpack-size`), which bounds what is moved by an insertion in the middle, too.
import type { Collections } from '../../keyspace/collections.ts';
import type { Arena } from '../../memory/arena.ts';
import {
  countElements,
  elementAfter,
  type PackedEncoder,
  skipBackward,
  skipForward,
} from '../../structures/packed-list.ts';
import {
  appendTo,
  CHUNK_HEADER_BYTES,
  chunkCount,
  loadSpan,
  NEXT,
  neighbour,
  newChunk,
  PREVIOUS,
  prependTo,
  storeSpan,
} from './list-chunk.ts';
import { ListRelocation } from './list-relocation.ts';
import {
  bytesOf,
  CHUNKS,
  freeRoot,
  HEAD,
  LENGTH,
  lengthen,
  linkChunk,
  newRoot,
  removeChunk,
  replaceChunk,
  rootWord,
  TAIL,
} from './list-root.ts';
import { ListSpan } from './list-span.ts';

/** Data bytes of the first chunks at an end. */
const SMALL_CHUNK_BYTES = 1024 - CHUNK_HEADER_BYTES;
/** From this many chunks on, new ones get the full size at once: less copying, and little unused memory. */
const LONG_LIST_CHUNKS = 4;
/** Chunks freed in one step of `freeStep`. */
const FREED_AT_ONCE = 64;

/** How large chunks may become; see `list-max-listpack-size`. */
export interface ChunkLimits {
  /** The directive's value. */
  readonly directive: number;
  /** Bytes of a chunk's block, with its header: at most 64 KiB. */
  readonly maxBytes: number;
  /** Elements in a chunk. */
  readonly maxCount: number;
}

/** Operations on all long lists of an arena; see the head of this file. */
export class ChunkedLists implements Collections {
  limits: ChunkLimits = { directive: -2, maxBytes: 8192, maxCount: 0xffff };

  readonly relocation: ListRelocation;
  readonly #arena: Arena;
  readonly #span = new ListSpan();
  readonly #other = new ListSpan();

  constructor(arena: Arena) {
    this.#arena = arena;
    this.relocation = new ListRelocation(arena);
  }

  /** Makes an empty list; returns its root. */
  create(): number {
    return newRoot(this.#arena);
  }

  /** Number of elements. */
  length(root: number): number {
    return rootWord(this.#arena, root, LENGTH) >>> 0;
  }

  /** Number of chunks. */
  parts(root: number): number {
    return rootWord(this.#arena, root, CHUNKS);
  }

  /** Points a span at the elements of the first chunk; the list is not empty. */
  first(root: number, span: ListSpan): void {
    loadSpan(this.#arena, rootWord(this.#arena, root, HEAD), span);
  }

  /** Points a span at the elements of the last chunk; the list is not empty. */
  last(root: number, span: ListSpan): void {
    loadSpan(this.#arena, rootWord(this.#arena, root, TAIL), span);
  }

  /** Points a span at the chunk after its own; false when there is none. */
  next(span: ListSpan): boolean {
    return this.#follow(span, NEXT);
  }

  /** Points a span at the chunk before its own; false when there is none. */
  previous(span: ListSpan): boolean {
    return this.#follow(span, PREVIOUS);
  }

  /**
   * Points a span at the chunk that holds the element with an index: 0 … length - 1.
   * @returns the element's index in the span
   */
  seek(root: number, index: number, span: ListSpan): number {
    const arena = this.#arena;
    const length = this.length(root);
    let chunk: number;
    let rest: number;
    if (index < length / 2) {
      chunk = rootWord(this.#arena, root, HEAD);
      rest = index;
      for (let n = chunkCount(arena, chunk); rest >= n; n = chunkCount(arena, chunk)) {
        rest -= n;
        chunk = neighbour(arena, chunk, NEXT);
      }
    } else {
      chunk = rootWord(this.#arena, root, TAIL);
      rest = index - (length - chunkCount(arena, chunk));
      while (rest < 0) {
        chunk = neighbour(arena, chunk, PREVIOUS);
        rest += chunkCount(arena, chunk);
      }
    }
    loadSpan(arena, chunk, span);
    return rest;
  }

  /** Adds an element before the first. */
  pushHead(root: number, encoder: PackedEncoder): void {
    const head = rootWord(this.#arena, root, HEAD);
    if (head === 0 || !this.#prepend(root, head, encoder)) {
      this.#addChunk(root, 0, head, encoder);
    }
    lengthen(this.#arena, root, 1);
  }

  /** Adds an element after the last. */
  pushTail(root: number, encoder: PackedEncoder): void {
    const tail = rootWord(this.#arena, root, TAIL);
    if (tail === 0 || !this.#append(root, tail, encoder)) {
      this.#addChunk(root, tail, 0, encoder);
    }
    lengthen(this.#arena, root, 1);
  }

  /** Adds elements that are packed already after the last, as a chunk of their own. */
  pushPacked(root: number, from: ListSpan): void {
    const arena = this.#arena;
    const chunk = this.#fill(from, Math.max(SMALL_CHUNK_BYTES, from.used));
    linkChunk(arena, root, rootWord(arena, root, TAIL), chunk, 0);
    lengthen(arena, root, from.count);
  }

  /** Removes the first `count` elements; there are as many. */
  dropHead(root: number, count: number): void {
    lengthen(this.#arena, root, -count);
    const span = this.#span;
    for (let rest = count; rest > 0; ) {
      this.first(root, span);
      if (rest >= span.count) {
        rest -= span.count;
        this.#removeChunk(root, span.chunk);
        continue;
      }
      span.start = skipForward(span.buffer, span.start, rest);
      span.count -= rest;
      storeSpan(this.#arena, span);
      return;
    }
  }

  /** Removes the last `count` elements; there are as many. */
  dropTail(root: number, count: number): void {
    lengthen(this.#arena, root, -count);
    const span = this.#span;
    for (let rest = count; rest > 0; ) {
      this.last(root, span);
      if (rest >= span.count) {
        rest -= span.count;
        this.#removeChunk(root, span.chunk);
        continue;
      }
      span.end = skipBackward(span.buffer, span.end, rest);
      span.count -= rest;
      storeSpan(this.#arena, span);
      return;
    }
  }

  /** Inserts an element at a place in a span: before the element there, or after all of them. */
  insert(root: number, span: ListSpan, at: number, encoder: PackedEncoder): void {
    const { chunk } = span;
    if (this.#admits(span, encoder.size)) {
      const distance = at - span.start;
      if (!span.hasRoom(encoder.size)) this.#enlarge(root, span, encoder.size, PREVIOUS);
      encoder.write(span.buffer, span.open(span.start + distance, encoder.size));
      storeSpan(this.#arena, span);
    } else {
      let left = chunk;
      let right = neighbour(this.#arena, chunk, NEXT);
      if (at === span.start) {
        left = neighbour(this.#arena, chunk, PREVIOUS);
        right = chunk;
      } else if (at !== span.end) {
        right = this.#split(root, span, at);
      }
      this.#placeBetween(root, left, right, encoder);
    }
    lengthen(this.#arena, root, 1);
  }

  /** Replaces the element at a place in a span. */
  replace(root: number, span: ListSpan, at: number, encoder: PackedEncoder): void {
    const { chunk } = span;
    const size = elementAfter(span.buffer, at) - at;
    if (size === encoder.size) {
      encoder.write(span.buffer, at);
    } else if (span.count === 1) {
      const left = neighbour(this.#arena, chunk, PREVIOUS);
      const right = neighbour(this.#arena, chunk, NEXT);
      if (!this.#joinOne(root, left, right, encoder)) this.#addChunk(root, left, chunk, encoder);
      this.#removeChunk(root, chunk);
    } else {
      this.#exchange(root, span, at, size, encoder);
    }
  }

  /** The rest of `replace`: removes the element, of `size` bytes, and inserts the new one. */
  #exchange(root: number, span: ListSpan, at: number, size: number, encoder: PackedEncoder): void {
    const distance = at - span.start;
    const old = Buffer.from(span.buffer.subarray(at, at + size));
    span.close(at, size);
    storeSpan(this.#arena, span);
    lengthen(this.#arena, root, -1);
    try {
      this.insert(root, span, span.start + distance, encoder);
    } catch (error) {
      // Without memory, the old element's room is still there to put it back.
      old.copy(span.buffer, span.open(span.start + distance, size));
      storeSpan(this.#arena, span);
      lengthen(this.#arena, root, 1);
      throw error;
    }
  }

  /**
   * Removes elements that equal the encoded one, at most `limit` of them, from the first or from the
   * last on.
   * @returns how many
   */
  remove(root: number, encoded: Buffer, limit: number, fromTail: boolean): number {
    const arena = this.#arena;
    const span = this.#span;
    let removed = 0;
    let chunk = rootWord(this.#arena, root, fromTail ? TAIL : HEAD);
    while (chunk !== 0 && removed < limit) {
      loadSpan(arena, chunk, span);
      const following = neighbour(arena, chunk, fromTail ? PREVIOUS : NEXT);
      const rest = limit - removed;
      const here = fromTail ? span.removeLast(encoded, rest) : span.removeFirst(encoded, rest);
      if (here > 0) {
        removed += here;
        storeSpan(arena, span);
        if (span.count === 0) this.#removeChunk(root, chunk);
      }
      chunk = following;
    }
    lengthen(this.#arena, root, -removed);
    if (removed > 0) this.#compact(root);
    return removed;
  }

  /** Makes a copy of a list; returns its root. */
  copy(root: number): number {
    const arena = this.#arena;
    const span = new ListSpan();
    const copy = this.create();
    try {
      this.first(root, span);
      do {
        const chunk = this.#fill(span, span.used);
        linkChunk(arena, copy, rootWord(arena, copy, TAIL), chunk, 0);
        lengthen(arena, copy, span.count);
      } while (this.next(span));
    } catch (error) {
      while (!this.freeStep(copy));
      throw error;
    }
    return copy;
  }

  /**
   * Frees some of the chunks of a deleted list, and with the last chunk the root.
   * @returns whether all is done
   */
  freeStep(root: number): boolean {
    for (let i = 0; i < FREED_AT_ONCE; i++) {
      const head = rootWord(this.#arena, root, HEAD);
      if (head === 0) {
        freeRoot(this.#arena, root);
        return true;
      }
      this.#removeChunk(root, head);
    }
    return false;
  }

  /** Whether a list consists of one chunk only. */
  isSingle(root: number): boolean {
    return rootWord(this.#arena, root, HEAD) === rootWord(this.#arena, root, TAIL);
  }

  /** Bytes of root and chunks. */
  bytes(root: number): number {
    return bytesOf(this.#arena, root);
  }

  // ── Chunks ──────────────────────────────────────────────────────────────────────────────────

  /** Makes a chunk with room for `dataBytes` that has the elements of a span. */
  #fill(from: ListSpan, dataBytes: number): number {
    const span = this.#span;
    loadSpan(this.#arena, newChunk(this.#arena, dataBytes), span);
    from.buffer.copy(span.buffer, span.start, from.start, from.end);
    span.end = span.start + from.used;
    span.count = from.count;
    storeSpan(this.#arena, span);
    return span.chunk;
  }

  /** Whether the limits allow an element of so many bytes in a chunk. */
  #admits(span: ListSpan, size: number): boolean {
    const { maxBytes, maxCount } = this.limits;
    return span.count < maxCount && span.end - span.start + size <= maxBytes - CHUNK_HEADER_BYTES;
  }

  /** Adds an element at the end of a chunk, if it may and can hold it. */
  #append(root: number, chunk: number, encoder: PackedEncoder): boolean {
    const { maxCount } = this.limits;
    const full = this.#fullBytes();
    if (appendTo(this.#arena, chunk, encoder, full, maxCount)) return true;
    const widened = this.#widen(root, chunk, encoder.size, NEXT);
    return widened !== 0 && appendTo(this.#arena, widened, encoder, full, maxCount);
  }

  /** Adds an element at the beginning of a chunk, if it may and can hold it. */
  #prepend(root: number, chunk: number, encoder: PackedEncoder): boolean {
    const { maxCount } = this.limits;
    const full = this.#fullBytes();
    if (prependTo(this.#arena, chunk, encoder, full, maxCount)) return true;
    const widened = this.#widen(root, chunk, encoder.size, PREVIOUS);
    return widened !== 0 && prependTo(this.#arena, widened, encoder, full, maxCount);
  }

  /**
   * Makes room for `size` more bytes on one side of a chunk's elements: by moving them to the other
   * side where at least half of the chunk is free, or else into a larger block.
   * @returns the chunk, which may be another; 0 when there is no room, or there must be no more
   */
  #widen(root: number, chunk: number, size: number, side: number): number {
    const span = this.#span;
    loadSpan(this.#arena, chunk, span);
    if (!this.#admits(span, size)) return 0;
    const needed = span.used + size;
    const capacity = span.ceiling - span.floor;
    if (needed > capacity / 2) {
      if (capacity >= this.#fullBytes()) return 0;
      this.#enlarge(root, span, size, side);
    }
    span.moveTo(side === NEXT ? span.floor : span.ceiling - span.used);
    storeSpan(this.#arena, span);
    return span.chunk;
  }

  /** Moves a chunk into a block with room for `size` more bytes (twice that, up to the limit), all on one side. */
  #enlarge(root: number, span: ListSpan, size: number, side: number): void {
    const arena = this.#arena;
    const needed = span.used + size;
    const fresh = newChunk(arena, Math.max(needed, Math.min(2 * needed, this.#fullBytes())));
    const old = span.chunk;
    const from = this.#other;
    loadSpan(arena, old, from);
    loadSpan(arena, fresh, span);
    if (side === PREVIOUS) span.start = span.ceiling - from.used;
    from.buffer.copy(span.buffer, span.start, from.start, from.end);
    span.end = span.start + from.used;
    span.count = from.count;
    storeSpan(arena, span);
    this.relocation.replacing(old, fresh);
    replaceChunk(arena, root, old, fresh);
  }

  /** Data bytes of a chunk of full size. */
  #fullBytes(): number {
    return this.limits.maxBytes - CHUNK_HEADER_BYTES;
  }

  /** Adds a chunk with one element between two that are neighbours (0: there is none). */
  #addChunk(root: number, left: number, right: number, encoder: PackedEncoder): void {
    const arena = this.#arena;
    const { size } = encoder;
    const isLong = this.parts(root) >= LONG_LIST_CHUNKS;
    const wanted = isLong ? this.#fullBytes() : Math.min(SMALL_CHUNK_BYTES, this.#fullBytes());
    const span = this.#span;
    loadSpan(arena, newChunk(arena, Math.max(size, wanted)), span);
    // A new first chunk is filled from its far end.
    if (left === 0 && right !== 0) span.start = span.ceiling - size;
    encoder.write(span.buffer, span.start);
    span.end = span.start + size;
    span.count = 1;
    storeSpan(arena, span);
    linkChunk(this.#arena, root, left, span.chunk, right);
  }

  /** Puts an element between two neighbours: into one of them if it has room, or a chunk of its own. */
  #placeBetween(root: number, left: number, right: number, encoder: PackedEncoder): void {
    if (!this.#joinOne(root, left, right, encoder)) this.#addChunk(root, left, right, encoder);
  }

  /** Puts an element at the end of one chunk or at the beginning of another, if one has room for it. */
  #joinOne(root: number, left: number, right: number, encoder: PackedEncoder): boolean {
    if (left !== 0 && this.#append(root, left, encoder)) return true;
    return right !== 0 && this.#prepend(root, right, encoder);
  }

  /** Moves the elements from a place on into a new chunk after the span's; returns that chunk. */
  #split(root: number, span: ListSpan, at: number): number {
    const arena = this.#arena;
    const moved = span.end - at;
    const right = this.#other;
    loadSpan(arena, newChunk(arena, moved), right);
    span.buffer.copy(right.buffer, right.start, at, span.end);
    right.end = right.start + moved;
    right.count = countElements(span.buffer, at, span.end);
    span.end = at;
    span.count -= right.count;
    storeSpan(arena, span);
    storeSpan(arena, right);
    const { chunk } = right;
    linkChunk(this.#arena, root, span.chunk, chunk, neighbour(arena, span.chunk, NEXT));
    return chunk;
  }

  /**
   * Joins neighbours that together fill at most half a chunk. Takes no memory, so removing works when
   * there is none left.
   */
  #compact(root: number): void {
    const arena = this.#arena;
    const left = this.#span;
    const right = this.#other;
    const half = this.#fullBytes() / 2;
    let chunk = rootWord(arena, root, HEAD);
    while (chunk !== 0) {
      loadSpan(arena, chunk, left);
      const following = neighbour(arena, chunk, NEXT);
      if (following === 0) return;
      loadSpan(arena, following, right);
      const used = left.used + right.used;
      const mayJoin = used <= half && left.count + right.count <= this.limits.maxCount;
      if (mayJoin && used <= left.ceiling - left.floor) {
        left.moveTo(left.floor);
        right.buffer.copy(left.buffer, left.end, right.start, right.end);
        left.end += right.used;
        left.count += right.count;
        storeSpan(arena, left);
        this.#removeChunk(root, following);
      } else {
        chunk = following;
      }
    }
  }

  #removeChunk(root: number, chunk: number): void {
    this.relocation.removing(chunk);
    removeChunk(this.#arena, root, chunk);
  }

  #follow(span: ListSpan, direction: number): boolean {
    const chunk = neighbour(this.#arena, span.chunk, direction);
    if (chunk === 0) return false;
    loadSpan(this.#arena, chunk, span);
    return true;
  }
}
