// What clients do to themselves and to each other while requests are on their way: CLIENT KILL,
// PAUSE and REPLY, QUIT, MONITOR. Everything here holds of a real Redis too (SYNAP_TARGET=redis).

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { until } from './logged-server.ts';
import { PatientClient } from './patient-client.ts';

let server: RunningServer;
const opened: RawClient[] = [];

beforeAll(async () => {
  server = await startSynapServer();
});

afterEach(async () => {
  for (const client of opened.splice(0)) await client.close();
  const client = await open();
  await client.command('FLUSHALL');
});

afterAll(async () => {
  for (const client of opened.splice(0)) await client.close();
  await server.stop();
});

async function open(): Promise<RawClient> {
  const client = await RawClient.connect(server.port);
  opened.push(client);
  return client;
}

async function ask(client: RawClient, line: string): Promise<string> {
  return (await client.command(...line.split(' '))).bytes.toString();
}

function send(client: RawClient, lines: readonly string[]): void {
  client.send(Buffer.from(lines.map((line) => `${line}\r\n`).join('')));
}

async function read(client: RawClient, count: number): Promise<string[]> {
  const { replies } = await client.read(count);
  return replies.map(({ bytes }) => bytes.toString());
}

/** Resolves when the server has taken what the client sent, which it cannot answer yet. */
async function taken(observer: RawClient, id: string): Promise<void> {
  await until('the request to arrive', async () => {
    const list = await ask(observer, 'CLIENT LIST');
    const line = list.split('\n').find((one) => one.includes(`id=${id} `)) ?? '';
    return /qbuf=[1-9]|flags=\w*b/.test(line) ? true : undefined;
  });
}

describe('CLIENT KILL', () => {
  test('closes another client in the middle of what it does', async () => {
    const killer = await open();
    const victim = await open();
    const id = (await ask(victim, 'CLIENT ID')).slice(1).trim();
    await ask(victim, 'MULTI');
    await ask(victim, 'SET key value');
    expect(await ask(killer, `CLIENT KILL ID ${id}`)).toBe(':1\r\n');
    expect((await victim.readUntilClose()).length).toBe(0);
    expect(await ask(killer, 'EXISTS key')).toBe(':0\r\n');
    expect(await ask(killer, `CLIENT KILL ID ${id}`)).toBe(':0\r\n');
  });

  test('closes the one that asks only after its reply', async () => {
    const client = await open();
    const id = (await ask(client, 'CLIENT ID')).slice(1).trim();
    send(client, ['SET key 1', `CLIENT KILL ID ${id} SKIPME no`, 'SET key 2']);
    expect((await client.readUntilClose()).toString()).toBe('+OK\r\n:1\r\n');
    expect(await ask(await open(), 'GET key')).toBe('$1\r\n1\r\n');
  });

  test('closes one whose requests are suspended', async () => {
    const killer = await open();
    const victim = await open();
    const id = (await ask(victim, 'CLIENT ID')).slice(1).trim();
    await ask(killer, 'CLIENT PAUSE 60000 WRITE');
    send(victim, ['SET key value', 'PING']);
    await taken(killer, id);
    expect(await ask(killer, `CLIENT KILL ID ${id}`)).toBe(':1\r\n');
    await ask(killer, 'CLIENT UNPAUSE');
    expect((await victim.readUntilClose()).length).toBe(0);
    expect(await ask(killer, 'EXISTS key')).toBe(':0\r\n');
  });
});

describe('CLIENT PAUSE', () => {
  test('WRITE suspends a pipeline at its first write, and it goes on in order', async () => {
    const client = await open();
    const other = await open();
    const id = (await ask(client, 'CLIENT ID')).slice(1).trim();
    await ask(other, 'CLIENT PAUSE 60000 WRITE');
    send(client, ['GET n', 'INCR n', 'GET n', 'INCR n', 'PING']);
    expect(await read(client, 1)).toEqual(['$-1\r\n']);
    await taken(other, id);
    send(client, ['GET n', 'ECHO last']);
    expect(await ask(other, 'GET n')).toBe('$-1\r\n');
    expect(await ask(other, 'CLIENT UNPAUSE')).toBe('+OK\r\n');
    expect(await read(client, 6)).toEqual([
      ...[':1\r\n', '$1\r\n1\r\n', ':2\r\n', '+PONG\r\n', '$1\r\n2\r\n', '$4\r\nlast\r\n'],
    ]);
  });

  test('ALL suspends everything, until its time is over', async () => {
    const client = await open();
    const other = await open();
    send(client, ['INCR n', 'CLIENT PAUSE 300 ALL', 'INCR n', 'GET n']);
    expect(await read(client, 2)).toEqual([':1\r\n', '+OK\r\n']);
    send(other, ['PING', 'INCR n']);
    expect(await read(client, 2)).toEqual([':2\r\n', '$1\r\n2\r\n']);
    expect(await read(other, 2)).toEqual(['+PONG\r\n', ':3\r\n']);
  });

  test('WRITE lets transactions through that only read, and suspends others at EXEC', async () => {
    const client = await open();
    const other = await open();
    const id = (await ask(client, 'CLIENT ID')).slice(1).trim();
    await ask(other, 'CLIENT PAUSE 60000 WRITE');
    send(client, ['MULTI', 'GET n', 'EXEC', 'MULTI']);
    expect(await read(client, 4)).toEqual(['+OK\r\n', '+QUEUED\r\n', '*1\r\n$-1\r\n', '+OK\r\n']);
    send(client, ['INCR n', 'EXEC', 'PING']);
    await taken(other, id);
    await ask(other, 'CLIENT UNPAUSE');
    const replies = await read(client, 3);
    expect(replies).toEqual(['+QUEUED\r\n', '*1\r\n:1\r\n', '+PONG\r\n']);
  });

  test('what a client wanted that has gone is not done', async () => {
    const client = await open();
    const other = await open();
    const id = (await ask(client, 'CLIENT ID')).slice(1).trim();
    await ask(other, 'CLIENT PAUSE 60000 WRITE');
    send(client, ['INCR n']);
    await taken(other, id);
    await client.close();
    await until('the client to be gone', async () =>
      (await ask(other, 'CLIENT LIST')).includes(`id=${id} `) ? undefined : true,
    );
    await ask(other, 'CLIENT UNPAUSE');
    expect(await ask(other, 'GET n')).toBe('$-1\r\n');
  });

  test('a long pipeline is resumed where it stopped', async () => {
    const client = await open();
    const other = await open();
    const id = (await ask(client, 'CLIENT ID')).slice(1).trim();
    await ask(other, 'CLIENT PAUSE 60000 WRITE');
    send(client, Array(20_000).fill('INCR n'));
    await taken(other, id);
    await ask(other, 'CLIENT UNPAUSE');
    const replies = await read(client, 20_000);
    expect(replies.map((reply) => Number(reply.slice(1)))).toEqual(
      Array.from({ length: 20_000 }, (_, i) => i + 1),
    );
  });
});

describe('CLIENT REPLY', () => {
  test('OFF is silent until ON, which is answered', async () => {
    const client = await open();
    send(client, [
      'CLIENT REPLY OFF',
      'SET key 1',
      'NOSUCH',
      'INCR key',
      'CLIENT REPLY ON',
      'GET key',
    ]);
    expect(await read(client, 2)).toEqual(['+OK\r\n', '$1\r\n2\r\n']);
  });

  test('SKIP leaves out the next reply only', async () => {
    const client = await open();
    send(client, [
      'PING',
      'CLIENT REPLY SKIP',
      'PING a',
      'PING b',
      'CLIENT REPLY SKIP',
      'NOSUCH',
      'PING c',
    ]);
    expect(await read(client, 3)).toEqual(['+PONG\r\n', '$1\r\nb\r\n', '$1\r\nc\r\n']);
  });

  test('OFF holds for what is suspended, too', async () => {
    const client = await open();
    const other = await open();
    const id = (await ask(client, 'CLIENT ID')).slice(1).trim();
    await ask(other, 'CLIENT PAUSE 60000 WRITE');
    send(client, ['CLIENT REPLY SKIP', 'INCR n', 'INCR n', 'CLIENT REPLY OFF', 'INCR n']);
    await taken(other, id);
    await ask(other, 'CLIENT UNPAUSE');
    expect(await read(client, 1)).toEqual([':2\r\n']);
    send(client, ['CLIENT REPLY ON', 'GET n']);
    expect(await read(client, 2)).toEqual(['+OK\r\n', '$1\r\n3\r\n']);
  });
});

describe('QUIT', () => {
  test('answers what came before it, and runs nothing of what follows', async () => {
    const client = await open();
    send(client, ['SET key 1', 'GET key', 'QUIT', 'SET key 2', 'PING']);
    expect((await client.readUntilClose()).toString()).toBe('+OK\r\n$1\r\n1\r\n+OK\r\n');
    expect(await ask(await open(), 'GET key')).toBe('$1\r\n1\r\n');
  });

  test('the client is gone even if it keeps its side open', async () => {
    const other = await open();
    // It does not read, so it does not notice that the server has ended the connection.
    const client = await PatientClient.connect({ port: server.port, host: '127.0.0.1' });
    await client.write('CLIENT SETNAME leaving\r\n');
    expect((await client.read(5)).toString()).toBe('+OK\r\n');
    await client.write('QUIT\r\n');
    await until('the client to be gone', async () =>
      (await ask(other, 'CLIENT LIST')).includes('name=leaving') ? undefined : true,
    );
    expect((await client.readToEnd()).toString()).toBe('+OK\r\n');
  });
});

describe('MONITOR', () => {
  test('tells what others do, in order, and the monitor goes on being answered', async () => {
    const monitor = await open();
    const client = await open();
    await ask(monitor, 'MONITOR');
    send(
      client,
      Array.from({ length: 500 }, (_, i) => `ECHO ${i}`),
    );
    await client.read(500);
    const lines = await read(monitor, 500);
    expect(lines.map((line) => /"ECHO" "(\d+)"\r\n$/.exec(line)?.[1])).toEqual(
      Array.from({ length: 500 }, (_, i) => String(i)),
    );
    await monitor.close();
    expect(await ask(client, 'PING')).toBe('+PONG\r\n');
  });
});
