// The log switched on and off while the server runs: answered when it is complete, and nothing that was
// acknowledged since is lost; a failure leaves the server as it was. And DEBUG LOADAOF.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LogKeeper } from '../../../src/persistence/log/log-keeper.ts';
import { realFileSystem } from '../../../src/persistence/segments/file-system.ts';
import { Log } from '../../../src/persistence/segments/log.ts';
import { encodeCommand } from '../../support/command-line.ts';
import { textOf } from '../../support/reply-frames.ts';
import { until } from '../../support/until.ts';
import { holdFiles, holdFirstSlices } from './held-snapshots.ts';
import { LogServer } from './log-server.ts';
import { LogServers } from './log-servers.ts';

const OFF = { appendonly: 'no' };
const FAILED =
  "ERR CONFIG SET failed (possibly related to argument 'appendonly') - Unable to turn on AOF. Check server logs.";

let path: string;

beforeEach(() => {
  path = new LogServers().path;
});

afterEach(() => {
  vi.restoreAllMocks();
});

const switchOn = ['CONFIG', 'SET', 'appendonly', 'yes'];

describe('switching on', () => {
  test('is answered when all is in the log, also what others write meanwhile', async () => {
    const server = await LogServer.start(path, OFF);
    await server.ask('DEBUG', 'POPULATE', '50000');
    const other = await server.connect();
    const switching = server.ask(...switchOn);
    let isOver = false;
    void switching.then(() => {
      isOver = true;
    });
    let written = 0;
    while (!isOver) await other.command('SET', `meanwhile:${written++}`, 'v'.repeat(50));
    expect(await switching).toBe('OK');
    expect(written).toBeGreaterThan(3);
    // What a process that is killed right now leaves behind.
    const copy = server.copy();
    expect(await LogServer.digestIn(copy)).toBe(await server.digest());
    await server.stop();
  });

  test('again begins anew, and the files of the history before it go then', async () => {
    const server = await LogServer.start(path);
    await server.ask('SET', 'a', '1');
    await server.rewrite();
    const id = await server.field('master_replid');
    const first = server.files.filter((name) => !name.endsWith('manifest'));
    expect(await server.ask('CONFIG', 'SET', 'appendonly', 'no')).toBe('OK');
    await server.ask('SET', 'b', '2');
    // Off is off: what is set then is in no log.
    const between = server.copy();
    expect(await server.ask(...switchOn)).toBe('OK');
    expect(await server.field('master_replid')).not.toBe(id);
    expect(server.files.filter((name) => first.includes(name))).toEqual([]);
    const digest = await server.digest();
    await server.stop();
    expect(await LogServer.digestIn(path)).toBe(digest);
    const old = await LogServer.start(between);
    expect(await old.ask('DBSIZE')).toBe('1');
    await old.stop();
  });

  test('that has not been completed leaves the history before it', async () => {
    const server = await LogServer.start(path);
    await server.ask('SET', 'a', '1');
    await server.ask('CONFIG', 'SET', 'appendonly', 'no');
    await server.ask('SET', 'b', '2');
    const held = holdFiles();
    const other = await server.connect();
    const switching = server.ask(...switchOn);
    while (held.count === 0) await other.command('PING');
    const copy = server.copy();
    held.release();
    expect(await switching).toBe('OK');
    await server.stop();
    const again = await LogServer.start(copy);
    expect(await again.ask('DBSIZE')).toBe('1');
    await again.stop();
  });

  describe.each([
    { save: '3600 1', hasOlder: false },
    { save: '', hasOlder: true },
  ])('goes on, with save points "$save" and an older log: $hasOlder', ({ save, hasOlder }) => {
    test.each([
      ['FLUSHALL', 'OK'],
      ['SAVE', 'OK'],
      ['BGSAVE', "ERR Another child process is active (AOF?): can't BGSAVE right now."],
      ['BGSAVE SCHEDULE', 'Background saving scheduled'],
      ['BGREWRITEAOF', 'ERR Background append only file rewriting already in progress'],
      ['DEBUG LOADAOF', 'ERR Error trying to load the AOF files, check server logs.'],
    ])('beside %s', async (command, expected) => {
      const server = await LogServer.start(path, { save, appendonly: hasOlder ? 'yes' : 'no' });
      await server.ask('SET', 'older', '1');
      if (hasOlder) await server.ask('CONFIG', 'SET', 'appendonly', 'no');
      await server.ask('DEBUG', 'POPULATE', '1000');
      await server.ask('DEL', 'older');
      const held = holdFirstSlices();
      const other = await server.connect();
      const switching = server.ask(...switchOn);
      while (held.count === 0) await other.command('PING');
      expect(textOf(await other.command(...command.split(' ')))).toContain(expected);
      await other.command('SET', 'after', 'it');
      held.release();
      expect(await switching).toBe('OK');
      expect(await LogServer.digestIn(server.copy())).toBe(await server.digest());
      expect(await server.ask('DBSIZE')).toBe(command === 'FLUSHALL' ? '1' : '1001');
      if (command === 'BGSAVE SCHEDULE') while ((await server.field('rdb_saves')) !== '1');
      await server.stop();
    });
  });

  test('where there can be no directory is an error, and the server goes on', async () => {
    writeFileSync(join(path, 'appendonlydir'), 'a file');
    const server = await LogServer.start(path, OFF);
    await server.ask('SET', 'a', '1');
    expect(await server.ask(...switchOn)).toBe(FAILED);
    expect((await server.client.command('CONFIG', 'GET', 'appendonly')).bytes.toString()).toContain(
      '$2\r\nno\r\n',
    );
    expect(await server.ask('SET', 'a', '2')).toBe('OK');
    expect(await server.field('aof_enabled')).toBe('0');
    expect(server.messages).toContain('The append only file cannot be switched on');
    rmSync(join(path, 'appendonlydir'));
    // Nothing is under way any more.
    await server.rewrite();
    expect(await server.ask(...switchOn)).toBe('OK');
    expect(await LogServer.digestIn(server.copy())).toBe(await server.digest());
    await server.stop();
  });

  describe('on a full disk ends with an error, and leaves the history before it', () => {
    let server: LogServer;
    let before: string[];
    /** So often something can still be written. */
    let room: number;

    beforeEach(async () => {
      server = await LogServer.start(path);
      await server.ask('SET', 'a', '1');
      await server.ask('CONFIG', 'SET', 'appendonly', 'no');
      before = server.files;
      room = 0;
      const { write, append } = realFileSystem;
      const refuseIfFull = () => {
        if (room-- <= 0)
          throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      };
      vi.spyOn(realFileSystem, 'write').mockImplementation((...args) => {
        refuseIfFull();
        return write(...args);
      });
      vi.spyOn(realFileSystem, 'append').mockImplementation((...args) => {
        refuseIfFull();
        return append(...args);
      });
    });

    afterEach(async () => {
      room = Number.POSITIVE_INFINITY;
      expect(server.files.filter((name) => !name.startsWith('temp-'))).toEqual(before);
      expect(await server.ask('SET', 'c', '3')).toBe('OK');
      await server.stop();
      const again = await LogServer.start(path);
      expect(await again.ask('GET', 'a')).toBe('1');
      await again.stop();
    });

    // The mark of a log that begins, and its manifest.
    test.each([0, 1])('when there is room for %i files', async (files) => {
      room = files;
      expect(await server.ask(...switchOn)).toBe(FAILED);
    });

    test('when the log cannot be written, which would go over to a file', async () => {
      vi.spyOn(Log.prototype, 'rotate').mockImplementation(() => {});
      room = 1;
      const other = await server.connect();
      const switching = server.ask(...switchOn);
      // Those who wait for the log are told of it.
      while ((await fieldOf(other, 'aof_enabled')) !== '1');
      other.send(encodeCommand(['SET', 'b', '2']));
      expect(await switching).toBe(FAILED);
      expect(textOf((await other.read(1)).replies[0])).toMatch(/^(OK|MISCONF)/);
    });
  });

  test('is over when the server has closed', async () => {
    const server = await LogServer.start(path, OFF);
    const held = holdFirstSlices();
    const other = await server.connect();
    other.sendCommand(switchOn);
    while (held.count === 0) await server.ask('PING');
    const stopped = server.stop();
    held.release();
    await stopped;
    expect(server.files).toEqual([]);
  });
});

async function fieldOf(client: { command(...args: string[]): Promise<unknown> }, name: string) {
  const reply = (await client.command('INFO', 'persistence')) as Parameters<typeof textOf>[0];
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(textOf(reply))?.[1];
}

/** Has loading wait before it reads increments; what it returns has it go on. */
function holdIncrements(): () => void {
  const { read } = realFileSystem;
  let readOn: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    readOn = resolve;
  });
  vi.spyOn(realFileSystem, 'read').mockImplementation(async (...args) => {
    await gate;
    return read(...args);
  });
  return readOn;
}

describe('BGREWRITEAOF without a log', () => {
  test('makes a directory that a log begins with', async () => {
    const server = await LogServer.start(path, OFF);
    await server.ask('SET', 'a', '1');
    await server.rewrite();
    expect(server.files).toEqual(['appendonly.aof.1.base.rdb', 'appendonly.aof.manifest']);
    await server.rewrite();
    expect(server.files).toEqual(['appendonly.aof.2.base.rdb', 'appendonly.aof.manifest']);
    const digest = await server.digest();
    await server.stop();
    expect(await LogServer.digestIn(path)).toBe(digest);
  });

  test('that waits for a snapshot and cannot be done is a failure of it alone', async () => {
    writeFileSync(join(path, 'appendonlydir'), 'a file');
    const server = await LogServer.start(path, OFF);
    const held = holdFiles();
    await server.ask('BGSAVE');
    expect(await server.ask('BGREWRITEAOF')).toMatch('scheduled');
    held.release();
    await server.rewritten(1);
    expect(await server.field('aof_last_bgrewrite_status')).toBe('err');
    while ((await server.field('rdb_bgsave_in_progress')) === '1');
    expect(await server.field('rdb_last_bgsave_status')).toBe('ok');
    expect(readdirSync(path)).toContain('dump.rdb');
    expect(server.messages).toContain('Background AOF rewrite terminated with error');
    await server.stop();
  });
});

describe('DEBUG LOADAOF', () => {
  test('loads what was written up to then, whoever writes meanwhile', async () => {
    const server = await LogServer.start(path, { appendfsync: 'always' });
    await server.ask('DEBUG', 'POPULATE', '1000');
    await server.rewrite();
    const writers = await Promise.all([server.connect(), server.connect()]);
    const acknowledged = [0, 0];
    for (let round = 0; round < 3; round++) {
      const sent = writers.map(async (writer, i) => {
        const one = encodeCommand(['INCR', `counter:${i}`]);
        writer.send(Buffer.concat(Array.from({ length: 300 }, () => one)));
        const { replies } = await writer.read(300);
        acknowledged[i] += replies.filter(({ type }) => type === ':').length;
      });
      expect(await server.ask('DEBUG', 'LOADAOF')).toBe('OK');
      await Promise.all(sent);
      for (const [i, count] of acknowledged.entries()) {
        expect(Number(await server.ask('GET', `counter:${i}`))).toBe(count);
      }
      const digest = await server.digest();
      expect(await server.ask('DEBUG', 'LOADAOF')).toBe('OK');
      expect(await server.digest()).toBe(digest);
      expect(await LogServer.digestIn(server.copy())).toBe(digest);
    }
    await server.stop();
  });

  test('loads what is not written yet, as it waits for a sync', async () => {
    const server = await LogServer.start(path, { appendfsync: 'always' });
    const writers = await Promise.all([server.connect(), server.connect()]);
    const { datasync } = realFileSystem;
    let syncNow: (() => void) | undefined;
    const syncing = vi.spyOn(realFileSystem, 'datasync').mockImplementationOnce((fd, done) => {
      syncNow = () => datasync(fd, done);
    });
    writers[0].sendCommand(['SET', 'a', '1']);
    while (syncing.mock.calls.length === 0) await server.ask('PING');
    writers[1].sendCommand(['SET', 'b', '2']);
    while ((await server.field('aof_buffer_length')) === '0');
    const { mock } = vi.spyOn(LogKeeper.prototype, 'reload');
    const loading = server.ask('DEBUG', 'LOADAOF');
    while (mock.calls.length === 0) await new Promise(setImmediate);
    syncNow?.();
    expect(await loading).toBe('OK');
    for (const writer of writers) await writer.read(1);
    expect(await server.ask('EXISTS', 'a', 'b')).toBe('2');
    await server.stop();
  });

  test('no rewrite begins with half of the data', async () => {
    const server = await LogServer.start(path);
    await server.ask('DEBUG', 'POPULATE', '1000');
    await server.rewrite();
    await server.ask('SET', 'a', 'v'.repeat(5000));
    const digest = await server.digest();
    const other = await server.connect();
    const readOn = holdIncrements();
    const loading = server.ask('DEBUG', 'LOADAOF');
    while ((await fieldOf(other, 'loading')) !== '1');
    await other.command('CONFIG', 'SET', 'auto-aof-rewrite-percentage', '1');
    await other.command('CONFIG', 'SET', 'auto-aof-rewrite-min-size', '1');
    await other.command('CONFIG', 'SET', 'snapshot-operation-threshold', '0');
    await other.command('CONFIG', 'SET', 'snapshot-interval-secs', '1');
    await other.command('CONFIG', 'SET', 'snapshot-enabled', 'yes');
    const { mock } = vi.spyOn(LogKeeper.prototype, 'tick');
    while (mock.calls.length < 3) await new Promise(setImmediate);
    expect(await fieldOf(other, 'aof_rewrites')).toBe('1');
    readOn();
    expect(await loading).toBe('OK');
    await server.ask('CONFIG', 'SET', 'snapshot-enabled', 'no');
    await server.rewritten(2);
    expect(await server.digest()).toBe(digest);
    expect(await LogServer.digestIn(server.copy())).toBe(digest);
    await server.stop();
  });

  test('waits for a rewrite to end, and gives way to a log that is switched on meanwhile', async () => {
    const server = await LogServer.start(path, OFF);
    await server.ask('DEBUG', 'POPULATE', '1000');
    await server.rewrite();
    await server.ask('DEBUG', 'POPULATE', '2000', 'newer');
    const digest = await server.digest();
    const held = holdFiles();
    await server.ask('BGREWRITEAOF');
    await until(() => held.count > 0);
    const reload = vi.spyOn(LogKeeper.prototype, 'reload');
    const switchTo = vi.spyOn(LogKeeper.prototype, 'switchTo');
    const [one, two] = [await server.connect(), await server.connect()];
    const loading = one.command('DEBUG', 'LOADAOF');
    await until(() => reload.mock.calls.length > 0);
    const switching = two.command(...switchOn);
    await until(() => switchTo.mock.calls.length > 0);
    held.release();
    expect(textOf(await loading)).toMatch(/^ERR Error trying to load the AOF/);
    expect(textOf(await switching)).toBe('OK');
    expect(await server.digest()).toBe(digest);
    expect(await LogServer.digestIn(server.copy())).toBe(digest);
    await server.stop();
  });

  test('without a log is an error, and the data stays', async () => {
    const server = await LogServer.start(path, OFF);
    await server.ask('SET', 'a', '1');
    await server.ask('SAVE');
    expect(await server.ask('DEBUG', 'LOADAOF')).toMatch(/^ERR Error trying to load the AOF/);
    expect(await server.ask('GET', 'a')).toBe('1');
    expect(readdirSync(path).sort()).toEqual(['dump.rdb', 'log']);
    await server.stop();
  });

  test('CLIENT PAUSE and UNPAUSE meanwhile are what holds afterwards', async () => {
    const server = await LogServer.start(path);
    await server.ask('SET', 'a', '1');
    const other = await server.connect();
    await other.command('CLIENT', 'PAUSE', '100000', 'WRITE');
    const readOn = holdIncrements();
    server.client.sendCommand(['DEBUG', 'LOADAOF']);
    while ((await fieldOf(other, 'loading')) !== '1');
    await other.command('CLIENT', 'UNPAUSE');
    readOn();
    expect(textOf((await server.client.read(1)).replies[0])).toBe('OK');
    // Expiry goes on: what is due is deleted.
    await server.ask('SET', 'short', 'v', 'PX', '1');
    while ((await server.ask('DBSIZE')) !== '1');
    await server.stop();
  });
});
