// References count up to 32 GiB, which no test can allocate. What can: an arena whose lower segments
// all lie on one and the same stretch of memory, so that the next block gets a reference as high as
// wanted. Nobody may write into the blocks below.
import { vi } from 'vitest';
import type { Arena } from '../../src/memory/arena.ts';
import { CLASS_UNITS, classOf, MAX_BLOCK_BYTES } from '../../src/memory/size-classes.ts';

/** Number of segments that references can tell apart. */
export const MAX_SEGMENTS = 512;
/** Segments from this one on have references that are negative. */
export const FIRST_NEGATIVE_SEGMENT = 256;
export const SEGMENT_BYTES = 64 * 1024 * 1024;
export const PAGE_BYTES = 512 * 1024;
/** Class of the largest blocks: they leave no rest in a page. */
export const LARGEST_CLASS: number = classOf(MAX_BLOCK_BYTES);
/** Blocks of that class in a segment; in segment 0 there is one less. */
export const LARGEST_PER_SEGMENT: number = SEGMENT_BYTES / MAX_BLOCK_BYTES;

/** Uses up a new arena's segments below `segment`, so that the next block lies in it. */
export function fillSegmentsBelow(arena: Arena, segment: number): void {
  const shared = new ArrayBuffer(SEGMENT_BYTES);
  // Called with `new`, a function that returns an object yields that object.
  vi.stubGlobal('ArrayBuffer', function sharedMemory() {
    return shared;
  });
  try {
    for (let i = 1; i < segment * LARGEST_PER_SEGMENT; i++) arena.allocate(LARGEST_CLASS);
  } finally {
    vi.unstubAllGlobals();
  }
}

/** Segment that a reference points into. */
export function segmentOf(ref: number): number {
  return ref >>> 23;
}

/** Page that a reference points into, counted from the arena's start. */
export function pageOf(ref: number): number {
  return ref >>> 16;
}

/** Where a reference's block starts in its segment, in bytes. */
export function byteOffsetOf(ref: number): number {
  return (ref & 0x7fffff) * 8;
}

/** Bytes of a block of this class. */
export function bytesOf(sizeClass: number): number {
  return CLASS_UNITS[sizeClass] * 8;
}
