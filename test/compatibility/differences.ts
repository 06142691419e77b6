// Where Synap answers differently from Redis 7.0 on purpose, each with its reason. A script names
// the difference it meets (`intended` in test/support/script.ts), and docs/compatibility.md tells
// users of each one by the same name.

export interface IntendedDifference {
  /** Unique; kebab case. */
  readonly name: string;
  /** Why Synap differs, for a user who meets it. */
  readonly reason: string;
}

export const differences: readonly IntendedDifference[] = [];

export const differenceNames: ReadonlySet<string> = new Set(differences.map(({ name }) => name));
