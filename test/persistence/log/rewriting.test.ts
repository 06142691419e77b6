// Rewrites of the log while the server runs: the data that a start finds afterwards, the generations that
// are kept, and what goes wrong on the way.
import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LogKeeper } from '../../../src/persistence/log/log-keeper.ts';
import { isMissing, realFileSystem } from '../../../src/persistence/segments/file-system.ts';
import { LogDirectory } from '../../../src/persistence/segments/log-directory.ts';
import { SnapshotFile } from '../../../src/persistence/snapshots/snapshot-file.ts';
import { encodeCommand } from '../../support/command-line.ts';
import { Random } from '../../support/random.ts';
import type { RawClient } from '../../support/raw-client.ts';
import { itemsOf, textOf } from '../../support/reply-frames.ts';
import { holdFiles, holdFirstSlices } from './held-snapshots.ts';
import { LogServer } from './log-server.ts';
import { LogServers } from './log-servers.ts';
import { moveClock, resetClock } from './moved-clock.ts';

let path: string;

beforeEach(() => {
  path = new LogServers().path;
});

afterEach(() => {
  resetClock();
});

const folder = () => join(path, 'appendonlydir');

/** A random command that changes something, mostly. */
function randomWrite(random: Random): string[] {
  const key = `k${random.integer(0, 300)}`;
  const other = `k${random.integer(0, 300)}`;
  const value = 'v'.repeat(random.integer(0, 200));
  const far = String(random.integer(1_000_000, 9_000_000));
  return random.pick([
    ['SET', key, value],
    ['SET', key, value, 'PX', random.pick(['1', far])],
    ['APPEND', key, value],
    ['INCR', `n${key}`],
    ['RPUSH', `l${key}`, value, other],
    ['LPOP', `l${key}`, '2'],
    ['LMOVE', `l${key}`, `l${other}`, 'LEFT', 'RIGHT'],
    ['DEL', key, other],
    ['RENAME', key, other],
    ['COPY', key, other, 'DB', '5', 'REPLACE'],
    ['PEXPIRE', key, far],
    ['PERSIST', key],
    ['GETEX', key, 'EX', far],
    ['SELECT', random.pick(['0', '3', '5'])],
    ['SWAPDB', '3', '5'],
    ...(random.chance(0.02) ? [['FLUSHDB', random.pick(['SYNC', 'ASYNC'])]] : []),
  ]);
}

async function writeMuch(client: RawClient, random: Random, count: number): Promise<void> {
  const commands = Array.from({ length: count }, () => randomWrite(random));
  client.send(Buffer.concat(commands.map((command) => encodeCommand(command))));
  await client.read(count);
}

for (const options of [{}, { 'snapshot-compression': 'yes' }]) {
  test(`writes meanwhile are in the log: ${JSON.stringify(options)}`, async () => {
    const random = new Random(Object.keys(options).length);
    const server = await LogServer.start(path, { ...options, 'snapshot-max-count': '2' });
    const writer = await server.connect();
    // One database that FLUSHDB may empty, and one that it does not: every rewrite takes a while.
    for (const database of ['0', '7']) {
      await server.ask('SELECT', database);
      await server.ask('DEBUG', 'POPULATE', '15000', 'much', '60');
    }
    for (let round = 1; round <= 4; round++) {
      await writeMuch(writer, random, 500);
      expect(await server.ask('BGREWRITEAOF')).toMatch('started');
      let during = 0;
      while ((await server.field('aof_rewrite_in_progress')) === '1') {
        await writeMuch(writer, random, 100);
        during++;
      }
      expect(during).toBeGreaterThan(2);
      expect(await server.field('aof_last_bgrewrite_status')).toBe('ok');
      await writeMuch(writer, random, 100);
    }
    expect(await server.field('log_generations')).toBe('2');
    // One base for each generation, and one increment for each; nothing else is left.
    const suffix = options['snapshot-compression'] === 'yes' ? 'rdb.lz4' : 'rdb';
    expect(server.files).toEqual([
      ...[`appendonly.aof.3.base.${suffix}`, `appendonly.aof.4.base.${suffix}`],
      ...['appendonly.aof.4.incr.aof', 'appendonly.aof.5.incr.aof', 'appendonly.aof.manifest'],
    ]);
    const digest = await server.digest();
    const [id, offset] = [await server.field('master_replid'), await server.field('log_offset')];
    const copy = server.copy();
    await server.stop();
    const again = await LogServer.start(copy, options);
    expect(await again.digest()).toBe(digest);
    expect(await again.field('master_replid')).toBe(id);
    const loadedTo = await again.field('master_repl_offset');
    expect(Number(loadedTo)).toBeGreaterThanOrEqual(Number(offset));
    // Failover tools compare servers by ROLE as well as by INFO.
    const [, offsetOfRole] = itemsOf(await again.client.command('ROLE'));
    // What expires meanwhile is in the log, too.
    expect(Number(textOf(offsetOfRole))).toBeGreaterThanOrEqual(Number(loadedTo));
    const afterwards = Number(await again.field('master_repl_offset'));
    expect(Number(textOf(offsetOfRole))).toBeLessThanOrEqual(afterwards);
    await again.stop();
    // The older generation and what followed it make the same.
    const names = readdirSync(join(copy, 'appendonlydir')).filter((name) => /base/.test(name));
    const newest = join(copy, 'appendonlydir', names.sort().at(-1) ?? '');
    const bytes = readFileSync(newest);
    // A bit of compressed bytes may mean nothing, such as that of a match's distance within a row of the same byte.
    // One of the checksum at the end always counts, in both formats.
    for (const at of [bytes.length >> 1, bytes.length - 1]) bytes[at] ^= 1;
    writeFileSync(newest, bytes);
    const fallen = await LogServer.start(copy, options);
    expect(fallen.messages).toMatch('The newest snapshot of the log is damaged');
    expect(await fallen.digest()).toBe(digest);
    await fallen.rewritten(1);
    // The damaged one is kept, but not counted; there is a new one.
    expect(fallen.files.filter((name) => name.endsWith('.damaged'))).toHaveLength(1);
    expect(await fallen.field('log_generations')).toBe('2');
    await fallen.stop();
    expect(await LogServer.digestIn(copy, options)).toBe(digest);
  });
}

test('without one sound base the start is refused, with file and place', async () => {
  const server = await LogServer.start(path);
  await server.ask('SET', 'a', 'v'.repeat(1000));
  await server.rewrite();
  await server.rewrite();
  const copy = server.copy();
  await server.stop();
  for (const name of ['appendonly.aof.1.base.rdb', 'appendonly.aof.2.base.rdb']) {
    const bytes = readFileSync(join(folder(), name));
    bytes[bytes.length - 20] ^= 1;
    writeFileSync(join(folder(), name), bytes);
  }
  const before = readdirSync(folder());
  await expect(LogServer.start(path)).rejects.toThrow(/appendonly\.aof\.1\.base\.rdb: .*\d/);
  expect(readdirSync(folder())).toEqual(before);
  // One that is missing is as good as damaged.
  rmSync(join(copy, 'appendonlydir', 'appendonly.aof.2.base.rdb'));
  const fallen = await LogServer.start(copy);
  expect(await fallen.ask('STRLEN', 'a')).toBe('1000');
  await fallen.rewritten(1);
  await fallen.stop();
});

test('a base of another offset than the manifest says is not used', async () => {
  const server = await LogServer.start(path, { 'snapshot-max-count': '1' });
  await server.ask('SET', 'a', '1');
  await server.rewrite();
  const other = readFileSync(join(folder(), 'appendonly.aof.1.base.rdb'));
  await server.ask('SET', 'a', '2');
  await server.rewrite();
  await server.stop();
  writeFileSync(join(folder(), 'appendonly.aof.2.base.rdb'), other);
  await expect(LogServer.start(path)).rejects.toThrow(/2\.base\.rdb: it is of offset \d+, and/);
});

test('keys that are due at the moment of the snapshot expire where they did', async () => {
  const pass = moveClock();
  const server = await LogServer.start(path);
  await server.ask('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
  for (const key of ['nx', 'append', 'incr', 'gone']) {
    await server.ask('SET', key, '7', 'PX', '1');
  }
  pass(10);
  await server.ask('SET', 'kept', 'v', 'EX', '3600');
  await server.rewrite();
  // The snapshot has it with an expiry that is over when it is loaded.
  expect(await server.ask('PERSIST', 'kept')).toBe('1');
  expect(await server.ask('SET', 'nx', 'new', 'NX')).toBe('OK');
  expect(await server.ask('APPEND', 'append', 'x')).toBe('1');
  expect(await server.ask('INCR', 'incr')).toBe('1');
  await server.stop();
  pass(3_600_000);
  const again = await LogServer.start(path);
  for (const [key, value] of Object.entries({ kept: 'v', nx: 'new', append: 'x', incr: '1' })) {
    expect(await again.ask('GET', key)).toBe(value);
  }
  // What nobody has met since is deleted in the background.
  while ((await again.ask('DBSIZE')) !== '4');
  await again.stop();
});

test('SAVE goes first, and the rewrite runs again', async () => {
  const server = await LogServer.start(path);
  await server.ask('DEBUG', 'POPULATE', '1000');
  const held = holdFirstSlices();
  await server.ask('BGREWRITEAOF');
  while (held.count === 0) await server.ask('PING');
  expect(await server.ask('SAVE')).toBe('OK');
  held.release();
  await server.rewritten(2);
  expect(await server.field('log_generations')).toBe('1');
  await server.stop();
  expect(server.files.filter((name) => name.startsWith('temp-'))).toEqual([]);
});

describe('the log is rewritten by itself', () => {
  /** Tells how many there were, once it has been looked at twice more whether it is time for one. */
  async function rewrites(server: LogServer): Promise<string> {
    const { mock } = vi.spyOn(LogKeeper.prototype, 'tick');
    const count = mock.calls.length + 2;
    while (mock.calls.length < count) await new Promise(setImmediate);
    return server.field('aof_rewrites');
  }

  test('when it is large enough, and has grown enough since the last time', async () => {
    const server = await LogServer.start(path, {
      ...{ 'auto-aof-rewrite-percentage': '100', 'auto-aof-rewrite-min-size': '10kb' },
      rdbcompression: 'no',
    });
    const write = (key: string, bytes: number) => server.ask('SET', key, 'v'.repeat(bytes));
    // It has grown from nothing, and is small.
    await write('a', 9_000);
    expect(await rewrites(server)).toBe('0');
    await write('a', 12_000);
    await server.rewritten(1);
    // Large, and grown by three quarters.
    await write('b', 9_000);
    expect(await rewrites(server)).toBe('1');
    await write('c', 4_000);
    await server.rewritten(2);
    expect(Number(await server.field('aof_base_size'))).toBeGreaterThan(25_000);
    await write('d', 20_000);
    expect(await rewrites(server)).toBe('2');
    await server.ask('CONFIG', 'SET', 'auto-aof-rewrite-percentage', '0');
    await write('e', 100_000);
    expect(await rewrites(server)).toBe('2');
    await server.stop();
  });

  test('when time has passed and enough was changed', async () => {
    const pass = moveClock();
    const server = await LogServer.start(path, {
      ...{ 'snapshot-enabled': 'yes', 'snapshot-interval-secs': '3600' },
      'snapshot-operation-threshold': '3',
    });
    const change = async (count: number) => {
      const pairs = ['a', '1', 'b', '2', 'c', '3'].slice(0, 2 * count);
      expect(await server.ask('MSET', ...pairs)).toBe('OK');
    };
    await change(3);
    expect(await rewrites(server)).toBe('0');
    pass(3_600_000);
    await server.rewritten(1);
    // Both count from the last one.
    await change(2);
    pass(3_600_000);
    expect(await rewrites(server)).toBe('1');
    await change(1);
    await server.rewritten(2);
    await change(3);
    expect(await rewrites(server)).toBe('2');
    await server.ask('CONFIG', 'SET', 'snapshot-enabled', 'no');
    pass(3_600_000);
    expect(await rewrites(server)).toBe('2');
    await server.stop();
  });

  test('less and less often while that fails, and asked for at any time', async () => {
    const pass = moveClock();
    const failing = holdFiles();
    failing.fail(new Error('the disk is broken'));
    const server = await LogServer.start(path, {
      ...{ 'auto-aof-rewrite-percentage': '1', 'auto-aof-rewrite-min-size': '0' },
    });
    await server.ask('SET', 'a', 'v'.repeat(1000));
    await server.rewritten(3);
    expect(await server.field('aof_last_bgrewrite_status')).toBe('err');
    expect(await server.field('aof_rewrites_consecutive_failures')).toBe('3');
    expect(await rewrites(server)).toBe('3');
    pass(61_000);
    await server.rewritten(4);
    pass(61_000);
    expect(await rewrites(server)).toBe('4');
    pass(60_000);
    await server.rewritten(5);
    vi.mocked(SnapshotFile.prototype.caughtUp).mockRestore();
    expect(await rewrites(server)).toBe('5');
    await server.rewrite();
    expect(await server.field('aof_rewrites_consecutive_failures')).toBe('0');
    await server.stop();
  });
});

test('sizes are those of the files', async () => {
  const server = await LogServer.start(path, { 'snapshot-max-count': '1' });
  const sizeOf = (pattern: RegExp) =>
    server.files
      .filter((name) => pattern.test(name))
      .reduce((sum, name) => sum + readFileSync(join(folder(), name)).length, 0);
  await server.ask('SET', 'a', 'v'.repeat(5000));
  expect(Number(await server.field('aof_current_size'))).toBe(sizeOf(/incr/));
  expect(await server.field('aof_base_size')).toBe('0');
  await server.rewrite();
  expect(Number(await server.field('aof_base_size'))).toBe(sizeOf(/1\.base/));
  // What is written during a rewrite is part of the log that it leaves.
  const held = holdFiles();
  await server.ask('BGREWRITEAOF');
  while (held.count === 0) await server.ask('PING');
  await server.ask('SET', 'b', 'v'.repeat(700));
  held.release();
  await server.rewritten(2);
  expect(Number(await server.field('aof_base_size'))).toBe(sizeOf(/2\.base|3\.incr/));
  await server.ask('SET', 'b', 'v'.repeat(500));
  const current = sizeOf(/2\.base|3\.incr/);
  expect(Number(await server.field('aof_current_size'))).toBe(current);
  await server.stop();
  const again = await LogServer.start(path);
  expect(Number(await again.field('aof_current_size'))).toBe(current);
  expect(Number(await again.field('aof_base_size'))).toBe(current);
  await again.stop();
});

test('files that a killed process had left to be deleted are deleted', async () => {
  const server = await LogServer.start(path, { 'snapshot-max-count': '1' });
  await server.ask('SET', 'a', '1');
  await server.rewrite();
  const digest = await server.digest();
  await server.stop();
  const directory = LogDirectory.read(folder(), 'appendonly.aof');
  writeFileSync(join(folder(), 'appendonly.aof.9.base.rdb'), 'left');
  writeFileSync(join(folder(), 'temp-77.rdb'), 'left');
  writeFileSync(join(folder(), 'temp-77-0123abcd-1.appendonly.aof.9.base.rdb'), 'left');
  writeFileSync(join(folder(), 'temp-appendonly.aof.manifest'), 'left');
  writeFileSync(join(folder(), 'temp-77-0123abcd-1.other.aof.9.base.rdb'), "another log's");
  await directory.update((manifest) => ({ ...manifest, history: ['appendonly.aof.9.base.rdb'] }));
  expect(await LogServer.digestIn(path)).toBe(digest);
  expect(readdirSync(folder()).filter((name) => /9|temp/.test(name))).toEqual([
    'temp-77-0123abcd-1.other.aof.9.base.rdb',
  ]);
});

/** Have a rewrite stop at a stage; resolve when it is there, with what has it go on. */
const stages: Record<string, () => Promise<() => void>> = {
  'the next file of the log is made': async () => {
    const { sync } = realFileSystem;
    let goOn: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const { mock } = vi.spyOn(realFileSystem, 'sync').mockImplementation(async (fd) => {
      await gate;
      await sync(fd);
    });
    while (mock.calls.length === 0) await new Promise(setImmediate);
    return goOn;
  },
  'keys are saved': async () => {
    const held = holdFirstSlices();
    while (held.count === 0) await new Promise(setImmediate);
    return held.release;
  },
  'its snapshot is forced to the disk': async () => {
    const held = holdFiles();
    while (held.count === 0) await new Promise(setImmediate);
    return held.release;
  },
};

test.each(Object.keys(stages))('closing gives a rewrite up while %s', async (stage) => {
  const server = await LogServer.start(path);
  await server.ask('DEBUG', 'POPULATE', '1000');
  const digest = await server.digest();
  const reached = stages[stage]();
  expect(await server.ask('BGREWRITEAOF')).toMatch('started');
  const goOn = await reached;
  expect(await server.field('aof_rewrite_in_progress')).toBe('1');
  const stopped = server.stop();
  await new Promise(setImmediate);
  goOn();
  await stopped;
  expect(server.files.filter((name) => /temp-|base/.test(name))).toEqual([]);
  // What is closed on another thread takes a while; nothing stays open.
  while (openFilesIn(path).length > 0) await new Promise(setImmediate);
  vi.restoreAllMocks();
  expect(await LogServer.digestIn(path)).toBe(digest);
});

/** Targets of this process's descriptors below a directory; the server's own log file aside. */
function openFilesIn(directory: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(directory) && !target.endsWith('/log') ? [target] : [];
    } catch (error) {
      // That of the listing itself is closed by now.
      if (isMissing(error)) return [];
      throw error;
    }
  });
}
