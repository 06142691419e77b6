// What a client may take: memory for what it sends and for what it does not read, a place among the
// clients, time. Each limit closes the one client that exceeds it, says why, and harms nobody else.

import { spawnSync } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { StartOptions } from '../../src/index.ts';
import { maxClientsOf, maxClientsOfSystem } from '../../src/net/descriptor-limit.ts';
import { encodeCommand } from '../support/command-line.ts';
import type { RawClient } from '../support/raw-client.ts';
import { clientLines, infoField, LoggedServer, until } from './logged-server.ts';
import { PatientClient } from './patient-client.ts';

const MIB = 1024 * 1024;

async function start(options: StartOptions): Promise<LoggedServer> {
  const server = await LoggedServer.start(options);
  onTestFinished(() => server.stop());
  return server;
}

async function join(server: LoggedServer): Promise<RawClient> {
  const client = await server.connect();
  expect((await client.command('PING')).type).toBe('+');
  return client;
}

function openPatient(server: LoggedServer): Promise<PatientClient> {
  return PatientClient.connect({ port: server.port, host: '127.0.0.1' });
}

/** Waits until the observer sees a client in such a state. */
function seen(observer: RawClient, name: string, isSo: (value: number) => boolean): Promise<true> {
  return until(`a client with such a ${name}`, async () => {
    const lines = await clientLines(observer);
    return lines.some((line) => isSo(Number(line.get(name)))) ? true : undefined;
  });
}

describe('client-query-buffer-limit', () => {
  const limit = { 'client-query-buffer-limit': '1mb' } as const;

  test('closes a client whose request grows beyond it', async () => {
    const server = await start(limit);
    const client = await join(server);
    const observer = await join(server);
    client.send(Buffer.concat([Buffer.from(`*2\r\n$4\r\nECHO\r\n$${9 * MIB}\r\n`)]));
    client.send(Buffer.alloc(MIB - 1000, 'x'));
    await seen(observer, 'qbuf', (bytes) => bytes > MIB - 1000);
    client.send(Buffer.alloc(2000, 'x'));
    expect((await client.readUntilClose()).length).toBe(0);
    const line = await server.logged('max query buffer length');
    expect(line).toMatchObject({ level: 40, client: 1, bytes: expect.any(Number) });
    expect((await observer.command('PING')).type).toBe('+');
  });

  test('leaves alone one that sends more in many requests', async () => {
    const server = await start(limit);
    const client = await join(server);
    const request = encodeCommand(['ECHO', 'x'.repeat(900_000)]);
    for (let i = 0; i < 10; i++) client.send(request);
    expect((await client.read(10)).replies).toHaveLength(10);
  });

  test('leaves alone one that sends more in many requests before it reads any reply', async () => {
    const server = await start(limit);
    const client = await openPatient(server);
    const request = encodeCommand(['ECHO', 'x'.repeat(900_000)]);
    const reply = `$900000\r\n${'x'.repeat(900_000)}\r\n`;
    for (let i = 0; i < 30; i++) await client.write(request);
    expect((await client.read(30 * reply.length)).length).toBe(30 * reply.length);
    await client.close();
  });

  test('closes a client that goes on sending during CLIENT PAUSE', async () => {
    const server = await start(limit);
    const client = await join(server);
    const observer = await join(server);
    await observer.command('CLIENT', 'PAUSE', '60000', 'WRITE');
    const request = encodeCommand(['SET', 'key', 'x'.repeat(1000)]);
    client.send(Buffer.alloc(request.length * 1200, request));
    expect((await client.readUntilClose()).length).toBe(0);
    await server.logged('max query buffer length');
    expect((await observer.command('GET', 'key')).bytes.toString()).toBe('$-1\r\n');
  });
});

describe('client-output-buffer-limit', () => {
  test('closes at the hard limit a client that does not read', async () => {
    const server = await start({ 'client-output-buffer-limit': 'normal 2mb 0 0' });
    const observer = await join(server);
    await observer.command('SET', 'key', 'x'.repeat(500_000));
    const client = await openPatient(server);
    await client.write('GET key\r\n'.repeat(200));
    const line = await server.logged('output buffer limits');
    expect(line.unsentBytes).toBeGreaterThanOrEqual(2 * MIB);
    await client.readToEnd();
    expect(client.closed).toBe(true);
    expect((await observer.command('PING')).type).toBe('+');
    // Whoever reads gets ever so much.
    for (let i = 0; i < 20; i++) {
      expect((await observer.command('GET', 'key')).payload).toHaveLength(500_000);
    }
  });

  test('closes at the soft limit a client that stays there for too long', async () => {
    const server = await start({ 'client-output-buffer-limit': 'normal 0 1mb 1' });
    const observer = await join(server);
    await observer.command('SET', 'key', 'x'.repeat(500_000));
    const reader = await openPatient(server);
    const client = await openPatient(server);
    await reader.write('GET key\r\n'.repeat(100));
    await client.write('GET key\r\n'.repeat(100));
    await seen(observer, 'omem', (bytes) => bytes >= MIB);
    expect(server.log().filter(({ msg }) => msg.includes('output buffer'))).toEqual([]);
    const replies = await reader.read(100 * 500_011);
    expect(replies.length).toBe(100 * 500_011);
    await server.logged('output buffer limits');
    await client.readToEnd();
    await reader.write('PING\r\n');
    expect((await reader.read(7)).toString()).toBe('+PONG\r\n');
  });

  test('closes a monitor that does not read', async () => {
    const server = await start({ 'client-output-buffer-limit': 'normal 1mb 0 0' });
    const monitor = await openPatient(server);
    await monitor.write('MONITOR\r\n');
    const client = await join(server);
    const pipeline = encodeCommand(['PING', 'x'.repeat(10_000)]);
    for (let i = 0; !monitor.closed && i < 100; i++) {
      client.send(Buffer.alloc(pipeline.length * 20, pipeline));
      await client.read(20);
      if (server.log().some(({ msg }) => msg.includes('output buffer'))) break;
    }
    await server.logged('output buffer limits');
    await monitor.readToEnd();
    await server.clientCount(client, 1);
  });

  test('takes effect for connected clients when it is set', async () => {
    const server = await start({});
    const observer = await join(server);
    await observer.command('SET', 'key', 'x'.repeat(500_000));
    const client = await openPatient(server);
    await client.write('GET key\r\n'.repeat(100));
    await seen(observer, 'omem', (bytes) => bytes >= MIB);
    await observer.command('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 1mb 0 0');
    await server.logged('output buffer limits');
    await client.close();
  });
});

describe('maxclients', () => {
  test('turns further clients away with an error until there is room', async () => {
    const server = await start({ maxclients: 2 });
    const first = await join(server);
    const second = await join(server);
    const third = await server.connect();
    expect((await third.readUntilClose()).toString()).toBe(
      '-ERR max number of clients reached\r\n',
    );
    expect(await infoField(first, 'rejected_connections')).toBe('1');
    await second.close();
    await server.clientCount(first, 1);
    await join(server);
    await first.command('CONFIG', 'SET', 'maxclients', '3');
    await join(server);
    expect((await (await server.connect()).readUntilClose()).toString()).toContain('max number');
  });

  test('survives clients that are gone when they are turned away', async () => {
    const server = await start({ maxclients: 1 });
    const client = await join(server);
    // While this waits nothing is accepted: each connection is reset before that.
    const script = `
      for (let i = 0; i < 20; i++) {
        const socket = require('net').connect(${server.port}, '127.0.0.1');
        socket.on('connect', () => socket.resetAndDestroy());
      }`;
    expect(spawnSync(process.execPath, ['-e', script]).status).toBe(0);
    await until('all to be turned away', async () =>
      (await infoField(client, 'rejected_connections')) === '20' ? true : undefined,
    );
    expect((await client.command('PING')).type).toBe('+');
  });

  test('does not wait for those turned away to hang up', async () => {
    const server = await LoggedServer.start({ maxclients: 1 });
    const client = await join(server);
    const others = [await openPatient(server), await openPatient(server)];
    await until('them to be turned away', async () =>
      (await infoField(client, 'rejected_connections')) === '2' ? true : undefined,
    );
    await server.stop();
    for (const other of others) await other.close();
  });

  test('goes no further than the system does', async () => {
    const server = await start({ maxclients: 1_000_000_000 });
    const client = await join(server);
    const possible = maxClientsOfSystem();
    if (!Number.isFinite(possible)) return;
    expect(await server.logged('Current maximum open files')).toMatchObject({
      level: 40,
      requested: 1_000_000_000,
      maxClients: possible,
    });
    expect(await infoField(client, 'maxclients')).toBe(String(possible));
    const reply = await client.command('CONFIG', 'SET', 'maxclients', String(possible + 1));
    expect(reply.bytes.toString()).toBe(
      "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system " +
        `is not able to handle the specified number of clients, try with ${possible}\r\n`,
    );
    expect((await client.command('CONFIG', 'SET', 'maxclients', String(possible))).type).toBe('+');
  });

  test('reads the limit of open files as Linux shows it', () => {
    const limits = [
      'Limit                     Soft Limit           Hard Limit           Units     ',
      'Max processes             unlimited            unlimited            processes ',
      'Max open files            1024                 524288               files     ',
    ].join('\n');
    expect(maxClientsOf(limits)).toBe(992);
    expect(maxClientsOf(limits.replace('1024  ', 'unlimited'))).toBe(Number.POSITIVE_INFINITY);
    expect(maxClientsOf('')).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('timeout', () => {
  test('closes idle clients only', async () => {
    const server = await start({ timeout: 2 });
    const monitor = await join(server);
    await monitor.command('MONITOR');
    const idle = await join(server);
    const busy = await join(server);
    const uploading = await join(server);
    // In another server, as CLIENT PAUSE concerns all clients.
    const pausing = await start({ timeout: 2 });
    const pauser = await join(pausing);
    const paused = await join(pausing);
    await pauser.command('CLIENT', 'PAUSE', '60000', 'WRITE');
    paused.sendCommand(['SET', 'key', 'value']);
    uploading.send(Buffer.from('*2\r\n$4\r\nECHO\r\n$100000\r\n'));
    let sent = 0;
    // Twice as long as anybody may be idle.
    while (!idle.closed || sent < 80) {
      uploading.send(Buffer.alloc(1000, 'x'));
      sent++;
      await busy.command('PING');
      await pauser.command('PING');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect([busy.closed, monitor.closed, uploading.closed, paused.closed]).toEqual([
      ...[false, false, false, false],
    ]);
    uploading.send(Buffer.concat([Buffer.alloc(100_000 - sent * 1000, 'x'), Buffer.from('\r\n')]));
    expect((await uploading.read()).replies[0].payload).toHaveLength(100_000);
    await pauser.command('CLIENT', 'UNPAUSE');
    expect((await paused.read()).replies[0].bytes.toString()).toBe('+OK\r\n');
  });

  test('can be set while clients are connected', async () => {
    const server = await start({});
    const idle = await join(server);
    const other = await join(server);
    await other.command('CONFIG', 'SET', 'timeout', '1');
    expect((await idle.readUntilClose()).length).toBe(0);
  });
});

describe('maxmemory-clients', () => {
  /** The first half of a request of so many bytes; the second half is `rest`. */
  function half(bytes: number): Buffer {
    const start = Buffer.from(`*2\r\n$4\r\nECHO\r\n$${bytes}\r\n`);
    return Buffer.concat([start, Buffer.alloc(bytes / 2)]);
  }

  function rest(bytes: number): Buffer {
    return Buffer.concat([Buffer.alloc(bytes / 2), Buffer.from('\r\n')]);
  }

  test('closes the largest client, and no other', async () => {
    const server = await start({ 'maxmemory-clients': '20mb' });
    const small = await join(server);
    const large = await join(server);
    small.send(half(200_000));
    large.send(half(50_000_000));
    expect((await large.readUntilClose()).length).toBe(0);
    expect(await server.logged('Evicting client')).toMatchObject({ client: 2 });
    small.send(rest(200_000));
    expect((await small.read()).replies[0].payload).toHaveLength(200_000);
    expect(await infoField(small, 'evicted_clients')).toBe('1');
  });

  test('spares a client that asked for it, whoever goes instead', async () => {
    const server = await start({ 'maxmemory-clients': '1mb' });
    const spared = await join(server);
    const small = await join(server);
    await spared.command('CLIENT', 'NO-EVICT', 'on');
    spared.send(half(4_000_000));
    small.send(half(100_000));
    expect((await small.readUntilClose()).length).toBe(0);
    spared.send(rest(4_000_000));
    expect((await spared.read()).replies[0].payload).toHaveLength(4_000_000);
  });

  test('counts what clients take for as long as they are there', async () => {
    const server = await start({});
    const observer = await join(server);
    const before = Number(await infoField(observer, 'mem_clients_normal'));
    const half = Buffer.concat([Buffer.from('*1\r\n$1000000\r\n'), Buffer.alloc(500_000)]);
    const clients = await Promise.all([1, 2, 3, 4, 5].map(() => server.connect()));
    for (const client of clients) client.send(half);
    await until('the memory to be counted', async () =>
      Number(await infoField(observer, 'mem_clients_normal')) > 2_500_000 ? true : undefined,
    );
    for (const client of clients) await client.close();
    await server.clientCount(observer, 1);
    expect(Number(await infoField(observer, 'mem_clients_normal'))).toBe(before);
  });
});
