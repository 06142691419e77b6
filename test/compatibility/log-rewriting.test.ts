// BGREWRITEAOF, the log switched on and off, and what INFO tells of it, beside Redis.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRedis } from '../support/needs-redis.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { textOf } from '../support/reply-frames.ts';
import { type RunningServer, temporaryDirectory } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { variantsByTier } from '../support/tier.ts';

/** Fields that only Synap has. */
const OWN = /^log_/;
/** Fields that Redis has and that tell of what Synap does not do: memory shared with a child, modules. */
const REDIS_ONLY = /cow|module|current_fork_perc/;

describe.skipIf(!hasRedis).each(variantsByTier([2, 3]))('in RESP%i', (protocol) => {
  const directory = temporaryDirectory();
  const servers: RunningServer[] = [];
  const clients: RawClient[] = [];

  beforeAll(async () => {
    const config = { 'enable-protected-configs': 'yes' };
    servers.push(
      await startRedisServer(config),
      await startSynapServer({ ...config, logfile: join(directory.path, 'log') }),
    );
    for (const { port } of servers) {
      const client = await RawClient.connect(port, 20_000);
      if (protocol === 3) await client.command('HELLO', '3');
      clients.push(client);
    }
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

  async function fields(client: RawClient): Promise<Map<string, string>> {
    const text = textOf(await client.command('INFO', 'persistence'));
    const lines = text.split('\r\n').filter((line) => line.includes(':'));
    return new Map(lines.map((line) => line.split(':') as [string, string]));
  }

  async function idle(client: RawClient): Promise<void> {
    for (;;) {
      const now = await fields(client);
      const names = ['aof_rewrite_in_progress', 'aof_rewrite_scheduled', 'rdb_bgsave_in_progress'];
      if (names.every((name) => now.get(name) === '0')) return;
    }
  }

  const bothIdle = () => Promise.all(clients.map(idle));

  /** Has data that takes a while to write. */
  async function makeSlow(): Promise<void> {
    for (const client of clients) await client.command('DEBUG', 'POPULATE', '300000');
  }

  /** The names of the fields, in order. */
  async function names(client: RawClient): Promise<string[]> {
    const all = [...(await fields(client)).keys()];
    return all.filter((name) => !OWN.test(name) && !REDIS_ONLY.test(name));
  }

  test('without a log', async () => {
    expect(await both('BGREWRITEAOF', 'now')).toMatch(/^-ERR wrong number/);
    expect(await both('BGREWRITEAOF')).toBe('+Background append only file rewriting started\r\n');
    await bothIdle();
    const listings: string[][] = [];
    for (const client of clients) {
      const [, dir] = (await client.command('CONFIG', 'GET', 'dir')).bytes
        .toString()
        .split(/\r\n\$\d+\r\n/)
        .slice(-2);
      listings.push(readdirSync(join(dir.trim(), 'appendonlydir')).sort());
    }
    expect(listings[1]).toEqual(listings[0]);
    expect(await names(clients[1])).toEqual(await names(clients[0]));
  });

  test('with one, switched on and off', async () => {
    await both('SET', 'a', '1');
    expect(await both('CONFIG', 'SET', 'appendonly', 'yes')).toBe('+OK\r\n');
    await both('CONFIG', 'GET', 'appendonly');
    await both('CONFIG', 'SET', 'appendonly', 'yes');
    await both('CONFIG', 'SET', 'appendonly', 'maybe');
    await bothIdle();
    expect(await names(clients[1])).toEqual(await names(clients[0]));
    for (const name of [
      ...['aof_enabled', 'aof_rewrite_in_progress', 'aof_rewrite_scheduled'],
      ...['aof_last_bgrewrite_status', 'aof_last_write_status', 'aof_pending_rewrite'],
      ...['aof_rewrites', 'aof_rewrites_consecutive_failures'],
    ]) {
      const [redis, synap] = await Promise.all(clients.map(fields));
      expect([name, synap.get(name)]).toEqual([name, redis.get(name)]);
    }
    await both('RPUSH', 'list', '1', '2');
    expect(await both('DEBUG', 'LOADAOF')).toBe('+OK\r\n');
    expect(await both('LRANGE', 'list', '0', '-1')).toContain('$1\r\n2\r\n');
    await both('DEBUG', 'DIGEST');
    expect(await both('CONFIG', 'SET', 'appendonly', 'no')).toBe('+OK\r\n');
    await both('CONFIG', 'GET', 'appendonly');
    for (const client of clients) expect((await fields(client)).get('aof_enabled')).toBe('0');
  });

  test('one at a time, beside snapshots', async () => {
    await makeSlow();
    expect(await both('BGREWRITEAOF')).toMatch(/started/);
    expect(await both('BGREWRITEAOF')).toMatch(/^-ERR .*already in progress/);
    expect(await both('BGSAVE')).toMatch(/^-ERR Another child process is active/);
    expect(await both('BGSAVE', 'SCHEDULE')).toBe('+Background saving scheduled\r\n');
    for (const client of clients) {
      while ((await fields(client)).get('rdb_saves') !== '1');
    }
    await bothIdle();
    expect(await both('BGSAVE')).toMatch(/started/);
    expect(await both('BGREWRITEAOF')).toMatch(/scheduled/);
    await bothIdle();
    await both('MULTI');
    await both('BGREWRITEAOF');
    expect(await both('EXEC')).toMatch(/scheduled/);
    await bothIdle();
    await both('FLUSHALL');
  });
});
