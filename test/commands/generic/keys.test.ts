// What commands on keys do where Redis 7.0 cannot be asked: its newer modes, and paused expiry.

import { expect, test } from 'vitest';
import { keyCommands } from '../../../src/commands/generic/keys.ts';
import { scanCommands } from '../../../src/commands/generic/scan.ts';
import { stringCommands } from '../../../src/commands/string/strings.ts';
import { TestServer } from '../../support/test-call.ts';

const ROWS = [...keyCommands, ...scanCommands, ...stringCommands];

test('only TOUCH sets the access clock when reads leave it alone (CLIENT NO-TOUCH)', () => {
  const server = new TestServer(ROWS);
  const client = server.connect();
  const { keyspace } = server;
  server.run(client, 'SET', 'k', 'v');
  const [db] = keyspace.databases;
  const word = () => db.accessWord(db.find(Buffer.from('k'), 0, 1));
  const before = word();
  keyspace.tick(keyspace.nowMs + 60_000);
  keyspace.suspendTouch = true;
  server.run(client, 'GET', 'k');
  expect(word()).toBe(before);
  expect(server.run(client, 'TOUCH', 'k')).toBe(':1\r\n');
  expect(word()).not.toBe(before);
  expect(keyspace.suspendTouch).toBe(true);
});

test('expired keys that must not be deleted now are not seen', () => {
  const server = new TestServer(ROWS);
  const client = server.connect();
  const { keyspace } = server;
  server.run(client, 'SET', 'gone', 'v', 'PX', '5');
  server.run(client, 'SET', 'here', 'v');
  keyspace.tick(keyspace.nowMs + 10);
  keyspace.expiryPaused = true;
  expect(server.run(client, 'KEYS', '*')).toBe('*1\r\n$4\r\nhere\r\n');
  expect(server.run(client, 'SCAN', '0')).toBe('*2\r\n$1\r\n0\r\n*1\r\n$4\r\nhere\r\n');
  for (let i = 0; i < 20; i++) expect(server.run(client, 'RANDOMKEY')).toBe('$4\r\nhere\r\n');
  expect(keyspace.databases[0].size).toBe(2);
  keyspace.expiryPaused = false;
  server.run(client, 'SCAN', '0');
  expect(keyspace.databases[0].size).toBe(1);
});

test('RANDOMKEY ends when all keys have expired and none may be deleted', () => {
  const server = new TestServer(ROWS);
  const client = server.connect();
  server.run(client, 'SET', 'gone', 'v', 'PX', '5');
  server.keyspace.tick(server.keyspace.nowMs + 10);
  server.keyspace.expiryPaused = true;
  expect(server.run(client, 'RANDOMKEY')).toBe('$4\r\ngone\r\n');
  server.keyspace.expiryPaused = false;
  expect(server.run(client, 'RANDOMKEY')).toBe('$-1\r\n');
});
