// Groups that would become too large to be read back: they end between two requests or transactions, and a
// transaction that is too large by itself is refused before it has changed anything.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { recover } from '../../../src/persistence/recovery/recovery.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { CommandStream } from '../../../src/replication/command-stream.ts';
import { encodeCommand } from '../../support/command-line.ts';
import { textOf } from '../../support/reply-frames.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { LogServer } from './log-server.ts';

const BOUNDS = { fullGroupBytes: 1000, maxTransactionBytes: 3000 };
const VALUE = 'v'.repeat(400);

let directory: { path: string; remove(): void };

beforeEach(() => {
  directory = temporaryDirectory();
  const { subscribe } = CommandStream.prototype;
  vi.spyOn(CommandStream.prototype, 'subscribe').mockImplementation(function bounded(
    this: CommandStream,
    ...args
  ) {
    this.bounds = BOUNDS;
    return subscribe.apply(this, args);
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  directory.remove();
});

async function groupsIn(path: string): Promise<number[]> {
  const log = LogDirectory.read(join(path, 'appendonlydir'), 'appendonly.aof');
  const sizes: number[] = [];
  await recover(log, {
    from: 0,
    loadTruncated: false,
    onGroup: ({ bytes }) => void sizes.push(bytes.length),
  });
  return sizes;
}

test.each(['always', 'everysec', 'no'])(
  'a pipeline becomes several groups, and a transaction one: %s',
  async (appendfsync) => {
    const server = await LogServer.start(directory.path, { appendfsync });
    const commands = [['SELECT', '3']];
    for (let i = 0; i < 20; i++) commands.push(['SET', `key:${i}`, VALUE]);
    commands.push(['MULTI'], ...commands.slice(1, 6), ['EXEC'], ['SET', 'last', VALUE]);
    server.client.send(Buffer.concat(commands.map((words) => encodeCommand(words))));
    await server.client.read(commands.length);
    const digest = await server.digest();
    const copy = server.copy();
    await server.stop();
    for (const path of [copy, directory.path]) {
      const sizes = await groupsIn(path);
      expect(sizes.length).toBeGreaterThan(6);
      expect(Math.max(...sizes)).toBeLessThan(BOUNDS.fullGroupBytes + BOUNDS.maxTransactionBytes);
      const manifest = join(path, 'appendonlydir', 'appendonly.aof.manifest');
      const checked = spawnSync('redis-check-aof', [manifest], { encoding: 'latin1' });
      if (checked.error === undefined) expect(checked.stdout).toContain('is valid');
      expect(await LogServer.digestIn(path)).toBe(digest);
    }
  },
);

test('a transaction that is too large is refused, and changes nothing', async () => {
  const server = await LogServer.start(directory.path);
  const run = async (name: string) => {
    await server.ask('MULTI');
    for (let i = 0; i < 10; i++) await server.ask('SET', `${name}:${i}`, VALUE);
    return textOf(await server.client.command('EXEC'));
  };
  expect(await run('a')).toMatch(/^EXECABORT .*too large for the append only file/);
  expect(await server.ask('DBSIZE')).toBe('0');
  expect(await server.ask('SET', 'b', '1')).toBe('OK');
  await server.ask('CONFIG', 'SET', 'appendonly', 'no');
  expect(await run('c')).not.toMatch(/EXECABORT/);
  expect(await server.ask('DBSIZE')).toBe('11');
  await server.stop();
});
