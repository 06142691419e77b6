// Clients that come while data is loaded. Their greetings are answered as by a Redis that loads; what is
// refused says so in the words that they wait by.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { pythonWithRedis } from '../ecosystem/python.ts';
import { Program } from '../program/program.ts';
import { encodeCommand } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { fieldOf, type Reply, textOf } from '../support/reply-frames.ts';
import { temporaryDirectory } from '../support/running-server.ts';

/** So many that loading them is not over before somebody has asked for something. */
const KEYS = 500_000;
const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
const PATIENCE_MS = 50_000;
/** What has Redis load as slowly as a test wants it, and serve clients meanwhile. */
const SLOWLY = ['--key-load-delay', '100', '--loading-process-events-interval-bytes', '1024'];

const GREETING = [
  'hello 3',
  'select 3',
  'client setname app',
  'info persistence',
  'get key:1',
  'auth wrong',
  'config get maxmemory',
  'multi',
  'get key:1',
  'exec',
  'subscribe channel',
];

const python = pythonWithRedis();
let snapshot: ReturnType<typeof temporaryDirectory>;

beforeAll(async () => {
  snapshot = temporaryDirectory();
  const flags = ['--bind', '127.0.0.1', '--enable-debug-command', 'yes'];
  const program = await Program.start((port) => ['--port', String(port), ...flags], {
    cwd: snapshot.path,
  });
  try {
    const client = await RawClient.connect(program.port, PATIENCE_MS);
    expect((await client.command('DEBUG', 'POPULATE', String(KEYS))).type).toBe('+');
    expect((await client.command('SAVE')).type).toBe('+');
    await client.close();
  } finally {
    await program.dispose();
  }
}, 60_000);

afterAll(() => snapshot.remove());

/** Starts a server on a copy of the snapshot; resolves to its port at once. */
async function startLoading(command: string, args: readonly string[]): Promise<number> {
  const directory = temporaryDirectory();
  copyFileSync(join(snapshot.path, 'dump.rdb'), join(directory.path, 'dump.rdb'));
  const port = await freePort();
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory.path];
  const child: ChildProcess = spawn(command, [...args, ...place], { stdio: 'ignore' });
  onTestFinished(async () => {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
    directory.remove();
  });
  return port;
}

/** Connects as soon as somebody listens. */
async function connect(port: number): Promise<RawClient> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const client = await RawClient.connect(port, PATIENCE_MS).catch(() => undefined);
    if (client !== undefined) return client;
    if (Date.now() > deadlineMs) throw new Error(`nobody listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function greet(port: number): Promise<readonly Reply[]> {
  const client = await connect(port);
  client.send(Buffer.concat(GREETING.map((line) => encodeCommand(line.split(' ')))));
  const { replies } = await client.read(GREETING.length - 1);
  await client.close();
  return replies;
}

test('a greeting is answered as by a Redis that loads', async () => {
  const ofRedis = await greet(await startLoading('redis-server', ['--save', '', ...SLOWLY]));
  const ofSynap = await greet(await startLoading(process.execPath, [MAIN, '--save', '']));
  for (const replies of [ofRedis, ofSynap]) {
    expect(textOf(replies[3])).toContain('loading:1');
    expect(fieldOf(replies[0], 'proto')?.bytes.toString()).toBe(':3\r\n');
  }
  const texts = [ofRedis, ofSynap].map((replies) =>
    replies.map(({ bytes }, i) => (i === 0 || i === 3 ? '' : bytes.toString('latin1'))),
  );
  expect(texts[1]).toEqual(texts[0]);
  expect(texts[0][4]).toMatch(/^-LOADING /);
});

test('ioredis waits, and is ready then', async () => {
  const port = await startLoading(process.execPath, [MAIN, '--save', '']);
  const observer = await connect(port);
  expect(textOf(await observer.command('INFO', 'persistence'))).toContain('loading:1');
  const client = new Redis({ port, host: '127.0.0.1' });
  onTestFinished(() => client.disconnect());
  expect(await client.get(`key:${KEYS - 1}`)).toBe(`value:${KEYS - 1}`);
  expect(await client.dbsize()).toBe(KEYS);
  await observer.close();
});

const PYTHON_SCRIPT = `
import redis, sys
print('imported', flush=True)
client = redis.Redis(host='127.0.0.1', port=int(sys.stdin.readline()), db=2, client_name='app')
while True:
    try: client.get('key:1')
    except redis.exceptions.BusyLoadingError as error: print(type(error).__name__, error)
    except redis.exceptions.ConnectionError: continue
    else: print('served')
    break
`;

test.skipIf(python === undefined)('redis for Python knows why it is not served', async () => {
  const child = spawn(python ?? '', ['-c', PYTHON_SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (bytes) => {
    printed += bytes;
  });
  const ended = once(child, 'close');
  // What it imports takes longer than the data to load.
  await once(child.stdout, 'data');
  const port = await startLoading(process.execPath, [MAIN, '--save', '']);
  child.stdin.end(`${port}\n`);
  await ended;
  expect(printed).toBe('imported\nBusyLoadingError Redis is loading the dataset in memory\n');
});
