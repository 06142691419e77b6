// INFO: the sections and fields of Redis, and the values that follow from what clients did.

import { expect, test } from 'vitest';
import { anyOfType, transformed } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { RawClient } from '../support/raw-client.ts';
import { itemsOf, textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { compared } from '../support/script.ts';
import { target } from '../support/synap-server.ts';
import { infoFieldsAdded, infoFieldsLeftOut, memoryStatsAdded } from './differences.ts';

/** Command statistics without times. */
const withoutTimes = transformed('no times', (text) =>
  text.replace(/(usec|usec_per_call|p50|p99|p99\.9|avg_ttl)=[\d.]+/g, '$1='),
);

/** What `INFO` with each of these prints. */
const REQUESTS: readonly (readonly string[])[] = [
  [],
  ['default'],
  ['all'],
  ['everything'],
  ['ALL'],
  ['server'],
  ['clients'],
  ['memory'],
  ['persistence'],
  ['stats'],
  ['replication'],
  ['cpu'],
  ['modules'],
  ['commandstats'],
  ['latencystats'],
  ['errorstats'],
  ['cluster'],
  ['keyspace'],
  ['Keyspace', 'CPU'],
  ['cpu', 'keyspace', 'cpu'],
  ['default', 'commandstats'],
  ['bogus'],
  ['bogus', 'cpu'],
  [''],
];

compareWithRedis('INFO', (define, servers) => {
  define('type of the reply', [compared(anyOfType, 'INFO\nINFO server\ninfo bogus\nINFO all')]);

  define('keyspace', [
    'INFO keyspace\nSET k v\nINFO keyspace',
    compared(
      withoutTimes,
      `
        SETEX t 1000 v
        SETEX u 1000 v
        INFO keyspace
        SELECT 3
        SET k v
        INFO Keyspace
        DEL k
        INFO keyspace
      `,
    ),
    'FLUSHALL\nINFO keyspace',
  ]);

  define('commandstats and errorstats', [
    'CONFIG RESETSTAT\nINFO errorstats',
    `
      SET k v
      SET k v
      GET k
      get missing
      INCR k
      bogus
      GET
      SET k v EX 0
      CLIENT GETNAME
      CLIENT bogus
      OBJECT HELP
      AUTH x
      MULTI
      GET
      EXEC
      MULTI
      INCR k
      EXEC
      COPY k k
      SELECT 99
    `,
    compared(transformed('sorted lines', sortLines), 'INFO commandstats\nINFO errorstats'),
    'CONFIG RESETSTAT\nINFO errorstats',
  ]);

  define('errors that a client makes up do not count', [
    'CONFIG RESETSTAT\nDEBUG ERROR "MADEUP x"\nDEBUG ERROR "a\\r\\nb"\nDEBUG ERROR ""',
    'INFO errorstats\nMULTI\nDEBUG ERROR "MADEUP x"\nEXEC\nINFO errorstats',
    compared(transformed('sorted lines', sortLines), 'INFO commandstats'),
  ]);

  test.each(REQUESTS.map((request) => [request.join(' '), request]))(
    'sections and fields of INFO %s',
    async (_, request) => {
      await expectSameFields(servers(), request);
    },
  );

  test('fields of INFO replication where replicas are required', async () => {
    await expectSameFields(servers(), ['replication'], ['CONFIG SET min-replicas-to-write 1']);
    await expectSameFields(servers(), ['replication'], ['CONFIG SET min-replicas-max-lag 0']);
    await expectSameFields(servers(), ['replication'], ['CONFIG SET min-replicas-to-write 0']);
  });

  test('entries of MEMORY STATS', async () => {
    const [redis, synap] = await Promise.all(servers().map(({ port }) => statNames(port)));
    expect(redis).toContain('allocator-fragmentation.ratio');
    expect(synap.slice(0, redis.length)).toEqual(redis);
    const own = target === 'redis' ? [] : memoryStatsAdded;
    expect(synap.slice(redis.length)).toEqual(own);
  });

  test('counts what clients did', async () => {
    const counts = await Promise.all(
      servers().map(async ({ port }) => {
        const client = await RawClient.connect(port);
        const other = await RawClient.connect(port);
        await client.command('CONFIG', 'RESETSTAT');
        for (const line of WORKLOAD) await client.command(...line.split(' '));
        await other.command('WATCH', 'k');
        const fields = parse(textOf(await client.command('INFO', 'everything')));
        await client.command('FLUSHALL');
        await Promise.all([client.close(), other.close()]);
        return Object.fromEntries(COUNTED.map((name) => [name, fields.get(name)]));
      }),
    );
    expect(counts[1]).toEqual(counts[0]);
    expect(counts[0]).toMatchObject({ keyspace_hits: '3', evicted_keys: '1' });
  });
});

compareWithRedis(
  'INFO with a log',
  (_, servers) => {
    test('sections and fields', () => expectSameFields(servers(), ['everything']));
  },
  { config: { appendonly: 'yes' } },
);

/** Compares the headings and fields that INFO prints, and their order, after some commands. */
async function expectSameFields(
  servers: readonly RunningServer[],
  request: readonly string[],
  before: readonly string[] = [],
): Promise<void> {
  const [redis, synap] = await Promise.all(
    servers.map(({ port }) => readFields(port, request, before)),
  );
  const differs = target === 'redis' ? [] : infoFieldsLeftOut;
  const leftOut = new Set(differs.flatMap(({ fields }) => fields));
  const added = new Set(infoFieldsAdded.flatMap(({ fields }) => fields));
  expect(synap.filter((field) => !added.has(field))).toEqual(
    redis.filter((field) => !leftOut.has(field)),
  );
}

const WORKLOAD = [
  'SET k v',
  'GET k',
  'GET missing',
  'MGET k missing missing',
  'EXISTS k',
  'TTL missing',
  'bogus',
  'GET',
  'SETEX t 1000 v',
  'CONFIG SET maxmemory-policy volatile-ttl maxmemory 1',
  'SET k w',
  'CONFIG SET maxmemory 0 maxmemory-policy noeviction',
  'MULTI',
  'PING',
  'EXEC',
];

/** Fields whose values must come out the same. */
const COUNTED = [
  ...['keyspace_hits', 'keyspace_misses', 'evicted_keys', 'total_error_replies', 'expired_keys'],
  ...['total_commands_processed', 'rejected_connections'],
  ...['role', 'connected_slaves', 'master_repl_offset', 'second_repl_offset', 'cluster_enabled'],
  ...[
    'redis_mode',
    'arch_bits',
    'maxmemory',
    'maxmemory_human',
    'maxmemory_policy',
    'maxclients',
    'connected_clients',
  ],
  ...['blocked_clients', 'tracking_clients', 'loading', 'aof_enabled', 'pubsub_channels'],
  ...['rdb_bgsave_in_progress', 'hz', 'configured_hz', 'db0', 'db1'],
];

async function readFields(
  port: number,
  request: readonly string[],
  before: readonly string[],
): Promise<string[]> {
  const client = await RawClient.connect(port);
  await client.command('CONFIG', 'RESETSTAT');
  await client.command('bogus');
  await client.command('SET', 'k', 'v');
  for (const line of before) await client.command(...line.split(' '));
  const text = textOf(await client.command('INFO', ...request));
  await client.command('DEL', 'k');
  await client.close();
  return fieldsOf(text);
}

/** Redis prints these in the order of a hash table. */
const UNORDERED = ['Commandstats', 'Latencystats'];

/** The headings in the order in which they stand, each with "section/field" of its lines. */
function fieldsOf(text: string): string[] {
  return text.split('# ').flatMap((part) => {
    const [section, ...lines] = part.split('\r\n').filter((line) => line !== '');
    if (section === undefined) return [];
    const fields = lines.map((line) => `${section}/${line.slice(0, line.indexOf(':'))}`);
    return [section, ...(UNORDERED.includes(section) ? fields.sort() : fields)];
  });
}

function parse(text: string): Map<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}

/** The names of what MEMORY STATS has, and of what it has for database 0. */
async function statNames(port: number): Promise<string[]> {
  const client = await RawClient.connect(port);
  await client.command('SET', 'k', 'v');
  const stats = itemsOf(await client.command('MEMORY', 'STATS'));
  await client.command('DEL', 'k');
  await client.close();
  return stats.flatMap((item, i) => {
    if (i % 2 === 0) return [textOf(item)];
    return itemsOf(item).flatMap((inner, k) => (k % 2 === 0 ? [textOf(inner)] : []));
  });
}

function sortLines(text: string): string {
  return text
    .replace(/(usec|usec_per_call)=[\d.]+/g, '$1=')
    .split('\r\n')
    .sort()
    .join('\r\n');
}
