// Who gets which messages: PubSub against a model that walks all subscriptions for every message.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { globMatch } from '../../src/protocol/glob.ts';
import { PatternIndex } from '../../src/pubsub/pattern-index.ts';
import { PubSub, subscriptionBytes, subscriptionCount } from '../../src/pubsub/pubsub.ts';
import type { Subscriber, Subscriptions, TopicKind } from '../../src/pubsub/subscriber.ts';
import { MessageForm, Topic } from '../../src/pubsub/topic.ts';

/** Remembers what it was handed, decoded, at once: the bytes belong to the area. */
class Listener implements Subscriber {
  subscriptions: Subscriptions | undefined = undefined;
  heapBytes = 0;
  readonly protocol: 2 | 3;
  readonly heard: string[] = [];
  readonly #log: string[];
  readonly #name: string;

  constructor(protocol: 2 | 3 = 2, name = '', log: string[] = []) {
    this.protocol = protocol;
    this.#name = name;
    this.#log = log;
  }

  charge(heapBytes: number): void {
    this.heapBytes += heapBytes;
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    const message = buffer.toString('latin1', start, end);
    this.heard.push(message);
    this.#log.push(`${this.#name} ${message}`);
  }
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function bulks(...parts: string[]): string {
  return parts.map((part) => `$${part.length}\r\n${part}\r\n`).join('');
}

/** Few letters, so that names and patterns meet; every sign that means something to a pattern. */
const names = fc.string({ unit: fc.constantFrom('a', 'a', 'b', '*'), maxLength: 2 });
const patterns = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', 'b', '*', '?', '\\', '[', ']', '^', 'a-b', '\xff'),
    maxLength: 6,
  }),
  // Longer than the prefixes that the index keeps.
  fc
    .tuple(fc.constantFrom(62, 63, 64, 65, 66), fc.constantFrom('', '*', 'b', '\\*'))
    .map(([length, end]) => 'a'.repeat(length) + end),
);
const channels = fc.oneof(
  { weight: 4, arbitrary: names },
  fc.integer({ min: 60, max: 68 }).map((length) => 'a'.repeat(length)),
);

describe('PatternIndex', () => {
  test('finds what walking all patterns finds, in the order in which they came', () => {
    let matches = 0;
    const action = fc.oneof(
      fc.record({ add: patterns }),
      fc.record({ remove: fc.nat() }),
      fc.record({ look: channels }),
    );
    const property = fc.property(
      fc.array(action, { minLength: 20, maxLength: 60, size: 'max' }),
      (actions) => {
        const index = new PatternIndex();
        const present: Topic[] = [];
        let order = 0;
        for (const step of actions) {
          if ('add' in step) {
            if (present.some(({ key }) => key === step.add)) continue;
            const topic = new Topic(step.add, order++, new MessageForm('pmessage', true));
            present.push(topic);
            index.add(topic);
          } else if ('remove' in step) {
            if (present.length === 0) continue;
            const [topic] = present.splice(step.remove % present.length, 1);
            index.remove(topic);
          } else {
            const channel = bytes(step.look);
            const expected = present.filter(({ key }) => globMatch(bytes(key), channel, false));
            matches += expected.length;
            const around = Buffer.concat([bytes('xx'), channel, bytes('y')]);
            const found = index.matching(around, 2, channel.length);
            expect(found.map(({ key }) => key)).toEqual(expected.map(({ key }) => key));
          }
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
    expect(matches).toBeGreaterThan(200);
  });
});

describe('PubSub', () => {
  test('delivers what a walk over all subscriptions would, in its order', () => {
    const who = fc.nat({ max: 3 });
    const kind = fc.constantFrom('channels', 'patterns', 'shards');
    const action = fc.oneof(
      fc.record({ does: fc.constant('subscribe'), who, kind, name: names }),
      fc.record({ does: fc.constant('unsubscribe'), who, kind, name: names }),
      fc.record({ does: fc.constant('leave'), who, kind, name: names }),
      { weight: 2, arbitrary: fc.record({ does: fc.constant('publish'), who, kind, name: names }) },
    );
    let deliveries = 0;
    const property = fc.property(
      fc.array(action, { minLength: 20, maxLength: 60, size: 'max' }),
      (actions) => {
        const log: string[] = [];
        const listeners = [2, 3, 2, 3].map((p, i) => new Listener(p === 2 ? 2 : 3, `${i}`, log));
        const pubsub = new PubSub();
        const model = new Model(listeners);
        for (const step of actions) {
          const listener = listeners[step.who];
          if (step.does === 'subscribe') {
            const isNew = pubsub.subscribe(step.kind, listener, step.name);
            expect(isNew).toBe(model.subscribe(step.kind, step.who, step.name));
          } else if (step.does === 'unsubscribe') {
            const isGone = pubsub.unsubscribe(step.kind, listener, step.name);
            expect(isGone).toBe(model.unsubscribe(step.kind, step.who, step.name));
          } else if (step.does === 'leave') {
            pubsub.removeAll(listener);
            model.leave(step.who);
          } else {
            const expected = model.publish(step.kind === 'shards', step.name, 'hello');
            const channel = bytes(step.name);
            const count =
              step.kind === 'shards'
                ? pubsub.publishToShard(channel, bytes('hello'))
                : pubsub.publish(channel, bytes('hello'));
            expect(log.splice(0)).toEqual(expected);
            expect(count).toBe(expected.length);
            deliveries += count;
          }
          expect(subscriptionCount(listener)).toBe(model.count(step.who));
          expect(listener.subscriptions === undefined).toBe(model.count(step.who) === 0);
          expect(listener.heapBytes).toBe(model.heapBytes(step.who));
          expect(pubsub.channels.size).toBe(model.topics('channels'));
          expect(pubsub.patterns.size).toBe(model.topics('patterns'));
          expect(pubsub.shards.size).toBe(model.topics('shards'));
        }
      },
    );
    fc.assert(property, { numRuns: 400 });
    expect(deliveries).toBeGreaterThan(100);
  });

  test('hands all who speak a protocol the same bytes, and neighbours side by side', () => {
    const pubsub = new PubSub();
    const ranges: [Buffer, number, number][] = [];
    const listen = (protocol: 2 | 3): Subscriber => ({
      protocol,
      subscriptions: undefined,
      charge: () => {},
      deliver: (...range) => ranges.push(range),
    });
    for (const protocol of [2, 2, 3, 3] as const) {
      pubsub.subscribe('channels', listen(protocol), 'x');
    }
    pubsub.publish(bytes('x'), bytes('1'));
    pubsub.publish(bytes('x'), bytes('2'));
    const [first2, , first3] = ranges;
    expect(ranges[1]).toEqual(first2);
    expect(ranges[3]).toEqual(first3);
    expect(ranges[4][0]).toBe(first2[0]);
    expect(ranges[4][1]).toBe(first2[2]);
    expect(ranges[6][0]).toBe(first3[0]);
    expect(ranges[6][1]).toBe(first3[2]);
    expect(first2[0]).not.toBe(first3[0]);
  });

  test('never overwrites what was handed out and has not been released', () => {
    const pubsub = new PubSub();
    const ranges: [Buffer, number, number][] = [];
    const listener: Subscriber = {
      protocol: 2,
      subscriptions: undefined,
      charge: () => {},
      deliver: (...range) => ranges.push(range),
    };
    pubsub.subscribe('channels', listener, 'x');
    const messages = Array.from({ length: 200 }, (_, i) => String(i).repeat(50 * (1 + (i % 130))));
    for (const message of messages) pubsub.publish(bytes('x'), bytes(message));
    for (const [i, [buffer, start, end]] of ranges.entries()) {
      const expected = `*3\r\n${bulks('message', 'x', messages[i])}`;
      expect(buffer.toString('latin1', start, end)).toBe(expected);
    }
    expect(new Set(ranges.map(([buffer]) => buffer)).size).toBeGreaterThan(10);
  });
});

/** Subscriptions as one list, in their order. */
class Model {
  readonly #listeners: readonly Listener[];
  #topics: { kind: string; name: string; order: number }[] = [];
  #all: { kind: TopicKind; who: number; name: string }[] = [];
  #order = 0;

  constructor(listeners: readonly Listener[]) {
    this.#listeners = listeners;
  }

  heapBytes(who: number): number {
    const own = this.#all.filter((one) => one.who === who);
    return own.reduce((sum, { kind, name }) => sum + subscriptionBytes(kind, name.length), 0);
  }

  subscribe(kind: TopicKind, who: number, name: string): boolean {
    if (this.#all.some((one) => one.kind === kind && one.who === who && one.name === name)) {
      return false;
    }
    this.#all.push({ kind, who, name });
    if (!this.#topics.some((one) => one.kind === kind && one.name === name)) {
      this.#topics.push({ kind, name, order: this.#order++ });
    }
    return true;
  }

  unsubscribe(kind: string, who: number, name: string): boolean {
    const before = this.#all.length;
    this.#all = this.#all.filter(
      (one) => one.kind !== kind || one.who !== who || one.name !== name,
    );
    this.#forget();
    return this.#all.length < before;
  }

  leave(who: number): void {
    this.#all = this.#all.filter((one) => one.who !== who);
    this.#forget();
  }

  count(who: number): number {
    return this.#all.filter((one) => one.who === who).length;
  }

  topics(kind: string): number {
    return this.#topics.filter((one) => one.kind === kind).length;
  }

  /** What is logged. */
  publish(toShard: boolean, channel: string, message: string): string[] {
    const deliver = (kind: string, name: string, body: string) =>
      this.#all
        .filter((one) => one.kind === kind && one.name === name)
        .map(({ who }) => `${who} ${this.#listeners[who].protocol === 3 ? '>' : '*'}${body}`);
    if (toShard) return deliver('shards', channel, `3\r\n${bulks('smessage', channel, message)}`);
    const text = bytes(channel);
    const matching = this.#topics
      .filter(({ kind, name }) => kind === 'patterns' && matches(bytes(name), text))
      .flatMap(({ name }) =>
        deliver('patterns', name, `4\r\n${bulks('pmessage', name, channel, message)}`),
      );
    return [
      ...deliver('channels', channel, `3\r\n${bulks('message', channel, message)}`),
      ...matching,
    ];
  }

  #forget(): void {
    this.#topics = this.#topics.filter((topic) =>
      this.#all.some((one) => one.kind === topic.kind && one.name === topic.name),
    );
  }
}

function matches(pattern: Buffer, text: Buffer): boolean {
  return globMatch(pattern, text, false);
}
