// A handler that throws is a defect: its client gets an error in place of the reply, whole, and the
// server goes on.
import { afterEach, expect, test, vi } from 'vitest';
import { startServer } from '../../src/index.ts';
import { Database } from '../../src/keyspace/database.ts';
import { encodeCommand } from '../support/command-line.ts';
import { RawClient } from '../support/raw-client.ts';
import { textOf } from '../support/reply-frames.ts';
import { BASE_CONFIG, temporaryDirectory } from '../support/running-server.ts';

afterEach(() => vi.restoreAllMocks());

test('nothing is left of a reply that was begun', async () => {
  const directory = temporaryDirectory();
  const server = await startServer({ ...BASE_CONFIG, dir: directory.path, logfile: 'log' });
  try {
    const client = await RawClient.connect(server.port);
    await client.command('MSET', 'a', '1', 'b', '2');
    const { lookupRead } = Database.prototype;
    vi.spyOn(Database.prototype, 'lookupRead').mockImplementation(function failing(
      this: Database,
      request,
      i,
    ) {
      if (i === 3) throw new Error('a defect');
      return lookupRead.call(this, request, i);
    });
    const commands = [
      ['GET', 'a'],
      ['MGET', 'a', 'b', 'c'],
      ['GET', 'b'],
    ];
    client.send(Buffer.concat(commands.map((command) => encodeCommand(command))));
    const { replies } = await client.read(3);
    expect(replies.map(textOf)).toEqual(['1', 'ERR internal error; it was logged', '2']);
    await client.close();
  } finally {
    await server.close();
    directory.remove();
  }
});
