// The errors that the engine throws when the system has no memory. They may come from any allocation whose size a
// client chooses, and must end a command or a client, never the process.
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
 * Runs an optional step, such as moving to a block of a better size, and ignores that there is no memory for it.
 * @param step must not have changed anything when it throws for lack of memory
 * @returns the step's result; undefined when there was no memory
 * @throws any other error of the step
 */
export function ifThereIsMemory<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (error instanceof ArenaFullError || isOutOfMemory(error)) return undefined;
    throw error;
  }
}
