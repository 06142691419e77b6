// The fields of a client's line that a comparison between two servers cannot hold equal.

import { expect, test } from 'vitest';
import { clientCommands } from '../../../src/commands/connection/client.ts';
import { monitorCommands } from '../../../src/commands/introspection/monitor.ts';
import { transactionCommands } from '../../../src/commands/transactions.ts';
import { type TestClient, TestServer } from '../../support/test-call.ts';

const rows = [...clientCommands, ...monitorCommands, ...transactionCommands];

/** The fields of a client's line, by name. */
function fieldsOf(server: TestServer, client: TestClient): Map<string, string> {
  const reply = server.run(client, 'CLIENT', 'INFO');
  const [, line] = reply.split('\r\n');
  return new Map(
    line
      .trimEnd()
      .split(' ')
      .map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]),
  );
}

test('the fields of a new client, in their order', () => {
  const server = new TestServer(rows);
  const client = server.connect();
  expect(server.run(client, 'CLIENT', 'LIST')).toBe(
    '$275\r\n' +
      'id=1 addr=127.0.0.1:60866 laddr=127.0.0.1:6379 fd=7 name= age=0 idle=0 flags=N db=0 sub=0 ' +
      'psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=10 multi-mem=0 rbs=16384 rbp=16384 obl=0 ' +
      'oll=0 omem=0 tot-mem=16394 events=r cmd=NULL user=default redir=-1 resp=2 lib-name= lib-ver=\n\r\n',
  );
});

test('times are in whole seconds, and never negative', () => {
  const server = new TestServer(rows);
  const client = server.connect();
  const { nowMs } = server.keyspace;
  client.lastActiveMs = nowMs + 1500;
  server.keyspace.tick(nowMs + 2999);
  expect(fieldsOf(server, client)).toContainEqual(['age', '2']);
  expect(fieldsOf(server, client)).toContainEqual(['idle', '1']);
  server.keyspace.tick(nowMs - 5000);
  expect(fieldsOf(server, client)).toContainEqual(['age', '0']);
});

test('buffers', () => {
  const server = new TestServer(rows);
  const client = server.connect();
  client.sizes = { query: 5, queryFree: 7, arguments: 100, output: 20_000 };
  client.charge(0, 5 + 7 + 100 + 20_000);
  server.run(client, 'MULTI');
  server.queue(client, 'CLIENT', 'SETNAME', 'x'.repeat(1000));
  const fields = fieldsOf(server, client);
  const queuedBytes = Number(fields.get('multi-mem'));
  expect(queuedBytes).toBeGreaterThan(1013);
  expect(queuedBytes).toBeLessThan(2000);
  expect(Object.fromEntries(fields)).toMatchObject({
    qbuf: '5',
    'qbuf-free': '7',
    'argv-mem': '110',
    multi: '1',
    rbs: '16384',
    rbp: '16384',
    obl: '16384',
    oll: '1',
    omem: String(16_384 + 40),
    'tot-mem': String(5 + 7 + 110 + 20_000 + queuedBytes + client.heapBytes + 16_384),
    events: 'rw',
    flags: 'x',
  });
  expect(client.heapBytes).toBeGreaterThan(100);
  expect(server.clientMemory.bytes).toBe(client.memoryBytes);
  server.run(client, 'DISCARD');
  expect([client.heapBytes, client.offHeapBytes]).toEqual([0, 20_112]);
  client.dismiss();
  client.charge(1000, 1000);
  expect([client.memoryBytes, server.clientMemory.bytes]).toEqual([0, 0]);
});

test('flags, in the order of Redis', () => {
  const server = new TestServer(rows);
  const client = server.connect({ unixSocket: true });
  expect(fieldsOf(server, client).get('flags')).toBe('U');
  server.run(client, 'CLIENT', 'NO-TOUCH', 'on');
  server.run(client, 'CLIENT', 'NO-EVICT', 'ON');
  server.run(client, 'MONITOR');
  server.run(client, 'MULTI');
  client.dirty = true;
  client.closing = true;
  expect(fieldsOf(server, client).get('flags')).toBe('OxdcUeT');
});

test('CLIENT SETINFO', () => {
  const server = new TestServer(rows);
  const client = server.connect();
  const set = (option: string, value: string) =>
    server.run(client, 'CLIENT', 'SETINFO', option, value);
  expect(set('LIB-NAME', 'synap-test(x)')).toBe('+OK\r\n');
  expect(set('lib-ver', '1.2.3')).toBe('+OK\r\n');
  expect(fieldsOf(server, client).get('lib-name')).toBe('synap-test(x)');
  expect(fieldsOf(server, client).get('lib-ver')).toBe('1.2.3');
  expect(set('lib-name', 'a b')).toBe(
    '-ERR lib-name cannot contain spaces, newlines or special characters.\r\n',
  );
  expect(set('LIB-Ver', '\n')).toBe(
    '-ERR LIB-Ver cannot contain spaces, newlines or special characters.\r\n',
  );
  expect(set('lib-age', '1')).toBe("-ERR Unrecognized option 'lib-age'\r\n");
  expect(fieldsOf(server, client).get('lib-name')).toBe('synap-test(x)');
  expect(set('lib-name', '')).toBe('+OK\r\n');
  expect(fieldsOf(server, client).get('lib-name')).toBe('');
});

test('CLIENT NO-TOUCH', () => {
  const server = new TestServer(rows);
  const client = server.connect();
  expect(server.run(client, 'CLIENT', 'NO-TOUCH', 'maybe')).toBe('-ERR syntax error\r\n');
  expect(client.noTouch).toBe(false);
  expect(server.run(client, 'CLIENT', 'NO-TOUCH', 'on')).toBe('+OK\r\n');
  expect([client.noTouch, server.keyspace.suspendTouch]).toEqual([true, true]);
  expect(server.run(client, 'CLIENT', 'NO-TOUCH', 'OFF')).toBe('+OK\r\n');
  expect([client.noTouch, server.keyspace.suspendTouch]).toEqual([false, false]);
});
