// @ts-check
// Resident memory per key: a fresh server is filled with 16-byte keys and 16-byte values, and what
// its resident memory grew by is divided by the number of keys. Growth, not size, so that neither
// the runtime's own footprint nor the program's text counts.

import { setTimeout as sleep } from 'node:timers/promises';
import { loadKeys } from '../support/loader.mjs';
import { residentBytes } from '../support/process-stats.mjs';
import { inOrderOfRound, withServers } from '../support/servers.mjs';

export const name = 'memory';
export const summary = 'resident memory per key of 16 + 16 bytes, 1 M keys (10 M too with --full)';

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
 * @typedef {{ keys: number, rounds: MemoryRound[] }} MemoryResult
 */

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<{ rows: MemoryResult[] }>}
 */
export async function run({ plans, options, progress }) {
  const loads = [
    { keys: 1_000_000, rounds: options.rounds ?? (options.quick ? 1 : 3) },
    ...(options.full ? [{ keys: 10_000_000, rounds: options.rounds ?? 1 }] : []),
  ];
  /** @type {MemoryResult[]} */
  const rows = [];
  for (const { keys, rounds } of loads) {
    /** @type {MemoryRound[]} */
    const measured = [];
    for (let round = 0; round < rounds; round++) {
      const figures = await measureRound(plans, keys, round);
      measured.push(figures);
      const perKey = [figures.synap, figures.redis].map((one) => one?.grownBytesPerKey.toFixed(1));
      progress(
        `${keys / 1e6} M keys: round ${round + 1} of ${rounds}: ` +
          `Synap ${perKey[0]} bytes a key${figures.redis === null ? '' : `, Redis ${perKey[1]}`}`,
      );
    }
    rows.push({ keys, rounds: measured });
  }
  return { rows };
}

/**
 * @param {readonly import('../support/servers.mjs').ServerPlan[]} plans
 * @param {number} keys
 * @param {number} round
 * @returns {Promise<MemoryRound>}
 */
async function measureRound(plans, keys, round) {
  /** @type {{ synap?: MemoryFigures, redis?: MemoryFigures }} */
  const figures = {};
  for (const plan of inOrderOfRound(plans, round)) {
    figures[plan.name] = await withServers([plan], async ([server]) => {
      await sleep(SETTLE_MS);
      const residentBytesBefore = residentBytes(server.pid);
      await loadKeys({ port: server.port, count: keys });
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
