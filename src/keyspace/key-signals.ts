// Signals of a key, for clients that wait for it (waits.ts), as bits. A type says which of them can wake waiters of
// its values (ValueType.wakes), and a waiter which of them wake it (Waiter.events). key-store.ts, the only place
// that creates, removes and replaces keys, sends KEY_CREATED and KEY_GONE; a command that adds to a value sends
// KEY_GROWN.

/** A key was created, or its value replaced by one of another type. */
export const KEY_CREATED = 1;
/** An existing value has something new for its waiters, or no longer the part of it that they wait at. */
export const KEY_GROWN = 2;
/** A key was removed or renamed. */
export const KEY_GONE = 4;

/** Number of signals, and the index of one of them: 0 … */
export const KEY_SIGNALS = 3;
export function signalIndex(event: number): number {
  return event >> 1;
}
