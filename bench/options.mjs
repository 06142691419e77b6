// @ts-check
// The benchmark's command line: what it accepts, what it means, what it refuses.

import { parseArgs } from 'node:util';
import * as collectionStalls from './scenarios/collection-stalls.mjs';
import * as collections from './scenarios/collections.mjs';
import * as eventLoop from './scenarios/event-loop.mjs';
import * as eventPeers from './scenarios/event-peers.mjs';
import * as largeValues from './scenarios/large-values.mjs';
import * as lists from './scenarios/lists.mjs';
import * as log from './scenarios/log.mjs';
import * as memory from './scenarios/memory.mjs';
import * as nodes from './scenarios/nodes.mjs';
import * as pubsub from './scenarios/pubsub.mjs';
import * as recovery from './scenarios/recovery.mjs';
import * as release from './scenarios/release.mjs';
import * as snapshot from './scenarios/snapshot.mjs';
import * as streamTiers from './scenarios/stream-tiers.mjs';
import * as streams from './scenarios/streams.mjs';
import * as strings from './scenarios/strings.mjs';
import { matchesFilter } from './support/command-rounds.mjs';

/** All scenarios, in the order in which they run. */
export const scenarios = [
  strings,
  lists,
  collections,
  streams,
  pubsub,
  memory,
  release,
  eventLoop,
  collectionStalls,
  largeValues,
  log,
  recovery,
  snapshot,
  streamTiers,
  eventPeers,
  nodes,
];

/**
 * Those whose rows `--row` selects.
 * @type {{ name: string, rowLabels: (quick: boolean) => string[] }[]}
 */
const scenariosWithRows = [strings, lists, collections, streams, memory, log, nodes];

/**
 * @typedef {object} BenchOptions
 * @property {boolean} help
 * @property {string[]} only names of the scenarios to run
 * @property {string} row words that select rows of strings, lists, collections, streams, memory, log and nodes; all when
 *   empty
 * @property {number | null} rounds null: each scenario's own number
 * @property {boolean} quick
 * @property {boolean} full
 * @property {string | null} json file for the results instead of the committed ones
 * @property {string | null} from file to report from instead of measuring
 * @property {boolean} writeDocs
 * @property {string[] | null} synapCommand program and arguments in Synap's place
 * @property {string[] | null} nodes major versions or paths for the scenario nodes; null: all tested
 */

export const helpText = `\
Usage: npm run bench [-- OPTIONS]

Compares Synap with redis-server on this machine: both with the same settings, alternating.

  --only NAMES           run these scenarios only, separated by commas (also --scenario):
${scenarios.map(({ name, summary }) => `                           ${name.padEnd(11)} ${summary}`).join('\n')}
  --row WORDS            of strings, lists, collections, streams, memory, log and nodes, only the
                         rows with all these words:
                         --row 'set p=16'
  --node LIST            the scenario nodes alone, with these: major versions of those that are
                         tested (scripts/nodes.mjs) or paths of binaries, separated by commas
  --rounds N             rounds of each measurement (memory, event-loop, nodes: 3, with 10 M keys:
                         1; others: 5, with 5 M keys: 3)
  --quick                five minutes: few rows, short runs, two rounds; nothing is kept
  --full                 10 M keys as well, in memory and event-loop (about 2 GB of memory), 5 M
                         keys in recovery and snapshot
  --json FILE            write the results there instead of bench/results/latest.json
  --from FILE            measure nothing, report what such a file holds
  --write-docs           write the results into docs/performance.md and its charts
  --synap-command 'CMD'  start this instead of dist/main.js, to compare another build, or Redis
                         with itself to see the noise: --synap-command redis-server.
                         The directives (--port ...) are appended; CMD must be the server
                         itself, not a script that starts it
  --help
`;

/**
 * @param {readonly string[]} args without the program's own name
 * @returns {BenchOptions}
 * @throws {Error} saying which option is wrong
 */
export function parseOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      scenario: { type: 'string', multiple: true, default: [] },
      row: { type: 'string', default: '' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      json: { type: 'string' },
      from: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      'synap-command': { type: 'string' },
      node: { type: 'string' },
    },
  });
  /** @type {string[]} */
  const known = scenarios.map(({ name }) => name);
  const asked = [...values.only, ...values.scenario].flatMap((names) => names.split(','));
  if (values.node !== undefined && asked.length === 0) asked.push(nodes.name);
  for (const name of asked) {
    if (!known.includes(name)) {
      throw new Error(`there is no scenario "${name}"; there are ${known.join(', ')}`);
    }
  }
  if (values.quick && values.full) throw new Error('--quick and --full exclude each other');
  const command = values['synap-command'];
  if (command !== undefined && asked.includes(nodes.name)) {
    throw new Error('--synap-command has one server, and the scenario nodes one for each Node');
  }
  const all = known.filter((name) => command === undefined || name !== nodes.name);
  const named = asked.length === 0 ? all : all.filter((name) => asked.includes(name));
  const options = {
    help: values.help,
    only: withSelectedRows(named, values.row, values.quick),
    row: values.row,
    rounds: values.rounds === undefined ? null : parseRounds(values.rounds),
    quick: values.quick,
    full: values.full,
    json: values.json ?? null,
    from: values.from ?? null,
    writeDocs: values['write-docs'],
    synapCommand: command === undefined ? null : splitCommand(command),
    nodes: values.node?.split(',') ?? null,
  };
  if (options.writeDocs && options.from === null && !isForKeeps(options)) {
    throw new Error(
      '--write-docs wants a complete run: no --quick, --row, --node, --json or --synap-command',
    );
  }
  return options;
}

/**
 * @param {readonly string[]} names of scenarios
 * @param {string} filter
 * @param {boolean} quick
 * @returns {string[]} without the scenarios of which the filter selects no row
 * @throws {Error} when it selects none at all
 */
function withSelectedRows(names, filter, quick) {
  const candidates = scenariosWithRows.filter(({ name }) => names.includes(name));
  const emptied = candidates
    .filter(({ rowLabels }) => !rowLabels(quick).some((label) => matchesFilter(label, filter)))
    .map(({ name }) => name);
  if (emptied.length > 0 && emptied.length === candidates.length) {
    throw new Error(`--row "${filter}" matches no row of ${emptied.join(' or ')}`);
  }
  return names.filter((name) => !emptied.includes(name));
}

/**
 * Whether a run's results replace the committed ones: only complete runs of Synap itself do.
 * @param {Pick<BenchOptions, 'quick' | 'row' | 'synapCommand' | 'nodes' | 'json'>} options
 * @returns {boolean}
 */
export function isForKeeps({ quick, row, synapCommand, nodes, json }) {
  return !quick && row === '' && synapCommand === null && nodes === null && json === null;
}

/**
 * @param {string} text
 * @returns {number}
 */
function parseRounds(text) {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000) {
    throw new Error('--rounds takes a whole number from 1 to 1000');
  }
  return rounds;
}

/**
 * Splits at blanks; quotes, single or double, keep blanks together.
 * @param {string} text
 * @returns {string[]} program and arguments
 * @throws {Error} when it is empty or a quote is not closed
 */
export function splitCommand(text) {
  const words = [];
  for (const [word] of text.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+|['"]/g)) {
    if (word === "'" || word === '"') throw new Error(`unbalanced quotes: ${text}`);
    words.push(word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  }
  if (words.length === 0) throw new Error('--synap-command is empty');
  return words;
}
