// Requests of a pipeline that stay at one key have the members that they name looked for in advance. Whatever the
// requests before them do to the key meanwhile, they answer what they do one by one.
import { expect, test } from 'vitest';
import { hashCommands } from '../../src/commands/hash/fields.ts';
import { RequestBatch } from '../../src/net/request-batch.ts';
import { Request } from '../../src/protocol/request.ts';
import { encodeCommand } from '../support/command-line.ts';
import { Random } from '../support/random.ts';
import { TestServer } from '../support/test-call.ts';
import { LoggedServer } from './logged-server.ts';

/** Members of each collection: tables, not packed. */
const MEMBERS = 800;

/** A command about a member of the key; now and then one that takes the key away, or makes it something else. */
function randomCommand(random: Random): string[] {
  const member = `member:${random.integer(0, MEMBERS * 1.3)}`;
  const number = String(random.integer(0, 99));
  return random.pick([
    ...[
      ['SADD', 'k', member],
      ['SISMEMBER', 'k', member],
      ['SREM', 'k', member],
    ],
    ...[
      ['HSET', 'k', member, number],
      ['HGET', 'k', member],
      ['HDEL', 'k', member],
    ],
    ...[
      ['HINCRBY', 'k', member, number],
      ['HSTRLEN', 'k', member],
      ['HEXISTS', 'k', member],
    ],
    ...[
      ['ZADD', 'k', number, member],
      ['ZSCORE', 'k', member],
      ['ZREM', 'k', member],
    ],
    ...[
      ['ZINCRBY', 'k', number, member],
      ['ZRANK', 'k', member],
      ['ZADD', 'k', 'GT', number, member],
    ],
    ...[
      ['HMGET', 'k', member, 'member:1', member],
      ['SMISMEMBER', 'k', 'member:2', member],
    ],
    ...[
      ['SADD', 'k', 'member:3', member],
      ['HSET', 'k', 'member:4', number, member, number],
    ],
    ['SMEMBERS', 'other'],
    ...(random.chance(0.1)
      ? [
          ['RENAME', 'k', 'other'],
          ['COPY', 'other', 'k', 'REPLACE'],
        ]
      : []),
    ...(random.chance(0.1)
      ? [
          ['DEL', 'k'],
          ['HDEL', 'k', 'member:5', member],
        ]
      : []),
  ]);
}

test('a pipeline answers what its requests do one by one', async () => {
  const piped = await LoggedServer.start();
  const single = await LoggedServer.start();
  const [one, other] = [await piped.connect(), await single.connect()];
  const random = new Random(11);
  const fill = (kind: number): string[][] => {
    const numbers = Array.from({ length: MEMBERS }, (_, i) => `member:${i}`);
    if (kind === 0) return [['SADD', 'k', ...numbers]];
    if (kind === 1) return [['HSET', 'k', ...numbers.flatMap((member) => [member, '1'])]];
    return [['ZADD', 'k', ...numbers.flatMap((member) => ['1', member])]];
  };
  for (let round = 0; round < 60; round++) {
    const commands = [
      ['DEL', 'k'],
      ...fill(round % 3),
      ...Array.from({ length: 100 }, () => randomCommand(random)),
    ];
    one.send(Buffer.concat(commands.map((command) => encodeCommand(command))));
    const { replies } = await one.read(commands.length);
    for (const [i, command] of commands.entries()) {
      const reply = await other.command(...command);
      // The order of members is that of two different seeds.
      if (command[0] === 'SMEMBERS') continue;
      expect([command, replies[i].bytes.toString()]).toEqual([command, reply.bytes.toString()]);
    }
  }
  await piped.stop();
  await single.stop();
});

test('requests keep the hash of the member that they likely name, and forget it', () => {
  const server = new TestServer(hashCommands);
  const client = server.connect();
  for (let i = 0; i < MEMBERS; i++) server.run(client, 'HSET', 'k', `member:${i}`, '1');
  const [db] = server.keyspace.databases;
  const batch = new RequestBatch();
  const lines = [
    ['PING'],
    ['HGET', 'k', 'field'],
    ['HSET', 'k', 'another', 'value'],
    ['HGETALL', 'k'],
  ];
  for (const [i, words] of lines.entries()) batch.requests[i] = Request.of(words);
  batch.count = lines.length;
  batch.prefetch(db);
  const [, get, set, all] = batch.requests;
  expect([get.memberAt, set.memberAt, all.memberAt]).toEqual([2, 2, 0]);
  expect(get.memberHash).toBe(db.hash(Buffer.from('field'), 0, 5));
  expect(db.hashOf(set, 2)).toBe(db.hash(Buffer.from('another'), 0, 7));
  expect(db.hashOf(set, 3)).toBe(db.hash(Buffer.from('value'), 0, 5));
  get.clear();
  expect(get.memberAt).toBe(0);
  expect(set.clone().memberAt).toBe(0);
});
