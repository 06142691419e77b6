// @ts-check
// Resident memory per key: a fresh server is filled with 16-byte keys, whose values are 16 bytes or
// lists of 16-byte elements, and what its resident memory grew by is divided by the number of keys.
// Growth, not size, so that neither the runtime's own footprint nor the program's text counts.

import { setTimeout as sleep } from 'node:timers/promises';
import { fillList, loadKeys, loadLists } from '../support/loader.mjs';
import { residentBytes } from '../support/process-stats.mjs';
import { inOrderOfRound, withServers } from '../support/servers.mjs';

export const name = 'memory';
export const summary =
  'resident memory of 1 M keys (10 M too with --full), of a long list and of short ones';

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
 * @typedef {{ keys: number, elements?: number, rounds: MemoryRound[] }} MemoryResult `elements`:
 *   of each key's list; absent where values are strings
 */

/**
 * @typedef {object} MemoryLoad
 * @property {number} keys
 * @property {number} [elements]
 * @property {number} rounds
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
    const { keys, elements, rounds } = load;
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
    rows.push({ keys, ...(elements === undefined ? {} : { elements }), rounds: measured });
  }
  return { rows };
}

/**
 * @param {Pick<MemoryLoad, 'keys' | 'elements'>} load
 * @returns {string} "1 M keys", "1 M lists of 5", "one list of 1 M"
 */
export function loadLabel({ keys, elements }) {
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
  ];
}

/**
 * @param {readonly import('../support/servers.mjs').ServerPlan[]} plans
 * @param {MemoryLoad} load
 * @param {number} round
 * @returns {Promise<MemoryRound>}
 */
async function measureRound(plans, { keys, fill }, round) {
  /** @type {{ synap?: MemoryFigures, redis?: MemoryFigures }} */
  const figures = {};
  for (const plan of inOrderOfRound(plans, round)) {
    figures[plan.name] = await withServers([plan], async ([server]) => {
      await sleep(SETTLE_MS);
      const residentBytesBefore = residentBytes(server.pid);
      await fill(server);
      await sleep(SETTLE_MS);
      const residentBytesAfter = residentBytes(server.pid);
      const held = await server.client.call('DBSIZE');
      if (held !== keys) throw new Error(`${plan.name} holds ${held} keys, not ${keys}`);
      const grownBytesPerKey = (residentBytesAfter - residentBytesBefore) / keys;
      return { grownBytesPerKey, residentBytesBefore, residentBytesAfter };
    });
  }
  if (figures.synap === undefined) throw new Error('Synap is not among the servers');
  return { synap: figures.synap, redis: figures.redis ?? null };
}
