// Messages on their way out: several of them in one turn, subscribers that do not read, and those
// that are held for other reasons.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { StartOptions } from '../../src/index.ts';
import { encodeCommand } from '../support/command-line.ts';
import type { RawClient } from '../support/raw-client.ts';
import { clientLines, infoField, LoggedServer, until } from './logged-server.ts';
import { PatientClient } from './patient-client.ts';

const MIB = 1024 * 1024;

async function start(options: StartOptions = {}): Promise<LoggedServer> {
  const server = await LoggedServer.start(options);
  onTestFinished(() => server.stop());
  return server;
}

async function openSubscriber(server: LoggedServer, channel: string): Promise<PatientClient> {
  const client = await PatientClient.connect({ port: server.port, host: '127.0.0.1' });
  await client.write(encodeCommand(['SUBSCRIBE', channel]));
  await client.read(confirmation(channel).length);
  return client;
}

function confirmation(channel: string): string {
  return `*3\r\n$9\r\nsubscribe\r\n$${channel.length}\r\n${channel}\r\n:1\r\n`;
}

function encoded(channel: string, message: string): string {
  return (
    `*3\r\n$7\r\nmessage\r\n$${channel.length}\r\n${channel}\r\n` +
    `$${message.length}\r\n${message}\r\n`
  );
}

/** Publishes all messages in one pipeline; returns how many receivers each had. */
async function publishAll(
  client: RawClient,
  channel: string,
  messages: readonly string[],
): Promise<string[]> {
  client.send(Buffer.concat(messages.map((text) => encodeCommand(['PUBLISH', channel, text]))));
  const { replies } = await client.read(messages.length);
  return replies.map(({ bytes }) => bytes.toString().trim());
}

/** Messages that differ in content and, around every bound of the areas, in length. */
function messagesOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i}:`.padEnd((i * 997) % 40_000, 'x'));
}

describe('messages', () => {
  test('of one turn leave together', async () => {
    const server = await start();
    const subscriber = await openSubscriber(server, 'x');
    const publisher = await server.connect();
    const writesBefore = Number(await infoField(publisher, 'total_writes_processed'));
    const messages = Array.from({ length: 200 }, (_, i) => `message ${i}`);
    await publishAll(publisher, 'x', messages);
    const expected = messages.map((text) => encoded('x', text)).join('');
    expect((await subscriber.read(expected.length)).toString()).toBe(expected);
    const writesAfter = Number(await infoField(publisher, 'total_writes_processed'));
    // One for the reply to INFO, one for the replies, one for the messages; twice as many and more
    // if the system hands the pipeline over in pieces.
    expect(writesAfter - writesBefore).toBeLessThan(20);
  });

  test('of several channels reach each subscriber in their order, among its replies', async () => {
    const server = await start();
    const publisher = await server.connect();
    const listeners = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client = await server.connect();
        await client.command('HELLO', '3');
        client.sendCommand(['SUBSCRIBE', 'x', 'y']);
        await client.read(2, true);
        return client;
      }),
    );
    const only = await openSubscriber(server, 'x');
    const messages = messagesOf(300);
    const pipeline = messages.map((text, i) => encodeCommand(['PUBLISH', i % 3 ? 'x' : 'y', text]));
    publisher.send(Buffer.concat(pipeline));
    for (const client of listeners) {
      for (let i = 0; i < 50; i++) client.sendCommand(['ECHO', `echo ${i}`]);
    }
    for (const client of listeners) {
      const { replies } = await client.read(messages.length + 50, true);
      const bodies = replies
        .filter(({ type }) => type === '>')
        .map(({ items }) => items?.[2].payload?.toString());
      expect(bodies).toEqual(messages);
      const echoes = replies.filter(({ type }) => type === '$').map((one) => `${one.payload}`);
      expect(echoes).toEqual(Array.from({ length: 50 }, (_, i) => `echo ${i}`));
    }
    const expected = messages.flatMap((text, i) => (i % 3 ? [encoded('x', text)] : [])).join('');
    expect((await only.read(expected.length)).toString()).toBe(expected);
    expect((await publisher.read(messages.length)).replies).toHaveLength(messages.length);
  });
});

describe('a subscriber that does not read', () => {
  test('gets every message when it reads again, whatever else it waits for', async () => {
    const server = await start({ 'client-output-buffer-limit': 'pubsub 0 0 0' });
    const slow = await openSubscriber(server, 'x');
    const quick = await openSubscriber(server, 'x');
    const publisher = await server.connect();
    const expected: string[] = [];
    // More than what holds a client's own requests back.
    for (let round = 0; round < 12; round++) {
      const messages = messagesOf(100).map((text) => `${round} ${text}`);
      expected.push(...messages.map((text) => encoded('x', text)));
      const answers = await publishAll(publisher, 'x', messages);
      expect(new Set(answers)).toEqual(new Set([':2']));
    }
    const all = expected.join('');
    await slow.write(encodeCommand(['PING', 'still here']));
    expect((await quick.read(all.length)).equals(Buffer.from(all))).toBe(true);
    const pong = '*2\r\n$4\r\npong\r\n$10\r\nstill here\r\n';
    const read = await slow.read(all.length + pong.length);
    expect(read.equals(Buffer.from(all + pong))).toBe(true);
    // Nothing is counted against it any more.
    const memory = await until('empty buffers', async () => {
      const lines = await clientLines(publisher);
      return lines.every((line) => line.get('omem') === '0') ? lines.length : undefined;
    });
    expect(memory).toBe(3);
  });

  test('is closed at the limit of its class, and no longer counted', async () => {
    const server = await start({ 'client-output-buffer-limit': 'normal 0 0 0 pubsub 2mb 0 0' });
    const slow = await openSubscriber(server, 'x');
    const publisher = await server.connect();
    const messages = Array.from({ length: 20 }, () => 'x'.repeat(50_000));
    for (let i = 0; i < 200; i++) {
      const answers = await publishAll(publisher, 'x', messages);
      if (answers.includes(':0')) break;
    }
    const line = await server.logged('output buffer limits');
    expect(line.unsentBytes).toBeGreaterThanOrEqual(2 * MIB);
    expect(await publishAll(publisher, 'x', ['nobody'])).toEqual([':0']);
    await slow.readToEnd();
    expect(slow.closed).toBe(true);
    await server.clientCount(publisher, 1);
  });

  test('counts as memory of clients while messages wait for it', async () => {
    const server = await start({ 'client-output-buffer-limit': 'pubsub 0 0 0' });
    const slow = await openSubscriber(server, 'x');
    const publisher = await server.connect();
    const usedBefore = Number(await infoField(publisher, 'used_memory'));
    const messages = Array.from({ length: 100 }, () => 'x'.repeat(100_000));
    await publishAll(publisher, 'x', messages);
    const waiting = async () => {
      const lines = await clientLines(publisher);
      return Math.max(...lines.map((line) => Number(line.get('omem'))));
    };
    expect(await waiting()).toBeGreaterThan(MIB);
    expect(Number(await infoField(publisher, 'used_memory')) - usedBefore).toBeGreaterThan(MIB);
    await slow.read(messages.length * encoded('x', messages[0]).length);
    await until('an empty buffer', async () => ((await waiting()) === 0 ? true : undefined));
  });
});

test('a subscriber is no idle client', async () => {
  const server = await start({ timeout: 1 });
  const subscriber = await openSubscriber(server, 'x');
  const idle = await server.connect();
  expect((await idle.command('PING')).type).toBe('+');
  expect((await idle.readUntilClose()).length).toBe(0);
  const publisher = await server.connect();
  expect(await publishAll(publisher, 'x', ['hello'])).toEqual([':1']);
  const expected = encoded('x', 'hello');
  expect((await subscriber.read(expected.length)).toString()).toBe(expected);
});
