// Publish/subscribe: who is subscribed to what, and the way of a message to all who are to get it.
// It knows subscribers and nothing of sockets. A message is encoded once for each protocol and
// topic, into an area that all receivers share; a receiver is handed a range of it.
//
// Order, as in Redis: first the channel's subscribers, then those of the patterns that match. Who is
// subscribed to the channel and to patterns gets the message several times, and counts as often.

import { ViewCache } from '../protocol/copy-bytes.ts';
import { MessageArea } from '../protocol/message-area.ts';
import { PatternIndex } from './pattern-index.ts';
import type { Receiver } from './receiver.ts';
import type { Subscriber, Subscriptions, TopicKind } from './subscriber.ts';
import type { Publication, Topic } from './topic.ts';
import { TopicTable } from './topic-table.ts';

const NO_BYTES = new DataView(new ArrayBuffer(0));
/** Heap that a subscription takes at most, besides its name: the topic, and a place in two tables. */
const SUBSCRIPTION_BYTES = 320;
/** Subscriptions that one step of `forget` ends. */
const STEP_SUBSCRIPTIONS = 100;
/** What a pattern takes besides: a place in the index, and its name once more, as bytes. */
const PATTERN_BYTES = 300;

const KINDS: readonly TopicKind[] = ['channels', 'patterns', 'shards'];

/** See the head of this file. */
export class PubSub {
  readonly channels = new TopicTable('message', false);
  readonly patterns = new TopicTable('pmessage', true);
  readonly shards = new TopicTable('smessage', false);
  /** Where messages lie until they have left: in RESP2, and in RESP3. */
  readonly areas: readonly [MessageArea, MessageArea] = [new MessageArea(), new MessageArea()];
  readonly #index = new PatternIndex();
  readonly #views = new ViewCache();
  /** Those who are gone while topics still have them: they get nothing. */
  readonly #gone = new Set<Receiver>();
  /** What is being published: one object for all, so that publishing allocates nothing. */
  readonly #published: Publication = {
    channel: NO_BYTES,
    channelAt: 0,
    channelLength: 0,
    message: NO_BYTES,
    messageAt: 0,
    messageLength: 0,
  };

  /** Whether anybody is subscribed to a channel or a pattern. */
  get hasSubscribers(): boolean {
    return this.channels.size > 0 || this.patterns.size > 0;
  }

  /**
   * Sends a message to the subscribers of a channel and of the patterns that match it.
   * @returns how often it was handed to somebody
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
   * Subscribes somebody to a topic, which comes to be if nobody was.
   * @param key the topic's name, one character a byte
   * @returns false when he was subscribed to it already
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
      // Those that are left go from the map that is walked, as they may.
      const topics = subscriber.subscriptions?.[kind].values() ?? [];
      for (const topic of topics) this.#leave(kind, subscriber, topic);
    }
  }

  /**
   * Ends all subscriptions of somebody who is gone, and whom nothing is counted for any more. He gets no
   * message from now on; of a million topics each call of the function returned drops some, and returns
   * whether that was all.
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

  /** Takes a subscriber from a topic, which ends when it was the last one. */
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

  /** Keeps no bytes alive that may be large. */
  #forget(): void {
    this.#published.channel = NO_BYTES;
    this.#published.message = NO_BYTES;
  }

  /** Hands the message to a topic's subscribers, encoded once for each protocol among them. */
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

/** Heap that a subscription to a topic with a name of so many bytes takes at most. */
export function subscriptionBytes(kind: TopicKind, nameBytes: number): number {
  return kind === 'patterns'
    ? SUBSCRIPTION_BYTES + PATTERN_BYTES + 2 * nameBytes
    : SUBSCRIPTION_BYTES + nameBytes;
}

/** How many subscriptions somebody has, of all kinds. */
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
