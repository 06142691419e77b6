// What commands know of the snapshots on disk. Taking and loading them is done above (persistence/snapshots/).

/** How DEBUG RELOAD is asked for. */
export interface ReloadOptions {
  readonly saves: boolean;
  readonly flushes: boolean;
  /** Keys of the file take the place of those that there are; else there must be none. */
  readonly merges: boolean;
  /** Whether the checksum must be right, where `rdbchecksum` asks for it. */
  readonly verifies: boolean;
}

/**
 * When a snapshot in the background is to begin: now or not at all, as soon as no other one is under way, or when
 * what runs now is over.
 */
export type WhenToBegin = 'now' | 'now or later' | 'later';

/**
 * What became of asking for one. `in progress`: there is one for the same purpose already; `blocked`: one for
 * another purpose is under way.
 */
export type SnapshotAnswer = 'started' | 'scheduled' | 'in progress' | 'blocked' | 'failed';

/** The snapshots of the data. */
export interface Snapshots {
  /** Whether writes are refused because the last snapshot failed. */
  readonly refusesWrites: boolean;
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
  /** Has one taken in the background. */
  saveInBackground(when: WhenToBegin): SnapshotAnswer;
  /** Loads the last one again, for tests; returns whether it could, or which part failed. */
  reload(options: ReloadOptions): 'done' | 'not saved' | 'not loaded';
  /** To be called when all databases were emptied. */
  emptied(): void;
}
