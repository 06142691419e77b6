// What directives make of the log's files, the same questions to Redis and to Synap: times in them
// (`aof-timestamp-enabled`), and files that rewrites have replaced (`aof-disable-auto-gc`). Each loads
// what the other has left behind.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Process } from '../durability/process.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RawClient } from '../support/raw-client.ts';
import { temporaryDirectory } from '../support/running-server.ts';

const MANIFEST = 'appendonly.aof.manifest';
/** Synap keeps older bases besides; here it is to have one, as Redis. */
const ONE_GENERATION = ['--snapshot-max-count', '1'];

const PROGRAMS = {
  // While it syncs under `everysec`, Redis writes nothing: what it has answered would be lost by a kill.
  redis: (path: string, ...options: string[]) =>
    Process.startRedis(path, ['--appendfsync', 'no', ...options]),
  synap: (path: string, ...options: string[]) =>
    Process.start(path, [...ONE_GENERATION, ...options]),
};
const PAIRS = [
  ['redis', 'synap'],
  ['synap', 'redis'],
] as const;

describe.skipIf(!hasRedis).each(PAIRS)('%s, and then %s', (one, other) => {
  let directory: { path: string; remove(): void };
  let path: string;
  let client: RawClient;

  beforeEach(() => {
    directory = temporaryDirectory();
    path = directory.path;
  });

  afterEach(async () => {
    await client.close();
    await Process.killAll();
    directory.remove();
  });

  const folder = () => join(path, 'appendonlydir');
  const files = () =>
    readdirSync(folder()).filter((name) => name !== MANIFEST && !name.startsWith('.'));
  const manifest = () => readFileSync(join(folder(), MANIFEST), 'latin1');
  /** Names of the files that the manifest calls by a letter, but for those of Synap's comments. */
  const named = (type: string) =>
    [...manifest().matchAll(/^file (\S+) seq (\d+) type (\w)/gm)]
      .filter((match) => match[3] === type)
      .map(([, name, seq]) => {
        expect(name).toContain(`.${seq}.`);
        return name;
      });

  async function start(program: 'redis' | 'synap', ...options: string[]): Promise<Process> {
    const server = await PROGRAMS[program](path, ...options);
    client = await RawClient.connect(server.port, 20_000);
    return server;
  }

  const ask = async (...words: string[]) =>
    (await client.command(...words)).bytes.toString('latin1');

  async function rewrite(): Promise<void> {
    expect(await ask('BGREWRITEAOF')).toMatch(/started/);
    const isOver = (info: string) =>
      ['in_progress', 'scheduled'].every((what) => info.includes(`aof_rewrite_${what}:0`));
    while (!isOver(await ask('INFO', 'persistence')));
  }

  /** The times in all increments, in seconds. */
  function timesIn(): number[] {
    const increments = files().filter((name) => name.endsWith('.incr.aof'));
    return increments.flatMap((name) => {
      const text = readFileSync(join(folder(), name), 'latin1');
      return [...text.matchAll(/^#TS:(\d+)\r\n/gm)].map(([, time]) => Number(time));
    });
  }

  test('times are in the log while that is set', async () => {
    const server = await start(one);
    expect(await ask('CONFIG', 'GET', 'aof-timestamp-enabled')).toContain('no');
    await ask('SET', 'a', '1');
    expect(timesIn()).toEqual([]);
    const before = Math.floor(Date.now() / 1000);
    await ask('MULTI');
    await ask('CONFIG', 'SET', 'aof-timestamp-enabled', 'yes');
    expect(await ask('EXEC')).toContain('OK');
    await ask('RPUSH', 'list', '1', '2');
    const after = Math.ceil(Date.now() / 1000);
    const times = timesIn();
    expect(times.length).toBeGreaterThan(0);
    // The clock of Redis's event loop may be a little behind.
    expect(times[0]).toBeGreaterThanOrEqual(before - 1);
    expect(times[0]).toBeLessThanOrEqual(after);
    await ask('CONFIG', 'SET', 'aof-timestamp-enabled', 'no');
    const count = timesIn().length;
    await rewrite();
    await ask('SET', 'b', '2');
    expect(timesIn().length).toBeLessThanOrEqual(count);
    await ask('CONFIG', 'SET', 'aof-timestamp-enabled', 'yes');
    await ask('SET', 'c', '3');
    const digest = await ask('DEBUG', 'DIGEST');
    await client.close();
    await server.kill();
    const far = String(after + 1000);
    for (const options of [[], ['--truncate-to-timestamp', far]]) {
      const args = [...options, join(folder(), MANIFEST)];
      const { stdout } = spawnSync('redis-check-aof', args, { encoding: 'latin1' });
      expect(stdout).toContain('All AOF files and manifest are valid');
    }
    await start(other, '--aof-timestamp-enabled', 'yes');
    expect(await ask('DEBUG', 'DIGEST')).toBe(digest);
  });

  test('what rewrites have replaced stays for as long as that is set', async () => {
    const server = await start(one, '--aof-disable-auto-gc', 'yes');
    const seen = new Set(files());
    for (const key of ['a', 'b', 'c']) {
      await ask('SET', key, '1');
      await rewrite();
      for (const name of files()) seen.add(name);
    }
    await ask('SET', 'd', '1');
    const digest = await ask('DEBUG', 'DIGEST');
    const current = [...named('b'), ...named('i')];
    expect(current).toHaveLength(2);
    expect(files().sort()).toEqual([...seen].sort());
    expect(named('h').sort()).toEqual([...seen].filter((name) => !current.includes(name)).sort());
    expect(named('h').length).toBeGreaterThan(3);
    await client.close();
    await server.kill();
    cpSync(folder(), join(path, 'kept', 'appendonlydir'), { recursive: true });

    // It stays over a restart of either, and its names are not given again.
    const again = await start(other, '--aof-disable-auto-gc', 'yes');
    expect(await ask('DEBUG', 'DIGEST')).toBe(digest);
    const history = named('h');
    await rewrite();
    expect(named('h')).toEqual(expect.arrayContaining([...history, ...current]));
    expect(files()).toEqual(expect.arrayContaining([...seen]));
    const present = [...named('b'), ...named('i')];
    expect(present.filter((name) => seen.has(name))).toEqual([]);
    await ask('MULTI');
    await ask('CONFIG', 'SET', 'aof-disable-auto-gc', 'no');
    expect(await ask('EXEC')).toContain('OK');
    // Deleted in the background.
    while (named('h').length > 0 || files().length > 2) await ask('PING');
    expect(files().sort()).toEqual(present.sort());
    expect(await ask('DEBUG', 'DIGEST')).toBe(digest);
    await client.close();
    await again.kill();

    // With the default it goes at the start.
    path = join(path, 'kept');
    await start(other);
    expect(await ask('DEBUG', 'DIGEST')).toBe(digest);
    while (named('h').length > 0) await ask('PING');
    expect(files()).not.toEqual(expect.arrayContaining(history));
  });
});
