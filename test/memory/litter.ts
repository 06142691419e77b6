// Writes over what is free in an arena: a stale reference to a block leads to garbage then.
import type { Arena } from '../../src/memory/arena.ts';
import { classOf, MAX_BLOCK_BYTES } from '../../src/memory/size-classes.ts';

/** Writes over the free pages of the first segment. */
export function litter(arena: Arena): void {
  const sizeClass = classOf(MAX_BLOCK_BYTES);
  const refs: number[] = [];
  while ((refs.at(-1) ?? 0) >>> 23 === 0) refs.push(arena.allocate(sizeClass));
  for (const ref of refs) {
    const at = (ref & 0x7fffff) << 1;
    arena.i32[ref >>> 23].fill(0x7f7f7f7f, at, at + MAX_BLOCK_BYTES / 4);
  }
  for (const ref of refs) arena.free(ref, sizeClass);
}
