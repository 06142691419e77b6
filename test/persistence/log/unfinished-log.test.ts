// The log switched on, in a process that is killed at any step of that: until it is complete nobody depends on it,
// and what is left of it never hides the data of the snapshot or of the log before it.
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { realFileSystem } from '../../../src/persistence/segments/file-system.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { isFullTier } from '../../support/tier.ts';
import { inspected } from '../check/log-with-bases.ts';
import { holdFiles } from './held-snapshots.ts';
import { LogServer } from './log-server.ts';
import { LogServers } from './log-servers.ts';

const LOG = 'appendonlydir';
const MANIFEST = 'appendonly.aof.manifest';
const switchOn = ['CONFIG', 'SET', 'appendonly', 'yes'];
const switchOff = ['CONFIG', 'SET', 'appendonly', 'no'];

let servers: LogServers;
let path: string;

beforeEach(() => {
  servers = new LogServers();
  path = servers.path;
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Copies the directory behind everything that changes it from now on. */
function copies(): string[] {
  const found: string[] = [];
  let last = '';
  const copy = () => {
    const names = readdirSync(path, { recursive: true }).sort();
    const now = names.map((name) => `${name} ${statSync(join(path, String(name))).size}`).join();
    if (now === last) return;
    last = now;
    const target = mkdtempSync(join(servers.root, 'killed-'));
    cpSync(path, target, { recursive: true });
    found.push(target);
  };
  for (const name of ['open', 'append', 'rename', 'unlink', 'makeDirectory'] as const) {
    const act = realFileSystem[name] as (...args: unknown[]) => unknown;
    vi.spyOn(realFileSystem, name).mockImplementation((...args: unknown[]) => {
      const result = act(...args);
      copy();
      return result as never;
    });
  }
  return found;
}

/** All of them, or in reduced rounds every second one, and the last. */
function someOf(found: readonly string[]): readonly string[] {
  return found.filter((_, i) => isFullTier || i % 2 === 0 || i === found.length - 1);
}

/** How many keys a start has, and that it goes on with them. */
async function keysIn(directory: string): Promise<string> {
  const server = await LogServer.start(directory);
  const keys = await server.ask('DBSIZE');
  await server.ask('SET', 'later', '1');
  expect(server.files.filter((name) => name.endsWith('.beginning'))).toEqual([]);
  await server.stop();
  const again = await LogServer.start(directory);
  expect(await again.ask('DBSIZE')).toBe(String(Number(keys) + 1));
  await again.stop();
  return keys;
}

describe.each([
  { hasOlder: false, kept: '1' },
  { hasOlder: true, kept: '2' },
])('with an older log: $hasOlder', ({ hasOlder, kept }) => {
  /** One with less than all on disk. */
  async function startServer(): Promise<LogServer> {
    const server = await LogServer.start(path, { appendonly: hasOlder ? 'yes' : 'no' });
    await server.ask('SET', 'saved', '1');
    await server.ask('SAVE');
    if (hasOlder) await server.ask('SET', 'logged', '1');
    if (hasOlder) await server.ask(...switchOff);
    await server.ask('SET', 'unsaved', '1');
    await server.ask('SET', 'unsaved too', '1');
    return server;
  }

  test.each(['as it is', 'repaired'])(
    'the next start has what is on disk, or all: %s',
    async (how) => {
      const server = await startServer();
      const held = holdFiles();
      const found = copies();
      const other = await server.connect();
      const switching = server.ask(...switchOn);
      while (held.count === 0) await other.command('PING');
      await other.command('SET', 'meanwhile', '1');
      held.release();
      expect(await switching).toBe('OK');
      vi.restoreAllMocks();
      const all = await server.ask('DBSIZE');
      await server.stop();
      expect(found.length).toBeGreaterThan(5);
      const outcomes: string[] = [];
      for (const directory of someOf(found)) {
        const log = join(directory, LOG);
        const manifest = join(log, MANIFEST);
        const hasManifest = existsSync(manifest);
        if (how === 'repaired' && existsSync(log)) await inspected(log, true);
        expect(existsSync(manifest)).toBe(hasManifest);
        outcomes.push(await keysIn(directory));
      }
      expect([...new Set(outcomes)]).toEqual([kept, all]);
    },
    60_000,
  );

  test('one whose files cannot be removed keeps the log from nobody', async () => {
    const server = await startServer();
    const held = holdFiles();
    const other = await server.connect();
    const switching = server.ask(...switchOn);
    while (held.count === 0) await other.command('PING');
    const stuck = vi.spyOn(realFileSystem, 'unlink').mockImplementation(() => {
      throw new Error('nothing can be deleted');
    });
    held.fail(new Error('the disk is gone'));
    expect(await switching).toContain('Unable to turn on AOF');
    stuck.mockRestore();
    vi.restoreAllMocks();
    expect(await server.ask(...switchOn)).toBe('OK');
    const all = await server.ask('DBSIZE');
    await server.stop();
    expect(await keysIn(path)).toBe(all);
  });

  test('another attempt, and one that fails, leave the same', async () => {
    const server = await startServer();
    const held = holdFiles();
    const other = await server.connect();
    const switching = server.ask(...switchOn);
    while (held.count === 0) await other.command('PING');
    await other.command('SET', 'meanwhile', '1');
    const killed = server.copy();
    held.fail(new Error('the disk is gone'));
    expect(await switching).toContain('Unable to turn on AOF');
    expect(readdirSync(join(path, LOG))).not.toContain('.appendonly.aof.beginning');
    vi.restoreAllMocks();
    await server.stop();
    expect(await keysIn(path)).toBe(kept);
    // Without a log it has other data, and gets a log at last.
    const second = await LogServer.start(killed, { appendonly: 'no' });
    expect(await second.ask('DBSIZE')).toBe('1');
    await second.ask('SET', 'second', '1');
    expect(await second.ask(...switchOn)).toBe('OK');
    expect(second.files.filter((name) => name !== MANIFEST)).toHaveLength(2);
    await second.stop();
    expect(await keysIn(killed)).toBe('2');
  });
});

test('a rewrite without a log that is killed leaves nothing that hides the snapshot', async () => {
  const server = await LogServer.start(path, { appendonly: 'no' });
  await server.ask('SET', 'saved', '1');
  await server.ask('SAVE');
  await server.ask('SET', 'unsaved', '1');
  const found = copies();
  await server.rewrite();
  vi.restoreAllMocks();
  await server.stop();
  const outcomes: string[] = [];
  for (const directory of someOf(found)) {
    const log = join(directory, LOG);
    const hasManifest = existsSync(join(log, MANIFEST));
    if (existsSync(log)) await inspected(log, true);
    expect(existsSync(join(log, MANIFEST))).toBe(hasManifest);
    outcomes.push(await keysIn(directory));
  }
  expect([...new Set(outcomes)]).toEqual(['1', '2']);
});

test('files of which the manifest is lost stay, and are found again', async () => {
  const server = await LogServer.start(path);
  await server.ask('SET', 'a', '1');
  await server.ask('SET', 'b', '1');
  await server.ask(...switchOff);
  await server.stop();
  rmSync(join(path, LOG, MANIFEST));
  const without = await LogServer.start(path, { appendonly: 'no' });
  const held = holdFiles();
  const other = await without.connect();
  const switching = without.ask(...switchOn);
  while (held.count === 0) await other.command('PING');
  await other.command('SET', 'meanwhile', '1');
  const killed = without.copy();
  held.release();
  expect(await switching).toBe('OK');
  vi.restoreAllMocks();
  await without.stop();
  await expect(LogServer.start(killed)).rejects.toThrow('no manifest');
  await inspected(join(killed, LOG), true);
  expect(await keysIn(killed)).toBe('2');
});

test('a mark beside a manifest that names everything takes nothing away', async () => {
  const server = await LogServer.start(path);
  await server.ask('SET', 'a', '1');
  await server.rewrite();
  await server.stop();
  const log = join(path, LOG);
  writeFileSync(join(log, '.appendonly.aof.beginning'), '0\n');
  expect(LogDirectory.read(log, 'appendonly.aof').unfinishedHistory()).toEqual([]);
  expect(await keysIn(path)).toBe('1');
});
