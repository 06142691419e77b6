// @ts-check
// The tables of commands under redis-benchmark: requests per second, CPU time and latencies.

import { ratioSpread, spread } from '../support/statistics.mjs';
import { ABSENT, countOf, LOSS, measuredOn, millions, ratioCell, thousands } from './cells.mjs';
import { commandRatio } from './targets.mjs';

/**
 * @typedef {import('../support/command-rounds.mjs').CommandResult} CommandResult
 * @typedef {import('../support/command-rounds.mjs').CommandFigures} CommandFigures
 * @typedef {import('./results.mjs').Results} Results
 * @typedef {import('./sections.mjs').Section} Section
 * @typedef {import('./sections.mjs').Table} Table
 */

/**
 * @param {string} name
 * @param {string} title
 * @param {NonNullable<Results['scenarios']['strings' | 'lists']>} results
 * @returns {Section}
 */
export function commandSection(name, title, { rows, clients, secondsPerRun, facts }) {
  return {
    name,
    title,
    tables: [throughputTable(rows), latencyTable(rows)],
    notes: [
      `${clients} connections, median of ${countOf(rows[0].rounds)} of about ${secondsPerRun} s ` +
        'each; ratios are Synap ÷ Redis, with their range over the rounds; ' +
        `${LOSS}: Redis is ahead. Latencies are of a whole pipeline.`,
      measuredOn(facts),
    ],
  };
}

/**
 * @param {CommandResult[]} rows
 * @param {string} [title]
 * @returns {Table}
 */
export function throughputTable(rows, title = 'Requests per second and server CPU per command') {
  return {
    title,
    head: ['load', 'Synap/s', 'Redis/s', 'ratio', 'Synap µs', 'Redis µs', 'ratio'],
    rows: rows.map((row) => [
      loadLabel(row),
      ...comparison(row, 'requestsPerSecond', (value) => thousands(value), true),
      ...comparison(row, 'cpuMicrosPerCommand', (value) => value.toFixed(2), false),
    ]),
  };
}

/**
 * @param {CommandResult[]} rows
 * @param {string} [title]
 * @returns {Table}
 */
export function latencyTable(rows, title = 'Latency in milliseconds, Synap | Redis | ratio') {
  const figures = /** @type {const} */ (['p50Ms', 'p99Ms', 'p999Ms']);
  return {
    title,
    head: ['load', ...['p50', 'p99', 'p99.9'].flatMap((name) => [name, 'Redis', 'ratio'])],
    rows: rows.map((row) => [
      loadLabel(row),
      ...figures.flatMap((figure) => comparison(row, figure, (value) => value.toFixed(2), false)),
    ]),
  };
}

/**
 * @param {NonNullable<Results['scenarios']['nodes']>} results
 * @returns {Section}
 */
export function nodesSection({ versions, rows, clients, secondsPerRun, facts }) {
  /** @type {(title: string, figure: keyof CommandFigures, format: (value: number) => string) => Table} */
  const table = (title, figure, format) => ({
    title,
    head: ['load', 'Redis', ...versions.flatMap((version) => [`Node ${version}`, 'ratio'])],
    rows: rows.map((row) => {
      const redis = row.rounds.map((round) => round.redis?.[figure]);
      const ofNodes = versions.flatMap((_, i) => {
        const synap = row.rounds.map((round) => round.synap[i][figure]);
        const isMoreBetter = figure === 'requestsPerSecond';
        const ratio = ratioCell(ratioSpread(synap, redis), isMoreBetter);
        return [medianCell(synap, format), ratio];
      });
      return [loadLabel(row), medianCell(redis, format), ...ofNodes];
    }),
  });
  return {
    name: 'nodes',
    title: 'Releases of Node',
    tables: [
      table('Requests per second', 'requestsPerSecond', thousands),
      table('Server CPU per command in µs', 'cpuMicrosPerCommand', (value) => value.toFixed(2)),
    ],
    notes: [
      `${clients} connections, median of ${countOf(rows[0].rounds)} of about ${secondsPerRun} s ` +
        'each, all servers beside each other and in turns; ratios are Synap ÷ Redis, with their ' +
        `range over the rounds; ${LOSS}: Redis is ahead.`,
      measuredOn({ ...facts, node: versions.join(', ') }),
    ],
  };
}

/**
 * @param {readonly (number | undefined)[]} values
 * @param {(value: number) => string} format
 * @returns {string}
 */
function medianCell(values, format) {
  const found = spread(values);
  return found === null ? ABSENT : format(found.median);
}

/**
 * @param {CommandResult} row
 * @param {keyof CommandFigures} figure
 * @param {(value: number) => string} format
 * @param {boolean} isMoreBetter
 * @returns {string[]} three cells
 */
function comparison(row, figure, format, isMoreBetter) {
  const synap = spread(row.rounds.map((round) => round.synap[figure]));
  const redis = spread(row.rounds.map((round) => round.redis?.[figure]));
  return [
    synap === null ? ABSENT : format(synap.median),
    redis === null ? ABSENT : format(redis.median),
    ratioCell(commandRatio(row, figure), isMoreBetter),
  ];
}

/**
 * @param {import('../support/command-rounds.mjs').CommandRow} row
 * @returns {string} the command and what differs from the base load
 */
function loadLabel({ command, pipeline, valueSizeBytes, keySpace }) {
  const size = valueSizeBytes === 16 ? '' : `, ${valueSizeBytes} bytes`;
  const keys = keySpace === undefined || keySpace === 100_000 ? '' : `, ${millions(keySpace)} keys`;
  return `${command} P=${pipeline}${size}${keys}`;
}
