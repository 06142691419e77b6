// Blocks of a stream that a snapshot may be writing. A stream that takes several steps to write is frozen: the writer
// keeps the numbers of all its blocks, and the stream goes on changing. A block that is older than that is shared; it
// is copied before it changes, and left to the writer when it is removed:
//
//   block older than the freeze ──▶ about to change ──▶ the stream gets a copy, the writer frees the old one
//                               └─▶ written first   ──▶ the stream's own again
//
// No block is copied in advance, and nothing is kept beside the blocks: the word `SERIAL` of a block says when it came
// to be, in freezes so far, and a root says which freeze it is frozen by.

import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { CLASS_UNITS } from '../../memory/size-classes.ts';
import {
  type BlockPlace,
  blockClass,
  blockWord,
  IdBlocks,
  SERIAL,
  SHAPE,
  setBlockWord,
} from './id-blocks.ts';
import { StreamHolds } from './stream-holds.ts';
import { FROZEN } from './stream-root.ts';

/** Flags of a block's shape: its data are in an overflow block; the writer has to free it. */
export const IS_OVERFLOW: number = 1 << 8;
const IS_ORPHAN = 1 << 9;
/** It is a cold block (cold-block.ts). */
export const IS_COLD: number = 1 << 12;

/** Word of a block in which the number of its overflow block is. */
export const OVERFLOW_ID = 6;

/** Who counts the cold blocks that there are (cold-blocks.ts). */
export interface ColdBlockCounter {
  added(block: number): void;
  freed(block: number): void;
}

/** Allocates, copies and frees blocks; see the head of this file. */
export class SharedBlocks {
  readonly index: IdBlocks;
  readonly holds = new StreamHolds();
  readonly #arena: Arena;
  readonly #cold: ColdBlockCounter;
  /** Number of freezes so far; new blocks get it. */
  #serial = 1;

  constructor(arena: Arena, cold: ColdBlockCounter) {
    this.#arena = arena;
    this.#cold = cold;
    this.index = new IdBlocks(arena);
  }

  /** Allocates a block, its content undefined but for shape and serial. @throws ArenaFullError */
  allocate(sizeClass: number): number {
    const block = this.#arena.allocate(sizeClass);
    setBlockWord(this.#arena, block, SHAPE, sizeClass);
    setBlockWord(this.#arena, block, SERIAL, this.#serial);
    return block;
  }

  /** Bytes of a block, its overflow block included. */
  bytes(block: number): number {
    const arena = this.#arena;
    const shape = blockWord(arena, block, SHAPE);
    const inArena = arena.blockBytes(blockClass(arena, block));
    if ((shape & IS_OVERFLOW) === 0) return inArena;
    return inArena + arena.overflow.sizeOf(blockWord(arena, block, OVERFLOW_ID));
  }

  /** Copies a block with all its data. @throws ArenaFullError, or RangeError without memory for large data */
  copy(block: number): number {
    const arena = this.#arena;
    const sizeClass = blockClass(arena, block);
    const isOverflow = (blockWord(arena, block, SHAPE) & IS_OVERFLOW) !== 0;
    const id = isOverflow ? this.#copyOverflow(blockWord(arena, block, OVERFLOW_ID)) : 0;
    let fresh = 0;
    try {
      fresh = this.allocate(sizeClass);
    } catch (error) {
      if (isOverflow) arena.overflow.free(id);
      throw error;
    }
    const from = (block & SEGMENT_MASK) << 1;
    const words = arena.i32[block >>> SEGMENT_SHIFT].subarray(
      from,
      from + CLASS_UNITS[sizeClass] * 2,
    );
    const serial = this.#serial;
    arena.i32[fresh >>> SEGMENT_SHIFT].set(words, (fresh & SEGMENT_MASK) << 1);
    setBlockWord(arena, fresh, SERIAL, serial);
    if (isOverflow) setBlockWord(arena, fresh, OVERFLOW_ID, id);
    if ((blockWord(arena, block, SHAPE) & IS_COLD) !== 0) this.#cold.added(fresh);
    return fresh;
  }

  #copyOverflow(id: number): number {
    const { overflow } = this.#arena;
    const bytes = overflow.get(id);
    const copy = overflow.allocate(bytes.length);
    bytes.copy(overflow.get(copy));
    overflow.written(overflow.get(copy), bytes.length);
    return copy;
  }

  /**
   * The block at a place, to be changed: a copy of it takes its place if the stream is frozen with it.
   * @param stream root of the stream
   * @param index root of the sequence
   * @throws ArenaFullError, before anything has changed
   */
  own(stream: number, index: number, place: BlockPlace): number {
    const { block } = place;
    if (!this.isShared(stream, block)) return block;
    const fresh = this.copy(block);
    this.#leave(block);
    this.index.replace(index, place, fresh);
    return fresh;
  }

  /** Frees a block of a stream, or leaves it to who writes it. */
  free(stream: number, block: number): void {
    if (this.isShared(stream, block)) this.#leave(block);
    else this.#free(block);
  }

  /** Whether the stream is frozen with this block, which must not change. */
  isShared(stream: number, block: number): boolean {
    const frozen = blockWord(this.#arena, stream, FROZEN);
    return frozen !== 0 && ((blockWord(this.#arena, block, SERIAL) - frozen) | 0) < 0;
  }

  // ── For the writer ──────────────────────────────────────────────────────────────────────────

  /** Freezes a stream that is not frozen: all its blocks are shared. */
  freeze(stream: number): void {
    this.#serial = (this.#serial + 1) | 0 || 1;
    setBlockWord(this.#arena, stream, FROZEN, this.#serial);
  }

  /** Ends that, after `written` was called with all shared blocks. */
  unfreeze(stream: number): void {
    setBlockWord(this.#arena, stream, FROZEN, 0);
  }

  /** The writer does not need a shared block any more. */
  written(block: number): void {
    const arena = this.#arena;
    if ((blockWord(arena, block, SHAPE) & IS_ORPHAN) !== 0) this.#free(block);
    else setBlockWord(arena, block, SERIAL, this.#serial);
  }

  #leave(block: number): void {
    const arena = this.#arena;
    setBlockWord(arena, block, SHAPE, blockWord(arena, block, SHAPE) | IS_ORPHAN);
  }

  #free(block: number): void {
    const arena = this.#arena;
    const shape = blockWord(arena, block, SHAPE);
    if ((shape & IS_OVERFLOW) !== 0) arena.overflow.free(blockWord(arena, block, OVERFLOW_ID));
    if ((shape & IS_COLD) !== 0) this.#cold.freed(block);
    arena.free(block, blockClass(arena, block));
  }
}
