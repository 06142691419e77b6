// What the server's own commands do inside, where replies do not show it.
import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type SynapServer, startServer } from '../../../src/index.ts';
import { RawClient } from '../../support/raw-client.ts';
import { itemsOf, textOf } from '../../support/reply-frames.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { until } from '../../support/until.ts';

const directory = temporaryDirectory();
let server: SynapServer;
let client: RawClient;

beforeAll(async () => {
  server = await startServer({
    port: 0,
    dir: directory.path,
    save: '',
    requirepass: '',
    'enable-debug-command': 'yes',
  });
  client = await RawClient.connect(server.port);
});

afterAll(async () => {
  await client.close();
  await server.close();
  directory.remove();
});

beforeEach(() => client.command('FLUSHALL', 'SYNC'));

async function ask(...args: string[]): Promise<string> {
  return textOf(await client.command(...args));
}

/** A number of INFO. */
async function info(field: string): Promise<number> {
  const line = new RegExp(`^${field}:([\\d.]+)`, 'm').exec(await ask('INFO', 'everything'));
  return Number(line?.[1]);
}

test('FLUSHALL SYNC has given the memory back when it answers', async () => {
  await ask('DEBUG', 'POPULATE', '50000');
  const lazyFreed = await info('lazyfreed_objects');
  expect(await info('arena_used')).toBeGreaterThan(50_000 * 30);
  await ask('FLUSHALL', 'SYNC');
  expect(await info('arena_used')).toBe(0);
  expect(await info('lazyfree_pending_objects')).toBe(0);
  expect(await info('lazyfreed_objects')).toBe(lazyFreed);
});

test('FLUSHALL ASYNC answers at once and gives it back in the background', async () => {
  await ask('DEBUG', 'POPULATE', '50000');
  const lazyFreed = await info('lazyfreed_objects');
  // In one write, so that nothing comes in between.
  client.send(Buffer.from('FLUSHALL ASYNC\r\nDBSIZE\r\nINFO memory\r\n'));
  const { replies } = await client.read(3);
  const [, size, memory] = replies.map((reply) => textOf(reply));
  expect(size).toBe('0');
  expect(memory).toContain('lazyfree_pending_objects:50000');
  await until(async () => (await info('lazyfree_pending_objects')) === 0);
  expect(await info('lazyfreed_objects')).toBe(lazyFreed + 50_000);
  expect(await info('arena_used')).toBe(0);
});

test('lazyfree-lazy-user-flush decides what FLUSHDB does by itself', async () => {
  const freedBy = async (lazy: string): Promise<number> => {
    await ask('CONFIG', 'SET', 'lazyfree-lazy-user-flush', lazy);
    await ask('DEBUG', 'POPULATE', '100');
    const before = await info('lazyfreed_objects');
    await ask('FLUSHDB');
    await until(async () => (await info('lazyfree_pending_objects')) === 0);
    return (await info('lazyfreed_objects')) - before;
  };
  expect(await freedBy('yes')).toBe(100);
  expect(await freedBy('no')).toBe(0);
});

test('MEMORY USAGE grows with the key, the value and the expiry', async () => {
  const usage = async (key: string): Promise<number> => Number(await ask('MEMORY', 'USAGE', key));
  await ask('SET', 'k', 'v');
  const small = await usage('k');
  expect(small).toBeGreaterThanOrEqual(12 + 4 + 2 + 8);
  expect(small).toBeLessThan(64);
  await ask('PEXPIRE', 'k', '100000');
  expect(await usage('k')).toBeGreaterThanOrEqual(small + 12);
  await ask('SET', 'k', 'v'.repeat(1000));
  const large = await usage('k');
  expect(large).toBeGreaterThan(1000);
  expect(large).toBeLessThan(1000 * 1.25);
  await ask('SET', 'k', 'v'.repeat(200_000));
  expect(await usage('k')).toBeGreaterThan(200_000);
});

test('INFO tells what the memory is used for', async () => {
  expect(await info('used_memory_dataset')).toBe(0);
  await ask('DEBUG', 'POPULATE', '1000', 'key', '100');
  const [used, overhead, dataset] = [
    await info('used_memory'),
    await info('used_memory_overhead'),
    await info('used_memory_dataset'),
  ];
  expect(dataset).toBeGreaterThanOrEqual(100_000);
  expect(used).toBe(overhead + dataset);
  expect(await info('used_memory_peak')).toBeGreaterThanOrEqual(used);
  await ask('FLUSHALL', 'SYNC');
  expect(await info('used_memory_peak')).toBeGreaterThanOrEqual(used);
});

test('expired keys that are still there show as stale', async () => {
  await ask('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
  await ask('SET', 'lasting', 'v', 'EX', '1000');
  expect(await info('expired_stale_perc')).toBe(0);
  for (let i = 0; i < 9; i++) await ask('SET', `k${i}`, 'v', 'PX', '1');
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await info('expired_stale_perc')).toBeGreaterThan(50);
  await ask('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
  await until(async () => (await info('expired_stale_perc')) === 0);
  expect(await ask('DBSIZE')).toBe('1');
});

test('DEBUG SLEEP stands still, and LATENCY sees it', async () => {
  await ask('CONFIG', 'SET', 'latency-monitor-threshold', '10');
  await ask('DEBUG', 'SLEEP', '0.03');
  const [event] = itemsOf(await client.command('LATENCY', 'LATEST'));
  const [name, , latencyMs] = itemsOf(event).map(textOf);
  expect(name).toBe('command');
  expect(Number(latencyMs)).toBeGreaterThanOrEqual(29);
  await ask('CONFIG', 'SET', 'latency-monitor-threshold', '0');
});

test('DEBUG JMAP writes a heap snapshot into the data directory', async () => {
  // It is of the whole process that runs the tests, and takes its time.
  const patient = await RawClient.connect(server.port, 25_000);
  const path = textOf(await patient.command('DEBUG', 'JMAP'));
  await patient.close();
  expect(dirname(path)).toBe(directory.path);
  expect(readFileSync(path, 'latin1').slice(0, 100)).toMatch(/^\{"snapshot":\{"meta":/);
  rmSync(path);
});

test('secrets appear in no slow log', async () => {
  await ask('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
  await ask('CONFIG', 'SET', 'hz', '10', 'masterauth', 'hidden');
  await ask('AUTH', 'hidden');
  await ask('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
  const entries = itemsOf(await client.command('SLOWLOG', 'GET', '2'));
  expect(entries.map((entry) => itemsOf(itemsOf(entry)[3]).map(textOf))).toEqual([
    ['AUTH', '(redacted)'],
    ['CONFIG', 'SET', 'hz', '10', 'masterauth', '(redacted)'],
  ]);
});
