// How thorough a run of the tests is: SYNAP_FULL=1 runs everything at full length (hours of kills,
// floods and random sequences in all); without it each test runs in reduced rounds, a few minutes
// for all of them.

/** Whether everything runs at full length. */
export const isFullTier = process.env.SYNAP_FULL === '1';

/**
 * A number of rounds, seconds or kills, by tier.
 * @param variable environment variable that overrides either
 */
export function byTier(reduced: number, full: number, variable?: string): number {
  const chosen = variable === undefined ? undefined : process.env[variable];
  if (chosen !== undefined) return Number(chosen);
  return isFullTier ? full : reduced;
}

/** What of several variants of one test is run: all of them in the full tier, the first one otherwise. */
export function variantsByTier<T>(variants: readonly T[]): readonly T[] {
  return isFullTier ? variants : variants.slice(0, 1);
}
