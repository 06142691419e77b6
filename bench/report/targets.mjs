// @ts-check
// What the project promises of itself, as numbers, and whether the results keep the promise.
// Ratios are Synap ÷ Redis, medians over rounds; a stall is the longest of all rounds.

import { ratioSpread } from '../support/statistics.mjs';

/**
 * @typedef {object} StringsTarget
 * @property {'requestsPerSecond' | 'cpuMicrosPerCommand' | 'p99Ms'} figure
 * @property {string} label
 * @property {boolean} isMoreBetter
 * @property {Record<number, number>} limits by pipeline length
 */

/** @type {StringsTarget[]} */
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

/**
 * Messages delivered per second, Synap ÷ Redis, at least: by load.
 * @type {Record<string, number>}
 */
export const pubsubRatios = {
  '1 subscriber': 1,
  '100 subscribers': 1.2,
  '10 k patterns, 1 matches': 1,
};

/** Growth of resident memory per key, Synap ÷ Redis, at most. */
export const memoryLimit = 0.75;

/** The event loop's longest stall in any phase under load, at most, in milliseconds. */
export const stallLimitMs = 15;

/**
 * Targets hold for the base load only: small values, 100 k keys.
 * @param {import('../scenarios/strings.mjs').StringsRow} row
 * @returns {boolean}
 */
export function isBaseLoad(row) {
  return row.valueSizeBytes === 16 && row.keySpace === 100_000;
}

/**
 * @param {import('../scenarios/strings.mjs').StringsResult} row
 * @param {keyof import('../scenarios/strings.mjs').StringsFigures} figure
 * @returns {import('../support/statistics.mjs').Spread | null} null without Redis
 */
export function stringsRatio(row, figure) {
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
