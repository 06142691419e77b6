// SAVE, BGSAVE, LASTSAVE and DEBUG RELOAD beside Redis: replies and errors, and files that either
// loads from the other.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasRedis } from '../support/needs-redis.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { textOf } from '../support/reply-frames.ts';
import { type RunningServer, temporaryDirectory } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { byTier } from '../support/tier.ts';
import { until } from '../support/until.ts';

/** Enough that none of the servers saves them before it has heard the next commands. */
const MANY_KEYS = String(byTier(100_000, 400_000));
const CONFIG = { 'enable-protected-configs': 'yes' };

describe.skipIf(!hasRedis)('snapshots', () => {
  const directory = temporaryDirectory();
  const servers: RunningServer[] = [];
  const clients: RawClient[] = [];
  const dirs = ['redis', 'synap'].map((name) => join(directory.path, name));

  beforeAll(async () => {
    servers.push(
      await startRedisServer(CONFIG),
      await startSynapServer({ ...CONFIG, logfile: join(directory.path, 'log') }),
    );
    for (const { port } of servers) clients.push(await RawClient.connect(port, 20_000));
  });

  afterEach(async () => {
    for (const [i, dir] of dirs.entries()) {
      mkdirSync(dir, { recursive: true });
      for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
      await clients[i].command('CONFIG', 'SET', 'dir', dir, 'save', '');
    }
    await both('FLUSHALL');
  });

  afterAll(async () => {
    for (const client of clients) await client.close();
    for (const server of servers) await server.stop();
    directory.remove();
  });

  /** The reply of both, which must be equal. */
  async function both(...args: string[]): Promise<string> {
    const [redis, synap] = await Promise.all(clients.map((client) => client.command(...args)));
    expect(synap.bytes.toString('latin1'), args.join(' ')).toBe(redis.bytes.toString('latin1'));
    return synap.bytes.toString('latin1');
  }

  async function field(client: RawClient, name: string): Promise<string> {
    const text = textOf(await client.command('INFO', 'persistence'));
    return new RegExp(`^${name}:(.*)\r$`, 'm').exec(text)?.[1] ?? '';
  }

  async function saved(client: RawClient): Promise<void> {
    await until(async () => (await field(client, 'rdb_bgsave_in_progress')) !== '1');
  }

  async function setDirs(): Promise<void> {
    for (const [i, dir] of dirs.entries()) {
      mkdirSync(dir, { recursive: true });
      await clients[i].command('CONFIG', 'SET', 'dir', dir);
    }
  }

  async function fill(client: RawClient): Promise<void> {
    await client.command('FLUSHALL');
    for (const index of ['0', '3']) {
      await client.command('SELECT', index);
      for (let i = 0; i < 300; i++) await client.command('SET', `key:${index}:${i}`, 'v'.repeat(i));
      await client.command('PEXPIREAT', 'key:3:1', '4102444800123');
      await client.command('RPUSH', 'list', ...Array.from({ length: 900 }, (_, i) => `e${i}`));
    }
    await client.command('SELECT', '0');
  }

  test('replies', async () => {
    await setDirs();
    await both('SET', 'k', 'v');
    expect(await both('SAVE')).toBe('+OK\r\n');
    for (const line of ['SAVE now', 'BGSAVE now', 'BGSAVE SCHEDULE SCHEDULE', 'LASTSAVE x']) {
      expect(await both(...line.split(' '))).toMatch(/^-ERR/);
    }
    expect(await both('BGSAVE')).toBe('+Background saving started\r\n');
    await Promise.all(clients.map(saved));
    expect(await both('BGSAVE', 'schedule')).toBe('+Background saving started\r\n');
    await Promise.all(clients.map(saved));
    await both('MULTI');
    await both('SAVE');
    await both('DISCARD');
    await both('MULTI');
    await both('BGSAVE');
    await both('BGSAVE', 'SCHEDULE');
    expect(await both('EXEC')).toContain('+Background saving scheduled');
    for (const client of clients) {
      await until(async () => (await field(client, 'rdb_saves')) === '4');
      await saved(client);
      const text = textOf(await client.command('LASTSAVE'));
      expect(text).toBe(await field(client, 'rdb_last_save_time'));
      expect(Math.abs(Number(text) - Date.now() / 1000)).toBeLessThan(60);
    }
    for (const name of ['rdb_saves', 'rdb_last_bgsave_status', 'rdb_changes_since_last_save']) {
      expect(await field(clients[1], name), name).toBe(await field(clients[0], name));
    }
    expect(readdirSync(dirs[1])).toEqual(['dump.rdb']);
  });

  test('a second one is refused while one is being taken', async () => {
    await setDirs();
    for (const client of clients) await client.command('DEBUG', 'POPULATE', MANY_KEYS);
    expect(await both('BGSAVE')).toBe('+Background saving started\r\n');
    expect(await both('BGSAVE')).toBe('-ERR Background save already in progress\r\n');
    expect(await both('BGSAVE', 'SCHEDULE')).toBe('-ERR Background save already in progress\r\n');
    expect(await both('SAVE')).toBe('-ERR Background save already in progress\r\n');
    await both('SET', 'key:1', 'changed');
    await Promise.all(clients.map(saved));
    expect(await both('DEBUG', 'RELOAD', 'NOSAVE')).toBe('+OK\r\n');
    expect(await both('GET', 'key:1')).toBe('$7\r\nvalue:1\r\n');
    await both('DBSIZE');
  });

  test('changes since the last one', async () => {
    await setDirs();
    await both('SAVE');
    await both('MSET', 'a', '1', 'b', '2');
    for (const client of clients)
      expect(await field(client, 'rdb_changes_since_last_save')).toBe('2');
    await both('SAVE');
    for (const client of clients)
      expect(await field(client, 'rdb_changes_since_last_save')).toBe('0');
    await both('FLUSHALL');
  });

  test('DEBUG RELOAD', async () => {
    await setDirs();
    for (const client of clients) await fill(client);
    await both('DEBUG', 'DIGEST');
    expect(await both('DEBUG', 'RELOAD')).toBe('+OK\r\n');
    await both('DEBUG', 'DIGEST');
    expect(await both('DEBUG', 'RELOAD', 'bogus')).toMatch(/^-ERR/);
    await both('SET', 'key:0:1', 'changed');
    await both('SET', 'other', 'x');
    expect(await both('DEBUG', 'RELOAD', 'nosave', 'NOFLUSH', 'MERGE')).toBe('+OK\r\n');
    await both('MGET', 'key:0:1', 'other');
    await both('DBSIZE');
    expect(await both('DEBUG', 'RELOAD', 'NOSAVE')).toBe('+OK\r\n');
    await both('EXISTS', 'other');
    await both('DEBUG', 'DIGEST');
  });

  test('each loads what the other saved', async () => {
    await setDirs();
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ]) {
      await fill(clients[from]);
      await clients[from].command('SAVE');
      await clients[to].command('FLUSHALL');
      copyFileSync(join(dirs[from], 'dump.rdb'), join(dirs[to], 'dump.rdb'));
      expect(textOf(await clients[to].command('DEBUG', 'RELOAD', 'NOSAVE'))).toBe('OK');
      expect(textOf(await clients[to].command('DEBUG', 'DIGEST'))).toBe(
        textOf(await clients[from].command('DEBUG', 'DIGEST')),
      );
    }
  });

  test('what cannot be saved or loaded', async () => {
    await setDirs();
    // A directory is where the file should go.
    for (const dir of dirs) mkdirSync(join(dir, 'dump.rdb', 'full'), { recursive: true });
    await both('SET', 'k', 'v');
    expect(await both('SAVE')).toBe('-ERR\r\n');
    expect(await both('DEBUG', 'RELOAD')).toBe('-ERR\r\n');
    await both('BGSAVE');
    await Promise.all(clients.map(saved));
    for (const client of clients) expect(await field(client, 'rdb_last_bgsave_status')).toBe('err');
    // Without save points writes go on.
    expect(await both('SET', 'k', 'v')).toBe('+OK\r\n');
    await both('CONFIG', 'SET', 'save', '3600 100000');
    for (const line of ['SET k v', 'PING', 'GET k', 'DEL k', 'ECHO x', 'PUBLISH c m']) {
      await both(...line.split(' '));
    }
    expect(await both('PING')).toMatch(/^-MISCONF/);
    await both('MULTI');
    await both('SET', 'k', 'v');
    expect(await both('EXEC')).toMatch(/^-EXECABORT/);
    await both('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
    expect(await both('SET', 'k', 'v')).toBe('+OK\r\n');
    await both('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes');
    expect(await both('SET', 'k', 'v')).toMatch(/^-MISCONF/);
    for (const dir of dirs) rmSync(join(dir, 'dump.rdb'), { recursive: true });
    await both('SAVE');
    expect(await both('SET', 'k', 'v')).toBe('+OK\r\n');
    for (const dir of dirs) expect(readdirSync(dir)).toEqual(['dump.rdb']);
  });

  test('FLUSHALL with save points empties the file too', async () => {
    await setDirs();
    await both('SET', 'k', 'v');
    await both('SAVE');
    await both('CONFIG', 'SET', 'save', '3600 100000');
    await both('FLUSHALL');
    await both('CONFIG', 'SET', 'save', '');
    await both('SET', 'other', 'v');
    await both('DEBUG', 'RELOAD', 'NOSAVE');
    expect(await both('DBSIZE')).toBe(':0\r\n');
  });

  test('FLUSHALL gives up the one that is being taken', async () => {
    await setDirs();
    for (const client of clients) await client.command('DEBUG', 'POPULATE', MANY_KEYS);
    // A busy machine may let Redis's child finish before it hears of the FLUSHALL.
    await clients[0].command('CONFIG', 'SET', 'rdb-key-save-delay', '10');
    await both('BGSAVE');
    await both('FLUSHALL');
    await Promise.all(clients.map(saved));
    await clients[0].command('CONFIG', 'SET', 'rdb-key-save-delay', '0');
    for (const client of clients) expect(await field(client, 'rdb_last_bgsave_status')).toBe('ok');
    expect(dirs.map((dir) => existsSync(join(dir, 'dump.rdb')))).toEqual([false, false]);
    expect(readdirSync(dirs[1])).toEqual([]);
  });

  test('a save point is kept', async () => {
    await setDirs();
    await both('CONFIG', 'SET', 'save', '1 2');
    await both('MSET', 'a', '1', 'b', '2');
    for (const client of clients) {
      await until(async () => (await field(client, 'rdb_changes_since_last_save')) === '0');
      await saved(client);
    }
    for (const dir of dirs) expect(readdirSync(dir)).toEqual(['dump.rdb']);
    await both('CONFIG', 'SET', 'save', '');
    writeFileSync(join(dirs[1], 'dump.rdb'), 'REDIS0010 damaged');
    expect(textOf(await clients[1].command('DEBUG', 'RELOAD', 'NOSAVE'))).toBe(
      'ERR Error trying to load the RDB dump, check server logs.',
    );
  });
});
