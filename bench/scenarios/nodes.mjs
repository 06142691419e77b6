// @ts-check
// SET and GET with the same Synap on several releases of Node, and with one Redis: all servers run beside
// each other, and each round measures each row on all of them, in turns.

import { majors, nodeBinary, versionOf } from '../../scripts/nodes.mjs';
import {
  CLIENTS,
  calibrate,
  lengthsOfRun,
  matchesFilter,
  measureRun,
} from '../support/command-rounds.mjs';
import { loadKeys } from '../support/loader.mjs';
import { inOrderOfRound, withServers } from '../support/servers.mjs';
import { rowLabel, stringsRows } from './strings.mjs';

export const name = 'nodes';
export const summary = 'SET and GET by release of Node: requests/s, CPU per command';

/**
 * @typedef {import('../support/command-rounds.mjs').CommandFigures} CommandFigures
 * @typedef {import('./strings.mjs').StringsRow} StringsRow
 */

/**
 * What was measured in one round: Synap on each Node, in the order of the versions, and Redis.
 * @typedef {{ synap: CommandFigures[], redis: CommandFigures | null }} NodesRound
 * @typedef {import('../support/command-rounds.mjs').CommandRow & {
 *   requests: number, rounds: NodesRound[] }} NodesRow
 * @typedef {{ clients: number, secondsPerRun: number, versions: string[], rows: NodesRow[] }} NodesResult
 */

/** Fewer than where two are compared, as there are more servers. */
const ROUNDS = 3;

/**
 * @param {boolean} quick
 * @returns {StringsRow[]}
 */
export function nodesRows(quick) {
  return stringsRows(true).filter(({ pipeline }) => !quick || pipeline === 16);
}

/**
 * @param {boolean} quick
 * @returns {string[]} what `--row` selects from
 */
export function rowLabels(quick) {
  return nodesRows(quick).map(rowLabel);
}

/**
 * The binaries to measure with; what is missing of those that are tested is installed.
 * @param {readonly string[] | null} wanted as `--node` has them
 * @returns {string[]} paths
 * @throws {Error} naming the first that cannot be had
 */
export function binariesOf(wanted) {
  return (wanted ?? majors()).map(nodeBinary);
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<NodesResult>}
 */
export async function run({ plans, options, progress }) {
  const [synap, ...others] = plans;
  const binaries = binariesOf(options.nodes);
  const versions = binaries.map(versionOf);
  const onNodes = binaries.map((binary) => ({
    ...synap,
    command: [binary, ...synap.command.slice(1)],
  }));
  const rounds = options.rounds ?? (options.quick ? 2 : ROUNDS);
  const { secondsPerRun, warmUpSeconds } = lengthsOfRun(options.quick);
  const plan = {
    label: rowLabel,
    workload: (/** @type {StringsRow} */ { test, keySpace }) => ({ test, keySpace }),
  };
  const measured = await withServers([...onNodes, ...others], async (servers) => {
    for (const { port } of servers) {
      await loadKeys({ port, count: 100_000, valueSizeBytes: 16 });
    }
    /** @type {NodesRow[]} */
    const rows = [];
    const wanted = nodesRows(options.quick);
    for (const row of wanted.filter((one) => matchesFilter(rowLabel(one), options.row))) {
      progress(`${rowLabel(row)}: warming up`);
      const requestsPerSecond = await calibrate(servers, plan, row, warmUpSeconds);
      const requests = Math.ceil(requestsPerSecond * secondsPerRun);
      /** @type {NodesRow} */
      const result = { ...row, requests, rounds: [] };
      for (let round = 0; round < rounds; round++) {
        /** @type {Map<import('../support/servers.mjs').RunningServer, CommandFigures>} */
        const figures = new Map();
        for (const server of inOrderOfRound(servers, round)) {
          figures.set(server, await measureRun(server, plan, row, requests));
        }
        const all = servers.map((server) => /** @type {CommandFigures} */ (figures.get(server)));
        const ofNodes = all.slice(0, versions.length);
        result.rounds.push({ synap: ofNodes, redis: all[versions.length] ?? null });
        progress(`${rowLabel(row)}: round ${round + 1} of ${rounds}: ${brief(versions, ofNodes)}`);
      }
      rows.push(result);
    }
    return rows;
  });
  return { clients: CLIENTS, secondsPerRun, versions, rows: measured };
}

/**
 * @param {readonly string[]} versions
 * @param {readonly CommandFigures[]} figures
 * @returns {string} one line for the terminal
 */
function brief(versions, figures) {
  const parts = figures.map(
    ({ cpuMicrosPerCommand }, i) => `${versions[i]} ${cpuMicrosPerCommand.toFixed(2)} µs`,
  );
  return parts.join(', ');
}
