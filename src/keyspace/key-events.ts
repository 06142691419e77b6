// Key events: what happens to keys, published by name if the event's class is enabled (`notify-keyspace-events`,
// https://redis.io/docs/manual/keyspace-notifications/). Commands report their events through Database.notify; a
// disabled class costs a test of one integer.
//
// An event becomes up to two messages, which are published before the next event is:
//
//   K:  __keyspace@<database>__:<key>     message: the event
//   E:  __keyevent@<database>__:<event>   message: the key

/** Classes of events: bits of `KeyEvents.mask`, by their letter in `notify-keyspace-events`. */
export const EVENT_KEYSPACE = 1 << 0; // K: published on __keyspace@<db>__:<key>
export const EVENT_KEYEVENT = 1 << 1; // E: published on __keyevent@<db>__:<event>
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

const BITS: Readonly<Record<string, number>> = {
  K: EVENT_KEYSPACE,
  E: EVENT_KEYEVENT,
  g: EVENT_GENERIC,
  $: EVENT_STRING,
  l: EVENT_LIST,
  s: EVENT_SET,
  h: EVENT_HASH,
  z: EVENT_SORTED_SET,
  x: EVENT_EXPIRED,
  e: EVENT_EVICTED,
  t: EVENT_STREAM,
  m: EVENT_KEY_MISS,
  d: EVENT_MODULE,
  n: EVENT_NEW,
};

/** Names of channels for keys up to about this many bytes are built without an allocation. */
const SCRATCH_BYTES = 1024;

/** Where events go. */
export interface EventPublisher {
  /** Whether there are any subscribers. */
  readonly hasSubscribers: boolean;
  /** Publishes parts of buffers, which the caller may reuse afterwards. */
  publishBytes(
    channel: Buffer,
    channelAt: number,
    channelLength: number,
    message: Uint8Array,
    messageAt: number,
    messageLength: number,
  ): number;
}

/** The names of a database's channels. */
interface Channels {
  readonly keyPrefix: Buffer;
  readonly eventPrefix: string;
  readonly byEvent: Map<string, Buffer>;
}

/** Publishes key events; see the head of this file. */
export class KeyEvents {
  publisher: EventPublisher | undefined;
  #mask = 0;
  /** By the database's number. */
  readonly #channels: Channels[] = [];
  readonly #names = new Map<string, Buffer>();
  readonly #scratch = Buffer.allocUnsafe(SCRATCH_BYTES);

  /** Bits of the enabled classes; 0 when no event is published. */
  get mask(): number {
    return this.#mask;
  }

  /** Sets the mask from the letters of the classes, with `A` spelt out; without `K` and `E` nothing is published. */
  choose(letters: string): void {
    let mask = 0;
    for (const letter of letters) mask |= BITS[letter];
    this.#mask = (mask & (EVENT_KEYSPACE | EVENT_KEYEVENT)) !== 0 ? mask : 0;
  }

  /** Publishes an event of the key in these bytes; the caller has tested the event's class against the mask. */
  emit(event: string, database: number, bytes: Uint8Array, offset: number, length: number): void {
    const { publisher } = this;
    if (publisher?.hasSubscribers !== true) return;
    const channels = this.#channelsOf(database);
    if ((this.#mask & EVENT_KEYSPACE) !== 0) {
      const name = this.#nameOf(event);
      const channelLength = channels.keyPrefix.length + length;
      const channel = this.#keyChannel(channels, bytes, offset, length);
      publisher.publishBytes(channel, 0, channelLength, name, 0, name.length);
    }
    if ((this.#mask & EVENT_KEYEVENT) !== 0) {
      const channel = eventChannel(channels, event);
      publisher.publishBytes(channel, 0, channel.length, bytes, offset, length);
    }
  }

  #channelsOf(database: number): Channels {
    const known = this.#channels[database];
    if (known !== undefined) return known;
    const eventPrefix = `__keyevent@${database}__:`;
    const keyPrefix = Buffer.from(`__keyspace@${database}__:`, 'latin1');
    const channels = { keyPrefix, eventPrefix, byEvent: new Map() };
    this.#channels[database] = channels;
    return channels;
  }

  /** A buffer that begins with the name of a key's channel. */
  #keyChannel({ keyPrefix }: Channels, bytes: Uint8Array, offset: number, length: number): Buffer {
    const sizeBytes = keyPrefix.length + length;
    const channel = sizeBytes <= SCRATCH_BYTES ? this.#scratch : Buffer.allocUnsafe(sizeBytes);
    channel.set(keyPrefix, 0);
    channel.set(bytes.subarray(offset, offset + length), keyPrefix.length);
    return channel;
  }

  #nameOf(event: string): Buffer {
    const known = this.#names.get(event);
    if (known !== undefined) return known;
    const name = Buffer.from(event, 'latin1');
    this.#names.set(event, name);
    return name;
  }
}

function eventChannel({ eventPrefix, byEvent }: Channels, event: string): Buffer {
  const known = byEvent.get(event);
  if (known !== undefined) return known;
  const channel = Buffer.from(eventPrefix + event, 'latin1');
  byEvent.set(event, channel);
  return channel;
}
