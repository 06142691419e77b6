// What the scheduler of snapshots (snapshot-scheduler.ts) is given and gives: kinds of snapshots, jobs that take
// one, and what becomes of them. A new consumer of snapshots declares a kind here and hands in jobs.

/** What snapshots are taken for, with the rules that all of a kind follow. */
export interface SnapshotKind {
  readonly name: string;
  /** Of those that wait, the highest begins first. */
  readonly priority: number;
  /** Whether one is of no use any more when all data is deleted (FLUSHALL). */
  readonly endsByFlush: boolean;
  /**
   * Whether one that was given up keeps its place until it has really ended, as the next one would work on the
   * same files. Otherwise another one may begin beside it at once.
   */
  readonly keepsPlace: boolean;
}

/** BGSAVE, and what save points ask for. */
export const BACKGROUND_SAVE: SnapshotKind = {
  ...{ name: 'background save', priority: 20, endsByFlush: true, keepsPlace: false },
};

/** BGREWRITEAOF, growth of the log, and a log's first base. */
export const LOG_REWRITE: SnapshotKind = {
  ...{ name: 'log rewrite', priority: 10, endsByFlush: false, keepsPlace: true },
};

/** A snapshot that is whole and on disk. */
export interface TakenSnapshot {
  readonly path: string;
  readonly sizeBytes: number;
  /** The place in the stream of effects that it is of; undefined where it does not say. */
  readonly offset: number | undefined;
}

/** What became of a job. */
export type SnapshotOutcome =
  | { readonly how: 'taken'; readonly snapshot: TakenSnapshot }
  | { readonly how: 'failed'; readonly error: unknown }
  | { readonly how: 'given up' };

/**
 * What wants one snapshot. The same object may be handed in again once its snapshot has begun; a requester that must
 * be distinguished from others (a replica) hands in an object of its own.
 */
export interface SnapshotJob {
  readonly kind: SnapshotKind;
  /** Whether it cannot wait: a snapshot that is being taken is given up, and taken again afterwards. */
  readonly isUrgent?: boolean;
  /** Whether others may still get the same snapshot when it has begun. */
  readonly isShared?: boolean;
  /** Whether it is taking the snapshot now: not while it prepares that, nor when the snapshot is whole. */
  readonly isTaking: boolean;
  /** Whether the snapshot of the other job does for this one; absent: that of any job of its kind. */
  accepts?(other: SnapshotJob): boolean;
  /**
   * Begins; nothing else is under way then.
   * @returns the snapshot, or undefined when it was given up
   * @throws at once or later, what went wrong
   */
  begin(): Promise<TakenSnapshot | undefined>;
  /** Gives it up: what `begin` has returned settles soon. Called once for each `begin`, at most. */
  cancel(): void;
  /** Called once for each time that the job is handed in, when it is over. */
  onDone?(outcome: SnapshotOutcome): void;
}

/** What asks for snapshots of a kind by itself. */
export interface SnapshotSource {
  readonly kind: SnapshotKind;
  /**
   * Looks whether it is time for one; called now and then while nothing is under way.
   * @param asked the one that waits, if any
   * @returns what is to begin now: that one, one of its own, or nothing
   */
  due(asked: SnapshotJob | undefined): SnapshotJob | undefined;
}
