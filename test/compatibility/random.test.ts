// Random command sequences, compared with Redis: which commands there are and what arguments they
// take is read from the servers, so a command is covered as soon as it has its row in the table.
//
// SYNAP_SEED and SYNAP_RUNS choose other sequences and more of them; a failure prints the seed of
// its sequence, and SYNAP_SEED with that number and SYNAP_RUNS=1 runs that one alone.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandGrammar, readCommandNames, readGrammars } from '../support/command-grammar.ts';
import { showCommand } from '../support/command-line.ts';
import { Random } from '../support/random.ts';
import { CommandGenerator } from '../support/random-commands.ts';
import {
  type RandomDifference,
  type RandomStep,
  runSequence,
  shrink,
} from '../support/random-run.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { byTier } from '../support/tier.ts';

const FIRST_SEED = Number(process.env.SYNAP_SEED ?? 1_000);
const RUNS = byTier(200, 3_000, 'SYNAP_RUNS');
const STEPS = 80;
/** Key events are compared too; few fields make a hash a table, so that there are both. */
const CONFIG = { 'notify-keyspace-events': 'KEAmn', 'hash-max-listpack-entries': '3' };

/** Which commands are not called at random, and why. */
const LEFT_OUT: readonly { reason: string; applies: (grammar: CommandGrammar) => boolean }[] = [
  { reason: 'changes how the server runs', applies: ({ flags }) => flags.has('admin') },
  { reason: 'may wait', applies: ({ flags, name }) => flags.has('blocking') || name === 'wait' },
  { reason: 'replies with messages', applies: ({ flags }) => flags.has('pubsub') },
  { reason: 'needs other servers', applies: among('migrate', 'asking', 'readonly', 'readwrite') },
  { reason: 'needs other servers', applies: ({ group }) => group === 'cluster' },
  { reason: 'needs programs', applies: ({ group }) => group === 'scripting' },
  { reason: 'changes the connection', applies: among('quit', 'hello', 'reset') },
  { reason: 'its effect, or all of its reply, is random', applies: among('spop', 'lolwut') },
  { reason: 'its effect depends on the clock', applies: ({ group }) => group === 'stream' },
  {
    reason: 'tells of the server or the connection; compared in files of their own',
    applies: ({ words }) =>
      ['acl', 'client', 'command', 'latency', 'memory', 'module', 'slowlog'].includes(words[0]),
  },
];

function among(...names: readonly string[]): (grammar: CommandGrammar) => boolean {
  return ({ name }) => names.includes(name);
}

/** Commands that would keep a sequence from building anything if they came as often as the rest. */
const RARE = new Set([
  ...[
    'flushall',
    'flushdb',
    'swapdb',
    'select',
    'move',
    'multi',
    'discard',
    'exec',
    'auth',
    'info',
  ],
  ...['del', 'unlink', 'getdel', 'watch', 'unwatch', 'time', 'lastsave', 'echo', 'ping'],
]);

/**
 * Whether a command is about a range of members. Where scores differ, and members are in no order, it depends on what a
 * search meets: in a skip list of Redis on random levels. So these sequences pack their sorted sets.
 */
function isByMembers(args: readonly string[]): boolean {
  return args.some((word) => /lex/i.test(word));
}

describe('random sequences', () => {
  let redis: RunningServer;
  let synap: RunningServer;
  let clients: RawClient[];
  let grammars: CommandGrammar[];

  beforeAll(async () => {
    [redis, synap] = await Promise.all([startRedisServer(CONFIG), startSynapServer(CONFIG)]);
    clients = await Promise.all([redis, synap].map(({ port }) => RawClient.connect(port)));
    const [oracle, subject] = clients;
    // A key that is over is found by the same command on both.
    for (const client of clients) await client.command('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    // Lists shall become chunks, and sets tables, now and then.
    for (const client of clients) {
      await client.command('CONFIG', 'SET', 'list-max-listpack-size', '3');
      await client.command('CONFIG', 'SET', 'set-max-intset-entries', '6');
    }
    const known = await readGrammars(oracle, await readCommandNames(subject));
    grammars = known.filter((grammar) => !LEFT_OUT.some(({ applies }) => applies(grammar)));
  });

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all([redis.stop(), synap.stop()]);
  });

  test(`${RUNS} sequences from seed ${FIRST_SEED} on`, {
    timeout: RUNS * 1_000 + 120_000,
  }, async () => {
    const ports = [redis.port, synap.port] as const;
    const called = new Set<string>();
    let errors = 0;
    let events = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
      const protocol = seed % 2 === 0 ? 2 : 3;
      const isPacked = seed % 4 < 2;
      const longest = isPacked ? '1000' : '64';
      for (const client of clients) {
        await client.command('CONFIG', 'SET', 'zset-max-listpack-value', longest);
      }
      const steps = generate(seed).filter(({ args }) => isPacked || !isByMembers(args));
      for (const { grammar } of steps) called.add(grammar.name);
      const result = await runSequence(ports, steps, protocol);
      errors += result.errors;
      events += result.events;
      if (result.difference === undefined) continue;
      const shortest = await shrink(steps, async (candidate) => {
        const { difference } = await runSequence(ports, candidate, protocol);
        return difference !== undefined;
      });
      const { difference = result.difference } = await runSequence(ports, shortest, protocol);
      throw new Error(describeDifference(seed, protocol, shortest, difference));
    }
    // A generator that stopped generating would find no difference either.
    expect(grammars.length).toBeGreaterThan(50);
    if (RUNS < 20) return;
    expect([...called].sort()).toEqual(grammars.map(({ name }) => name));
    expect(errors / (RUNS * STEPS)).toBeLessThan(0.35);
    expect(events / RUNS).toBeGreaterThan(STEPS / 2);
  });

  function generate(seed: number): RandomStep[] {
    const weight = ({ name }: CommandGrammar) => (RARE.has(name) ? 1 : 5);
    const generator = new CommandGenerator(new Random(seed), grammars, weight);
    return Array.from({ length: STEPS }, () => generator.next());
  }
});

function describeDifference(
  seed: number,
  protocol: number,
  steps: readonly RandomStep[],
  { step, what, expected, actual }: RandomDifference,
): string {
  const lines = steps.map(({ args }, index) => {
    const mark = index === step ? '-> ' : '   ';
    return `${mark}${String(index + 1).padStart(2)}  ${showCommand(args)}`;
  });
  return [
    `the servers differ (SYNAP_SEED=${seed} SYNAP_RUNS=1, RESP${protocol}) after:`,
    ...lines,
    `${step < steps.length ? `reply to step ${step + 1}` : `at the end, ${what}`}`,
    `  redis  ${expected}`,
    `  synap  ${actual}`,
  ].join('\n');
}
