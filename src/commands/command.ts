// The row that declares a command: everything that is known of it, once, beside its handler.
// Dispatch, COMMAND and its subcommands, key extraction and ACL categories derive from rows.
import type { Request } from '../protocol/request.ts';
import type { Histogram } from '../telemetry/histogram.ts';
import type { Call } from './call.ts';

/** Runs a command: reads arguments from the call, changes the keyspace, writes one reply. */
export type Handler = (call: Call) => void;

/** How a command uses a key, as COMMAND INFO tells it, in its order: "RW", "access", "update" … */
export type KeyFlag =
  | 'RO'
  | 'RW'
  | 'OW'
  | 'RM'
  | 'access'
  | 'update'
  | 'insert'
  | 'delete'
  | 'not_key'
  | 'incomplete'
  | 'variable_flags';

/** Where the search for keys begins: at an argument, or behind a keyword. */
export type KeySearch =
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'keyword'; readonly keyword: string; readonly startFrom: number };

/** Which arguments from there on are keys. Distances count from where the search began. */
export type KeyExtent =
  | {
      readonly kind: 'range';
      readonly lastKey: number;
      readonly step: number;
      readonly limit: number;
    }
  | {
      readonly kind: 'keynum';
      readonly keyNumIndex: number;
      readonly firstKey: number;
      readonly step: number;
    };

/** Arguments `first` to `last`, every `step`-th. */
export interface KeyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** The range without an argument. */
export const NO_KEYS: KeyRange = { first: 0, last: -1, step: 1 };

/** One group of keys among the arguments of a command. */
export interface KeySpec {
  readonly flags: readonly KeyFlag[];
  readonly search: KeySearch;
  readonly extent: KeyExtent;
  readonly notes?: string;
  /**
   * Finds them where search and extent, which COMMAND tells, do not suffice. A range that ends before
   * it begins is none.
   */
  readonly locate?: (request: Request) => KeyRange;
  /** What a request does with these keys, where `variable_flags` tells that it depends. */
  readonly flagsOf?: (request: Request) => readonly KeyFlag[];
}

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

/** A row of the command table, as it is written in a family's file. */
export interface CommandRow {
  /** Lower case. A subcommand's name is its second word alone. */
  readonly name: string;
  /** Arguments with the name(s); negative: at least so many. */
  readonly arity: number;
  /** Bits of flags.ts. */
  readonly flags: number;
  readonly keys?: readonly KeySpec[];
  readonly group: CommandGroup;
  /** ACL categories that neither the group nor the flags tell ("keyspace", "dangerous" …). */
  readonly categories?: readonly string[];
  /** First version of Redis with this command. */
  readonly since: string;
  /** One sentence, in our own words. */
  readonly summary: string;
  readonly complexity?: string;
  /** Arguments, with the name, up to which a call never takes long; O(1) commands need not tell. */
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
  /** Absent only where `subcommands` are. */
  readonly handler?: Handler;
  readonly subcommands?: readonly CommandRow[];
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

/** A command as dispatch uses it: its row, resolved. */
export interface Command {
  readonly row: CommandRow;
  /** Lower case; a subcommand's is "container|subcommand". */
  readonly fullName: string;
  readonly parent: Command | undefined;
  readonly arity: number;
  readonly flags: number;
  readonly keys: readonly KeySpec[];
  readonly handler: Handler;
  /** A call with up to so many arguments never takes long, whatever the data; 0: any call may. */
  readonly quickUpTo: number;
  /** Of a command with any number of keys from argument 1 on: one in so many arguments. Else 0. */
  readonly keyStep: number;
  /** As the row's `largeArguments`; none: 0. */
  readonly firstLarge: number;
  readonly largeStep: number;
  stats: CommandStats;
  /** By second word, lower case; undefined for a command without subcommands. */
  readonly subcommands: ReadonlyMap<string, Command> | undefined;
}

/** One key at a fixed place. */
export function keyAt(index: number, ...flags: KeyFlag[]): KeySpec {
  return keyRange(index, 0, 1, ...flags);
}

/**
 * Keys from argument `first` to `first + last` (a negative `last` counts from the end: -1 is the
 * last argument), every `step`-th.
 */
export function keyRange(first: number, last: number, step: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    search: { kind: 'index', index: first },
    extent: { kind: 'range', lastKey: last, step, limit: 0 },
  };
}

/** Keys whose number is told by argument `numberAt` and that follow it. */
export function keysCounted(numberAt: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    search: { kind: 'index', index: numberAt },
    extent: { kind: 'keynum', keyNumIndex: 0, firstKey: 1, step: 1 },
  };
}

/** Keys behind a keyword that is looked for from argument `startFrom` on. */
export function keysAfter(keyword: string, startFrom: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    search: { kind: 'keyword', keyword, startFrom },
    extent: { kind: 'range', lastKey: -1, step: 1, limit: 0 },
  };
}
