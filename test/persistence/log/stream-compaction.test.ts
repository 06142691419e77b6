// XCOMPACT on long streams, in slices while its client waits: others are answered meanwhile, the stream changes, is saved
// or goes, and the log has what was removed.
import { beforeEach, describe, expect, test } from 'vitest';
import { encodeCommand } from '../../support/command-line.ts';
import type { RawClient } from '../../support/raw-client.ts';
import { textOf } from '../../support/reply-frames.ts';
import { byTier } from '../../support/tier.ts';
import { until } from '../../support/until.ts';
import type { LogServer } from './log-server.ts';
import { LogServers } from './log-servers.ts';

const COUNT = byTier(6000, 60_000);
const VALUES = 50;

let servers: LogServers;

beforeEach(() => {
  servers = new LogServers();
});

/** Adds entries of fifty values in turn. */
async function fill(
  { client }: LogServer,
  key = 's',
  count = COUNT,
  first = 1,
  value = '',
): Promise<void> {
  const commands = Array.from({ length: count }, (_, i) =>
    encodeCommand(['XADD', key, `${first + i}-0`, 'k', `${i % VALUES}`, 'v', `${value}${i}`]),
  );
  client.send(Buffer.concat(commands));
  await client.read(count);
}

const compact = async (client: RawClient, key = 's') =>
  Number(textOf(await client.command('XCOMPACT', key, 'k')));

/** Begins on a connection of its own, and resolves when some entries are gone; the number of all that went follows. */
async function begin(server: LogServer): Promise<{ done: Promise<number>; client: RawClient }> {
  const client = await server.connect();
  const done = compact(client);
  await until(async () => (await length(server)) < COUNT);
  return { done, client };
}

const length = async (server: LogServer, key = 's') => Number(await server.ask('XLEN', key));

describe('in slices', () => {
  test('others are answered meanwhile, and what is added is left alone', async () => {
    let server = await servers.start();
    await fill(server);
    const { done } = await begin(server);
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    let added = 0;
    while (!isDone) {
      await server.ask('XADD', 's', '*', 'k', '0', 'v', 'new');
      added++;
    }
    expect(await done).toBe(COUNT - VALUES);
    expect(added).toBeGreaterThan(3);
    expect(await length(server)).toBe(VALUES + added);
    const digest = await server.digest();
    await servers.stop();
    server = await servers.start();
    expect(await server.digest()).toBe(digest);
    // The second time those that were added count.
    expect(await compact(server.client)).toBe(added);
  });

  test('entries that go meanwhile are no harm', async () => {
    const server = await servers.start({ appendonly: 'no' });
    await fill(server);
    const { done } = await begin(server);
    await server.ask('XDEL', 's', ...Array.from({ length: VALUES }, (_, i) => `${COUNT - i}-0`));
    await server.ask('XTRIM', 's', 'MAXLEN', `${COUNT / 2}`);
    await done;
    // The newest of each value that was left, or none where the newest of all had been met by then.
    expect(await length(server)).toBeLessThanOrEqual(VALUES);
    expect(await compact(server.client)).toBe(0);
  });

  test.each([
    ['is deleted', ['DEL', 's']],
    ['is renamed', ['RENAME', 's', 't']],
    ['is replaced', ['SET', 's', 'v']],
    ['is replaced by another stream', ['COPY', 'other', 's', 'REPLACE']],
    ['moves to another database', ['SWAPDB', '0', '1']],
  ])('it ends early when the stream %s', async (_, change) => {
    const server = await servers.start({ appendonly: 'no' });
    await fill(server);
    await fill(server, 'other', 1000);
    const { done } = await begin(server);
    await server.ask(...change);
    expect(await done).toBeLessThan(COUNT - VALUES);
    await server.ask('SELECT', change[0] === 'SWAPDB' ? '1' : '0');
    expect(await length(server, 'other')).toBe(1000);
    if (change[0] === 'COPY') expect(await length(server)).toBe(1000);
  });

  test('it goes on when its client is gone', async () => {
    const server = await servers.start({ appendonly: 'no' });
    await fill(server);
    const { client, done } = await begin(server);
    const lost = expect(done).rejects.toThrow();
    await client.close();
    await lost;
    await until(async () => (await length(server)) === VALUES);
  });

  test('it waits while writes are paused', async () => {
    const server = await servers.start({ appendonly: 'no' });
    await fill(server);
    const { done } = await begin(server);
    await server.ask('CLIENT', 'PAUSE', '100000', 'WRITE');
    const before = await length(server);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await length(server)).toBe(before);
    await server.ask('CLIENT', 'UNPAUSE');
    expect(await done).toBe(COUNT - VALUES);
  });

  test('beside a rewrite of the log', async () => {
    let server = await servers.start();
    await fill(server);
    const { done } = await begin(server);
    await server.ask('BGREWRITEAOF');
    expect(await done).toBe(COUNT - VALUES);
    await server.rewritten(1);
    const digest = await server.digest();
    await servers.stop();
    server = await servers.start();
    expect(await server.digest()).toBe(digest);
    expect(await length(server)).toBe(VALUES);
  });

  test('a server that ends meanwhile has in its log what is gone', async () => {
    let server = await servers.start();
    await fill(server);
    const { done } = await begin(server);
    const lost = expect(done).rejects.toThrow();
    await servers.stop();
    await lost;
    server = await servers.start();
    const left = await length(server);
    expect(left).toBeLessThan(COUNT);
    expect(await compact(server.client)).toBe(left - VALUES);
  });
});

test('entries that lie in files go, too', async () => {
  let server = await servers.start();
  await server.ask('XADD', 's', '0-1', 'k', 'oldest', 'v', 'v');
  await server.ask('XTIER', 's', 'HOT', '1000');
  for (let i = 0; i < 4; i++) await fill(server, 's', 5000, 1 + i * 5000, 'long '.repeat(10));
  const cold = async () => {
    const { items } = await server.client.command('XTIER', 's', 'GET');
    return Number(textOf((items ?? [])[7]));
  };
  await until(async () => (await cold()) > 10_000);
  expect(await compact(server.client)).toBe(20_000 - VALUES);
  expect(await length(server)).toBe(VALUES + 1);
  const digest = await server.digest();
  await servers.stop();
  server = await servers.start();
  expect(await server.digest()).toBe(digest);
});

test('in a transaction it runs at once, as a part of that', async () => {
  let server = await servers.start();
  await fill(server, 's', 2000);
  await server.ask('MULTI');
  await server.ask('XCOMPACT', 's', 'k');
  await server.ask('XLEN', 's');
  const { items } = await server.client.command('EXEC');
  expect(items?.map(textOf)).toEqual([`${2000 - VALUES}`, `${VALUES}`]);
  const digest = await server.digest();
  await servers.stop();
  server = await servers.start();
  expect(await server.digest()).toBe(digest);
});
