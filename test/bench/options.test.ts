import { describe, expect, test } from 'vitest';
import { isForKeeps, parseOptions, splitCommand } from '../../bench/options.mjs';
import * as collections from '../../bench/scenarios/collections.mjs';
import * as lists from '../../bench/scenarios/lists.mjs';
import * as log from '../../bench/scenarios/log.mjs';
import { loadLabel, memoryLoads } from '../../bench/scenarios/memory.mjs';
import * as nodes from '../../bench/scenarios/nodes.mjs';
import { recoveryLoads } from '../../bench/scenarios/recovery.mjs';
import { snapshotSizes } from '../../bench/scenarios/snapshot.mjs';
import { tierLoads } from '../../bench/scenarios/stream-tiers.mjs';
import * as streams from '../../bench/scenarios/streams.mjs';
import { rowLabels } from '../../bench/scenarios/strings.mjs';
import { matchesFilter } from '../../bench/support/command-rounds.mjs';
import { inOrderOfRound } from '../../bench/support/servers.mjs';

describe('parseOptions', () => {
  test('runs everything without flags', () => {
    const options = parseOptions([]);
    expect(options.only).toEqual([
      ...['strings', 'lists', 'collections', 'streams', 'pubsub', 'memory', 'release'],
      ...['event-loop', 'collection-stalls', 'large-values'],
      ...['log', 'recovery', 'snapshot', 'stream-tiers', 'event-peers', 'nodes'],
    ]);
    expect(options.nodes).toBeNull();
    expect(options.rounds).toBeNull();
    expect(isForKeeps(options)).toBe(true);
  });

  test('takes scenarios from lists, repeated flags and the other name, in their own order', () => {
    const { only } = parseOptions(['--only', 'event-loop', '--scenario', 'memory,memory']);
    expect(only).toEqual(['memory', 'event-loop']);
  });

  test.each([
    [['--only', 'graphs'], 'no scenario "graphs"'],
    [['--rounds', '0'], '--rounds'],
    [['--rounds', '2.5'], '--rounds'],
    [['--rounds', 'many'], '--rounds'],
    [['--quick', '--full'], 'exclude each other'],
    [['--quick', '--write-docs'], '--write-docs'],
    [['--synap-command', 'redis-server', '--write-docs'], '--write-docs'],
    [['--synap-command', ' '], 'empty'],
    [['--row', 'set p=2'], 'no row of strings or lists or collections or streams or memory or log'],
    [['--only', 'strings,memory', '--row', 'lpush'], 'no row of strings'],
    [
      ['--quick', '--row', 'rpop'],
      'no row of strings or lists or collections or streams or memory or log',
    ],
    [['--only', 'log', '--row', 'get p=16'], 'no row of log'],
    [['--node', '24', '--write-docs'], '--write-docs'],
    [['--node', '24', '--synap-command', 'redis-server'], '--synap-command'],
    [['--fast'], '--fast'],
    [['strings'], 'strings'],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  test('with --node measures releases of Node, and these alone unless it is told otherwise', () => {
    const { only, nodes } = parseOptions(['--node', '24,/opt/node']);
    expect({ only, nodes }).toEqual({ only: ['nodes'], nodes: ['24', '/opt/node'] });
    expect(parseOptions(['--node', '24', '--only', 'nodes,memory']).only).toEqual([
      ...['memory', 'nodes'],
    ]);
    expect(parseOptions(['--synap-command', 'redis-server']).only).not.toContain('nodes');
  });

  test('leaves out a scenario of which no row is selected', () => {
    expect(parseOptions(['--row', 'rpush p=16']).only).toEqual([
      ...['lists', 'pubsub', 'release', 'event-loop', 'collection-stalls', 'large-values'],
      ...['recovery', 'snapshot', 'stream-tiers', 'event-peers'],
    ]);
    expect(parseOptions(['--only', 'strings,log', '--row', 'always']).only).toEqual(['log']);
    expect(parseOptions(['--only', 'strings,lists', '--row', 'get']).only).toEqual(['strings']);
    expect(parseOptions(['--only', 'strings,lists', '--row', 'p=64']).only).toEqual([
      ...['strings', 'lists'],
    ]);
    expect(parseOptions(['--only', 'pubsub', '--row', 'get']).only).toEqual(['pubsub']);
  });

  test.each([
    ['--quick'],
    ['--row=SET'],
    ['--json=file'],
    ['--node=24'],
    ['--synap-command=redis-server'],
  ])('does not keep the results of %s', (flag) => {
    expect(isForKeeps(parseOptions([flag]))).toBe(false);
  });

  test('writes documentation from a file, whatever else', () => {
    expect(parseOptions(['--from', 'file', '--quick', '--write-docs']).writeDocs).toBe(true);
  });
});

describe('splitCommand', () => {
  test('splits at blanks outside quotes', () => {
    expect(splitCommand(` node  '/a b/main.js' --name="x 'y'" ''`)).toEqual([
      'node',
      '/a b/main.js',
      `--name=x 'y'`,
      '',
    ]);
  });

  test('refuses a quote that is not closed', () => {
    expect(() => splitCommand(`node 'a b`)).toThrow('quotes');
  });
});

describe('rows of strings', () => {
  test('cover the targets, then other sizes and a larger key space', () => {
    const labels = rowLabels(false);
    expect(labels).toHaveLength(new Set(labels).size);
    for (const command of ['PING', 'SET', 'GET', 'INCR', 'MSET (10 keys)']) {
      for (const pipeline of [1, 16, 64]) {
        expect(labels).toContain(`${command} P=${pipeline} 16B 100k`);
      }
    }
    expect(labels).toContain('GET P=16 4096B 100k');
    expect(labels).toContain('SET P=16 16B 1M');
  });

  test('are selected by whole words', () => {
    const select = (filter: string) =>
      rowLabels(false).filter((label) => matchesFilter(label, filter));
    expect(select('')).toEqual(rowLabels(false));
    expect(select('set p=1')).toEqual(['SET P=1 16B 100k']);
    expect(select('p=64 GET')).toEqual(['GET P=64 16B 100k']);
    expect(select('set p=2')).toEqual([]);
  });
});

describe('rows of nodes', () => {
  test('are SET and GET at each length of a pipeline', () => {
    const labels = ['SET', 'GET'].flatMap((command) =>
      [1, 16, 64].map((pipeline) => `${command} P=${pipeline} 16B 100k`),
    );
    expect(nodes.rowLabels(false)).toEqual(labels);
    expect(nodes.rowLabels(true)).toEqual(labels.filter((label) => label.includes('P=16')));
  });

  test('are measured with the binaries that are asked for', () => {
    expect(nodes.binariesOf([process.execPath])).toEqual([process.execPath]);
    expect(() => nodes.binariesOf([process.execPath, '19'])).toThrow('Node 19 is none of those');
    expect(() => nodes.binariesOf(['/no/such/node'])).toThrow('is no Node');
  });
});

describe('rows of lists', () => {
  test('cover the targets', () => {
    const ends = ['LPUSH', 'RPUSH', 'LPOP', 'RPOP'];
    const ranges = ['LRANGE_100', 'LRANGE_300', 'LRANGE_500', 'LRANGE_600'];
    expect(lists.rowLabels(false)).toEqual([
      ...ends.flatMap((command) => [1, 16, 64].map((pipeline) => `${command} P=${pipeline}`)),
      ...ranges.flatMap((command) => [1, 16].map((pipeline) => `${command} P=${pipeline}`)),
    ]);
    expect(lists.listsRows(false).every(({ valueSizeBytes }) => valueSizeBytes === 16)).toBe(true);
  });

  test('ask for as many elements as they are named after', () => {
    const requests = lists
      .listsRows(false)
      .map(({ command, workload }) => [command, workload.request]);
    expect(requests).toContainEqual(['LRANGE_100', ['LRANGE', 'mylist', '0', '99']]);
    expect(requests).toContainEqual(['LRANGE_600', ['LRANGE', 'mylist', '0', '599']]);
  });

  test('begin with a list that pops do not empty and ranges do not exceed', () => {
    expect(lists.lengthBefore({ kind: 'push', pipeline: 64 }, 1_000_000)).toBe(0);
    // Every one of 50 connections may send a whole pipeline too many.
    expect(lists.lengthBefore({ kind: 'pop', pipeline: 64 }, 1_000_001)).toBe(1_000_001 + 50 * 64);
    expect(lists.lengthBefore({ kind: 'range', pipeline: 16 }, 10)).toBeGreaterThanOrEqual(600);
  });
});

describe('rows of collections', () => {
  test('cover the targets', () => {
    const small = [
      ...['SADD', 'SISMEMBER', 'SPOP', 'HSET', 'HGET', 'HINCRBY', 'ZADD', 'ZSCORE', 'ZINCRBY'],
      ...['ZPOPMIN', 'PFADD', 'PFCOUNT', 'SETBIT', 'GETBIT'],
    ];
    const wide = [
      ...['BITFIELD', 'BITCOUNT_16B', 'BITCOUNT_1MB', 'BITPOS_1MB', 'BITOP_AND_3x1MB'],
      ...['PFADD_100K_KEYS', 'PFCOUNT_2', 'PFMERGE_2'],
      ...['HGETALL_20', 'SMEMBERS_100', 'ZRANGE_100', 'ZRANGEBYSCORE_10', 'SINTER_10K_100K'],
      ...['ZRANK_1M', 'ZINCRBY_1M', 'GEOSEARCH_1KM_1M', 'GEOADD', 'SORT_10K', 'SORT_10K_ALPHA'],
    ];
    expect(collections.rowLabels(false)).toEqual([
      ...small.flatMap((command) => [1, 16, 64].map((pipeline) => `${command} P=${pipeline}`)),
      ...wide.map((command) => `${command} P=16`),
      'ZUNIONSTORE_2x100K P=1',
    ]);
  });

  test('fill what is read, and anew what is taken', async () => {
    for (const row of collections.collectionRows(false)) {
      if (row.isTaken) expect(row.fill).toBeDefined();
      const sent: string[][] = [];
      const call = (...args: string[]) => Promise.resolve(sent.push(args));
      if (!row.request.some((argument) => argument === 'large' || argument === 'geo')) {
        await row.fill?.({ call }, 5000);
      }
      for (const args of sent) expect(args.length).toBeLessThanOrEqual(2 + 1000);
    }
  });
});

describe('rows of streams', () => {
  test('cover the targets', () => {
    const appends = ['XADD', 'XADD_MAXLEN_10K'];
    expect(streams.rowLabels(false)).toEqual([
      ...appends.flatMap((command) =>
        [1, 16, 64].map((pipeline) => `${command} P=${pipeline} 16B`),
      ),
      'XADD P=16 1024B',
      ...['XRANGE_100 P=16 16B', 'XREAD_100 P=16 16B', 'XLEN P=16 16B'],
      ...['XRANGE_100 P=1 1024B', 'XREAD_100 P=1 1024B'],
      ...['XREADGROUP_XACK_10 P=1 16B', 'XDEL P=16 16B', 'XTRIM_BLOCK P=16 16B'],
      ...['XPENDING_SUMMARY P=16 16B', 'XPENDING_10 P=16 16B', 'XCLAIM P=16 16B'],
      ...['XRANGE_100_OF_10K P=16 16B', 'XADD_TO_10K P=16 16B'],
      ...['XRANGE_100_OF_10M P=16 16B', 'XADD_TO_10M P=16 16B'],
    ]);
    expect(streams.rowLabels(true)).toEqual([
      ...['XADD P=16 16B', 'XRANGE_100 P=16 16B', 'XREADGROUP_XACK_10 P=1 16B'],
    ]);
  });

  test('of one group find the same, unless each run makes it anew', () => {
    for (const [first, ...others] of streams.streamGroups(false)) {
      for (const { entries, group, isFresh } of others) {
        expect({ entries, group, isFresh }).toEqual({
          ...{ entries: first.entries, group: first.group, isFresh: first.isFresh },
        });
      }
    }
  });

  test('hold values of the sizes that they are named after', () => {
    for (const { request, valueSizeBytes } of streams.streamGroups(false).flat()) {
      const values = request.filter((argument) => /^v(alue:|v+$)/.test(argument));
      for (const value of values) expect(value).toHaveLength(valueSizeBytes);
    }
  });

  test('in files are read a thousand entries at a time', () => {
    for (const { entries } of [...tierLoads(false), ...tierLoads(true)]) {
      expect(entries % 1000).toBe(0);
    }
  });
});

describe('rows of log', () => {
  test('cover all commands under each setting, and GETs beside writers', () => {
    const labels = log.rowLabels(false);
    expect(labels).toHaveLength(new Set(labels).size);
    for (const mode of ['always', 'everysec', 'no']) {
      for (const command of ['SET', 'INCR', 'LPUSH', 'MSET (10 keys)', 'XADD']) {
        expect(labels).toContain(`${command} P=1 ${mode}`);
        expect(labels).toContain(`${command} P=16 ${mode}`);
      }
      expect(labels).toContain(`SET P=64 ${mode}`);
    }
    expect(labels).toContain('GET beside SET always');
    expect(labels).toHaveLength(3 * 11 + 1);
  });

  test('are bounded: by a key space, or by a key that is made anew', () => {
    const unbounded = log.logRows(false).filter(({ keySpace }) => keySpace === undefined);
    expect(new Set(unbounded.map(({ command }) => command))).toEqual(new Set(['LPUSH', 'XADD']));
    for (const { keySpace, workload } of log.logRows(false)) {
      expect(workload.keySpace).toBe(keySpace);
    }
  });

  test('keep a log that is never rewritten', () => {
    const directives = log.logDirectives('always').join(' ');
    expect(directives).toContain('--appendonly yes --appendfsync always');
    expect(directives).toContain('--auto-aof-rewrite-percentage 0');
  });
});

describe('loads of recovery and snapshot', () => {
  test('are 1 M keys, 5 M too with --full, fewer with --quick', () => {
    const keys = (args: string[]) => {
      const options = parseOptions(args);
      const recovered = recoveryLoads(options).map((load) => load.keys);
      return [new Set(recovered), new Set(snapshotSizes(options).map((size) => size.keys))];
    };
    expect(keys([])).toEqual([new Set([0, 1e6]), new Set([1e6])]);
    expect(keys(['--full'])).toEqual([new Set([0, 1e6, 5e6]), new Set([1e6, 5e6])]);
    expect(keys(['--quick'])).toEqual([new Set([0, 2e5]), new Set([2e5])]);
  });

  test('take the rounds that are asked for', () => {
    const options = parseOptions(['--full', '--rounds', '2']);
    for (const { count } of [...recoveryLoads(options), ...snapshotSizes(options)]) {
      expect(count).toBe(2);
    }
    expect(recoveryLoads(parseOptions([])).every(({ count }) => count === 5)).toBe(true);
  });
});

describe('loads of memory', () => {
  const labels = (args: string[]) => memoryLoads(parseOptions(args)).map(loadLabel);

  test('are keys, one long list and many short ones', () => {
    const others = [
      ...['1 M hashes of 5 fields', 'one hash of 1 M fields', 'one set of 1 M members'],
      ...['one sorted set of 1 M members', '100 k sorted sets of 200 members'],
      ...['1 M sets of 10 integers', '1 M fields that expire (Redis: keys)'],
      ...['one stream of 1 M entries', '100 k streams of 10 entries'],
      '1 M pending entries of a group',
    ];
    expect(labels([])).toEqual(['1 M keys', 'one list of 1 M', '1 M lists of 5', ...others]);
    expect(labels(['--full'])).toEqual([
      ...['1 M keys', '10 M keys', 'one list of 1 M', '1 M lists of 5'],
      ...others,
    ]);
  });

  test('take the rounds that are asked for', () => {
    const rounds = (args: string[]) => memoryLoads(parseOptions(args)).map((load) => load.rounds);
    expect(rounds(['--full'])).toEqual([3, 1, ...Array.from({ length: 12 }, () => 3)]);
    expect(new Set(rounds(['--quick']))).toEqual(new Set([1]));
    expect(new Set(rounds(['--full', '--rounds', '2']))).toEqual(new Set([2]));
  });
});

test('who goes first changes every round', () => {
  const servers = ['synap', 'redis'];
  expect([0, 1, 2].map((round) => inOrderOfRound(servers, round)[0])).toEqual([
    'synap',
    'redis',
    'synap',
  ]);
  expect(servers).toEqual(['synap', 'redis']);
});
