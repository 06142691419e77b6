import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeRequest } from '../../bench/support/client.mjs';
import {
  entryTemplate,
  fillList,
  loadKeys,
  loadLists,
  pushTemplate,
  setTemplate,
  writeNumbers,
} from '../../bench/support/loader.mjs';

describe('setTemplate', () => {
  test.each([[undefined], [1_900_000_000_123]])('is a SET with expiry %s', (expireAtMs) => {
    const template = setTemplate(16, expireAtMs);
    writeNumbers(template, template.bytes, 0, 123_456_789_012);
    const expiry = expireAtMs === undefined ? [] : ['PXAT', String(expireAtMs)];
    expect(template.bytes.toString()).toBe(
      encodeRequest(['SET', 'key:123456789012', 'vvvv123456789012', ...expiry]),
    );
  });

  test('refuses a value without room for the number', () => {
    expect(() => setTemplate(11)).toThrow(RangeError);
  });
});

test('pushTemplate is an RPUSH of elements that no other list has', () => {
  const template = pushTemplate(3);
  const { bytes } = template;
  const two = Buffer.concat([bytes, bytes]);
  writeNumbers(template, two, bytes.length, 7);
  const elements = ['vvvv000000000021', 'vvvv000000000022', 'vvvv000000000023'];
  expect(two.subarray(bytes.length).toString()).toBe(
    encodeRequest(['RPUSH', 'key:000000000007', ...elements]),
  );
  expect(two.subarray(0, bytes.length)).toEqual(bytes);
});

describe('entryTemplate', () => {
  test('is an XADD whose id and values have its number', () => {
    const template = entryTemplate({ first: 100, valueSizesBytes: [16, 20] });
    writeNumbers(template, template.bytes, 0, 23);
    const values = ['field1', 'vvvv000000000123', 'field2', 'vvvvvvvv000000000123'];
    expect(template.bytes.toString()).toBe(
      encodeRequest(['XADD', 'stream', '1000000000123', ...values]),
    );
  });

  test('shares entries among keys', () => {
    const template = entryTemplate({ entriesPerKey: 10, valueSizesBytes: [12] });
    writeNumbers(template, template.bytes, 0, 23);
    expect(template.bytes.toString()).toBe(
      encodeRequest(['XADD', 'key:000000000002', '1000000000023', 'field1', '000000000023']),
    );
  });
});

describe('fillList', () => {
  /** A client of a server that holds one list, which answers with `wrong` more than its length. */
  function listClient(wrong = 0) {
    const list: string[] = [];
    const requests: string[] = [];
    const call = async (command: string, key: string, ...elements: string[]) => {
      requests.push(`${command} ${key}`);
      return list.push(...elements) + wrong;
    };
    return { list, requests, client: { call } };
  }

  test('appends every element once, in order, also with a last batch that is not full', async () => {
    const { list, requests, client } = listClient();
    await fillList(client, 'mylist', 1001);
    expect(new Set(requests)).toEqual(new Set(['RPUSH mylist']));
    expect(list).toEqual(
      Array.from({ length: 1001 }, (_, i) => `vvvv${String(i).padStart(12, '0')}`),
    );
  });

  test('sends nothing for an empty list', async () => {
    const { requests, client } = listClient();
    await fillList(client, 'mylist', 0);
    expect(requests).toEqual([]);
  });

  test('fails when the list was there before', async () => {
    const { client } = listClient(1);
    await expect(fillList(client, 'mylist', 10)).rejects.toThrow('has 11 elements, not 10');
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

  test('makes lists, and fails with a length that is not theirs', async () => {
    const seen = new Set<string>();
    // RPUSH with one element is as long as the SET that this server reads.
    const port = await listen((key, value, socket) => {
      seen.add(`${key} ${value}`);
      socket.write(key === 'key:000000000200' ? ':2\r\n' : ':1\r\n');
    });
    await loadLists({ port, count: 200, elements: 1, connections: 3 });
    expect(seen.size).toBe(200);
    expect(seen).toContain('key:000000000199 vvvv000000000199');
    await expect(loadLists({ port, count: 201, elements: 1, connections: 1 })).rejects.toThrow(
      'unexpected reply ":1"',
    );
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
