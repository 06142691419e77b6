// What the engine throws when the system gives it no memory: an error that may come from any allocation
// whose size a client chooses, and that must end a command or a client, never the process.
import { NoMemoryError } from './received-bytes.ts';

/** V8 says one when a buffer is made, the other when one grows. */
const TEXT = /allocation failed|out of memory/i;

/** Whether an error means that there was no memory for a buffer, not that something is wrong. */
export function isOutOfMemory(error: unknown): boolean {
  if (error instanceof NoMemoryError) return true;
  return error instanceof RangeError && TEXT.test(error.message);
}
