// @ts-check
// Memory that is given back: a fresh server is loaded, its data goes in one way or another, and ten seconds later
// its resident memory is compared with what it was before. Redis is measured beside it, for what it says; the
// target is a share of the server's own memory before.

import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeRequest } from '../support/client.mjs';
import { loadKeys, loadLists } from '../support/loader.mjs';
import { residentBytes } from '../support/process-stats.mjs';
import { infoField, inOrderOfRound, keepNothing, withServers } from '../support/servers.mjs';

export const name = 'release';
export const summary =
  'resident memory ten seconds after a million keys, or slow readers, are gone';

const SETTLE_MS = 1000;
/** After so long it is measured. */
const AFTER_MS = 10_000;
const POLL_MS = 200;
const PATIENCE_MS = 120_000;
const KEYS = 1_000_000;
const KEYS_AT_ONCE = 500;
/** What is left is so little that it does not count, when keys are evicted. */
const LEAST_BYTES = 1_000_000;
/** Of the slow readers together: they request so many bytes, and read nothing. */
const READERS = 100;
const REQUESTED_BYTES = 500_000_000;
const VALUE_BYTES = 100_000;

/** @typedef {import('../support/servers.mjs').RunningServer} RunningServer */

/**
 * @typedef {object} ReleaseLoad
 * @property {string} label
 * @property {readonly string[]} [directives] in place of those that keep nothing
 * @property {(server: RunningServer) => Promise<unknown>} load
 * @property {(server: RunningServer) => Promise<unknown>} clear until nothing is left
 */

/**
 * One server in one round.
 * @typedef {object} ReleaseFigures
 * @property {number} beforeBytes resident, before the load
 * @property {number} loadedBytes resident, with the load
 * @property {number} afterBytes resident, ten seconds after the load was gone
 */

/**
 * @typedef {{ synap: ReleaseFigures, redis: ReleaseFigures | null }} ReleaseRound
 * @typedef {{ label: string, rounds: ReleaseRound[] }} ReleaseResult
 */

const withLog = ['--save', '', '--appendonly', 'yes'];

/** @type {(...words: string[]) => ReleaseLoad['clear']} */
const command =
  (...words) =>
  ({ client }) =>
    client.call(...words);

/** @type {(options?: { valueSizeBytes?: number, expireAfterMs?: number }) => ReleaseLoad['load']} */
const strings =
  ({ valueSizeBytes = 16, expireAfterMs } = {}) =>
  ({ port }) =>
    loadKeys({
      port,
      count: KEYS,
      valueSizeBytes,
      ...(expireAfterMs === undefined ? {} : { expireAtMs: Date.now() + expireAfterMs }),
    });

/** @type {readonly ReleaseLoad[]} */
const loads = [
  { label: 'strings of 16 bytes, FLUSHALL', load: strings(), clear: command('FLUSHALL', 'SYNC') },
  { label: 'the same, FLUSHALL ASYNC', load: strings(), clear: command('FLUSHALL', 'ASYNC') },
  {
    label: 'strings of 100 bytes, FLUSHDB',
    load: strings({ valueSizeBytes: 100 }),
    clear: command('FLUSHDB'),
  },
  {
    label: 'lists of 5, FLUSHALL',
    load: ({ port }) => loadLists({ port, count: KEYS, elements: 5 }),
    clear: command('FLUSHALL'),
  },
  {
    label: 'lists of 500, FLUSHALL',
    load: ({ port }) => loadLists({ port, count: KEYS / 100, elements: 500 }),
    clear: command('FLUSHALL'),
  },
  { label: 'strings, DEL of each', load: strings(), clear: (server) => deleteAll(server, 'DEL') },
  {
    label: 'strings, UNLINK of each',
    load: strings(),
    clear: (server) => deleteAll(server, 'UNLINK'),
  },
  {
    label: 'strings that expire',
    load: strings({ expireAfterMs: 30_000 }),
    clear: (server) => untilEmpty(server),
  },
  { label: 'strings, evicted', load: strings(), clear: evictAll },
  {
    label: 'strings, SWAPDB and FLUSHDB',
    load: strings(),
    clear: async ({ client }) => {
      await client.call('SWAPDB', '0', '1');
      await client.call('SELECT', '1');
      await client.call('FLUSHDB');
    },
  },
  {
    label: 'strings with a log, FLUSHALL',
    directives: withLog,
    load: strings(),
    clear: command('FLUSHALL'),
  },
  {
    label: 'the same, log rewritten',
    directives: withLog,
    load: async (server) => {
      await strings()(server);
      await background(server, 'BGREWRITEAOF', 'aof_rewrite_in_progress');
    },
    clear: command('FLUSHALL'),
  },
  {
    label: 'strings, BGSAVE, FLUSHALL',
    load: async (server) => {
      await strings()(server);
      await background(server, 'BGSAVE', 'rdb_bgsave_in_progress');
    },
    clear: command('FLUSHALL'),
  },
  {
    label: `${READERS} slow readers, gone`,
    directives: [...keepNothing, '--client-output-buffer-limit', 'normal 0 0 0'],
    load: () => Promise.resolve(),
    clear: slowReaders,
  },
];

/**
 * @param {Pick<import('../options.mjs').BenchOptions, 'quick'>} options
 * @returns {readonly ReleaseLoad[]}
 */
export function releaseLoads({ quick }) {
  return quick ? loads.slice(0, 1) : loads;
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<{ rows: ReleaseResult[] }>}
 */
export async function run({ plans, options, progress }) {
  /** @type {ReleaseResult[]} */
  const rows = [];
  for (const load of releaseLoads(options)) {
    /** @type {ReleaseRound[]} */
    const rounds = [];
    for (let round = 0; round < (options.rounds ?? 1); round++) {
      const figures = await measureRound(plans, load, round);
      rounds.push(figures);
      const [synap, redis] = [figures.synap, figures.redis].map((one) =>
        one === null ? 'not measured' : `${(one.afterBytes / one.beforeBytes).toFixed(2)} times`,
      );
      progress(`${load.label}: Synap ${synap} what it was before, Redis ${redis}`);
    }
    rows.push({ label: load.label, rounds });
  }
  return { rows };
}

/**
 * @param {readonly import('../support/servers.mjs').ServerPlan[]} plans
 * @param {ReleaseLoad} load
 * @param {number} round
 * @returns {Promise<ReleaseRound>}
 */
async function measureRound(plans, { load, clear, directives = keepNothing }, round) {
  /** @type {{ synap?: ReleaseFigures, redis?: ReleaseFigures }} */
  const figures = {};
  for (const plan of inOrderOfRound(plans, round)) {
    const measure = async (/** @type {RunningServer[]} */ [server]) => {
      await sleep(SETTLE_MS);
      const beforeBytes = residentBytes(server.pid);
      await load(server);
      const loadedBytes = residentBytes(server.pid);
      await clear(server);
      await sleep(AFTER_MS);
      return { beforeBytes, loadedBytes, afterBytes: residentBytes(server.pid) };
    };
    figures[plan.name] = await withServers([plan], measure, { directives });
  }
  if (figures.synap === undefined) throw new Error('Synap is not among the servers');
  return { synap: figures.synap, redis: figures.redis ?? null };
}

/**
 * Deletes the keys of `loadKeys` one by one.
 * @param {RunningServer} server
 * @param {'DEL' | 'UNLINK'} name
 */
async function deleteAll({ client }, name) {
  for (let first = 0; first < KEYS; first += KEYS_AT_ONCE) {
    const keys = Array.from(
      { length: KEYS_AT_ONCE },
      (_, i) => `key:${String(first + i).padStart(12, '0')}`,
    );
    const deleted = await client.call(name, ...keys);
    if (deleted !== KEYS_AT_ONCE) throw new Error(`${name} deleted ${deleted} keys`);
  }
}

/** @param {RunningServer} server */
async function untilEmpty(server) {
  await eventually(async () => (await server.client.call('DBSIZE')) === 0, 'the keys to expire');
}

/**
 * Has nearly all keys evicted, and what is left flushed.
 * @param {RunningServer} server
 */
async function evictAll(server) {
  const { client } = server;
  const startup = Number(await infoField(server, 'used_memory_startup'));
  const limit = String(startup + LEAST_BYTES);
  await client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru', 'maxmemory', limit);
  const isLittle = async () => Number(await client.call('DBSIZE')) < KEYS / 50;
  await eventually(isLittle, 'the keys to be evicted');
  await client.call('FLUSHALL');
}

/**
 * @param {RunningServer} server
 * @param {string} name of a command that begins work in the background
 * @param {string} field of INFO that is 0 when it is done
 */
async function background(server, name, field) {
  await server.client.call(name);
  await eventually(async () => (await infoField(server, field)) === '0', `${name} to end`);
}

/**
 * Clients that request a lot and read nothing, until as much waits for them as will; then they leave.
 * @param {RunningServer} server
 */
async function slowReaders({ client, port }) {
  await client.call('SET', 'large', 'x'.repeat(VALUE_BYTES));
  const requests = REQUESTED_BYTES / VALUE_BYTES / READERS;
  const readers = await Promise.all(
    Array.from({ length: READERS }, async () => {
      const reader = connect({ port, host: '127.0.0.1' });
      await once(reader, 'connect');
      reader.pause();
      reader.write(encodeRequest(['GET', 'large']).repeat(requests));
      return reader;
    }),
  );
  await sleep(3 * SETTLE_MS);
  for (const reader of readers) reader.destroy();
  await client.call('FLUSHALL');
}

/**
 * @param {() => Promise<boolean>} isTrue
 * @param {string} what is waited for
 */
async function eventually(isTrue, what) {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`waited too long for ${what}`);
    await sleep(POLL_MS);
  }
}
