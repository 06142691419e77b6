// What is done when clients take too much: who is closed, who is refused, and in which order.
import { beforeEach, describe, expect, test } from 'vitest';
import { ClientMemory } from '../../src/core/client-memory.ts';
import { ClientRegistry } from '../../src/core/client-registry.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { ServerStats } from '../../src/telemetry/server-stats.ts';
import { TestClient, TestServer } from '../support/test-call.ts';

const MB = 1024 * 1024;
/** What a client counts that has nothing: its share of the buffers for replies. */
const SHARE = 16_384;

/** A client that is closed as a connection is. */
class ClosableClient extends TestClient {
  override kill(): void {
    super.kill();
    this.dismiss();
  }
}

/** A heap that a test fills. */
class FakeHeap {
  limitBytes = 1192 * MB;
  used = 100 * MB;
  garbage = 0;
  collections = 0;

  usedBytes(): number {
    return this.used + this.garbage;
  }

  collect(): void {
    this.collections++;
    this.garbage = 0;
  }
}

let heap: FakeHeap;
let stats: ServerStats;
let clients: ClientRegistry;
let memory: ClientMemory;

beforeEach(() => {
  heap = new FakeHeap();
  stats = new ServerStats();
  clients = new ClientRegistry();
  memory = new ClientMemory(clients, stats, silentLogger(), heap);
});

function connect(heapBytes: number, offHeapBytes = 0): ClosableClient {
  const { databases, nowMs } = new TestServer([]).keyspace;
  const address = { remote: '127.0.0.1:1', local: '127.0.0.1:2', unixSocket: false };
  const id = clients.nextId();
  const client = new ClosableClient(id, address, databases[0], nowMs, true, memory);
  clients.add(client);
  client.charge(heapBytes, offHeapBytes);
  return client;
}

/** Which of the clients are closed. */
function closed(...all: ClosableClient[]): boolean[] {
  return all.map(({ killed }) => killed);
}

test('sums are those of all clients', () => {
  const [a, b] = [connect(1000, 500), connect(10)];
  expect([memory.bytes, memory.heapBytes]).toEqual([1510 + 2 * SHARE, 1010]);
  expect(memory.ownBytes).toBe(1510);
  expect(a.memoryBytes).toBe(1500 + SHARE);
  a.charge(-200, -100);
  expect([memory.bytes, memory.heapBytes]).toEqual([1210 + 2 * SHARE, 810]);
  a.kill();
  b.kill();
  expect([memory.bytes, memory.heapBytes, memory.ownBytes]).toEqual([0, 0, 0]);
});

describe('maxmemory-clients', () => {
  test('closes the largest first, until it is kept', () => {
    const [a, b, c, d] = [1, 4, 2, 3].map((size) => connect(0, size * MB));
    memory.limitBytes = 4 * MB;
    expect(memory.isOver).toBe(true);
    memory.evict();
    expect(closed(a, b, c, d)).toEqual([false, true, false, true]);
    expect([memory.isOver, stats.evictedClients]).toEqual([false, 2]);
    a.charge(0, MB / 2);
    expect(memory.isOver).toBe(false);
    c.charge(0, MB);
    expect(memory.isOver).toBe(true);
    memory.evict();
    expect(closed(a, c)).toEqual([false, true]);
  });

  test('spares those who are protected, though they count', () => {
    const [large, small] = [connect(0, 10 * MB), connect(0, MB)];
    large.noEvict = true;
    memory.limitBytes = 2 * MB;
    memory.evict();
    expect(closed(large, small)).toEqual([false, true]);
    // Nobody is left: it is not tried with every byte.
    expect(memory.isOver).toBe(false);
    large.charge(0, MB);
    expect(memory.isOver).toBe(false);
    large.noEvict = false;
    memory.check();
    expect(memory.isOver).toBe(true);
    memory.evict();
    expect(closed(large)).toEqual([true]);
    memory.check();
    expect(memory.isOver).toBe(false);
  });

  test('is never so small that nobody could be served', () => {
    const client = connect(0, 90_000);
    memory.limitBytes = 1;
    memory.evict();
    expect(closed(client)).toEqual([false]);
    client.charge(0, 30_000);
    memory.evict();
    expect(closed(client)).toEqual([true]);
  });

  test('0 is no limit', () => {
    const client = connect(0, 100 * MB);
    memory.limitBytes = MB;
    memory.limitBytes = 0;
    expect(memory.isOver).toBe(false);
    memory.evict();
    expect(closed(client)).toEqual([false]);
  });
});

describe('the heap, whatever the settings say', () => {
  test('may be filled by clients to half of the old generation', () => {
    expect(memory.heapLimitBytes).toBe(500 * MB);
    heap.limitBytes = 304 * MB;
    const small = new ClientMemory(clients, stats, silentLogger(), heap);
    expect(small.heapLimitBytes).toBe(Math.floor(304 * MB * 0.2));
  });

  test('a command of the largest client is refused', () => {
    const [largest, other] = [connect(400 * MB), connect(50 * MB)];
    expect(memory.admits(largest, 50 * MB)).toBe(true);
    expect(memory.admits(largest, 51 * MB)).toBe(false);
    expect(closed(largest, other)).toEqual([false, false]);
  });

  test('a larger client makes room for a command of a smaller one', () => {
    const [largest, middle, small] = [connect(300 * MB), connect(150 * MB), connect(MB)];
    largest.noEvict = true;
    expect(memory.admits(small, 60 * MB)).toBe(true);
    expect(closed(largest, middle, small)).toEqual([true, false, false]);
    // What nobody who is larger could make room for is refused, and nobody is closed for it.
    expect(memory.admits(small, 400 * MB)).toBe(false);
    expect(closed(middle)).toEqual([false]);
  });

  test('what was not refused closes the largest', () => {
    const [a, b] = [connect(200 * MB), connect(301 * MB)];
    b.noEvict = true;
    expect(memory.isOver).toBe(true);
    memory.evict();
    expect(closed(a, b)).toEqual([false, true]);
  });

  test('is collected when it seems nearly full, and the largest closed when it is', () => {
    const [a, b] = [connect(2 * MB), connect(MB)];
    heap.used = 840 * MB;
    heap.garbage = 20 * MB;
    memory.checkHeap(10_000);
    expect([heap.collections, ...closed(a, b)]).toEqual([1, false, false]);
    heap.used = 860 * MB;
    memory.checkHeap(14_999);
    expect([heap.collections, ...closed(a, b)]).toEqual([1, false, false]);
    memory.checkHeap(15_000);
    expect([heap.collections, ...closed(a, b)]).toEqual([2, true, false]);
    heap.used = 800 * MB;
    memory.checkHeap(30_000);
    expect([heap.collections, ...closed(b)]).toEqual([2, false]);
  });
});

test('memory as a whole closes the largest, whatever the settings say', () => {
  const [a, b] = [connect(0, 10 * MB), connect(0, memory.memoryLimitBytes - 20 * MB)];
  b.noEvict = true;
  expect(memory.isOver).toBe(false);
  expect([memory.hasRoomFor(9 * MB), memory.hasRoomFor(11 * MB)]).toEqual([true, false]);
  a.charge(0, 11 * MB);
  expect(memory.isOver).toBe(true);
  memory.evict();
  expect(closed(a, b)).toEqual([false, true]);
});
