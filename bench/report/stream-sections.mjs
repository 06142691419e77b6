// @ts-check
// Streams that lie in files: their table. And what is promised of them, and of streams that are long.

import { spread } from '../support/statistics.mjs';
import { ABSENT, countOf, measuredOn, spreadCell, verdict } from './cells.mjs';
import { meets, streamLengthLimit, streamTierLimits } from './targets.mjs';

/**
 * @typedef {import('./results.mjs').Results['scenarios']} Scenarios
 * @typedef {import('../scenarios/stream-tiers.mjs').TierRound} TierRound
 * @typedef {import('../scenarios/stream-tiers.mjs').TierFigures} TierFigures
 */

/** The commands that are measured on streams of both lengths. */
const OF_ANY_LENGTH = ['XADD_TO', 'XRANGE_100_OF'];

/**
 * @param {NonNullable<Scenarios['stream-tiers']>} results
 * @returns {import('./sections.mjs').Section}
 */
export function streamTiersSection({ hotEntries, rows, facts }) {
  return {
    name: 'stream-tiers',
    title: 'Streams in files',
    tables: [
      {
        title: 'Reading a stream from its beginning to its end, 1,000 entries at a time',
        head: [
          ...['entries', 'where', 'MB/s', 'entries/s', 'CPU µs an entry'],
          ...['PING p99 ms', 'longest PING ms', 'memory MB'],
        ],
        rows: rows.flatMap(({ label, rounds }) =>
          /** @type {const} */ (['hot', 'cold']).map((tier) => {
            /** @type {(pick: (figures: TierFigures) => number) => ReturnType<typeof spread>} */
            const over = (pick) => spread(rounds.map((round) => pick(round[tier])));
            const perSecond = over(({ read }) => read.entriesPerSecond)?.median;
            return [
              label,
              tier === 'hot'
                ? 'in memory'
                : `all but ${hotEntries.toLocaleString('en-US')} in files`,
              spreadCell(over(({ read }) => read.megabytesPerSecond)),
              perSecond === undefined ? ABSENT : Math.round(perSecond).toLocaleString('en-US'),
              over(({ read }) => read.cpuMicrosPerEntry)?.median.toFixed(2) ?? ABSENT,
              over(({ read }) => read.pingP99Ms)?.median.toFixed(2) ?? ABSENT,
              spreadCell(over(({ read }) => read.pingMaxMs)),
              over(({ memoryBytes }) => memoryBytes / 1e6)?.median.toFixed(2) ?? ABSENT,
            ];
          }),
        ),
      },
    ],
    notes: [
      `One client reads, another one pings; median of ${countOf(rows[0]?.rounds ?? [])}. MB/s are of values, ` +
        'memory is what MEMORY USAGE tells.',
      measuredOn(facts),
    ],
  };
}

/**
 * @param {Scenarios} scenarios
 * @returns {string[][]} rows of the targets
 */
export function streamTargetRows({ streams, 'stream-tiers': tiers }) {
  /** @type {(command: string) => number | undefined} */
  const cpuOf = (command) =>
    spread(
      streams?.rows
        .find((row) => row.command === command)
        ?.rounds.map(({ synap }) => synap.cpuMicrosPerCommand) ?? [],
    )?.median;
  const ofLength = OF_ANY_LENGTH.flatMap((command) => {
    const [short, long] = [cpuOf(`${command}_10K`), cpuOf(`${command}_10M`)];
    if (short === undefined || long === undefined) return [];
    const ratio = long / short;
    return [
      [
        `CPU per command, ${command} 10 M entries ÷ 10 k`,
        `≤ ${streamLengthLimit}`,
        verdict(ratio.toFixed(2), meets(ratio, streamLengthLimit, false)),
      ],
    ];
  });
  return [
    ...ofLength,
    ...(tiers?.rows ?? []).flatMap(({ label, rounds }) => tierTargetRows(label, rounds)),
  ];
}

/**
 * @param {string} label
 * @param {TierRound[]} rounds
 * @returns {string[][]}
 */
function tierTargetRows(label, rounds) {
  const { megabytesPerSecond, ofHot, pingP99Ms, memory } = streamTierLimits;
  /** @type {(pick: (round: TierRound) => number) => number} */
  const median = (pick) => spread(rounds.map(pick))?.median ?? Number.NaN;
  const speed = median(({ cold }) => cold.read.megabytesPerSecond);
  const share = median(
    ({ hot, cold }) => cold.read.megabytesPerSecond / hot.read.megabytesPerSecond,
  );
  const ping = median(({ cold }) => cold.read.pingP99Ms);
  const size = median(({ hot, cold }) => cold.memoryBytes / hot.memoryBytes);
  return [
    [
      `reading from files, ${label}`,
      `≥ ${megabytesPerSecond} MB/s or ${ofHot} × hot`,
      verdict(
        `${speed.toFixed(0)} MB/s, ${share.toFixed(2)} × hot`,
        speed >= megabytesPerSecond || share >= ofHot,
      ),
    ],
    [
      `PING p99 beside that, ${label}`,
      `≤ ${pingP99Ms} ms`,
      verdict(`${ping.toFixed(2)} ms`, meets(ping, pingP99Ms, false)),
    ],
    [
      `memory of a stream in files ÷ in memory, ${label}`,
      `≤ ${memory}`,
      verdict(size.toFixed(4), meets(size, memory, false)),
    ],
  ];
}
