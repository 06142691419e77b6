import { setTimeout as sleep } from 'node:timers/promises';

/** The longest pause between two looks. */
const LONGEST_PAUSE_MS = 10;

/**
 * Resolves when a condition holds. It is looked at every millisecond, and less often, up to every 10 ms, while it does
 * not come to hold: looking takes time from the server that is waited for, and from other tests.
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let pauseMs = 1; !(await condition()); pauseMs = Math.min(pauseMs * 1.2, LONGEST_PAUSE_MS)) {
    await sleep(pauseMs);
  }
}
