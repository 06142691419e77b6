// @ts-check
// The base of a rewritten log, plain and compressed: its size and how fast it is made, without any
// load beside it. Part of the scenario `snapshot`; what the servers cannot do is left out.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bytesUnder } from '../support/disk.mjs';
import { loadKeys } from '../support/loader.mjs';
import { hasCommand, inOrderOfRound, withServers } from '../support/servers.mjs';
import { logDirectives } from './log.mjs';
import { rewriteLog } from './recovery.mjs';

const LOG_DIRECTORY = 'appendonlydir';
const COMPRESSION = 'snapshot-compression';

/**
 * One server in one round.
 * @typedef {{ seconds: number, baseBytes: number }} RewriteFigures
 */

/**
 * @typedef {{ synap: RewriteFigures, redis: RewriteFigures | null }} RewriteRound
 * @typedef {{ keys: number, isCompressed: boolean, rounds: RewriteRound[] }} RewriteRow
 * @typedef {import('../support/servers.mjs').ServerPlan} ServerPlan
 */

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<RewriteRow[]>} none where a server cannot rewrite its log; the compressed ones
 *   beside Redis's plain ones, and only where Synap has the directive
 */
export async function measureRewrites({ plans, options, progress }) {
  const { canRewrite, canCompress } = await capabilities(plans);
  if (!canRewrite) {
    progress('rewriting: left out, as not every server has BGREWRITEAOF');
    return [];
  }
  const keys = options.quick ? 200_000 : 1_000_000;
  const count = options.rounds ?? (options.quick ? 1 : 3);
  /** @type {RewriteRow[]} */
  const rows = [];
  for (const isCompressed of canCompress ? [false, true] : [false]) {
    /** @type {RewriteRound[]} */
    const rounds = [];
    for (let round = 0; round < count; round++) {
      /** @type {{ synap?: RewriteFigures, redis?: RewriteFigures }} */
      const figures = {};
      for (const plan of inOrderOfRound(plans, round)) {
        const one = await measureRewrite(plan, keys, isCompressed && plan.name === 'synap');
        figures[plan.name] = one;
        progress(
          `rewriting${isCompressed ? ', compressed' : ''}: round ${round + 1} of ${count}: ` +
            `${plan.name} ${one.seconds.toFixed(2)} s, ${(one.baseBytes / 1e6).toFixed(1)} MB`,
        );
      }
      if (figures.synap === undefined) throw new Error('Synap is not among the servers');
      rounds.push({ synap: figures.synap, redis: figures.redis ?? null });
    }
    rows.push({ keys, isCompressed, rounds });
  }
  return rows;
}

/**
 * @param {readonly ServerPlan[]} plans
 * @returns {Promise<{ canRewrite: boolean, canCompress: boolean }>} all of them; Synap
 */
function capabilities(plans) {
  return withServers(plans, async (servers) => {
    const answers = await Promise.all(servers.map((server) => hasCommand(server, 'bgrewriteaof')));
    const synap = servers.find((server) => server.name === 'synap');
    const known = await synap?.client.call('CONFIG', 'GET', COMPRESSION);
    return {
      canRewrite: !answers.includes(false),
      canCompress: Array.isArray(known) && known.length > 0,
    };
  });
}

/**
 * @param {ServerPlan} plan
 * @param {number} keys
 * @param {boolean} isCompressed
 * @returns {Promise<RewriteFigures>}
 */
function measureRewrite(plan, keys, isCompressed) {
  const compression = isCompressed ? [`--${COMPRESSION}`, 'yes'] : [];
  return withServers(
    [plan],
    async ([server]) => {
      await loadKeys({ port: server.port, count: keys });
      const startedAt = performance.now();
      await rewriteLog(server);
      const seconds = (performance.now() - startedAt) / 1000;
      const directory = join(server.directory, LOG_DIRECTORY);
      const bases = readdirSync(directory).filter((file) => file.includes('.base.'));
      const sizes = bases.map((file) => bytesUnder(join(directory, file)));
      return { seconds, baseBytes: Math.max(0, ...sizes) };
    },
    { directives: [...logDirectives('everysec'), ...compression] },
  );
}
