// Where random choices among data come from. Tests put a generator with a seed here, so that what they measure is the
// same in every run.

/** `next` returns a number from 0 up to, but not including, 1. */
export const randomSource: { next: () => number } = { next: Math.random };

/** A random integer from 0 up to, but not including, a limit. */
export function randomBelow(limit: number): number {
  return Math.floor(randomSource.next() * limit);
}
