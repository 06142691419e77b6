// @ts-check
// Streams under redis-benchmark, and under consumers of a group. Entries have two fields with values of 16 bytes or
// one of 1 KiB. Each row says what must be there before it runs: what adds to a stream finds none, what takes from it
// finds it anew before each run.

import { matchesFilter, measureCommands } from '../support/command-rounds.mjs';
import { GROUP, READ_AT_ONCE, STREAM, shareStream } from '../support/group-load.mjs';
import { loadStreams } from '../support/loader.mjs';

export const name = 'streams';
export const summary = 'streams and their groups: requests/s, latency, CPU';

const ENTRIES = 100_000;
const MANY = 1_000_000;
const SHORT = 10_000;
const LONG = 10_000_000;
/** Entries that one XTRIM may take away: it takes a block, which has as many at most unless told otherwise. */
const TRIMMED_AT_ONCE = 100;
const KIB = 1024;
/** redis-benchmark puts a number of twelve digits here, below the key space; behind a 1, an entry's id. */
const RANDOM_ID = '1__rand_int__';
/** redis-benchmark sends whole pipelines and so may send more requests than it was asked for. */
const SPARE_PIPELINES = 50;

/**
 * @typedef {'append' | 'read' | 'group'} StreamKind what has a target
 * @typedef {Pick<import('../support/client.mjs').Client, 'call'>} Caller
 * @typedef {object} StreamLoad
 * @property {string[]} request
 * @property {StreamKind} [kind]
 * @property {number} [entries] that are there before it runs
 * @property {number} [keySpace] of ids
 * @property {boolean} [isFresh] whether it begins each run with a stream that is made anew, or with none
 * @property {number} [takenAtOnce] entries that one request takes away: as many more are there
 * @property {'empty' | 'pending'} [group] whether there is a group, and whether it has all entries
 * @property {boolean} [isShared] whether consumers of the group run it, not redis-benchmark
 * @property {number} [maxRequests] of one run, where memory or the entries are limited
 * @typedef {import('../support/command-rounds.mjs').CommandRow & StreamLoad} StreamRow
 * @typedef {Omit<StreamRow, 'pipeline' | 'valueSizeBytes'> & { pipelines?: number[], valueSizeBytes?: number }} StreamCommand
 * @typedef {import('../support/command-rounds.mjs').CommandResult & { kind?: StreamKind }} StreamResult
 * @typedef {{ clients: number, secondsPerRun: number, rows: StreamResult[] }} StreamResults
 */

const small = ['field1', 'value:0123456789', 'field2', 'value:9876543210'];

/** Reading and adding where a stream is short and where it is long. @type {(entries: number, label: string) => StreamCommand[]} */
const ofLength = (entries, label) => [
  {
    command: `XRANGE_100_OF_${label}`,
    request: ['XRANGE', STREAM, idOf(entries / 2), '+', 'COUNT', '100'],
    entries,
  },
  {
    // As many as it adds leave it: it stays as long.
    command: `XADD_TO_${label}`,
    request: ['XADD', STREAM, 'MAXLEN', '~', String(entries), '*', ...small],
    entries,
  },
];

/** Rows that are measured together stand together, and find the same. @type {StreamCommand[][]} */
const groups = [
  [
    {
      command: 'XADD',
      request: ['XADD', STREAM, '*', ...small],
      pipelines: [1, 16, 64],
      kind: 'append',
      isFresh: true,
    },
    {
      command: 'XADD_MAXLEN_10K',
      request: ['XADD', STREAM, 'MAXLEN', '~', '10000', '*', ...small],
      pipelines: [1, 16, 64],
      kind: 'append',
      isFresh: true,
    },
    {
      command: 'XADD',
      request: ['XADD', STREAM, '*', 'field1', 'v'.repeat(KIB)],
      valueSizeBytes: KIB,
      isFresh: true,
      maxRequests: 400_000,
    },
  ],
  [
    {
      command: 'XRANGE_100',
      request: ['XRANGE', STREAM, '-', '+', 'COUNT', '100'],
      kind: 'read',
      entries: ENTRIES,
    },
    {
      command: 'XREAD_100',
      request: ['XREAD', 'COUNT', '100', 'STREAMS', STREAM, '0'],
      kind: 'read',
      entries: ENTRIES,
    },
    { command: 'XLEN', request: ['XLEN', STREAM], entries: ENTRIES },
  ],
  [
    {
      command: 'XRANGE_100',
      request: ['XRANGE', STREAM, '-', '+', 'COUNT', '100'],
      pipelines: [1],
      valueSizeBytes: KIB,
      entries: SHORT,
    },
    {
      command: 'XREAD_100',
      request: ['XREAD', 'COUNT', '100', 'STREAMS', STREAM, '0'],
      pipelines: [1],
      valueSizeBytes: KIB,
      entries: SHORT,
    },
  ],
  [
    {
      command: 'XREADGROUP_XACK_10',
      request: ['XREADGROUP', 'XACK'],
      pipelines: [1],
      kind: 'group',
      entries: MANY,
      group: 'empty',
      isShared: true,
      maxRequests: MANY / READ_AT_ONCE,
    },
  ],
  [
    {
      // More than half of the ids are found: each is named at random, and may have been before.
      command: 'XDEL',
      request: ['XDEL', STREAM, RANDOM_ID],
      entries: MANY,
      keySpace: MANY,
      isFresh: true,
      maxRequests: MANY,
    },
  ],
  [
    {
      command: 'XTRIM_BLOCK',
      request: ['XTRIM', STREAM, 'MAXLEN', '~', '0', 'LIMIT', String(TRIMMED_AT_ONCE)],
      entries: 0,
      isFresh: true,
      takenAtOnce: TRIMMED_AT_ONCE,
      maxRequests: 20_000,
    },
  ],
  [
    {
      command: 'XPENDING_SUMMARY',
      request: ['XPENDING', STREAM, GROUP],
      entries: ENTRIES,
      group: 'pending',
    },
    {
      command: 'XPENDING_10',
      request: ['XPENDING', STREAM, GROUP, idOf(ENTRIES / 2), '+', '10'],
      entries: ENTRIES,
      group: 'pending',
    },
    {
      command: 'XCLAIM',
      request: ['XCLAIM', STREAM, GROUP, 'another', '0', RANDOM_ID],
      entries: ENTRIES,
      keySpace: ENTRIES,
      group: 'pending',
    },
  ],
  ofLength(SHORT, '10K'),
  ofLength(LONG, '10M'),
];

/** The commands of a quick run, which has them at P=16 alone. */
const quickCommands = ['XADD', 'XRANGE_100', 'XREADGROUP_XACK_10'];

/** @type {(index: number) => string} the id that `loadStreams` gives to an entry */
function idOf(index) {
  return `1${String(index).padStart(12, '0')}-0`;
}

/**
 * @param {boolean} quick
 * @returns {StreamRow[][]} groups that are not empty
 */
export function streamGroups(quick) {
  return groups
    .map((commands) =>
      commands
        .filter(({ command, valueSizeBytes }) => {
          return !quick || (quickCommands.includes(command) && valueSizeBytes === undefined);
        })
        .flatMap(({ pipelines = [16], valueSizeBytes = 16, ...command }) =>
          pipelines
            .filter((pipeline) => !quick || pipelines.length === 1 || pipeline === 16)
            .map((pipeline) => ({ ...command, pipeline, valueSizeBytes })),
        ),
    )
    .filter((rows) => rows.length > 0);
}

/**
 * @param {StreamRow} row
 * @returns {string} such as "XADD P=16 16B"
 */
export function rowLabel({ command, pipeline, valueSizeBytes }) {
  return `${command} P=${pipeline} ${valueSizeBytes}B`;
}

/**
 * @param {boolean} quick
 * @returns {string[]} what `--row` selects from
 */
export function rowLabels(quick) {
  return streamGroups(quick).flat().map(rowLabel);
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<StreamResults>}
 */
export async function run(context) {
  const { quick, row: filter } = context.options;
  const groups = streamGroups(quick)
    .map((rows) => rows.filter((row) => matchesFilter(rowLabel(row), filter)))
    .filter((rows) => rows.length > 0);
  const results = await measureCommands(context, {
    groups,
    label: rowLabel,
    workload: ({ request, keySpace }) =>
      keySpace === undefined ? { request } : { request, keySpace },
    drive: ({ isShared }, pressure) => (isShared ? shareStream(pressure) : undefined),
    maxRequests: ({ maxRequests }) => maxRequests,
    fillForGroup: (server, row) => (row.isFresh ? Promise.resolve() : fill(server, row, 0)),
    async beforeRun(server, row, requests) {
      if (row.isFresh) await fill(server, row, requests);
      if (row.isShared) {
        await server.client.call('XGROUP', 'DESTROY', STREAM, GROUP);
        await server.client.call('XGROUP', 'CREATE', STREAM, GROUP, '0');
      }
    },
    async afterRun({ name, client }, row) {
      if ((await client.call('XLEN', STREAM)) === 0) {
        throw new Error(`${name}: nothing was left after ${rowLabel(row)}`);
      }
      if (row.isShared) {
        const [pending] = /** @type {unknown[]} */ (await client.call('XPENDING', STREAM, GROUP));
        if (pending !== 0) throw new Error(`${name}: ${pending} entries are still pending`);
      }
    },
  });
  const kinds = new Map(groups.flat().map((row) => [rowLabel(row), row.kind]));
  return {
    ...results,
    rows: results.rows.map(({ command, pipeline, valueSizeBytes, requests, rounds }) => {
      const row = { command, pipeline, valueSizeBytes, requests, rounds };
      const kind = kinds.get(rowLabel({ ...row, request: [] }));
      return kind === undefined ? row : { ...row, kind };
    }),
  };
}

/**
 * Makes what a row needs, and nothing else is there.
 * @param {import('../support/servers.mjs').RunningServer} server
 * @param {StreamRow} row
 * @param {number} requests that come
 */
async function fill({ port, client }, row, requests) {
  const { entries = 0, takenAtOnce = 0, pipeline, valueSizeBytes, group } = row;
  await client.call('FLUSHALL');
  const count = entries + takenAtOnce * (requests + SPARE_PIPELINES * pipeline);
  const valueSizesBytes = valueSizeBytes === 16 ? [16, 16] : [valueSizeBytes];
  if (count > 0) await loadStreams({ port, count, valueSizesBytes });
  if (group === undefined) return;
  await client.call('XGROUP', 'CREATE', STREAM, GROUP, '0');
  if (group === 'pending') await readAll(client, entries);
}

/**
 * Has all entries of the stream pending.
 * @param {Caller} client
 * @param {number} entries
 */
export async function readAll(client, entries) {
  const request = ['XREADGROUP', 'GROUP', GROUP, 'consumer', 'COUNT', '1000', 'STREAMS', STREAM];
  for (let read = 0; read < entries; read += 1000) await client.call(...request, '>');
}
