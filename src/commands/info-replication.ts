// INFO persistence and replication. Synap keeps its data in memory alone and has no replicas, so
// what these sections tell beyond the number of changes is that nothing of the kind goes on.
import type { InfoField } from './info-sections.ts';
import type { Services } from './services.ts';

const NO_REPLICATION_ID = '0'.repeat(40);

/** The fields of INFO persistence. */
export function persistenceFields({ identity, keyspace }: Services): InfoField[] {
  return [
    ['loading', 0],
    ['async_loading', 0],
    ['current_save_keys_processed', 0],
    ['current_save_keys_total', 0],
    ['rdb_changes_since_last_save', keyspace.dirty],
    ['rdb_bgsave_in_progress', 0],
    // The data counts as saved when the server starts with nothing, as in Redis.
    ['rdb_last_save_time', Math.floor(identity.startedMs / 1000)],
    ['rdb_last_bgsave_status', 'ok'],
    ['rdb_last_bgsave_time_sec', -1],
    ['rdb_current_bgsave_time_sec', -1],
    ['rdb_saves', 0],
    ['rdb_last_load_keys_expired', 0],
    ['rdb_last_load_keys_loaded', 0],
    ['aof_enabled', 0],
    ['aof_rewrite_in_progress', 0],
    ['aof_rewrite_scheduled', 0],
    ['aof_last_rewrite_time_sec', -1],
    ['aof_current_rewrite_time_sec', -1],
    ['aof_last_bgrewrite_status', 'ok'],
    ['aof_rewrites', 0],
    ['aof_rewrites_consecutive_failures', 0],
    ['aof_last_write_status', 'ok'],
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
