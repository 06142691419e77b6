// @ts-check
// What the project promises of itself, as numbers, and whether the results keep the promise.
// Ratios are Synap ÷ Redis, medians over rounds; a stall is the longest of all rounds.

import { ratioSpread } from '../support/statistics.mjs';

/**
 * @typedef {object} CommandTarget
 * @property {'requestsPerSecond' | 'cpuMicrosPerCommand' | 'p99Ms'} figure
 * @property {string} label
 * @property {boolean} isMoreBetter
 * @property {Record<number, number>} limits by pipeline length
 */

/** @type {CommandTarget[]} */
export const stringsTargets = [
  {
    figure: 'requestsPerSecond',
    label: 'requests/s',
    isMoreBetter: true,
    limits: { 1: 0.95, 16: 1.3, 64: 1.5 },
  },
  {
    figure: 'cpuMicrosPerCommand',
    label: 'CPU per command',
    isMoreBetter: false,
    limits: { 1: 1.1, 16: 0.75, 64: 0.7 },
  },
  {
    figure: 'p99Ms',
    label: 'p99 latency',
    isMoreBetter: false,
    limits: { 1: 1.1, 16: 1, 64: 1 },
  },
];

/** @type {CommandTarget[]} LRANGE is not measured at P=64 */
export const listsTargets = [
  {
    figure: 'requestsPerSecond',
    label: 'requests/s',
    isMoreBetter: true,
    limits: { 1: 0.95, 16: 1.2, 64: 1.5 },
  },
];

/** @type {CommandTarget[]} of small commands */
export const collectionTargets = [
  {
    figure: 'requestsPerSecond',
    label: 'requests/s',
    isMoreBetter: true,
    limits: { 1: 1, 16: 1.25, 64: 1.4 },
  },
  {
    figure: 'cpuMicrosPerCommand',
    label: 'CPU per command',
    isMoreBetter: false,
    limits: { 16: 0.8 },
  },
];

/** @type {CommandTarget[]} of commands that read or combine many elements */
export const wideCommandTargets = [
  { figure: 'requestsPerSecond', label: 'requests/s', isMoreBetter: true, limits: { 1: 1, 16: 1 } },
];

/** @type {Record<import('../scenarios/streams.mjs').StreamKind, CommandTarget[]>} of small entries */
export const streamTargets = {
  append: [
    {
      figure: 'requestsPerSecond',
      label: 'requests/s',
      isMoreBetter: true,
      limits: { 1: 1, 16: 1.4, 64: 1.4 },
    },
  ],
  read: [
    { figure: 'requestsPerSecond', label: 'requests/s', isMoreBetter: true, limits: { 16: 1.2 } },
  ],
  group: [
    { figure: 'requestsPerSecond', label: 'requests/s', isMoreBetter: true, limits: { 1: 1.1 } },
  ],
};

/** CPU time of a command where a stream has 10 M entries ÷ that where it has 10 thousand, at most. */
export const streamLengthLimit = 1.3;

/** While entries that lie in files are read. */
export const streamTierLimits = {
  /** Megabytes of values per second, at least, or the next. */
  megabytesPerSecond: 200,
  /** As a share of the speed where all entries are in memory, at least. */
  ofHot: 0.5,
  /** What a client that pings waits for, p99, at most. */
  pingP99Ms: 5,
  /** Memory of the stream, as a share of what it takes where all is in memory, at most. */
  memory: 0.01,
};

/**
 * Messages delivered per second, Synap ÷ Redis, at least: by load.
 * @type {Record<string, number>}
 */
export const pubsubRatios = {
  '1 subscriber': 1,
  '100 subscribers': 1.2,
  '10 k patterns, 1 matches': 1,
};

/** Growth of resident memory per key, Synap ÷ Redis, at most: where values are strings. */
export const memoryLimit = 0.75;

/** The same where values are lists. */
export const listMemoryLimit = 1;

/** The same where values are hashes, sets or sorted sets. */
export const collectionMemoryLimit = 0.7;

/**
 * The same by label, where it is another.
 * @type {Record<string, number>}
 */
export const memoryLimits = {
  'one stream of 1 M entries': 0.8,
  '100 k streams of 10 entries': 0.8,
  '1 M pending entries of a group': 0.5,
};

/** Resident memory ten seconds after a load is gone, ÷ that before it, at most. */
export const releaseLimit = 1.25;

/** The event loop's longest stall in any phase under load, at most, in milliseconds. */
export const stallLimitMs = 15;

/** What a client that pings waits for at most while a value of 512 MB is set or read, in milliseconds. */
export const largeValueLimitMs = 30;

/**
 * Requests per second with a log, Synap ÷ Redis, at least.
 * @typedef {import('../scenarios/log.mjs').LogLoad['appendfsync']} Fsync
 * @type {{ command: string, appendfsync: Fsync, pipeline: number, limit: number }[]}
 */
export const logTargets = [
  { command: 'SET', appendfsync: 'everysec', pipeline: 1, limit: 0.95 },
  { command: 'SET', appendfsync: 'everysec', pipeline: 16, limit: 1.2 },
  { command: 'SET', appendfsync: 'always', pipeline: 1, limit: 1 },
  { command: 'XADD', appendfsync: 'everysec', pipeline: 16, limit: 1.2 },
];

/** p99 of GETs beside writers under `appendfsync always`, Synap ÷ Redis, at most. */
export const besideLimit = 0.5;

/** Time from the start until PING is answered, Synap ÷ Redis, at most, from whatever it loads. */
export const recoveryLimit = 1;

/** While a snapshot is taken. */
export const snapshotLimits = {
  /** p99.9 of GET and of SET, Synap ÷ Redis, at most. */
  p999Ratio: 1,
  /** The event loop's longest stall, at most. */
  stallMs: 20,
  /** What memory grows by, as a share of what it was before, at most. */
  memoryGrowth: 0.15,
};

/**
 * Durable appends and replay per second, Synap ÷ a server made for events on disk, at least.
 * @type {{ server: import('../scenarios/event-peers.mjs').EventServerName, limit: number }[]}
 */
export const eventPeerRatios = [
  { server: 'nats', limit: 2 },
  { server: 'rabbitmq', limit: 3 },
];

/**
 * Targets hold for the base load only: small values, 100 k keys where there is more than one.
 * @param {import('../support/command-rounds.mjs').CommandRow} row
 * @returns {boolean}
 */
export function isBaseLoad(row) {
  return row.valueSizeBytes === 16 && (row.keySpace === undefined || row.keySpace === 100_000);
}

/**
 * @param {import('../support/command-rounds.mjs').CommandResult} row
 * @param {keyof import('../support/command-rounds.mjs').CommandFigures} figure
 * @returns {import('../support/statistics.mjs').Spread | null} null without Redis
 */
export function commandRatio(row, figure) {
  return ratioSpread(
    row.rounds.map(({ synap }) => synap[figure]),
    row.rounds.map(({ redis }) => redis?.[figure]),
  );
}

/**
 * @param {number} value
 * @param {number} limit
 * @param {boolean} isMoreBetter
 * @returns {boolean} whether the value keeps the limit
 */
export function meets(value, limit, isMoreBetter) {
  return isMoreBetter ? value >= limit : value <= limit;
}
