// XCOMPACT against a plain list of entries: what stays, what is answered and reported; that memory comes back, and that
// Redis takes what is left of blocks.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { families } from '../../../src/commands/index.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Setting } from '../../../src/config/setting.ts';
import type { Services } from '../../../src/core/services.ts';
import { ArenaFullError } from '../../../src/memory/arena.ts';
import { Compaction } from '../../../src/types/stream/compaction.ts';
import { streamsOf } from '../../../src/types/stream/values.ts';
import { failAllocations } from '../../support/fail-allocations.ts';
import { hasRedis } from '../../support/needs-redis.ts';
import { Random } from '../../support/random.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import type { RunningServer } from '../../support/running-server.ts';
import { TestServer } from '../../support/test-call.ts';
import { byTier } from '../../support/tier.ts';

const NOW = 1_700_000_000_000;
const GRACE_MS = 86_400_000;

interface Entry {
  readonly ms: number;
  readonly items: readonly string[];
}

/** A server whose time is set, without waiting for anything. */
class Bench {
  readonly effects: string[] = [];
  readonly server: TestServer;
  readonly #client;

  constructor(settings: readonly Setting[] = []) {
    this.server = new TestServer(families.flat(), {
      config: loadConfig({ settings }),
    } as Partial<Services>);
    this.server.keyspace.observeRemovals({
      keyRemoved: () => {},
      fieldsRemoved: () => {},
      entriesRemoved: (_, { command, key, args }) =>
        void this.effects.push([command, key, ...args].join(' ')),
    });
    this.#client = this.server.connect();
    this.#client.deniesBlocking = true;
    this.server.keyspace.tick(NOW);
  }

  get streams() {
    return streamsOf(this.server.keyspace.entries);
  }

  ask(...words: (string | Buffer)[]): string {
    return this.server.run(this.#client, ...words).trimEnd();
  }

  /** Runs a command given as a line; line ends of the reply as spaces. */
  run(line: string): string {
    return this.ask(...line.split(' ')).replaceAll('\r\n', ' ');
  }

  add(entries: readonly Entry[]): void {
    for (const { ms, items } of entries) this.ask('XADD', 's', `${ms}-1`, ...items);
  }

  bytes(...words: string[]): Buffer {
    const reply = Buffer.from(this.server.run(this.#client, ...words), 'latin1');
    return reply.subarray(reply.indexOf('\n') + 1, -2);
  }

  /** The ids that are left, their ms only. */
  left(): number[] {
    const ids = this.ask('XRANGE', 's', '-', '+').matchAll(/\r\n(\d+)-1\r\n/g);
    return [...ids].map(([, ms]) => Number(ms));
  }
}

/** What is to be left. */
function compacted(entries: readonly Entry[], keep: number): Entry[] {
  const seen = new Map<string, { kept: number; isClosed: boolean }>();
  return entries
    .toReversed()
    .filter(({ ms, items }) => {
      const at = items.findIndex((item, i) => i % 2 === 0 && item === 'k');
      if (at < 0) return true;
      const value = items[at + 1];
      const state = seen.get(value) ?? { kept: 0, isClosed: false };
      seen.set(value, state);
      if (state.isClosed || state.kept >= keep) return false;
      state.kept++;
      state.isClosed = items.length === 2;
      return !state.isClosed || ms >= NOW - GRACE_MS;
    })
    .toReversed();
}

const OTHERS = ['x', 'y', 'a longer field', 'kk', ''];

function randomEntries(random: Random, count: number, values: number): Entry[] {
  const below = (limit: number) => random.integer(0, limit - 1);
  // Some are older than the grace period, some not.
  const stepMs = Math.floor((2 * GRACE_MS) / count);
  return Array.from({ length: count }, (_, i) => {
    const items: string[] = [];
    const has = below(10);
    for (let n = below(3); n > 0; n--) items.push(OTHERS[below(5)], 'v'.repeat(below(30)));
    if (has > 0) items.splice(2 * below(items.length / 2 + 1), 0, 'k', `value ${below(values)}`);
    if (items.length === 0) items.push('x', '1');
    return { ms: NOW - 2 * GRACE_MS + i * stepMs, items };
  });
}

describe.each([1, 3, 100, 0])('with %d entries a block', (maxEntries) => {
  test.each([1, 2, 3, 4])('random entries, seed %d', (seed) => {
    const random = new Random(seed * 31 + maxEntries);
    const count = byTier(300, 6000);
    const bench = new Bench();
    bench.streams.entries.limits = { maxBytes: 4096, maxEntries };
    const empty = () => {
      bench.ask('DEL', 's');
      while (bench.server.keyspace.reclaim(performance.now() + 100));
      return bench.server.keyspace.usedBytes;
    };
    bench.add(randomEntries(random, 1, 1));
    const before = empty();
    for (const values of [1, 20, count]) {
      for (const keep of [1, 3]) {
        const entries = randomEntries(random, count, values);
        bench.ask('DEL', 's');
        bench.add(entries);
        const expected = compacted(entries, keep);
        const removed = bench.run(`XCOMPACT s k KEEP ${keep}`);
        expect(removed).toBe(`:${count - expected.length}`);
        expect(bench.left()).toEqual(expected.map(({ ms }) => ms));
        expect(bench.run('XLEN s')).toBe(`:${expected.length}`);
        // It is what they were, too.
        const [{ ms, items }] = expected;
        expect(bench.run(`XRANGE s ${ms} ${ms}`)).toContain(items.join('-').slice(0, 1));
        expect(bench.run(`XCOMPACT s k KEEP ${keep}`)).toBe(':0');
        // New entries go behind what is left of the last block.
        bench.ask('XADD', 's', `${NOW}-1`, 'k', 'new', 'x', 'y');
        expect(bench.left()).toEqual([...expected.map((entry) => entry.ms), NOW]);
      }
    }
    expect(empty()).toBe(before);
  });
});

describe('tombstones', () => {
  const at = (ms: number, ...items: string[]) => ({ ms: NOW + ms, items });

  test.each<[string, Entry[], number[]]>([
    ['supersede what is older', [at(1, 'k', 'a', 'v', '1'), at(2, 'k', 'a')], [2]],
    ['of another value do not', [at(1, 'k', 'a', 'v', '1'), at(2, 'k', 'b')], [1, 2]],
    ['are superseded', [at(1, 'k', 'a'), at(2, 'k', 'a', 'v', '1')], [2]],
    [
      'go after the grace period',
      [at(-GRACE_MS - 1, 'k', 'a'), at(-GRACE_MS, 'k', 'b'), at(1, 'x', 'y')],
      [-GRACE_MS, 1],
    ],
    [
      'take what is older with them',
      [at(-GRACE_MS - 2, 'k', 'a', 'v', '1'), at(-GRACE_MS - 1, 'k', 'a')],
      [],
    ],
    ['of other fields are none', [at(1, 'k', 'a', 'v', '1'), at(2, 'v', 'a')], [1, 2]],
  ])('%s', (_, entries, left) => {
    const bench = new Bench();
    bench.add(entries);
    bench.run('XCOMPACT s k');
    expect(bench.left()).toEqual(left.map((ms) => NOW + ms));
  });

  test('only the newest entries beside one count', () => {
    const bench = new Bench();
    bench.add([
      at(1, 'k', 'a', 'v', '1'),
      at(2, 'k', 'a', 'v', '2'),
      at(3, 'k', 'a'),
      at(4, 'k', 'a', 'v', '3'),
    ]);
    expect(bench.run('XCOMPACT s k KEEP 10')).toBe(':2');
    expect(bench.left()).toEqual([NOW + 3, NOW + 4]);
    expect(bench.run('XCOMPACT s k KEEP 1')).toBe(':1');
  });

  test('the grace period is configured', () => {
    const bench = new Bench([{ name: 'stream-tombstone-grace-ms', words: ['10'], origin: 'here' }]);
    bench.add([at(-11, 'k', 'a'), at(-10, 'k', 'b')]);
    bench.run('XCOMPACT s k');
    expect(bench.left()).toEqual([NOW - 10]);
  });

  test('they go after what they supersede', () => {
    const bench = new Bench();
    bench.add([at(-GRACE_MS - 2, 'k', 'a', 'v', '1'), at(-GRACE_MS - 1, 'k', 'a')]);
    bench.run('XCOMPACT s k');
    const ids = [NOW - GRACE_MS - 2, NOW - GRACE_MS - 1].map((ms) => `${ms}-1`);
    expect(bench.effects).toEqual([`xdel s ${ids.join(' ')}`]);
  });
});

describe('replies', () => {
  test.each([
    ['XCOMPACT s k KEEP', '-ERR syntax error'],
    ['XCOMPACT s k KEEP 1 2', '-ERR syntax error'],
    ['XCOMPACT s k LEAVE 1', '-ERR syntax error'],
    ['XCOMPACT s k KEEP 0', '-ERR The KEEP argument must be > 0.'],
    ['XCOMPACT s k KEEP x', '-ERR value is not an integer or out of range'],
    ['XCOMPACT missing k', ':0'],
    ['XCOMPACT string k', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['XCOMPACT s other', ':0'],
    ['xcompact s f keep 2', ':1'],
  ])('%s', (line, reply) => {
    const bench = new Bench();
    bench.run('SET string v');
    for (let i = 1; i < 4; i++) bench.run(`XADD s ${i}-1 f v`);
    // An entry of that field only is a tombstone.
    bench.run('XADD s 5-1 f w x y');
    expect(bench.run(line)).toBe(line.startsWith('xcompact') ? ':3' : reply);
  });

  test('it counts as changes, is told of and leaves ids as XDEL does', () => {
    const bench = new Bench();
    const { keyspace } = bench.server;
    for (const key of ['s', 't']) {
      for (let i = 1; i < 6; i++) bench.run(`XADD ${key} ${i}-1 k v x y`);
    }
    const { dirty } = keyspace;
    bench.run('XCOMPACT s k');
    expect(keyspace.dirty - dirty).toBe(4);
    expect(bench.effects).toEqual(['xdel s 4-1 3-1 2-1 1-1']);
    bench.run('XDEL t 4-1 3-1 2-1 1-1');
    const facts = (key: string) =>
      bench.run(`XINFO STREAM ${key}`).replaceAll(/radix-\S+ :\d+/g, '');
    expect(facts('s')).toBe(facts('t'));
  });
});

test('values of the same hash are told apart', () => {
  const bench = new Bench();
  const { streams } = bench;
  const { entries: all, databases } = bench.server.keyspace;
  const entries = randomEntries(new Random(5), 400, 100);
  bench.add(entries);
  const root = all.root(databases[0].find(Buffer.from('s'), 0, 1));
  const rule = { field: Buffer.from('k'), keep: 1, graceEndMs: NOW - GRACE_MS };
  const compaction = new Compaction(streams, root, rule);
  vi.spyOn(streams.tables, 'hash').mockReturnValue(5);
  while (!compaction.isDone) compaction.step([]);
  vi.restoreAllMocks();
  compaction.end();
  expect(bench.left()).toEqual(compacted(entries, 1).map(({ ms }) => ms));
});

test('a stream that is being compacted stays where it is, and is known to be gone', () => {
  const bench = new Bench();
  const { streams } = bench;
  const root = streams.create();
  const rule = { field: Buffer.from('k'), keep: 1, graceEndMs: 0 };
  const compaction = new Compaction(streams, root, rule);
  const other = new Compaction(streams, root, rule);
  vi.spyOn(streams.arena, 'isSparse').mockReturnValue(true);
  expect(streams.relocation.begin(root)).toBe(root);
  compaction.end();
  expect(streams.relocation.begin(root)).toBe(root);
  while (!streams.freeStep(root));
  vi.restoreAllMocks();
  expect([compaction.hold.isOver, other.hold.isOver]).toEqual([false, true]);
  // Another stream gets its root.
  const next = streams.create();
  expect(next).toBe(root);
  expect(streams.blocks.holds.has(next)).toBe(false);
  other.end();
});

describe('memory', () => {
  test('of blocks that have lost most of their entries comes back', () => {
    const bench = new Bench();
    const count = byTier(5000, 200_000);
    for (let i = 1; i <= count; i++) {
      bench.ask('XADD', 's', `${i}-1`, 'k', `${i % 50 === 0 ? i : 0}`, 'value', 'v'.repeat(50));
    }
    const full = bench.server.keyspace.usedBytes;
    bench.run('XCOMPACT s k');
    const { usedBytes } = bench.server.keyspace;
    // Blocks of about a hundred entries have two left.
    expect(usedBytes).toBeLessThan(0.1 * full);
  });

  test('that was needed for it comes back', () => {
    const bench = new Bench();
    for (let i = 1; i <= 5000; i++) bench.ask('XADD', 's', `${i}-1`, 'k', `${i}`, 'x', 'y');
    const { usedBytes } = bench.server.keyspace;
    bench.run('XCOMPACT s k');
    expect(bench.server.keyspace.usedBytes).toBe(usedBytes);
  });
});

describe('without memory', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('what was removed until then is reported, and nothing is lost', () => {
    const entries = randomEntries(new Random(7), 200, 12);
    const all = entries.map(({ ms }) => ms);
    let halfway = 0;
    for (let allowed = 0; ; allowed += 1 + (allowed >> 2)) {
      const bench = new Bench();
      const { keyspace } = bench.server;
      const { arena } = keyspace;
      bench.streams.entries.limits = { maxBytes: 4096, maxEntries: 20 };
      bench.add(entries.slice(0, 1));
      bench.ask('DEL', 's');
      const before = keyspace.usedBytes;
      bench.add(entries);
      const root = keyspace.entries.root(keyspace.databases[0].find(Buffer.from('s'), 0, 1));
      // While it is saved, blocks are copied before they change.
      const frozen = bench.streams.freeze(root);
      frozen?.addBlocks('entries', bench.streams.index.blocks(root));
      failAllocations(arena, allowed);
      let failed = false;
      try {
        bench.run('XCOMPACT s k');
      } catch (error) {
        expect(error).toBeInstanceOf(ArenaFullError);
        failed = true;
      }
      vi.restoreAllMocks();
      const removed = bench.effects.flatMap((line) => line.split(' ').slice(2));
      const gone = new Set(removed.map((id) => Number.parseInt(id, 10)));
      expect(bench.left()).toEqual(all.filter((ms) => !gone.has(ms)));
      if (failed && gone.size > 0) halfway++;
      while (frozen?.abandonStep() === false);
      // The rest goes the next time.
      bench.run('XCOMPACT s k');
      expect(bench.left()).toEqual(compacted(entries, 1).map(({ ms }) => ms));
      bench.ask('DEL', 's');
      while (keyspace.reclaim(performance.now() + 100));
      expect(keyspace.usedBytes).toBe(before);
      if (!failed) break;
    }
    expect(halfway).toBeGreaterThan(3);
  });

  test('a rule of retention is set as a whole, or not', () => {
    for (let allowed = 0; ; allowed++) {
      const bench = new Bench();
      const { keyspace } = bench.server;
      bench.run('XADD s 1-1 f v');
      const before = keyspace.usedBytes;
      failAllocations(keyspace.arena, allowed);
      let failed = false;
      try {
        bench.run('XRETAIN s MAXLEN 5');
      } catch (error) {
        expect(error).toBeInstanceOf(ArenaFullError);
        failed = true;
      }
      vi.restoreAllMocks();
      if (failed) expect(bench.run('XRETAIN s GET')).toBe('$-1');
      else expect(bench.run('XRETAIN s NONE')).toBe('+OK');
      expect(keyspace.usedBytes).toBe(before);
      if (!failed) break;
    }
  });
});

describe.skipIf(!hasRedis)('in Redis', () => {
  let server: RunningServer;
  let redis: RawClient;

  beforeAll(async () => {
    server = await startRedisServer({ 'sanitize-dump-payload': 'yes' });
    redis = await RawClient.connect(server.port);
  });

  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  test.each([1, 2, 3])('what is left of blocks is what nodes may be, seed %d', async (seed) => {
    const random = new Random(seed);
    const bench = new Bench();
    bench.streams.entries.limits = { maxBytes: 4096, maxEntries: [7, 100, 0][seed - 1] };
    bench.add(randomEntries(random, 1000, 15));
    bench.run('XCOMPACT s k KEEP 2');
    const restored = await redis.command('RESTORE', 's', '0', bench.bytes('DUMP', 's'), 'REPLACE');
    expect(restored.payload?.toString()).toBe('OK');
    const same = async (...words: string[]) => {
      return (await redis.command(...words)).bytes.toString('latin1').trimEnd();
    };
    for (const words of [
      ['XRANGE', 's', '-', '+'],
      ['XADD', 's', `${NOW}-1`, 'k', 'new', 'x', 'y'],
      ['XREVRANGE', 's', '+', '-'],
      ['XTRIM', 's', 'MAXLEN', '~', '10'],
      ['XRANGE', 's', '-', '+', 'COUNT', '3'],
      ['XINFO', 'STREAM', 's'],
    ]) {
      const ours = bench.ask(...words);
      expect(ours.replaceAll(/radix-\S+\r\n:\d+/g, '')).toBe(
        (await same(...words)).replaceAll(/radix-\S+\r\n:\d+/g, ''),
      );
    }
  });
});
