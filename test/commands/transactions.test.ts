// What EXEC leaves behind, and what it does that no reply shows.

import { expect, test } from 'vitest';
import { clientCommands } from '../../src/commands/connection/client.ts';
import { connectionCommands } from '../../src/commands/connection/connection.ts';
import { transactionCommands } from '../../src/commands/transactions.ts';
import type { CommandRow } from '../../src/core/command-row.ts';
import { discardTransaction, execRefusal } from '../../src/core/transaction.ts';
import { TestServer } from '../support/test-call.ts';

/** A command that answers with the database it runs in, as its call and its client know it. */
const where: CommandRow = {
  name: 'where',
  arity: 1,
  flags: 0,
  group: 'server',
  since: '1.0.0',
  summary: '',
  handler: ({ reply, db, client }) => reply.simple(`${db.index} ${client.db.index}`),
};

function started() {
  const server = new TestServer([
    ...transactionCommands,
    ...connectionCommands,
    ...clientCommands,
    where,
  ]);
  return { server, client: server.connect() };
}

test('SELECT in a transaction holds for the commands after it', () => {
  const { server, client } = started();
  server.run(client, 'MULTI');
  for (const line of ['WHERE', 'SELECT 3', 'WHERE', 'SELECT 99', 'WHERE']) {
    server.queue(client, ...line.split(' '));
  }
  const error = '-ERR DB index is out of range\r\n';
  expect(server.run(client, 'EXEC')).toBe(`*5\r\n+0 0\r\n+OK\r\n+3 3\r\n${error}+3 3\r\n`);
  expect(server.run(client, 'WHERE')).toBe('+3 3\r\n');
});

test('what follows in a transaction after the client closes itself is run and not answered', () => {
  const { server, client } = started();
  server.run(client, 'MULTI');
  server.queue(client, 'CLIENT', 'KILL', 'ID', String(client.id), 'SKIPME', 'no');
  server.queue(client, 'CLIENT', 'SETNAME', 'me');
  server.queue(client, 'CLIENT', 'GETNAME');
  expect(server.run(client, 'EXEC')).toBe('*3\r\n:1\r\n');
  expect(client.closing).toBe(true);
  expect(client.name).toBe('me');
});

test.each(['EXEC', 'DISCARD', 'UNWATCH'])('%s ends watches', (command) => {
  const { server, client } = started();
  server.run(client, 'WATCH', 'a', 'b', 'a');
  expect(client.watches?.count).toBe(2);
  if (command !== 'UNWATCH') server.run(client, 'MULTI');
  client.dirty = true;
  server.run(client, command);
  expect(server.keyspace.watches.size).toBe(0);
  expect(client.dirty).toBe(false);
  expect(client.transaction).toBe(undefined);
});

test('WATCH adds nothing once EXEC must fail', () => {
  const { server, client } = started();
  client.dirty = true;
  expect(server.run(client, 'WATCH', 'a')).toBe('+OK\r\n');
  expect(server.keyspace.watches.size).toBe(0);
});

test('a transaction that is dropped watches nothing more', () => {
  const { server, client } = started();
  server.run(client, 'WATCH', 'a');
  server.run(client, 'MULTI');
  discardTransaction(server.services, client);
  expect(client.transaction).toBe(undefined);
  expect(server.keyspace.watches.size).toBe(0);
});

test('why EXEC was refused: the code ERR goes, others stay', () => {
  expect(execRefusal("ERR wrong number of arguments for 'exec' command")).toBe(
    "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
  );
  expect(execRefusal('NOAUTH Authentication required.')).toBe(
    'EXECABORT Transaction discarded because of: NOAUTH Authentication required.',
  );
});
