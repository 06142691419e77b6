// What the engine throws when the system gives it no memory: an error that may come from any allocation
// whose size a client chooses, and that must end a command or a client, never the process.
import { ArenaFullError } from './arena.ts';
import { NoMemoryError } from './received-bytes.ts';

/** V8 says one when a buffer is made, the other when one grows. */
const TEXT = /allocation failed|out of memory/i;

/** Whether an error means that there was no memory for a buffer, not that something is wrong. */
export function isOutOfMemory(error: unknown): boolean {
  if (error instanceof NoMemoryError) return true;
  return error instanceof RangeError && TEXT.test(error.message);
}

/**
 * Does what is well done without, if there is no memory for it: a block of a better size, say.
 * @param step changes nothing when it throws for want of memory
 * @returns what it returned; undefined when there was none
 * @throws whatever else it throws
 */
export function ifThereIsMemory<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (error instanceof ArenaFullError || isOutOfMemory(error)) return undefined;
    throw error;
  }
}
