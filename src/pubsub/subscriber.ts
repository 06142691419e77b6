// Who subscribes. Connections do, and anything else that wants to listen can.
import type { Receiver } from './receiver.ts';
import type { Topic } from './topic.ts';

/** Names and patterns live apart: a channel, a pattern and a shard channel may be called alike. */
export type TopicKind = 'channels' | 'patterns' | 'shards';

/** What one subscriber is subscribed to, by name (one character a byte). */
export type Subscriptions = Readonly<Record<TopicKind, Map<string, Topic>>>;

/** A receiver that subscribes. */
export interface Subscriber extends Receiver {
  /** Its subscriptions, kept by PubSub; undefined exactly while there are none. */
  subscriptions: Subscriptions | undefined;
  /** Counts bytes of the JavaScript heap that are kept for it; negative when they are given back. */
  charge(heapBytes: number): void;
}
