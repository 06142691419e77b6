// Clients that are dropped with much that is kept for them, or in the middle of something: nothing is left
// of them, and the turn in which they go is short however much it was.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

/** More than one step drops. */
const MANY = 3000;

let server: RunningServer;
let observer: RawClient;

beforeAll(async () => {
  server = await startSynapServer();
  observer = await RawClient.connect(server.port);
  await observer.command('CLIENT', 'NO-EVICT', 'on');
});

afterAll(async () => {
  await observer.close();
  await server.stop();
});

async function field(name: string): Promise<number> {
  const text = (await observer.command('INFO', 'everything')).bytes.toString();
  return Number(new RegExp(`\\n${name}:(\\d+)`).exec(text)?.[1]);
}

async function ask(...args: string[]): Promise<string> {
  return textOf(await observer.command(...args));
}

function names(beginning: string): string[] {
  return Array.from({ length: MANY }, (_, i) => `${beginning}${String(i).padStart(6, '0')}`);
}

test.each(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'WATCH', 'prefixes'])(
  'all that was kept for a client goes when it is killed: %s',
  async (kind) => {
    const before = await field('mem_clients_normal');
    const client = await RawClient.connect(server.port);
    await client.command('HELLO', '3');
    const id = textOf(await client.command('CLIENT', 'ID'));
    if (kind === 'prefixes') {
      const prefixes = names('name').flatMap((name) => ['PREFIX', name]);
      await client.command('CLIENT', 'TRACKING', 'on', 'BCAST', ...prefixes);
    } else {
      client.sendCommand([kind, ...names('name')]);
      await client.read(kind === 'WATCH' ? 1 : MANY, true);
    }
    expect(await field('mem_clients_normal')).toBeGreaterThan(before + MANY * 100);
    expect(await ask('CLIENT', 'KILL', 'ID', id)).toBe('1');
    expect(await field('mem_clients_normal')).toBeLessThan(before + 20_000);
    // Whoever is gone gets nothing, though topics and prefixes may still have it.
    for (const name of [`name${MANY - 1}`, 'name002999', 'name000000']) {
      expect(await ask('PUBLISH', name, 'message')).toBe('0');
      expect(await ask('SPUBLISH', name, 'message')).toBe('0');
      expect(await ask('SET', name, 'value')).toBe('OK');
    }
    await vi.waitFor(async () => {
      expect(await field('pubsub_channels')).toBe(0);
      expect(await field('pubsub_patterns')).toBe(0);
      expect(await field('pubsubshard_channels')).toBe(0);
      expect(await field('tracking_total_prefixes')).toBe(0);
    });
    await client.close();
  },
);

async function evictLargest(): Promise<void> {
  const evicted = await field('evicted_clients');
  await ask('CONFIG', 'SET', 'maxmemory-clients', '200kb');
  await vi.waitFor(async () => expect(await field('evicted_clients')).toBe(evicted + 1));
  await ask('CONFIG', 'SET', 'maxmemory-clients', '0');
}

test('a client that is evicted while it waits takes no element', async () => {
  const client = await RawClient.connect(server.port);
  client.sendCommand(['BLPOP', ...names('list'), '0']);
  await vi.waitFor(async () => expect(await field('blocked_clients')).toBe(1));
  await evictLargest();
  expect(await field('blocked_clients')).toBe(0);
  expect(await ask('RPUSH', 'list000000', 'element')).toBe('1');
  expect(await ask('LPOP', 'list000000')).toBe('element');
  expect((await client.readUntilClose()).length).toBe(0);
});

test('a client that its own transaction makes too large is evicted behind it', async () => {
  const client = await RawClient.connect(server.port);
  const evicted = await field('evicted_clients');
  await ask('CONFIG', 'SET', 'maxmemory-clients', '300kb');
  await client.command('MULTI');
  await client.command('SUBSCRIBE', ...names('channel'));
  await client.command('SET', 'after', 'value');
  client.sendCommand(['EXEC']);
  await client.readUntilClose();
  await ask('CONFIG', 'SET', 'maxmemory-clients', '0');
  expect(await field('evicted_clients')).toBe(evicted + 1);
  // What it ran it ran to its end.
  expect(await ask('GET', 'after')).toBe('value');
  expect(await ask('PUBLISH', 'channel000000', 'message')).toBe('0');
});

test('pushes that wait for an evicted client go to nobody', async () => {
  const client = await RawClient.connect(server.port);
  await client.command('HELLO', '3');
  await client.command('CLIENT', 'TRACKING', 'on', 'BCAST');
  client.sendCommand(['SUBSCRIBE', ...names('push')]);
  await client.read(MANY, true);
  // One transaction that causes pushes, and has the client evicted.
  await ask('MULTI');
  for (let i = 0; i < 100; i++) await ask('SET', `key${i}`, 'value');
  await ask('PUBLISH', 'push000000', 'message');
  await ask('CONFIG', 'SET', 'maxmemory-clients', '200kb');
  const { bytes } = await observer.command('EXEC');
  expect(bytes.toString()).toBe(`*102\r\n${'+OK\r\n'.repeat(100)}:1\r\n+OK\r\n`);
  await client.readUntilClose();
  await ask('CONFIG', 'SET', 'maxmemory-clients', '0');
  expect(await ask('ECHO', 'own reply')).toBe('own reply');
});
