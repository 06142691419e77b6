// SAVE, BGSAVE and LASTSAVE, and what commands know of the snapshots on disk. Taking and loading them
// is done above (snapshots/).
import type { Call } from './call.ts';
import type { CommandRow } from './command.ts';
import { SYNTAX } from './errors.ts';
import { ADMIN, FAST, LOADING, NO_ASYNC_LOADING, NO_MULTI, NOSCRIPT, STALE } from './flags.ts';

/** How far loading is. */
export interface LoadProgress {
  readonly startedMs: number;
  readonly totalBytes: number;
  loadedBytes: number;
}

/** How DEBUG RELOAD is asked for. */
export interface ReloadOptions {
  readonly saves: boolean;
  readonly flushes: boolean;
  /** Keys of the file take the place of those that there are; else there must be none. */
  readonly merges: boolean;
  /** Whether the checksum must be right, where `rdbchecksum` asks for it. */
  readonly verifies: boolean;
}

/** The snapshots of the data. */
export interface Snapshots {
  /** Whether writes are refused because the last snapshot failed. */
  readonly refusesWrites: boolean;
  readonly isLoading: boolean;
  readonly loading: LoadProgress | undefined;
  /** Whether a snapshot is being taken in the background. */
  readonly isSaving: boolean;
  /** When it began, in ms since the epoch. */
  readonly savingSinceMs: number;
  /** Keys that it has, and that it will have. */
  readonly progress: { readonly saved: number; readonly keys: number };
  /** Changes since the last snapshot. */
  readonly changes: number;
  /** Unix time of the last snapshot that succeeded, in seconds. */
  readonly lastSaveSeconds: number;
  readonly lastSucceeded: boolean;
  /** What the last one in the background took, in seconds; -1 before there was one. */
  readonly lastTookSeconds: number;
  /** Snapshots taken. */
  readonly saves: number;
  /** Keys of the file loaded last, and those left out because they had expired. */
  readonly lastLoad: { readonly loaded: number; readonly expired: number };
  /** Takes one; everything waits. Returns whether it succeeded. */
  saveNow(): boolean;
  /** Begins to take one in the background. Returns whether it could. */
  begin(): boolean;
  /** Has one begin soon. */
  schedule(): void;
  /** Loads the last one again, for tests; returns whether it could, or which part failed. */
  reload(options: ReloadOptions): 'done' | 'not saved' | 'not loaded';
  /** To be told that all databases were emptied. */
  emptied(): void;
}

export const snapshotCommands: readonly CommandRow[] = [
  {
    name: 'save',
    arity: 1,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING | NO_MULTI,
    group: 'server',
    since: '1.0.0',
    summary: 'Saves the data in a snapshot; everyone waits until that is done.',
    complexity: 'O(N) where N is the total number of keys in all databases',
    handler: save,
  },
  {
    name: 'bgsave',
    arity: -1,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    group: 'server',
    since: '1.0.0',
    summary: 'Begins to save the data in a snapshot, in slices between other commands.',
    complexity: 'O(1)',
    history: [['3.2.2', 'The option `SCHEDULE`.']],
    syntax: '[SCHEDULE^3.2.2]',
    handler: bgsave,
  },
  {
    name: 'lastsave',
    arity: 1,
    flags: LOADING | STALE | FAST,
    categories: ['admin', 'dangerous'],
    group: 'server',
    since: '1.0.0',
    summary: 'Tells the Unix time of the last snapshot that succeeded.',
    complexity: 'O(1)',
    tips: ['nondeterministic_output'],
    handler: ({ reply, server }) => reply.integer(server.snapshots.lastSaveSeconds),
  },
];

const IN_PROGRESS = 'ERR Background save already in progress';
const REWRITING =
  "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.";
/** Redis says no more: the log does. */
export const FAILED = 'ERR';

function save({ reply, server }: Call): void {
  const { snapshots } = server;
  if (snapshots.isSaving) reply.error(IN_PROGRESS);
  else if (snapshots.saveNow()) reply.ok();
  else reply.error(FAILED);
}

function bgsave({ request, reply, client, server }: Call): void {
  const { snapshots } = server;
  if (request.count > 2 || (request.count === 2 && !request.is(1, 'schedule'))) {
    reply.error(SYNTAX);
  } else if (snapshots.isSaving) {
    reply.error(IN_PROGRESS);
  } else if (client.transaction !== undefined || (server.wal.isRewriting && request.count > 1)) {
    snapshots.schedule();
    reply.simple('Background saving scheduled');
  } else if (server.wal.isRewriting) {
    reply.error(REWRITING);
  } else if (snapshots.begin()) {
    reply.simple('Background saving started');
  } else {
    reply.error(FAILED);
  }
}
