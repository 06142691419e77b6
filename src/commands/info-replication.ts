// INFO persistence and replication. Synap has no log and no replicas yet, so what is told of them is
// that nothing of the kind goes on.
import type { InfoField } from './info-sections.ts';
import type { Services } from './services.ts';
import type { LoadProgress } from './snapshots.ts';

const NO_REPLICATION_ID = '0'.repeat(40);

/** The fields of INFO persistence. */
export function persistenceFields({ snapshots }: Services): InfoField[] {
  const { progress, lastLoad } = snapshots;
  const sinceSeconds = Math.floor((Date.now() - snapshots.savingSinceMs) / 1000);
  return [
    ['loading', snapshots.isLoading ? 1 : 0],
    ['async_loading', 0],
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
    ['rdb_last_load_keys_expired', lastLoad.expired],
    ['rdb_last_load_keys_loaded', lastLoad.loaded],
    ['aof_enabled', 0],
    ['aof_rewrite_in_progress', 0],
    ['aof_rewrite_scheduled', 0],
    ['aof_last_rewrite_time_sec', -1],
    ['aof_current_rewrite_time_sec', -1],
    ['aof_last_bgrewrite_status', 'ok'],
    ['aof_rewrites', 0],
    ['aof_rewrites_consecutive_failures', 0],
    ['aof_last_write_status', 'ok'],
    ...loadingFields(snapshots.loading),
  ];
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
    ['loading_loaded_bytes', loadedBytes],
    ['loading_loaded_perc', ((loadedBytes / totalBytes) * 100).toFixed(2)],
    ['loading_eta_seconds', Math.floor(left)],
  ];
}

/** The fields of INFO replication. */
export function replicationFields({ identity, config }: Services): InfoField[] {
  return [
    ['role', 'master'],
    ['connected_slaves', 0],
    ['master_failover_state', 'no-failover'],
    // A replication id names one history of the data; here each run is one.
    ['master_replid', identity.runId],
    ['master_replid2', NO_REPLICATION_ID],
    ['master_repl_offset', 0],
    ['second_repl_offset', -1],
    ['repl_backlog_active', 0],
    ['repl_backlog_size', Number(config.values['repl-backlog-size'])],
    ['repl_backlog_first_byte_offset', 0],
    ['repl_backlog_histlen', 0],
  ];
}
