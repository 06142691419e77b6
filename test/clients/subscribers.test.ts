// Subscribers as applications have them: they lose the connection, or the whole server, and come
// back with the subscriptions that they had. `ioredis`, and `redis` in RESP2 and RESP3.

import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SynapServer, startServer } from '../../src/index.ts';
import { temporaryDirectory } from '../support/running-server.ts';

/** A client with subscriptions, whichever library it is made of. */
interface Subscriber {
  subscribe(channel: string): Promise<void>;
  psubscribe(pattern: string): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  close(): void;
}

/** What has been heard, and a promise of what is not heard yet. */
class Hearing {
  readonly #heard: string[] = [];
  #wake: () => void = () => {};

  add(source: string, message: string): void {
    this.#heard.push(`${source} ${message}`);
    this.#wake();
  }

  async next(): Promise<string> {
    while (this.#heard.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#heard.shift() ?? '';
  }
}

function openIoredis(port: number, hearing: Hearing): Promise<Subscriber> {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20 });
  client.on('error', () => {});
  client.on('message', (channel, message) => hearing.add(channel, message));
  client.on('pmessage', (pattern, channel, message) =>
    hearing.add(`${pattern} ${channel}`, message),
  );
  return Promise.resolve({
    subscribe: async (channel) => void (await client.subscribe(channel)),
    psubscribe: async (pattern) => void (await client.psubscribe(pattern)),
    unsubscribe: async (channel) => void (await client.unsubscribe(channel)),
    close: () => client.disconnect(),
  });
}

function openNodeRedis(RESP: 2 | 3) {
  return async (port: number, hearing: Hearing): Promise<Subscriber> => {
    const socket = { host: '127.0.0.1', port, reconnectStrategy: 20 };
    const client = createClient({ RESP, socket });
    client.on('error', () => {});
    await client.connect();
    return {
      subscribe: (channel) => client.subscribe(channel, (text, from) => hearing.add(from, text)),
      psubscribe: (pattern) =>
        client.pSubscribe(pattern, (text, from) => hearing.add(`${pattern} ${from}`, text)),
      unsubscribe: (channel) => client.unsubscribe(channel),
      close: () => client.destroy(),
    };
  };
}

describe.each([
  ['ioredis', openIoredis],
  ['redis with RESP2', openNodeRedis(2)],
  ['redis with RESP3', openNodeRedis(3)],
] as const)('a subscriber made of %s', (_name, open) => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let hearing: Hearing;
  let server: SynapServer;
  let subscriber: Subscriber;
  let publisher: Redis;

  const start = (port: number) => startServer({ port, dir: directory.path, logfile: '/dev/null' });

  beforeEach(async () => {
    directory = temporaryDirectory();
    hearing = new Hearing();
    server = await start(0);
    subscriber = await open(server.port, hearing);
    publisher = new Redis({ port: server.port, host: '127.0.0.1', retryStrategy: () => 20 });
    publisher.on('error', () => {});
    await subscriber.subscribe('news');
    await subscriber.subscribe('weather');
    await subscriber.psubscribe('log:*');
  });

  afterEach(async () => {
    subscriber.close();
    publisher.disconnect();
    await server.close();
    directory.remove();
  });

  /** Publishes until somebody is there to hear it. */
  async function publish(channel: string, message: string): Promise<void> {
    while ((await publisher.publish(channel, message)) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async function hearsEverything(): Promise<void> {
    await publish('news', 'öffentlich');
    expect(await hearing.next()).toBe('news öffentlich');
    await publish('log:7', 'x'.repeat(100_000));
    expect(await hearing.next()).toBe(`log:* log:7 ${'x'.repeat(100_000)}`);
    await publish('weather', '');
    expect(await hearing.next()).toBe('weather ');
  }

  test('hears what is published, and no more of what it left', async () => {
    await hearsEverything();
    await subscriber.unsubscribe('news');
    expect(await publisher.publish('news', 'unheard')).toBe(0);
    await publish('weather', 'rain');
    expect(await hearing.next()).toBe('weather rain');
  });

  test('comes back when its connection is closed', async () => {
    await hearsEverything();
    expect(await publisher.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBeGreaterThan(0);
    await hearsEverything();
  });

  test('comes back when the server is started again', async () => {
    await hearsEverything();
    const { port } = server;
    await server.close();
    server = await start(port);
    await hearsEverything();
  });
});
