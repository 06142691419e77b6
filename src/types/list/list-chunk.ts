// The chunks of long lists: arena blocks with packed elements, linked in both directions.
//
//   word 0      1         2                3                                   16 bytes on
//   [ previous ][ next   ][ start | end   ][ count | size class | overflow    ][ … elements … ]
//
// `start` and `end` are distances from the block's start: the elements lie between them, with free room on either
// side. An element too large for a block has a chunk of its own, whose elements lie in an overflow block: word 4 has
// its number.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { classOf } from '../../memory/size-classes.ts';
import type { PackedEncoder } from '../../structures/packed-list.ts';
import type { ListSpan } from './list-span.ts';

/** Words of a chunk's header. */
export const PREVIOUS = 0;
export const NEXT = 1;
const BOUNDS = 2;
const SHAPE = 3;
const OVERFLOW_ID = 4;
const CLASS_SHIFT = 16;
const IS_OVERFLOW = 1 << 24;

/** Bytes before a chunk's elements. */
export const CHUNK_HEADER_BYTES = 16;
/** Largest block of a chunk: its bounds are 16 bits wide. */
export const MAX_CHUNK_BYTES = 0xfff8;
/** Bytes of the block of a chunk whose element is in an overflow block. */
const OVERFLOW_CHUNK_BYTES = 24;

/** Makes a chunk without elements whose block has room for `dataBytes` of them; its links are 0. */
export function newChunk(arena: Arena, dataBytes: number): number {
  const isOverflow = CHUNK_HEADER_BYTES + dataBytes > MAX_CHUNK_BYTES;
  const id = isOverflow ? arena.overflow.allocate(dataBytes) : 0;
  const sizeClass = classOf(isOverflow ? OVERFLOW_CHUNK_BYTES : CHUNK_HEADER_BYTES + dataBytes);
  let chunk = 0;
  try {
    chunk = arena.allocate(sizeClass);
  } catch (error) {
    if (isOverflow) arena.overflow.free(id);
    throw error;
  }
  const words = arena.i32[chunk >>> SEGMENT_SHIFT];
  const base = (chunk & SEGMENT_MASK) << 1;
  words[base + PREVIOUS] = 0;
  words[base + NEXT] = 0;
  words[base + BOUNDS] = CHUNK_HEADER_BYTES | (CHUNK_HEADER_BYTES << 16);
  words[base + SHAPE] = (sizeClass << CLASS_SHIFT) | (isOverflow ? IS_OVERFLOW : 0);
  if (isOverflow) words[base + OVERFLOW_ID] = id;
  return chunk;
}

/** Gives a chunk back. */
export function freeChunk(arena: Arena, chunk: number): void {
  const words = arena.i32[chunk >>> SEGMENT_SHIFT];
  const base = (chunk & SEGMENT_MASK) << 1;
  const shape = words[base + SHAPE];
  if ((shape & IS_OVERFLOW) !== 0) arena.overflow.free(words[base + OVERFLOW_ID]);
  arena.free(chunk, (shape >>> CLASS_SHIFT) & 0xff);
}

/** Number of elements in a chunk. */
export function chunkCount(arena: Arena, chunk: number): number {
  return arena.i32[chunk >>> SEGMENT_SHIFT][((chunk & SEGMENT_MASK) << 1) + SHAPE] & 0xffff;
}

/** Size class of a chunk's block. */
export function chunkClass(arena: Arena, chunk: number): number {
  const shape = arena.i32[chunk >>> SEGMENT_SHIFT][((chunk & SEGMENT_MASK) << 1) + SHAPE];
  return (shape >>> CLASS_SHIFT) & 0xff;
}

/** Bytes that a chunk takes. */
export function chunkBytes(arena: Arena, chunk: number): number {
  const words = arena.i32[chunk >>> SEGMENT_SHIFT];
  const base = (chunk & SEGMENT_MASK) << 1;
  const shape = words[base + SHAPE];
  const block = arena.blockBytes((shape >>> CLASS_SHIFT) & 0xff);
  if ((shape & IS_OVERFLOW) === 0) return block;
  return block + arena.overflow.get(words[base + OVERFLOW_ID]).length;
}

/** The neighbour of a chunk in one direction (PREVIOUS or NEXT), or 0. */
export function neighbour(arena: Arena, chunk: number, direction: number): number {
  return arena.i32[chunk >>> SEGMENT_SHIFT][((chunk & SEGMENT_MASK) << 1) + direction];
}

/** Sets the neighbour of a chunk in one direction. */
export function setNeighbour(arena: Arena, chunk: number, direction: number, other: number): void {
  arena.i32[chunk >>> SEGMENT_SHIFT][((chunk & SEGMENT_MASK) << 1) + direction] = other;
}

/**
 * Adds an element after the last of a chunk, where there is room beside it and the chunk may grow.
 * @param maxUsed bytes that the elements may have together
 * @param maxCount elements that the chunk may have
 * @returns whether that was so
 */
export function appendTo(
  arena: Arena,
  chunk: number,
  encoder: PackedEncoder,
  maxUsed: number,
  maxCount: number,
): boolean {
  const words = arena.i32[chunk >>> SEGMENT_SHIFT];
  const base = (chunk & SEGMENT_MASK) << 1;
  const bounds = words[base + BOUNDS];
  const shape = words[base + SHAPE];
  const start = bounds & 0xffff;
  const end = (bounds >>> 16) + encoder.size;
  if (
    end > blockEnd(arena, shape) ||
    end - start > maxUsed ||
    (shape & 0xffff) >= maxCount ||
    (shape & IS_OVERFLOW) !== 0
  ) {
    return false;
  }
  encoder.write(arena.u8[chunk >>> SEGMENT_SHIFT], (base << 2) + (bounds >>> 16));
  words[base + BOUNDS] = start | (end << 16);
  words[base + SHAPE] = shape + 1;
  return true;
}

/** As `appendTo`, before the first element. */
export function prependTo(
  arena: Arena,
  chunk: number,
  encoder: PackedEncoder,
  maxUsed: number,
  maxCount: number,
): boolean {
  const words = arena.i32[chunk >>> SEGMENT_SHIFT];
  const base = (chunk & SEGMENT_MASK) << 1;
  const bounds = words[base + BOUNDS];
  const shape = words[base + SHAPE];
  const start = (bounds & 0xffff) - encoder.size;
  const end = bounds >>> 16;
  if (
    start < CHUNK_HEADER_BYTES ||
    end - start > maxUsed ||
    (shape & 0xffff) >= maxCount ||
    (shape & IS_OVERFLOW) !== 0
  ) {
    return false;
  }
  encoder.write(arena.u8[chunk >>> SEGMENT_SHIFT], (base << 2) + start);
  words[base + BOUNDS] = start | (end << 16);
  words[base + SHAPE] = shape + 1;
  return true;
}

/** Distance from the block's start up to which elements may lie. */
function blockEnd(arena: Arena, shape: number): number {
  return Math.min(arena.blockBytes((shape >>> CLASS_SHIFT) & 0xff), MAX_CHUNK_BYTES);
}

/** Points a span at the elements of a chunk. */
export function loadSpan(arena: Arena, chunk: number, span: ListSpan): void {
  const words = arena.i32[chunk >>> SEGMENT_SHIFT];
  const base = (chunk & SEGMENT_MASK) << 1;
  const bounds = words[base + BOUNDS];
  const shape = words[base + SHAPE];
  span.chunk = chunk;
  span.count = shape & 0xffff;
  if ((shape & IS_OVERFLOW) !== 0) {
    const buffer = arena.overflow.get(words[base + OVERFLOW_ID]);
    span.buffer = buffer;
    span.floor = 0;
    span.start = 0;
    span.ceiling = buffer.length;
    // An overflow chunk is made for one element, which fills it.
    span.end = span.count === 0 ? 0 : buffer.length;
    return;
  }
  const block = base << 2;
  span.buffer = arena.u8[chunk >>> SEGMENT_SHIFT];
  span.floor = block + CHUNK_HEADER_BYTES;
  span.start = block + (bounds & 0xffff);
  span.end = block + (bounds >>> 16);
  span.ceiling = block + blockEnd(arena, shape);
}

/** Stores the bounds and the count of a span that was changed into its chunk. */
export function storeSpan(arena: Arena, span: ListSpan): void {
  const { chunk } = span;
  const words = arena.i32[chunk >>> SEGMENT_SHIFT];
  const base = (chunk & SEGMENT_MASK) << 1;
  const shape = words[base + SHAPE];
  words[base + SHAPE] = (shape & ~0xffff) | span.count;
  if ((shape & IS_OVERFLOW) !== 0) return;
  const block = base << 2;
  words[base + BOUNDS] = (span.start - block) | ((span.end - block) << 16);
}
