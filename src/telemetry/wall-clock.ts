// The time of day in microseconds, which Date does not have: the monotonic clock plus an offset, which is corrected
// whenever the sum does not agree with the milliseconds of the system.

const MILLISECOND = 1;
const MICROSECOND = 0.001;

/** Difference between the time of day and the monotonic clock, in ms. */
let offsetMs = performance.timeOrigin;

/**
 * Unix time in ms, an integer, for a moment that performance.now() returned. Costs an addition; right to
 * the millisecond as long as `unixTimeUs` is called now and then.
 */
export function unixTimeMsAt(monotonicMs: number): number {
  return Math.floor(offsetMs + monotonicMs);
}

/** Unix time in µs, an integer. */
export function unixTimeUs(): number {
  const earliestMs = Date.now();
  const monotonicMs = performance.now();
  // Date.now() drops what is less than a millisecond.
  const endMs = Date.now() + MILLISECOND;
  const timeMs = offsetMs + monotonicMs;
  if (timeMs < earliestMs) offsetMs = earliestMs - monotonicMs;
  else if (timeMs >= endMs) offsetMs = endMs - MICROSECOND - monotonicMs;
  return Math.floor((offsetMs + monotonicMs) * 1000);
}
