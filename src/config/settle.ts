// One piece of code for steps that may or may not have to wait: a generator yields what it needs,
// a value or a promise of it, and is run to its end at once if no promise comes.

/** Steps that yield values or promises of them, and are given the values. */
export type Steps<T, R> = Generator<T | Promise<T>, R, T>;

/**
 * Runs steps to their end. Each yielded promise is awaited, each other value handed back at once;
 * a rejection is thrown into the generator.
 *
 * @returns the result, or from the first promise on a promise of it
 */
export function settle<T, R>(steps: Steps<T, R>): R | Promise<R> {
  return proceed(steps, steps.next());
}

function proceed<T, R>(
  steps: Steps<T, R>,
  first: IteratorResult<T | Promise<T>, R>,
): R | Promise<R> {
  let step = first;
  while (!step.done) {
    const { value } = step;
    if (value instanceof Promise) {
      return value.then(
        (settled) => proceed(steps, steps.next(settled)),
        (error: unknown) => proceed(steps, steps.throw(error)),
      );
    }
    step = steps.next(value);
  }
  return step.value;
}
