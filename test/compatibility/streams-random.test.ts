// Random programs on streams with groups, in Redis and in Synap: replies, payloads and all that XINFO and XPENDING tell are
// the same, also after payloads of each went to the other.
//
// SYNAP_SEED and SYNAP_RUNS choose other programs and more of them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { showCommand } from '../support/command-line.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { Random } from '../support/random.ts';
import { StreamCommands } from '../support/random-streams.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { itemsOf, type Reply, textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { nearTimes, payloads } from '../support/stream-replies.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { byTier } from '../support/tier.ts';

const FIRST_SEED = Number(process.env.SYNAP_SEED ?? 9_000);
const RUNS = byTier(12, 200, 'SYNAP_RUNS');
const STEPS = 400;
const KEYS = ['s1', 's2', 's3'];

describe.skipIf(!hasRedis)('random programs on streams', () => {
  const servers: RunningServer[] = [];
  const clients: RawClient[] = [];
  /** What was run since a program began, for the message of a failure. */
  let done: string[] = [];

  beforeAll(async () => {
    servers.push(await startRedisServer(), await startSynapServer());
    for (const { port } of servers) clients.push(await RawClient.connect(port));
  });

  afterAll(async () => {
    for (const client of clients) await client.close();
    for (const server of servers) await server.stop();
  });

  /** Runs a command on both, whose replies must be equal; returns them. */
  async function both(...args: (string | Buffer)[]): Promise<Reply[]> {
    const bytes = args.map((arg) => (typeof arg === 'string' ? Buffer.from(arg, 'latin1') : arg));
    done.push(showCommand(bytes));
    const [expected, actual] = await Promise.all(clients.map((client) => client.command(...bytes)));
    if (!areEqual(String(args[0]), expected, actual)) {
      const told = done.slice(-60).join('\n');
      expect(actual.bytes.toString('latin1'), told).toBe(expected.bytes.toString('latin1'));
      // Only what is left out of the comparison would be the same then.
      expect.fail(told);
    }
    return [expected, actual];
  }

  /** Leaves a transaction, and goes to the protocol of a program. */
  async function begin(seed: number): Promise<void> {
    await both('RESET');
    if (seed % 2 === 1) for (const client of clients) await client.command('HELLO', '3');
  }

  /** Gives a payload of one of them to both. */
  async function exchange(random: Random): Promise<void> {
    const [from, to] = [random.pick(KEYS), random.pick(KEYS)];
    const { payload } = random.pick(await both('DUMP', from));
    if (payload !== null) await both('RESTORE', to, '0', payload, 'REPLACE');
  }

  /** All that there is to know of a key. */
  async function compareKey(key: string): Promise<void> {
    const [type] = await both('TYPE', key);
    await both('DUMP', key);
    if (textOf(type) !== 'stream') return;
    await both('XINFO', 'STREAM', key);
    await both('XINFO', 'STREAM', key, 'FULL', 'COUNT', '0');
    await both('XREVRANGE', key, '+', '-');
    const [groups] = await both('XINFO', 'GROUPS', key);
    for (const group of itemsOf(groups)) {
      const name = textOf(itemsOf(group)[1]);
      await both('XPENDING', key, name);
      await both('XPENDING', key, name, '-', '+', '1000');
      await both('XINFO', 'CONSUMERS', key, name);
    }
  }

  const seeds = Array.from({ length: RUNS }, (_, run) => FIRST_SEED + run);
  test.each(seeds)('seed %i', { timeout: 60_000 }, async (seed) => {
    const random = new Random(seed);
    done = [];
    await begin(seed);
    await both('FLUSHALL');
    await both('CONFIG', 'SET', 'stream-node-max-entries', '5');
    await both('CONFIG', 'SET', 'stream-node-max-bytes', '4096');
    for (const key of KEYS) {
      for (const group of ['g1', 'g2']) await both('XGROUP', 'CREATE', key, group, '0', 'MKSTREAM');
    }
    const commands = new StreamCommands(random);
    let errors = 0;
    for (let i = 0; i < STEPS; i++) {
      const args = commands.next();
      const [reply] = await both(...args);
      if (reply.type === '-') errors++;
      else if (args[0] === 'XADD' && reply.type === '$') commands.added(args[1], textOf(reply));
      if (i % 100 === 99) {
        await begin(seed);
        commands.leaveTransaction();
        await exchange(random);
      }
    }
    await both('RESET');
    await exchange(random);
    for (const database of ['0', '1']) {
      await both('SELECT', database);
      for (const key of KEYS) await compareKey(key);
    }
    await both('DEBUG', 'DIGEST');
    // A program of errors would tell nothing.
    expect(errors).toBeLessThan(STEPS * 0.7);
  });
});

function areEqual(command: string, expected: Reply, actual: Reply): boolean {
  if (command === 'DUMP') return payloads.equal(expected, actual);
  if (command !== 'EXEC' || expected.items === null) return nearTimes.equal(expected, actual);
  // The replies of a transaction, each for itself: an array of them is none of those with times.
  const others = itemsOf(actual);
  return (
    expected.items.length === others.length &&
    expected.items.every((reply, index) => nearTimes.equal(reply, others[index]))
  );
}
