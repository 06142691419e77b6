// A sequence of blocks that are ordered by ids: the entries of a stream, and the pending entries of groups and
// consumers. Each block begins with the least id that it may have. A directory in two levels leads to them, so a block
// is found by two binary searches, and one that comes or goes moves a page of the directory at most:
//
//   index, four words at the beginning of a root     top                pages, up to 255 blocks each
//   [ blocks │ top │ pages │ capacity of top ] ────▶ [ page, page … ] ─▶ [ count, class │ block, block … ]
//
// Where there is only one block, `top` is that block, and there are no pages.
//
// A block:  [ least id: 4 words ][ shape ][ serial ] …      shape:  size class 8 bits │ flags of the owner
//
// The serial says when the block was made or copied, among the times at which a structure was frozen
// (frozen-stream.ts): a block that is older than that belongs to the frozen state, too, and is copied before it changes.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { ifThereIsMemory } from '../../memory/out-of-memory.ts';
import { relocateWords, wordsBytes } from '../../memory/word-block.ts';
import {
  BLOCKS,
  BlockPages,
  INDEX_WORDS,
  MAX_PAGE_WORDS,
  PAGES,
  TOP,
  TOP_CAPACITY,
} from './block-pages.ts';
import { blockWord, setBlockWord } from './block-words.ts';
import type { StreamId } from './stream-id.ts';

export { INDEX_WORDS } from './block-pages.ts';
export { blockWord, setBlockWord } from './block-words.ts';

/** Words at the beginning of a block. */
export const LEAST_ID = 0;
export const SHAPE = 4;
export const SERIAL = 5;
export const BLOCK_HEADER_WORDS = 6;
const CLASS_MASK = 0xff;

/** A page of fewer blocks is joined with a neighbour, if both fit into one of this size. */
const SPARSE_PAGE = 64;
const JOINED_PAGE = 192;

/** A block's place in a sequence; valid until blocks come or go. */
export class BlockPlace {
  /** The block; 0: none. */
  block = 0;
  /** Number of its page, and its number within the page; 0 and 0 where there is only one block. */
  page = 0;
  slot = 0;
}

/** Size class of a block. */
export function blockClass(arena: Arena, block: number): number {
  return blockWord(arena, block, SHAPE) & CLASS_MASK;
}

/** The operations on such sequences in an arena; see the head of this file. They do not free blocks. */
export class IdBlocks {
  readonly #arena: Arena;
  readonly #pages: BlockPages;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#pages = new BlockPages(arena);
  }

  /** Makes the index at the beginning of a root that of no blocks. */
  clear(root: number): void {
    const base = (root & SEGMENT_MASK) << 1;
    this.#arena.i32[root >>> SEGMENT_SHIFT].fill(0, base, base + INDEX_WORDS);
  }

  /** Number of blocks. */
  count(root: number): number {
    return blockWord(this.#arena, root, BLOCKS);
  }

  /** Bytes of the directory. */
  directoryBytes(root: number): number {
    const arena = this.#arena;
    if (blockWord(arena, root, BLOCKS) < 2) return 0;
    let total = wordsBytes(blockWord(arena, root, TOP_CAPACITY));
    const pages = blockWord(arena, root, PAGES);
    for (let i = 0; i < pages; i++)
      total += arena.blockBytes(this.#pages.pageClass(this.#pages.pageAt(root, i)));
    return total;
  }

  /** Copies the numbers of all blocks, in their order. */
  blocks(root: number): Int32Array {
    const arena = this.#arena;
    const count = blockWord(arena, root, BLOCKS);
    const copy = new Int32Array(count);
    if (count === 1) copy[0] = blockWord(arena, root, TOP);
    if (count < 2) return copy;
    const pages = blockWord(arena, root, PAGES);
    for (let i = 0, at = 0; i < pages; i++) {
      const page = this.#pages.pageAt(root, i);
      const start = ((page & SEGMENT_MASK) << 1) + 1;
      const inPage = this.#pages.pageCount(page);
      copy.set(arena.i32[page >>> SEGMENT_SHIFT].subarray(start, start + inPage), at);
      at += inPage;
    }
    return copy;
  }

  /** Goes to the first block; false when there is none. */
  first(root: number, place: BlockPlace): boolean {
    return this.#goTo(root, place, 0, 0);
  }

  /** Goes to the last block; false when there is none. */
  last(root: number, place: BlockPlace): boolean {
    const arena = this.#arena;
    const count = blockWord(arena, root, BLOCKS);
    if (count < 2) return this.#goTo(root, place, 0, 0);
    const page = blockWord(arena, root, PAGES) - 1;
    return this.#goTo(root, place, page, this.#pages.pageCount(this.#pages.pageAt(root, page)) - 1);
  }

  /** The last block; 0 when there is none. */
  lastBlock(root: number): number {
    const arena = this.#arena;
    if (blockWord(arena, root, BLOCKS) < 2) return blockWord(arena, root, TOP);
    const page = this.#pages.pageAt(root, blockWord(arena, root, PAGES) - 1);
    return blockWord(arena, page, this.#pages.pageCount(page));
  }

  /** Goes on to the next block; false when there is none, and the place has no block then. */
  next(root: number, place: BlockPlace): boolean {
    return this.#goTo(root, place, place.page, place.slot + 1);
  }

  /** Goes back to the block before; false when there is none, and the place has no block then. */
  previous(root: number, place: BlockPlace): boolean {
    const { page, slot } = place;
    if (slot > 0 || page === 0) return this.#goTo(root, place, page, slot - 1);
    const count = this.#pages.pageCount(this.#pages.pageAt(root, page - 1));
    return this.#goTo(root, place, page - 1, count - 1);
  }

  /**
   * Goes to the block that an id belongs to: the last one whose least id is not greater; false when there is none, and
   * the place has no block then.
   */
  find(root: number, id: StreamId, place: BlockPlace): boolean {
    const arena = this.#arena;
    const count = blockWord(arena, root, BLOCKS);
    place.block = 0;
    if (count < 2) {
      return this.first(root, place) && this.#isAtMost(place.block, id, place);
    }
    let low = 0;
    let high = blockWord(arena, root, PAGES);
    // The last page whose first block is not greater.
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = blockWord(arena, this.#pages.pageAt(root, middle), 1);
      if (this.#leastIdOrder(first, id) <= 0) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return false;
    const number = low - 1;
    const page = this.#pages.pageAt(root, number);
    low = 1;
    high = this.#pages.pageCount(page);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#leastIdOrder(blockWord(arena, page, middle + 1), id) <= 0) low = middle + 1;
      else high = middle;
    }
    place.page = number;
    place.slot = low - 1;
    place.block = blockWord(arena, page, low);
    return true;
  }

  /** Goes to the block of an id as `find`; if all blocks are greater, to the first one. False when there is none. */
  findOrFirst(root: number, id: StreamId, place: BlockPlace): boolean {
    return this.find(root, id, place) || this.first(root, place);
  }

  /** Adds a block behind the last one. @throws ArenaFullError, before anything has changed */
  append(root: number, block: number): void {
    const arena = this.#arena;
    const count = blockWord(arena, root, BLOCKS);
    if (count === 0) {
      setBlockWord(arena, root, TOP, block);
      setBlockWord(arena, root, BLOCKS, 1);
      return;
    }
    const number = count === 1 ? 0 : blockWord(arena, root, PAGES) - 1;
    this.#insertAt(
      root,
      number,
      count === 1 ? 1 : this.#pages.pageCount(this.#pages.pageAt(root, number)),
      block,
    );
  }

  /** Adds a block before the one at a place. @throws ArenaFullError, before anything has changed */
  insertBefore(root: number, place: BlockPlace, block: number): void {
    this.#insertAt(root, place.page, place.slot, block);
  }

  /** Adds a block behind the one at a place. @throws ArenaFullError, before anything has changed */
  insertAfter(root: number, place: BlockPlace, block: number): void {
    this.#insertAt(root, place.page, place.slot + 1, block);
  }

  /** Puts a block in the place of another. */
  replace(root: number, place: BlockPlace, block: number): void {
    const arena = this.#arena;
    place.block = block;
    if (blockWord(arena, root, BLOCKS) === 1) setBlockWord(arena, root, TOP, block);
    else setBlockWord(arena, this.#pages.pageAt(root, place.page), place.slot + 1, block);
  }

  /** Takes the block at a place out; the place is that of the block behind it then, if there is one. */
  remove(root: number, place: BlockPlace): void {
    const arena = this.#arena;
    const count = blockWord(arena, root, BLOCKS);
    setBlockWord(arena, root, BLOCKS, count - 1);
    if (count === 1) {
      setBlockWord(arena, root, TOP, 0);
      place.block = 0;
      return;
    }
    const page = this.#pages.pageAt(root, place.page);
    const left = this.#pages.pageCount(page) - 1;
    const words = arena.i32[page >>> SEGMENT_SHIFT];
    const at = ((page & SEGMENT_MASK) << 1) + 1 + place.slot;
    words.copyWithin(at, at + 1, at + 1 + left - place.slot);
    this.#pages.setPageCount(page, left);
    if (left === 0) this.#pages.removePage(root, place.page);
    if (count === 2) {
      this.#pages.leaveOne(root);
      // The one that is left is the first one now: it was behind the place, or before it.
      place.slot = left === 0 ? place.page : place.slot;
      place.page = 0;
    } else if (left === 0) {
      place.slot = 0;
    } else if (left < SPARSE_PAGE) {
      this.#join(root, place);
    }
    this.#goTo(root, place, place.page, place.slot);
  }

  /**
   * Gives the directory back once all its blocks are; the index is that of no blocks then.
   */
  freeDirectory(root: number): void {
    const arena = this.#arena;
    if (blockWord(arena, root, BLOCKS) > 1) {
      const pages = blockWord(arena, root, PAGES);
      for (let i = 0; i < pages; i++) this.#pages.freePage(this.#pages.pageAt(root, i));
      this.#pages.freeTop(root);
    }
    this.clear(root);
  }

  /** Moves the directory, or a page of it, out of pages of the arena that are being emptied. */
  relocateDirectory(root: number): void {
    const arena = this.#arena;
    if (blockWord(arena, root, BLOCKS) < 2) return;
    const capacity = blockWord(arena, root, TOP_CAPACITY);
    setBlockWord(arena, root, TOP, relocateWords(arena, blockWord(arena, root, TOP), capacity));
    const pages = blockWord(arena, root, PAGES);
    for (let i = 0; i < pages; i++) {
      const page = this.#pages.pageAt(root, i);
      if (arena.isSparse(page))
        this.#pages.setPageAt(root, i, arena.relocate(page, this.#pages.pageClass(page)));
    }
  }

  // ── Blocks in pages ─────────────────────────────────────────────────────────────────────────

  #goTo(root: number, place: BlockPlace, number: number, slot: number): boolean {
    const arena = this.#arena;
    place.page = number;
    place.slot = slot;
    place.block = 0;
    const count = blockWord(arena, root, BLOCKS);
    if (count < 2) {
      if (count === 1 && number === 0 && slot === 0) place.block = blockWord(arena, root, TOP);
      return place.block !== 0;
    }
    if (slot < 0 || number >= blockWord(arena, root, PAGES)) return false;
    const page = this.#pages.pageAt(root, number);
    if (slot >= this.#pages.pageCount(page)) return this.#goTo(root, place, number + 1, 0);
    place.block = blockWord(arena, page, slot + 1);
    return true;
  }

  #isAtMost(block: number, id: StreamId, place: BlockPlace): boolean {
    if (this.#leastIdOrder(block, id) <= 0) return true;
    place.block = 0;
    return false;
  }

  /** Above 0: the least id of a block is greater than an id. */
  #leastIdOrder(block: number, id: StreamId): number {
    const words = this.#arena.i32[block >>> SEGMENT_SHIFT];
    return -id.compareAt(words, (block & SEGMENT_MASK) << 1);
  }

  #insertAt(root: number, number: number, slot: number, block: number): void {
    const arena = this.#arena;
    const count = blockWord(arena, root, BLOCKS);
    if (count === 1) this.#pages.makePage(root);
    let pageNumber = number;
    let at = slot;
    let page = this.#pages.pageAt(root, pageNumber);
    const inPage = this.#pages.pageCount(page);
    if (inPage + 1 === MAX_PAGE_WORDS) {
      // What comes behind everything begins a page, so that pages that are filled in order are full.
      const isLast = at === inPage && pageNumber === blockWord(arena, root, PAGES) - 1;
      const kept = isLast ? inPage : inPage >>> 1;
      this.#pages.splitPage(root, pageNumber, kept);
      if (at > kept || isLast) {
        pageNumber++;
        at -= kept;
      }
      page = this.#pages.pageAt(root, pageNumber);
    } else if (inPage + 1 === this.#pages.pageWords(page)) {
      page = this.#pages.growPage(root, pageNumber);
    }
    const words = arena.i32[page >>> SEGMENT_SHIFT];
    const start = ((page & SEGMENT_MASK) << 1) + 1;
    const inIt = this.#pages.pageCount(page);
    words.copyWithin(start + at + 1, start + at, start + inIt);
    words[start + at] = block;
    this.#pages.setPageCount(page, inIt + 1);
    setBlockWord(arena, root, BLOCKS, count + 1);
  }

  /** Joins the page of a place with the one behind or before it, if that is worth it; the place stays the same. */
  #join(root: number, place: BlockPlace): void {
    const arena = this.#arena;
    const pages = blockWord(arena, root, PAGES);
    const left = place.page + 1 < pages ? place.page : place.page - 1;
    if (left < 0) return;
    const [first, second] = [this.#pages.pageAt(root, left), this.#pages.pageAt(root, left + 1)];
    const [firstCount, secondCount] = [this.#pages.pageCount(first), this.#pages.pageCount(second)];
    if (firstCount + secondCount > JOINED_PAGE) return;
    let joined = first;
    if (this.#pages.pageWords(first) <= firstCount + secondCount) {
      // Without memory the pages stay as they are.
      const fresh = ifThereIsMemory(() => this.#pages.newPage(MAX_PAGE_WORDS));
      if (fresh === undefined) return;
      joined = fresh;
      this.#pages.copyBlocks(first, 0, joined, firstCount);
      this.#pages.freePage(first);
      this.#pages.setPageAt(root, left, joined);
    }
    this.#pages.copyBlocks(second, 0, joined, secondCount);
    this.#pages.removePage(root, left + 1);
    if (place.page > left) {
      place.page = left;
      place.slot += firstCount;
    }
  }
}
