// MIGRATE with a log, and SIGKILL: what the other server has taken and was told to be moved is not
// here after the next start; everything else is.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { Process } from './process.ts';

let directory: { path: string; remove(): void };

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(async () => {
  await Process.killAll();
  directory.remove();
});

test.each(['always', 'everysec', 'no'])('appendfsync %s', async (fsync) => {
  const target = await startSynapServer();
  const port = String(target.port);
  const options = ['--appendfsync', fsync];
  let source = await Process.start(directory.path, options);
  let client = await RawClient.connect(source.port);
  const ask = async (...args: string[]) => textOf(await client.command(...args));
  const migrate = (...options: string[]) =>
    ask('MIGRATE', '127.0.0.1', port, '', '0', '5000', ...options);

  const other = await RawClient.connect(target.port);
  await other.command('SET', 'refused', 'there already');
  await ask('SELECT', '2');
  for (const key of ['moved', 'refused', 'copied', 'stays']) await ask('SET', key, 'v');
  const many = Array.from({ length: 3000 }, (_, i) => `key ${i}`);
  await ask('MSET', ...many.flatMap((key) => [key, 'v']));
  expect(await migrate('COPY', 'KEYS', 'copied')).toBe('OK');
  expect(await migrate('KEYS', 'moved', 'refused', 'missing')).toContain('BUSYKEY');
  expect(await migrate('KEYS', ...many)).toBe('OK');
  expect(await ask('SET', 'afterwards', 'v')).toBe('OK');

  await source.kill();
  await client.close();
  source = await Process.start(directory.path, options);
  client = await RawClient.connect(source.port);
  await ask('SELECT', '2');
  const { items } = await client.command('KEYS', '*');
  const keys = (items ?? []).map(textOf).sort();
  expect(keys).toEqual(['afterwards', 'copied', 'refused', 'stays']);
  expect(textOf(await other.command('DBSIZE'))).toBe('3003');
  await client.close();
  await other.close();
  await source.stop();
  await target.stop();
});

test('a server that ends while it waits for the other one keeps the keys', async () => {
  const source = await Process.start(directory.path);
  const silent = await startSynapServer();
  const other = await RawClient.connect(silent.port);
  await other.command('CLIENT', 'PAUSE', '60000', 'ALL');
  const client = await RawClient.connect(source.port);
  await client.command('SET', 'k', 'v');
  const port = String(silent.port);
  client.sendCommand(['MIGRATE', '127.0.0.1', port, 'k', '0', '60000']);
  const observer = await RawClient.connect(source.port);
  while (!textOf(await observer.command('INFO', 'clients')).includes('blocked_clients:1')) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await source.stop();
  const again = await Process.start(directory.path);
  const reader = await RawClient.connect(again.port);
  expect(textOf(await reader.command('GET', 'k'))).toBe('v');
  for (const one of [other, client, observer, reader]) await one.close();
  await again.stop();
  await silent.stop();
});
