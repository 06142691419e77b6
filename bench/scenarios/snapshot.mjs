// @ts-check
// BGSAVE while clients go on: how long it takes, what they feel of it and what memory it needs. Twice:
// at full load, where throughput tells, and at a steady pace below what either server can do, where
// latencies do. What clients felt just before is measured too.

import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { requireRoom } from '../support/disk.mjs';
import { startLoad } from '../support/load.mjs';
import { loadKeys } from '../support/loader.mjs';
import { attachLoopMonitor, loopMonitorPreload } from '../support/loop-monitor.mjs';
import { watchMemory } from '../support/memory-watch.mjs';
import { startPinger } from '../support/pinger.mjs';
import { infoField, inOrderOfRound, withServers } from '../support/servers.mjs';
import { measureRewrites } from './snapshot-rewrites.mjs';

export const name = 'snapshot';
export const summary = 'BGSAVE of 1 M keys under load: duration, latency, memory (5 M with --full)';

export const CLIENTS = 50;
export const PACED_REQUESTS_PER_SECOND = 10_000;

const SETTLE_MS = 1000;
const BEFORE_MS = 2000;
const BETWEEN_MS = 300;
const POLL_MS = 2;
const PATIENCE_MS = 300_000;
/** Two files, of both servers, for each key. */
const ROOM_BYTES_PER_KEY = 200;

/** The loads, as the report names them. */
export const loads = /** @type {const} */ (['full', 'paced']);

/**
 * What clients felt. `loopMaxMs` and `busyMaxMs` (see loop-monitor.mjs) are null for a server that
 * is not a Node program.
 * @typedef {object} ClientFigures
 * @property {number} requestsPerSecond
 * @property {number} getP999Ms
 * @property {number} setP999Ms
 * @property {number} pingMaxMs
 * @property {number | null} loopMaxMs
 * @property {number | null} busyMaxMs
 */

/**
 * One server in one round under one load. Memory is that of the server and of a child it forked.
 * @typedef {object} SnapshotFigures
 * @property {number} seconds of one snapshot
 * @property {number} fileBytes
 * @property {ClientFigures} before
 * @property {ClientFigures} during
 * @property {number} memoryBeforeBytes the most before
 * @property {number} memoryPeakBytes the most during
 */

/**
 * @typedef {Record<(typeof loads)[number], SnapshotFigures>} SnapshotLoads
 * @typedef {{ synap: SnapshotLoads, redis: SnapshotLoads | null }} SnapshotRound
 * @typedef {{ keys: number, rounds: SnapshotRound[] }} SnapshotRow
 * @typedef {{ rows: SnapshotRow[], rewrites: import('./snapshot-rewrites.mjs').RewriteRow[] }} SnapshotResult
 * @typedef {import('../support/servers.mjs').RunningServer} RunningServer
 */

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<SnapshotResult>}
 */
export async function run(context) {
  const { plans, options, progress } = context;
  /** @type {SnapshotRow[]} */
  const rows = [];
  for (const size of snapshotSizes(options)) {
    requireRoom(size.keys * ROOM_BYTES_PER_KEY);
    /** @type {SnapshotRound[]} */
    const rounds = [];
    for (let round = 0; round < size.count; round++) {
      /** @type {{ synap?: SnapshotLoads, redis?: SnapshotLoads }} */
      const figures = {};
      for (const plan of inOrderOfRound(plans, round)) {
        const one = await withServers([plan], ([server]) => watchServer(server, size), {
          nodePreload: loopMonitorPreload,
        });
        figures[plan.name] = one;
        const what = `${size.keys / 1e6} M keys: round ${round + 1} of ${size.count}`;
        progress(`${what}: ${plan.name}: ${brief(one)}`);
      }
      if (figures.synap === undefined) throw new Error('Synap is not among the servers');
      rounds.push({ synap: figures.synap, redis: figures.redis ?? null });
    }
    rows.push({ keys: size.keys, rounds });
  }
  return { rows, rewrites: await measureRewrites(context) };
}

/**
 * @typedef {object} SnapshotSize
 * @property {number} keys
 * @property {number} count of rounds
 * @property {number} snapshots one after the other under each load, for more latencies
 */

/**
 * @param {Pick<import('../options.mjs').BenchOptions, 'rounds' | 'quick' | 'full'>} options
 * @returns {SnapshotSize[]}
 */
export function snapshotSizes({ rounds, quick, full }) {
  if (quick) return [{ keys: 200_000, count: rounds ?? 1, snapshots: 3 }];
  const sizes = [{ keys: 1_000_000, count: rounds ?? 5, snapshots: 3 }];
  if (full) sizes.push({ keys: 5_000_000, count: rounds ?? 3, snapshots: 1 });
  return sizes;
}

/**
 * @param {RunningServer} server
 * @param {SnapshotSize} size
 * @returns {Promise<SnapshotLoads>}
 */
async function watchServer(server, { keys, snapshots }) {
  await loadKeys({ port: server.port, count: keys });
  const stalls = await watchStalls(server);
  try {
    const full = await watchLoad(server, stalls, keys, null, snapshots);
    const paced = await watchLoad(server, stalls, keys, PACED_REQUESTS_PER_SECOND, snapshots);
    return { full, paced };
  } finally {
    await stalls.stop();
  }
}

/**
 * @param {RunningServer} server
 * @param {StallWatch} stalls
 * @param {number} keys
 * @param {number | null} requestsPerSecond null: as many as it answers
 * @param {number} snapshots
 * @returns {Promise<SnapshotFigures>}
 */
async function watchLoad(server, stalls, keys, requestsPerSecond, snapshots) {
  const { port, pid } = server;
  const load = await startLoad({
    ...{ port, clients: CLIENTS, commands: ['GET', 'SET'], requestsPerSecond, firstKey: 0, keys },
  });
  await sleep(SETTLE_MS);
  const memory = watchMemory(pid);
  try {
    await stalls.reset();
    await load.enter('before');
    await sleep(BEFORE_MS);
    await load.enter(null);
    const before = await stalls.report();
    const memoryBeforeBytes = memory.peakBytes();
    memory.reset();
    /** @type {StallFigures[]} */
    const during = [];
    let seconds = 0;
    for (let i = 0; i < snapshots; i++) {
      await sleep(BETWEEN_MS);
      await stalls.reset();
      seconds += await takeSnapshot(server, load);
      during.push(await stalls.report());
      await untilSaved(server);
    }
    const memoryPeakBytes = memory.peakBytes();
    const report = await load.report();
    return {
      seconds: seconds / snapshots,
      fileBytes: statSync(join(server.directory, 'dump.rdb')).size,
      before: { ...clientFigures(report.before), ...before },
      during: { ...clientFigures(report.during), ...worst(during) },
      ...{ memoryBeforeBytes, memoryPeakBytes },
    };
  } finally {
    memory.stop();
    await load.stop();
  }
}

/**
 * Takes a snapshot; clients are watched until its file is in its place.
 * @param {RunningServer} server
 * @param {import('../support/load.mjs').Load} load
 * @returns {Promise<number>} how long it took, in seconds
 */
async function takeSnapshot({ name, client, directory }, load) {
  const file = join(directory, 'dump.rdb');
  rmSync(file, { force: true });
  await load.enter('during');
  const startedAt = performance.now();
  await client.call('BGSAVE');
  while (!existsSync(file)) {
    if (performance.now() - startedAt > PATIENCE_MS) throw new Error(`${name} saves no snapshot`);
    await sleep(POLL_MS);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await load.enter(null);
  return seconds;
}

/**
 * Redis learns of its child's end a little later than the file is there.
 * @param {RunningServer} server
 */
async function untilSaved(server) {
  while ((await infoField(server, 'rdb_bgsave_in_progress')) !== '0') await sleep(POLL_MS);
  const status = await infoField(server, 'rdb_last_bgsave_status');
  if (status !== 'ok') throw new Error(`${server.name} could not save a snapshot`);
}

/**
 * @typedef {Pick<ClientFigures, 'pingMaxMs' | 'loopMaxMs' | 'busyMaxMs'>} StallFigures
 * @typedef {object} StallWatch
 * @property {() => Promise<void>} reset
 * @property {() => Promise<StallFigures>} report
 * @property {() => Promise<void>} stop
 */

/**
 * @param {RunningServer} server
 * @returns {Promise<StallWatch>}
 */
async function watchStalls({ child, port }) {
  const monitor = await attachLoopMonitor(child);
  const pinger = await startPinger(port);
  return {
    async reset() {
      await monitor?.reset();
      pinger.reset();
    },
    async report() {
      const { maxMs } = await pinger.report();
      const loop = (await monitor?.report()) ?? { loopMaxMs: null, busyMaxMs: null };
      return { pingMaxMs: maxMs, loopMaxMs: loop.loopMaxMs, busyMaxMs: loop.busyMaxMs };
    },
    stop: () => pinger.stop(),
  };
}

/**
 * @param {readonly StallFigures[]} stalls
 * @returns {StallFigures}
 */
function worst(stalls) {
  /** @type {(values: (number | null)[]) => number | null} */
  const most = (values) => {
    const present = values.filter((value) => value !== null);
    return present.length === 0 ? null : Math.max(...present);
  };
  return {
    pingMaxMs: Math.max(...stalls.map(({ pingMaxMs }) => pingMaxMs)),
    loopMaxMs: most(stalls.map(({ loopMaxMs }) => loopMaxMs)),
    busyMaxMs: most(stalls.map(({ busyMaxMs }) => busyMaxMs)),
  };
}

/**
 * @param {import('../support/load.mjs').PhaseReport} report
 * @returns {Omit<ClientFigures, keyof StallFigures>}
 */
function clientFigures({ requestsPerSecond, latencies: { GET, SET } }) {
  if (GET === undefined || SET === undefined) throw new Error('no request was answered');
  return { requestsPerSecond, getP999Ms: GET.p999Ms, setP999Ms: SET.p999Ms };
}

/**
 * @param {SnapshotLoads} figures
 * @returns {string} one line for the terminal
 */
function brief(figures) {
  return loads
    .map((load) => {
      const { seconds, before, during, memoryBeforeBytes, memoryPeakBytes } = figures[load];
      const [was, is] = [before, during].map(({ getP999Ms }) => getP999Ms.toFixed(1));
      const more = (100 * (memoryPeakBytes / memoryBeforeBytes - 1)).toFixed(0);
      const share = Math.round((100 * during.requestsPerSecond) / before.requestsPerSecond);
      return `${load} ${seconds.toFixed(2)} s, ${share} % of requests, GET p99.9 ${was} → ${is} ms, memory +${more} %`;
    })
    .join('; ');
}
