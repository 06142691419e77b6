// The write-ahead log as commands see it: what INFO reports of it, and having it begin anew with a snapshot. The log
// itself is above (persistence/log/).
import type { Histogram } from '../telemetry/histogram.ts';
import type { SnapshotAnswer, WhenToBegin } from './snapshots.ts';

/** What INFO reports of the log. Offsets are places in its stream; sizes are in bytes. */
export interface LogFacts {
  /** Names the history that the offsets count in. */
  readonly replicationId: string;
  readonly offset: number;
  readonly writtenOffset: number;
  readonly syncedOffset: number;
  /** Groups and bytes written since the start. */
  readonly groups: number;
  readonly bytes: number;
  readonly lastGroupBytes: number;
  /** Of the snapshot at the log's beginning and all that follows it; and the same at the last rewrite. */
  readonly sizeBytes: number;
  readonly baseBytes: number;
  /** Snapshots that the log can be loaded from. */
  readonly generations: number;
  readonly hasFailed: boolean;
  /** Durations of fsyncs, in µs. */
  readonly syncLatency: Histogram;
}

/** What INFO reports of rewrites: the snapshots that the log begins anew with. */
export interface RewriteFacts {
  readonly isScheduled: boolean;
  /** When the present one began, in ms since the epoch; 0 while there is none. */
  readonly startedMs: number;
  /** What the last one took, in seconds; -1 before there was one. */
  readonly lastTookSeconds: number;
  readonly lastSucceeded: boolean;
  readonly rewrites: number;
  readonly consecutiveFailures: number;
}

/** The write-ahead log as commands see it. */
export interface WriteAheadLog {
  /** Undefined while no log is kept. */
  readonly facts: LogFacts | undefined;
  readonly rewriteFacts: RewriteFacts;
  /** Has a snapshot taken in the background with which the log begins anew. */
  rewrite(when: WhenToBegin): SnapshotAnswer;
  /** The same as soon as that is possible, for who asks for no answer. */
  scheduleRewrite(): void;
  /**
   * Loads the log again, for tests.
   * @throws what is wrong with it; the keyspace has then what could be loaded
   */
  reload(): Promise<void>;
}
