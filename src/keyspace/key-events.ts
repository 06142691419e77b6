// Key events: what happens to keys, told by name to whoever asked for its class
// (`notify-keyspace-events`, https://redis.io/docs/manual/keyspace-notifications/). Commands tell
// of their events through Database.notify; what is off costs a test of one integer.

/** Classes of events: bits of `KeyEvents.mask`, by their letter in `notify-keyspace-events`. */
export const EVENT_KEYSPACE = 1 << 0; // K: told on __keyspace@<db>__:<key>
export const EVENT_KEYEVENT = 1 << 1; // E: told on __keyevent@<db>__:<event>
export const EVENT_GENERIC = 1 << 2; // g
export const EVENT_STRING = 1 << 3; // $
export const EVENT_LIST = 1 << 4; // l
export const EVENT_SET = 1 << 5; // s
export const EVENT_HASH = 1 << 6; // h
export const EVENT_SORTED_SET = 1 << 7; // z
export const EVENT_EXPIRED = 1 << 8; // x
export const EVENT_EVICTED = 1 << 9; // e
export const EVENT_STREAM = 1 << 10; // t
export const EVENT_KEY_MISS = 1 << 11; // m
export const EVENT_MODULE = 1 << 13; // d
export const EVENT_NEW = 1 << 14; // n

/** Receives an event: its name, the database's number, the key (a copy). */
export type EventListener = (event: string, database: number, key: Buffer) => void;

/** Who is told of which events; see the head of this file. */
export class KeyEvents {
  /** Bits of the classes that are told; 0 when none is. */
  mask = 0;
  listener: EventListener = () => {};

  /** Tells of an event whose class the caller found in the mask. */
  emit(event: string, database: number, bytes: Uint8Array, offset: number, length: number): void {
    const key = Buffer.allocUnsafe(length);
    key.set(bytes.subarray(offset, offset + length));
    this.listener(event, database, key);
  }
}
