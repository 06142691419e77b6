// A large argument that becomes the value of a key stays where it was received: no block is taken for a copy.
// What it leaves in the log makes the same value.
import { afterEach, expect, test, vi } from 'vitest';
import { startServer } from '../../../src/index.ts';
import { LARGE_BYTES } from '../../../src/memory/large-memory.ts';
import { OverflowBlocks } from '../../../src/memory/overflow-blocks.ts';
import { LogServer } from '../../persistence/log/log-server.ts';
import { LogServers } from '../../persistence/log/log-servers.ts';
import { ownDirectory } from '../../support/own-directory.ts';
import { RawClient } from '../../support/raw-client.ts';
import { textOf } from '../../support/reply-frames.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  ['SET', 'k'],
  ['SETNX', 'k'],
  ['GETSET', 'k'],
  ['MSET', 'k'],
  ['APPEND', 'k'],
  ['SETRANGE', 'k', '0'],
])('%s', async (...words) => {
  const server = await startServer({
    port: 0,
    dir: ownDirectory(),
    save: '',
    logfile: '/dev/null',
  });
  try {
    const client = await RawClient.connect(server.port);
    const value = Buffer.alloc(2 * LARGE_BYTES, 'value ');
    const allocate = vi.spyOn(OverflowBlocks.prototype, 'allocate');
    await client.command(...words, value);
    const copies = allocate.mock.calls.filter(([bytes]) => bytes >= value.length);
    expect(copies).toEqual([]);
    expect(textOf(await client.command('STRLEN', 'k'))).toBe(String(value.length));
    expect(textOf(await client.command('GETRANGE', 'k', '-6', '-1'))).toBe(
      value.toString('latin1').slice(-6),
    );
    // Copied once, into room that the value has beside it.
    expect(textOf(await client.command('APPEND', 'k', value))).toBe(String(2 * value.length));
    expect(textOf(await client.command('SETRANGE', 'k', '6', value))).toBe(
      String(2 * value.length),
    );
    expect(textOf(await client.command('GETRANGE', 'k', '0', '11'))).toBe('value value ');
    expect(allocate.mock.calls.filter(([bytes]) => bytes >= value.length)).toEqual([]);
    await client.close();
  } finally {
    await server.close();
  }
});

test('is the same when the log is loaded', async () => {
  const server = await new LogServers().start();
  const bytes = (length: number, text: string) => Buffer.alloc(length, text);
  for (const args of [
    ['SET', 'short', 'v'],
    ['APPEND', 'short', bytes(3 * LARGE_BYTES, 'abc')],
    ['APPEND', 'short', bytes(300_000, 'd')],
    ['SETRANGE', 'short', '5', bytes(2 * LARGE_BYTES, 'ef')],
    ['SETRANGE', 'new', '0', bytes(2 * LARGE_BYTES, 'g')],
    ['SETRANGE', 'new', '7', bytes(LARGE_BYTES + 1, 'h')],
    ['MULTI'],
    ['APPEND', 'queued', bytes(2 * LARGE_BYTES, 'i')],
    ['APPEND', 'queued', bytes(2 * LARGE_BYTES, 'j')],
    ['SETRANGE', 'queued', '100', bytes(100_000, 'k')],
    ['EXEC'],
  ]) {
    await server.client.command(...args);
  }
  expect(await LogServer.digestIn(server.copy())).toBe(await server.digest());
  expect(await server.ask('STRLEN', 'queued')).toBe(String(4 * LARGE_BYTES));
});
