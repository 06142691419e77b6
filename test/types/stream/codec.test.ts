// Streams in payloads: the same bytes as Redis has for the same commands, and back.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { valueTypes } from '../../../src/types/index.ts';
import { streamType } from '../../../src/types/stream/descriptor.ts';
import { ENCODING_BLOCKS } from '../../../src/types/stream/encodings.ts';
import { streamsOf } from '../../../src/types/stream/values.ts';
import { listpackOf, payloadOf, rdbString } from '../../persistence/rdb/payloads.ts';
import { hasRedis } from '../../support/needs-redis.ts';
import { Random } from '../../support/random.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import { isError, itemsOf, type Reply, textOf } from '../../support/reply-frames.ts';
import type { RunningServer } from '../../support/running-server.ts';
import { byTier } from '../../support/tier.ts';
import { TypeBench } from '../conformance/bench.ts';
import { streamFixture } from './fixture.ts';
import { RandomStream } from './random-streams.ts';

const bench = new TypeBench({ types: valueTypes, type: streamType, fixture: streamFixture });
const { entries } = bench.keyspace;

describe.skipIf(!hasRedis)('as Redis', () => {
  let server: RunningServer;
  let redis: RawClient;

  beforeAll(async () => {
    server = await startRedisServer();
    redis = await RawClient.connect(server.port, 20_000);
  });

  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  async function run(...args: (string | Buffer)[]): Promise<Reply> {
    const reply = await redis.command(...args);
    if (isError(reply)) throw new Error(`${args[0]}: ${textOf(reply)}`);
    return reply;
  }

  async function bytes(...args: (string | Buffer)[]): Promise<Buffer> {
    return (await run(...args)).payload ?? Buffer.alloc(0);
  }

  const SHAPES = [
    { maxEntries: 100, maxBytes: 4096, longest: 300 },
    { maxEntries: 3, maxBytes: 0, longest: 20_000 },
    { maxEntries: 0, maxBytes: 0, longest: 20_000 },
    { maxEntries: 0, maxBytes: 300, longest: 5000 },
  ];

  describe.each(SHAPES)('nodes of $maxEntries entries, $maxBytes bytes', (shape) => {
    test.each([1, 2, 3, 4, 5, 6])('seed %d', async (seed) => {
      const { maxEntries, maxBytes, longest } = shape;
      streamsOf(entries).entries.limits = { maxEntries, maxBytes };
      bench.empty();
      await run('FLUSHALL');
      await run('CONFIG', 'SET', 'stream-node-max-entries', `${maxEntries}`);
      await run('CONFIG', 'SET', 'stream-node-max-bytes', `${maxBytes}`);
      const stream = new RandomStream(new Random(seed * 31 + maxEntries), 's', longest);
      for (let round = 0; round < byTier(6, 20); round++) {
        for (let i = 0; i < 50; i++) {
          const line = stream.next();
          expect(bench.run(...line)).toBe((await redis.command(...line)).bytes.toString('latin1'));
        }
        for (const compression of ['yes', 'no']) {
          await run('CONFIG', 'SET', 'rdbcompression', compression);
          await compare(compression === 'yes');
        }
      }
      bench.empty();
    });
  });

  test.each([1, 2, 3, 4, 5, 6])('with groups, seed %d', async (seed) => {
    bench.empty();
    await run('FLUSHALL');
    await run('CONFIG', 'SET', 'rdbcompression', 'yes');
    const random = new Random(seed);
    const stream = new RandomStream(random, 's');
    const groups = ['', '12', 'group', 'a longer name of a group, which is compressed'];
    const consumers = ['', '7', 'me', 'you', 'a consumer a consumer a consumer'];
    for (let round = 0; round < byTier(8, 30); round++) {
      for (let i = 0; i < 40; i++) await redis.command(...stream.next());
      for (let i = 0; i < 60; i++) {
        const [group, consumer] = [random.pick(groups), random.pick(consumers)];
        const count = String(random.integer(1, 60));
        const lines = [
          ['XGROUP', 'CREATE', 's', group, random.pick(['0', '$', '5'])],
          ['XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'STREAMS', 's', '>'],
          ['XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'STREAMS', 's', '>'],
          ['XAUTOCLAIM', 's', group, consumer, '0', '0', 'COUNT', count],
          ['XGROUP', 'CREATECONSUMER', 's', group, consumer],
          ['XGROUP', random.pick(['DELCONSUMER', 'CREATECONSUMER']), 's', group, consumer],
          ['XGROUP', 'SETID', 's', group, '0', 'ENTRIESREAD', count],
          ['XGROUP', random.chance(0.1) ? 'DESTROY' : 'CREATE', 's', group, '0'],
          ['XACK', 's', group, ...stream.someIds(5)],
          ['XCLAIM', 's', group, consumer, '0', ...stream.someIds(3), 'TIME', count, 'FORCE'],
          ['XCLAIM', 's', group, consumer, '0', ...stream.someIds(3), 'RETRYCOUNT', '70000'],
        ];
        await redis.command(...random.pick(lines));
      }
      const theirs = await bytes('DUMP', 's');
      expect(bench.run('RESTORE', 's', '0', theirs, 'REPLACE')).toBe('+OK\r\n');
      expect(bench.bytes('DUMP', 's').equals(theirs)).toBe(true);
      expect(bench.digest('s')).toBe(textOf(itemsOf(await run('DEBUG', 'DIGEST-VALUE', 's'))[0]));
      bench.run('COPY', 's', 'copy', 'REPLACE');
      expect(bench.bytes('DUMP', 'copy').equals(theirs)).toBe(true);
    }
    bench.empty();
  });

  test('of Redis 6', async () => {
    bench.empty();
    await run('FLUSHALL');
    await run('CONFIG', 'SET', 'rdbcompression', 'yes');
    for (let last = 0; last < 8; last++) {
      for (const value of oldStreams(last)) {
        const payload = payloadOf(value);
        await run('RESTORE', 's', '0', payload, 'REPLACE');
        expect(bench.run('RESTORE', 's', '0', payload, 'REPLACE')).toBe('+OK\r\n');
        expect(bench.bytes('DUMP', 's').toString('hex')).toBe(
          (await bytes('DUMP', 's')).toString('hex'),
        );
      }
    }
    bench.empty();
  });

  async function compare(compresses: boolean): Promise<void> {
    const theirs = await bytes('DUMP', 's');
    const digest = textOf(itemsOf(await run('DEBUG', 'DIGEST-VALUE', 's'))[0]);
    expect(bench.digest('s')).toBe(digest);
    bench.run('RESTORE', 'copy', '0', theirs, 'REPLACE');
    expect(bench.digest('copy')).toBe(digest);
    if (!compresses) return;
    expect(bench.bytes('DUMP', 's').equals(theirs)).toBe(true);
    expect(bench.bytes('DUMP', 'copy').equals(theirs)).toBe(true);
    // Once more after a change: blocks from a payload are as those that commands have made.
    const line = ['*', 'name', 'v', '12', '7'];
    bench.run('RESTORE', 'back', '0', theirs, 'REPLACE');
    await run('RESTORE', 'back', '0', bench.bytes('DUMP', 's'), 'REPLACE');
    const id = '18446744073709551615-1';
    for (let i = 0; i < 3; i++) {
      await redis.command('XADD', 'back', `${id}${i}`, ...line.slice(1));
      bench.run('XADD', 'back', `${id}${i}`, ...line.slice(1));
    }
    expect(bench.bytes('DUMP', 'back').equals(await bytes('DUMP', 'back'))).toBe(true);
  }
});

/** Streams of 2-0 and 4-0, or of nothing, as Redis 6 writes them, with a group that has read up to an id. */
function oldStreams(readMs: number): Buffer[] {
  const group = [Buffer.of(1), rdbString('g'), Buffer.of(readMs, 0, 0, 0)];
  const node = [
    rdbString(Buffer.of(0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0)),
    rdbString(
      listpackOf([
        ...([[2n, 7], [0n, 7], [1n, 7], 'f', [0n, 7]] as const),
        ...([[2n, 7], [0n, 7], [0n, 7], 'v', [4n, 7]] as const),
        ...([[2n, 7], [2n, 7], [0n, 7], 'w', [4n, 7]] as const),
      ]),
    ),
  ];
  return [
    Buffer.concat([Buffer.of(15, 1), ...node, Buffer.of(2, 5, 0), ...group]),
    Buffer.concat([Buffer.of(15, 1), ...node, Buffer.of(2, 4, 0), ...group]),
    Buffer.concat([Buffer.of(15, 0, 0, 5, 0), ...group]),
    Buffer.concat([Buffer.of(15, 0, 0, 0, 0), ...group]),
  ];
}

test('of Redis 7.2, with the time of the last success of consumers', () => {
  const time = Buffer.of(1, 2, 3, 4, 5, 6, 0, 0);
  const active = Buffer.of(7, 2, 3, 4, 5, 6, 0, 0);
  const consumer = (times: readonly Buffer[]) =>
    Buffer.concat([rdbString('c'), ...times, Buffer.of(0)]);
  const value = (type: number, times: readonly Buffer[]) =>
    Buffer.concat([
      ...[Buffer.of(type, 0, 0, 5, 0, 0, 0, 0, 0, 7, 1), rdbString('g'), Buffer.of(1, 0, 1, 0, 1)],
      consumer(times),
    ]);
  for (const [type, times] of [
    [21, [time, active]],
    [19, [time]],
  ] as const) {
    bench.run('RESTORE', 's', '0', payloadOf(value(type, times)), 'REPLACE');
    expect(bench.bytes('DUMP', 's').equals(payloadOf(value(19, [time])))).toBe(true);
    const { groups } = streamsOf(entries);
    const [state] = groups.states(entries.root(bench.ref('s')));
    const [{ seenMs, activeMs }] = state.consumers;
    expect([seenMs, activeMs]).toEqual([0x060504030201, type === 21 ? 0x060504030207 : seenMs]);
  }
  bench.empty();
});

test('the encoding is that of streams', () => {
  bench.run('XADD', 's', '1-1', 'f', 'v');
  expect(entries.encodingOf(bench.ref('s'))).toBe(ENCODING_BLOCKS);
  bench.empty();
});
