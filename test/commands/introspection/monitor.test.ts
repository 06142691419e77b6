// The lines of MONITOR.

import { expect, test } from 'vitest';
import { monitorCommands } from '../../../src/commands/introspection/monitor.ts';
import type { Client } from '../../../src/core/client.ts';
import { encodeMonitorLine, feedMonitors } from '../../../src/core/monitor-feed.ts';
import { MessageArea } from '../../../src/protocol/message-area.ts';
import { Request } from '../../../src/protocol/request.ts';
import { PubSub } from '../../../src/pubsub/pubsub.ts';
import { TestServer } from '../../support/test-call.ts';

function formatMonitorLine(timeUs: number, client: Client, request: Request): string {
  const area = new MessageArea();
  // Something else lies before it.
  area.allocate(100);
  const { start, end } = encodeMonitorLine(area, timeUs, client, request);
  const line = area.buffer.toString('latin1', start, end);
  expect(line).toMatch(/^\+.*\r\n$/);
  return line.slice(1, -2);
}

test('a line tells time, database, client and arguments', () => {
  const server = new TestServer(monitorCommands);
  const client = server.connect();
  expect(formatMonitorLine(1339518083107412, client, Request.of(['keys', '*']))).toBe(
    '1339518083.107412 [0 127.0.0.1:60866] "keys" "*"',
  );
  client.db = server.keyspace.databases[9];
  expect(formatMonitorLine(1339518083000042, client, Request.of(['get', 'a"\0']))).toBe(
    String.raw`1339518083.000042 [9 127.0.0.1:60866] "get" "a\"\x00"`,
  );
});

test('a client on a unix socket is told by its path', () => {
  const client = new TestServer([]).connect({ remote: '/run/a:b.sock:0', unixSocket: true });
  expect(formatMonitorLine(0, client, Request.of(['ping']))).toBe(
    '0.000000 [0 unix:/run/a:b.sock] "ping"',
  );
});

test('secrets are not shown', () => {
  const request = Request.of(['AUTH', 'me', 'secret']);
  request.redact(1);
  request.redact(2);
  const line = formatMonitorLine(0, new TestServer([]).connect(), request);
  expect(line).toBe('0.000000 [0 127.0.0.1:60866] "AUTH" "(redacted)" "(redacted)"');
});

test('every monitor gets every line, with the time of now', () => {
  const server = new TestServer(monitorCommands, { pubsub: new PubSub() });
  const [first, second, other] = [server.connect(), server.connect(), server.connect()];
  expect(server.run(first, 'MONITOR')).toBe('+OK\r\n');
  expect(server.run(second, 'MONITOR')).toBe('+OK\r\n');
  expect(server.run(second, 'MONITOR')).toBe('');
  const before = Date.now() / 1000;
  feedMonitors(server.services, other, Request.of(['PING']));
  expect(first.sent).toMatch(/^\+\d+\.\d{6} \[0 127\.0\.0\.1:60866\] "PING"\r\n$/);
  expect(second.sent).toBe(first.sent);
  expect(other.sent).toBe('');
  expect(Math.abs(Number.parseFloat(first.sent.slice(1)) - before)).toBeLessThan(5);
});
