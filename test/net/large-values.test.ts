// Large values between clients: who reads slowly gets what he asked for, whatever others do to the value
// meanwhile; memory is counted once, fits where it fits, and goes when nobody needs it.
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeCommand } from '../support/command-line.ts';
import type { RawClient } from '../support/raw-client.ts';
import { infoField, LoggedServer, until } from './logged-server.ts';
import { PatientClient } from './patient-client.ts';

const MIB = 1024 * 1024;
/** More than the system's buffers of a connection hold. */
const LARGE = 24 * MIB;

let server: LoggedServer;
let observer: RawClient;

afterEach(() => server.stop());

async function begin(options: Record<string, string> = {}): Promise<void> {
  server = await LoggedServer.start(options);
  observer = await server.connect();
}

function openPatient(): Promise<PatientClient> {
  return PatientClient.connect({ port: server.port, host: '127.0.0.1' });
}

function text(length: number, letter: string): Buffer {
  return Buffer.alloc(length, letter);
}

async function usedMemory(): Promise<number> {
  return Number(await infoField(observer, 'used_memory'));
}

describe('who reads slowly', () => {
  beforeEach(() => begin());

  test.each([
    ['changed', ['SETRANGE', 'k', '0', text(LARGE, 'b')]],
    ['changed here and there', ['SETRANGE', 'k', String(20 * MIB), 'b']],
    ['grown', ['APPEND', 'k', text(5 * MIB, 'b')]],
    ['replaced', ['SET', 'k', text(LARGE, 'b')]],
    ['deleted', ['DEL', 'k']],
    ['flushed', ['FLUSHALL', 'SYNC']],
    ['renamed', ['RENAME', 'k', 'other']],
  ] as const)('gets the value as it was, though it is %s', async (_, change) => {
    await observer.command('SET', 'k', text(LARGE, 'a'));
    const before = await usedMemory();
    const client = await openPatient();
    await client.write(encodeCommand(['GET', 'k']));
    await client.write(encodeCommand(['ECHO', 'end']));
    await until('the reply to have begun', async () => {
      const { payload } = await observer.command('CLIENT', 'LIST');
      return /cmd=(get|echo) /.test(String(payload)) ? true : undefined;
    });
    await observer.command(...change);
    const expected = Buffer.concat([
      Buffer.from(`$${LARGE}\r\n`),
      text(LARGE, 'a'),
      Buffer.from('\r\n$3\r\nend\r\n'),
    ]);
    expect((await client.read(expected.length)).equals(expected)).toBe(true);
    await client.close();
    await observer.command('FLUSHALL');
    await until('all memory to be given back', async () =>
      (await usedMemory()) < before - LARGE + MIB ? true : undefined,
    );
  });

  test('and is gone holds nothing any more', async () => {
    await observer.command('SET', 'k', text(LARGE, 'a'));
    const before = await usedMemory();
    const client = await openPatient();
    await client.write(encodeCommand(['GET', 'k']));
    await server.clientCount(observer, 2);
    await observer.command('DEL', 'k');
    expect(await usedMemory()).toBeGreaterThan(before - 2 * MIB);
    await client.close();
    await until('the value to be given back', async () =>
      (await usedMemory()) < before - LARGE + MIB ? true : undefined,
    );
  });

  test('counts for the value once', async () => {
    await observer.command('SET', 'k', text(LARGE, 'a'));
    const before = await usedMemory();
    const clients = await Promise.all([1, 2, 3, 4].map(openPatient));
    for (const client of clients) await client.write(encodeCommand(['GET', 'k']));
    await server.clientCount(observer, 5);
    expect((await usedMemory()) - before).toBeLessThan(LARGE);
    for (const client of clients) await client.close();
  });
});

describe('an argument', () => {
  test('is kept whole while CLIENT PAUSE holds its request, and what follows it', async () => {
    await begin();
    const client = await server.connect();
    await observer.command('CLIENT', 'PAUSE', '60000', 'WRITE');
    client.sendCommand(['SET', 'k', text(3 * MIB, 'a')]);
    client.sendCommand(['GET', 'k']);
    client.sendCommand(['APPEND', 'k', text(100_000, 'b')]);
    await until('the request to be held', async () => {
      const { payload } = await observer.command('CLIENT', 'LIST');
      return /flags=b .*cmd=set /.test(String(payload)) ? true : undefined;
    });
    await observer.command('CLIENT', 'UNPAUSE');
    const { replies } = await client.read(3);
    expect(replies.map(({ bytes }) => bytes.length)).toEqual([5, 3 * MIB + 12, 10]);
    expect(replies[2].bytes.toString()).toBe(`:${3 * MIB + 100_000}\r\n`);
  });

  test('is given back with a client that breaks off, or a transaction that is dropped', async () => {
    await begin();
    const before = await usedMemory();
    const half = encodeCommand(['SET', 'k', text(3 * MIB, 'a')]).subarray(0, 2 * MIB);
    const [broken, dropped] = [await openPatient(), await server.connect()];
    await broken.write(half);
    await dropped.command('MULTI');
    await dropped.command('SET', 'k', text(3 * MIB, 'a'));
    await until('both to be counted', async () =>
      (await usedMemory()) - before > 4.5 * MIB ? true : undefined,
    );
    await broken.close();
    await dropped.command('DISCARD');
    await until('both to be given back', async () =>
      (await usedMemory()) - before < MIB / 2 ? true : undefined,
    );
  });

  test('that fits is not evicted for its own query buffer', async () => {
    await begin({ maxmemory: '60mb', 'maxmemory-policy': 'allkeys-lru' });
    await observer.command('SET', 'small', 'v');
    for (let i = 0; i < 3; i++) {
      await observer.command('SET', 'k', text(LARGE, 'a'));
      // In a pipeline: what is evicted is found out before the next command.
      observer.sendCommand(['SET', 'k', text(LARGE, 'b')]);
      for (let n = 0; n < 5; n++) observer.sendCommand(['SET', `${n}`, 'v']);
      await observer.read(6);
    }
    for (const size of [100_000, 400_000, 900_000]) {
      await observer.command('SET', `k${size}`, text(size, 'a'));
    }
    expect(await infoField(observer, 'evicted_keys')).toBe('0');
    expect((await observer.command('DBSIZE')).bytes.toString()).toBe(':10\r\n');
    // One that does not fit is.
    await observer.command('SET', 'other', text(40 * MIB, 'a'));
    expect((await observer.command('EXISTS', 'k', 'other')).bytes.toString()).toBe(':1\r\n');
  });
});

test('the process gives memory back', { timeout: 60_000 }, async () => {
  await begin();
  const program = `
    import net from 'node:net';
    import { startServer } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
    const MIB = 1024 * 1024;
    const server = await startServer({ port: 0, save: '' });
    const socket = net.connect(server.port, '127.0.0.1');
    const sizes = () => {
      globalThis.gc();
      return process.memoryUsage.rss();
    };
    let received = 0;
    socket.on('data', (chunk) => (received += chunk.length));
    const ask = async (bytes, replyBytes) => {
      received = 0;
      socket.write(bytes);
      while (received < replyBytes) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const value = Buffer.alloc(100 * MIB, 'v');
    const before = sizes();
    for (let i = 0; i < 2; i++) {
      await ask(Buffer.concat([Buffer.from('*3\\r\\n$3\\r\\nSET\\r\\n$1\\r\\nk\\r\\n$' + value.length + '\\r\\n'), value, Buffer.from('\\r\\n')]), 5);
      await ask('GET k\\r\\n', value.length);
    }
    const during = sizes();
    await ask('DEL k\\r\\n', 4);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const after = sizes();
    console.log(JSON.stringify({ before, during, after }));
    socket.destroy();
    await server.close();
  `;
  const output = execFileSync(
    process.execPath,
    ['--expose-gc', '--input-type=module', '-e', program],
    { encoding: 'utf8' },
  );
  const { before, during, after } = JSON.parse(output.trim().split('\n').at(-1) ?? '');
  // The value, and little else.
  expect(during - before).toBeGreaterThan(90 * MIB);
  expect(during - after).toBeGreaterThan(90 * MIB);
});
