// INFO persistence: snapshots, the log, and how far loading is.
import type { LoadProgress } from '../../../core/load-state.ts';
import type { Services } from '../../../core/services.ts';
import type { Snapshots } from '../../../core/snapshots.ts';
import type { LogFacts, RewriteFacts } from '../../../core/write-ahead-log.ts';
import {
  counter,
  digits,
  type Fact,
  flag,
  gauge,
  none,
  section,
  status,
} from '../../../telemetry/fact.ts';

interface Sample {
  readonly nowMs: number;
  readonly snapshots: Snapshots;
  readonly progress: Snapshots['progress'];
  readonly rewrite: RewriteFacts;
  /** While there is a log. */
  readonly log: LogFacts | undefined;
  readonly isLoading: boolean;
  /** While data is loaded and it is known how much. */
  readonly loading: LoadProgress | undefined;
}

/** Redis's child process that saves, and the pages that it had to copy for it. */
const fork: readonly Fact<Sample>[] = [
  none('current_cow_peak', 'Most memory copied for a child process, in bytes.'),
  none('current_cow_size', 'Memory copied for a child process, in bytes.'),
  none('current_cow_size_age', 'Age of that figure, in seconds.'),
  none('current_fork_perc', 'How far the child process is, in per cent.', 'gauge', digits(2)),
];

const snapshotFacts: readonly Fact<Sample>[] = [
  gauge(
    'current_save_keys_processed',
    'Keys that the snapshot under way has.',
    ({ progress }) => progress.saved,
  ),
  gauge('current_save_keys_total', 'Keys that it will have.', ({ progress }) => progress.keys),
  gauge(
    'rdb_changes_since_last_save',
    'Changes since the last snapshot.',
    ({ snapshots }) => snapshots.changes,
  ),
  flag(
    'rdb_bgsave_in_progress',
    'Whether a snapshot is being taken in the background.',
    ({ snapshots }) => snapshots.isSaving,
  ),
  // The data counts as saved when the server starts, as in Redis.
  gauge(
    'rdb_last_save_time',
    'Unix time of the last snapshot that succeeded, in seconds.',
    ({ snapshots }) => snapshots.lastSaveSeconds,
  ),
  status(
    'rdb_last_bgsave_status',
    'Whether the last snapshot succeeded.',
    ({ snapshots }) => snapshots.lastSucceeded,
  ),
  gauge(
    'rdb_last_bgsave_time_sec',
    'What the last snapshot in the background took, in seconds; -1 before the first.',
    ({ snapshots }) => snapshots.lastTookSeconds,
  ),
  gauge(
    'rdb_current_bgsave_time_sec',
    'For how long the present one has been taken, in seconds; -1 while there is none.',
    ({ snapshots, nowMs }) =>
      snapshots.isSaving ? secondsSince(snapshots.savingSinceMs, nowMs) : -1,
  ),
  counter('rdb_saves', 'Snapshots that were begun.', ({ snapshots }) => snapshots.saves),
  none('rdb_last_cow_size', 'Memory copied for the last one, in bytes.'),
  gauge(
    'rdb_last_load_keys_expired',
    'Keys of the file loaded last that were left out, as they had expired.',
    ({ snapshots }) => snapshots.lastLoad.expired,
  ),
  gauge(
    'rdb_last_load_keys_loaded',
    'Keys that were loaded of it.',
    ({ snapshots }) => snapshots.lastLoad.loaded,
  ),
];

const rewriteFacts: readonly Fact<Sample>[] = [
  flag('aof_enabled', 'Whether there is a log.', ({ log }) => log !== undefined),
  flag(
    'aof_rewrite_in_progress',
    'Whether the log is being rewritten.',
    ({ rewrite }) => rewrite.startedMs !== 0,
  ),
  flag('aof_rewrite_scheduled', 'Whether it is going to be.', ({ rewrite }) => rewrite.isScheduled),
  gauge(
    'aof_last_rewrite_time_sec',
    'What the last rewrite took, in seconds; -1 before the first.',
    ({ rewrite }) => rewrite.lastTookSeconds,
  ),
  gauge(
    'aof_current_rewrite_time_sec',
    'For how long the present one has gone on, in seconds; -1 while there is none.',
    ({ rewrite, nowMs }) => (rewrite.startedMs === 0 ? -1 : secondsSince(rewrite.startedMs, nowMs)),
  ),
  status(
    'aof_last_bgrewrite_status',
    'Whether the last rewrite succeeded.',
    ({ rewrite }) => rewrite.lastSucceeded,
  ),
  counter('aof_rewrites', 'Rewrites that were begun.', ({ rewrite }) => rewrite.rewrites),
  gauge(
    'aof_rewrites_consecutive_failures',
    'Rewrites that have failed since the last success.',
    ({ rewrite }) => rewrite.consecutiveFailures,
  ),
  status(
    'aof_last_write_status',
    'Whether the disk takes what is written to the log.',
    ({ log }) => log?.hasFailed !== true,
  ),
  none('aof_last_cow_size', 'Memory copied for the last rewrite, in bytes.'),
  none('module_fork_in_progress', 'Whether a module has a child process.'),
  none('module_fork_last_cow_size', 'Memory copied for that, in bytes.'),
];

/** Facts that are present only while there is a log: Redis's, and the log's own. */
const logFacts: readonly Fact<Sample>[] = [
  gauge('aof_current_size', 'Size of the log, in bytes.', ({ log }) => log?.sizeBytes),
  gauge('aof_base_size', 'Its size after the last rewrite, in bytes.', ({ log }) => log?.baseBytes),
  gauge('aof_pending_rewrite', 'Whether a rewrite waits, as Redis has it.', ({ log }) =>
    log === undefined ? undefined : 0,
  ),
  gauge(
    'aof_buffer_length',
    'What is recorded and not written, in bytes.',
    ({ log }) => log && log.offset - log.writtenOffset,
  ),
  flag(
    'aof_pending_bio_fsync',
    'Whether something is written and not on disk.',
    ({ log }) => log && log.syncedOffset < log.writtenOffset,
  ),
  gauge('aof_delayed_fsync', 'Syncs that were put off, as Redis has it.', ({ log }) =>
    log === undefined ? undefined : 0,
  ),
  gauge(
    'log_generations',
    'Snapshots that the log can be loaded from.',
    ({ log }) => log?.generations,
  ),
  gauge('log_offset', 'Where the log ends.', ({ log }) => log?.offset),
  gauge('log_synced_offset', 'Up to where it is on disk.', ({ log }) => log?.syncedOffset),
  counter('log_groups', 'Groups written since it was opened.', ({ log }) => log?.groups),
  counter('log_bytes', 'Bytes written since it was opened.', ({ log }) => log?.bytes),
  gauge(
    'log_last_group_bytes',
    'Size of the last group, in bytes.',
    ({ log }) => log?.lastGroupBytes,
  ),
  gauge(
    'log_fsync_p50_usec',
    'What half of the syncs took at most, in µs; 0 before the first.',
    ({ log }) => log && fsyncUs(log, 50),
  ),
  gauge(
    'log_fsync_p99_usec',
    'What 99 of 100 syncs took at most, in µs; 0 before the first.',
    ({ log }) => log && fsyncUs(log, 99),
  ),
];

/** Facts that are present only while data is being loaded. */
const loadingFacts: readonly Fact<Sample>[] = [
  gauge(
    'loading_start_time',
    'Unix time when loading began, in seconds.',
    ({ loading }) => loading && Math.floor(loading.startedMs / 1000),
  ),
  gauge('loading_total_bytes', 'Size of the file, in bytes.', ({ loading }) => loading?.totalBytes),
  gauge(
    'loading_rdb_used_mem',
    'Memory of the server that wrote the file, in bytes; always 0.',
    ({ loading }) => loading && 0,
  ),
  gauge(
    'loading_loaded_bytes',
    'What is loaded of it, in bytes.',
    ({ loading }) => loading?.loadedBytes,
  ),
  gauge(
    'loading_loaded_perc',
    'The same in per cent.',
    ({ loading }) => loading && loadedPercentage(loading),
    digits(2),
  ),
  gauge(
    'loading_eta_seconds',
    'How much longer loading may take, in seconds.',
    ({ loading, nowMs }) => loading && secondsLeft(loading, nowMs),
  ),
];

export const persistenceFacts = section<Services, Sample>({
  ...{ name: 'persistence', title: 'Persistence' },
  sample({ loading: load, snapshots, wal }) {
    const { progress } = snapshots;
    const { facts: log, rewriteFacts: rewrite } = wal;
    const { isActive, progress: loading } = load;
    return { nowMs: Date.now(), snapshots, progress, rewrite, log, isLoading: isActive, loading };
  },
  facts: [
    flag('loading', 'Whether data is being loaded.', ({ isLoading }) => isLoading),
    none('async_loading', 'Whether old data is served meanwhile.'),
    ...fork,
    ...snapshotFacts,
    ...rewriteFacts,
    ...logFacts,
    ...loadingFacts,
  ],
});

function secondsSince(startedMs: number, nowMs: number): number {
  return Math.floor((nowMs - startedMs) / 1000);
}

/** A percentile of the durations of fsyncs, in µs; 0 before the first. */
function fsyncUs({ syncLatency }: LogFacts, percentile: number): number {
  return syncLatency.total === 0 ? 0 : Math.round(syncLatency.percentileUs(percentile));
}

/** How much of a file is loaded; 0 while its size is not known. */
function loadedPercentage({ loadedBytes, totalBytes }: LoadProgress): number {
  return totalBytes === 0 ? 0 : (loadedBytes / totalBytes) * 100;
}

function secondsLeft({ startedMs, loadedBytes, totalBytes }: LoadProgress, nowMs: number): number {
  if (loadedBytes === 0) return 1;
  return Math.floor((secondsSince(startedMs, nowMs) * (totalBytes - loadedBytes)) / loadedBytes);
}
