// Client-side caching through the client `redis`, whose cache lives on what the server tells it, and
// through ioredis, where a second connection that is subscribed receives what is invalid (RESP2).

import { once } from 'node:events';
import { Redis } from 'ioredis';
import { BasicClientSideCache, createClient } from 'redis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

let server: RunningServer;
const open: { close(): Promise<unknown> | unknown }[] = [];

beforeEach(async () => {
  server = await startSynapServer();
});

afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
  await server.stop();
});

async function connectCaching(cache: BasicClientSideCache) {
  const client = createClient({
    RESP: 3,
    socket: { host: '127.0.0.1', port: server.port },
    clientSideCache: cache,
  });
  await client.connect();
  open.push(client);
  return client;
}

/** In RESP2, where only a subscriber can be told. */
function connectPlain(): Redis {
  const client = new Redis({ host: '127.0.0.1', port: server.port, protocol: 2 });
  open.push({ close: () => client.disconnect() });
  return client;
}

test('redis: reads come from the cache until somebody changes the key', async () => {
  const cache = new BasicClientSideCache();
  const reader = await connectCaching(cache);
  const writer = connectPlain();
  await writer.mset('k', 'v', 'j', 'w');
  expect(await reader.get('k')).toBe('v');
  expect(await reader.get('j')).toBe('w');
  expect(await reader.get('k')).toBe('v');
  expect(cache.stats()).toMatchObject({ hitCount: 1, missCount: 2 });

  const invalid = once(cache, 'invalidate');
  await writer.set('k', 'new');
  expect(String(await invalid)).toBe('k');
  expect(await reader.get('k')).toBe('new');
  expect(await reader.get('j')).toBe('w');
  expect(cache.stats()).toMatchObject({ hitCount: 2, missCount: 3 });

  // Its own changes are told to it as well.
  await reader.set('j', 'mine');
  expect(await reader.get('j')).toBe('mine');

  const everything = once(cache, 'invalidate');
  await writer.flushall();
  await everything;
  expect(await reader.get('k')).toBeNull();
});

test('ioredis: invalidations are redirected to a connection that is subscribed', async () => {
  const [reader, subscriber, writer] = [connectPlain(), connectPlain(), connectPlain()];
  const id = await subscriber.client('ID');
  await subscriber.subscribe('__redis__:invalidate');
  await reader.client('TRACKING', 'ON', 'REDIRECT', id);
  await writer.set('k', 'v');
  expect(await reader.get('k')).toBe('v');
  const message = once(subscriber, 'message');
  await writer.set('k', 'w');
  expect(await message).toEqual(['__redis__:invalidate', 'k']);
  expect(await reader.client('GETREDIR')).toBe(id);
});
