import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeRequest } from '../../bench/support/client.mjs';
import { loadKeys, setTemplate, writeDigits } from '../../bench/support/loader.mjs';

describe('setTemplate', () => {
  test.each([[undefined], [1_900_000_000_123]])('is a SET with expiry %s', (expireAtMs) => {
    const { bytes, keyDigitsAt, valueDigitsAt } = setTemplate(16, expireAtMs);
    writeDigits(bytes, keyDigitsAt + 12, 7);
    writeDigits(bytes, valueDigitsAt + 12, 123_456_789_012);
    const expiry = expireAtMs === undefined ? [] : ['PXAT', String(expireAtMs)];
    expect(bytes.toString()).toBe(
      encodeRequest(['SET', 'key:000000000007', 'vvvv123456789012', ...expiry]),
    );
  });

  test('refuses a value without room for the number', () => {
    expect(() => setTemplate(11)).toThrow(RangeError);
  });
});

describe('loadKeys', () => {
  let close = () => {};
  afterEach(() => close());

  /** A server that hands every SET's key and value to `reply`, whole requests only. */
  async function listen(reply: (key: string, value: string, socket: Socket) => void) {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      let rest = '';
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) => {
        const lines = (rest + chunk.toString('latin1')).split('\r\n');
        while (lines.length > 7) {
          const [, , , , key, , value] = lines.splice(0, 7);
          reply(key, value, socket);
        }
        rest = lines.join('\r\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    };
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  test('sends every number exactly once, also with a last batch that is not full', async () => {
    const seen = new Map<string, string>();
    const port = await listen((key, value, socket) => {
      seen.set(key, value);
      socket.write('+OK\r\n');
    });
    await loadKeys({ port, count: 1001, connections: 3, pipeline: 64 });
    const expected = Array.from({ length: 1001 }, (_, i) => String(i).padStart(12, '0'));
    expect([...seen.keys()].sort()).toEqual(expected.map((digits) => `key:${digits}`));
    expect([...seen].every(([key, value]) => value === `vvvv${key.slice(4)}`)).toBe(true);
  });

  test('fails with the reply that was not OK', async () => {
    const port = await listen((key, _value, socket) => {
      socket.write(key === 'key:000000000070' ? '-OOM command not allowed\r\n' : '+OK\r\n');
    });
    await expect(loadKeys({ port, count: 200, connections: 1 })).rejects.toThrow(
      'unexpected reply "-OOM command not allowed"',
    );
  });

  test('fails when the connection is lost', async () => {
    const port = await listen((_key, _value, socket) => socket.destroy());
    await expect(loadKeys({ port, count: 10, connections: 1 })).rejects.toThrow();
  });
});
