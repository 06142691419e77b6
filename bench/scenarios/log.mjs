// @ts-check
// Commands while a log is kept, for each `appendfsync`. Every row has a pair of servers of its own
// and the logs go with them, since a log only grows: rewriting by itself is switched off. Beside
// that, GETs of some clients while others write under `always`: who waits for the disk?

import { setTimeout as sleep } from 'node:timers/promises';
import { CLIENTS, matchesFilter, measureCommands } from '../support/command-rounds.mjs';
import { fileSystemName, requireRoom } from '../support/disk.mjs';
import { startLoad } from '../support/load.mjs';
import { loadKeys } from '../support/loader.mjs';
import { inOrderOfRound, withServers } from '../support/servers.mjs';

export const name = 'log';
export const summary = 'SET, INCR, LPUSH, MSET, XADD and GET with a log, by appendfsync';

const SECONDS_PER_RUN = 2;
const VALUE_BYTES = 16;
const KEY_SPACE = 100_000;
const LIST = 'mylist';
const STREAM = 'stream';

/** Several times what the logs of one row take together. */
const ROOM_BYTES = 4e9;

const READERS = 10;
/** Far from what either server can do, so that what a GET waits for is not other GETs. */
const READS_PER_SECOND = 1000;
const SETTLE_MS = 1000;
const WATCHED_MS = 3000;

/** The settings, the most careful first. */
export const fsyncModes = /** @type {const} */ (['always', 'everysec', 'no']);

/**
 * @typedef {object} LogLoad
 * @property {(typeof fsyncModes)[number]} appendfsync
 * @property {import('../support/redis-benchmark.mjs').Workload} workload
 * @typedef {import('../support/command-rounds.mjs').CommandRow & LogLoad} LogRow
 */

/**
 * GETs beside writers, one server in one round.
 * @typedef {object} BesideFigures
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} p999Ms
 * @property {number} maxMs
 * @property {number} writesPerSecond
 */

/**
 * @typedef {import('../support/command-rounds.mjs').CommandResult & LogLoad} LogRowResult
 * @typedef {{ synap: BesideFigures, redis: BesideFigures | null }} BesideRound
 * @typedef {object} LogResult
 * @property {number} clients
 * @property {number} secondsPerRun
 * @property {string} fileSystem
 * @property {LogRowResult[]} rows
 * @property {BesideRound[]} beside none when it was not asked for
 */

const entry = ['field1', 'value:0123456789', 'field2', 'value:9876543210'];

/** @type {{ command: string, workload: import('../support/redis-benchmark.mjs').Workload }[]} */
const commands = [
  { command: 'SET', workload: { test: 'set', keySpace: KEY_SPACE } },
  { command: 'INCR', workload: { test: 'incr', keySpace: KEY_SPACE } },
  { command: 'LPUSH', workload: { test: 'lpush' } },
  { command: 'MSET (10 keys)', workload: { test: 'mset', keySpace: KEY_SPACE } },
  { command: 'XADD', workload: { request: ['XADD', STREAM, '*', ...entry] } },
];

const BESIDE_LABEL = 'GET beside SET always';

/**
 * @param {boolean} quick SET only, and not with `no`
 * @returns {LogRow[]}
 */
export function logRows(quick) {
  return fsyncModes
    .filter((mode) => !quick || mode !== 'no')
    .flatMap((appendfsync) =>
      (quick ? commands.slice(0, 1) : commands).flatMap(({ command, workload }) =>
        (command === 'SET' && !quick ? [1, 16, 64] : [1, 16]).map((pipeline) => ({
          command,
          pipeline,
          valueSizeBytes: VALUE_BYTES,
          ...(workload.keySpace === undefined ? {} : { keySpace: workload.keySpace }),
          appendfsync,
          workload,
        })),
      ),
    );
}

/**
 * @param {LogRow} row
 * @returns {string} such as "SET P=16 everysec"
 */
export function rowLabel({ command, pipeline, appendfsync }) {
  return `${command} P=${pipeline} ${appendfsync}`;
}

/**
 * @param {boolean} quick
 * @returns {string[]} what `--row` selects from
 */
export function rowLabels(quick) {
  return [...logRows(quick).map(rowLabel), BESIDE_LABEL];
}

/**
 * @param {LogLoad['appendfsync']} mode
 * @returns {string[]} a server that keeps a log and nothing else, and never rewrites it
 */
export function logDirectives(mode) {
  return [
    ...['--save', '', '--appendonly', 'yes', '--appendfsync', mode],
    ...['--auto-aof-rewrite-percentage', '0'],
  ];
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<LogResult>}
 */
export async function run(context) {
  const { quick, row: filter } = context.options;
  const fileSystem = fileSystemName();
  if (fileSystem === 'tmpfs') {
    context.progress('temporary directories are in memory, where an fsync costs nothing');
  }
  /** @type {LogRowResult[]} */
  const rows = [];
  for (const row of logRows(quick).filter((one) => matchesFilter(rowLabel(one), filter))) {
    rows.push(await measureRow(context, row));
  }
  const beside = matchesFilter(BESIDE_LABEL, filter) ? await measureBeside(context) : [];
  return { clients: CLIENTS, secondsPerRun: SECONDS_PER_RUN, fileSystem, rows, beside };
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @param {LogRow} row
 * @returns {Promise<LogRowResult>}
 */
async function measureRow(context, row) {
  requireRoom(ROOM_BYTES);
  const results = await measureCommands(context, {
    groups: [[row]],
    directives: logDirectives(row.appendfsync),
    secondsPerRun: SECONDS_PER_RUN,
    label: rowLabel,
    workload: ({ workload }) => workload,
    async fillForGroup({ port }, { keySpace }) {
      if (keySpace !== undefined) await loadKeys({ port, count: keySpace });
    },
    async beforeRun({ client }, { keySpace }) {
      if (keySpace === undefined) await client.call('DEL', LIST, STREAM);
    },
  });
  const { appendfsync, workload } = row;
  return { ...results.rows[0], appendfsync, workload };
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<BesideRound[]>}
 */
function measureBeside({ plans, options, progress }) {
  const count = options.rounds ?? (options.quick ? 2 : 5);
  return withServers(
    plans,
    async (servers) => {
      /** @type {BesideRound[]} */
      const rounds = [];
      for (const { port } of servers) await loadKeys({ port, count: 2 * KEY_SPACE });
      for (let round = 0; round < count; round++) {
        /** @type {{ synap?: BesideFigures, redis?: BesideFigures }} */
        const figures = {};
        for (const server of inOrderOfRound(servers, round)) {
          const one = await readBesideWriters(server.port);
          figures[server.name] = one;
          progress(
            `${BESIDE_LABEL}: round ${round + 1} of ${count}: ${server.name} p50 ` +
              `${one.p50Ms.toFixed(2)} ms, p99 ${one.p99Ms.toFixed(2)} ms, ` +
              `${Math.round(one.writesPerSecond / 1000)}k writes/s`,
          );
        }
        if (figures.synap === undefined) throw new Error('Synap is not among the servers');
        rounds.push({ synap: figures.synap, redis: figures.redis ?? null });
      }
      return rounds;
    },
    { directives: logDirectives('always') },
  );
}

/**
 * Clients that write the first half of the keys as fast as they can, and readers of the others.
 * @param {number} port
 * @returns {Promise<BesideFigures>}
 */
async function readBesideWriters(port) {
  const half = { port, keys: KEY_SPACE };
  const writers = await startLoad({
    ...{ ...half, firstKey: 0, commands: ['SET'], clients: CLIENTS, requestsPerSecond: null },
  });
  const readers = await startLoad({
    ...{ ...half, firstKey: KEY_SPACE, commands: ['GET'], clients: READERS },
    requestsPerSecond: READS_PER_SECOND,
  });
  try {
    await sleep(SETTLE_MS);
    await Promise.all([writers.enter('watched'), readers.enter('watched')]);
    await sleep(WATCHED_MS);
    const [written, read] = await Promise.all([writers.report(), readers.report()]);
    const { requests, ...latencies } = latenciesOfGet(read.watched);
    return { ...latencies, writesPerSecond: written.watched.requestsPerSecond };
  } finally {
    await Promise.all([writers.stop(), readers.stop()]);
  }
}

/**
 * @param {import('../support/load.mjs').PhaseReport} report
 * @returns {import('../support/load.mjs').LatencyFigures}
 */
function latenciesOfGet({ latencies }) {
  if (latencies.GET === undefined) throw new Error('no GET was answered');
  return latencies.GET;
}
