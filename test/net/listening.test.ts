// Where a server listens, whom it lets in there, and how that changes while it runs.

import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { StartOptions } from '../../src/index.ts';
import { Listener } from '../../src/net/listener.ts';
import { isLoopback } from '../../src/net/peer.ts';
import { freePort } from '../support/free-port.ts';
import type { RawClient } from '../support/raw-client.ts';
import { temporaryDirectory } from '../support/running-server.ts';
import { infoField, LoggedServer, until } from './logged-server.ts';
import { PatientClient } from './patient-client.ts';

/** An address that no machine has: it is reserved for documentation. */
const ABSENT = '203.0.113.77';
const addresses = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
const hasIpv6 = addresses.some(({ address }) => address === '::1');
const outside = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

async function start(options: StartOptions): Promise<LoggedServer> {
  const server = await LoggedServer.start(options);
  onTestFinished(() => server.stop());
  return server;
}

async function enter(server: LoggedServer): Promise<RawClient> {
  const client = await server.connect();
  onTestFinished(() => client.close());
  return client;
}

/** What PING is answered at such a place, or the code of the error. */
function ping(where: { host: string; port: number } | { path: string }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(where);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
      if (received.endsWith('\r\n')) socket.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve(received));
    socket.write('PING\r\n');
  });
}

async function configSet(client: RawClient, ...pairs: string[]): Promise<string> {
  return (await client.command('CONFIG', 'SET', ...pairs)).bytes.toString();
}

async function configGet(client: RawClient, name: string): Promise<string> {
  const { items } = await client.command('CONFIG', 'GET', name);
  return items?.[1].payload?.toString() ?? '';
}

function occupyPort(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

describe('addresses', () => {
  test.runIf(hasIpv6)('listens on all that are named, on the same port', async () => {
    const { port } = await start({ bind: ['127.0.0.1', '::1'] });
    expect(await ping({ host: '127.0.0.1', port })).toBe('+PONG\r\n');
    expect(await ping({ host: '::1', port })).toBe('+PONG\r\n');
  });

  test.runIf(hasIpv6)('tells clients by IPv6 addresses in brackets', async () => {
    const { port } = await start({ bind: '::1' });
    const client = await PatientClient.connect({ host: '::1', port });
    onTestFinished(() => client.close());
    await client.write('CLIENT INFO\r\n');
    const info = (await client.read(100)).toString();
    const local = client.socket.localPort;
    expect(info).toContain(` addr=[::1]:${local} laddr=[::1]:${port} `);
    expect(await ping({ host: '127.0.0.1', port })).toBe('ECONNREFUSED');
  });

  test("'*' and '::*' are all of IPv4 and of IPv6", async () => {
    const { port } = await start({ bind: ['*', '-::*'] });
    expect(await ping({ host: '127.0.0.1', port })).toBe('+PONG\r\n');
    if (hasIpv6) expect(await ping({ host: '::1', port })).toBe('+PONG\r\n');
  });

  test("goes without one that begins with '-' where it does not exist", async () => {
    const { port } = await start({ bind: [`-${ABSENT}`, '127.0.0.1'] });
    expect(await ping({ host: '127.0.0.1', port })).toBe('+PONG\r\n');
  });

  test('does not start without any other', async () => {
    const failed = LoggedServer.start({ bind: ['127.0.0.1', ABSENT] });
    await expect(failed).rejects.toThrow(
      /^options: cannot listen: .*EADDRNOTAVAIL.*203\.0\.113\.77/,
    );
  });

  test.each([{ bind: '' }, { bind: `-${ABSENT}` }])(
    'does not start with nothing to listen on: $bind',
    async ({ bind }) => {
      await expect(LoggedServer.start({ bind })).rejects.toThrow(
        'cannot listen: there is neither a TCP address nor a unix socket to listen on',
      );
    },
  );

  test('probes silent clients after tcp-keepalive seconds', async () => {
    const server = await start({ 'tcp-keepalive': 0 });
    const client = await enter(server);
    await client.command('PING');
    if (process.platform !== 'linux') return;
    expect(keepAliveTimers(server.port)).toEqual([false]);
    await configSet(client, 'tcp-keepalive', '100');
    await (await enter(server)).command('PING');
    expect(keepAliveTimers(server.port).sort()).toEqual([false, true]);
  });
});

/** For each established connection at a local port, whether its keep-alive timer runs. */
function keepAliveTimers(port: number): boolean[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/self/net/tcp', 'utf8').split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, from, , state]) => from?.endsWith(local) && state === '01')
    .map((fields) => fields[5].startsWith('02:'));
}

describe('unix socket', () => {
  test('serves beside TCP, with its permissions, and goes with the server', async () => {
    const directory = temporaryDirectory();
    onTestFinished(() => directory.remove());
    const path = join(directory.path, 'synap.sock');
    const server = await LoggedServer.start({ unixsocket: path, unixsocketperm: '700' });
    expect(statSync(path).isSocket()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(await ping({ path })).toBe('+PONG\r\n');
    expect(await ping({ host: '127.0.0.1', port: server.port })).toBe('+PONG\r\n');
    const client = await PatientClient.connect({ path });
    await client.write('CLIENT INFO\r\n');
    expect((await client.read(100)).toString()).toContain(` addr=${path}:0 laddr=${path}:0 `);
    await server.stop();
    expect(await ping({ path })).toBe('ENOENT');
    expect((await client.readToEnd()).length).toBe(0);
  });

  test('may stand alone, its path starting from the data directory', async () => {
    const server = await start({ bind: '', unixsocket: 'here.sock' });
    expect(await ping({ path: join(server.directory, 'here.sock') })).toBe('+PONG\r\n');
  });

  test('takes the place of one that a killed server left', async () => {
    const directory = temporaryDirectory();
    onTestFinished(() => directory.remove());
    const path = join(directory.path, 'stale.sock');
    leaveSocket(path);
    expect(statSync(path).isSocket()).toBe(true);
    expect(await ping({ path })).toBe('ECONNREFUSED');
    await start({ unixsocket: path });
    expect(await ping({ path })).toBe('+PONG\r\n');
  });

  test('does not take the place of a server that lives', async () => {
    const directory = temporaryDirectory();
    onTestFinished(() => directory.remove());
    const path = join(directory.path, 'shared.sock');
    const first = await start({ unixsocket: path });
    const { ino } = statSync(path);
    await expect(LoggedServer.start({ unixsocket: path })).rejects.toThrow(
      /^options: cannot listen: .*EADDRINUSE.*shared\.sock/,
    );
    expect(statSync(path).ino).toBe(ino);
    expect(await ping({ path })).toBe('+PONG\r\n');
    await first.stop();
    await start({ unixsocket: path });
    expect(await ping({ path })).toBe('+PONG\r\n');
  });

  test('lets nobody in before it has its permissions', async () => {
    const directory = temporaryDirectory();
    onTestFinished(() => directory.remove());
    const path = join(directory.path, 'closed.sock');
    const listener = new Listener({ accepted: () => {}, acceptFailed: () => {} });
    onTestFinished(() => listener.close());
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const where = { tcp: false, port: 0, addresses: [], backlog: 1, unixSocket: path };
    const opened = listener.open({ ...where, unixSocketMode: 0o720 });
    expect(statSync(path).mode & 0o777).toBe(0);
    await opened;
    expect(statSync(path).mode & 0o777).toBe(0o720);
    expect(process.umask(0)).toBe(0);
  });

  test('does not take the place of another file', async () => {
    const directory = temporaryDirectory();
    onTestFinished(() => directory.remove());
    const path = join(directory.path, 'precious');
    writeFileSync(path, 'data');
    await expect(LoggedServer.start({ unixsocket: path })).rejects.toThrow(
      /^options: cannot listen: .*EADDRINUSE.*precious/,
    );
    expect(readFileSync(path, 'utf8')).toBe('data');
  });

  test.each([
    ['missing/synap.sock', /^options: cannot listen: .*missing\/synap\.sock/],
    [`${'x'.repeat(120)}.sock`, /^options: cannot listen: .*too long/],
  ])('names a path that cannot be: %s', async (path, message) => {
    await expect(LoggedServer.start({ unixsocket: path })).rejects.toThrow(message);
  });
});

describe('protected mode', () => {
  test.runIf(outside !== undefined)('lets only this machine in without a password', async () => {
    const server = await start({ bind: '*' });
    const { port } = server;
    const host = outside ?? '';
    const client = await enter(server);
    expect(await ping({ host, port })).toMatch(
      /^-DENIED Synap is running in protected mode .*\r\n$/,
    );
    expect(await infoField(client, 'rejected_connections')).toBe('1');
    await configSet(client, 'protected-mode', 'no');
    expect(await ping({ host, port })).toBe('+PONG\r\n');
    await configSet(client, 'protected-mode', 'yes');
    expect(await ping({ host, port })).toMatch(/^-DENIED/);
    await configSet(client, 'requirepass', 'secret');
    expect(await ping({ host, port })).toBe('-NOAUTH Authentication required.\r\n');
  });

  test('knows the addresses of this machine', () => {
    const local = [
      '127.0.0.1',
      '127.1.2.3:80',
      '::1',
      '[::1]:6379',
      '::ffff:127.0.0.1',
      '[::ffff:127.0.0.1]:6379',
    ];
    const foreign = [
      '10.0.0.1',
      '192.168.1.127:6379',
      '::2',
      '[2001:db8::1]:1',
      '::ffff:10.0.0.1',
      '[::ffff:10.0.0.1]:6379',
      '[::12]:6379',
      '::1:1',
      '',
    ];
    expect(local.map(isLoopback)).toEqual(local.map(() => true));
    expect(foreign.map(isLoopback)).toEqual(foreign.map(() => false));
  });
});

describe('CONFIG SET', () => {
  /** Whether there is any server in this process. */
  function isListening(): boolean {
    return process.getActiveResourcesInfo().includes('TCPServerWrap');
  }

  test('port moves the server; connected clients stay', async () => {
    const server = await start({});
    const client = await enter(server);
    expect(await configGet(client, 'port')).toBe(String(server.port));
    const port = await freePort();
    expect(await configSet(client, 'port', String(port))).toBe('+OK\r\n');
    expect(await ping({ host: '127.0.0.1', port })).toBe('+PONG\r\n');
    expect(await ping({ host: '127.0.0.1', port: server.port })).toBe('ECONNREFUSED');
    expect((await client.command('PING')).type).toBe('+');
    expect(await infoField(client, 'tcp_port')).toBe(String(port));
    expect(await configSet(client, 'port', String(server.port))).toBe('+OK\r\n');
    expect(await ping({ host: '127.0.0.1', port: server.port })).toBe('+PONG\r\n');
    expect(await ping({ host: '127.0.0.1', port })).toBe('ECONNREFUSED');
  });

  test('a port in use changes nothing', async () => {
    const server = await start({});
    const other = await occupyPort();
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const client = await enter(server);
    const reply = await configSet(client, 'timeout', '77', 'port', String(port));
    expect(reply).toBe(
      "-ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.\r\n",
    );
    expect(await configGet(client, 'port')).toBe(String(server.port));
    expect(await configGet(client, 'timeout')).toBe('0');
    expect(await ping({ host: '127.0.0.1', port: server.port })).toBe('+PONG\r\n');
    const line = await server.logged('Cannot listen');
    expect(line).toMatchObject({ level: 40, port, err: { code: 'EADDRINUSE' } });
  });

  test('port 0 closes the port until there is one again', async () => {
    const server = await start({});
    const client = await enter(server);
    await configSet(client, 'port', '0');
    await until('no server to listen', () => (isListening() ? undefined : true));
    expect(await ping({ host: '127.0.0.1', port: server.port })).toBe('ECONNREFUSED');
    expect(await infoField(client, 'tcp_port')).toBe('0');
    await configSet(client, 'port', String(server.port));
    expect(await ping({ host: '127.0.0.1', port: server.port })).toBe('+PONG\r\n');
  });

  test('works inside a transaction', async () => {
    const server = await start({});
    const client = await enter(server);
    const port = await freePort();
    await client.command('MULTI');
    await client.command('CONFIG', 'SET', 'port', String(port));
    await client.command('PING');
    expect((await client.command('EXEC')).bytes.toString()).toBe('*2\r\n+OK\r\n+PONG\r\n');
    expect(await ping({ host: '127.0.0.1', port })).toBe('+PONG\r\n');
  });

  test.runIf(hasIpv6)('bind changes the addresses', async () => {
    const server = await start({});
    const { port } = server;
    const client = await enter(server);
    expect(await configSet(client, 'bind', `::1 127.0.0.1 -${ABSENT}`)).toBe('+OK\r\n');
    expect(await configGet(client, 'bind')).toBe(`::1 127.0.0.1 -${ABSENT}`);
    expect(await ping({ host: '::1', port })).toBe('+PONG\r\n');
    expect(await ping({ host: '127.0.0.1', port })).toBe('+PONG\r\n');
    expect(await configSet(client, 'bind', '::1')).toBe('+OK\r\n');
    expect(await ping({ host: '::1', port })).toBe('+PONG\r\n');
    expect(await ping({ host: '127.0.0.1', port })).toBe('ECONNREFUSED');
    expect(await configSet(client, 'bind', '')).toBe('+OK\r\n');
    expect(await ping({ host: '::1', port })).toBe('ECONNREFUSED');
    expect(await configSet(client, 'bind', '* ::*')).toBe('+OK\r\n');
    expect(await ping({ host: '::1', port })).toBe('+PONG\r\n');
    expect(await ping({ host: '127.0.0.1', port })).toBe('+PONG\r\n');
    // All addresses and one of them overlap; the one that stays is never closed for the other.
    expect(await configSet(client, 'bind', '127.0.0.1 ::*')).toBe('+OK\r\n');
    expect(await ping({ host: '127.0.0.1', port })).toBe('+PONG\r\n');
  });

  test.each([
    { from: '*', to: `127.0.0.2 ${ABSENT}` },
    { from: '*', to: '127.0.0.1 127.0.0.1' },
    { from: '127.0.0.1', to: '127.0.0.1 127.0.0.1' },
    { from: '*', to: '127.0.0.1 no-such-host.invalid' },
    { from: 'localhost', to: `127.0.0.2 ${ABSENT}` },
  ])('bind from $from to $to changes nothing', async ({ from, to }) => {
    const server = await start({ bind: from });
    const { port } = server;
    const client = await enter(server);
    expect(await configSet(client, 'bind', to)).toBe(
      "-ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.\r\n",
    );
    expect(await configGet(client, 'bind')).toBe(from);
    expect(await ping({ host: '127.0.0.1', port })).toBe('+PONG\r\n');
    if (outside !== undefined && from === '*') {
      expect(await ping({ host: outside, port })).toMatch(/^-DENIED/);
    }
    await server.logged('Cannot listen');
  });

  test('bind and port change together', async () => {
    const server = await start({});
    const client = await enter(server);
    const port = await freePort();
    expect(await configSet(client, 'bind', '*', 'port', String(port))).toBe('+OK\r\n');
    expect(await ping({ host: '127.0.0.1', port })).toBe('+PONG\r\n');
    expect(await ping({ host: '127.0.0.1', port: server.port })).toBe('ECONNREFUSED');
  });
});

/** Leaves a socket's file behind, as a server does that is killed. */
function leaveSocket(path: string): void {
  const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  expect(spawnSync(process.execPath, ['-e', script, path]).signal).toBe('SIGKILL');
}
