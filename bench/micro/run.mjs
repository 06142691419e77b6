// @ts-check
// Micro benchmarks of the engine's parts: where a nanosecond of a command goes. Each suite is a
// file that lists its tasks; a task does many operations a call, so that the clock costs nothing.

import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';
import { renderText } from '../report/render.mjs';
import * as arena from './arena.mjs';
import * as bits from './bits.mjs';
import * as cold from './cold.mjs';
import * as decoder from './decoder.mjs';
import * as hash from './hash.mjs';
import * as keys from './keys.mjs';
import * as log from './log.mjs';
import * as reply from './reply.mjs';
import * as requests from './requests.mjs';
import * as table from './table.mjs';
import * as manyTables from './tables.mjs';

/**
 * @typedef {object} MicroTask
 * @property {string} name
 * @property {number} operations that one call of `run` does
 * @property {() => number} run returns something that depends on all its work, so that none of it
 *   is optimised away
 * @property {() => void} [prepare] before each call, not timed
 * @property {() => void} [cleanUp] after each call, not timed
 */

/** @typedef {import('../report/sections.mjs').Table[]} Tables */

/**
 * @typedef {object} Suite
 * @property {string} name as `--only` takes it
 * @property {string} title
 * @property {() => MicroTask[]} tasks
 * @property {() => Tables | Promise<Tables>} [tables] what else is measured
 */

/** @type {Suite[]} */
const suites = [decoder, table, manyTables, arena, hash, keys, reply, log, cold, requests, bits];
const names = suites.map((suite) => suite.name);

const helpText = `\
Usage: npm run bench:micro [-- OPTIONS]

Times parts of the engine by themselves, in this process.

  --only NAMES  of ${names.join(', ')}: only these, separated by commas
  --time MS     how long each task is measured (200)
`;

/** What the tasks return ends here. */
let sink = 0;

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench:micro: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

/** @param {string[]} args */
async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', default: names.join(',') },
      time: { type: 'string', default: '200' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(helpText);
    return;
  }
  const chosen = values.only.split(',');
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`no suite '${unknown}', only ${names.join(', ')}`);
  const timeMs = Number(values.time);
  if (!(timeMs > 0)) throw new Error(`--time is a number of milliseconds, not '${values.time}'`);
  for (const suite of suites) {
    if (chosen.includes(suite.name)) await runSuite(suite, timeMs);
  }
  if (Number.isNaN(sink)) throw new Error('a task returned no number');
}

/**
 * @param {Suite} suite
 * @param {number} timeMs
 */
async function runSuite({ name, title, tasks, tables: measured }, timeMs) {
  const rows = [];
  for (const task of tasks()) rows.push(await measure(task, timeMs));
  const head = ['operation', 'ns/op', '±', 'M op/s', 'samples'];
  const times = { title: 'medians, with their median absolute deviation', head, rows };
  const tables = [...(rows.length > 0 ? [times] : []), ...((await measured?.()) ?? [])];
  process.stdout.write(renderText({ name, title, tables, notes: [] }));
}

/**
 * @param {MicroTask} task
 * @param {number} timeMs
 * @returns {Promise<string[]>} a row of the table
 */
async function measure({ name, operations, run, prepare, cleanUp }, timeMs) {
  const bench = new Bench({
    time: timeMs,
    iterations: 5,
    warmupTime: timeMs / 4,
    warmupIterations: 2,
    throws: true,
  });
  const timed = () => {
    sink += run();
  };
  bench.add(name, timed, {
    async: false,
    ...(prepare === undefined ? {} : { beforeEach: prepare }),
    ...(cleanUp === undefined ? {} : { afterEach: cleanUp }),
  });
  const [{ result }] = await bench.run();
  if (result.state !== 'completed') throw new Error(`${name}: ${result.state}`);
  const { p50, mad, samplesCount } = result.latency;
  const nanoseconds = (p50 * 1e6) / operations;
  return [
    name,
    nanoseconds.toFixed(1),
    ((mad * 1e6) / operations).toFixed(1),
    (1_000 / nanoseconds).toFixed(2),
    String(samplesCount),
  ];
}
