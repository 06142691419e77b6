// Who messages are published to, as this folder sees it: a protocol and somewhere to put encoded
// bytes. Connections are subscribers, and anything else that wants to listen can be one.
import type { Topic } from './topic.ts';

/** Names and patterns live apart: a channel, a pattern and a shard channel may be called alike. */
export type TopicKind = 'channels' | 'patterns' | 'shards';

/** What one subscriber is subscribed to, by name (one character a byte). */
export type Subscriptions = Readonly<Record<TopicKind, Map<string, Topic>>>;

/** Receives messages. */
export interface Subscriber {
  /** Version of the protocol in which it takes messages. */
  readonly protocol: 2 | 3;
  /** Its subscriptions, kept by PubSub; undefined exactly while there are none. */
  subscriptions: Subscriptions | undefined;
  /** Counts bytes of the JavaScript heap that are kept for it; negative when they are given back. */
  charge(heapBytes: number): void;
  /** Takes the encoded message in [start, end), which stays as it is until this turn's end. */
  deliver(buffer: Buffer, start: number, end: number): void;
}
