// @ts-check
// The longest stall: while keys are loaded at P=64, while FLUSHALL ASYNC takes them away again and
// while a million keys expire together. Both servers are watched from outside (the longest wait of
// a client that pings all the time), Synap from inside as well (its event loop's longest turn). A
// phase without any load comes first and tells how much of a stall is the machine's own.

import { setTimeout as sleep } from 'node:timers/promises';
import { loadKeys } from '../support/loader.mjs';
import { attachLoopMonitor, loopMonitorPreload } from '../support/loop-monitor.mjs';
import { startPinger } from '../support/pinger.mjs';
import { infoField, inOrderOfRound, withServers } from '../support/servers.mjs';

export const name = 'event-loop';
export const summary = 'longest stall while loading, deleting and expiring (10 M keys with --full)';

const PIPELINE = 64;
const WARM_UP_KEYS = 200_000;
const IDLE_MS = 2000;
/** How long a deletion in the background is watched at least. */
const DELETION_MS = 3000;
const POLL_MS = 50;
const EXPIRY_PATIENCE_MS = 180_000;
const LEAST_EXPIRY_LEAD_MS = 2000;

/** The phases in their order, as the report names them. */
export const phases = /** @type {const} */ (['idle', 'load', 'flush', 'expire']);

/**
 * One server in one phase. `loopMaxMs` and `busyMaxMs` (see loop-monitor.mjs) are null for a
 * server that is not a Node program.
 * @typedef {object} StallFigures
 * @property {number | null} loopMaxMs
 * @property {number | null} busyMaxMs
 * @property {number} pingMaxMs
 * @property {number} pingP99Ms
 * @property {number} seconds how long the phase took
 */

/**
 * @typedef {Record<(typeof phases)[number], StallFigures>} StallPhases
 * @typedef {{ synap: StallPhases, redis: StallPhases | null }} StallRound
 * @typedef {object} StallResult
 * @property {number} loadedKeys in the phases load and flush
 * @property {number} expiredKeys in the phase expire
 * @property {StallRound[]} rounds
 */

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<StallResult>}
 */
export async function run({ plans, options, progress }) {
  const loadedKeys = options.full ? 10_000_000 : options.quick ? 300_000 : 1_000_000;
  const expiredKeys = Math.min(loadedKeys, 1_000_000);
  const count = options.rounds ?? (options.quick || options.full ? 1 : 3);
  /** @type {StallRound[]} */
  const rounds = [];
  for (let round = 0; round < count; round++) {
    /** @type {{ synap?: StallPhases, redis?: StallPhases }} */
    const measured = {};
    for (const plan of inOrderOfRound(plans, round)) {
      const stalls = await withServers(
        [plan],
        ([server]) => watchServer(server, loadedKeys, expiredKeys),
        { nodePreload: loopMonitorPreload },
      );
      measured[plan.name] = stalls;
      progress(`round ${round + 1} of ${count}: ${plan.name}: ${brief(stalls)}`);
    }
    if (measured.synap === undefined) throw new Error('Synap is not among the servers');
    rounds.push({ synap: measured.synap, redis: measured.redis ?? null });
  }
  return { loadedKeys, expiredKeys, rounds };
}

/**
 * @param {import('../support/servers.mjs').RunningServer} server
 * @param {number} loadedKeys
 * @param {number} expiredKeys
 * @returns {Promise<StallPhases>}
 */
async function watchServer(server, loadedKeys, expiredKeys) {
  const { port, client } = server;
  const monitor = await attachLoopMonitor(server.child);
  const pinger = await startPinger(port);
  /** @type {(work: () => Promise<unknown>) => Promise<StallFigures>} */
  const watch = async (work) => {
    await monitor?.reset();
    pinger.reset();
    const started = performance.now();
    await work();
    const seconds = (performance.now() - started) / 1000;
    const ping = await pinger.report();
    const loop = (await monitor?.report()) ?? { loopMaxMs: null, busyMaxMs: null };
    return { ...loop, pingMaxMs: ping.maxMs, pingP99Ms: ping.p99Ms, seconds };
  };
  try {
    await loadKeys({ port, count: WARM_UP_KEYS, pipeline: PIPELINE });
    await client.call('FLUSHALL');
    const idle = await watch(() => sleep(IDLE_MS));
    const load = await watch(() => loadKeys({ port, count: loadedKeys, pipeline: PIPELINE }));
    const flush = await watch(() => flushInBackground(server));
    const secondsPerKey = load.seconds / loadedKeys;
    await loadExpiring(server, expiredKeys, 2000 * secondsPerKey * expiredKeys);
    const expire = await watch(() => waitUntilEmpty(server));
    return { idle, load, flush, expire };
  } finally {
    await pinger.stop();
  }
}

/** @param {import('../support/servers.mjs').RunningServer} server */
async function flushInBackground(server) {
  await server.client.call('FLUSHALL', 'ASYNC');
  await sleep(DELETION_MS);
  while (Number((await infoField(server, 'lazyfree_pending_objects')) ?? 0) > 0) {
    await sleep(POLL_MS);
  }
}

/**
 * Loads keys that all expire at one moment, and returns before it.
 * @param {import('../support/servers.mjs').RunningServer} server
 * @param {number} count
 * @param {number} expectedLoadMs with some room; doubled for as long as it was too short
 */
async function loadExpiring(server, count, expectedLoadMs) {
  for (let leadMs = Math.max(LEAST_EXPIRY_LEAD_MS, expectedLoadMs); ; leadMs *= 2) {
    if (leadMs > EXPIRY_PATIENCE_MS) throw new Error(`${server.name} cannot load keys in time`);
    const expireAtMs = Date.now() + Math.ceil(leadMs);
    await loadKeys({ port: server.port, count, pipeline: PIPELINE, expireAtMs });
    if (Date.now() < expireAtMs) return;
    await server.client.call('FLUSHALL');
  }
}

/** @param {import('../support/servers.mjs').RunningServer} server */
async function waitUntilEmpty(server) {
  const deadline = Date.now() + EXPIRY_PATIENCE_MS;
  while ((await server.client.call('DBSIZE')) !== 0) {
    if (Date.now() > deadline) throw new Error(`${server.name} does not expire its keys`);
    await sleep(POLL_MS);
  }
}

/**
 * @param {StallPhases} stalls
 * @returns {string} one line for the terminal
 */
function brief(stalls) {
  return phases
    .map((phase) => {
      const { loopMaxMs, pingMaxMs } = stalls[phase];
      const inside = loopMaxMs === null ? '' : ` (loop ${loopMaxMs.toFixed(1)} ms)`;
      return `${phase} ${pingMaxMs.toFixed(1)} ms${inside}`;
    })
    .join(', ');
}
