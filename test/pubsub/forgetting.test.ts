// Whoever is gone leaves its topics, watches and prefixes a few at a time, and gets nothing meanwhile.
import { expect, test } from 'vitest';
import { type Watcher, WatchList } from '../../src/keyspace/watch.ts';
import { PubSub } from '../../src/pubsub/pubsub.ts';
import type { Subscriber, TopicKind } from '../../src/pubsub/subscriber.ts';

const MANY = 1000;

/** Calls a step until it returns true; returns how often that was. */
function stepsOf(step: () => boolean): number {
  let steps = 1;
  while (!step()) steps++;
  return steps;
}

class Listener implements Subscriber {
  readonly protocol = 2;
  subscriptions: Subscriber['subscriptions'] = undefined;
  heard = 0;

  charge(): void {}

  deliver(): void {
    this.heard++;
  }
}

test.each<TopicKind>(['channels', 'patterns', 'shards'])('topics: %s', (kind) => {
  const pubsub = new PubSub();
  const [leaving, staying] = [new Listener(), new Listener()];
  for (let i = 0; i < MANY; i++) pubsub.subscribe(kind, leaving, `name${i}`);
  pubsub.subscribe(kind, staying, 'name999');
  const step = pubsub.forget(leaving);
  expect(step()).toBe(false);
  expect(pubsub[kind].size).toBeGreaterThan(MANY / 2);
  expect(leaving.subscriptions).toBeUndefined();
  const [channel, message] = [Buffer.from('name999'), Buffer.from('message')];
  const publish = kind === 'shards' ? 'publishToShard' : 'publish';
  expect(pubsub[publish](channel, message)).toBe(1);
  expect([leaving.heard, staying.heard]).toEqual([0, 1]);
  expect(stepsOf(step)).toBeGreaterThan(1);
  expect(pubsub[kind].size).toBe(1);
  expect(pubsub[publish](channel, message)).toBe(1);
});

test('watches', () => {
  const list = new WatchList();
  const watcher: Watcher = { dirty: false, watches: undefined, charge: () => {} };
  for (let i = 0; i < MANY; i++) list.add(watcher, 0, `key${i}`, false);
  const step = list.forget(watcher);
  expect(step()).toBe(false);
  expect(list.size).toBeGreaterThan(MANY / 2);
  expect(stepsOf(step)).toBeGreaterThan(1);
  expect(list.size).toBe(0);
});
