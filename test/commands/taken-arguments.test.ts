// A large argument that becomes the value of a key stays where it was received: no block is taken for a copy.
import { afterEach, expect, test, vi } from 'vitest';
import { startServer } from '../../src/index.ts';
import { ExternalBlocks } from '../../src/memory/external.ts';
import { LARGE_BYTES } from '../../src/memory/large-memory.ts';
import { ownDirectory } from '../support/own-directory.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';

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
    const allocate = vi.spyOn(ExternalBlocks.prototype, 'allocate');
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
