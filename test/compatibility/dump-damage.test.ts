// RESTORE of damaged values whose checksum is right, beside a Redis that checks everything
// (`sanitize-dump-payload yes`): what Redis refuses is refused in its words, and what both take is the
// same value. Synap checks as much whatever the directive says, so it runs with its default.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { payloadOf, SMALL_VALUES } from '../persistence/rdb/payloads.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { startSynapServer } from '../support/synap-server.ts';

const RUNS = 400;
/** The types that Redis has had only since 7.2 and 7.4: sets in listpacks, newer streams, hashes whose fields expire. */
const LATER_TYPES = [20, 21, 22, 23, 24, 25];
/** Sets, sorted sets and hashes with their elements one by one. */
const TABLE_TYPES = [2, 3, 4, 5];
const BAD_DATA = '-ERR Bad data format\r\n';
/** Behind the value, where both ignore it: a length that is too large by a little stays within the payload. */
const PADDING = Buffer.alloc(500);

/**
 * Whether a number of elements in four or eight bytes is one of those changed. Redis makes a hash table for as many
 * before it looks for them: that takes it many seconds and gigabytes, if it gets them.
 */
function wantsHugeTable(payload: Buffer): boolean {
  return TABLE_TYPES.includes(payload[0]) && payload[1] >> 6 === 2;
}

describe.skipIf(!hasRedis)('a damaged value', () => {
  const servers: RunningServer[] = [];
  const clients: RawClient[] = [];

  beforeAll(async () => {
    servers.push(await startRedisServer({ 'sanitize-dump-payload': 'yes' }));
    servers.push(await startSynapServer());
    for (const { port } of servers) clients.push(await RawClient.connect(port, 20_000));
  });

  afterAll(async () => {
    for (const client of clients) await client.close();
    for (const server of servers) await server.stop();
  });

  const both = (...args: (string | Buffer)[]) =>
    Promise.all(
      clients.map(async (client) => {
        const { bytes } = await client.command(...args);
        return bytes.toString('latin1');
      }),
    );

  /** Restores a payload on both; tells whether Synap took it. */
  async function restore(payload: Buffer): Promise<boolean> {
    if (wantsHugeTable(payload)) {
      const { bytes } = await clients[1].command('RESTORE', 'k', '0', payload, 'REPLACE');
      expect(bytes.toString('latin1'), payload.toString('hex')).toBe(BAD_DATA);
      return false;
    }
    await both('DEL', 'k');
    const [redis, synap] = await both('RESTORE', 'k', '0', payload, 'REPLACE');
    const sample = payload.toString('hex');
    if (synap !== '+OK\r\n') {
      // It may refuse more: Redis takes an encoding for a number of elements, for one.
      expect(synap.startsWith(BAD_DATA.trimEnd()), `${synap}: ${sample}`).toBe(true);
      return false;
    }
    const isLater = LATER_TYPES.includes(payload[0]);
    expect(redis, sample).toBe(isLater ? BAD_DATA : '+OK\r\n');
    const [digest, ours] = await both('DEBUG', 'DIGEST-VALUE', 'k');
    if (!isLater) expect(ours, sample).toBe(digest);
    const [, client] = clients;
    const { payload: dumped } = await client.command('DUMP', 'k');
    if (isLater && dumped === null) return true; // the fields of a hash may be due at once
    const again = await client.command('RESTORE', 'copy', '0', dumped ?? '', 'REPLACE');
    expect(textOf(again), sample).toBe('OK');
    const values = await client.command('DEBUG', 'DIGEST-VALUE', 'copy');
    expect(values.bytes.toString('latin1'), sample).toBe(ours);
    return true;
  }

  test.each(SMALL_VALUES)('%s', async (_, value) => {
    const outcomes = { taken: 0, refused: 0 };
    const change = fc.tuple(fc.nat(value.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const damaged = Buffer.from(value);
        for (const [at, bits] of changes) damaged[at] ^= bits;
        const isTaken = await restore(payloadOf(Buffer.concat([damaged, PADDING])));
        outcomes[isTaken ? 'taken' : 'refused']++;
      }),
      { numRuns: RUNS },
    );
    expect(outcomes.refused).toBeGreaterThan(0);
    expect(outcomes.taken).toBeGreaterThan(0);
    await clients[1].command('DEL', 'copy');
  });
});
