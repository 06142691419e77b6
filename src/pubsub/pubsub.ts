// Publish/subscribe: the subscriptions, and the delivery of messages. It knows subscribers and nothing of sockets. A
// message is encoded once for each protocol and topic, into an area that all receivers share; a receiver gets a
// range of it.
//
// Order, as in Redis: first the channel's subscribers, then those of the patterns that match. A client that is
// subscribed to the channel and to patterns gets the message several times, and is counted each time.

import { ViewCache } from '../protocol/copy-bytes.ts';
import { MessageArea } from '../protocol/message-area.ts';
import { PatternIndex } from './pattern-index.ts';
import type { Receiver } from './receiver.ts';
import type { Subscriber, Subscriptions, TopicKind } from './subscriber.ts';
import type { Publication, Topic } from './topic.ts';
import { TopicTable } from './topic-table.ts';

const NO_BYTES = new DataView(new ArrayBuffer(0));
/** Most bytes of heap that a subscription takes, besides its name: the topic, and an entry in two maps. */
const SUBSCRIPTION_BYTES = 320;
/** Subscriptions that one step of `forget` ends. */
const STEP_SUBSCRIPTIONS = 100;
/** Bytes that a pattern takes in addition: an entry in the index, and its name as bytes. */
const PATTERN_BYTES = 300;

const KINDS: readonly TopicKind[] = ['channels', 'patterns', 'shards'];

/** The channels and patterns of a server; see the head of this file. */
export class PubSub {
  readonly channels = new TopicTable('message', false);
  readonly patterns = new TopicTable('pmessage', true);
  readonly shards = new TopicTable('smessage', false);
  /** The buffers of messages that are not sent yet: in RESP2, and in RESP3. */
  readonly areas: readonly [MessageArea, MessageArea] = [new MessageArea(), new MessageArea()];
  readonly #index = new PatternIndex();
  readonly #views = new ViewCache();
  /** Disconnected subscribers that are not removed from all topics yet: they get nothing. */
  readonly #gone = new Set<Receiver>();
  /** The message that is being published: a reused object, so that publishing allocates nothing. */
  readonly #published: Publication = {
    channel: NO_BYTES,
    channelAt: 0,
    channelLength: 0,
    message: NO_BYTES,
    messageAt: 0,
    messageLength: 0,
  };

  /** Whether there are subscribers of a channel or a pattern. */
  get hasSubscribers(): boolean {
    return this.channels.size > 0 || this.patterns.size > 0;
  }

  /**
   * Sends a message to the subscribers of a channel and of the patterns that match it.
   * @returns the number of deliveries
   */
  publish(channel: Buffer, message: Buffer): number {
    return this.publishBytes(channel, 0, channel.length, message, 0, message.length);
  }

  /** The same for parts of buffers: `channelLength` bytes from `channelAt` on … */
  publishBytes(
    channel: Buffer,
    channelAt: number,
    channelLength: number,
    message: Uint8Array,
    messageAt: number,
    messageLength: number,
  ): number {
    const topic = this.channels.find(channel, channelAt, channelLength);
    const patterns = this.#index.matching(channel, channelAt, channelLength);
    if (topic === undefined && patterns.length === 0) return 0;
    this.#set(channel, channelAt, channelLength, message, messageAt, messageLength);
    let receivers = topic === undefined ? 0 : this.#broadcast(topic);
    for (let i = 0; i < patterns.length; i++) receivers += this.#broadcast(patterns[i]);
    this.#forget();
    return receivers;
  }

  /** Sends a message to the subscribers of a shard channel; returns how many there are. */
  publishToShard(channel: Buffer, message: Buffer): number {
    const topic = this.shards.find(channel, 0, channel.length);
    if (topic === undefined) return 0;
    this.#set(channel, 0, channel.length, message, 0, message.length);
    const receivers = this.#broadcast(topic);
    this.#forget();
    return receivers;
  }

  /**
   * Subscribes a client to a topic, which is created with its first subscriber.
   * @param key the topic's name, one character a byte
   * @returns false when it was subscribed already
   */
  subscribe(kind: TopicKind, subscriber: Subscriber, key: string): boolean {
    subscriber.subscriptions ??= noSubscriptions();
    const own = subscriber.subscriptions[kind];
    if (own.has(key)) return false;
    const topic = this[kind].get(key) ?? this.#create(kind, key);
    topic.add(subscriber);
    own.set(topic.key, topic);
    subscriber.charge(subscriptionBytes(kind, key.length));
    return true;
  }

  /** Ends a subscription. @returns false when there was none */
  unsubscribe(kind: TopicKind, subscriber: Subscriber, key: string): boolean {
    const topic = subscriber.subscriptions?.[kind].get(key);
    if (topic === undefined) return false;
    this.#leave(kind, subscriber, topic);
    return true;
  }

  /** Ends all subscriptions of a client, without a message. */
  removeAll(subscriber: Subscriber): void {
    for (const kind of KINDS) {
      // Removing topics from the map while walking it is allowed.
      const topics = subscriber.subscriptions?.[kind].values() ?? [];
      for (const topic of topics) this.#leave(kind, subscriber, topic);
    }
  }

  /**
   * Ends all subscriptions of a disconnected client, to which no memory is charged any more. It gets no message from
   * now on. There may be a million topics: each call of the returned function does some, and returns whether all are
   * done.
   */
  forget(subscriber: Subscriber): () => boolean {
    const { subscriptions } = subscriber;
    if (subscriptions === undefined) return () => true;
    subscriber.subscriptions = undefined;
    this.#gone.add(subscriber);
    const left = topicsOf(subscriptions);
    return () => {
      for (let i = 0; i < STEP_SUBSCRIPTIONS; i++) {
        const next = left.next();
        if (next.done) {
          this.#gone.delete(subscriber);
          return true;
        }
        const [kind, topic] = next.value;
        this.#take(kind, subscriber, topic);
      }
      return false;
    };
  }

  #create(kind: TopicKind, key: string): Topic {
    const topic = this[kind].create(key);
    if (kind === 'patterns') this.#index.add(topic);
    return topic;
  }

  #leave(kind: TopicKind, subscriber: Subscriber, topic: Topic): void {
    this.#take(kind, subscriber, topic);
    if (subscriber.subscriptions?.[kind].delete(topic.key)) {
      subscriber.charge(-subscriptionBytes(kind, topic.key.length));
    }
    if (subscriptionCount(subscriber) === 0) subscriber.subscriptions = undefined;
  }

  /** Removes a subscriber from a topic, which is deleted with its last one. */
  #take(kind: TopicKind, subscriber: Subscriber, topic: Topic): void {
    topic.remove(subscriber);
    if (topic.size > 0) return;
    this[kind].delete(topic);
    if (kind === 'patterns') this.#index.remove(topic);
  }

  #set(
    channel: Buffer,
    channelAt: number,
    channelLength: number,
    message: Uint8Array,
    messageAt: number,
    messageLength: number,
  ): void {
    const published = this.#published;
    published.channel = this.#views.viewOf(channel);
    published.channelAt = channelAt;
    published.channelLength = channelLength;
    published.message = this.#views.viewOf(message);
    published.messageAt = messageAt;
    published.messageLength = messageLength;
  }

  /** Drops the references to the message, which may be large. */
  #forget(): void {
    this.#published.channel = NO_BYTES;
    this.#published.message = NO_BYTES;
  }

  /** Delivers the message to a topic's subscribers, encoded once for each protocol among them. */
  #broadcast(topic: Topic): number {
    const { subscribers } = topic;
    const sizeBytes = topic.sizeOf(this.#published);
    const [area2, area3] = this.areas;
    let start2 = -1;
    let start3 = -1;
    let receivers = 0;
    for (let i = 0; i < subscribers.length; i++) {
      const subscriber = subscribers[i];
      if (this.#gone.size > 0 && this.#gone.has(subscriber)) continue;
      receivers++;
      if (subscriber.protocol === 2) {
        if (start2 < 0) start2 = this.#encode(topic, 2, area2, sizeBytes);
        subscriber.deliver(area2.buffer, start2, start2 + sizeBytes);
      } else {
        if (start3 < 0) start3 = this.#encode(topic, 3, area3, sizeBytes);
        subscriber.deliver(area3.buffer, start3, start3 + sizeBytes);
      }
    }
    return receivers;
  }

  #encode(topic: Topic, protocol: 2 | 3, area: MessageArea, sizeBytes: number): number {
    const start = area.allocate(sizeBytes);
    topic.write(area, start, protocol, this.#published);
    return start;
  }
}

/** Most bytes of heap that a subscription to a topic with a name of this many bytes takes. */
export function subscriptionBytes(kind: TopicKind, nameBytes: number): number {
  return kind === 'patterns'
    ? SUBSCRIPTION_BYTES + PATTERN_BYTES + 2 * nameBytes
    : SUBSCRIPTION_BYTES + nameBytes;
}

/** Number of subscriptions of a client, of all kinds. */
export function subscriptionCount({ subscriptions }: Subscriber): number {
  if (subscriptions === undefined) return 0;
  return subscriptions.channels.size + subscriptions.patterns.size + subscriptions.shards.size;
}

function* topicsOf(subscriptions: Subscriptions): Generator<[TopicKind, Topic], void> {
  for (const kind of KINDS) {
    for (const topic of subscriptions[kind].values()) yield [kind, topic];
  }
}

function noSubscriptions(): Subscriptions {
  return { channels: new Map(), patterns: new Map(), shards: new Map() };
}
