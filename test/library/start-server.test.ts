// Servers inside a program: how they are started, what they refuse, and that nothing of them is left.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError, type StartOptions, type SynapServer, startServer } from '../../src/index.ts';
import { readLog, until } from '../net/logged-server.ts';
import { PatientClient } from '../net/patient-client.ts';
import { RawClient } from '../support/raw-client.ts';
import { temporaryDirectory } from '../support/running-server.ts';

const SCRIPT = fileURLToPath(new URL('fixtures/open-and-close.mjs', import.meta.url));
/** How often in a row nothing must have changed before it counts as settled. */
const SETTLED_COUNT = 10;

async function start(options: StartOptions = {}): Promise<SynapServer> {
  const server = await startServer({ port: 0, ...options });
  onTestFinished(() => server.close());
  return server;
}

function directory(): string {
  const { path, remove } = temporaryDirectory();
  onTestFinished(remove);
  return path;
}

async function configGet(server: SynapServer, name: string): Promise<string> {
  const client = await RawClient.connect(server.port);
  const { items } = await client.command('CONFIG', 'GET', name);
  await client.close();
  return items?.[1].payload?.toString() ?? '';
}

/** A connection to a unix socket; undefined while nobody listens there. */
function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

describe('signals', () => {
  test("are the program's: nothing is listened to while a server runs", async () => {
    const signals = () => process.eventNames().filter((name) => /^SIG/.test(String(name)));
    const before = signals();
    const server = await start();
    expect(signals()).toEqual(before);
    await server.close();
    expect(signals()).toEqual(before);
  });
});

describe('start', () => {
  test('port 0 is a free port, which is another one for each server', async () => {
    const servers = [await start(), await start(), await start()];
    expect(new Set(servers.map(({ port }) => port)).size).toBe(3);
    for (const server of servers) {
      expect(server.port).toBeGreaterThan(0);
      expect(await configGet(server, 'port')).toBe(String(server.port));
    }
  });

  test('listens on 127.0.0.1 only, unless it is told otherwise', async () => {
    expect(await configGet(await start(), 'bind')).toBe('127.0.0.1');
    expect(await configGet(await start({ bind: undefined }), 'bind')).toBe('127.0.0.1');
    expect(await configGet(await start({ bind: ['127.0.0.1', '-::1'] }), 'bind')).toBe(
      '127.0.0.1 -::1',
    );
  });

  test('takes values as words, numbers, booleans, lists and lines', async () => {
    const server = await start({
      dir: directory(),
      logfile: 'log',
      timeout: 7,
      hz: '20',
      'protected-mode': false,
      save: [
        [900, 1],
        [300, 10],
      ],
      'client-output-buffer-limit': 'normal 1mb 0 0',
      'rename-command': [
        ['FLUSHALL', ''],
        ['GET', 'HOLE'],
      ],
    });
    const values = await Promise.all(
      ['timeout', 'hz', 'protected-mode', 'save'].map((name) => configGet(server, name)),
    );
    expect(values).toEqual(['7', '20', 'no', '900 1 300 10']);
    expect(await configGet(server, 'client-output-buffer-limit')).toMatch(/^normal 1048576 0 0 /);
    const client = await RawClient.connect(server.port);
    expect((await client.command('HOLE', 'key')).bytes.toString()).toBe('$-1\r\n');
    expect((await client.command('FLUSHALL')).bytes.toString()).toContain('unknown command');
    await client.close();
  });

  test('a configuration file is stronger than the defaults and weaker than the options', async () => {
    const dir = directory();
    const configFile = join(dir, 'synap.conf');
    writeFileSync(
      configFile,
      'bind 127.0.0.1 -::1\ntimeout 5\nhz 50\nloglevel notice\nlogfile log\n',
    );
    const server = await start({ configFile, dir, hz: 20 });
    expect(await configGet(server, 'bind')).toBe('127.0.0.1 -::1');
    expect(await configGet(server, 'timeout')).toBe('5');
    expect(await configGet(server, 'hz')).toBe('20');
    expect(await configGet(server, 'loglevel')).toBe('notice');
  });

  test('logs to a file if there is one', async () => {
    const dir = directory();
    await start({ dir, logfile: 'synap.log', 'log-format': 'json', 'tls-port': 6380 });
    const [line] = readLog(join(dir, 'synap.log'));
    expect(line).toMatchObject({ level: 40, msg: expect.stringContaining("'tls-port'") });
  });
});

describe('refusals', () => {
  /** The error that starting ends in. */
  async function refusal(options: object): Promise<ConfigError> {
    const error = await startServer({ port: 0, ...options }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }

  test('a port in use', async () => {
    const { port } = await start();
    const error = await refusal({ port });
    expect(error.origin).toBe('options');
    expect(error.message).toMatch(/^options: cannot listen: .*EADDRINUSE[^\n]*$/);
    const client = await RawClient.connect(port);
    expect((await client.command('PING')).type).toBe('+');
    await client.close();
  });

  test('options that there are not, or with values that they do not take', async () => {
    expect((await refusal({ maxmemroy: 1 })).message).toBe(
      "options: unknown directive 'maxmemroy'; did you mean 'maxmemory'?",
    );
    expect((await refusal({ timeout: -1 })).message).toMatch(/^options: timeout '-1': /);
    expect((await refusal({ timeout: Number.NaN })).message).toMatch(/^options: timeout 'NaN': /);
    expect((await refusal({ 'protected-mode': 'maybe' })).message).toMatch(
      /^options: protected-mode 'maybe': /,
    );
    expect((await refusal({ port: [1, 2] })).message).toMatch(/^options: port '1' '2': /);
    expect((await refusal({ 'rename-command': ['NOSUCH', 'X'] })).message).toBe(
      'options: No such command in rename-command',
    );
  });

  test('files and directories that there are not', async () => {
    expect((await refusal({ configFile: '/missing.conf' })).message).toMatch(/^\/missing\.conf: /);
    expect((await refusal({ dir: '/missing' })).message).toMatch(/^options: dir '\/missing': /);
    const dir = directory();
    mkdirSync(join(dir, 'log'));
    expect((await refusal({ dir, logfile: 'log' })).message).toMatch(
      /^options: cannot write the log to 'log': .*EISDIR/,
    );
  });
});

describe('close', () => {
  /** How many there are of all that keeps this process alive, and of its open files. */
  function open(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const name of process.getActiveResourcesInfo()) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    if (process.platform === 'linux') counts.set('files', readdirSync('/proc/self/fd').length);
    return counts;
  }

  /** What is open once what earlier tests left has gone. */
  async function settled(): Promise<Map<string, number>> {
    let last = '';
    let equal = 0;
    return await until('quiet', () => {
      const now = open();
      const text = JSON.stringify([...now]);
      equal = text === last ? equal + 1 : 0;
      last = text;
      return equal === SETTLED_COUNT ? now : undefined;
    });
  }

  /** Waits until there is no more of anything than before. */
  async function isBackTo(before: ReadonlyMap<string, number>): Promise<void> {
    const more = () => [...open()].filter(([name, count]) => count > (before.get(name) ?? 0));
    await until('everything to be closed', () => (more().length === 0 ? true : undefined)).catch(
      () => expect(more()).toEqual([]),
    );
  }

  test('leaves nothing open, however often', async () => {
    const dir = directory();
    await (await startServer({ port: 0, dir, logfile: 'log' })).close();
    const before = await settled();
    for (let i = 0; i < 10; i++) {
      const server = await startServer({ port: 0, dir, logfile: 'log', unixsocket: 'socket' });
      expect(open().get('TCPServerWrap') ?? 0).toBeGreaterThan(before.get('TCPServerWrap') ?? 0);
      await server.close();
    }
    await isBackTo(before);
    expect(readdirSync(dir)).toEqual(['log']);
  });

  test('by SHUTDOWN while it loads is a start that fails, with nothing left open', async () => {
    const dir = directory();
    const unixsocket = join(dir, 'socket');
    const options = { dir, 'enable-debug-command': 'yes', loglevel: 'nothing' };
    for (const data of [{ save: '1000 1000000' }, { appendonly: 'yes' }]) {
      const first = await startServer({ port: 0, ...options, ...data });
      const filling = await RawClient.connect(first.port, 60_000);
      await filling.command('DEBUG', 'POPULATE', '150000');
      if ('appendonly' in data) await filling.command('SET', 'k', 'v');
      await filling.close();
      await first.close();
      const before = await settled();
      const starting = startServer({ port: 0, unixsocket, ...options, ...data });
      const refused = expect(starting).rejects.toThrow('shut down while it loaded its data');
      const client = await until('the socket', () => connected(unixsocket));
      client.write('SHUTDOWN NOSAVE\r\n');
      await refused;
      client.destroy();
      await isBackTo(before);
    }
  });

  test('closes clients in whatever state they are', async () => {
    const before = await settled();
    const server = await startServer({ port: 0, bind: '127.0.0.1' });
    const address = { port: server.port, host: '127.0.0.1' };
    const clients = await Promise.all(
      Array.from({ length: 7 }, () => PatientClient.connect(address)),
    );
    const [idle, halfway, monitor, queueing, unread, suspended, quitting] = clients;
    await idle.write('PING\r\n');
    await halfway.write('*2\r\n$4\r\nECHO\r\n$100\r\nabc');
    await monitor.write('MONITOR\r\n');
    await queueing.write('MULTI\r\nWATCH x\r\nSET key value\r\n');
    await unread.write(`SET key ${'x'.repeat(60_000)}\r\n${'GET key\r\n'.repeat(500)}`);
    await quitting.write('QUIT\r\n');
    await idle.read(7);
    await idle.write('CLIENT PAUSE 100000 WRITE\r\n');
    await suspended.write('SET key value\r\nPING\r\n');
    await server.close();
    for (const client of clients) {
      await client.readToEnd();
      expect(client.closed).toBe(true);
    }
    await isBackTo(before);
  });

  test('may be asked for twice, and together with a shutdown', async () => {
    const server = await startServer({ port: 0 });
    const client = await RawClient.connect(server.port);
    await client.command('PING');
    client.sendCommand(['SHUTDOWN']);
    await Promise.all([server.close(), server.close()]);
    expect((await client.readUntilClose()).length).toBe(0);
    await server.close();
    await expect(RawClient.connect(server.port)).rejects.toThrow('ECONNREFUSED');
  });

  test('a start that fails leaves nothing open', async () => {
    const { port } = await start();
    const before = await settled();
    for (let i = 0; i < 5; i++) {
      await expect(startServer({ port })).rejects.toThrow(ConfigError);
      await expect(startServer({ port: 0, bind: ['127.0.0.1', '203.0.113.77'] })).rejects.toThrow();
    }
    await isBackTo(before);
  });
});

describe('clients', () => {
  test('ioredis', async () => {
    const { port } = await start({ requirepass: 'secret' });
    const redis = new Redis({ port, host: '127.0.0.1', password: 'secret' });
    await redis.set('key', 'value');
    expect(await redis.get('key')).toBe('value');
    await redis.quit();
  });

  test('redis', async () => {
    const { port } = await start({ requirepass: 'secret' });
    const client = createClient({ url: `redis://:secret@127.0.0.1:${port}`, RESP: 3 });
    await client.connect();
    await client.set('key', 'value');
    expect(await client.get('key')).toBe('value');
    await client.close();
  });
});

describe('the package', () => {
  test.each([
    ['quiet', 'closed\n'],
    ['busy', 'closed\n'],
    [
      'failing',
      'ConfigError options: cannot listen: listen EADDRINUSE: address already in use 127.0.0.1:PORT\nclosed\n',
    ],
  ])('lets a program end by itself: %s', (mode, printed) => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, mode], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect({ status, signal, stdout, stderr }).toEqual({
      status: 0,
      signal: null,
      stdout: printed,
      stderr: '',
    });
  });
});
