// The words of linked stacks:
//
//   root  [ top node ][ number of elements ]        node  [ next ][ length ][ bytes … ]
import type { Arena } from '../../../src/memory/arena.ts';
import { classOf } from '../../../src/memory/size-classes.ts';

export const SEGMENT_SHIFT = 23;
export const SEGMENT_MASK: number = (1 << SEGMENT_SHIFT) - 1;
/** Bytes of a node before its element. */
export const NODE_BYTES = 8;
export const ROOT_CLASS: number = classOf(8);

/** Words of a root. */
export const TOP = 0;
export const COUNT = 1;
/** Words of a node. */
export const NEXT = 0;
export const LENGTH = 1;

/** A word of a root or a node. */
export function word(arena: Arena, ref: number, index: number): number {
  return arena.i32[ref >>> SEGMENT_SHIFT][((ref & SEGMENT_MASK) << 1) + index];
}

/** Sets it. */
export function setWord(arena: Arena, ref: number, index: number, value: number): void {
  arena.i32[ref >>> SEGMENT_SHIFT][((ref & SEGMENT_MASK) << 1) + index] = value;
}

/** The size class of a node. */
export function nodeClass(arena: Arena, node: number): number {
  return classOf(NODE_BYTES + word(arena, node, LENGTH));
}
