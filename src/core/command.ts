// What is known of a command, declared once in its row beside its handler (command-row.ts). COMMAND and its
// subcommands, key extraction and ACL categories derive from it, as do the checks of dispatch.
import type { Request } from '../protocol/request.ts';
import type { Histogram } from '../telemetry/histogram.ts';
import type { KeyPlan } from './key-plan.ts';
import type { KeySpec } from './key-specs.ts';

/** The groups by which COMMAND DOCS and ACL categories sort commands. */
export type CommandGroup =
  | 'generic'
  | 'string'
  | 'list'
  | 'set'
  | 'sorted-set'
  | 'hash'
  | 'pubsub'
  | 'transactions'
  | 'connection'
  | 'server'
  | 'scripting'
  | 'hyperloglog'
  | 'cluster'
  | 'geo'
  | 'stream'
  | 'bitmap';

/** What a row of the command table specifies of a command. */
export interface CommandDescription {
  /** Lower case. A subcommand's name is its second word alone. */
  readonly name: string;
  /** Arguments with the name(s); negative: at least so many. */
  readonly arity: number;
  /** Bits of flags.ts. */
  readonly flags: number;
  readonly keys?: readonly KeySpec[];
  readonly group: CommandGroup;
  /** ACL categories that neither the group nor the flags imply ("keyspace", "dangerous" …). */
  readonly categories?: readonly string[];
  /** Set where the group is not among its ACL categories. */
  readonly withoutGroupCategory?: true;
  /** First version of Redis with this command. */
  readonly since: string;
  /** One sentence, in our own words. */
  readonly summary: string;
  readonly complexity?: string;
  /** Arguments, with the name, up to which a call never takes long; O(1) commands need not specify it. */
  readonly quickUpTo?: number;
  /**
   * Arguments that its handler takes as they came, however large (Request.large): the first of them, and
   * the distance to the next (0: it is the only one). Other large ones are copied before it runs.
   */
  readonly largeArguments?: readonly [first: number, step: number];
  /** Version and reason, when its use is discouraged. */
  readonly deprecated?: { readonly since: string; readonly replacedBy: string };
  /** Whether it is a tool of the servers themselves, and not for applications. */
  readonly systemCommand?: true;
  /** What changed: pairs of version and change. */
  readonly history?: readonly (readonly [version: string, change: string])[];
  /** Command tips (https://redis.io/docs/reference/command-tips/). */
  readonly tips?: readonly string[];
  /** Arguments, in the notation of syntax.ts. */
  readonly syntax?: string;
}

/** What is counted of a command, for INFO commandstats, errorstats and latency percentiles. */
export interface CommandStats {
  calls: number;
  /** Time spent in its handler, in µs. */
  totalUs: number;
  /** Refused before it ran. */
  rejected: number;
  /** Ran, and answered with an error. */
  failed: number;
  /** The times one by one, while `latency-tracking` is on. */
  readonly histogram: Histogram;
}

/** A command, resolved from its row: all but what runs it (command-row.ts), which only dispatch needs. */
export interface Command {
  readonly row: CommandDescription;
  /** Its number in the table: `CommandTable.at`. */
  readonly id: number;
  /** Lower case; a subcommand's is "container|subcommand". */
  readonly fullName: string;
  readonly parent: Command | undefined;
  /** Whether only its subcommands can be run. */
  readonly isContainer: boolean;
  readonly arity: number;
  readonly flags: number;
  /** What admission must look at whoever asks for it (restrictions.ts). */
  readonly restrictions: number;
  /** As the row declares them, for those who describe the command; who looks for keys uses the plans. */
  readonly keys: readonly KeySpec[];
  /** The keys of its requests (KeyCursor). */
  readonly keyPlan: KeyPlan;
  /** The arguments of its requests that have a cluster slot: keys and shard channels. */
  readonly slotPlan: KeyPlan;
  /** A call with up to so many arguments never takes long, whatever the data; 0: any call may. */
  readonly quickUpTo: number;
  /** As the row's `largeArguments`; none: 0. */
  readonly firstLarge: number;
  readonly largeStep: number;
  stats: CommandStats;
  /** By second word, lower case; undefined for a command without subcommands. */
  readonly subcommands: ReadonlyMap<string, Command> | undefined;
}

/** All commands of a server (command-table.ts), as commands see them. */
export interface CommandCatalog {
  readonly size: number;
  /** Commands without their subcommands, in the table's order. */
  all(): IterableIterator<Command>;
  /** Every command and subcommand that can run. */
  runnable(): IterableIterator<Command>;
  /** The command called so, "container|subcommand" included; in any case. */
  byName(name: string): Command | undefined;
  /** As `byName`, for argument i of a request. */
  named(request: Request, i: number): Command | undefined;
  /** The command that the request's first argument names, without looking for a subcommand. */
  find(request: Request): Command | undefined;
  /** Sets the statistics of all commands back. */
  resetStats(): void;
}
