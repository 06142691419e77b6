// A command without the flag WRITE never changes data: what is logged, replicated, refused while
// writes are paused or memory is short, all goes by that flag. Every command of the table is run
// with generated arguments on seeded data; those without the flag must leave it alone, and those
// with it must have changed it at least once, or the arguments prove nothing.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { families } from '../../src/commands/index.ts';
import { CommandTable } from '../../src/core/command-table.ts';
import { BLOCKING, WRITE } from '../../src/core/flags.ts';
import { type CommandGrammar, readGrammars } from '../support/command-grammar.ts';
import { encodeCommand, showCommand } from '../support/command-line.ts';
import { Random } from '../support/random.ts';
import { CommandGenerator } from '../support/random-commands.ts';
import { RawClient } from '../support/raw-client.ts';
import { isError, type Reply, textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

const RUNS = 60;

/** Commands that are not run, and why. */
const LEFT_OUT = new Map([
  ['shutdown', 'ends the server'],
  ['quit', 'ends the connection'],
  ['client|kill', 'ends connections'],
  ['client|pause', 'holds the commands that look at the data'],
  ['client|reply', 'leaves requests without replies'],
  ['save', 'sets the number of changes back'],
  ['bgsave', 'as SAVE'],
  ['migrate', 'needs another server'],
  ['pfcount', 'keeps what it has counted in the value, as in Redis'],
  ['pfselftest', 'takes long'],
  ['monitor', 'answers once and then reports'],
  [
    'debug',
    'documents no arguments; POPULATE and its like change data without the flag, as in Redis',
  ],
]);

/** The keys that generated commands use (test/support/random-commands.ts), with and without expiry. */
const SEED: readonly string[][] = [
  ['FLUSHALL'],
  ['SELECT', '1'],
  ['MSET', 'string:1', 'other', 'set:1', '5'],
  ['SELECT', '0'],
  ['MSET', 'string:1', '10', 'string:2', 'Hello World', 'string:3', '3.5', 'hash:1', '1'],
  ['SET', 'string:2', 'Hello World', 'EX', '10000'],
  ...['list:1', 'list:2', 'list:3', 'list:4'].map((key) => ['RPUSH', key, ...'ab017'.repeat(4)]),
  ...['sorted-set:1', 'sorted-set:2', 'sorted-set:3', 'sorted-set:4'].map((key) => [
    'ZADD',
    key,
    ...['a', 'b', 'hello', '0', '1', '7', '42', '', '-', ' '].flatMap((m, i) => [`${i}`, m]),
  ]),
  ...['hash:2', 'hash:3', 'hash:4'].map((key) => [
    'HSET',
    key,
    ...['a', 'b', 'hello', '0', '1', '7', '42', '', '-', ' '].flatMap((field) => [field, '5']),
  ]),
  ['HEXPIRE', 'hash:3', '10000', 'FIELDS', '9', 'a', 'b', 'hello', '0', '1', '7', '42', '', '-'],
  ['GEOADD', 'sorted-set:1', '13.361389', '38.115556', 'a', '13.4', '38', 'hello', '0', '0', '0'],
  ['GEOADD', 'sorted-set:2', '13.361389', '38.115556', 'b', '-13.5', '38', '1', '0', '0', '0'],
  ['EXPIRE', 'list:1', '10000'],
  ...['set:1', 'set:2', 'set:3', 'set:4'].map((key) => ['SADD', key, ...'ab017']),
  ['MSET', 'bitmap:1', 'ab', 'bitmap:2', 'cd'],
  ...['hyperloglog:1', 'hyperloglog:2'].map((key) => ['PFADD', key, ...'abc']),
  ...['stream:1', 'stream:2', 'stream:3', 'stream:4'].flatMap((key) => [
    ...['1-0', '2-0', '3-0', '4-0', '5-0', '9-0'].map((id) => [
      ...['XADD', key, id],
      ...['a', 'b', 'hello', '0', '1', '7', '42', '', '-', ' '].flatMap((field) => [field, '5']),
    ]),
    ...['a', 'b'].map((group) => ['XGROUP', 'CREATE', key, group, '0']),
    ['XREADGROUP', 'GROUP', 'a', 'a', 'COUNT', '3', 'STREAMS', key, '>'],
  ]),
  ['PEXPIRE', 'string:1', '5000000'],
];

const flags = new Map(
  [...new CommandTable(families).runnable()].map((one) => [one.fullName, one.flags]),
);
const names = [...flags.keys()].filter((name) => !LEFT_OUT.has(name));
const writes = names.filter((name) => (Number(flags.get(name)) & WRITE) !== 0);
const others = names.filter((name) => !writes.includes(name));

let server: RunningServer;
/** Watches the data; the commands run on connections of their own. */
let observer: RawClient;
let grammars: Map<string, CommandGrammar>;

beforeAll(async () => {
  server = await startSynapServer();
  observer = await RawClient.connect(server.port);
  const containers = new Set(names.map((name) => name.split('|')[0]));
  const list = await readGrammars(observer, [...containers]);
  grammars = new Map(list.map((grammar) => [grammar.name, grammar]));
});

afterAll(async () => {
  await observer.close();
  await server.stop();
});

test('the table has commands of both kinds', () => {
  expect(writes.length).toBeGreaterThan(25);
  expect(others.length).toBeGreaterThan(50);
});

describe('without the flag', () => {
  test.each(others)('%s changes nothing', async (name) => {
    await seed();
    const before = await fingerprint();
    const commands = generate(name);
    await run(name, commands);
    const after = await fingerprint();
    expect(after, commands.map(showCommand).join('\n')).toBe(before);
  });
});

describe('with the flag', () => {
  test.each(writes)('%s changes something', async (name) => {
    await seed();
    const before = await fingerprint();
    await run(name, generate(name));
    expect(await fingerprint()).not.toBe(before);
  });
});

function generate(name: string): string[][] {
  const grammar = grammars.get(name);
  // A container without its subcommand, which only COMMAND takes.
  if (grammar === undefined) return [[name]];
  const generator = new CommandGenerator(new Random(1), [grammar], () => 1);
  return Array.from({ length: RUNS }, () => generator.next().args);
}

/** Runs commands called `name` on a connection of their own, whatever they answer. */
async function run(name: string, commands: readonly string[][]): Promise<void> {
  const client = await RawClient.connect(server.port);
  // In transactions nobody waits.
  const mayWait = (Number(flags.get(name)) & BLOCKING) !== 0;
  const lines = mayWait ? commands.flatMap((args) => [['MULTI'], args, ['EXEC']]) : commands;
  await pipeline(client, lines);
  await client.close();
}

async function seed(): Promise<void> {
  const failed = (await pipeline(observer, SEED)).filter(isError);
  expect(failed.map(textOf)).toEqual([]);
}

async function pipeline(client: RawClient, commands: readonly string[][]): Promise<Reply[]> {
  client.send(Buffer.concat(commands.map((args) => encodeCommand(args))));
  const { replies, closed } = await client.read(commands.length);
  if (closed) throw new Error('the server closed the connection');
  return [...replies];
}

/** What all data is, and how many changes there were: a change back to what was counts too. */
async function fingerprint(): Promise<string> {
  const digest = await ask('DEBUG', 'DIGEST');
  const persistence = await ask('INFO', 'persistence');
  const changes = /^rdb_changes_since_last_save:(\d+)/m.exec(persistence)?.[1];
  expect(changes).toBeDefined();
  return `${digest} after ${changes} changes`;
}

async function ask(...args: string[]): Promise<string> {
  const reply = await observer.command(...args);
  if (isError(reply)) throw new Error(`${args.join(' ')} answered ${textOf(reply)}`);
  return textOf(reply);
}
