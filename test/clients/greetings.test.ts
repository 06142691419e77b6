// How clients greet a server: in one go, without waiting for a reply. Real clients connect to Redis and to
// Synap through a proxy; what they send must be the same, and so must what they are answered, byte by byte,
// but for what HELLO and INFO tell of the server itself and for CLIENT SETINFO, which Redis 7.0 has not.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GlideClient, Logger, ProtocolVersion } from '@valkey/valkey-glide';
import { Redis } from 'ioredis';
import { Redis as Valkey } from 'iovalkey';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeCommand } from '../support/command-line.ts';
import { anyOfType, type Comparer, exact, redact } from '../support/comparers.ts';
import { RawClient } from '../support/raw-client.ts';
import { type RecordedConnection, RecordingProxy } from '../support/recording-proxy.ts';
import { startRedisServer } from '../support/redis-server.ts';
import type { Reply } from '../support/reply-frames.ts';
import type { RunningServer, ServerConfig } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

const PASSWORD = 'secret';

let redis: RunningServer;
let synap: RunningServer;

beforeAll(async () => {
  // Its own log would be that of the tests.
  Logger.setLoggerConfig('off');
  redis = await startRedisServer({ requirepass: PASSWORD });
  synap = await startSynapServer({ requirepass: PASSWORD });
});

afterAll(async () => {
  await redis.stop();
  await synap.stop();
});

// ── Comparing ─────────────────────────────────────────────────────────────────────────────────

/** What HELLO tells of the server itself: its version and the connection's id. */
const helloReply = redact(/^\d+\.\d+\.\d+$|^\d{1,6}$/);
const setInfoReply: Comparer = {
  name: 'CLIENT SETINFO as in Redis 7.2',
  equal: (expected, actual) =>
    expected.bytes.equals(actual.bytes) ||
    (expected.bytes.toString() === "-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n" &&
      /^(\+OK|-NOAUTH Authentication required\.)\r\n$/.test(actual.bytes.toString())),
};

/** How replies to a request are compared. */
function comparerOf(words: readonly string[]): Comparer {
  const [command, subcommand = ''] = words.map((word) => word.toLowerCase());
  if (command === 'hello') return helloReply;
  // What they tell of the server and of the connection is compared elsewhere.
  if (command === 'info' || (command === 'client' && subcommand === 'info')) return anyOfType;
  return command === 'client' && subcommand === 'setinfo' ? setInfoReply : exact;
}

function expectSameReplies(
  requests: readonly (readonly string[])[],
  expected: readonly Reply[],
  actual: readonly Reply[],
): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, reply] of expected.entries()) {
    const comparer = comparerOf(requests[i]);
    if (comparer.equal(reply, actual[i])) continue;
    expect(actual[i].bytes.toString('latin1'), `${requests[i].join(' ')} (${comparer.name})`).toBe(
      reply.bytes.toString('latin1'),
    );
  }
}

// ── Greetings as bytes ────────────────────────────────────────────────────────────────────────

interface Greeting {
  readonly client: string;
  /** `PASSWORD` stands for the password that the client has been given. */
  readonly requests: readonly string[];
}

/** What each client sends before its first reply, and then. */
const GREETINGS: readonly Greeting[] = [
  {
    client: 'ioredis 6',
    requests: [
      'hello 3 AUTH default PASSWORD',
      'select 3',
      'client setname app',
      'client SETINFO LIB-VER 6.0.0',
      'client SETINFO LIB-NAME ioredis',
      'info',
    ],
  },
  {
    client: 'ioredis 5',
    requests: [
      'auth PASSWORD',
      'select 3',
      'client setname app',
      'client SETINFO LIB-NAME ioredis',
      'client SETINFO LIB-VER 5.11.1',
      'info',
    ],
  },
  {
    client: 'redis 6',
    requests: [
      'HELLO 3 AUTH default PASSWORD SETNAME app',
      'SELECT 3',
      'CLIENT SETINFO LIB-VER 6.3.1',
      'CLIENT SETINFO LIB-NAME node-redis',
      'CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type external-ip',
    ],
  },
  {
    client: 'redis-benchmark -3',
    requests: ['AUTH PASSWORD', 'SELECT 2', 'HELLO 3', ...Array(16).fill('GET missing')],
  },
  {
    client: 'python3-redis',
    requests: ['AUTH PASSWORD', 'CLIENT SETNAME app', 'SELECT 2', 'GET missing'],
  },
  {
    client: 'redis-sentinel',
    requests: ['AUTH default PASSWORD', 'CLIENT SETNAME sentinel-0123abcd-cmd', 'PING', 'INFO'],
  },
  { client: 'a client of another protocol', requests: ['HELLO 4 AUTH default PASSWORD', 'PING'] },
];

/** What shows afterwards whether a greeting had its effect. */
const AFTERWARDS = ['CLIENT GETNAME', 'PING', 'INCR counter', 'DEL counter', 'GET missing'];

async function setPassword(before: string, after: string): Promise<void> {
  for (const { port } of [redis, synap]) {
    const admin = await RawClient.connect(port);
    if (before !== '') await admin.command('AUTH', before);
    expect((await admin.command('CONFIG', 'SET', 'requirepass', after)).type).toBe('+');
    await admin.close();
  }
}

/** What is answered to requests, sent in pieces of so many bytes. */
async function answers(
  { port }: RunningServer,
  requests: readonly (readonly string[])[],
  pieceBytes: number,
): Promise<readonly Reply[]> {
  const client = await RawClient.connect(port);
  const bytes = Buffer.concat(requests.map(encodeCommand));
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    client.send(bytes.subarray(at, at + pieceBytes));
    if (pieceBytes < bytes.length) await new Promise((resolve) => setImmediate(resolve));
  }
  const { replies } = await client.read(requests.length);
  await client.close();
  return replies;
}

describe.each([
  { server: 'with a password', password: PASSWORD },
  { server: 'without one', password: '' },
])('a server $server answers like Redis', ({ password }) => {
  beforeAll(() => setPassword(PASSWORD, password));
  afterAll(() => setPassword(password, PASSWORD));

  describe.each(['secret', 'wrong', 'none'])('with the password of the client: %s', (given) => {
    test.each(GREETINGS)('the greeting of $client', async ({ requests }) => {
      const words = [...requests, ...AFTERWARDS]
        .map((line) =>
          given === 'none'
            ? line.replace(/ AUTH default PASSWORD| ?\bAUTH .*PASSWORD/i, '')
            : line.replace('PASSWORD', given),
        )
        .filter((line) => line !== '')
        .map((line) => line.split(' '));
      const expected = await answers(redis, words, Number.POSITIVE_INFINITY);
      for (const pieceBytes of [Number.POSITIVE_INFINITY, 7]) {
        expectSameReplies(words, expected, await answers(synap, words, pieceBytes));
      }
    });
  });
});

test('AUTH in front of what only an authenticated client may send', async () => {
  const words = [
    ['AUTH', PASSWORD],
    ['SET', 'large', 'v'.repeat(100_000)],
    ['RPUSH', 'list', ...Array(1000).fill('element')],
    ['STRLEN', 'large'],
    ['DEL', 'large', 'list'],
  ];
  const expected = await answers(redis, words, Number.POSITIVE_INFINITY);
  expect(expected[3].bytes.toString()).toBe(':100000\r\n');
  expectSameReplies(words, expected, await answers(synap, words, Number.POSITIVE_INFINITY));
});

// ── Real clients ──────────────────────────────────────────────────────────────────────────────

interface RealClient {
  readonly name: string;
  /** Lines that it sends at first, `<version>` for its own version; `|` where it waits for replies. */
  readonly greeting: readonly string[];
  /** Connects with the password, to database 3 under the name `app`; returns what CLIENT INFO tells. */
  readonly use: (port: number) => Promise<string>;
  readonly resp: 2 | 3;
}

const CLIENTS: readonly RealClient[] = [
  {
    name: 'ioredis',
    greeting: [
      'hello 3 AUTH default secret',
      'select 3',
      'client setname app',
      'client SETINFO LIB-VER <version>',
      'client SETINFO LIB-NAME ioredis',
      '|',
      'info',
    ],
    use: (port) => useIoredis(new Redis(ioredisOptions(port))),
    resp: 3,
  },
  {
    name: 'ioredis with RESP2',
    greeting: [
      'auth secret',
      'select 3',
      'client setname app',
      'client SETINFO LIB-VER <version>',
      'client SETINFO LIB-NAME ioredis',
      '|',
      'info',
    ],
    use: (port) => useIoredis(new Redis({ ...ioredisOptions(port), protocol: 2 })),
    resp: 2,
  },
  {
    name: 'iovalkey',
    greeting: ['auth secret', 'select 3', 'info', '|', 'client setname app'],
    use: (port) => useIoredis(new Valkey(ioredisOptions(port))),
    resp: 2,
  },
  {
    name: 'redis',
    greeting: [
      'HELLO 3 AUTH default secret SETNAME app',
      'SELECT 3',
      'CLIENT SETINFO LIB-VER <version>',
      'CLIENT SETINFO LIB-NAME node-redis',
      'CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type external-ip',
      '|',
    ],
    use: (port) => useNodeRedis(port, 3),
    resp: 3,
  },
  {
    name: 'redis with RESP2',
    greeting: [
      'AUTH secret',
      'CLIENT SETNAME app',
      'SELECT 3',
      'CLIENT SETINFO LIB-VER <version>',
      'CLIENT SETINFO LIB-NAME node-redis',
      '|',
    ],
    use: (port) => useNodeRedis(port, 2),
    resp: 2,
  },
  {
    name: 'glide',
    greeting: [
      'HELLO 3 AUTH default secret',
      '|',
      'SELECT 3',
      'CLIENT SETNAME app',
      'CLIENT SETINFO LIB-NAME GlideJS',
      'CLIENT SETINFO LIB-VER unknown',
      'INFO REPLICATION',
    ],
    use: useGlide,
    resp: 3,
  },
];

function ioredisOptions(port: number) {
  return { host: '127.0.0.1', port, password: PASSWORD, db: 3, connectionName: 'app' };
}

async function useIoredis(client: Redis | Valkey): Promise<string> {
  try {
    expect(await client.set('k', 'v')).toBe('OK');
    expect(await client.get('k')).toBe('v');
    return String(await client.client('INFO'));
  } finally {
    client.disconnect();
  }
}

async function useNodeRedis(port: number, RESP: 2 | 3, password = PASSWORD): Promise<string> {
  const socket = { host: '127.0.0.1', port, reconnectStrategy: false as const };
  const client = createClient({ RESP, socket, password, database: 3, name: 'app' });
  client.on('error', () => {});
  await client.connect();
  try {
    expect(await client.set('k', 'v')).toBe('OK');
    expect(await client.get('k')).toBe('v');
    return String(await client.sendCommand(['CLIENT', 'INFO']));
  } finally {
    client.destroy();
  }
}

async function useGlide(port: number): Promise<string> {
  const client = await GlideClient.createClient({
    addresses: [{ host: '127.0.0.1', port }],
    credentials: { username: 'default', password: PASSWORD },
    databaseId: 3,
    clientName: 'app',
    protocol: ProtocolVersion.RESP3,
    requestTimeout: 10_000,
  });
  try {
    expect(await client.set('k', 'v')).toBe('OK');
    expect(await client.get('k')).toBe('v');
    return String(await client.customCommand(['CLIENT', 'INFO']));
  } finally {
    client.close();
  }
}

/** What goes through while a client is used. */
async function record(
  server: RunningServer,
  use: (port: number) => Promise<string>,
): Promise<{ connections: readonly RecordedConnection[]; info: string }> {
  const proxy = await RecordingProxy.open(server.port);
  try {
    const info = await use(proxy.port);
    return { connections: proxy.connections, info };
  } finally {
    await proxy.close();
  }
}

function expectSameTraffic(
  ofRedis: readonly RecordedConnection[],
  ofSynap: readonly RecordedConnection[],
): void {
  expect(ofSynap.map(({ requests }) => requests)).toEqual(ofRedis.map(({ requests }) => requests));
  for (const [i, { requests, replies }] of ofRedis.entries()) {
    expect(replies).toHaveLength(requests.length);
    expectSameReplies(requests, replies, ofSynap[i].replies);
  }
}

/** The commands of a connection up to SET, with `|` where the first of them is answered. */
function greetingOf({ requests, requestsBeforeReply }: RecordedConnection): string[] {
  const lines = requests.map((words) => words.join(' '));
  const end = lines.findIndex((line) => /^set k v$/i.test(line));
  const first = Math.min(requestsBeforeReply.length, end);
  return [...lines.slice(0, first), '|', ...lines.slice(first, end)];
}

describe.each(CLIENTS)('$name', ({ greeting, use, resp }) => {
  test('greets both alike, is answered alike, and gets what it asked for', async () => {
    const ofRedis = await record(redis, use);
    const ofSynap = await record(synap, use);
    expect(ofSynap.connections).toHaveLength(1);
    const [connection] = ofSynap.connections;
    const lines = greetingOf(connection);
    const version = / LIB-VER (\d+\.\d+\.\d+)$/m.exec(lines.join('\n'))?.[1] ?? '';
    expect(lines).toEqual(greeting.map((line) => line.replace('<version>', version)));
    expectSameTraffic(ofRedis.connections, ofSynap.connections);
    for (const { info } of [ofRedis, ofSynap]) {
      expect(info).toMatch(new RegExp(` name=app .* db=3 .* resp=${resp}\\b`));
    }
    const library = / LIB-NAME (\S+)$/m.exec(lines.join('\n'))?.[1] ?? '';
    expect(ofSynap.info).toContain(` lib-name=${library} `);
  });
});

describe('a server without HELLO', () => {
  const config: ServerConfig = { requirepass: PASSWORD, 'rename-command': [['hello', '']] };
  let redisWithout: RunningServer;
  let synapWithout: RunningServer;

  beforeAll(async () => {
    redisWithout = await startRedisServer(config);
    synapWithout = await startSynapServer(config);
  });

  afterAll(async () => {
    await redisWithout.stop();
    await synapWithout.stop();
  });

  test('ioredis takes the refusal for what it is, and goes on with RESP2', async () => {
    const use = (port: number): Promise<string> => useIoredis(new Redis(ioredisOptions(port)));
    const ofRedis = await record(redisWithout, use);
    const ofSynap = await record(synapWithout, use);
    expect(ofSynap.info).toMatch(/ name=app .* db=3 .* resp=2\b/);
    expect(ofSynap.connections[0].replies[0].bytes.toString()).toMatch(
      /^-ERR unknown command 'hello'/,
    );
    expectSameTraffic(ofRedis.connections, ofSynap.connections);
  });

  test('redis shows the refusal', async () => {
    const use = (port: number): Promise<string> =>
      useNodeRedis(port, 3).catch((error: unknown) => String(error));
    const ofRedis = await record(redisWithout, use);
    const ofSynap = await record(synapWithout, use);
    expect(ofSynap.info).toMatch(/unknown command 'HELLO'/);
    expect(ofSynap.info).toBe(ofRedis.info);
    expectSameReplies(
      ofRedis.connections[0].requests,
      ofRedis.connections[0].replies,
      ofSynap.connections[0].replies,
    );
  });
});

describe('a wrong password', () => {
  const wrong = 'not the password';

  test.each([
    {
      client: 'ioredis',
      async use(port: number): Promise<string> {
        const redis = new Redis({ ...ioredisOptions(port), password: wrong, retryStrategy: null });
        return new Promise((resolve) => redis.on('error', (error) => resolve(error.message)));
      },
    },
    {
      client: 'redis',
      use: (port: number): Promise<string> =>
        useNodeRedis(port, 3, wrong).catch((error: unknown) => String(error)),
    },
  ])('$client is told so, and nothing else', async ({ use }) => {
    const ofRedis = await record(redis, use);
    const ofSynap = await record(synap, use);
    expect(ofSynap.info).toMatch(/WRONGPASS/);
    expect(ofSynap.info).toBe(ofRedis.info);
  });
});

const runProgram = promisify(execFile);

describe.each([
  {
    program: 'redis-benchmark',
    args: '-3 --user default -a secret --dbnum 2 -c 1 -n 100 -P 16 -d 5 -q -t set,get,lpush,lrange_100',
    greeting: ['AUTH default secret', 'SELECT 2', 'HELLO 3'],
    connections: 6,
  },
  {
    program: 'redis-benchmark',
    args: '-a secret -c 1 -n 20 -q -t ping_mbulk,mset',
    greeting: ['AUTH secret'],
    connections: 3,
  },
  {
    program: 'redis-cli',
    args: '-3 -a secret --no-auth-warning -n 2 set k v',
    greeting: ['AUTH secret', 'HELLO 3', 'SELECT 2'],
    connections: 1,
  },
])('$program $args', ({ program, args, greeting, connections }) => {
  test('greets both alike, and is answered alike', async () => {
    const use = async (port: number): Promise<string> => {
      const words = ['-h', '127.0.0.1', '-p', String(port), ...args.split(' ')];
      return (await runProgram(program, words)).stdout;
    };
    const ofRedis = await record(redis, use);
    const ofSynap = await record(synap, use);
    for (const { requests } of ofSynap.connections.slice(1)) {
      expect(requests.slice(0, greeting.length).map((words) => words.join(' '))).toEqual(greeting);
    }
    expect(ofSynap.connections).toHaveLength(connections);
    expectSameTraffic(ofRedis.connections, ofSynap.connections);
  });
});
