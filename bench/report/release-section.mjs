// @ts-check
// What is left of memory ten seconds after its use: the table and its target.

import { ratioSpread, spread } from '../support/statistics.mjs';
import { ABSENT, countOf, measuredOn, spreadCell, verdict } from './cells.mjs';
import { meets, releaseLimit } from './targets.mjs';

const MEBIBYTE = 2 ** 20;

/** @typedef {import('../scenarios/release.mjs').ReleaseFigures} ReleaseFigures */
/** @typedef {import('../scenarios/release.mjs').ReleaseResult} ReleaseResult */

/**
 * @param {NonNullable<import('./results.mjs').Results['scenarios']['release']>} release
 * @returns {import('./sections.mjs').Section}
 */
export function releaseSection({ facts, rows }) {
  return {
    name: 'release',
    title: 'Memory given back',
    tables: [
      {
        title: 'Resident memory of Synap in MiB, and of both as a multiple of what it was before',
        head: ['1 M keys', 'before', 'loaded', '10 s after', 'Synap', 'Redis'],
        rows: rows.map(({ label, rounds }) => {
          const synap = rounds.map((round) => round.synap);
          const redis = rounds.map((round) => round.redis);
          return [
            label,
            ...['beforeBytes', 'loadedBytes', 'afterBytes'].map((figure) =>
              mebibytes(synap, /** @type {keyof ReleaseFigures} */ (figure)),
            ),
            multiple(keptRatio(synap)),
            multiple(keptRatio(redis)),
          ];
        }),
      },
    ],
    notes: [`Lists of 500: 10 k of them. Median of ${countOf(rows[0].rounds)}.`, measuredOn(facts)],
  };
}

/**
 * @param {readonly ReleaseResult[]} rows
 * @returns {string[][]} rows of the table of targets
 */
export function releaseTargets(rows) {
  return rows.map(({ label, rounds }) => {
    const kept = keptRatio(rounds.map(({ synap }) => synap))?.median ?? Number.NaN;
    return [
      `memory 10 s after, ${label}`,
      `≤ ${releaseLimit}`,
      verdict(kept.toFixed(2), meets(kept, releaseLimit, false)),
    ];
  });
}

/**
 * @param {readonly (ReleaseFigures | null)[]} rounds
 * @returns {import('../support/statistics.mjs').Spread | null} memory after ÷ memory before
 */
function keptRatio(rounds) {
  return ratioSpread(
    rounds.map((round) => round?.afterBytes ?? Number.NaN),
    rounds.map((round) => round?.beforeBytes),
  );
}

/**
 * @param {import('../support/statistics.mjs').Spread | null} kept
 * @returns {string} median and range; no mark, as it is no comparison of servers
 */
function multiple(kept) {
  if (kept === null) return ABSENT;
  const { median, min, max } = kept;
  const range = min === max ? '' : ` (${min.toFixed(2)}–${max.toFixed(2)})`;
  return median.toFixed(2) + range;
}

/**
 * @param {readonly ReleaseFigures[]} rounds
 * @param {keyof ReleaseFigures} figure
 * @returns {string}
 */
function mebibytes(rounds, figure) {
  return spreadCell(spread(rounds.map((round) => round[figure] / MEBIBYTE)));
}
