// The example of events, as its users run it: producers, and a group of consumers of which one
// crashes and one is told to end.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { partitionFor, partitionsOf } from '../../examples/events/topic.mjs';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

const PARTITIONS = 3;
const PATIENCE_MS = 20_000;
const TOPIC = ['--topic', 'orders', '--partitions', String(PARTITIONS)];

let server: RunningServer;
let redis: Redis;
const programs: ChildProcess[] = [];

beforeAll(async () => {
  server = await startSynapServer();
  redis = new Redis({ port: server.port, host: '127.0.0.1' });
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

beforeEach(() => redis.flushall());

afterEach(() => {
  for (const program of programs.splice(0)) program.kill('SIGKILL');
});

/** Runs one of the two programs; `lines` grows by what it prints. */
function run(program: 'producer' | 'consumer', ...args: string[]) {
  const child = spawn(
    process.execPath,
    [
      `examples/events/${program}.mjs`,
      '--url',
      `redis://127.0.0.1:${server.port}`,
      ...TOPIC,
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  programs.push(child);
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal);
  const lines: string[] = [];
  const faults: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => faults.push(text));
  return { child, ended, lines, faults };
}

async function produce(count: number) {
  const producer = run('producer', '--count', String(count), '--per-second', 'Infinity');
  expect([await producer.ended, producer.faults]).toEqual([0, []]);
  expect(producer.lines).toHaveLength(count);
  return producer.lines;
}

/** Waits until a program has printed more than so many lines. */
function untilPrinted({ lines, faults }: ReturnType<typeof run>, count: number) {
  return vi.waitFor(() => {
    expect(faults).toEqual([]);
    expect(lines.length).toBeGreaterThan(count);
  }, PATIENCE_MS);
}

async function pendingOf(group: string) {
  const replies = partitionsOf('orders', PARTITIONS).map((key) => redis.xpending(key, group));
  return (await Promise.all(replies)).reduce<number>((sum, [count]) => sum + Number(count), 0);
}

test('a key always has the same partition, and keys have all of them', () => {
  expect(partitionsOf('orders', 3)).toEqual(['orders:{0}', 'orders:{1}', 'orders:{2}']);
  const chosen = Array.from({ length: 100 }, (_, n) => partitionFor('orders', `customer-${n}`, 3));
  expect(new Set(chosen)).toEqual(new Set(partitionsOf('orders', 3)));
  // FNV-1a of "foobar" is 0xbf9cf968.
  expect(partitionFor('orders', 'foobar', 1000)).toBe(`orders:{${0xbf9cf968 % 1000}}`);
});

test('a group handles every event, also those that a crashed consumer had', async () => {
  const events = await produce(200);
  const crashing = run('consumer', '--group', 'g', '--name', 'a', '--work-ms', '20');
  await untilPrinted(crashing, 2);
  crashing.child.kill('SIGKILL');
  await crashing.ended;
  expect(await pendingOf('g')).toBeGreaterThan(0);

  const other = run('consumer', '--group', 'g', '--name', 'b', '--idle-ms', '200');
  await vi.waitFor(() => {
    const handled = new Set([...crashing.lines, ...other.lines]);
    expect([...handled].sort()).toEqual([...events].sort());
  }, PATIENCE_MS);
  other.child.kill('SIGTERM');
  expect([await other.ended, other.faults]).toEqual([0, []]);
  expect(await pendingOf('g')).toBe(0);
}, 60_000);

test('a consumer that is back finishes what it had first, and one that takes partitions has these alone', async () => {
  const events = await produce(60);
  const first = run('consumer', '--group', 'g', '--name', 'a', '--work-ms', '20', '--take', '0,2');
  await untilPrinted(first, 0);
  first.child.kill('SIGKILL');
  await first.ended;

  const again = run('consumer', '--group', 'g', '--name', 'a', '--take', '0,2');
  const expected = events.filter((line) => !line.startsWith('orders:{1}'));
  await vi.waitFor(() => {
    expect([...new Set([...first.lines, ...again.lines])].sort()).toEqual(expected.sort());
  }, PATIENCE_MS);
  again.child.kill('SIGINT');
  expect([await again.ended, again.faults]).toEqual([0, []]);
}, 60_000);

test('a consumer that is told to end leaves nothing half done', async () => {
  await produce(100);
  const consumer = run('consumer', '--group', 'g', '--name', 'a', '--work-ms', '5');
  await untilPrinted(consumer, 0);
  consumer.child.kill('SIGTERM');
  expect(await consumer.ended).toBe(0);
  expect(await pendingOf('g')).toBe(0);
  expect(consumer.lines.length).toBeLessThan(100);
}, 60_000);
