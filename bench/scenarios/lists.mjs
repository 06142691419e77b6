// @ts-check
// Lists under redis-benchmark, which works on one list, `mylist`. Before every run the list is made
// anew, outside of the measured time: empty for pushes, so that it grows to the same length in both
// servers; longer than what will be taken for pops, so that each of them takes an element.

import { matchesFilter, measureCommands } from '../support/command-rounds.mjs';
import { fillList } from '../support/loader.mjs';

export const name = 'lists';
export const summary = 'pushes, pops and LRANGE: requests/s, latency, CPU per command';

/** The list that redis-benchmark's own tests use. */
const LIST = 'mylist';

const ELEMENT_BYTES = 16;

/** More than any LRANGE asks for, and what redis-benchmark's default -n would prepare. */
const RANGED_LENGTH = 100_000;

/** redis-benchmark sends whole pipelines and so may send more requests than it was asked for. */
const SPARE_PIPELINES = 50;

/**
 * @typedef {object} ListsLoad
 * @property {'push' | 'pop' | 'range'} kind
 * @property {import('../support/redis-benchmark.mjs').Workload} workload
 * @typedef {import('../support/command-rounds.mjs').CommandRow & ListsLoad} ListsRow
 */

/**
 * `-t lrange_100` pushes a list of its own first, within the time in which the server's CPU is
 * measured. The request itself, given as arguments, is the same without that.
 * @param {number} count
 * @returns {{ command: string } & ListsLoad}
 */
function range(count) {
  const request = ['LRANGE', LIST, '0', String(count - 1)];
  return { command: `LRANGE_${count}`, kind: 'range', workload: { request } };
}

/** @type {({ command: string } & ListsLoad)[]} */
const commands = [
  { command: 'LPUSH', kind: 'push', workload: { test: 'lpush' } },
  { command: 'RPUSH', kind: 'push', workload: { test: 'rpush' } },
  { command: 'LPOP', kind: 'pop', workload: { test: 'lpop' } },
  { command: 'RPOP', kind: 'pop', workload: { test: 'rpop' } },
  ...[100, 300, 500, 600].map(range),
];

/** The commands of a quick run, which has them at P=16 alone. */
const quickCommands = ['LPUSH', 'LPOP', 'LRANGE_100'];

/**
 * @param {boolean} quick
 * @returns {ListsRow[]}
 */
export function listsRows(quick) {
  return commands
    .filter(({ command }) => !quick || quickCommands.includes(command))
    .flatMap((command) => {
      const pipelines = quick ? [16] : command.kind === 'range' ? [1, 16] : [1, 16, 64];
      return pipelines.map((pipeline) => ({
        ...command,
        pipeline,
        valueSizeBytes: ELEMENT_BYTES,
      }));
    });
}

/**
 * @param {ListsRow} row
 * @returns {string} such as "LPUSH P=16"
 */
export function rowLabel({ command, pipeline }) {
  return `${command} P=${pipeline}`;
}

/**
 * @param {boolean} quick
 * @returns {string[]} what `--row` selects from
 */
export function rowLabels(quick) {
  return listsRows(quick).map(rowLabel);
}

/**
 * @param {Pick<ListsRow, 'kind' | 'pipeline'>} row
 * @param {number} requests of the run to come
 * @returns {number} elements that the list has at its beginning
 */
export function lengthBefore({ kind, pipeline }, requests) {
  if (kind === 'push') return 0;
  return kind === 'pop' ? requests + SPARE_PIPELINES * pipeline : RANGED_LENGTH;
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<import('../support/command-rounds.mjs').CommandResults>}
 */
export function run(context) {
  const { quick, row: filter } = context.options;
  const rows = listsRows(quick).filter((row) => matchesFilter(rowLabel(row), filter));
  return measureCommands(context, {
    groups: [rows],
    label: rowLabel,
    workload: ({ workload }) => workload,
    async beforeRun({ client }, row, requests) {
      await client.call('DEL', LIST);
      await fillList(client, LIST, lengthBefore(row, requests));
    },
    async afterRun({ name, client }, row) {
      if ((await client.call('LLEN', LIST)) === 0) {
        throw new Error(`${name}: the list was empty after ${rowLabel(row)}`);
      }
    },
  });
}
