// Replies that wait for the log are output of their client: counted, limited, and gone with it.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Done, realFileSystem } from '../../../src/persistence/segments/file-system.ts';
import { encodeCommand } from '../../support/command-line.ts';
import type { RawClient } from '../../support/raw-client.ts';
import { textOf } from '../../support/reply-frames.ts';
import { temporaryDirectory } from '../../support/running-server.ts';
import { LogServer } from './log-server.ts';

const BIG_BYTES = 500_000;

let directory: { path: string; remove(): void };
let server: LogServer;
let waiting: (() => void)[] | undefined;

beforeEach(async () => {
  directory = temporaryDirectory();
  server = await LogServer.start(directory.path, { appendfsync: 'always' });
  await server.ask('SET', 'big', 'v'.repeat(BIG_BYTES));
  waiting = [];
  const { datasync } = realFileSystem;
  vi.spyOn(realFileSystem, 'datasync').mockImplementation((fd, done: Done) => {
    if (waiting === undefined) datasync(fd, done);
    else waiting.push(() => datasync(fd, done));
  });
});

afterEach(async () => {
  syncGoesOn();
  await server.stop();
  vi.restoreAllMocks();
  directory.remove();
});

function syncGoesOn(): void {
  const starts = waiting ?? [];
  waiting = undefined;
  for (const start of starts) start();
}

/** Has a client wait for the log with so many big replies behind. */
async function heldClient(replies: number): Promise<RawClient> {
  const client = await server.connect();
  await client.command('CLIENT', 'SETNAME', 'held');
  client.send(encodeCommand(['SET', 'a', '1']));
  const one = encodeCommand(['GET', 'big']);
  client.send(Buffer.concat(Array.from({ length: replies }, () => one)));
  return client;
}

async function outputBytes(): Promise<number> {
  const list = await server.ask('CLIENT', 'LIST');
  const line = list.split('\n').find((text) => text.includes('name=held'));
  return line === undefined ? Number.NaN : Number(/ omem=(\d+)/.exec(line)?.[1]);
}

test('they are counted, and everything is answered in the end', async () => {
  const client = await heldClient(40);
  let isAnswered = false;
  const first = client.read(1).then(() => {
    isAnswered = true;
  });
  while ((await outputBytes()) < 4_000_000);
  // Beyond some megabytes no more of its requests are run: what follows waits in the socket.
  for (let i = 0; i < 20; i++) await server.ask('PING');
  expect(await outputBytes()).toBeLessThan(10 * BIG_BYTES + 1_000_000);
  expect(isAnswered).toBe(false);
  syncGoesOn();
  await first;
  const { replies } = await client.read(40);
  expect(replies.every((reply) => textOf(reply).length === BIG_BYTES)).toBe(true);
  while ((await outputBytes()) !== 0);
});

test('a client that exceeds client-output-buffer-limit is closed', async () => {
  await server.ask('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 1mb 0 0');
  const client = await heldClient(8);
  expect((await client.readUntilClose()).length).toBe(0);
  expect(await outputBytes()).toBeNaN();
});
