// Work in steps that are short each: at once, or with the event loop going on between them.
import { setImmediate as nextIteration } from 'node:timers/promises';

/** Does all steps at once. @throws what a step throws */
export function runNow<T>(steps: Generator<void, T, void>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Does one step in each iteration of the event loop, the first one at once. Rejects with what a step throws. */
export async function runSoon<T>(steps: Generator<void, T, void>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await nextIteration();
  }
}
