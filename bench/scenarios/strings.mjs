// @ts-check
// Strings under redis-benchmark. The key space is filled before measuring, so GET finds what it
// asks for.

import { matchesFilter, measureCommands } from '../support/command-rounds.mjs';
import { loadKeys } from '../support/loader.mjs';

export const name = 'strings';
export const summary = 'SET, GET, INCR, MSET and PING: requests/s, latency, CPU per command';

/**
 * @typedef {object} StringsLoad
 * @property {string} test as `redis-benchmark -t` names it
 * @property {number} keySpace
 * @typedef {import('../support/command-rounds.mjs').CommandRow & StringsLoad} StringsRow
 */

const commands = [
  { command: 'PING', test: 'ping_mbulk' },
  { command: 'SET', test: 'set' },
  { command: 'GET', test: 'get' },
  { command: 'INCR', test: 'incr' },
  { command: 'MSET (10 keys)', test: 'mset' },
];

/**
 * @param {boolean} quick only SET and GET of small values
 * @returns {StringsRow[]} rows of one value size and key space stand together
 */
export function stringsRows(quick) {
  const setAndGet = commands.filter(({ command }) => command === 'SET' || command === 'GET');
  const rows = (quick ? setAndGet : commands).flatMap((command) =>
    [1, 16, 64].map((pipeline) => ({
      ...command,
      pipeline,
      valueSizeBytes: 16,
      keySpace: 100_000,
    })),
  );
  if (quick) return rows;
  const further = [
    { valueSizeBytes: 256, keySpace: 100_000 },
    { valueSizeBytes: 4096, keySpace: 100_000 },
    { valueSizeBytes: 16, keySpace: 1_000_000 },
  ].flatMap((load) => setAndGet.map((command) => ({ ...command, pipeline: 16, ...load })));
  return [...rows, ...further];
}

/**
 * @param {StringsRow} row
 * @returns {string} such as "SET P=16 256B 100k"
 */
export function rowLabel(row) {
  const keys = row.keySpace >= 1e6 ? `${row.keySpace / 1e6}M` : `${row.keySpace / 1e3}k`;
  return `${row.command} P=${row.pipeline} ${row.valueSizeBytes}B ${keys}`;
}

/**
 * @param {boolean} quick
 * @returns {string[]} what `--row` selects from
 */
export function rowLabels(quick) {
  return stringsRows(quick).map(rowLabel);
}

/**
 * @param {import('../run.mjs').BenchContext} context
 * @returns {Promise<import('../support/command-rounds.mjs').CommandResults>}
 */
export function run(context) {
  const { quick, row: filter } = context.options;
  const rows = stringsRows(quick).filter((row) => matchesFilter(rowLabel(row), filter));
  return measureCommands(context, {
    groups: groupByLoad(rows),
    label: rowLabel,
    workload: ({ test, keySpace }) => ({ test, keySpace }),
    async fillForGroup(server, { valueSizeBytes, keySpace }) {
      await server.client.call('FLUSHALL');
      await loadKeys({ port: server.port, count: keySpace, valueSizeBytes });
    },
  });
}

/**
 * @param {readonly StringsRow[]} rows
 * @returns {StringsRow[][]} neighbours that share what the server is filled with
 */
function groupByLoad(rows) {
  /** @type {StringsRow[][]} */
  const groups = [];
  for (const row of rows) {
    const first = groups.at(-1)?.[0];
    const isSameLoad =
      first?.valueSizeBytes === row.valueSizeBytes && first.keySpace === row.keySpace;
    if (isSameLoad) groups.at(-1)?.push(row);
    else groups.push([row]);
  }
  return groups;
}
