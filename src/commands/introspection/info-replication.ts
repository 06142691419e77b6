// INFO persistence and replication. There are no replicas yet, so what is told of them is that nothing of
// the kind goes on.

import type { LoadProgress } from '../../core/load-state.ts';
import type { Services } from '../../core/services.ts';
import type { LogFacts, RewriteFacts } from '../../core/write-ahead-log.ts';
import type { InfoField } from './info-field.ts';

const NO_REPLICATION_ID = '0'.repeat(40);

/** What Redis tells of a child process that saves, and of the pages that it had to copy for it. */
const NO_FORK: readonly InfoField[] = [
  ['current_cow_peak', 0],
  ['current_cow_size', 0],
  ['current_cow_size_age', 0],
  ['current_fork_perc', '0.00'],
];

/** The fields of INFO persistence. */
export function persistenceFields({ loading, snapshots, wal }: Services): InfoField[] {
  const { facts } = wal;
  const { progress, lastLoad } = snapshots;
  const sinceSeconds = Math.floor((Date.now() - snapshots.savingSinceMs) / 1000);
  return [
    ['loading', loading.isActive ? 1 : 0],
    ['async_loading', 0],
    ...NO_FORK,
    ['current_save_keys_processed', progress.saved],
    ['current_save_keys_total', progress.keys],
    ['rdb_changes_since_last_save', snapshots.changes],
    ['rdb_bgsave_in_progress', snapshots.isSaving ? 1 : 0],
    // The data counts as saved when the server starts, as in Redis.
    ['rdb_last_save_time', snapshots.lastSaveSeconds],
    ['rdb_last_bgsave_status', snapshots.lastSucceeded ? 'ok' : 'err'],
    ['rdb_last_bgsave_time_sec', snapshots.lastTookSeconds],
    ['rdb_current_bgsave_time_sec', snapshots.isSaving ? sinceSeconds : -1],
    ['rdb_saves', snapshots.saves],
    ['rdb_last_cow_size', 0],
    ['rdb_last_load_keys_expired', lastLoad.expired],
    ['rdb_last_load_keys_loaded', lastLoad.loaded],
    ['aof_enabled', facts === undefined ? 0 : 1],
    ...rewriteFields(wal.rewriteFacts),
    ['aof_last_write_status', facts?.hasFailed ? 'err' : 'ok'],
    ['aof_last_cow_size', 0],
    ['module_fork_in_progress', 0],
    ['module_fork_last_cow_size', 0],
    ...logFields(facts),
    ...loadingFields(loading.progress),
  ];
}

function rewriteFields(facts: RewriteFacts): InfoField[] {
  const isRunning = facts.startedMs !== 0;
  const runningSeconds = Math.floor((Date.now() - facts.startedMs) / 1000);
  return [
    ['aof_rewrite_in_progress', isRunning ? 1 : 0],
    ['aof_rewrite_scheduled', facts.isScheduled ? 1 : 0],
    ['aof_last_rewrite_time_sec', facts.lastTookSeconds],
    ['aof_current_rewrite_time_sec', isRunning ? runningSeconds : -1],
    ['aof_last_bgrewrite_status', facts.lastSucceeded ? 'ok' : 'err'],
    ['aof_rewrites', facts.rewrites],
    ['aof_rewrites_consecutive_failures', facts.consecutiveFailures],
  ];
}

/** What is told only while there is a log: Redis's fields, and the log's own. */
function logFields(log: LogFacts | undefined): InfoField[] {
  if (log === undefined) return [];
  const pendingBytes = log.offset - log.writtenOffset;
  return [
    ['aof_current_size', log.sizeBytes],
    ['aof_base_size', log.baseBytes],
    ['aof_pending_rewrite', 0],
    ['aof_buffer_length', pendingBytes],
    ['aof_pending_bio_fsync', log.syncedOffset < log.writtenOffset ? 1 : 0],
    ['aof_delayed_fsync', 0],
    ['log_generations', log.generations],
    ['log_offset', log.offset],
    ['log_synced_offset', log.syncedOffset],
    ['log_groups', log.groups],
    ['log_bytes', log.bytes],
    ['log_last_group_bytes', log.lastGroupBytes],
    ['log_fsync_p50_usec', fsyncUs(log, 50)],
    ['log_fsync_p99_usec', fsyncUs(log, 99)],
  ];
}

/** A percentile of the durations of fsyncs, in µs; 0 before the first. */
function fsyncUs({ syncLatency }: LogFacts, percentile: number): number {
  return syncLatency.total === 0 ? 0 : Math.round(syncLatency.percentileUs(percentile));
}

/** What is told only while data is loaded. */
function loadingFields(loading: LoadProgress | undefined): InfoField[] {
  if (loading === undefined) return [];
  const { startedMs, totalBytes, loadedBytes } = loading;
  const elapsedSeconds = Math.floor((Date.now() - startedMs) / 1000);
  const left = loadedBytes === 0 ? 1 : (elapsedSeconds * (totalBytes - loadedBytes)) / loadedBytes;
  return [
    ['loading_start_time', Math.floor(startedMs / 1000)],
    ['loading_total_bytes', totalBytes],
    ['loading_rdb_used_mem', 0],
    ['loading_loaded_bytes', loadedBytes],
    ['loading_loaded_perc', ((loadedBytes / totalBytes) * 100).toFixed(2)],
    ['loading_eta_seconds', Math.floor(left)],
  ];
}

/** The fields of INFO replication. */
export function replicationFields({ identity, config, wal }: Services): InfoField[] {
  const { 'min-replicas-to-write': required, 'min-replicas-max-lag': maxLag } = config.values;
  const lagging: InfoField[] = required > 0 && maxLag > 0 ? [['min_slaves_good_slaves', 0]] : [];
  return [
    ['role', 'master'],
    ['connected_slaves', 0],
    ...lagging,
    ['master_failover_state', 'no-failover'],
    // Names one history of the data: that of the log, or without one that of this run.
    ['master_replid', wal.facts?.replicationId ?? identity.runId],
    ['master_replid2', NO_REPLICATION_ID],
    ['master_repl_offset', wal.facts?.offset ?? 0],
    ['second_repl_offset', -1],
    ['repl_backlog_active', 0],
    ['repl_backlog_size', Number(config.values['repl-backlog-size'])],
    ['repl_backlog_first_byte_offset', 0],
    ['repl_backlog_histlen', 0],
  ];
}
