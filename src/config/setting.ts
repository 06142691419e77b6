// One setting as it was read, before anything is known of its directive: what both file syntaxes,
// flags and the options of the library come down to.

export interface Setting {
  /** Name of a directive or an older name of it, in any case. */
  readonly name: string;
  /** Its arguments, as byte strings without quotes. */
  readonly words: readonly string[];
  /** Where it stands, for messages: `redis.conf:12`, `command line`. */
  readonly origin: string;
}
