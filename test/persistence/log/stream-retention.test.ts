// Rules of streams (XRETAIN) beside a log: entries go in the background, the log has that as what was done, and the rule
// comes back from it, from its base and from a snapshot.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { encodeCommand } from '../../support/command-line.ts';
import { textOf } from '../../support/reply-frames.ts';
import { until } from '../../support/until.ts';
import type { LogServer } from './log-server.ts';
import { LogServers } from './log-servers.ts';

let servers: LogServers;

beforeEach(() => {
  servers = new LogServers();
});

async function fill(server: LogServer, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await server.ask('XADD', 's', '*', 'f', 'v');
}

async function rule(server: LogServer): Promise<(string | undefined)[]> {
  const { items } = await server.client.command('XRETAIN', 's', 'GET');
  return (items ?? []).map(({ payload }) => payload?.toString());
}

const RULE = ['maxlen', '30', 'keep', 'unread'];

test('what was trimmed is in the log, and the rule is kept', async () => {
  let server = await servers.start();
  await fill(server, 50);
  await server.ask('XRETAIN', 's', 'MAXLEN', '30', 'KEEP', 'UNREAD');
  await until(async () => (await server.ask('XLEN', 's')) === '30');
  const digest = await server.digest();
  expect(Number(await server.field('stream_retention_trimmed'))).toBe(20);
  await servers.stop();
  const folder = join(servers.path, 'appendonlydir');
  const [log] = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'));
  const words = readFileSync(join(folder, log), 'latin1').split('\r\n');
  const at = words.indexOf('XTRIM');
  expect(words.slice(at, at + 9).filter((_, i) => i % 2 === 0)).toEqual([
    ...['XTRIM', 's', 'MAXLEN', '=', '30'],
  ]);

  server = await servers.start();
  expect(await server.digest()).toBe(digest);
  expect(await rule(server)).toEqual(RULE);
  await server.ask('BGREWRITEAOF');
  await server.rewritten(1);
  await servers.stop();

  server = await servers.start();
  expect(await server.digest()).toBe(digest);
  expect(await rule(server)).toEqual(RULE);
  await fill(server, 5);
  await until(async () => (await server.ask('XLEN', 's')) === '30');
  await server.ask('XRETAIN', 's', 'NONE');
  await servers.stop();

  server = await servers.start();
  expect(await rule(server)).toEqual([]);
});

test('entries that lie in files go, too', async () => {
  let server = await servers.start();
  await server.ask('XADD', 's', '0-1', 'f', 'v');
  await server.ask('XTIER', 's', 'HOT', '500');
  const commands = Array.from({ length: 10_000 }, (_, i) =>
    encodeCommand(['XADD', 's', `${i + 1}-0`, 'f', 'long '.repeat(10)]),
  );
  server.client.send(Buffer.concat(commands));
  await server.client.read(commands.length);
  const cold = async () => {
    const { items } = await server.client.command('XTIER', 's', 'GET');
    return Number(textOf((items ?? [])[7]));
  };
  await until(async () => (await cold()) > 5000);
  await server.ask('XRETAIN', 's', 'MAXLEN', '7000');
  await until(async () => (await server.ask('XLEN', 's')) === '7000');
  await server.ask('XRETAIN', 's', 'MAXBYTES', '100000');
  await until(async () => Number(await server.ask('XLEN', 's')) < 2000);
  await until(async () => (await cold()) < 2000);
  const digest = await server.digest();
  await servers.stop();
  server = await servers.start();
  expect(await server.digest()).toBe(digest);
});

test('a snapshot has the rule', async () => {
  let server = await servers.start({ appendonly: 'no' });
  await fill(server, 30);
  await server.ask('XRETAIN', 's', 'MAXLEN', '30', 'KEEP', 'UNREAD');
  await server.ask('SAVE');
  await servers.stop();
  server = await servers.start({ appendonly: 'no' });
  expect(await rule(server)).toEqual(RULE);
  await fill(server, 5);
  await until(async () => (await server.ask('XLEN', 's')) === '30');
});
