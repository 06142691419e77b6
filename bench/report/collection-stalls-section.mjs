// @ts-check
// What others wait for beside a large collection: its table, and whether the limit is kept.

import { phases } from '../scenarios/collection-stalls.mjs';
import { spread } from '../support/statistics.mjs';
import { measuredOn, millions, spreadCell, verdict } from './cells.mjs';
import { meets, stallLimitMs } from './targets.mjs';

/**
 * @typedef {import('./results.mjs').Results} Results
 * @typedef {NonNullable<Results['scenarios']['collection-stalls']>} CollectionStalls
 */

const WHAT = {
  build: 'is built',
  scan: 'is iterated, while it changes',
  save: 'is saved, while it changes',
  delete: 'is deleted',
  expire: 'expires, all fields at once',
  trim: 'is trimmed to nothing',
};

/**
 * @param {CollectionStalls} results
 * @returns {import('./sections.mjs').Section}
 */
export function collectionStallsSection({ members, rows, facts }) {
  return {
    name: 'collection-stalls',
    title: 'Stalls beside large collections',
    tables: [
      {
        title: `Longest stall in milliseconds while a collection of ${millions(members)} members`,
        head: ['collection', 'while it', 'event loop', 'its CPU', 'Synap ping', 'Redis ping'],
        rows: rows.flatMap(({ label, rounds }) =>
          phases
            .filter((phase) => rounds[0].synap[phase] !== undefined)
            .map((phase) => [
              label,
              WHAT[phase],
              spreadCell(spread(rounds.map(({ synap }) => synap[phase]?.loopMaxMs))),
              spreadCell(spread(rounds.map(({ synap }) => synap[phase]?.busyMaxMs))),
              spreadCell(spread(rounds.map(({ synap }) => synap[phase]?.pingMaxMs))),
              spreadCell(spread(rounds.map(({ redis }) => redis?.[phase]?.pingMaxMs))),
            ]),
        ),
      },
    ],
    notes: ['As for the longest stalls.', measuredOn(facts)],
  };
}

/**
 * @param {CollectionStalls | undefined} results
 * @returns {string[][]} rows of the targets
 */
export function collectionStallsTargets(results) {
  return (results?.rows ?? []).flatMap(({ label, rounds }) =>
    phases.flatMap((phase) => {
      const stall = spread(rounds.map(({ synap }) => synap[phase]?.loopMaxMs));
      if (stall === null) return [];
      const measured = `${stall.max.toFixed(1)} ms`;
      return [
        [
          `longest stall, ${label}, ${phase}`,
          `≤ ${stallLimitMs} ms`,
          verdict(measured, meets(stall.max, stallLimitMs, false)),
        ],
      ];
    }),
  );
}
