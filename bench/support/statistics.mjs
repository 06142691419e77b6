// @ts-check
// The few statistics that the reports use. Rounds are paired: round i of one server ran right
// beside round i of the other, so ratios are taken round by round, before any median.

/**
 * A figure over several rounds.
 * @typedef {{ median: number, min: number, max: number }} Spread
 */

/**
 * @param {readonly number[]} values at least one
 * @returns {number} the middle value; of an even count, the mean of the two middle ones
 * @throws {RangeError} on an empty list
 */
export function median(values) {
  if (values.length === 0) throw new RangeError('the median of no values');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {readonly (number | null | undefined)[]} values those that are absent do not count
 * @returns {Spread | null} null when none is there
 */
export function spread(values) {
  const present = values.filter((value) => typeof value === 'number' && Number.isFinite(value));
  if (present.length === 0) return null;
  const numbers = /** @type {number[]} */ (present);
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) };
}

/**
 * The ratio of two servers: per round, then its median and range. A round without both figures, or
 * with a denominator of zero (a run shorter than the clock's step), does not count.
 * @param {readonly (number | null | undefined)[]} numerators one a round
 * @param {readonly (number | null | undefined)[]} denominators one a round, in the same order
 * @returns {Spread | null} null when no round has both
 */
export function ratioSpread(numerators, denominators) {
  return spread(
    numerators.map((numerator, round) => {
      const denominator = denominators[round];
      return typeof numerator === 'number' && denominator ? numerator / denominator : null;
    }),
  );
}
