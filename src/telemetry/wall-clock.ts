// The time of day in microseconds, which Date does not have: the monotonic clock, kept within a
// millisecond of the system's time even when that is set anew.

/** The two clocks may differ by so much before they are brought together again, in ms. */
const TOLERANCE_MS = 1;

let offsetMs = performance.timeOrigin;

/** Unix time in µs, an integer. */
export function unixTimeUs(): number {
  const monotonicMs = performance.now();
  const systemMs = Date.now();
  // Date.now() is cut to whole milliseconds.
  const aheadMs = offsetMs + monotonicMs - systemMs;
  if (aheadMs < 0 || aheadMs >= TOLERANCE_MS) offsetMs = systemMs - monotonicMs;
  return Math.floor((offsetMs + monotonicMs) * 1000);
}
