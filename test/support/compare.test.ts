// The comparison must find what it is there to find: here it is given servers that differ in one
// known way each, fake ones for the ways in which no real server fails.

import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { compareScript, type Difference, report, Side } from './compare.ts';
import { RawClient } from './raw-client.ts';
import { startRedisServer } from './redis-server.ts';
import type { ServerConfig } from './running-server.ts';
import { closes, intended, type Script } from './script.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function redisSide(name: string, config: ServerConfig = {}): Promise<Side> {
  const server = await startRedisServer(config);
  cleanups.push(() => server.stop());
  const side = await Side.connect(name, server.port, 500);
  cleanups.push(() => side.close());
  return side;
}

/** A server that answers each read of bytes with what `answer` makes of it. */
async function fakeServer(answer: (request: string, socket: Socket) => string): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => socket.write(answer(chunk.toString('latin1'), socket)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function fakeSide(answer: (request: string, socket: Socket) => string): Promise<Side> {
  const side = await Side.connect('fake', await fakeServer(answer));
  cleanups.push(() => side.close());
  return side;
}

async function compareWithFake(
  script: Script,
  answer: (request: string, socket: Socket) => string,
): Promise<Difference[]> {
  const expected = await fakeSide((request) =>
    request.includes('ECHO') ? '$1\r\ne\r\n' : '+OK\r\n',
  );
  return compareScript(expected, await fakeSide(answer), script, 2);
}

describe('compareScript', () => {
  test('finds the one directive in which two servers differ', async () => {
    const [one, other] = [await redisSide('one'), await redisSide('other', { databases: '4' })];
    const script = ['SET k v\nSELECT 3\nSELECT 4\nGET k\nCONFIG GET databases'];
    for (const protocol of [2, 3] as const) {
      const differences = await compareScript(one, other, script, protocol);
      expect(differences.map(({ step, label }) => [step, label])).toEqual([
        [3, 'SELECT 4'],
        [5, 'CONFIG GET databases'],
      ]);
      expect(report(differences, ['one', 'other'])).toMatch(
        /^step 3: SELECT 4\n {2}one {4}\+OK\\r\\n\n {2}other {2}-ERR DB index is out of range/,
      );
    }
  });

  test('leaves keys, directives and connections as they were', async () => {
    const [one, other] = [await redisSide('one'), await redisSide('other')];
    const script = [
      'SET k v\nCONFIG SET maxmemory-policy allkeys-lru hz 50\nb> CLIENT SETNAME b\nCLIENT PAUSE 60000 WRITE',
    ];
    expect(await compareScript(one, other, script, 3)).toEqual([]);
    const untouched = await redisSide('untouched');
    const after = ['DBSIZE\nCONFIG GET maxmemory-policy\nCONFIG GET hz\nSET k w\nCLIENT LIST'];
    const differences = await compareScript(untouched, one, after, 2);
    expect(differences.map(({ label }) => label)).toEqual(['CLIENT LIST']);
    expect(differences[0].actual.match(/id=/g)).toHaveLength(2);
  });

  test('finds a reply too many, even after the last step', async () => {
    const differences = await compareWithFake(['PING'], (request) =>
      request.includes('ECHO') ? '$1\r\ne\r\n' : '+OK\r\n+OK\r\n',
    );
    expect(differences.map(({ label }) => label)).toEqual(['(nothing else was sent to a)']);
  });

  test('finds a connection that was closed on one side only', async () => {
    const differences = await compareWithFake(['PING\nPING'], (request, socket) => {
      if (request.includes('FLUSHALL')) return '+OK\r\n';
      socket.end();
      return '';
    });
    expect(differences).toHaveLength(1);
    expect(differences[0].actual).toContain('closed the connection');
  });

  test('finds a reply of another length in the same bytes', async () => {
    const differences = await compareWithFake(['PING'], (request) =>
      /ECHO|FLUSHALL/.test(request) ? '$1\r\ne\r\n' : '$2\r\nOK\r\n',
    );
    expect(differences).toMatchObject([
      { step: 1, expected: '+OK\\r\\n', actual: '$2\\r\\nOK\\r\\n' },
    ]);
  });

  test('holds an intended difference to what was intended', async () => {
    const script = (pattern: RegExp) => [intended('client-7.2', pattern, 'CLIENT NO-TOUCH on')];
    const answer = (request: string) => (/ECHO/.test(request) ? '$1\r\ne\r\n' : ':1\r\n');
    expect(await compareWithFake(script(/^:1\r\n$/), answer)).toEqual([]);
    expect(await compareWithFake(script(/^:2\r\n$/), answer)).toHaveLength(1);
    await expect(compareWithFake([intended('unheard-of', /x/, 'PING')], answer)).rejects.toThrow(
      'no intended difference is called unheard-of',
    );
  });

  test('fails when the oracle itself does not do the step', async () => {
    const [one, other] = [await redisSide('one'), await redisSide('other')];
    await expect(compareScript(one, other, [closes('PING')], 2)).rejects.toThrow(
      /step 1, PING: one itself: no the end of the connection/,
    );
  });
});

describe('RawClient', () => {
  test('says what it waited for', async () => {
    const port = await fakeServer(() => '$5\r\nab');
    const client = await RawClient.connect(port, 100);
    cleanups.push(() => client.close());
    await expect(client.command('GET', 'a b')).rejects.toThrow(
      'no 1 of 1 replies within 100 ms; unanswered: GET "a b"; received and not a whole reply: "$5\\r\\nab"',
    );
  });

  test('refuses what is no reply', async () => {
    const port = await fakeServer(() => 'HTTP/1.1 400\r\n');
    const client = await RawClient.connect(port, 100);
    cleanups.push(() => client.close());
    await expect(client.command('PING')).rejects.toThrow(/can not start with "HTTP/);
  });
});
