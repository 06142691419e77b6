// Where Synap answers differently from Redis 7.0 on purpose, each with its reason. A script names
// the difference it meets (`intended` in test/support/script.ts), and docs/compatibility.md tells
// users of each one by the same name.

export interface IntendedDifference {
  /** Unique; kebab case. */
  readonly name: string;
  /** Why Synap differs, for a user who meets it. */
  readonly reason: string;
}

export const differences: readonly IntendedDifference[] = [
  {
    name: 'client-tracking',
    reason:
      'CLIENT TRACKING, TRACKINGINFO and CACHING are not there yet. CLIENT HELP lists what there is.',
  },
  {
    name: 'client-7.2',
    reason:
      'CLIENT SETINFO, CLIENT NO-TOUCH and the fields lib-name and lib-ver of CLIENT LIST are those of Redis 7.2: clients send them at connect.',
  },
];

/** Fields of INFO, as "Section/field", with what they have in common. */
export interface InfoFields {
  readonly reason: string;
  readonly fields: readonly string[];
}

/** Fields that Redis prints and Synap does not, because they have no meaning here. */
export const infoFieldsLeftOut: readonly InfoFields[] = [];

/** Fields that Synap prints besides those of Redis 7.0. */
export const infoFieldsAdded: readonly InfoFields[] = [];

/** Commands that Synap has and Redis 7.0 has not: full names, "container|subcommand". */
export const commandsAdded: readonly { reason: string; commands: readonly string[] }[] = [
  {
    reason: 'Redis has them from 7.2 on; clients send them at connect.',
    commands: ['client|setinfo', 'client|no-touch'],
  },
];

export const differenceNames: ReadonlySet<string> = new Set(differences.map(({ name }) => name));
