// Memory that is not needed any more goes back to the system: what the program takes, as the kernel tells it,
// gets back to what it was before, whatever took it meanwhile. How long that takes is not asked here.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { variantsByTier } from '../support/tier.ts';
import { Program } from './program.ts';

const MIB = 1024 * 1024;
/** So much of what it was before is allowed. */
const LIMIT = 1.25;
const PATIENCE_MS = 60_000;
const POLL_MS = 200;
const KEYS = 200_000;
const BATCH = 1000;

let program: Program;
let client: RawClient;

beforeEach(async () => {
  program = await Program.start((port) => [
    ...['--port', String(port), '--bind', '127.0.0.1', '--save', ''],
  ]);
  client = await program.connect();
});

afterEach(async () => {
  await client.close();
  await program.dispose();
});

/** Resident memory of the program, in bytes. */
function resident(): number {
  const status = readFileSync(`/proc/${program.child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

async function info(field: string): Promise<number> {
  const text = textOf(await client.command('INFO', 'memory'));
  return Number(new RegExp(`^${field}:(.*)\r$`, 'm').exec(text)?.[1]);
}

async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + PATIENCE_MS - 5000;
  while (!(await isTrue())) {
    if (Date.now() > deadlineMs) throw new Error(`it did not become true: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** `name:0` to `name:199999`, in some 30 MiB. */
async function fill(name: string): Promise<void> {
  const before = resident();
  for (let first = 0; first < KEYS; first += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, k) => {
      const key = `${name}:${first + k}`;
      return `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$100\r\n${key.padEnd(100, '.')}\r\n`;
    });
    client.send(Buffer.from(batch.join('')), `${BATCH} times SET`);
    await client.read(BATCH);
  }
  expect(resident()).toBeGreaterThan(before + 20 * MIB);
}

describe.runIf(process.platform === 'linux')('on Linux, resident memory is what it was', () => {
  const options = { timeout: PATIENCE_MS };

  test('at once after MEMORY PURGE', options, async () => {
    const before = resident();
    await fill('key');
    await client.command('FLUSHALL', 'SYNC');
    expect(textOf(await client.command('MEMORY', 'PURGE'))).toBe('OK');
    expect(resident()).toBeLessThanOrEqual(LIMIT * before);
    expect(await info('arena_reserved')).toBe(0);
    expect(await info('allocator_resident')).toBe(await info('allocator_allocated'));
    expect(await info('allocator_allocated')).toBe(await info('used_memory_startup'));
  });

  const flushes = variantsByTier(['FLUSHALL SYNC', 'FLUSHALL ASYNC', 'FLUSHDB']);

  test.each(flushes)('by itself after %s', options, async (command) => {
    const before = resident();
    await fill('key');
    await client.command(...command.split(' '));
    await eventually(() => resident() <= LIMIT * before);
    await eventually(async () => (await info('arena_reserved')) === 0);
  });

  test('by itself after clients that did not read are gone', options, async () => {
    const before = resident();
    await client.command('SET', 'large', 'x'.repeat(100_000));
    const readers = Array.from({ length: 40 }, () => {
      const reader = connect(program.port, '127.0.0.1');
      reader.pause();
      reader.write('GET large\r\n'.repeat(60));
      return reader;
    });
    await eventually(() => resident() > before + 60 * MIB);
    for (const reader of readers) reader.destroy();
    await eventually(() => resident() <= LIMIT * before);
  });

  test('keys that are left over stay what they are', options, async () => {
    await fill('key');
    const kept = Array.from({ length: 20 }, (_, i) => `kept:${i}`);
    for (const [i, key] of kept.entries()) await client.command('RENAME', `key:${i * 10_000}`, key);
    for (let first = 0; first < KEYS; first += BATCH) {
      const keys = Array.from({ length: BATCH }, (_, k) => `key:${first + k}`);
      await client.command('DEL', ...keys);
    }
    await client.command('MEMORY', 'PURGE');
    await fill('other');
    expect(textOf(await client.command('DBSIZE'))).toBe(String(KEYS + kept.length));
    for (const [i, key] of kept.entries()) {
      const value = `key:${i * 10_000}`.padEnd(100, '.');
      expect(textOf(await client.command('GET', key))).toBe(value);
    }
  });
});
