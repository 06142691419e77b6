// What happens to a key that others may wait for (waits.ts): bits, of which a type of values says which wake
// anybody (ValueType.wakes), and one who waits which wake him (Waiter.events). The only place that makes, removes
// and replaces keys signals the first and the last of them (key-store.ts); a command that adds to a value which
// others may wait for signals the second.

/** There is a key that was not there before, or it has a value of another type. */
export const KEY_CREATED = 1;
/** A value that was there has something new for those who wait. */
export const KEY_GROWN = 2;
/** A key is no more, whatever has become of it, or a part of its value that somebody waits at. */
export const KEY_GONE = 4;

/** Number of these, and the number of one among them: 0 … */
export const KEY_SIGNALS = 3;
export function signalIndex(event: number): number {
  return event >> 1;
}
