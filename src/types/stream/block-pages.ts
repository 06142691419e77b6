// The directory of a sequence of blocks (id-blocks.ts): pages, up to 255 blocks each, and the words that lead to them.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { CLASS_UNITS, classOf } from '../../memory/size-classes.ts';
import { allocateWords, freeWords, wordsOf, wordsStart } from '../../memory/word-block.ts';
import { blockWord, setBlockWord } from './block-words.ts';

/** Words of an index, at the beginning of the root that has it. */
export const INDEX_WORDS = 4;
export const BLOCKS = 0;
export const TOP = 1;
export const PAGES = 2;
export const TOP_CAPACITY = 3;

/** Words of the smallest and the largest page; the first one has its count and its size class. */
const MIN_PAGE_WORDS = 4;
export const MAX_PAGE_WORDS = 256;
const PAGE_CLASS_SHIFT = 16;
const PAGE_COUNT_MASK = 0xffff;

/** The operations on the directories of an arena. */
export class BlockPages {
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** The page with a number. */
  pageAt(root: number, number: number): number {
    const arena = this.#arena;
    const top = blockWord(arena, root, TOP);
    const capacity = blockWord(arena, root, TOP_CAPACITY);
    return wordsOf(arena, top, capacity)[wordsStart(top, capacity) + number];
  }

  /** Puts a page in the place of another. */
  setPageAt(root: number, number: number, page: number): void {
    const arena = this.#arena;
    const top = blockWord(arena, root, TOP);
    const capacity = blockWord(arena, root, TOP_CAPACITY);
    wordsOf(arena, top, capacity)[wordsStart(top, capacity) + number] = page;
  }

  /** Number of blocks of a page. */
  pageCount(page: number): number {
    return blockWord(this.#arena, page, 0) & PAGE_COUNT_MASK;
  }

  setPageCount(page: number, count: number): void {
    setBlockWord(this.#arena, page, 0, (this.pageClass(page) << PAGE_CLASS_SHIFT) | count);
  }

  /** Size class of a page. */
  pageClass(page: number): number {
    return blockWord(this.#arena, page, 0) >>> PAGE_CLASS_SHIFT;
  }

  /** Words that a page has room for, the first one included. */
  pageWords(page: number): number {
    return CLASS_UNITS[this.pageClass(page)] * 2;
  }

  /** Makes a page without blocks. @throws ArenaFullError */
  newPage(words: number): number {
    const sizeClass = classOf(words * 4);
    const page = this.#arena.allocate(sizeClass);
    setBlockWord(this.#arena, page, 0, sizeClass << PAGE_CLASS_SHIFT);
    return page;
  }

  /** Frees a page. */
  freePage(page: number): void {
    this.#arena.free(page, this.pageClass(page));
  }

  /** Puts the only block into a page, and makes a directory for that. */
  makePage(root: number): void {
    const arena = this.#arena;
    const page = this.newPage(MIN_PAGE_WORDS);
    let top = 0;
    try {
      top = allocateWords(arena, MIN_PAGE_WORDS);
    } catch (error) {
      this.freePage(page);
      throw error;
    }
    setBlockWord(arena, page, 1, blockWord(arena, root, TOP));
    this.setPageCount(page, 1);
    setBlockWord(arena, root, TOP, top);
    setBlockWord(arena, root, TOP_CAPACITY, MIN_PAGE_WORDS);
    setBlockWord(arena, root, PAGES, 1);
    this.setPageAt(root, 0, page);
  }

  /** The only block that is left needs no page. */
  leaveOne(root: number): void {
    const arena = this.#arena;
    const page = this.pageAt(root, 0);
    const block = blockWord(arena, page, 1);
    this.freePage(page);
    this.freeTop(root);
    const base = (root & SEGMENT_MASK) << 1;
    arena.i32[root >>> SEGMENT_SHIFT].fill(0, base, base + INDEX_WORDS);
    setBlockWord(arena, root, TOP, block);
    setBlockWord(arena, root, BLOCKS, 1);
  }

  /** Moves a page to a larger one; returns that. @throws ArenaFullError, before anything has changed */
  growPage(root: number, number: number): number {
    const page = this.pageAt(root, number);
    const grown = this.newPage(Math.min(this.pageWords(page) * 2, MAX_PAGE_WORDS));
    this.copyBlocks(page, 0, grown, this.pageCount(page));
    this.freePage(page);
    this.setPageAt(root, number, grown);
    return grown;
  }

  /** Copies blocks of a page, from one on, behind those of another. */
  copyBlocks(from: number, slot: number, to: number, count: number): void {
    const words = this.#arena.i32[from >>> SEGMENT_SHIFT];
    const start = ((from & SEGMENT_MASK) << 1) + 1 + slot;
    const has = this.pageCount(to);
    const target = this.#arena.i32[to >>> SEGMENT_SHIFT];
    target.set(words.subarray(start, start + count), ((to & SEGMENT_MASK) << 1) + 1 + has);
    this.setPageCount(to, has + count);
  }

  /** Keeps the first blocks of a full page, and puts the others into a new one behind it. */
  splitPage(root: number, number: number, kept: number): void {
    const page = this.pageAt(root, number);
    const count = this.pageCount(page);
    const fresh = this.newPage(kept === count ? MIN_PAGE_WORDS : MAX_PAGE_WORDS);
    try {
      this.insertPage(root, number + 1, fresh);
    } catch (error) {
      this.freePage(fresh);
      throw error;
    }
    this.copyBlocks(page, kept, fresh, count - kept);
    this.setPageCount(page, kept);
  }

  insertPage(root: number, number: number, page: number): void {
    const arena = this.#arena;
    const pages = blockWord(arena, root, PAGES);
    const capacity = blockWord(arena, root, TOP_CAPACITY);
    if (pages === capacity) this.growTop(root, capacity * 2);
    const top = blockWord(arena, root, TOP);
    const now = blockWord(arena, root, TOP_CAPACITY);
    const words = wordsOf(arena, top, now);
    const start = wordsStart(top, now);
    words.copyWithin(start + number + 1, start + number, start + pages);
    words[start + number] = page;
    setBlockWord(arena, root, PAGES, pages + 1);
  }

  /** Frees a page, and takes it out. */
  removePage(root: number, number: number): void {
    const arena = this.#arena;
    this.freePage(this.pageAt(root, number));
    const pages = blockWord(arena, root, PAGES);
    const capacity = blockWord(arena, root, TOP_CAPACITY);
    const top = blockWord(arena, root, TOP);
    const start = wordsStart(top, capacity);
    wordsOf(arena, top, capacity).copyWithin(start + number, start + number + 1, start + pages);
    setBlockWord(arena, root, PAGES, pages - 1);
  }

  growTop(root: number, capacity: number): void {
    const arena = this.#arena;
    const old = blockWord(arena, root, TOP);
    const oldCapacity = blockWord(arena, root, TOP_CAPACITY);
    const top = allocateWords(arena, capacity);
    const start = wordsStart(old, oldCapacity);
    const from = wordsOf(arena, old, oldCapacity).subarray(start, start + oldCapacity);
    wordsOf(arena, top, capacity).set(from, wordsStart(top, capacity));
    freeWords(arena, old, oldCapacity);
    setBlockWord(arena, root, TOP, top);
    setBlockWord(arena, root, TOP_CAPACITY, capacity);
  }

  freeTop(root: number): void {
    const arena = this.#arena;
    freeWords(arena, blockWord(arena, root, TOP), blockWord(arena, root, TOP_CAPACITY));
  }
}
