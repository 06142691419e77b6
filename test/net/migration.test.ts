// While a MIGRATE waits for the other server: what goes on, what waits, and that nothing is lost.

import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeCommand } from '../support/command-line.ts';
import { answering, closeFakeTargets, fakeTarget } from '../support/fake-target.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { infoField, until } from './logged-server.ts';

const HOST = '127.0.0.1';
const PATIENCE_MS = 15_000;

let server: RunningServer;
let client: RawClient;

beforeEach(async () => {
  server = await startSynapServer();
  client = await connect();
});

afterEach(async () => {
  await client.close();
  await server.stop();
  closeFakeTargets();
});

function connect(): Promise<RawClient> {
  return RawClient.connect(server.port, PATIENCE_MS);
}

/** A migration of `k`, set with options, that waits for a target, which the test has answer. */
async function migrating(
  ...options: string[]
): Promise<{ migrating: RawClient; answer: (line: string) => void }> {
  let target: Socket | undefined;
  const port = await fakeTarget((socket) => {
    socket.on('data', () => {
      target = socket;
    });
  });
  await client.command('FLUSHALL');
  await client.command('SET', 'k', '1', ...options);
  const migrating = await connect();
  migrating.sendCommand(['MIGRATE', HOST, String(port), 'k', '0', '10000']);
  await until('the target to be asked', () => target);
  return { migrating, answer: (line) => target?.write(`+OK\r\n${line}\r\n`) };
}

async function blockedClients(count: number): Promise<void> {
  await until(`${count} blocked clients`, async () =>
    (await infoField(client, 'blocked_clients')) === String(count) ? true : undefined,
  );
}

test('reads go on, writes wait, and nothing expires', async () => {
  const { migrating: first, answer } = await migrating('PX', '2000');
  const writer = await connect();
  expect(textOf(await client.command('GET', 'k'))).toBe('1');
  writer.sendCommand(['INCR', 'k']);
  await blockedClients(2);
  await until('the key to be due', async () =>
    textOf(await client.command('GET', 'k')) === '' ? true : undefined,
  );
  expect(textOf(await client.command('DBSIZE'))).toBe('1');
  expect(await infoField(client, 'expired_keys')).toBe('0');
  answer('+OK');
  expect(textOf((await first.read()).replies[0])).toBe('OK');
  expect(textOf((await writer.read()).replies[0])).toBe('1');
  expect(await infoField(client, 'expired_keys')).toBe('0');
  await Promise.all([first, writer].map((one) => one.close()));
});

test('writes go on after a failure, and expiry does', async () => {
  const { migrating: first, answer } = await migrating('PX', '2000');
  const writer = await connect();
  writer.sendCommand(['APPEND', 'k', '0']);
  await blockedClients(2);
  answer('-BUSYKEY no');
  expect(textOf((await first.read()).replies[0])).toContain('BUSYKEY no');
  expect(textOf((await writer.read()).replies[0])).toMatch(/^[12]$/);
  await until(
    'the key to expire',
    async () => textOf(await client.command('DBSIZE')) === '0' || undefined,
  );
  await Promise.all([first, writer].map((one) => one.close()));
});

test('CLIENT PAUSE waits for its end, and CLIENT UNPAUSE does not end it', async () => {
  const { migrating: first, answer } = await migrating();
  const [pausing, writer] = [await connect(), await connect()];
  writer.sendCommand(['SET', 'other', '1']);
  pausing.sendCommand(['CLIENT', 'PAUSE', '100000', 'WRITE']);
  await blockedClients(3);
  expect(textOf(await client.command('CLIENT', 'UNPAUSE'))).toBe('OK');
  expect(textOf(await client.command('EXISTS', 'other'))).toBe('0');
  answer('+OK');
  expect(textOf((await first.read()).replies[0])).toBe('OK');
  expect(textOf((await pausing.read()).replies[0])).toBe('OK');
  expect(textOf(await client.command('EXISTS', 'k'))).toBe('0');
  await client.command('CLIENT', 'UNPAUSE');
  expect(textOf((await writer.read()).replies[0])).toBe('OK');
  await Promise.all([first, pausing, writer].map((one) => one.close()));
});

test('another one waits, and the client may go', async () => {
  const { migrating: first, answer } = await migrating();
  const second = await connect();
  const port = await fakeTarget(answering(['+OK', '+OK']));
  second.sendCommand(['MIGRATE', HOST, String(port), 'other', '0', '1000']);
  await blockedClients(2);
  await first.close();
  await blockedClients(1);
  answer('+OK');
  expect(textOf((await second.read()).replies[0])).toBe('NOKEY');
  expect(textOf(await client.command('EXISTS', 'k'))).toBe('0');
  await second.close();
});

test('no write is lost', async () => {
  await client.command('FLUSHALL');
  const target = await startSynapServer();
  const other = await RawClient.connect(target.port);
  const port = String(target.port);
  const writers = await Promise.all([1, 2, 3].map(() => connect()));
  let isOver = false;
  let written = 0;
  const writing = writers.map(async (writer) => {
    while (!isOver) {
      const pipeline = Array.from({ length: 10 }, () => encodeCommand(['RPUSH', 'k', 'x']));
      writer.send(Buffer.concat(pipeline));
      await writer.read(10);
      written += 10;
    }
  });
  let arrived = 0;
  for (let i = 0; i < 40; i++) {
    const outcome = textOf(await client.command('MIGRATE', HOST, port, 'k', '0', '5000'));
    if (outcome === 'NOKEY') continue;
    expect(outcome).toBe('OK');
    arrived += Number(textOf(await other.command('LLEN', 'k')));
    await other.command('DEL', 'k');
  }
  isOver = true;
  await Promise.all(writing);
  arrived += Number(textOf(await client.command('LLEN', 'k')));
  expect(arrived).toBe(written);
  expect(written).toBeGreaterThan(1000);
  await Promise.all([other, ...writers].map((one) => one.close()));
  await target.stop();
});
