// Long work that nothing but SIGINT can end: Node hands signals to JavaScript between two iterations of the
// event loop, and this is one iteration. `vm` can have SIGINT end a run from outside, and does so for what it
// is given to run; that costs some milliseconds, so it is for work of which somebody may tire.
import { runInNewContext } from 'node:vm';

/**
 * Runs a task until it ends or SIGINT comes. What an interrupted task has begun stays half done: not even
 * its `finally` blocks run.
 * @returns whether it ended by itself
 * @throws what the task throws
 */
export function runInterruptibly(task: () => void): boolean {
  try {
    runInNewContext('task()', { task }, { breakOnSigint: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_INTERRUPTED') throw error;
    return false;
  }
}
