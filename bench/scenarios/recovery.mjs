// @ts-check
// How long a server takes to come back: from the start of its process until it answers PING, over
// files that it wrote itself, and what CPU time that costs. A start over an empty directory comes
// first and tells how much of it is the program's own.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesUnder, requireRoom } from '../support/disk.mjs';
import { loadKeys } from '../support/loader.mjs';
import { makeDirectory, removeDirectory } from '../support/processes.mjs';
import {
  hasCommand,
  infoField,
  inOrderOfRound,
  keepNothing,
  withServers,
} from '../support/servers.mjs';
import { logDirectives } from './log.mjs';

export const name = 'recovery';
export const summary = 'time to load 1 M keys from a snapshot and from a log (5 M too with --full)';

const POLL_MS = 20;
const REWRITE_PATIENCE_MS = 120_000;
/** Files of both servers, for each key. */
const ROOM_BYTES_PER_KEY = 400;

/** What is loaded, in the order in which it is measured. */
export const sources = /** @type {const} */ (['nothing', 'snapshot', 'log', 'rewritten log']);

/**
 * One server in one round.
 * @typedef {object} RecoveryFigures
 * @property {number} seconds
 * @property {number} cpuSeconds
 * @property {number | null} toldSeconds the server's own figure for the loading alone; null when it
 *   tells none
 * @property {number} fileBytes
 */

/**
 * @typedef {{ synap: RecoveryFigures, redis: RecoveryFigures | null }} RecoveryRound
 * @typedef {{ source: (typeof sources)[number], keys: number, rounds: RecoveryRound[] }} RecoveryRow
 * @typedef {import('../support/servers.mjs').ServerPlan} ServerPlan
 * @typedef {import('../support/servers.mjs').RunningServer} RunningServer
 */

/**
 * How the files of a source are made and which directives a server loads them with.
 * @typedef {object} Preparation
 * @property {string[]} directives
 * @property {string} files that hold the data, within the directory
 * @property {(server: RunningServer, keys: number) => Promise<void>} fill
 */

/** @type {Record<(typeof sources)[number], Preparation>} */
const preparations = {
  nothing: { directives: keepNothing, files: 'dump.rdb', fill: async () => {} },
  snapshot: {
    directives: keepNothing,
    files: 'dump.rdb',
    async fill({ port, client }, keys) {
      await loadKeys({ port, count: keys });
      await client.call('SAVE');
    },
  },
  log: {
    directives: logDirectives('no'),
    files: 'appendonlydir',
    async fill({ port }, keys) {
      await loadKeys({ port, count: keys });
    },
  },
  'rewritten log': {
    directives: logDirectives('no'),
    files: 'appendonlydir',
    async fill(server, keys) {
      await loadKeys({ port: server.port, count: keys });
      await rewriteLog(server);
      await loadKeys({ port: server.port, count: keys / 10 });
    },
  },
};

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<{ rows: RecoveryRow[] }>}
 */
export async function run({ plans, options, progress }) {
  const canRewrite = await withServers(plans, async (servers) => {
    const answers = await Promise.all(servers.map((server) => hasCommand(server, 'bgrewriteaof')));
    return !answers.includes(false);
  });
  /** @type {RecoveryRow[]} */
  const rows = [];
  for (const { source, keys, count } of recoveryLoads(options)) {
    if (source === 'rewritten log' && !canRewrite) {
      progress(`${source}: left out, as not every server has BGREWRITEAOF`);
      continue;
    }
    requireRoom(keys * ROOM_BYTES_PER_KEY);
    const label = `${keys === 0 ? '' : `${keys / 1e6} M keys, `}${source}`;
    const report = (/** @type {string} */ line) => progress(`${label}: ${line}`);
    rows.push({ source, keys, rounds: await measureSource(plans, source, keys, count, report) });
  }
  return { rows };
}

/**
 * @param {Pick<import('../options.mjs').BenchOptions, 'rounds' | 'quick' | 'full'>} options
 * @returns {{ source: (typeof sources)[number], keys: number, count: number }[]} `count`: of rounds
 */
export function recoveryLoads({ rounds, quick, full }) {
  const count = rounds ?? (quick ? 2 : 5);
  const [nothing, ...others] = sources;
  const sizes = quick
    ? [{ keys: 200_000, count }]
    : [{ keys: 1_000_000, count }, ...(full ? [{ keys: 5_000_000, count: rounds ?? 3 }] : [])];
  return [
    { source: nothing, keys: 0, count },
    ...sizes.flatMap((size) => others.map((source) => ({ source, ...size }))),
  ];
}

/**
 * @param {readonly ServerPlan[]} plans
 * @param {(typeof sources)[number]} source
 * @param {number} keys
 * @param {number} count of rounds
 * @param {(line: string) => void} report
 * @returns {Promise<RecoveryRound[]>}
 */
async function measureSource(plans, source, keys, count, report) {
  const directories = { synap: makeDirectory(), redis: makeDirectory() };
  try {
    const { directives, fill } = preparations[source];
    for (const plan of plans) {
      report(`${plan.name} writes its files`);
      const options = { directives, directory: directories[plan.name] };
      await withServers([plan], ([server]) => fill(server, keys), options);
    }
    /** @type {RecoveryRound[]} */
    const rounds = [];
    for (let round = 0; round < count; round++) {
      /** @type {{ synap?: RecoveryFigures, redis?: RecoveryFigures }} */
      const figures = {};
      for (const plan of inOrderOfRound(plans, round)) {
        const one = await measureStart(plan, source, keys, directories[plan.name]);
        figures[plan.name] = one;
        const times = `${one.seconds.toFixed(2)} s, CPU ${one.cpuSeconds.toFixed(2)} s`;
        report(`round ${round + 1} of ${count}: ${plan.name} ${times}`);
      }
      if (figures.synap === undefined) throw new Error('Synap is not among the servers');
      rounds.push({ synap: figures.synap, redis: figures.redis ?? null });
    }
    return rounds;
  } finally {
    for (const directory of Object.values(directories)) removeDirectory(directory);
  }
}

/**
 * @param {ServerPlan} plan
 * @param {(typeof sources)[number]} source
 * @param {number} keys that must be there
 * @param {string} directory
 * @returns {Promise<RecoveryFigures>}
 */
function measureStart(plan, source, keys, directory) {
  const { directives, files } = preparations[source];
  const fileBytes = bytesUnder(join(directory, files));
  return withServers(
    [plan],
    async ([server]) => {
      const held = await server.client.call('DBSIZE');
      if (held !== keys) throw new Error(`${plan.name} holds ${held} keys, not ${keys}`);
      return {
        seconds: server.readyMs / 1000,
        cpuSeconds: server.readyCpuMicros / 1e6,
        toldSeconds: toldSeconds(server.output()),
        fileBytes,
      };
    },
    { directives, directory },
  );
}

/**
 * @param {string} output what a server printed: Redis's lines or Synap's JSON
 * @returns {number | null} how long it says that loading took; null when it says nothing
 */
export function toldSeconds(output) {
  const redis = /DB loaded from (?:disk|append only file): ([\d.]+) seconds/.exec(output);
  if (redis !== null) return Number(redis[1]);
  const synap = /"tookMs":(\d+)[^\n]*"msg":"[^"]*\bloaded\b[^"]*"/.exec(output);
  return synap === null ? null : Number(synap[1]) / 1000;
}

/**
 * @param {RunningServer} server
 * @returns {Promise<void>} when its log begins with a base
 */
export async function rewriteLog(server) {
  await server.client.call('BGREWRITEAOF');
  const deadline = Date.now() + REWRITE_PATIENCE_MS;
  while (await isRewriting(server)) {
    if (Date.now() > deadline) throw new Error(`${server.name} does not end rewriting its log`);
    await sleep(POLL_MS);
  }
  const status = await infoField(server, 'aof_last_bgrewrite_status');
  if (status !== 'ok') throw new Error(`${server.name} could not rewrite its log`);
}

/** @param {RunningServer} server */
async function isRewriting(server) {
  for (const field of ['aof_rewrite_in_progress', 'aof_rewrite_scheduled']) {
    if ((await infoField(server, field)) !== '0') return true;
  }
  return false;
}
