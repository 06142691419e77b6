// @ts-check
// The sections of what persistence costs (the log, recovery, snapshots) and their targets.

import { fsyncModes } from '../scenarios/log.mjs';
import { CLIENTS, loads, PACED_REQUESTS_PER_SECOND } from '../scenarios/snapshot.mjs';
import { spread } from '../support/statistics.mjs';
import {
  ABSENT,
  compareCells,
  compareRounds,
  countOf,
  LOSS,
  measuredOn,
  millions,
  thousands,
  verdict,
} from './cells.mjs';
import { latencyTable, throughputTable } from './command-tables.mjs';
import {
  besideLimit,
  commandRatio,
  logTargets,
  meets,
  recoveryLimit,
  snapshotLimits,
} from './targets.mjs';

/**
 * @typedef {import('./results.mjs').Results['scenarios']} Scenarios
 * @typedef {import('./sections.mjs').Section} Section
 * @typedef {import('./sections.mjs').Table} Table
 * @typedef {import('../support/statistics.mjs').Spread} Spread
 * @typedef {import('../scenarios/snapshot.mjs').SnapshotRow} SnapshotRow
 * @typedef {import('../scenarios/snapshot.mjs').SnapshotFigures} SnapshotFigures
 */

const RATIO_NOTE = `ratios are Synap ÷ Redis, with their range over the rounds; ${LOSS}: Redis is ahead.`;

const loadNames = {
  full: 'full load',
  paced: `${PACED_REQUESTS_PER_SECOND.toLocaleString('en-US')} requests/s`,
};

const sourceNames = {
  nothing: 'an empty directory',
  snapshot: 'a snapshot',
  log: 'a log',
  'rewritten log': 'a rewritten log',
};

const milliseconds = (/** @type {number} */ value) => value.toFixed(2);
const seconds = milliseconds;
const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(0)} %`;

/**
 * @param {NonNullable<Scenarios['log']>} results
 * @returns {Section}
 */
export function logSection({ rows, beside, clients, secondsPerRun, fileSystem, facts }) {
  const tables = fsyncModes.flatMap((mode) => {
    const ofMode = rows.filter(({ appendfsync }) => appendfsync === mode);
    return ofMode.length === 0
      ? []
      : [
          throughputTable(ofMode, `appendfsync ${mode}: requests/s and server CPU per command`),
          latencyTable(ofMode, `appendfsync ${mode}: latency in milliseconds`),
        ];
  });
  if (beside.length > 0) tables.push(besideTable(beside));
  const rounds = rows[0]?.rounds ?? beside;
  return {
    name: 'log',
    title: 'The log',
    tables,
    notes: [
      `${clients} connections, median of ${countOf(rounds)} of about ${secondsPerRun} s each, on ` +
        `${fileSystem}; ${RATIO_NOTE} Latencies are of a whole pipeline.`,
      measuredOn(facts),
    ],
  };
}

/**
 * @param {import('../scenarios/log.mjs').BesideRound[]} rounds
 * @returns {Table}
 */
function besideTable(rounds) {
  const latencies = /** @type {const} */ ({ p50: 'p50Ms', p99: 'p99Ms', 'p99.9': 'p999Ms' });
  return {
    title: 'appendfsync always: GETs of 10 clients while 50 others write other keys',
    head: ['figure', 'Synap', 'Redis', 'ratio'],
    rows: [
      ...Object.entries(latencies).map(([label, figure]) => [
        `GET ${label}, ms`,
        ...compareCells(rounds, (one) => one[figure], milliseconds, false),
      ]),
      ['SET/s', ...compareCells(rounds, (one) => one.writesPerSecond, thousands, true)],
    ],
  };
}

/**
 * @param {NonNullable<Scenarios['recovery']>} results
 * @returns {Section}
 */
export function recoverySection({ rows, facts }) {
  return {
    name: 'recovery',
    title: 'Recovery',
    tables: [
      {
        title: 'Seconds from the start of the process until it answers PING, and its CPU time',
        head: [
          ...['load', 'Synap s', 'Redis s', 'ratio', 'Synap CPU', 'Redis CPU', 'ratio'],
          ...['Synap MB', 'Redis MB', 'Synap tells', 'Redis tells'],
        ],
        rows: rows.map(({ source, keys, rounds }) => [
          recoveryLabel(source, keys),
          ...compareCells(rounds, (one) => one.seconds, seconds, false),
          ...compareCells(rounds, (one) => one.cpuSeconds, seconds, false),
          ...compareCells(rounds, (one) => one.fileBytes, megabytes, false).slice(0, 2),
          ...compareCells(rounds, (one) => one.toldSeconds, seconds, false).slice(0, 2),
        ]),
      },
    ],
    notes: [
      `Median of ${countOf(rows[0].rounds)}; each server loads what it wrote itself; ${RATIO_NOTE} ` +
        'What a server tells is its own figure for the loading alone.',
      measuredOn(facts),
    ],
  };
}

/**
 * @param {keyof typeof sourceNames} source
 * @param {number} keys
 * @returns {string} "1 M keys from a log"
 */
function recoveryLabel(source, keys) {
  return keys === 0 ? sourceNames[source] : `${millions(keys)} keys from ${sourceNames[source]}`;
}

/**
 * @param {NonNullable<Scenarios['snapshot']>} results
 * @returns {Section}
 */
export function snapshotSection({ rows, rewrites, facts }) {
  const tables = rows.flatMap((row) => [snapshotTable(row), clientsTable(row)]);
  if (rewrites.length > 0) tables.push(rewritesTable(rewrites));
  return {
    name: 'snapshot',
    title: 'Snapshots',
    tables,
    notes: [
      `Median of ${countOf(rows[0].rounds)}; ${CLIENTS} clients that GET and SET in turn, at full ` +
        `load and at ${loadNames.paced} together; ${RATIO_NOTE} Memory: the most during the ` +
        'snapshot against the most before, of the server and of what it forks, shared pages once.',
      measuredOn(facts),
    ],
  };
}

/**
 * @param {SnapshotRow} row
 * @returns {Table}
 */
function snapshotTable({ keys, rounds }) {
  return {
    title: `A snapshot of ${millions(keys)} keys`,
    head: [
      ...['load', 'Synap s', 'Redis s', 'ratio', 'Synap MB/s', 'Redis MB/s', 'ratio'],
      ...['Synap memory', 'Redis memory'],
    ],
    rows: loads.map((load) => {
      const ofLoad = roundsOf(rounds, load);
      const [synapGrowth, redisGrowth] = compareCells(ofLoad, memoryGrowth, percent, false);
      return [
        loadNames[load],
        ...compareCells(ofLoad, (one) => one.seconds, seconds, false),
        ...compareCells(ofLoad, (one) => one.fileBytes / one.seconds, megabytes, true),
        ...[synapGrowth, redisGrowth].map((cell) => (cell === ABSENT ? cell : `+${cell}`)),
      ];
    }),
  };
}

/**
 * @param {SnapshotRow} row
 * @returns {Table}
 */
function clientsTable({ keys, rounds }) {
  /** @typedef {import('../scenarios/snapshot.mjs').ClientFigures} ClientFigures */
  /** @type {(load: (typeof loads)[number], label: string, figure: keyof ClientFigures) => string[]} */
  const line = (load, label, figure) => {
    const isRate = figure === 'requestsPerSecond';
    const format = isRate ? thousands : milliseconds;
    const ofLoad = roundsOf(rounds, load);
    const [synapBefore, redisBefore] = compareCells(ofLoad, (o) => o.before[figure], format, true);
    const during = compareCells(ofLoad, (one) => one.during[figure], format, isRate);
    const [synapDuring, redisDuring, ratio] = during;
    return [
      `${label}, ${loadNames[load]}`,
      ...[synapBefore, synapDuring, redisBefore, redisDuring, ratio],
    ];
  };
  return {
    title: `Clients before and during a snapshot of ${millions(keys)} keys`,
    head: ['figure', 'Synap before', 'during', 'Redis before', 'during', 'ratio during'],
    rows: [
      line('full', 'requests/s', 'requestsPerSecond'),
      ...loads.flatMap((load) => [
        line(load, 'GET p99.9, ms', 'getP999Ms'),
        line(load, 'SET p99.9, ms', 'setP999Ms'),
        line(load, 'longest ping, ms', 'pingMaxMs'),
        line(load, 'event loop, ms', 'loopMaxMs'),
        line(load, 'its CPU, ms', 'busyMaxMs'),
      ]),
    ],
  };
}

/**
 * @param {import('../scenarios/snapshot-rewrites.mjs').RewriteRow[]} rewrites
 * @returns {Table}
 */
function rewritesTable(rewrites) {
  return {
    title: 'Rewriting the log without other load',
    head: ['what', 'Synap s', 'Redis s', 'ratio', 'Synap MB', 'Redis MB', 'ratio'],
    rows: rewrites.map(({ keys, isCompressed, rounds }) => [
      `${millions(keys)} keys${isCompressed ? ', Synap compressed' : ''}`,
      ...compareCells(rounds, (one) => one.seconds, seconds, false),
      ...compareCells(rounds, (one) => one.baseBytes, megabytes, false),
    ]),
  };
}

/**
 * @param {SnapshotRow['rounds']} rounds
 * @param {(typeof loads)[number]} load
 * @returns {{ synap: SnapshotFigures, redis: SnapshotFigures | null }[]}
 */
function roundsOf(rounds, load) {
  return rounds.map(({ synap, redis }) => ({ synap: synap[load], redis: redis?.[load] ?? null }));
}

/**
 * @param {SnapshotFigures} figures
 * @returns {number} as a share of what there was before
 */
function memoryGrowth({ memoryBeforeBytes, memoryPeakBytes }) {
  return memoryPeakBytes / memoryBeforeBytes - 1;
}

/**
 * @param {Scenarios} scenarios
 * @returns {string[][]} figure, target, verdict
 */
export function persistenceTargets({ log, recovery, snapshot }) {
  return [
    ...(log === undefined ? [] : logTargetRows(log)),
    ...(recovery?.rows ?? [])
      .filter(({ source }) => source !== 'nothing')
      .map(({ source, keys, rounds }) => {
        const { ratio } = compareRounds(rounds, (one) => one.seconds);
        return ratioRow(`recovery, ${recoveryLabel(source, keys)}`, ratio, recoveryLimit, false);
      }),
    ...(snapshot?.rows ?? []).flatMap(snapshotTargetRows),
  ];
}

/**
 * @param {NonNullable<Scenarios['log']>} results
 * @returns {string[][]}
 */
function logTargetRows({ rows, beside }) {
  const lines = logTargets.flatMap(({ command, appendfsync, pipeline, limit }) =>
    rows
      .filter((row) => row.command === command && row.appendfsync === appendfsync)
      .filter((row) => row.pipeline === pipeline)
      .map((row) => {
        const label = `requests/s, ${command} P=${pipeline}, appendfsync ${appendfsync}`;
        return ratioRow(label, commandRatio(row, 'requestsPerSecond'), limit, true);
      }),
  );
  if (beside.length > 0) {
    const { ratio } = compareRounds(beside, (one) => one.p99Ms);
    lines.push(
      ratioRow('p99 of GET beside writers, appendfsync always', ratio, besideLimit, false),
    );
  }
  return lines;
}

/**
 * @param {SnapshotRow} row
 * @returns {string[][]}
 */
function snapshotTargetRows({ keys, rounds }) {
  const { p999Ratio, stallMs, memoryGrowth: growthLimit } = snapshotLimits;
  const during = `during a snapshot of ${millions(keys)} keys`;
  const stalls = rounds.flatMap(({ synap }) => loads.map((load) => synap[load].during.loopMaxMs));
  const stall = spread(stalls)?.max;
  const growth = spread(rounds.map(({ synap }) => memoryGrowth(synap.full)))?.median ?? 0;
  return [
    ...loads.flatMap((load) =>
      /** @type {const} */ (['getP999Ms', 'setP999Ms']).map((figure) => {
        const { ratio } = compareRounds(roundsOf(rounds, load), (one) => one.during[figure]);
        const command = figure === 'getP999Ms' ? 'GET' : 'SET';
        return ratioRow(
          `p99.9 of ${command} ${during}, ${loadNames[load]}`,
          ratio,
          p999Ratio,
          false,
        );
      }),
    ),
    [
      `longest stall ${during}`,
      `≤ ${stallMs} ms`,
      stall === undefined
        ? ABSENT
        : verdict(`${stall.toFixed(1)} ms`, meets(stall, stallMs, false)),
    ],
    [
      `extra memory ${during}, ${loadNames.full}`,
      `≤ ${percent(growthLimit)}`,
      verdict(percent(growth), meets(growth, growthLimit, false)),
    ],
  ];
}

/**
 * @param {string} label
 * @param {Spread | null} ratio
 * @param {number} limit
 * @param {boolean} isMoreBetter
 * @returns {string[]}
 */
function ratioRow(label, ratio, limit, isMoreBetter) {
  const measured =
    ratio === null
      ? ABSENT
      : verdict(ratio.median.toFixed(2), meets(ratio.median, limit, isMoreBetter));
  return [label, `${isMoreBetter ? '≥' : '≤'} ${limit}`, measured];
}
