// MIGRATE: from Redis to Redis, from Synap to Redis, from Redis to Synap and between two Synaps, the
// same commands must get the same replies and leave the same data at both ends. What a target may do
// wrong is done by servers of the test's own, which answer what they are told.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { infoField } from '../net/logged-server.ts';
import { encodeCommand, showCommand } from '../support/command-line.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { answering, type Behaviour, closeFakeTargets, fakeTarget } from '../support/fake-target.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { capture, intended, type Step } from '../support/script.ts';
import { startSynapServer } from '../support/synap-server.ts';

const HOST = '127.0.0.1';
const PATIENCE_MS = 15_000;

/** Commands for the source, or for the target where they begin with `target>`. */
type Line = string | readonly string[];

interface End {
  readonly server: RunningServer;
  readonly client: RawClient;
}

let sources: End[] = [];
let targets: End[] = [];
const servers: RunningServer[] = [];

beforeAll(async () => {
  servers.push(await startRedisServer(), await startSynapServer());
  servers.push(await startRedisServer(), await startSynapServer());
});

afterAll(async () => {
  for (const server of servers) await server.stop();
});

// Anew for each test, as some of them close what is connected.
beforeEach(async () => {
  const ends = await Promise.all(servers.map(open));
  sources = ends.slice(0, 2);
  targets = ends.slice(2);
});

afterEach(async () => {
  for (const { client } of [...sources, ...targets]) await client.close();
  closeFakeTargets();
});

async function open(server: RunningServer): Promise<End> {
  return { server, client: await RawClient.connect(server.port, PATIENCE_MS) };
}

function words(line: Line): readonly string[] {
  return typeof line === 'string'
    ? line.split(' ').map((word) => (word === '""' ? '' : word))
    : line;
}

/** Runs lines between two servers; returns all replies, and the data of both afterwards. */
async function run(
  source: End,
  target: End,
  lines: readonly Line[],
  protocol: string,
): Promise<string[]> {
  const [from, to] = await Promise.all([connect(source), connect(target)]);
  const replies: string[] = [];
  for (const client of [from, to]) {
    await client.command('FLUSHALL');
    await client.command('HELLO', protocol);
  }
  for (const line of lines) {
    const all = words(line);
    const isForTarget = all[0] === 'target>';
    const args = isForTarget ? all.slice(1) : all;
    const known = args.map((arg) => arg.replace('$port', String(target.server.port)));
    const { bytes } = await (isForTarget ? to : from).command(...known);
    // It depends on what was done before how many connections there are to close.
    const reply = args[1] === 'KILL' ? '' : bytes.toString('latin1');
    replies.push(`${showCommand(args)}: ${reply}`);
  }
  for (const client of [from, to]) {
    replies.push(textOf(await client.command('DEBUG', 'DIGEST')));
    await client.close();
  }
  return replies;
}

function connect({ server }: End): Promise<RawClient> {
  return RawClient.connect(server.port, PATIENCE_MS);
}

/** The same between all pairs of servers; what Redis and Redis answer is right. */
async function compare(lines: readonly Line[], protocol: string): Promise<void> {
  const [redis, synap] = sources;
  const [toRedis, toSynap] = targets;
  const expected = await run(redis, toRedis, lines, protocol);
  expect(await run(synap, toRedis, lines, protocol), 'from Synap to Redis').toEqual(expected);
  expect(await run(redis, toSynap, lines, protocol), 'from Redis to Synap').toEqual(expected);
  expect(await run(synap, toSynap, lines, protocol), 'from Synap to Synap').toEqual(expected);
}

const MANY = Array.from({ length: 20_000 }, (_, i) => `element ${i}`);
const MIGRATE = `MIGRATE ${HOST} $port`;

const SCENARIOS: Readonly<Record<string, readonly Line[]>> = {
  'one key': [
    'SET k v',
    `${MIGRATE} k 0 1000`,
    'EXISTS k',
    'target> GET k',
    `${MIGRATE} k 0 1000`,
    `${MIGRATE} missing 0 1000`,
  ],
  options: [
    'SET k v',
    `${MIGRATE} k 0 1000 COPY`,
    'GET k',
    `${MIGRATE} k 0 1000`,
    `${MIGRATE} k 0 1000 copy`,
    'GET k',
    'SET k w',
    `${MIGRATE} k 0 1000 REPLACE COPY`,
    'target> GET k',
    `${MIGRATE} k 0 1000 replace`,
    'EXISTS k',
    `${MIGRATE} k 0 1000 bogus`,
    `${MIGRATE} k 0 1000 AUTH`,
    `${MIGRATE} k 0 1000 AUTH2 a`,
    `${MIGRATE} k 0 1000 COPY AUTH`,
    `${MIGRATE} k 0 1000 KEYS a`,
    `${MIGRATE} k 0 1000 bogus KEYS a`,
    `${MIGRATE} k x 1000`,
    `${MIGRATE} k 0 x`,
    `${MIGRATE} k x x`,
    `${MIGRATE} k 9223372036854775808 1`,
    `${MIGRATE} k 0 1.5`,
    'MIGRATE',
    `MIGRATE ${HOST} 1 k 0`,
  ],
  'several keys': [
    'MSET a 1 b 2 c 3 d 4',
    'RPUSH l a b c',
    `${MIGRATE} "" 0 1000 KEYS`,
    `${MIGRATE} "" 0 1000 KEYS no neither`,
    `${MIGRATE} "" 0 1000`,
    ['SET', '', 'the empty key'],
    `${MIGRATE} "" 0 1000`,
    'target> SET b old',
    `${MIGRATE} "" 0 1000 COPY KEYS a no b l`,
    'EXISTS a b l',
    `${MIGRATE} "" 0 1000 KEYS c no b d`,
    'EXISTS a b c d l',
    'target> EXISTS a b c d l',
    `${MIGRATE} "" 0 1000 REPLACE KEYS a b l`,
    'EXISTS a b l',
    'target> MGET a b c d',
    'SET twice 1',
    `${MIGRATE} "" 0 1000 KEYS twice twice`,
    'SET twice 1',
    `${MIGRATE} "" 0 1000 REPLACE KEYS twice twice`,
    'SET keys 1',
    `${MIGRATE} "" 0 1000 KEYS KEYS keys`,
  ],
  databases: [
    'SELECT 3',
    'MSET a 1 b 2 c 3 d 4',
    `${MIGRATE} a 5 1000`,
    `${MIGRATE} b 5 1000`,
    `${MIGRATE} c 0 1000`,
    `${MIGRATE} d 99 1000`,
    `${MIGRATE} d 9223372036854775807 1000`,
    `${MIGRATE} d 5 1000`,
    'DBSIZE',
    'target> GET c',
    'target> SELECT 5',
    'target> MGET a b d',
  ],
  passwords: [
    'MSET a 1 b 2',
    'target> CONFIG SET requirepass secret',
    'target> CLIENT KILL TYPE normal SKIPME yes',
    `${MIGRATE} a 0 1000`,
    `${MIGRATE} a 0 1000 AUTH wrong`,
    `${MIGRATE} a 0 1000 AUTH2 nobody secret`,
    'EXISTS a b',
    `${MIGRATE} a 0 1000 AUTH secret`,
    `${MIGRATE} b 0 1000 AUTH2 default secret`,
    'EXISTS a b',
    ['target>', 'CONFIG', 'SET', 'requirepass', ''],
    'SET c 3',
    `${MIGRATE} c 0 1000 AUTH secret`,
    `${MIGRATE} c 0 1000`,
  ],
  'a connection that was closed': [
    'MSET a 1 b 2',
    `${MIGRATE} a 3 1000`,
    'target> CLIENT KILL TYPE normal SKIPME yes',
    `${MIGRATE} b 3 1000`,
    'target> SELECT 3',
    'target> MGET a b',
  ],
  'values of every kind': [
    'SET integer 12345',
    ['SET', 'text', 'lorem ipsum dolor sit amet '.repeat(50)],
    ['SET', 'large', 'x'.repeat(300_000)],
    ['RPUSH', 'short', 'a', '1', '-300', ''],
    ['RPUSH', 'longer', ...MANY.slice(0, 1000)],
    ['RPUSH', 'longest', ...MANY],
    ['RPUSH', 'wide', 'x'.repeat(100_000), 'y'.repeat(70_000)],
    ['SET', 'k\r\n$3', 'a\r\nb'],
    'PEXPIREAT text 4102444800123',
    `${MIGRATE} "" 0 5000 KEYS integer text large short longer longest wide`,
    [...words(`${MIGRATE} x 0 5000`).map((word) => (word === 'x' ? 'k\r\n$3' : word))],
    'DBSIZE',
    'target> LRANGE short 0 -1',
    'target> LLEN longest',
  ],
  'who watches and waits': [
    'SET k v',
    'WATCH k',
    `${MIGRATE} k 0 1000 COPY`,
    'MULTI',
    'EXEC',
    'WATCH k',
    `${MIGRATE} k 0 1000 REPLACE`,
    'MULTI',
    'PING',
    'EXEC',
  ],
  'nobody at the address': [
    'SET k v',
    'MIGRATE 127.0.0.1 1 k 0 1000',
    'MIGRATE 127.0.0.1 0 k 0 1000',
    'MIGRATE 127.0.0.1 abc k 0 1000',
    'MIGRATE 127.0.0.1 70000 k 0 1000',
    'MIGRATE 127.0.0.1 -1 k 0 1000',
    'MIGRATE localhost 1 k 0 1000',
    'MIGRATE "" 6379 k 0 1000',
    ['MIGRATE', '127.0.0.1\0.nowhere', '1', 'k', '0', '1000'],
    'EXISTS k',
  ],
};

describe.each(['2', '3'])('RESP%s', (protocol) => {
  test.each(Object.keys(SCENARIOS))('%s', async (name) => {
    await compare(SCENARIOS[name], protocol);
  });
});

test('keys keep their time to live', async () => {
  for (const source of sources) {
    for (const target of targets) {
      await target.client.command('FLUSHALL');
      await source.client.command('SET', 'k', 'v', 'PX', '5000000');
      await source.client.command('SET', 'forever', 'v');
      const port = String(target.server.port);
      const args = ['0', '1000', 'KEYS', 'k', 'forever'];
      expect(textOf(await source.client.command('MIGRATE', HOST, port, '', ...args))).toBe('OK');
      const leftMs = Number(textOf(await target.client.command('PTTL', 'k')));
      expect(leftMs).toBeGreaterThan(4_900_000);
      expect(leftMs).toBeLessThanOrEqual(5_000_000);
      expect(textOf(await target.client.command('PTTL', 'forever'))).toBe('-1');
    }
  }
});

test('events: del for each key that is gone', async () => {
  const heard: string[] = [];
  for (const { server, client } of sources) {
    await targets[0].client.command('FLUSHALL');
    await client.command('CONFIG', 'SET', 'notify-keyspace-events', 'KEAm');
    const listener = await RawClient.connect(server.port);
    await listener.command('PSUBSCRIBE', '__key*__:*');
    await client.command('MSET', 'a', '1', 'b', '2');
    const port = String(targets[0].server.port);
    const args = ['0', '1000', 'KEYS', 'a', 'no', 'b', 'b'];
    await client.command('MIGRATE', HOST, port, '', ...args);
    await client.command('PUBLISH', '__key__:', 'the end');
    const { replies } = await listener.readUntil(Buffer.from('the end'));
    heard.push(replies.map(({ bytes }) => bytes.toString()).join(''));
    await client.command('CONFIG', 'SET', 'notify-keyspace-events', '');
    await client.command('FLUSHALL');
    await listener.close();
  }
  expect(heard[1]).toBe(heard[0]);
  expect(heard[0].match(/del/g)?.length).toBeGreaterThan(3);
});

const FAULTS: readonly (readonly [name: string, behave: () => Behaviour, keys: string])[] = [
  ['never answers', () => () => {}, 'a b c'],
  ['answers to SELECT only', () => answering(['+OK']), 'a b c'],
  ['closes at once', () => (socket) => socket.destroy(), 'a b c'],
  ['closes when it gets something', () => answering([], true), 'a b c'],
  ['closes after the answer to SELECT', () => answering(['+OK'], true), 'a b c'],
  ['closes after the first key', () => answering(['+OK', '+OK'], true), 'a b c'],
  ['falls silent after the first key', () => answering(['+OK', '+OK']), 'a b c'],
  ['closes after it refused a key', () => answering(['+OK', '-ERR no', '+OK'], true), 'a b c'],
  ['refuses SELECT', () => answering(['-ERR no', '+OK', '-X no', '+OK']), 'a b c'],
  ['refuses SELECT and closes', () => answering(['-ERR no'], true), 'a b c'],
  ['refuses some keys', () => answering(['+OK', '+OK', '-BUSYKEY a', '-ERR b']), 'a b c'],
  ['takes too many', () => answering(['-ERR max number of clients reached'], true), 'a b c'],
  [
    'closes the first connection only',
    () => (socket, connection) => {
      if (connection === 1) socket.destroy();
      else answering(['+OK', '+OK', '+OK', '+OK'])(socket, connection);
    },
    'a b c',
  ],
];

describe('a target that', () => {
  test.each(FAULTS)('%s', async (_, behave, keys) => {
    const outcomes: string[] = [];
    for (const { client } of sources) {
      const port = await fakeTarget(behave());
      await client.command('FLUSHALL');
      await client.command('MSET', 'a', '1', 'b', '2', 'c', '3');
      const args = ['0', '300', 'KEYS', ...keys.split(' ')];
      const reply = await client.command('MIGRATE', HOST, String(port), '', ...args);
      const left = await client.command('MGET', 'a', 'b', 'c');
      const [ping] = [await client.command('PING')];
      outcomes.push([reply, left, ping].map(({ bytes }) => bytes.toString()).join(''));
    }
    expect(outcomes[1]).toBe(outcomes[0]);
  });

  test('reads nothing', async () => {
    const outcomes: string[] = [];
    for (const { client } of sources) {
      const port = await fakeTarget((socket) => socket.pause());
      await client.command('SET', 'big', 'x'.repeat(30_000_000));
      await client.command('CONFIG', 'SET', 'rdbcompression', 'no');
      const reply = await client.command('MIGRATE', HOST, String(port), 'big', '0', '300');
      await client.command('CONFIG', 'SET', 'rdbcompression', 'yes');
      outcomes.push(reply.bytes.toString() + textOf(await client.command('STRLEN', 'big')));
      await client.command('DEL', 'big');
    }
    expect(outcomes[0]).toContain('writing');
    expect(outcomes[1]).toBe(outcomes[0]);
  });
});

test('connections are kept, and counted', async () => {
  for (const source of sources) {
    const before = Number(await infoField(source.client, 'migrate_cached_sockets'));
    let connections = 0;
    let received = '';
    const port = await fakeTarget((socket) => {
      connections++;
      socket.on('data', (bytes) => {
        received += bytes.toString();
        socket.write('+OK\r\n'.repeat(bytes.toString().match(/\*\d/g)?.length ?? 0));
      });
    });
    for (const [key, db] of ['a0', 'b0', 'c7', 'd7', 'e0']) {
      await source.client.command('SET', key, '1');
      const reply = await source.client.command('MIGRATE', HOST, String(port), key, db, '1000');
      expect(textOf(reply)).toBe('OK');
    }
    expect(connections).toBe(1);
    // Only where it is another database than the last one.
    expect(received.match(/SELECT\r\n\$1\r\n./g)?.map((text) => text.at(-1))).toEqual([
      '0',
      '7',
      '0',
    ]);
    expect(Number(await infoField(source.client, 'migrate_cached_sockets'))).toBe(before + 1);
  }
});

test('passwords are not shown', async () => {
  for (const { client, server } of sources) {
    const monitor = await RawClient.connect(server.port);
    await monitor.command('MONITOR');
    await client.command('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
    await client.command('SLOWLOG', 'RESET');
    await client.command('SET', 'k', 'v');
    await client.command('MIGRATE', HOST, '1', 'k', '0', '100', 'AUTH2', 'hidden1', 'hidden2');
    await client.command('MIGRATE', HOST, '1', 'k', '0', '100', 'AUTH', 'hidden3', 'bogus');
    await client.command('ECHO', 'the end');
    const { replies } = await monitor.readUntil(Buffer.from('the end'));
    const seen = replies.map(({ bytes }) => bytes.toString()).join('');
    expect(seen).toContain('MIGRATE');
    expect(seen).not.toContain('hidden');
    const slow = (await client.command('SLOWLOG', 'GET')).bytes.toString();
    expect(slow).toContain('MIGRATE');
    expect(slow).not.toContain('hidden');
    await client.command('CONFIG', 'SET', 'slowlog-log-slower-than', '10000');
    await monitor.close();
  }
});

compareWithRedis('what differs', (define) => {
  let webPort = 0;

  beforeEach(async () => {
    webPort = await fakeTarget(answering(['+OK', 'HTTP/1.1 400 Bad Request']));
  });

  /** Keeps the port of a web server as `$web`. */
  const web: Step = {
    ...capture('web', 'ECHO port', /^(\d+)$/m),
    bytes: () => encodeCommand(['ECHO', String(webPort)]),
  };

  define('in a transaction', [
    'SET k v\nMULTI',
    intended(
      'migrate-in-transactions',
      /^-ERR Command not allowed inside a transaction/,
      'MIGRATE 127.0.0.1 1 k 0 100',
    ),
    'DISCARD\nGET k',
  ]);

  define('a target that is no server of this kind', [
    'SET k v',
    web,
    intended(
      'migrate-acknowledgement',
      /^-ERR Target instance replied with error: HTTP\/1.1 400 Bad Request/,
      'MIGRATE 127.0.0.1 $web k 0 1000',
    ),
  ]);
});
