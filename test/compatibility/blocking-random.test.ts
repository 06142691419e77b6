// Random orders of blocking and other commands of lists and sorted sets on several connections, compared with Redis:
// after each command the same connections wait, and the others got the same replies.
//
// SYNAP_SEED and SYNAP_RUNS choose other sequences and more of them, as in random.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { showCommand } from '../support/command-line.ts';
import { Random } from '../support/random.ts';
import { startRedisServer } from '../support/redis-server.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { byTier } from '../support/tier.ts';
import { WAITERS, WaitingSide, type WaitingStep, WORKERS } from '../support/waiting-side.ts';

const FIRST_SEED = Number(process.env.SYNAP_SEED ?? 1_000);
const RUNS = byTier(12, 120, 'SYNAP_RUNS');
const STEPS = 120;

const KEYS = ['k1', 'k2', 'k3', 'k4'];
const ENDS = ['LEFT', 'RIGHT'];

describe('random blocking', () => {
  let servers: RunningServer[];

  beforeAll(async () => {
    servers = await Promise.all([startRedisServer(), startSynapServer()]);
  });

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const seeds = Array.from({ length: RUNS }, (_, run) => FIRST_SEED + run);
  test.each(seeds)('seed %i', { timeout: 60_000 }, async (seed) => {
    const random = new Random(seed);
    const sides = await Promise.all(
      servers.map(({ port }) => WaitingSide.open(port, seed % 2 ? 3 : 2)),
    );
    const history: string[] = [];
    let waits = 0;
    for (let i = 0; i < STEPS; i++) {
      const step = nextStep(random, sides[0].waiting);
      history.push(`${step.connection}> ${step.commands.map(showCommand).join('; ')}`);
      const [redis, synap] = await Promise.all(sides.map((side) => side.perform(step)));
      expect(synap, history.join('\n')).toEqual(redis);
      if (sides[0].waiting.has(step.connection)) waits++;
    }
    const [redis, synap] = await Promise.all(sides.map((side) => side.close(KEYS, readers)));
    expect(synap, history.join('\n')).toEqual(redis);
    // A sequence in which hardly anybody waits would tell nothing.
    expect(waits).toBeGreaterThan(5);
  });
});

/** All that there is at a key. */
function readers(key: string): string[][] {
  return [
    ['LRANGE', key, '0', '-1'],
    ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  ];
}

function nextStep(random: Random, waiting: ReadonlySet<string>): WaitingStep {
  const idle = WAITERS.filter((name) => !waiting.has(name));
  const [someone] = waiting;
  if (someone !== undefined && random.integer(1, 25) === 1) {
    const how = random.pick(['TIMEOUT', 'ERROR']);
    const commands = [['CLIENT', 'UNBLOCK', '$id', how]];
    return { connection: 'a', commands, unblocks: random.pick([...waiting]) };
  }
  if (idle.length > 0 && random.integer(1, 2) === 1) {
    return { connection: random.pick(idle), commands: [blockingCommand(random)] };
  }
  const connection = random.pick(WORKERS);
  if (random.integer(1, 4) > 1) return { connection, commands: plainCommands(random) };
  const queue = Array.from({ length: random.integer(1, 5) }, () =>
    random.integer(1, 8) === 1 ? [blockingCommand(random)] : plainCommands(random),
  ).flat();
  return { connection, commands: [['MULTI'], ...queue, ['EXEC']] };
}

function blockingCommand(random: Random): string[] {
  const key = () => random.pick(KEYS);
  const keys = Array.from({ length: random.integer(1, 4) }, key);
  const end = () => random.pick(ENDS);
  return random.pick([
    () => ['BLPOP', ...keys, '0'],
    () => ['BRPOP', ...keys, '0'],
    () => ['BLMOVE', key(), key(), end(), end(), '0'],
    () => ['BRPOPLPUSH', key(), key(), '0'],
    () => {
      const count = String(random.integer(1, 3));
      return ['BLMPOP', '0', String(keys.length), ...keys, end(), 'COUNT', count];
    },
    () => ['BZPOPMIN', ...keys, '0'],
    () => ['BZPOPMAX', ...keys, '0'],
    () => {
      const count = String(random.integer(1, 3));
      const where = random.pick(['MIN', 'MAX']);
      return ['BZMPOP', '0', String(keys.length), ...keys, where, 'COUNT', count];
    },
  ])();
}

/** A command; what stores a key does so where there is none, for the difference waits-overwritten. */
function plainCommands(random: Random): string[][] {
  const command = plainCommand(random);
  const [name, destination] = command;
  return name.endsWith('STORE') ? [['DEL', destination], command] : [command];
}

function plainCommand(random: Random): string[] {
  const key = () => random.pick(KEYS);
  const end = () => random.pick(ENDS);
  const elements = Array.from({ length: random.integer(1, 4) }, () =>
    String(random.integer(1, 999)),
  );
  const add = () => ['ZADD', key(), ...elements.flatMap((element, i) => [`${i % 2}`, element])];
  const push = () => [random.pick(['RPUSH', 'LPUSH']), key(), ...elements];
  return random.pick([
    push,
    push,
    push,
    () => [random.pick(['LPOP', 'RPOP', 'UNLINK']), key()],
    () => ['DEL', key(), key(), key()],
    () => ['DEL', key(), key()],
    () => ['LMOVE', key(), key(), end(), end()],
    () => ['RPOPLPUSH', key(), key()],
    () => [random.pick(['RENAME', 'RENAMENX', 'COPY']), key(), key()],
    () => ['COPY', key(), key(), 'DB', String(random.integer(0, 1)), 'REPLACE'],
    () => ['MOVE', key(), String(random.integer(0, 1))],
    () => (random.chance(0.4) ? ['SET', key(), 'string'] : ['DEL', ...KEYS]),
    () => ['LMPOP', '2', key(), key(), end(), 'COUNT', '2'],
    add,
    add,
    () => ['ZINCRBY', key(), '1.5', elements[0]],
    () => [random.pick(['ZPOPMIN', 'ZPOPMAX']), key()],
    () => ['ZMPOP', '2', key(), key(), random.pick(['MIN', 'MAX']), 'COUNT', '2'],
    () => ['ZRANGESTORE', key(), key(), '0', '1'],
    () => ['ZUNIONSTORE', key(), '2', key(), key()],
    () => ['LTRIM', key(), '1', '2'],
  ])();
}
