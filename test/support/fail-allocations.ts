// No memory from some allocation on, for tests of what is left then. To be undone by `vi.restoreAllMocks`.
import { vi } from 'vitest';
import { type Arena, ArenaFullError } from '../../src/memory/arena.ts';

/** Has every allocation of an arena, and beside it, fail but the first ones. */
export function failAllocations(arena: Arena, count: number): void {
  const { overflow } = arena;
  const allocate = arena.allocate.bind(arena);
  const allocateOverflow = overflow.allocate.bind(overflow);
  const allocateWords = overflow.allocateWords.bind(overflow);
  let left = count;
  const take = (): void => {
    if (left-- <= 0) throw new ArenaFullError();
  };
  vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
    take();
    return allocate(sizeClass);
  });
  vi.spyOn(overflow, 'allocate').mockImplementation((capacityBytes) => {
    take();
    return allocateOverflow(capacityBytes);
  });
  vi.spyOn(overflow, 'allocateWords').mockImplementation((length) => {
    take();
    return allocateWords(length);
  });
}
