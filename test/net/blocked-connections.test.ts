// What happens to connections that wait for a key: their bytes, their end, their limits.

import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StartOptions } from '../../src/index.ts';
import type { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { infoField, LoggedServer, until } from './logged-server.ts';
import { PatientClient } from './patient-client.ts';

const ELEMENT = '*2\r\n$1\r\nk\r\n$1\r\n1\r\n';

let server: LoggedServer;
let observer: RawClient;

async function start(options: StartOptions = {}): Promise<void> {
  await server?.stop();
  server = await LoggedServer.start(options);
  observer = await server.connect();
}

beforeEach(async () => {
  server = await LoggedServer.start();
  observer = await server.connect();
});

afterEach(async () => {
  await server.stop();
});

/** A client that waits for the key `k`. */
async function waiter(behind = ''): Promise<PatientClient> {
  const blockedBefore = Number(await infoField(observer, 'blocked_clients'));
  const client = await PatientClient.connect({ port: server.port, host: '127.0.0.1' });
  await client.write(`BLPOP k 0\r\n${behind}`);
  await blocked(blockedBefore + 1);
  return client;
}

async function blocked(count: number): Promise<void> {
  await until(`${count} blocked clients`, async () =>
    (await infoField(observer, 'blocked_clients')) === String(count) ? true : undefined,
  );
}

async function ask(...args: string[]): Promise<string> {
  return textOf(await observer.command(...args));
}

test('one whose peer ends its side is closed, and gets no element', async () => {
  const client = await waiter('SET after 1\r\n');
  client.socket.end();
  expect((await client.readToEnd()).toString()).toBe('');
  await blocked(0);
  await ask('RPUSH', 'k', '1');
  expect(await ask('LLEN', 'k')).toBe('1');
  expect(await ask('EXISTS', 'after')).toBe('0');
});

test('one whose peer ends its side is closed even while it has not read everything', async () => {
  await ask('SET', 'big', 'x'.repeat(1024 * 1024));
  const client = await PatientClient.connect({ port: server.port, host: '127.0.0.1' });
  const unread = async () => / omem=[1-9]\d* [^\n]* cmd=get /.test(await ask('CLIENT', 'LIST'));
  let asked = 0;
  // So many that the system does not take all replies.
  await until('unsent replies', async () => {
    await client.write('GET big\r\n');
    asked++;
    return (await unread()) ? true : undefined;
  });
  await client.write('BLPOP k 0\r\n');
  await blocked(1);
  client.socket.end();
  await blocked(0);
  const replies = await client.readToEnd();
  expect(replies.length).toBe(asked * ('$1048576\r\n\r\n'.length + 1024 * 1024));
});

test('one whose peer is gone gets no element', async () => {
  const [gone, next] = [await waiter(), await waiter()];
  gone.socket.resetAndDestroy();
  await blocked(1);
  await ask('RPUSH', 'k', '1');
  expect((await next.read(ELEMENT.length)).toString()).toBe(ELEMENT);
  await next.close();
});

test('one that is killed within the command that serves others gets no element', async () => {
  const [killed, next] = [await waiter(), await waiter()];
  const id = /id=(\d+) [^\n]* cmd=blpop/.exec(await ask('CLIENT', 'LIST'))?.[1] ?? '';
  for (const args of [['MULTI'], ['RPUSH', 'k', '1'], ['CLIENT', 'KILL', 'ID', id], ['EXEC']]) {
    await ask(...args);
  }
  expect((await next.read(ELEMENT.length)).toString()).toBe(ELEMENT);
  expect((await killed.readToEnd()).toString()).toBe('');
  await next.close();
});

test('its requests wait, piece by piece, and then run in order', async () => {
  const client = await waiter('SET x 1\r\nAPP');
  await client.write('END x 2\r\nBLPOP k 0\r\nGET x\r\n');
  expect(await ask('EXISTS', 'x')).toBe('0');
  await ask('RPUSH', 'k', '1');
  // What is behind runs in a later turn, but no client sees it missing once it was answered.
  expect((await client.read(ELEMENT.length + 9)).toString()).toBe(`${ELEMENT}+OK\r\n:2\r\n`);
  await blocked(1);
  await ask('RPUSH', 'k', '1');
  expect((await client.read(ELEMENT.length + 8)).toString()).toBe(`${ELEMENT}$2\r\n12\r\n`);
  await client.close();
});

test('many that were served at once all go on with their requests', async () => {
  const clients: PatientClient[] = [];
  for (let i = 0; i < 50; i++) clients.push(await waiter('INCR n\r\n'));
  await ask('RPUSH', 'k', ...Array.from({ length: 50 }, () => '1'));
  const totals = new Set<string>();
  for (const client of clients) {
    let text = '';
    while (!/:\d+\r\n$/.test(text)) text += (await client.read(1)).toString();
    expect(text.startsWith(ELEMENT)).toBe(true);
    totals.add(text);
    await client.close();
  }
  expect(totals.size).toBe(50);
});

test('its unread requests are limited', async () => {
  await ask('CONFIG', 'SET', 'client-query-buffer-limit', '1mb');
  const client = await waiter();
  await client.write(Buffer.alloc(2 * 1024 * 1024, 'x'));
  await client.readToEnd();
  await server.logged('max query buffer length');
  await blocked(0);
});

test('the end of a pause leaves it waiting', async () => {
  const client = await waiter('INCR n\r\n');
  await ask('CLIENT', 'PAUSE', '100000', 'WRITE');
  await ask('CLIENT', 'UNPAUSE');
  await ask('PING');
  expect(await infoField(observer, 'blocked_clients')).toBe('1');
  expect(await ask('EXISTS', 'n')).toBe('0');
  await ask('RPUSH', 'k', '1');
  expect((await client.read(ELEMENT.length + 4)).toString()).toBe(`${ELEMENT}:1\r\n`);
  await client.close();
});

test('it is not idle, however long it waits, and begins anew to be when it is served', async () => {
  await start({ timeout: 1 });
  const [client, idle] = [await waiter(), await server.connect()];
  const idleSeconds = async () =>
    / idle=(\d+) [^\n]* cmd=blpop/.exec(await ask('CLIENT', 'LIST'))?.[1];
  // The server looks once a second who was idle for longer than it allows.
  await until('the end of the idle one', async () => {
    await ask('PING');
    return idle.closed ? true : undefined;
  });
  expect(Number(await idleSeconds())).toBeGreaterThan(0);
  await ask('RPUSH', 'k', '1');
  expect((await client.read(ELEMENT.length)).toString()).toBe(ELEMENT);
  expect(await idleSeconds()).toBe('0');
  await client.close();
});

test('a server that closes lets go of those who wait with a limit', async () => {
  await start();
  const client = await PatientClient.connect({ port: server.port, host: '127.0.0.1' });
  await client.write('BLPOP k 1000000\r\n');
  await blocked(1);
  expect(await infoField(observer, 'clients_in_timeout_table')).toBe('1');
  await server.stop();
  expect((await client.readToEnd()).toString()).toBe('');
});
