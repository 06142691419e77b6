// Whatever arrives at the port, in whatever pieces: it is answered or refused, and the server and
// its other clients go on.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { encodeCommand } from '../support/command-line.ts';
import { Random } from '../support/random.ts';
import type { RawClient } from '../support/raw-client.ts';
import { infoField, LoggedServer, until } from './logged-server.ts';
import { PatientClient } from './patient-client.ts';

let server: LoggedServer;
let observer: RawClient;

beforeAll(async () => {
  server = await LoggedServer.start();
  observer = await server.connect();
});

afterEach(async () => {
  await server.clientCount(observer, 1);
});

afterAll(async () => {
  await observer.close();
  await server.stop();
});

function open(): Promise<PatientClient> {
  return PatientClient.connect({ port: server.port, host: '127.0.0.1' });
}

/** What the server sends before it closes the connection. */
async function answerTo(bytes: string): Promise<string> {
  const client = await open();
  await client.write(bytes);
  return (await client.readToEnd()).toString('latin1');
}

test('requests that arrive a byte at a time are answered like others', async () => {
  const requests = Buffer.concat([
    encodeCommand(['SET', 'split', 'a value\r\nof two lines']),
    Buffer.from('GET split\r\n'),
    encodeCommand(['ECHO', Buffer.from([0, 13, 10, 42, 36, 255])]),
    Buffer.from('*0\r\n*-1\r\n\r\n'),
    Buffer.from('SET split "quoted \\x41"\n'),
    encodeCommand(['MGET', 'split', 'missing']),
    encodeCommand(['NOSUCH']),
    encodeCommand(['PING', '']),
  ]);
  const whole = await open();
  await whole.write(Buffer.concat([requests, encodeCommand(['QUIT'])]));
  const expected = await whole.readToEnd();
  expect(expected.toString('latin1')).toContain('a value\r\nof two lines');
  expect(expected.toString('latin1')).toContain('quoted A');

  const client = await open();
  for (const byte of requests) {
    await client.write(Buffer.of(byte));
    // Once the observer is answered, the byte has been read by itself.
    await observer.command('PING');
  }
  await client.write(encodeCommand(['QUIT']));
  expect((await client.readToEnd()).equals(expected)).toBe(true);
});

test('HTTP is no protocol: the connection is closed and nothing of the body is run', async () => {
  const attack = 'POST / HTTP/1.1\r\nHost: 127.0.0.1:6379\r\n\r\nSET attacked yes\r\n';
  expect(await answerTo(attack)).toBe('');
  expect(await answerTo('PING\r\nHost: example.org\r\nSET attacked yes\r\n')).toBe('');
  expect(await answerTo('*1\r\n$4\r\npOsT\r\n')).toBe('');
  expect((await observer.command('EXISTS', 'attacked')).bytes.toString()).toBe(':0\r\n');
  expect(await server.logged('Possible SECURITY ATTACK')).toMatchObject({
    level: 40,
    address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
  });
  const lines = server.log().filter(({ msg }) => msg.includes('SECURITY'));
  expect(lines).toHaveLength(1);
});

test('after a protocol error the reason is sent and the connection closed', async () => {
  expect(await answerTo('PING\r\n*3\r\n$3\r\nSET\r\n$-5\r\nSET bad yes\r\n')).toBe(
    '+PONG\r\n-ERR Protocol error: invalid bulk length\r\n',
  );
  expect(await answerTo("SET bad 'yes\r\n")).toBe(
    '-ERR Protocol error: unbalanced quotes in request\r\n',
  );
  expect(await answerTo('x'.repeat(70_000))).toBe(
    '-ERR Protocol error: too big inline request\r\n',
  );
  expect((await observer.command('EXISTS', 'bad')).bytes.toString()).toBe(':0\r\n');
});

test('lengths that are only announced take no memory', async () => {
  const before = Number(await infoField(observer, 'mem_clients_normal'));
  const clients = await Promise.all(Array.from({ length: 100 }, open));
  for (const [i, client] of clients.entries()) {
    await client.write(
      i % 2 === 0 ? '*2\r\n$4\r\nECHO\r\n$536870912\r\nabc' : '*2147483647\r\n$1\r\n',
    );
  }
  await server.clientCount(observer, 101);
  const bytes = Number(await infoField(observer, 'mem_clients_normal')) - before;
  expect(bytes).toBeGreaterThan(0);
  // A connection counts for some 26 KiB, its share of the shared buffers included.
  expect(bytes).toBeLessThan(100 * 32 * 1024);
  for (const client of clients) await client.close();
});

test('connections may break at any moment', async () => {
  await observer.command('SET', 'large', 'x'.repeat(5_000_000));
  const set = encodeCommand(['SET', 'half', 'y'.repeat(100_000)]);
  for (let i = 0; i < 50; i++) {
    const client = await open();
    await client.write('GET large\r\nGET large\r\nMULTI\r\nPING\r\nMONITOR\r\n');
    await client.write(set.subarray(0, 1 + i * 2000));
    if (i % 3 === 0) client.socket.resetAndDestroy();
    else if (i % 3 === 1) client.socket.destroy();
    else client.socket.end();
    await client.close();
  }
  await server.clientCount(observer, 1);
  expect((await observer.command('EXISTS', 'half')).bytes.toString()).toBe(':0\r\n');
});

test('random bytes harm nobody', async () => {
  const random = new Random(20_240_717);
  const pieces = [
    ...['*1\r\n', '*2\r\n', '*-1\r\n', '*1000\r\n', '$3\r\n', '$0\r\n\r\n', '$-1\r\n', '$100\r\n'],
    ...['\r\n', '\n', '\r', ' ', '"', "'", '\\x', '\0', '*', '$', '99999999999999999999'],
    ...['SET', 'GET', 'DEL', 'MULTI', 'EXEC', 'HELLO 3\r\n', 'CLIENT REPLY OFF\r\n', 'RESET\r\n'],
    ...['MONITOR\r\n', 'INFO\r\n', 'COMMAND\r\n', 'CLIENT LIST\r\n', 'CONFIG GET *\r\n', 'k v\r\n'],
  ];
  let sent = 0;
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 20 }, open));
    for (const client of clients) {
      const parts = Array.from({ length: random.integer(1, 30) }, () =>
        random.integer(0, 3) > 0
          ? Buffer.from(random.pick(pieces), 'latin1')
          : Buffer.from(
              Array.from({ length: random.integer(0, 50) }, () => random.integer(0, 255)),
            ),
      );
      const bytes = Buffer.concat(parts);
      sent += bytes.length;
      await client.write(bytes);
    }
    expect((await observer.command('ECHO', String(round))).payload?.toString()).toBe(String(round));
    for (const client of clients) await client.close();
  }
  expect(sent).toBeGreaterThan(10_000);
  await server.clientCount(observer, 1);
  expect(server.log().filter(({ level }) => Number(level) >= 50)).toEqual([]);
  await until('all memory to be given back', async () =>
    Number(await infoField(observer, 'mem_clients_normal')) < 100_000 ? true : undefined,
  );
});
