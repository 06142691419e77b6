// @ts-check
// Strings under redis-benchmark: both servers run beside each other, and each round measures each
// row on one and at once on the other, the first going second in the next round. The key space is
// filled before measuring, so GET finds what it asks for.

import { loadKeys } from '../support/loader.mjs';
import { cpuTimeMicros } from '../support/process-stats.mjs';
import { runRedisBenchmark } from '../support/redis-benchmark.mjs';
import { inOrderOfRound, withServers } from '../support/servers.mjs';

export const name = 'strings';
export const summary = 'SET, GET, INCR, MSET and PING: requests/s, latency, CPU per command';

const CLIENTS = 50;

/** Enough to guess the speed, too few to take long at P=1. */
const PROBE_REQUESTS = 20_000;

/** How long the warm-up takes, as a share of a measured run. */
const WARM_UP_SHARE = 0.4;

/**
 * One line of the report: a command under one load.
 * @typedef {object} StringsRow
 * @property {string} command as the report names it
 * @property {string} test as `redis-benchmark -t` names it
 * @property {number} pipeline
 * @property {number} valueSizeBytes
 * @property {number} keySpace
 */

/**
 * One server in one round.
 * @typedef {object} StringsFigures
 * @property {number} requestsPerSecond
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} p999Ms
 * @property {number} cpuMicrosPerCommand
 */

/**
 * @typedef {{ synap: StringsFigures, redis: StringsFigures | null }} StringsRound
 * @typedef {StringsRow & { requests: number, rounds: StringsRound[] }} StringsResult
 */

const commands = [
  { command: 'PING', test: 'ping_mbulk' },
  { command: 'SET', test: 'set' },
  { command: 'GET', test: 'get' },
  { command: 'INCR', test: 'incr' },
  { command: 'MSET (10 keys)', test: 'mset' },
];

/**
 * @param {boolean} quick only SET and GET of small values
 * @returns {StringsRow[]} rows of one value size and key space stand together
 */
export function stringsRows(quick) {
  const setAndGet = commands.filter(({ command }) => command === 'SET' || command === 'GET');
  const rows = (quick ? setAndGet : commands).flatMap((command) =>
    [1, 16, 64].map((pipeline) => ({
      ...command,
      pipeline,
      valueSizeBytes: 16,
      keySpace: 100_000,
    })),
  );
  if (quick) return rows;
  const further = [
    { valueSizeBytes: 256, keySpace: 100_000 },
    { valueSizeBytes: 4096, keySpace: 100_000 },
    { valueSizeBytes: 16, keySpace: 1_000_000 },
  ].flatMap((load) => setAndGet.map((command) => ({ ...command, pipeline: 16, ...load })));
  return [...rows, ...further];
}

/**
 * @param {StringsRow} row
 * @returns {string} such as "SET P=16 256B 100k"
 */
export function rowLabel(row) {
  const keys = row.keySpace >= 1e6 ? `${row.keySpace / 1e6}M` : `${row.keySpace / 1e3}k`;
  return `${row.command} P=${row.pipeline} ${row.valueSizeBytes}B ${keys}`;
}

/**
 * @param {StringsRow} row
 * @param {string} filter words that all must be words of the row's label, in any case
 * @returns {boolean}
 */
export function matchesFilter(row, filter) {
  const words = rowLabel(row).toLowerCase().split(' ');
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => word === '' || words.includes(word));
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<{ clients: number, secondsPerRun: number, rows: StringsResult[] }>}
 * @throws {Error} when no row is left to measure
 */
export async function run({ plans, options, progress }) {
  const rows = stringsRows(options.quick).filter((row) => matchesFilter(row, options.row));
  if (rows.length === 0) throw new Error(`--row "${options.row}" matches no row of strings`);
  const rounds = options.rounds ?? (options.quick ? 2 : 5);
  const secondsPerRun = options.quick ? 1.2 : 2.5;
  const measured = await withServers(plans, async (servers) => {
    /** @type {StringsResult[]} */
    const done = [];
    for (const group of groupByLoad(rows)) {
      for (const server of servers) await fill(server, group[0]);
      /** @type {StringsResult[]} */
      const results = [];
      for (const row of group) {
        progress(`${rowLabel(row)}: warming up`);
        const requests = await calibrate(servers, row, secondsPerRun);
        results.push({ ...row, requests, rounds: [] });
      }
      for (let round = 0; round < rounds; round++) {
        for (const result of results) {
          const figures = await measureRound(servers, result, round);
          result.rounds.push(figures);
          progress(`${rowLabel(result)}: round ${round + 1} of ${rounds}: ${brief(figures)}`);
        }
      }
      done.push(...results);
    }
    return done;
  });
  return { clients: CLIENTS, secondsPerRun, rows: measured };
}

/**
 * @param {readonly StringsRow[]} rows
 * @returns {StringsRow[][]} neighbours that share what the server is filled with
 */
function groupByLoad(rows) {
  /** @type {StringsRow[][]} */
  const groups = [];
  for (const row of rows) {
    const first = groups.at(-1)?.[0];
    const isSameLoad =
      first?.valueSizeBytes === row.valueSizeBytes && first.keySpace === row.keySpace;
    if (isSameLoad) groups.at(-1)?.push(row);
    else groups.push([row]);
  }
  return groups;
}

/**
 * @param {import('../support/servers.mjs').RunningServer} server
 * @param {StringsRow} row
 */
async function fill(server, row) {
  await server.client.call('FLUSHALL');
  const { valueSizeBytes, keySpace } = row;
  await loadKeys({ port: server.port, count: keySpace, valueSizeBytes });
}

/**
 * Warms every server up with the row's own commands, until compiled code runs them.
 * @param {readonly import('../support/servers.mjs').RunningServer[]} servers
 * @param {StringsRow} row
 * @param {number} secondsPerRun how long a measured run should take
 * @returns {Promise<number>} requests for one run, the same for all servers
 */
async function calibrate(servers, row, secondsPerRun) {
  let sum = 0;
  for (const server of servers) {
    const probe = await drive(server, row, PROBE_REQUESTS);
    const warm = await drive(
      server,
      row,
      Math.ceil(probe.requestsPerSecond * secondsPerRun * WARM_UP_SHARE),
    );
    sum += warm.requestsPerSecond;
  }
  return Math.ceil((sum / servers.length) * secondsPerRun);
}

/**
 * @param {readonly import('../support/servers.mjs').RunningServer[]} servers
 * @param {StringsResult} row
 * @param {number} round
 * @returns {Promise<StringsRound>}
 */
async function measureRound(servers, row, round) {
  /** @type {{ synap?: StringsFigures, redis?: StringsFigures }} */
  const figures = {};
  for (const server of inOrderOfRound(servers, round)) {
    const cpuBefore = cpuTimeMicros(server.pid);
    const report = await drive(server, row, row.requests);
    const cpuMicros = cpuTimeMicros(server.pid) - cpuBefore;
    const { requestsPerSecond, p50Ms, p99Ms, p999Ms } = report;
    const cpuMicrosPerCommand = cpuMicros / report.requests;
    figures[server.name] = { requestsPerSecond, p50Ms, p99Ms, p999Ms, cpuMicrosPerCommand };
  }
  if (figures.synap === undefined) throw new Error('Synap is not among the servers');
  return { synap: figures.synap, redis: figures.redis ?? null };
}

/**
 * @param {import('../support/servers.mjs').RunningServer} server
 * @param {StringsRow} row
 * @param {number} requests
 */
function drive(server, row, requests) {
  const { test, pipeline, valueSizeBytes, keySpace } = row;
  const load = { test, pipeline, valueSizeBytes, keySpace, requests, clients: CLIENTS };
  return runRedisBenchmark({ port: server.port, ...load });
}

/**
 * @param {StringsRound} round
 * @returns {string} one line for the terminal
 */
function brief({ synap, redis }) {
  /** @type {(name: string, figures: StringsFigures) => string} */
  const one = (name, { requestsPerSecond, cpuMicrosPerCommand }) =>
    `${name} ${Math.round(requestsPerSecond / 1000)}k/s ${cpuMicrosPerCommand.toFixed(2)} µs`;
  return [one('Synap', synap), ...(redis === null ? [] : [one('Redis', redis)])].join(', ');
}
