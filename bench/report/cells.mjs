// @ts-check
// How figures look in a cell, in all sections alike. LOSS marks where Redis is the better one.

import { ratioSpread, spread } from '../support/statistics.mjs';

export const LOSS = '▼';
export const ABSENT = '—';

/**
 * @typedef {import('../support/statistics.mjs').Spread} Spread
 */

/**
 * @param {string} measured
 * @param {boolean} isHit
 * @returns {string}
 */
export function verdict(measured, isHit) {
  return `${measured} ${isHit ? 'hit' : 'MISS'}`;
}

/**
 * @param {Spread | null} ratio
 * @param {boolean} isMoreBetter
 * @returns {string} median, range and, where it is one, the mark of a loss
 */
export function ratioCell(ratio, isMoreBetter) {
  if (ratio === null) return ABSENT;
  const { median, min, max } = ratio;
  const shown = median.toFixed(2);
  const isLoss = isMoreBetter ? +shown < 1 : +shown > 1;
  const range = min === max ? '' : ` (${min.toFixed(2)}–${max.toFixed(2)})`;
  return `${shown}${range}${isLoss ? ` ${LOSS}` : ''}`;
}

/**
 * @param {Spread | null} value
 * @returns {string}
 */
export function spreadCell(value) {
  if (value === null) return ABSENT;
  const { median, min, max } = value;
  const range = min === max ? '' : ` (${min.toFixed(1)}–${max.toFixed(1)})`;
  return median.toFixed(1) + range;
}

/**
 * @param {import('./results.mjs').Facts} facts
 * @returns {string}
 */
export function measuredOn({ date, cpu, cores, node, synap, redis, system }) {
  return (
    `Measured ${date.slice(0, 10)}: Synap ${synap} on Node ${node}, ` +
    `${redis === null ? 'no Redis' : `Redis ${redis}`}, ${cpu}, ${cores} cores, ${system}.`
  );
}

/**
 * @param {readonly unknown[]} rounds
 * @returns {string} "1 round", "5 rounds"
 */
export function countOf(rounds) {
  return `${rounds.length} ${rounds.length === 1 ? 'round' : 'rounds'}`;
}

/**
 * @param {number} value
 * @returns {string} "1,234 k"
 */
export function thousands(value) {
  return `${Math.round(value / 1000).toLocaleString('en-US')} k`;
}

/**
 * @param {number} count
 * @returns {string}
 */
export function millions(count) {
  return count >= 1e6 ? `${count / 1e6} M` : `${count / 1e3} k`;
}

/**
 * Two servers beside each other.
 * @template Figures
 * @param {readonly { synap: Figures, redis: Figures | null }[]} rounds
 * @param {(figures: Figures) => number | null} pick
 * @param {(value: number) => string} format
 * @param {boolean} isMoreBetter
 * @returns {string[]} three cells: both medians and the ratio
 */
export function compareCells(rounds, pick, format, isMoreBetter) {
  const { synap, redis, ratio } = compareRounds(rounds, pick);
  return [
    synap === null ? ABSENT : format(synap.median),
    redis === null ? ABSENT : format(redis.median),
    ratioCell(ratio, isMoreBetter),
  ];
}

/**
 * @template Figures
 * @param {readonly { synap: Figures, redis: Figures | null }[]} rounds
 * @param {(figures: Figures) => number | null} pick
 * @returns {{ synap: Spread | null, redis: Spread | null, ratio: Spread | null }}
 */
export function compareRounds(rounds, pick) {
  const synap = rounds.map((round) => pick(round.synap));
  const redis = rounds.map((round) => (round.redis === null ? null : pick(round.redis)));
  return { synap: spread(synap), redis: spread(redis), ratio: ratioSpread(synap, redis) };
}
