// Many clients at a time, and several servers in one process.

import { expect, test } from 'vitest';
import { infoField, LoggedServer } from './logged-server.ts';
import { PatientClient } from './patient-client.ts';

test('a thousand clients are served at the same time', async () => {
  const server = await LoggedServer.start();
  const observer = await server.connect();
  const clients = await Promise.all(
    Array.from({ length: 1000 }, () =>
      PatientClient.connect({ port: server.port, host: '127.0.0.1' }),
    ),
  );
  await server.clientCount(observer, 1001);
  for (const [i, client] of clients.entries()) {
    await client.write(`SET key:${i} value:${i}\r\nINCR all\r\nGET key:${i}\r\n`);
  }
  const totals = new Set<number>();
  for (const [i, client] of clients.entries()) {
    const value = `$${`value:${i}`.length}\r\nvalue:${i}\r\n`;
    let reply = '';
    while (!reply.endsWith(value)) reply += (await client.read(1)).toString();
    const [, total] = /^\+OK\r\n:(\d+)\r\n/.exec(reply) ?? [];
    expect(reply).toBe(`+OK\r\n:${total}\r\n${value}`);
    totals.add(Number(total));
  }
  expect(totals.size).toBe(1000);
  expect(Math.max(...totals)).toBe(1000);
  expect(await infoField(observer, 'connected_clients')).toBe('1001');
  for (const client of clients) await client.close();
  await server.clientCount(observer, 1);
  expect(await infoField(observer, 'total_connections_received')).toBe('1001');
  await server.stop();
});

test('servers in one process have nothing in common', async () => {
  const first = await LoggedServer.start({ maxclients: 2, databases: 1 });
  const second = await LoggedServer.start({ requirepass: 'secret' });
  const one = await first.connect();
  const two = await second.connect();
  expect((await two.command('GET', 'key')).bytes.toString()).toContain('NOAUTH');
  await two.command('AUTH', 'secret');
  await one.command('SET', 'key', 'first');
  expect((await two.command('GET', 'key')).bytes.toString()).toBe('$-1\r\n');
  await two.command('SET', 'key', 'second');
  expect((await one.command('GET', 'key')).bytes.toString()).toBe('$5\r\nfirst\r\n');
  expect((await one.command('SELECT', '1')).type).toBe('-');
  expect((await two.command('SELECT', '1')).type).toBe('+');

  await one.command('CONFIG', 'SET', 'maxmemory', '100mb', 'timeout', '1000');
  await one.command('CLIENT', 'PAUSE', '60000', 'WRITE');
  expect((await two.command('SET', 'key', 'unpaused')).type).toBe('+');
  expect(await infoField(two, 'maxmemory')).toBe('0');
  const monitor = await second.connect();
  await monitor.command('AUTH', 'secret');
  await monitor.command('MONITOR');
  await one.command('ECHO', 'unseen');
  await two.command('ECHO', 'seen');
  expect((await monitor.read()).replies[0].bytes.toString()).toContain('"ECHO" "seen"');

  await first.stop();
  await one.readUntilClose();
  expect((await two.command('PING')).type).toBe('+');
  await second.stop();
});
