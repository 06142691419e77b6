// The options of a log, and its statistics.
import type { SyncPolicy } from './sync-schedule.ts';

/** The options and callbacks of a log. */
export interface LogOptions {
  readonly policy: SyncPolicy;
  /** Size of the pieces in which memory for groups is asked for (`buffer_size_kb`). */
  readonly bufferBytes: number;
  /** A segment of this size is followed by a new one (`max_size_mb`). */
  readonly maxSegmentBytes: number;
  /** Between two attempts after an error. */
  readonly retryMs: number;
  /** Whether groups get a time stamp when the second has changed (`aof-timestamp-enabled`). */
  readonly tellsTime: boolean;
  /** The time, in ms since the epoch. */
  nowMs(): number;
  /** `writtenOffset` or `syncedOffset` has grown, outside `commit`. */
  onProgress(): void;
  /** Writing or syncing has failed; `Log.failure` is set until `onRecovered`. */
  onFailure(error: Error): void;
  onRecovered(): void;
  /** An operation has failed and will be tried again; no data is lost by it. */
  onWarning(error: Error): void;
}

/** Statistics for INFO; sizes in bytes. */
export interface LogStats {
  readonly groups: number;
  /** Written to files, annotations and time stamps included. */
  readonly bytes: number;
  readonly lastGroupBytes: number;
  /** In no file yet. */
  readonly pendingBytes: number;
  /** Written, and not known to be on disk. */
  readonly unsyncedBytes: number;
  /** Memory kept for writing again, annotations included. */
  readonly keptBytes: number;
  /** Of the newest segment. */
  readonly segmentBytes: number;
  readonly lastSyncUs: number;
}
