// @ts-check
// Resident memory per key: a fresh server is filled with 16-byte keys, whose values are 16 bytes or
// lists of 16-byte elements, and what its resident memory grew by is divided by the number of keys.
// Growth, not size, so that neither the runtime's own footprint nor the program's text counts.

import { setTimeout as sleep } from 'node:timers/promises';
import { matchesFilter } from '../support/command-rounds.mjs';
import { GROUP, STREAM } from '../support/group-load.mjs';
import { fillList, loadKeys, loadLists, loadStreams } from '../support/loader.mjs';
import { residentBytes } from '../support/process-stats.mjs';
import { inOrderOfRound, withServers } from '../support/servers.mjs';
import { readAll } from './streams.mjs';

export const name = 'memory';
export const summary =
  'resident memory of 1 M keys (10 M too with --full), of lists, hashes, sets, streams …';

/** For timers, and a garbage collection that the load has put off. */
const SETTLE_MS = 1000;

/**
 * One server in one round.
 * @typedef {object} MemoryFigures
 * @property {number} grownBytesPerKey
 * @property {number} residentBytesBefore
 * @property {number} residentBytesAfter
 */

/**
 * @typedef {{ synap: MemoryFigures, redis: MemoryFigures | null }} MemoryRound
 * @typedef {{ label?: string, keys: number, elements?: number, rounds: MemoryRound[] }} MemoryResult
 *   `elements`: of each key's list; absent where values are strings. `label`: what other collections are
 */

/**
 * @typedef {object} MemoryLoad
 * @property {string} [label] absent: strings and lists
 * @property {number} keys
 * @property {number} [elements]
 * @property {number} rounds
 * @property {(server: import('../support/servers.mjs').RunningServer) => Promise<unknown>} [prepare] makes what does
 *   not count
 * @property {(server: import('../support/servers.mjs').RunningServer) => Promise<unknown>} fill
 */

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<{ rows: MemoryResult[] }>}
 */
export async function run({ plans, options, progress }) {
  /** @type {MemoryResult[]} */
  const rows = [];
  for (const load of memoryLoads(options)) {
    if (!matchesFilter(loadLabel(load), options.row)) continue;
    const { label, keys, elements, rounds } = load;
    /** @type {MemoryRound[]} */
    const measured = [];
    for (let round = 0; round < rounds; round++) {
      const figures = await measureRound(plans, load, round);
      measured.push(figures);
      const [synap, redis] = [figures.synap, figures.redis].map((one) =>
        one === null ? null : (one.grownBytesPerKey / (elements ?? 1)).toFixed(1),
      );
      progress(
        `${loadLabel(load)}: round ${round + 1} of ${rounds}: Synap ${synap} bytes ` +
          `${elements === undefined ? 'a key' : 'an element'}${redis === null ? '' : `, Redis ${redis}`}`,
      );
    }
    rows.push({
      ...(label === undefined ? {} : { label }),
      keys,
      ...(elements === undefined ? {} : { elements }),
      rounds: measured,
    });
  }
  return { rows };
}

/**
 * @param {boolean} quick
 * @returns {string[]} what `--row` selects from
 */
export function rowLabels(quick) {
  return memoryLoads({ rounds: null, quick, full: true }).map(loadLabel);
}

/**
 * @param {Pick<MemoryLoad, 'label' | 'keys' | 'elements'>} load
 * @returns {string} "1 M keys", "1 M lists of 5", "one list of 1 M"
 */
export function loadLabel({ label, keys, elements }) {
  if (label !== undefined) return label;
  if (elements === undefined) return `${keys / 1e6} M keys`;
  return keys === 1 ? `one list of ${elements / 1e6} M` : `${keys / 1e6} M lists of ${elements}`;
}

/**
 * @param {Pick<import('../options.mjs').BenchOptions, 'rounds' | 'quick' | 'full'>} options
 * @returns {MemoryLoad[]}
 */
export function memoryLoads(options) {
  const rounds = options.rounds ?? (options.quick ? 1 : 3);
  /** @type {(keys: number, rounds: number) => MemoryLoad} */
  const strings = (keys, rounds) => ({
    keys,
    rounds,
    fill: ({ port }) => loadKeys({ port, count: keys }),
  });
  return [
    strings(1_000_000, rounds),
    ...(options.full ? [strings(10_000_000, options.rounds ?? 1)] : []),
    {
      keys: 1,
      elements: 1_000_000,
      rounds,
      fill: ({ client }) => fillList(client, 'mylist', 1_000_000),
    },
    {
      keys: 1_000_000,
      elements: 5,
      rounds,
      fill: ({ port }) => loadLists({ port, count: 1_000_000, elements: 5 }),
    },
    ...collectionLoads(rounds),
    ...streamLoads(rounds),
  ];
}

/**
 * @param {number} rounds
 * @returns {MemoryLoad[]} entries of two fields with values of 16 bytes, and entries that a consumer has not acknowledged
 */
function streamLoads(rounds) {
  const entries = 1_000_000;
  const warmUp = 200_000;
  /** @type {MemoryLoad['fill']} */
  const one = ({ port }) => loadStreams({ port, count: entries });
  /** @type {Omit<MemoryLoad, 'rounds'>[]} */
  const loads = [
    {
      // The runtime's heap, which grows by some megabytes with the first entries, is not what is measured.
      label: 'one stream of 1 M entries',
      keys: 1,
      elements: entries,
      prepare: ({ port }) => loadStreams({ port, count: warmUp }),
      fill: ({ port }) => loadStreams({ port, first: warmUp, count: entries }),
    },
    {
      label: '100 k streams of 10 entries',
      keys: 100_000,
      elements: 10,
      fill: ({ port }) => loadStreams({ port, count: entries, entriesPerKey: 10 }),
    },
    {
      label: '1 M pending entries of a group',
      keys: 1,
      elements: entries,
      prepare: one,
      async fill({ client }) {
        await client.call('XGROUP', 'CREATE', STREAM, GROUP, '0');
        await readAll(client, entries);
      },
    },
  ];
  return loads.map((load) => ({ ...load, rounds }));
}

/**
 * @param {number} rounds
 * @returns {MemoryLoad[]} hashes, sets and sorted sets, large and small
 */
function collectionLoads(rounds) {
  /** @type {(number: number) => string} */
  const digits = (number) => String(number).padStart(12, '0');
  /** @type {(command: string, key: string, count: number, element: (index: number) => string[]) => MemoryLoad['fill']} */
  const one =
    (command, key, count, element) =>
    ({ client }) =>
      fillCollection(client, [command, key], count, element);
  /** @type {(command: string, keys: number, count: number, element: (index: number) => string[]) => MemoryLoad['fill']} */
  const many =
    (command, keys, count, element) =>
    async ({ client }) => {
      for (let next = 0; next < keys; ) {
        const replies = [];
        for (let i = 0; i < 500 && next < keys; i++, next++) {
          const first = next * count;
          const args = Array.from({ length: count }, (_, index) => element(first + index)).flat();
          replies.push(client.call(command, `key:${digits(next)}`, ...args));
        }
        await Promise.all(replies);
      }
    };
  const expireAtMs = String(Date.now() + 24 * 3600 * 1000);
  return [
    {
      label: '1 M hashes of 5 fields',
      keys: 1_000_000,
      elements: 5,
      fill: many('HSET', 1_000_000, 5, (i) => [`field${i % 5}`, `vvvv${digits(i)}`]),
    },
    {
      label: 'one hash of 1 M fields',
      keys: 1,
      elements: 1_000_000,
      fill: one('HSET', 'hash', 1_000_000, (i) => [`ffff${digits(i)}`, `vvvv${digits(i)}`]),
    },
    {
      label: 'one set of 1 M members',
      keys: 1,
      elements: 1_000_000,
      fill: one('SADD', 'set', 1_000_000, (i) => [`mmmm${digits(i)}`]),
    },
    {
      label: 'one sorted set of 1 M members',
      keys: 1,
      elements: 1_000_000,
      fill: one('ZADD', 'sorted', 1_000_000, (i) => [
        String((i * 7919) % 1_000_000),
        `mmmm${digits(i)}`,
      ]),
    },
    {
      label: '100 k sorted sets of 200 members',
      keys: 100_000,
      elements: 200,
      fill: many('ZADD', 100_000, 200, (i) => [String(i % 977), `mmmm${digits(i)}`]),
    },
    {
      label: '1 M sets of 10 integers',
      keys: 1_000_000,
      elements: 10,
      fill: many('SADD', 1_000_000, 10, (i) => [String(i % 30_000)]),
    },
    {
      // Fields of Redis 7.0 do not expire: there, the programs that need it keep a key for each.
      label: '1 M fields that expire (Redis: keys)',
      keys: 1,
      elements: 1_000_000,
      fill: async (/** @type {import('../support/servers.mjs').RunningServer} */ server) => {
        if (server.name === 'redis') {
          await loadKeys({ port: server.port, count: 1_000_000, expireAtMs: Number(expireAtMs) });
          return;
        }
        const { client } = server;
        await fillCollection(
          client,
          ['HSETEX', 'hash', 'PXAT', expireAtMs, 'FIELDS', '500'],
          1_000_000,
          (i) => [`ffff${digits(i)}`, `vvvv${digits(i)}`],
        );
      },
    },
  ].map((load) => ({ ...load, rounds }));
}

/**
 * @param {Pick<import('../support/client.mjs').Client, 'call'>} client
 * @param {string[]} command what stands before the elements
 * @param {number} count of elements, a multiple of 500
 * @param {(index: number) => string[]} element its arguments
 */
async function fillCollection(client, command, count, element) {
  for (let next = 0; next < count; next += 500) {
    const first = next;
    await client.call(
      ...command,
      ...Array.from({ length: 500 }, (_, i) => element(first + i)).flat(),
    );
  }
}

/**
 * @param {readonly import('../support/servers.mjs').ServerPlan[]} plans
 * @param {MemoryLoad} load
 * @param {number} round
 * @returns {Promise<MemoryRound>}
 */
async function measureRound(plans, { keys, elements, prepare, fill }, round) {
  /** @type {{ synap?: MemoryFigures, redis?: MemoryFigures }} */
  const figures = {};
  for (const plan of inOrderOfRound(plans, round)) {
    figures[plan.name] = await withServers([plan], async ([server]) => {
      await prepare?.(server);
      await sleep(SETTLE_MS);
      const residentBytesBefore = residentBytes(server.pid);
      await fill(server);
      await sleep(SETTLE_MS);
      const residentBytesAfter = residentBytes(server.pid);
      const held = await server.client.call('DBSIZE');
      if (held !== keys && held !== keys * (elements ?? 1))
        throw new Error(`${plan.name} holds ${held} keys, not ${keys}`);
      const grownBytesPerKey = (residentBytesAfter - residentBytesBefore) / keys;
      return { grownBytesPerKey, residentBytesBefore, residentBytesAfter };
    });
  }
  if (figures.synap === undefined) throw new Error('Synap is not among the servers');
  return { synap: figures.synap, redis: figures.redis ?? null };
}
