// What bitmaps and HyperLogLogs leave behind, as long sequences of their commands make it: the same data as in Redis,
// the same commands in the log, payloads that either takes from the other, and the same data after a restart.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readGrammars } from '../support/command-grammar.ts';
import { Random } from '../support/random.ts';
import { CommandGenerator } from '../support/random-commands.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { itemsOf, textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { byTier } from '../support/tier.ts';

const COMMANDS = ['setbit', 'getbit', 'bitcount', 'bitpos', 'bitop', 'bitfield', 'bitfield_ro'];
COMMANDS.push('pfadd', 'pfcount', 'pfmerge', 'setnx', 'append', 'del', 'rename', 'persist');
const STEPS = byTier(1_500, 15_000);
const CONFIG = { appendonly: 'yes', appendfsync: 'no', 'auto-aof-rewrite-percentage': '0' };

let servers: RunningServer[];
let clients: RawClient[];

beforeAll(async () => {
  servers = await Promise.all([startRedisServer(CONFIG), startSynapServer(CONFIG)]);
  clients = await Promise.all(servers.map(({ port }) => RawClient.connect(port, 20_000)));
  const [redis] = clients;
  const grammars = await readGrammars(redis, COMMANDS);
  const generator = new CommandGenerator(new Random(11), grammars, () => 1, [0]);
  for (let step = 0; step < STEPS; step++) {
    const { args } = generator.next();
    const [expected, actual] = await both(...args);
    expect(actual, args.join(' ')).toBe(expected);
  }
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(servers.map((server) => server.stop()));
});

/** The replies of both. */
async function both(...args: string[]): Promise<string[]> {
  const replies = await Promise.all(clients.map((client) => client.command(...args)));
  return replies.map(({ bytes }) => bytes.toString('latin1'));
}

async function digests(): Promise<string[]> {
  return both('DEBUG', 'DIGEST');
}

async function keys(): Promise<string[]> {
  return itemsOf(await clients[0].command('KEYS', '*')).map(textOf);
}

/** The commands in the log, without those that choose a database, and without times. */
async function logged(client: RawClient): Promise<string[]> {
  const [, directory] = itemsOf(await client.command('CONFIG', 'GET', 'dir')).map(textOf);
  const folder = join(directory, 'appendonlydir');
  const names = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'));
  const text = names.map((name) => readFileSync(join(folder, name), 'latin1')).join('');
  const commands: string[] = [];
  for (let at = 0; at < text.length; ) {
    const lineEnd = text.indexOf('\r\n', at);
    const count = text[at] === '*' ? Number(text.slice(at + 1, lineEnd)) : 0;
    at = lineEnd + 2;
    const words: string[] = [];
    for (let i = 0; i < count; i++) {
      const headerEnd = text.indexOf('\r\n', at);
      const length = Number(text.slice(at + 1, headerEnd));
      words.push(text.slice(headerEnd + 2, headerEnd + 2 + length));
      at = headerEnd + 2 + length + 2;
    }
    if (count === 0 || words[0] === 'SELECT') continue;
    if (words[0] === 'PEXPIREAT') words[2] = 'a time';
    commands.push(JSON.stringify(words));
  }
  return commands;
}

describe('after a long sequence', () => {
  test('the data is the same, and not little', async () => {
    const [redis, synap] = await digests();
    expect(synap).toBe(redis);
    expect((await keys()).length).toBeGreaterThan(8);
  });

  test('the log has the same commands', async () => {
    const [redis, synap] = await Promise.all(clients.map(logged));
    expect(synap).toEqual(redis);
    const names = new Set(redis.map((words) => JSON.parse(words)[0].toLowerCase()));
    for (const name of ['setbit', 'bitop', 'bitfield', 'pfadd', 'pfcount', 'pfmerge']) {
      expect(names).toContain(name);
    }
  });

  test('what Redis 8.2 does is logged as what it leaves', async () => {
    const [, synap] = clients;
    const before = (await logged(synap)).length;
    for (const line of [
      ['SET', '{b}a', 'abc'],
      ['SET', '{b}b', 'ab'],
      ['BITOP', 'DIFF', '{b}result', '{b}a', '{b}b'],
      ['BITOP', 'ONE', '{b}result', '{b}none', '{b}none2'],
      ['BITOP', 'ANDOR', '{b}result', '{b}none', '{b}none2'],
      ['DEL', '{b}a', '{b}b'],
    ]) {
      expect((await synap.command(...line)).type).not.toBe('-');
    }
    const lines = (await logged(synap)).slice(before).map((words) => JSON.parse(words));
    expect(lines).toEqual([
      ['SET', '{b}a', 'abc'],
      ['SET', '{b}b', 'ab'],
      ['SET', '{b}result', '\0\0c'],
      ['DEL', '{b}result'],
      ['DEL', '{b}a', '{b}b'],
    ]);
  });

  test('either takes what the other dumps', async () => {
    const [redis, synap] = clients;
    for (const key of await keys()) {
      const payloads = await Promise.all(clients.map((client) => client.command('DUMP', key)));
      const [fromRedis, fromSynap] = payloads.map(({ bytes }) =>
        bytes.subarray(bytes.indexOf('\r\n') + 2, -2),
      );
      expect(fromSynap.equals(fromRedis), key).toBe(true);
      await redis.command('RESTORE', 'restored', '0', fromSynap, 'REPLACE');
      await synap.command('RESTORE', 'restored', '0', fromRedis, 'REPLACE');
      const [expected, actual] = await both('GET', 'restored');
      expect(actual).toBe(expected);
    }
    await both('DEL', 'restored');
  });

  test.each(['RELOAD', 'LOADAOF'])('a restart has the same data: DEBUG %s', async (how) => {
    const before = await digests();
    await both('DEBUG', how);
    expect(await digests()).toEqual(before);
    for (const key of await keys()) {
      const [expected, actual] = await both('OBJECT', 'ENCODING', key);
      expect(actual, key).toBe(expected);
      const [count, other] = await both('PFCOUNT', key);
      expect(other, key).toBe(count);
    }
  });
});
