// Hashes whose fields expire, in a real process: they survive SIGKILL by the log and by a snapshot, and what has expired
// stays gone. In the background a million of them do.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { itemsOf, textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { byTier } from '../support/tier.ts';
import { Process } from './process.ts';

const LATER = 4_102_444_800_123;

let directory: { path: string; remove(): void };

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(async () => {
  await Process.killAll();
  directory.remove();
});

/** All that is there: the digest, and when the fields expire. */
async function contents(client: RawClient): Promise<string[]> {
  const found = [textOf(await client.command('DEBUG', 'DIGEST'))];
  for (const key of ['h', 'renamed', 'copied', 'large']) {
    const fields = ['a', 'b', 'c', 'd', 'soon', 'f0', 'f999'];
    const reply = await client.command('HPEXPIRETIME', key, 'FIELDS', '7', ...fields);
    found.push(itemsOf(reply).map(textOf).join(' '));
  }
  return found;
}

async function fill(client: RawClient): Promise<void> {
  const soon = String(Date.now() + 100);
  const large = Array.from({ length: 1000 }, (_, i) => [`f${i}`, `value ${i}`]).flat();
  for (const line of [
    ['HSET', 'h', 'a', '1', 'b', '2', 'c', '3', 'd', '4'],
    ['HPEXPIREAT', 'h', String(LATER), 'FIELDS', '2', 'a', 'b'],
    ['HEXPIRE', 'h', '100000', 'FIELDS', '1', 'c'],
    ['HPERSIST', 'h', 'FIELDS', '1', 'b'],
    ['HSETEX', 'h', 'PXAT', soon, 'FIELDS', '1', 'soon', 'x'],
    ['HINCRBYFLOAT', 'h', 'a', '0.5'],
    ['COPY', 'h', 'copied'],
    ['COPY', 'h', 'to rename'],
    ['RENAME', 'to rename', 'renamed'],
    ['HGETEX', 'renamed', 'EX', '5000', 'FIELDS', '2', 'd', 'a'],
    ['HSETEX', 'large', 'EX', '5000', 'FIELDS', '1000', ...large],
    ['HSET', 'large', 'f0', 'lasting'],
    ['HSETEX', 'gone', 'PXAT', soon, 'FIELDS', '2', 'x', '1', 'y', '2'],
  ]) {
    const reply = await client.command(...line);
    expect(reply.type, line.join(' ')).not.toBe('-');
  }
}

describe.each(['the log', 'a base of the log', 'both'])('by %s', (way) => {
  test('what was answered survives SIGKILL, and what has expired stays gone', async () => {
    const first = await Process.start(directory.path, ['--appendfsync', 'always']);
    const client = await RawClient.connect(first.port);
    await fill(client);
    if (way !== 'the log') {
      await client.command('BGREWRITEAOF');
      await expect
        .poll(async () => textOf(await client.command('INFO', 'persistence')), { timeout: 10_000 })
        .toMatch(/aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0\r\n/);
    }
    if (way === 'both') await client.command('HPEXPIREAT', 'h', '1', 'FIELDS', '1', 'd');
    await expect
      .poll(async () => textOf(await client.command('EXISTS', 'gone')), { timeout: 5000 })
      .toBe('0');
    const before = await contents(client);
    expect(before[1]).toMatch(/^\d+ -1 \d+ -[12] -2 -2 -2$/);
    await first.kill();
    await client.close();
    const second = await Process.start(directory.path);
    const again = await RawClient.connect(second.port);
    expect(await contents(again)).toEqual(before);
    expect(textOf(await again.command('EXISTS', 'gone'))).toBe('0');
    await again.close();
    await second.stop();
  });
});

test('a field that expires while the process is down is gone when it is back', async () => {
  const first = await Process.start(directory.path);
  const client = await RawClient.connect(first.port);
  const time = String(Date.now() + 300);
  await client.command('HSETEX', 'h', 'PXAT', time, 'FIELDS', '1', 'soon', 'x');
  await client.command('HSET', 'h', 'stays', '1');
  await client.close();
  await first.stop();
  await expect.poll(() => Date.now() > Number(time)).toBe(true);
  const second = await Process.start(directory.path);
  const again = await RawClient.connect(second.port);
  expect(textOf(await again.command('HEXISTS', 'h', 'soon'))).toBe('0');
  expect(textOf(await again.command('HLEN', 'h'))).toBe('1');
  await again.close();
  await second.stop();
});

test('very many fields expire in the background, and nobody waits', async () => {
  const count = byTier(50_000, 500_000);
  const server = await Process.start(directory.path, ['--appendonly', 'no']);
  const client = await RawClient.connect(server.port);
  const time = String(Date.now() + byTier(1000, 6000));
  for (let at = 0; at < count; at += 1000) {
    const fields = Array.from({ length: 1000 }, (_, i) => [`f${at + i}`, 'v']).flat();
    await client.command('HSETEX', 'h', 'PXAT', time, 'FIELDS', '1000', ...fields);
  }
  await expect
    .poll(async () => textOf(await client.command('EXISTS', 'h')), {
      timeout: 60_000,
      interval: 20,
    })
    .toBe('0');
  expect(Date.now()).toBeGreaterThanOrEqual(Number(time));
  await client.close();
  await server.stop();
}, 90_000);
