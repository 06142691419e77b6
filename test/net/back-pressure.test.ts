// Clients that do not read what they are sent, or not yet.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { encodeCommand } from '../support/command-line.ts';
import type { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { clientLines, LoggedServer, until } from './logged-server.ts';
import { PatientClient } from './patient-client.ts';

/**
 * What the server may keep of a client that does not read: it holds requests from 4 MiB of unsent
 * replies on, and the replies of what it runs at a time come on top.
 */
const MOST_UNSENT_BYTES = 8 * 1024 * 1024;

let server: LoggedServer;
let observer: RawClient;
const opened: PatientClient[] = [];

beforeAll(async () => {
  server = await LoggedServer.start();
  observer = await server.connect();
});

afterEach(async () => {
  for (const client of opened.splice(0)) await client.close();
  await server.clientCount(observer, 1);
});

afterAll(async () => {
  await observer.close();
  await server.stop();
});

async function open(): Promise<PatientClient> {
  const client = await PatientClient.connect({ port: server.port, host: '127.0.0.1' });
  opened.push(client);
  return client;
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

/** Bytes of replies that the server keeps for the only client besides the observer. */
async function unsentBytes(): Promise<number> {
  const lines = await clientLines(observer);
  return Number(lines.at(-1)?.get('omem'));
}

/** Clients that wait for a key or for the end of a pause. */
async function blockedClients(): Promise<number> {
  const info = textOf(await observer.command('INFO', 'clients'));
  return Number(/blocked_clients:(\d+)/.exec(info)?.[1]);
}

/** Waits until the server has done for the other clients what it will do without being read. */
async function settled(): Promise<number> {
  let bytes = -1;
  let equal = 0;
  await until('the server to settle', async () => {
    const now = await unsentBytes();
    equal = now === bytes ? equal + 1 : 0;
    bytes = now;
    return equal === 10 ? true : undefined;
  });
  return bytes;
}

/** Asks for values again and again without reading them, then reads them all. */
async function askWithoutReading(valueBytes: number, requests: number): Promise<void> {
  const keys = ['0', '1', '2', '3', '4', '5', '6'];
  const values = keys.map((key) => key.repeat(valueBytes));
  for (const [i, value] of values.entries()) await observer.command('SET', keys[i], value);
  const gets = keys.map((key) => encodeCommand(['GET', key]).toString()).join('');
  const rounds = Math.floor(requests / keys.length);
  const client = await open();
  const written = client.write(gets.repeat(rounds));

  await until('replies that wait', async () => ((await unsentBytes()) > 0 ? true : undefined));
  expect(await settled()).toBeLessThan(MOST_UNSENT_BYTES);
  expect((await observer.command('PING')).type).toBe('+');

  const round = Buffer.from(values.map(bulk).join(''));
  const replies = await client.read(round.length * rounds);
  await written;
  expect(replies.length).toBe(round.length * rounds);
  for (let i = 0; i < rounds; i++) {
    const at = i * round.length;
    if (replies.compare(round, 0, round.length, at, at + round.length) !== 0) {
      throw new Error(`the replies differ in round ${i}`);
    }
  }
  await client.write('PING\r\n');
  expect((await client.read(7)).toString()).toBe('+PONG\r\n');
}

test('short replies that nobody reads do not pile up', () => askWithoutReading(100, 400_000));

test('longer replies that nobody reads do not pile up', () => askWithoutReading(20_000, 4_000));

test('nor do very long ones', () => askWithoutReading(1_000_000, 100));

test('a pipeline of 50 MB that is written before anything is read is answered', async () => {
  const text = Buffer.alloc(1000, 'abcdefghij').toString();
  const request = encodeCommand(['ECHO', text]);
  const count = 50_000;
  const client = await open();
  // Deadlocks unless the server takes all of it without being read.
  await client.write(Buffer.alloc(request.length * count, request));
  const reply = Buffer.from(bulk(text));
  const replies = await client.read(reply.length * count);
  expect(replies.equals(Buffer.alloc(reply.length * count, reply))).toBe(true);
});

test('a client that reads again after others were served for long is served on', async () => {
  await observer.command('SET', 'key', 'v'.repeat(100_000));
  const client = await open();
  const count = 300;
  const request = encodeCommand(['GET', 'key']);
  await client.write(Buffer.alloc(request.length * count, request));
  await settled();
  for (let i = 0; i < 1000; i++) observer.sendCommand(['INCR', 'served']);
  expect((await observer.read(1000)).replies.at(-1)?.bytes.toString()).toBe(':1000\r\n');
  const replyBytes = bulk('v'.repeat(100_000)).length;
  expect((await client.read(replyBytes * count)).length).toBe(replyBytes * count);
});

test.each([
  ['the output drains', 'the pause', true],
  ['the pause ends', 'the output', false],
])(
  'one whose output is full in a pause goes on after both: %s before %s',
  async (_, _after, drainsFirst) => {
    await observer.command('SET', 'key', 'v'.repeat(100_000));
    const client = await open();
    const count = 300;
    const request = encodeCommand(['GETEX', 'key', 'PERSIST']);
    await client.write(Buffer.alloc(request.length * count, request));
    await settled();
    await observer.command('CLIENT', 'PAUSE', '600000', 'WRITE');
    const allBytes = bulk('v'.repeat(100_000)).length * count;
    let bytes = 0;
    if (drainsFirst) {
      // Its next request is suspended only when what it was paused for before is over.
      expect(await blockedClients()).toBe(0);
      while ((await blockedClients()) === 0) bytes += (await client.read(1)).length;
      expect(bytes).toBeLessThan(allBytes);
    }
    await observer.command('CLIENT', 'UNPAUSE');
    await client.read(allBytes - bytes);
    expect(await blockedClients()).toBe(0);
    await client.write('PING\r\n');
    expect((await client.read(7)).toString()).toBe('+PONG\r\n');
  },
);

test('a client that ends its side gets the replies to all that it sent before', async () => {
  const client = await open();
  client.socket.end(`${'PING\r\n'.repeat(999)}ECHO last\r\n`);
  expect((await client.readToEnd()).toString()).toBe(`${'+PONG\r\n'.repeat(999)}$4\r\nlast\r\n`);
});

test('so does one that ends its side before it has taken them', async () => {
  const client = await open();
  let expected = '';
  for (let i = 0; (await unsentBytes()) === 0; i++) {
    const text = `${i},`.repeat(2000);
    await client.write(encodeCommand(['ECHO', text]));
    expected += bulk(text);
    await observer.command('PING');
  }
  client.socket.end();
  // Others are answered in the meantime, and not at the expense of what waits.
  await observer.command('ECHO', 'z'.repeat(30_000));
  await settled();
  expect((await client.readToEnd()).equals(Buffer.from(expected))).toBe(true);
});

test('so does one whose requests are held when it ends its side', async () => {
  await observer.command('SET', 'key', 'v'.repeat(1_000_000));
  const client = await open();
  const count = 60;
  client.socket.end(`${'GET key\r\n'.repeat(count)}`);
  await settled();
  const replyBytes = bulk('v'.repeat(1_000_000)).length;
  expect((await client.readToEnd()).length).toBe(replyBytes * count);
});

test('what a client sent before it ended its side is done, read or not', async () => {
  const client = await open();
  const count = 300_000;
  client.socket.end(`${'INCR done\r\n'.repeat(count)}`);
  await until('all to be done', async () => {
    const { bytes } = await observer.command('GET', 'done');
    return bytes.toString().includes(`\r\n${count}\r\n`) ? true : undefined;
  });
});
