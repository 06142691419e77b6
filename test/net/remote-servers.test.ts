// Connections to other servers: when they are opened, kept and closed, and what fails.

import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RemoteServers } from '../../src/net/remote-servers.ts';

const HOST = '127.0.0.1';
const TIMEOUT_MS = 10_000;

let server: Server;
let port: string;
let sockets: Socket[];
let remotes: RemoteServers;

beforeEach(async () => {
  sockets = [];
  remotes = new RemoteServers();
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
  });
  port = await new Promise((resolve) => {
    server.listen(0, HOST, () => {
      const address = server.address();
      resolve(String(typeof address === 'object' ? address?.port : ''));
    });
  });
});

afterEach(() => {
  vi.useRealTimers();
  remotes.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

async function accepted(count: number): Promise<Socket> {
  await vi.waitFor(() => expect(sockets).toHaveLength(count));
  return sockets[count - 1];
}

test('one is kept for each address, and closed when nobody needs it for ten seconds', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const first = await remotes.connect(HOST, port, TIMEOUT_MS);
  first.release();
  await vi.advanceTimersByTimeAsync(9_000);
  expect(await remotes.connect(HOST, port, TIMEOUT_MS)).toBe(first);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(remotes.size).toBe(1);
  first.release();
  await vi.advanceTimersByTimeAsync(9_999);
  expect(remotes.size).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(remotes.size).toBe(0);
});

test('there are 64 at most: the one not needed for longest goes', async () => {
  // What follows the digits makes it another address, at the same port.
  const kept = await remotes.connect(HOST, `${port}a`, TIMEOUT_MS);
  for (let i = 0; i < 63; i++) {
    (await remotes.connect(HOST, `${port}-${i}`, TIMEOUT_MS)).release();
  }
  kept.release();
  (await remotes.connect(HOST, port, TIMEOUT_MS)).release();
  expect(remotes.size).toBe(64);
  expect(await remotes.connect(HOST, `${port}a`, TIMEOUT_MS)).toBe(kept);
  await accepted(65);
  sockets[1].resume();
  await vi.waitFor(() => expect(sockets[1].readableEnded).toBe(true));
});

test('one that the server closes is forgotten', async () => {
  (await remotes.connect(HOST, port, TIMEOUT_MS)).release();
  (await accepted(1)).end();
  await vi.waitFor(() => expect(remotes.size).toBe(0));
  await remotes.connect(HOST, port, TIMEOUT_MS);
  await accepted(2);
});

describe('lines', () => {
  test('come in any pieces, and what arrived before the end is read', async () => {
    const remote = await remotes.connect(HOST, port, TIMEOUT_MS);
    const socket = await accepted(1);
    socket.setNoDelay(true);
    for (const piece of ['+O', 'K\r', '\n-ERR a\r\n', '+\xe9\r\n+lost']) {
      socket.write(piece, 'latin1');
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end();
    await vi.waitFor(() => expect(remotes.size).toBe(0));
    const lines = [];
    for (let i = 0; i < 3; i++) lines.push(await remote.readLine(TIMEOUT_MS));
    expect(lines).toEqual(['+OK', '-ERR a', '+\xe9']);
    await expect(remote.readLine(TIMEOUT_MS)).rejects.toMatchObject({ failure: 'broken' });
  });

  test('that are too long break the connection', async () => {
    const remote = await remotes.connect(HOST, port, TIMEOUT_MS);
    (await accepted(1)).write('x'.repeat(100_000));
    await expect(remote.readLine(TIMEOUT_MS)).rejects.toMatchObject({ failure: 'broken' });
  });

  test('that do not come in time break it, too', async () => {
    const remote = await remotes.connect(HOST, port, TIMEOUT_MS);
    await expect(remote.readLine(20)).rejects.toMatchObject({ failure: 'timeout' });
    expect(remotes.size).toBe(0);
    await expect(remote.write(Buffer.from('x'), TIMEOUT_MS)).rejects.toMatchObject({
      failure: 'timeout',
    });
  });
});

test('bytes are sent whole, however many', async () => {
  const remote = await remotes.connect(HOST, port, TIMEOUT_MS);
  const bytes = Buffer.alloc(1_000_003, 'abc');
  let received = Buffer.alloc(0);
  (await accepted(1)).on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
  });
  await remote.write(bytes, TIMEOUT_MS);
  await vi.waitFor(() => expect(received.length).toBe(bytes.length));
  expect(received.equals(bytes)).toBe(true);
});

test.each([
  ['', '1', 'broken'],
  [HOST, '-1', 'broken'],
  [HOST, '0', 'refused'],
  [HOST, 'x', 'refused'],
  [HOST, '65536', 'refused'],
  ['no such host', '1', 'broken'],
  [`${'x'.repeat(300)}.invalid`, '1', 'broken'],
  ['\x00\xff', '1', 'broken'],
])('nobody is at %j %s: %s', async (host, at, failure) => {
  await expect(remotes.connect(host, at, TIMEOUT_MS)).rejects.toMatchObject({ failure });
  expect(remotes.size).toBe(0);
});

test('closing ends what is under way, and what comes', async () => {
  const remote = await remotes.connect(HOST, port, TIMEOUT_MS);
  const reading = expect(remote.readLine(TIMEOUT_MS)).rejects.toMatchObject({ failure: 'broken' });
  const opening = expect(remotes.connect('localhost', port, TIMEOUT_MS)).rejects.toMatchObject({
    failure: 'broken',
  });
  remotes.close();
  await Promise.all([reading, opening]);
  await expect(remotes.connect(HOST, port, TIMEOUT_MS)).rejects.toMatchObject({
    failure: 'broken',
  });
  expect(remotes.size).toBe(0);
});
