// @ts-check
// Hashes, sets, sorted sets and what is built on them under redis-benchmark. Each row says what must be there before
// it runs: commands that change little find it there once, those that take elements away get it anew before each run.

import { matchesFilter, measureCommands } from '../support/command-rounds.mjs';
import { bitmapCommands } from './bitmap-commands.mjs';

export const name = 'collections';
export const summary =
  'hashes, sets, sorted sets, bitmaps, HyperLogLog, geo: requests/s, latency, CPU';

/** Members that requests name at random. */
const MEMBERS = 100_000;
const LARGE = 1_000_000;
/** Arguments of one request that fills. */
const FILLED_AT_ONCE = 1000;
/** redis-benchmark sends whole pipelines and so may send more requests than it was asked for. */
const SPARE_PIPELINES = 50;
/** redis-benchmark puts a number of twelve digits here, below the key space. */
const RANDOM = '__rand_int__';
/** Requests that tell the speed of a row whose commands take long. */
const SLOW_PROBE = 300;

/**
 * @typedef {Pick<import('../support/client.mjs').Client, 'call'>} Caller
 * @typedef {object} CollectionLoad
 * @property {string[]} request
 * @property {number} [keySpace] how many different numbers it has; none unless given
 * @property {(client: Caller, requests: number) => Promise<void>} [fill] makes what it needs
 * @property {boolean} [isTaken] whether it takes elements away, and must be filled before each run
 * @property {boolean} [isSlow] whether one takes about a millisecond or longer
 * @property {number} [pipeline] of a command that takes so long that fifty times sixteen of them take a minute
 * @property {boolean} isBase whether it is one of the small commands, measured with every pipeline
 * @typedef {{ command: string } & CollectionLoad} CollectionCommand
 * @typedef {import('../support/command-rounds.mjs').CommandRow & CollectionLoad} CollectionRow
 * @typedef {import('../support/command-rounds.mjs').CommandResult & { isBase: boolean }} CollectionResult
 * @typedef {{ clients: number, secondsPerRun: number, rows: CollectionResult[] }} CollectionResults
 */

/** @type {(number: number) => string} */
const digits = (number) => String(number).padStart(12, '0');
/** @type {(number: number) => string} */
const member = (number) => `element:${digits(number)}`;

/**
 * Sends requests that add elements, a thousand arguments at a time, many requests at once.
 * @param {Caller} client
 * @param {string[]} command what stands before the elements
 * @param {number} count of elements
 * @param {(index: number) => string[]} element its arguments
 */
async function fillWith(client, command, count, element) {
  for (let next = 0; next < count; ) {
    const replies = [];
    for (let i = 0; i < 20 && next < count; i++) {
      const last = Math.min(count, next + FILLED_AT_ONCE / element(0).length);
      /** @type {string[]} */
      const args = [];
      for (; next < last; next++) args.push(...element(next));
      replies.push(client.call(...command, ...args));
    }
    await Promise.all(replies);
  }
}

/** @type {(key: string, count: number) => (client: Caller) => Promise<void>} */
const set = (key, count) => (client) => fillWith(client, ['SADD', key], count, (i) => [member(i)]);
/** @type {(key: string, count: number, scoreOf?: (index: number) => number) => (client: Caller) => Promise<void>} */
const sortedSet =
  (key, count, scoreOf = (i) => i) =>
  (client) =>
    fillWith(client, ['ZADD', key], count, (i) => [String(scoreOf(i)), member(i)]);
/** @type {(key: string, count: number) => (client: Caller) => Promise<void>} */
const hash = (key, count) => (client) =>
  fillWith(client, ['HSET', key], count, (i) => [member(i), `value:${digits(i)}`]);

/** Scores in no order, each once. @type {(index: number) => number} */
const scattered = (index) => (index * 7919) % LARGE;

/** Points on a grid over the land between 2 and 12 degrees: one each kilometre, about. @type {(client: Caller) => Promise<void>} */
const points = (client) =>
  fillWith(client, ['GEOADD', 'geo'], LARGE, (i) => [
    (2 + (i % 1000) * 0.01).toFixed(4),
    (42 + Math.floor(i / 1000) * 0.009).toFixed(4),
    member(i),
  ]);

const SORTED = 10_000;
/** A list of numbers in no order. @type {(client: Caller) => Promise<void>} */
const numbers = (client) =>
  fillWith(client, ['RPUSH', 'numbers'], SORTED, (i) => [String(scattered(i))]);
/** A list of words in no order. @type {(client: Caller) => Promise<void>} */
const words = (client) =>
  fillWith(client, ['RPUSH', 'words'], SORTED, (i) => [member(scattered(i))]);

/** @type {CollectionCommand[]} */
const commands = [
  {
    command: 'SADD',
    request: ['SADD', 'set', `element:${RANDOM}`],
    keySpace: MEMBERS,
    isBase: true,
  },
  {
    command: 'SISMEMBER',
    request: ['SISMEMBER', 'set', `element:${RANDOM}`],
    keySpace: MEMBERS,
    fill: set('set', MEMBERS),
    isBase: true,
  },
  {
    command: 'SPOP',
    request: ['SPOP', 'popped'],
    fill: (client, requests) => set('popped', requests)(client),
    isTaken: true,
    isBase: true,
  },
  {
    command: 'HSET',
    request: ['HSET', 'hash', `element:${RANDOM}`, 'value:0123456789'],
    keySpace: MEMBERS,
    isBase: true,
  },
  {
    command: 'HGET',
    request: ['HGET', 'hash', `element:${RANDOM}`],
    keySpace: MEMBERS,
    fill: hash('hash', MEMBERS),
    isBase: true,
  },
  {
    command: 'HINCRBY',
    request: ['HINCRBY', 'counters', `element:${RANDOM}`, '1'],
    keySpace: MEMBERS,
    isBase: true,
  },
  {
    command: 'ZADD',
    request: ['ZADD', 'sorted', RANDOM, `element:${RANDOM}`],
    keySpace: MEMBERS,
    isBase: true,
  },
  {
    command: 'ZSCORE',
    request: ['ZSCORE', 'sorted', `element:${RANDOM}`],
    keySpace: MEMBERS,
    fill: sortedSet('sorted', MEMBERS),
    isBase: true,
  },
  {
    command: 'ZINCRBY',
    request: ['ZINCRBY', 'sorted', '1', `element:${RANDOM}`],
    keySpace: MEMBERS,
    fill: sortedSet('sorted', MEMBERS),
    isBase: true,
  },
  {
    command: 'ZPOPMIN',
    request: ['ZPOPMIN', 'popped'],
    fill: (client, requests) => sortedSet('popped', requests)(client),
    isTaken: true,
    isBase: true,
  },
  ...bitmapCommands,
  { command: 'HGETALL_20', request: ['HGETALL', 'small'], fill: hash('small', 20), isBase: false },
  {
    command: 'SMEMBERS_100',
    request: ['SMEMBERS', 'small'],
    fill: set('small', 100),
    isBase: false,
  },
  {
    command: 'ZRANGE_100',
    request: ['ZRANGE', 'sorted', '0', '99'],
    fill: sortedSet('sorted', MEMBERS),
    isBase: false,
  },
  {
    command: 'ZRANGEBYSCORE_10',
    request: ['ZRANGEBYSCORE', 'sorted', RANDOM, '+inf', 'LIMIT', '0', '10'],
    keySpace: MEMBERS,
    fill: sortedSet('sorted', MEMBERS),
    isBase: false,
  },
  {
    command: 'SINTER_10K_100K',
    request: ['SINTERCARD', '2', 'small', 'set'],
    async fill(client) {
      await fillWith(client, ['SADD', 'small'], 10_000, (i) => [member(i * 20)]);
      await set('set', MEMBERS)(client);
    },
    isSlow: true,
    isBase: false,
  },
  {
    command: 'ZRANK_1M',
    request: ['ZRANK', 'large', `element:${RANDOM}`],
    keySpace: LARGE,
    fill: sortedSet('large', LARGE, scattered),
    isBase: false,
  },
  {
    command: 'ZINCRBY_1M',
    request: ['ZINCRBY', 'large', '1', `element:${RANDOM}`],
    keySpace: LARGE,
    fill: sortedSet('large', LARGE, scattered),
    isBase: false,
  },
  {
    command: 'GEOSEARCH_1KM_1M',
    request: [
      ...['GEOSEARCH', 'geo', 'FROMLONLAT', '7.5', '46.3', 'BYRADIUS', '1', 'km', 'ASC'],
      'WITHDIST',
    ],
    fill: points,
    isBase: false,
  },
  {
    command: 'GEOADD',
    request: ['GEOADD', 'places', `7.${RANDOM}`, '46.3', `element:${RANDOM}`],
    keySpace: MEMBERS,
    isBase: false,
  },
  {
    command: 'SORT_10K',
    request: ['SORT', 'numbers', 'LIMIT', '0', '100'],
    fill: numbers,
    isSlow: true,
    isBase: false,
  },
  {
    command: 'SORT_10K_ALPHA',
    request: ['SORT', 'words', 'ALPHA', 'LIMIT', '0', '100'],
    fill: words,
    isSlow: true,
    isBase: false,
  },
  {
    command: 'ZUNIONSTORE_2x100K',
    request: ['ZUNIONSTORE', 'union', '2', 'sorted', 'other'],
    async fill(client) {
      await sortedSet('sorted', MEMBERS)(client);
      await fillWith(client, ['ZADD', 'other'], MEMBERS, (i) => [
        String(i),
        member(i + MEMBERS / 2),
      ]);
    },
    isSlow: true,
    pipeline: 1,
    isBase: false,
  },
];

/** The commands of a quick run, which has them at P=16 alone. */
const quickCommands = ['HSET', 'HGET', 'SADD', 'ZADD', 'ZRANGE_100'];

/**
 * @param {boolean} quick
 * @returns {CollectionRow[]}
 */
export function collectionRows(quick) {
  return commands
    .filter(({ command }) => !quick || quickCommands.includes(command))
    .flatMap((command) => {
      const pipelines = quick || !command.isBase ? [command.pipeline ?? 16] : [1, 16, 64];
      return pipelines.map((pipeline) => ({ ...command, pipeline, valueSizeBytes: 16 }));
    });
}

/**
 * @param {CollectionRow} row
 * @returns {string} such as "ZADD P=16"
 */
export function rowLabel({ command, pipeline }) {
  return `${command} P=${pipeline}`;
}

/**
 * @param {boolean} quick
 * @returns {string[]} what `--row` selects from
 */
export function rowLabels(quick) {
  return collectionRows(quick).map(rowLabel);
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<CollectionResults>}
 */
export async function run(context) {
  const { quick, row: filter } = context.options;
  const rows = collectionRows(quick).filter((row) => matchesFilter(rowLabel(row), filter));
  const results = await measureCommands(context, {
    groups: rows.map((row) => [row]),
    label: rowLabel,
    workload: ({ request, keySpace }) =>
      keySpace === undefined ? { request } : { request, keySpace },
    probeRequests: ({ isSlow }) => (isSlow ? SLOW_PROBE : undefined),
    async fillForGroup({ client }, { fill, isTaken }) {
      await client.call('FLUSHALL');
      if (!isTaken) await fill?.(client, 0);
    },
    async beforeRun({ client }, { fill, isTaken, pipeline }, requests) {
      if (!isTaken) return;
      await client.call('FLUSHALL');
      await fill?.(client, requests + SPARE_PIPELINES * pipeline);
    },
    async afterRun({ name, client }, row) {
      if (row.isTaken && (await client.call('EXISTS', row.request[1])) !== 1) {
        throw new Error(`${name}: nothing was left after ${rowLabel(row)}`);
      }
    },
  });
  const rowsByLabel = new Map(rows.map((row) => [rowLabel(row), row]));
  return {
    ...results,
    rows: results.rows.map(({ command, pipeline, valueSizeBytes, keySpace, requests, rounds }) => ({
      ...{ command, pipeline, valueSizeBytes, requests, rounds },
      ...(keySpace === undefined ? {} : { keySpace }),
      isBase: rowsByLabel.get(`${command} P=${pipeline}`)?.isBase ?? false,
    })),
  };
}
