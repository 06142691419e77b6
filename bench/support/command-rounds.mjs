// @ts-check
// Commands under redis-benchmark, as more than one scenario measures them: both servers run beside
// each other, and each round measures each row on one and at once on the other, the first going
// second in the next round. What a server holds meanwhile is the scenario's own; it is prepared
// outside of the measured time.

import { cpuTimeMicros } from './process-stats.mjs';
import { runRedisBenchmark } from './redis-benchmark.mjs';
import { inOrderOfRound, keepNothing, withServers } from './servers.mjs';

export const CLIENTS = 50;

/** Enough to guess the speed, too few to take long at P=1. */
const PROBE_REQUESTS = 20_000;

/**
 * Seconds of the warm-up's parts, each as long as the speed of the one before tells. A fresh server
 * compiles the last of its code after a second or two.
 */
const WARM_UP_SECONDS = [1, 2];
const QUICK_WARM_UP_SECONDS = [0.5];

/**
 * One line of the report: a command under one load.
 * @typedef {object} CommandRow
 * @property {string} command as the report names it
 * @property {number} pipeline
 * @property {number} valueSizeBytes
 * @property {number} [keySpace] number of keys; absent where all requests name the same
 */

/**
 * One server in one round.
 * @typedef {object} CommandFigures
 * @property {number} requestsPerSecond
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} p999Ms
 * @property {number} cpuMicrosPerCommand
 */

/**
 * @typedef {{ synap: CommandFigures, redis: CommandFigures | null }} CommandRound
 * @typedef {CommandRow & { requests: number, rounds: CommandRound[] }} CommandResult
 * @typedef {{ clients: number, secondsPerRun: number, rows: CommandResult[] }} CommandResults
 * @typedef {import('./servers.mjs').RunningServer} RunningServer
 */

/**
 * How a row is run.
 * @template {CommandRow} Row
 * @typedef {object} RunPlan
 * @property {(row: Row) => string} label
 * @property {(row: Row) => import('./redis-benchmark.mjs').Workload} workload
 * @property {(row: Row) => number | undefined} [probeRequests] how many tell the row's speed; undefined: as many as
 *   of a fast command
 * @property {(row: Row) => number | undefined} [maxRequests] of one run; undefined: as many as its time allows
 * @property {(row: Row, pressure: import('./redis-benchmark.mjs').Pressure) =>
 *   Promise<import('./redis-benchmark.mjs').BenchmarkReport> | undefined} [drive] runs a row that redis-benchmark
 *   cannot; undefined for others
 * @property {(server: RunningServer, row: Row, requests: number) => Promise<void>} [beforeRun]
 * @property {(server: RunningServer, row: Row) => Promise<void>} [afterRun] throws when the run
 *   was not what it should have been
 */

/**
 * What a scenario measures and how it keeps its servers.
 * @template {CommandRow} Row
 * @typedef {object} CommandGroups
 * @property {Row[][]} groups rows that are warmed up and measured together
 * @property {readonly string[]} [directives] of the servers; those that keep nothing unless given
 * @property {number} [secondsPerRun] about; 2.5 unless given
 * @property {(server: RunningServer, row: Row) => Promise<void>} [fillForGroup] before a group,
 *   given one of its rows
 */

/**
 * @template {CommandRow} Row
 * @typedef {RunPlan<Row> & CommandGroups<Row>} CommandPlan
 */

/**
 * @template {CommandRow} Row
 * @param {import('../run.mjs').BenchContext} context
 * @param {CommandPlan<Row>} plan
 * @returns {Promise<CommandResults>}
 */
export async function measureCommands({ plans, options, progress }, plan) {
  const rounds = options.rounds ?? (options.quick ? 2 : 5);
  const { secondsPerRun, warmUpSeconds } = lengthsOfRun(options.quick, plan.secondsPerRun);
  const { directives = keepNothing } = plan;
  const measure = async (/** @type {RunningServer[]} */ servers) => {
    /** @type {CommandResult[]} */
    const done = [];
    for (const group of plan.groups) {
      for (const server of servers) await plan.fillForGroup?.(server, group[0]);
      /** @type {{ row: Row, result: CommandResult }[]} */
      const results = [];
      for (const row of group) {
        progress(`${plan.label(row)}: warming up`);
        const requestsPerSecond = await calibrate(servers, plan, row, warmUpSeconds);
        const requests = requestsOf(plan, row, requestsPerSecond * secondsPerRun);
        results.push({ row, result: { ...row, requests, rounds: [] } });
      }
      for (let round = 0; round < rounds; round++) {
        for (const { row, result } of results) {
          const figures = await measureRound(servers, plan, row, result.requests, round);
          result.rounds.push(figures);
          progress(`${plan.label(row)}: round ${round + 1} of ${rounds}: ${brief(figures)}`);
        }
      }
      done.push(...results.map(({ result }) => result));
    }
    return done;
  };
  const rows = await withServers(plans, measure, { directives });
  return { clients: CLIENTS, secondsPerRun, rows };
}

/**
 * How long a run is, and those before it that warm a server up.
 * @param {boolean} quick
 * @param {number} [seconds] about, of a run that is not quick
 * @returns {{ secondsPerRun: number, warmUpSeconds: readonly number[] }}
 */
export function lengthsOfRun(quick, seconds = 2.5) {
  return quick
    ? { secondsPerRun: 1.2, warmUpSeconds: QUICK_WARM_UP_SECONDS }
    : { secondsPerRun: seconds, warmUpSeconds: WARM_UP_SECONDS };
}

/**
 * @param {string} label of a row
 * @param {string} filter words that all must be words of the label, in any case
 * @returns {boolean}
 */
export function matchesFilter(label, filter) {
  const words = label.toLowerCase().split(' ');
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => word === '' || words.includes(word));
}

/**
 * Warms every server up with the row's own commands, until compiled code runs them.
 * @template {CommandRow} Row
 * @param {readonly RunningServer[]} servers
 * @param {RunPlan<Row>} plan
 * @param {Row} row
 * @param {readonly number[]} warmUpSeconds
 * @returns {Promise<number>} requests per second of a warm server, on average
 */
export async function calibrate(servers, plan, row, warmUpSeconds) {
  const probe = plan.probeRequests?.(row) ?? PROBE_REQUESTS;
  let sum = 0;
  for (const server of servers) {
    let { requestsPerSecond } = await measureRun(server, plan, row, requestsOf(plan, row, probe));
    for (const seconds of warmUpSeconds) {
      const requests = requestsOf(plan, row, requestsPerSecond * seconds);
      ({ requestsPerSecond } = await measureRun(server, plan, row, requests));
    }
    sum += requestsPerSecond;
  }
  return sum / servers.length;
}

/**
 * @template {CommandRow} Row
 * @param {RunPlan<Row>} plan
 * @param {Row} row
 * @param {number} wanted
 * @returns {number}
 */
function requestsOf(plan, row, wanted) {
  return Math.min(Math.ceil(wanted), plan.maxRequests?.(row) ?? Number.POSITIVE_INFINITY);
}

/**
 * @template {CommandRow} Row
 * @param {readonly RunningServer[]} servers
 * @param {CommandPlan<Row>} plan
 * @param {Row} row
 * @param {number} requests
 * @param {number} round
 * @returns {Promise<CommandRound>}
 */
async function measureRound(servers, plan, row, requests, round) {
  /** @type {{ synap?: CommandFigures, redis?: CommandFigures }} */
  const figures = {};
  for (const server of inOrderOfRound(servers, round)) {
    figures[server.name] = await measureRun(server, plan, row, requests);
  }
  if (figures.synap === undefined) throw new Error('Synap is not among the servers');
  return { synap: figures.synap, redis: figures.redis ?? null };
}

/**
 * Runs a row once.
 * @template {CommandRow} Row
 * @param {RunningServer} server
 * @param {RunPlan<Row>} plan
 * @param {Row} row
 * @param {number} requests
 * @returns {Promise<CommandFigures>}
 */
export async function measureRun(server, plan, row, requests) {
  await plan.beforeRun?.(server, row, requests);
  const { pipeline, valueSizeBytes } = row;
  const cpuBefore = cpuTimeMicros(server.pid);
  const pressure = { port: server.port, requests, clients: CLIENTS, pipeline, valueSizeBytes };
  const report = await (plan.drive?.(row, pressure) ??
    runRedisBenchmark({ ...plan.workload(row), ...pressure }));
  const cpuMicrosPerCommand = (cpuTimeMicros(server.pid) - cpuBefore) / report.requests;
  await plan.afterRun?.(server, row);
  const { requestsPerSecond, p50Ms, p99Ms, p999Ms } = report;
  return { requestsPerSecond, p50Ms, p99Ms, p999Ms, cpuMicrosPerCommand };
}

/**
 * @param {CommandRound} round
 * @returns {string} one line for the terminal
 */
function brief({ synap, redis }) {
  /** @type {(name: string, figures: CommandFigures) => string} */
  const one = (name, { requestsPerSecond, cpuMicrosPerCommand }) =>
    `${name} ${Math.round(requestsPerSecond / 1000)}k/s ${cpuMicrosPerCommand.toFixed(2)} µs`;
  return [one('Synap', synap), ...(redis === null ? [] : [one('Redis', redis)])].join(', ');
}
