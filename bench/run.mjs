// @ts-check
// The benchmark's entry: measures what the command line asks for and reports it. The measuring is
// in scenarios/, the tools for it in support/, everything that is printed or written in report/.

import { helpText, isForKeeps, parseOptions, scenarios } from './options.mjs';
import { writeDocs } from './report/docs.mjs';
import { renderText } from './report/render.mjs';
import { machineFacts, readResults, resultsFile, saveResults } from './report/results.mjs';
import { reportSections } from './report/sections.mjs';
import { binariesOf } from './scenarios/nodes.mjs';
import { hasProcessStats } from './support/process-stats.mjs';
import { cleanUpOnExit, toolVersion } from './support/processes.mjs';
import { messageOf, redisPlan, synapPlan } from './support/servers.mjs';

/**
 * What a scenario gets.
 * @typedef {object} BenchContext
 * @property {import('./support/servers.mjs').ServerPlan[]} plans Synap, then Redis where installed
 * @property {import('./options.mjs').BenchOptions} options
 * @property {(line: string) => void} progress
 */

const INSTALL_HINT = `\
Debian and Ubuntu: apt install redis-server redis-tools; Fedora: dnf install redis;
Alpine: apk add redis; Arch: pacman -S redis.`;

/** Scenarios that redis-benchmark drives. */
const drivenByTool = [
  ...['strings', 'lists', 'collections', 'streams', 'collection-stalls', 'log', 'nodes'],
];

cleanUpOnExit();
try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`bench: ${messageOf(error)}\n`);
  process.exitCode = 1;
}

/** @param {import('./options.mjs').BenchOptions} options */
async function main(options) {
  if (options.help) {
    process.stdout.write(helpText);
    return;
  }
  const results =
    options.from === null ? await measureAll(options) : await readResults(options.from);
  for (const section of reportSections(results)) process.stdout.write(renderText(section));
  if (options.writeDocs) {
    for (const file of await writeDocs(results)) process.stdout.write(`wrote ${file}\n`);
  }
}

/**
 * @param {import('./options.mjs').BenchOptions} options
 * @returns {Promise<import('./report/results.mjs').Results>} with what earlier runs left, where
 *   this run's results are kept beside it
 */
async function measureAll(options) {
  const redisVersion = checkTools(options);
  const plans = [
    options.synapCommand === null ? synapPlan : { ...synapPlan, command: options.synapCommand },
    ...(redisVersion === null ? [] : [redisPlan]),
  ];
  const facts = machineFacts(redisVersion, options.synapCommand);
  const started = performance.now();
  /** @type {Record<string, unknown>} */
  const measured = {};
  for (const { name, run } of scenarios) {
    if (!options.only.includes(name)) continue;
    /** @type {(line: string) => void} */
    const progress = (line) => {
      const seconds = Math.round((performance.now() - started) / 1000);
      process.stderr.write(`[${String(seconds).padStart(4)} s] ${name}: ${line}\n`);
    };
    measured[name] = { facts, ...(await run({ plans, options, progress })) };
  }
  if (options.json !== null) return saveResults(options.json, measured, false);
  if (isForKeeps(options)) return saveResults(resultsFile, measured, true);
  return { format: 1, scenarios: measured };
}

/**
 * @param {import('./options.mjs').BenchOptions} options
 * @returns {string | null} redis-server's version, null when there is none to compare with
 * @throws {Error} when a tool is missing without which nothing can be measured
 */
function checkTools(options) {
  if (!hasProcessStats()) {
    throw new Error('CPU time and memory are read from /proc, so this runs on Linux only');
  }
  // What must be installed first is not found out after half an hour.
  if (options.only.includes('nodes')) binariesOf(options.nodes);
  const driven = options.only.filter((name) => drivenByTool.includes(name));
  if (driven.length > 0 && toolVersion('redis-benchmark') === null) {
    throw new Error(
      `redis-benchmark is not installed, which drives ${driven.join(', ')}.\n${INSTALL_HINT}\n` +
        'Without it: npm run bench -- --only pubsub,memory,release,event-loop,large-values,recovery,snapshot',
    );
  }
  const version = toolVersion('redis-server');
  if (version === null) {
    process.stderr.write(
      `redis-server is not installed: only Synap is measured, there are no ratios.\n${INSTALL_HINT}\n`,
    );
    return null;
  }
  return /\bv=(\S+)/.exec(version)?.[1] ?? version;
}
