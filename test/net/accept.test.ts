// Sockets are read and written past the documented ways of Node where it lets us, and in these ways where
// it does not. To the client there must be no difference: each of these holds with all of it, with a part
// and with nothing.

import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { NodeInternals } from '../../src/net/node-internals.ts';
import { encodeCommand } from '../support/command-line.ts';
import type { RawClient } from '../support/raw-client.ts';
import { clientLines, LoggedServer, until } from './logged-server.ts';
import { PatientClient } from './patient-client.ts';

/** What the Node of a test has, and how its sockets were taken over. */
const node = vi.hoisted(() => ({
  lacks: {} as Partial<NodeInternals>,
  hidesHandles: false,
  withHandle: 0,
  withoutHandle: 0,
  written: 0,
}));

vi.mock(import('../../src/net/node-internals.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    handleOf: (socket) => (node.hidesHandles ? undefined : original.handleOf(socket)),
    nodeInternals: new Proxy(original.nodeInternals, {
      get: (target, name) => Reflect.get({ ...target, ...node.lacks }, name),
    }),
  };
});

vi.mock(import('../../src/net/accept.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    receiveInto(accepted, shared, receive) {
      return original.receiveInto(accepted, shared, (socket) => {
        if (socket === accepted) node.withoutHandle++;
        else node.withHandle++;
        countWrites(socket);
        return receive(socket);
      });
    },
  };
});

/** Counts what goes through the socket's stream. */
function countWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]) => {
    node.written++;
    return write(...args);
  };
}

interface Case {
  readonly name: string;
  readonly lacks: Partial<NodeInternals>;
  readonly hidesHandles: boolean;
}

const NO_WRITING = { writeForm: undefined };
const NO_READING = { readsInto: false };
const CASES: readonly Case[] = [
  { name: 'as this Node has it', lacks: {}, hidesHandles: false },
  { name: 'that is written to as a stream', lacks: NO_WRITING, hidesHandles: false },
  { name: 'that is read with data events', lacks: NO_READING, hidesHandles: false },
  { name: 'without both', lacks: { ...NO_WRITING, ...NO_READING }, hidesHandles: false },
  { name: 'without its handle', lacks: {}, hidesHandles: true },
];

describe.each(CASES)('a socket $name', ({ lacks, hidesHandles }) => {
  let server: LoggedServer;
  let observer: RawClient;

  beforeEach(async () => {
    Object.assign(node, { lacks, hidesHandles, withHandle: 0, withoutHandle: 0, written: 0 });
    server = await LoggedServer.start();
    expect(server.log().filter(({ msg }) => msg.includes('missing:'))).toHaveLength(
      Object.keys(lacks).length > 0 ? 1 : 0,
    );
    observer = await server.connect();
    await observer.command('PING');
  });

  afterEach(async () => {
    await server.stop();
    expect((await observer.readUntilClose()).length).toBe(0);
    const isTakenOver = !hidesHandles && lacks.readsInto !== false;
    const isStream = hidesHandles || 'writeForm' in lacks;
    const { withHandle, withoutHandle, written } = node;
    expect({ withHandle: withHandle > 0, withoutHandle: withoutHandle > 0 }).toEqual({
      withHandle: isTakenOver,
      withoutHandle: !isTakenOver,
    });
    expect(written > 0).toBe(isStream);
  });

  function open(): Promise<PatientClient> {
    return PatientClient.connect({ port: server.port, host: '127.0.0.1' });
  }

  test('is told by its address', async () => {
    const client = await open();
    await client.write('PING\r\n');
    await client.read(7);
    const [, line] = await clientLines(observer);
    expect(line.get('addr')).toBe(`127.0.0.1:${client.socket.localPort}`);
    expect(line.get('laddr')).toBe(`127.0.0.1:${server.port}`);
    await client.close();
    await server.clientCount(observer, 1);
  });

  test('takes pipelines, requests in pieces and large ones', async () => {
    const client = await open();
    const large = 'x'.repeat(1_000_000);
    const requests = Buffer.concat([
      encodeCommand(['SET', 'key', large]),
      encodeCommand(['STRLEN', 'key']),
      ...Array.from({ length: 1000 }, () => encodeCommand(['INCR', 'n'])),
      encodeCommand(['GET', 'key']),
    ]);
    for (let at = 0; at < requests.length; at += 99_991) {
      await client.write(requests.subarray(at, at + 99_991));
    }
    const counts = Array.from({ length: 1000 }, (_, i) => `:${i + 1}\r\n`).join('');
    const expected = `+OK\r\n:1000000\r\n${counts}$1000000\r\n${large}\r\n`;
    expect((await client.read(expected.length)).equals(Buffer.from(expected))).toBe(true);
  });

  test('that does not read gets everything later', async () => {
    await observer.command('SET', 'key', 'v'.repeat(100_000));
    const client = await open();
    await client.write('GET key\r\n'.repeat(300));
    await until('replies that wait', async () => {
      const [, line] = await clientLines(observer);
      return Number(line?.get('omem')) > 0 ? true : undefined;
    });
    const replyBytes = 100_000 + '$100000\r\n\r\n'.length;
    expect((await client.read(300 * replyBytes)).length).toBe(300 * replyBytes);
    await client.write('PING\r\n');
    expect((await client.read(7)).toString()).toBe('+PONG\r\n');
  });

  test('that ends its side gets its replies, and is closed', async () => {
    const client = await open();
    client.socket.end('PING\r\nECHO last\r\n');
    expect((await client.readToEnd()).toString()).toBe('+PONG\r\n$4\r\nlast\r\n');
    await server.clientCount(observer, 1);
  });

  test('that ends its side gets what is held for it, too', async () => {
    await observer.command('SET', 'key', 'v'.repeat(1_000_000));
    const client = await open();
    client.socket.end('GET key\r\n'.repeat(40));
    await until('replies that wait', async () => {
      const [, line] = await clientLines(observer);
      return Number(line?.get('omem')) > 0 ? true : undefined;
    });
    const replyBytes = 1_000_000 + '$1000000\r\n\r\n'.length;
    expect((await client.readToEnd()).length).toBe(40 * replyBytes);
  });

  test('can be closed by QUIT, CLIENT KILL and an error', async () => {
    const clients = [await open(), await open(), await open()];
    await clients[0].write('QUIT\r\n');
    expect((await clients[0].readToEnd()).toString()).toBe('+OK\r\n');
    await clients[1].write('*1\r\n$x\r\n');
    expect((await clients[1].readToEnd()).toString()).toContain('-ERR Protocol error');
    await observer.command('CLIENT', 'KILL', 'TYPE', 'normal');
    expect((await clients[2].readToEnd()).length).toBe(0);
    await server.clientCount(observer, 1);
  });

  test('may break off', async () => {
    for (let i = 0; i < 10; i++) {
      const client = await open();
      await client.write('PING\r\n*2\r\n$4\r\nECHO\r\n$100\r\n');
      client.socket.resetAndDestroy();
      await client.close();
    }
    await server.clientCount(observer, 1);
  });
});

test.each([{ bind: '127.0.0.2' }, { port: '1' }])(
  'where nothing can be bound at once, CONFIG SET %o is refused, and nothing changes',
  async (change) => {
    Object.assign(node, { lacks: { bind: undefined }, hidesHandles: false });
    const server = await LoggedServer.start();
    onTestFinished(() => server.stop());
    const client = await server.connect();
    const { bytes } = await client.command('CONFIG', 'SET', ...Object.entries(change)[0]);
    expect(bytes.toString()).toMatch(/^-ERR CONFIG SET failed /);
    expect(await server.logged('Cannot listen')).toBeDefined();
    const other = await server.connect();
    expect((await other.command('PING')).type).toBe('+');
    await other.close();
    await client.close();
  },
);
