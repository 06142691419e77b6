// What is accounted of a client's state is at least what it takes: each kind is built many times, and
// measured. Not much more either, so that clients are not closed for nothing.
import { describe, expect, test } from 'vitest';
import { WatchList } from '../../src/keyspace/watch.ts';
import { PubSub } from '../../src/pubsub/pubsub.ts';
import type { TopicKind } from '../../src/pubsub/subscriber.ts';
import { PrefixTable } from '../../src/tracking/prefix-table.ts';
import { Tracker } from '../../src/tracking/tracker.ts';
import { measureHeap } from '../support/heap.ts';
import { TestServer } from '../support/test-call.ts';

const COUNT = 50_000;

/** Bytes of a request, in which the names of keys and channels arrive. */
const bytes = Buffer.from('name:00000000 in the middle of a request');

/** A name as a handler gets it: decoded from bytes. */
function nameOf(i: number): string {
  bytes.write(String(i).padStart(8, '0'), 5);
  return bytes.toString('latin1', 0, 13);
}

/** Holds what is accounted against what is measured, in bytes for each. */
function expectUpperBound(accounted: number, measured: number, count = COUNT): void {
  const [accountedEach, measuredEach] = [accounted / count, measured / count];
  expect(measuredEach).toBeGreaterThan(10);
  expect(accountedEach).toBeGreaterThan(measuredEach * 0.95);
  expect(accountedEach).toBeLessThan(measuredEach * 3);
}

test('watched keys', () => {
  const list = new WatchList();
  const client = new TestServer([]).connect();
  const { heapBytes } = measureHeap(() => {
    for (let i = 0; i < COUNT; i++) list.add(client, i % 16, nameOf(i), false);
  });
  expectUpperBound(client.heapBytes, heapBytes);
  list.removeAll(client);
  expect(client.heapBytes).toBe(0);
});

test.each([1, COUNT])('prefixes that are followed, added by %i', (step) => {
  const table = new PrefixTable();
  const client = new TestServer([]).connect();
  const tracker = new Tracker(client, 1);
  const { heapBytes } = measureHeap(() => {
    for (let i = 0; i < COUNT; i += step) {
      table.follow(
        tracker,
        Array.from({ length: step }, (_, k) => nameOf(i + k)),
      );
    }
  });
  expectUpperBound(client.heapBytes, heapBytes);
  table.leave(tracker);
  expect(client.heapBytes).toBe(0);
});

describe('subscriptions', () => {
  const cases: [TopicKind, (i: number) => string][] = [
    ['channels', nameOf],
    ['shards', nameOf],
    ['patterns', nameOf],
    ['patterns', (i) => `${nameOf(i)}*`],
    ['patterns', (i) => `*${nameOf(i)}`],
  ];
  test.each(cases)('of one client: %s', (kind, name) => {
    const pubsub = new PubSub();
    const client = new TestServer([]).connect();
    const { heapBytes } = measureHeap(() => {
      for (let i = 0; i < COUNT; i++) pubsub.subscribe(kind, client, name(i));
      // Publishing has patterns looked at.
      pubsub.publish(Buffer.from('x'), Buffer.from('y'));
      pubsub.publish(Buffer.from('name:00000001x'), Buffer.from('y'));
    });
    expectUpperBound(client.heapBytes, heapBytes);
    pubsub.removeAll(client);
    expect(client.heapBytes).toBe(0);
  });

  test('of many clients to one channel', () => {
    const pubsub = new PubSub();
    const server = new TestServer([]);
    const clients = Array.from({ length: 2000 }, () => server.connect());
    const { heapBytes } = measureHeap(() => {
      for (const client of clients) {
        for (let i = 0; i < 20; i++) pubsub.subscribe('channels', client, `x${i}`);
      }
    });
    const accounted = clients.reduce((sum, client) => sum + client.heapBytes, 0);
    expect(accounted).toBeGreaterThan(heapBytes);
  });
});
