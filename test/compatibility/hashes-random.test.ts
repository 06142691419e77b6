// Random commands on hashes of every size, in Redis and in Synap: replies, encodings and digests are the same, also
// after the data was saved and loaded, and dumped by one and restored by the other.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exact, unordered } from '../support/comparers.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { Random } from '../support/random.ts';
import { randomHashStep } from '../support/random-hashes.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';
import { byTier } from '../support/tier.ts';

const STEPS = 300;

describe.skipIf(!hasRedis)('random commands on hashes', () => {
  const servers: RunningServer[] = [];
  const clients: RawClient[] = [];

  beforeAll(async () => {
    servers.push(await startRedisServer(), await startSynapServer());
    for (const { port } of servers) clients.push(await RawClient.connect(port));
  });

  afterAll(async () => {
    for (const client of clients) await client.close();
    for (const server of servers) await server.stop();
  });

  const both = (...args: (string | Buffer)[]) =>
    Promise.all(clients.map((client) => client.command(...args)));

  /** Takes a payload of each to the other. */
  async function exchange(): Promise<void> {
    const [theirs, ours] = await both('DUMP', 'h2');
    if (theirs.payload === null || ours.payload === null) return;
    const [redis, synap] = clients;
    expect(textOf(await redis.command('RESTORE', 'h3', '0', ours.payload, 'REPLACE'))).toBe('OK');
    expect(textOf(await synap.command('RESTORE', 'h3', '0', theirs.payload, 'REPLACE'))).toBe('OK');
  }

  test.each(Array.from({ length: byTier(8, 100) }, (_, i) => 7000 + i))('seed %i', async (seed) => {
    const random = new Random(seed);
    await both('RESET');
    await both('FLUSHALL');
    const done: string[] = [];
    for (let i = 0; i < STEPS; i++) {
      const { args, isUnordered } = randomHashStep(random);
      done.push(args.join(' ').slice(0, 200));
      const [expected, actual] = await both(...args.map((arg) => Buffer.from(arg, 'latin1')));
      const comparer = isUnordered ? unordered : exact;
      const told = `${done.slice(-20).join('\n')}\n${actual.bytes.toString('latin1')}`;
      expect(comparer.equal(expected, actual), told).toBe(true);
    }
    // A sequence may have ended within a transaction.
    await both('RESET');
    await exchange();
    const [expected, actual] = await both('DEBUG', 'DIGEST');
    expect(textOf(actual)).toBe(textOf(expected));
    for (const key of ['h1', 'h2', 'h3']) {
      const [theirs, ours] = await both('OBJECT', 'ENCODING', key);
      expect(ours.bytes.toString()).toBe(theirs.bytes.toString());
    }
  });
});
