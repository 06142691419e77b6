// CONFIG SET of directives that take effect while the server runs: not that they are kept, but that
// they do what they say. Where the server listens and what closes clients: test/net.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { infoField, LoggedServer, until } from '../net/logged-server.ts';
import type { RawClient } from '../support/raw-client.ts';

let server: LoggedServer;
let client: RawClient;

beforeEach(async () => {
  server = await LoggedServer.start();
  client = await server.connect();
});

afterEach(async () => {
  await client.close();
  await server.stop();
});

async function ask(...args: string[]): Promise<string> {
  return (await client.command(...args)).bytes.toString();
}

async function set(...pairs: string[]): Promise<void> {
  expect(await ask('CONFIG', 'SET', ...pairs)).toBe('+OK\r\n');
}

test('requirepass asks new clients, and not those that are in', async () => {
  await set('requirepass', 'secret');
  expect(await ask('PING')).toBe('+PONG\r\n');
  const other = await server.connect();
  expect((await other.command('PING')).bytes.toString()).toContain('NOAUTH');
  expect((await other.command('AUTH', 'secret')).type).toBe('+');
  await set('requirepass', '');
  expect((await (await server.connect()).command('PING')).type).toBe('+');
});

test('maxmemory and its policy', async () => {
  for (let i = 0; i < 50; i++) await ask('SET', `key:${i}`, 'x'.repeat(10_000));
  await set('maxmemory', '200kb');
  expect(await ask('SET', 'more', 'value')).toContain('-OOM');
  expect(await ask('DBSIZE')).toBe(':50\r\n');
  await set('maxmemory-policy', 'allkeys-lru');
  expect(await ask('SET', 'more', 'value')).toBe('+OK\r\n');
  await until('keys to be evicted', async () =>
    Number((await ask('DBSIZE')).slice(1)) < 40 ? true : undefined,
  );
  expect(Number(await infoField(client, 'evicted_keys'))).toBeGreaterThan(10);
  await set('maxmemory', '0');
  for (let i = 0; i < 50; i++)
    expect(await ask('SET', `key:${i}`, 'x'.repeat(10_000))).toBe('+OK\r\n');
  expect(Number((await ask('DBSIZE')).slice(1))).toBeGreaterThanOrEqual(50);
});

test('slowlog-log-slower-than and slowlog-max-len', async () => {
  await ask('SLOWLOG', 'RESET');
  await set('slowlog-log-slower-than', '0');
  for (let i = 0; i < 20; i++) await ask('PING');
  expect(Number((await ask('SLOWLOG', 'LEN')).slice(1))).toBeGreaterThanOrEqual(20);
  await set('slowlog-max-len', '3');
  await ask('PING');
  expect(await ask('SLOWLOG', 'LEN')).toBe(':3\r\n');
  await set('slowlog-log-slower-than', '-1');
  await ask('SLOWLOG', 'RESET');
  await ask('PING');
  expect(await ask('SLOWLOG', 'LEN')).toBe(':0\r\n');
});

test('hz', async () => {
  await set('hz', '1');
  expect(await infoField(client, 'hz')).toBe('1');
  await set('hz', '500');
  expect(await infoField(client, 'hz')).toBe('500');
  await ask('SET', 'key', 'value', 'PX', '1');
  await until('the key to expire without being looked at', async () =>
    (await infoField(client, 'expired_keys')) === '1' ? true : undefined,
  );
});

test('loglevel', async () => {
  await set('loglevel', 'debug');
  const wrong = await server.connect();
  wrong.send(Buffer.from('*x\r\n'));
  await wrong.readUntilClose();
  await server.logged('Protocol error');
  await set('loglevel', 'warning');
  const count = server.log().length;
  const again = await server.connect();
  again.send(Buffer.from('*x\r\n'));
  await again.readUntilClose();
  expect(server.log().length).toBe(count);
});

test('proto-max-bulk-len', async () => {
  await set('proto-max-bulk-len', '1mb');
  const other = await server.connect();
  other.send(Buffer.from('*2\r\n$4\r\nECHO\r\n$1048577\r\n'));
  expect((await other.readUntilClose()).toString()).toBe(
    '-ERR Protocol error: invalid bulk length\r\n',
  );
  expect((await client.command('ECHO', 'x'.repeat(1_048_576))).payload).toHaveLength(1_048_576);
});

test('a change with one bad value changes nothing', async () => {
  expect(await ask('CONFIG', 'SET', 'timeout', '5', 'hz', 'often')).toContain("argument 'hz'");
  expect((await client.command('CONFIG', 'GET', 'timeout')).items?.[1].payload?.toString()).toBe(
    '0',
  );
});

test('what is fixed at the start stays', async () => {
  for (const name of ['unixsocket', 'tcp-backlog', 'logfile', 'pidfile', 'databases']) {
    expect(await ask('CONFIG', 'SET', name, '1')).toBe(
      `-ERR CONFIG SET failed (possibly related to argument '${name}') - can't set immutable config\r\n`,
    );
  }
});
