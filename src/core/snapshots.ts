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
  /** Begins to take one in the background. Returns whether it could. */
  begin(): boolean;
  /** Has one begin soon. */
  schedule(): void;
  /** Loads the last one again, for tests; returns whether it could, or which part failed. */
  reload(options: ReloadOptions): 'done' | 'not saved' | 'not loaded';
  /** To be called when all databases were emptied. */
  emptied(): void;
}
