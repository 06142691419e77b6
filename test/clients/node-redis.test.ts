// The client `redis` (node-redis), with RESP3 and with RESP2.

import { createClient, MultiErrorReply, SimpleError, WatchError } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

interface OpenOptions {
  database?: number;
  password?: string;
  name?: string;
  reconnects?: boolean;
}

describe.each([2, 3] as const)('redis with RESP%i', (RESP) => {
  let server: RunningServer;
  let client: Awaited<ReturnType<typeof open>>;
  const clients: { destroy(): void; readonly isOpen: boolean }[] = [];

  async function open({ reconnects = true, ...options }: OpenOptions = {}) {
    const opened = createClient({
      RESP,
      socket: { host: '127.0.0.1', port: server.port, reconnectStrategy: reconnects && 10 },
      ...options,
    });
    // Each failure is also what the command that met it rejects with.
    opened.on('error', () => {});
    clients.push(opened);
    await opened.connect();
    return opened;
  }

  beforeAll(async () => {
    server = await startSynapServer();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    client = await open();
    await client.flushAll();
  });

  afterEach(() => {
    for (const opened of clients.splice(0)) {
      if (opened.isOpen) opened.destroy();
    }
  });

  test('strings, numbers and expiry', async () => {
    expect(await client.set('k', 'v')).toBe('OK');
    expect(await client.get('k')).toBe('v');
    expect(await client.get('missing')).toBeNull();
    expect(await client.set('k', 'w', { expiration: { type: 'EX', value: 1000 }, GET: true })).toBe(
      'v',
    );
    expect(await client.ttl('k')).toBeGreaterThan(900);
    expect(await client.incrBy('n', 41)).toBe(41);
    expect(await client.incrByFloat('n', 0.5)).toBe('41.5');
    expect(await client.mGet(['k', 'missing', 'n'])).toEqual(['w', null, '41.5']);
    expect(await client.exists(['k', 'n', 'missing'])).toBe(2);
    await expect(client.incr('k')).rejects.toThrow('ERR value is not an integer or out of range');
    await expect(client.sendCommand(['bogus', 'x'])).rejects.toThrow(/unknown command 'bogus'/);
  });

  test('commands of one tick go out together and are answered in order', async () => {
    const numbers = await Promise.all(Array.from({ length: 2_000 }, () => client.incr('counter')));
    expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
  });

  test('transactions, and WATCH', async () => {
    expect(await client.multi().set('k', '1').incr('k').get('k').exec()).toEqual(['OK', 2, '2']);
    const other = await open();
    await client.watch('k');
    await other.set('k', 'changed');
    await expect(client.multi().set('k', 'lost').exec()).rejects.toThrow(WatchError);
    expect(await client.get('k')).toBe('changed');
    expect(await client.multi().get('k').execAsPipeline()).toEqual(['changed']);
  });

  test('errors within transactions and pipelines stand in their places', async () => {
    const transaction = client.multi().set('a', 'x').incr('a').get('a');
    const error = await transaction.exec().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MultiErrorReply);
    const { replies, errorIndexes } = error as MultiErrorReply;
    expect(replies).toEqual(['OK', expect.any(SimpleError), 'x']);
    expect(errorIndexes).toEqual([1]);
    const pipeline = client.multi().set('a', 'x').incr('a').get('a');
    await expect(pipeline.execAsPipeline()).rejects.toBeInstanceOf(SimpleError);
  });

  test('integers beyond 2^53 arrive as the nearest double', async () => {
    await client.set('n', '9007199254740992');
    expect(await client.incr('n')).toBe(9_007_199_254_740_992);
    expect(await client.get('n')).toBe('9007199254740993');
  });

  test('scanIterator finds every key', async () => {
    const keys = Array.from({ length: 500 }, (_, index) => `key:${index}`);
    await client.mSet(keys.map((key): [string, string] => [key, 'v']));
    await client.set('other', 'v');
    const found = new Set<string>();
    for await (const page of client.scanIterator({ MATCH: 'key:*', COUNT: 50 })) {
      for (const key of page) found.add(key);
    }
    expect([...found].sort()).toEqual([...keys].sort());
  });

  test('databases and names', async () => {
    await client.set('k', 'zero');
    const other = await open({ database: 3, name: 'worker' });
    await other.set('k', 'three');
    expect(await client.get('k')).toBe('zero');
    expect(await other.clientGetName()).toBe('worker');
    await client.select(3);
    expect(await client.get('k')).toBe('three');
  });

  test('a password', async () => {
    await client.configSet('requirepass', 'secret');
    try {
      const withoutPassword = async () => (await open({ reconnects: false })).get('k');
      await expect(withoutPassword()).rejects.toThrow(/NOAUTH/);
      const trusted = await open({ password: 'secret' });
      expect(await trusted.set('k', 'v')).toBe('OK');
    } finally {
      await client.configSet('requirepass', '');
    }
  });

  test('reconnects after its connection was killed', async () => {
    const other = await open({ database: 2 });
    await other.set('k', 'v');
    const id = await other.clientId();
    const reconnected = new Promise((resolve) => other.once('ready', resolve));
    await client.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
    await reconnected;
    expect(await other.get('k')).toBe('v');
    expect(await other.clientId()).toBeGreaterThan(id);
  });

  test('what the server tells of itself', async () => {
    expect(await client.info('server')).toMatch(/^# Server\r\nredis_version:\d+\.\d+\.\d+\r\n/);
    expect(await client.configGet('maxmemory*')).toMatchObject({ maxmemory: '0' });
    const [get] = await client.commandInfo(['get']);
    expect(get).toMatchObject({ name: 'get', arity: 2, firstKeyIndex: 1 });
    expect((await client.clientInfo()).db).toBe(0);
  });
});
