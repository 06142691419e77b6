// Subscribers: connections, and whatever else wants to receive messages.
import type { Receiver } from './receiver.ts';
import type { Topic } from './topic.ts';

/** Kinds of topics; a channel, a pattern and a shard channel may have the same name. */
export type TopicKind = 'channels' | 'patterns' | 'shards';

/** The topics of one subscriber, by name (one character a byte). */
export type Subscriptions = Readonly<Record<TopicKind, Map<string, Topic>>>;

/** A receiver that subscribes. */
export interface Subscriber extends Receiver {
  /** Its subscriptions, managed by PubSub; undefined exactly while there are none. */
  subscriptions: Subscriptions | undefined;
  /** Counts bytes of the JavaScript heap that are kept for it; negative when they are freed. */
  charge(heapBytes: number): void;
}
