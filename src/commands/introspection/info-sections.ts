// The sections of INFO in Redis's order, each with what it tells: Redis's fields in Redis's order
// where they mean something here, then Synap's own. A value is measured when it is asked for.
import * as os from 'node:os';
import type { Services } from '../../core/services.ts';
import { buildId, REDIS_VERSION } from '../../core/version.ts';
import { lruWord } from '../../keyspace/access-clock.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import { mainThreadCpuTime, processCpuTime } from '../../telemetry/cpu-time.ts';
import { unixTimeUs } from '../../telemetry/wall-clock.ts';
import { commandFields, errorFields, percentileFields } from './info-commands.ts';
import type { InfoField } from './info-field.ts';
import { memoryFields } from './info-memory.ts';
import { persistenceFields, replicationFields } from './info-replication.ts';
import { ratio } from './memory-report.ts';

/** A section of INFO. */
export interface InfoSection {
  /** As INFO takes it, lower case. */
  readonly name: string;
  readonly title: string;
  /** Whether INFO without arguments tells it. */
  readonly isDefault: boolean;
  readonly fields: (server: Services) => readonly InfoField[];
}

/** All sections. */
export const infoSections: readonly InfoSection[] = [
  { name: 'server', title: 'Server', isDefault: true, fields: serverFields },
  { name: 'clients', title: 'Clients', isDefault: true, fields: clientFields },
  { name: 'memory', title: 'Memory', isDefault: true, fields: memoryFields },
  { name: 'persistence', title: 'Persistence', isDefault: true, fields: persistenceFields },
  { name: 'stats', title: 'Stats', isDefault: true, fields: statsFields },
  { name: 'replication', title: 'Replication', isDefault: true, fields: replicationFields },
  { name: 'cpu', title: 'CPU', isDefault: true, fields: cpuFields },
  { name: 'modules', title: 'Modules', isDefault: true, fields: () => [] },
  { name: 'commandstats', title: 'Commandstats', isDefault: false, fields: commandFields },
  { name: 'errorstats', title: 'Errorstats', isDefault: true, fields: errorFields },
  { name: 'latencystats', title: 'Latencystats', isDefault: false, fields: percentileFields },
  { name: 'cluster', title: 'Cluster', isDefault: true, fields: () => [['cluster_enabled', 0]] },
  { name: 'keyspace', title: 'Keyspace', isDefault: true, fields: keyspaceFields },
];

const SECONDS_PER_DAY = 86_400;
/** Keys looked at in a database to estimate how many are due. */
const STALE_SAMPLES = 64;

function serverFields({ identity, config, keyspace }: Services): InfoField[] {
  const nowUs = unixTimeUs();
  const uptimeSeconds = Math.floor((nowUs / 1000 - identity.startedMs) / 1000);
  return [
    ['redis_version', REDIS_VERSION],
    ['synap_version', identity.version],
    ['node_version', process.versions.node],
    // As Redis says when it is built from a package: nothing of a commit, and no compiler.
    ['redis_git_sha1', '00000000'],
    ['redis_git_dirty', 0],
    ['redis_build_id', buildId(identity.version)],
    ['redis_mode', 'standalone'],
    ['os', `${os.type()} ${os.release()} ${os.machine()}`],
    ['arch_bits', process.arch.endsWith('64') ? 64 : 32],
    // What process.hrtime and performance.now are made of.
    ['monotonic_clock', 'POSIX clock_gettime'],
    ['multiplexing_api', pollingInterface()],
    ['atomicvar_api', 'none'],
    ['gcc_version', '0.0.0'],
    ['process_id', process.pid],
    ['process_supervised', 'no'],
    ['run_id', identity.runId],
    ['tcp_port', identity.port],
    ['server_time_usec', nowUs],
    ['uptime_in_seconds', uptimeSeconds],
    ['uptime_in_days', Math.floor(uptimeSeconds / SECONDS_PER_DAY)],
    ['hz', config.values.hz],
    ['configured_hz', config.values.hz],
    ['lru_clock', lruWord(keyspace.nowMs) >>> 0],
    ['executable', process.argv[1] ?? process.execPath],
    ['config_file', config.file ?? ''],
    ['io_threads_active', 0],
  ];
}

/** What libuv waits for sockets with. */
function pollingInterface(): string {
  if (process.platform === 'linux') return 'epoll';
  return process.platform === 'win32' ? 'iocp' : 'kqueue';
}

function clientFields(server: Services): InfoField[] {
  const { blocking, clientPeaks, clients, config, pause, tracking } = server;
  return [
    ['connected_clients', clients.size],
    ['cluster_connections', 0],
    ['maxclients', config.values.maxclients],
    ['client_recent_max_input_buffer', clientPeaks.inputBytes],
    ['client_recent_max_output_buffer', clientPeaks.outputBytes],
    ['blocked_clients', blocking.size + pause.suspended.size],
    ['tracking_clients', tracking.clients],
    ['clients_in_timeout_table', blocking.limited],
  ];
}

function statsFields({
  keyspace,
  pubsub,
  remotes,
  replyBuffers,
  stats,
  tracking,
}: Services): InfoField[] {
  const nowMs = performance.now();
  const kilobytes = (bytes: number): string => (bytes / 1024).toFixed(2);
  return [
    ['total_connections_received', stats.connectionsReceived],
    ['total_commands_processed', stats.commandsProcessed],
    ['instantaneous_ops_per_sec', Math.floor(stats.opsPerSecond.perSecond)],
    ['total_net_input_bytes', stats.bytesIn],
    ['total_net_output_bytes', stats.bytesOut],
    ['total_net_repl_input_bytes', 0],
    ['total_net_repl_output_bytes', 0],
    ['instantaneous_input_kbps', kilobytes(stats.bytesInPerSecond.perSecond)],
    ['instantaneous_output_kbps', kilobytes(stats.bytesOutPerSecond.perSecond)],
    ['instantaneous_input_repl_kbps', '0.00'],
    ['instantaneous_output_repl_kbps', '0.00'],
    ['rejected_connections', stats.connectionsRejected],
    ['sync_full', 0],
    ['sync_partial_ok', 0],
    ['sync_partial_err', 0],
    ['expired_keys', keyspace.stats.expired],
    ['expired_stale_perc', staleKeysPercentage(keyspace).toFixed(2)],
    ['expired_time_cap_reached_count', keyspace.stats.expiryCyclesCutShort],
    ['expire_cycle_cpu_milliseconds', Math.floor(stats.expiryCycleMs)],
    ['evicted_keys', keyspace.stats.evicted],
    ['evicted_clients', stats.evictedClients],
    ['total_eviction_exceeded_time', Math.floor(stats.totalExceededMs(nowMs))],
    ['current_eviction_exceeded_time', Math.floor(stats.currentlyExceededMs(nowMs))],
    ['keyspace_hits', keyspace.stats.hits],
    ['keyspace_misses', keyspace.stats.misses],
    ['pubsub_channels', pubsub.channels.size],
    ['pubsub_patterns', pubsub.patterns.size],
    ['pubsubshard_channels', pubsub.shards.size],
    // Nothing here forks.
    ['latest_fork_usec', 0],
    ['total_forks', 0],
    ['migrate_cached_sockets', remotes.size],
    ['slave_expires_tracked_keys', 0],
    ['active_defrag_hits', keyspace.stats.defragHits],
    ['active_defrag_misses', keyspace.stats.defragMisses],
    ['active_defrag_key_hits', keyspace.stats.defragKeyHits],
    ['active_defrag_key_misses', keyspace.stats.defragKeyMisses],
    ['total_active_defrag_time', Math.floor(stats.totalDefragMs(nowMs))],
    ['current_active_defrag_time', Math.floor(stats.currentDefragMs(nowMs))],
    ['tracking_total_keys', tracking.table.keys],
    ['tracking_total_items', tracking.table.items],
    ['tracking_total_prefixes', tracking.prefixes.size],
    ['unexpected_error_replies', stats.unexpectedErrors],
    ['total_error_replies', stats.errorReplies],
    ['dump_payload_sanitizations', 0],
    ['total_reads_processed', stats.readsProcessed],
    ['total_writes_processed', stats.writesProcessed],
    ['io_threaded_reads_processed', 0],
    ['io_threaded_writes_processed', 0],
    ['reply_buffer_shrinks', replyBuffers.shrinks],
    ['reply_buffer_expands', replyBuffers.expands],
  ];
}

/** How many of the keys with an expiry have passed it and are still there, in per cent; sampled. */
function staleKeysPercentage({ databases, nowMs }: Keyspace): number {
  let sampled = 0;
  let due = 0;
  for (const database of databases) {
    if (database.soonestExpiryMs > nowMs) continue;
    for (let i = 0; i < STALE_SAMPLES; i++) {
      if (database.isDue(database.randomExpiring())) due++;
      sampled++;
    }
  }
  return ratio(due, sampled) * 100;
}

function cpuFields(): InfoField[] {
  const total = processCpuTime();
  const main = mainThreadCpuTime();
  const fields: InfoField[] = [
    ['used_cpu_sys', total.system.toFixed(6)],
    ['used_cpu_user', total.user.toFixed(6)],
    ['used_cpu_sys_children', '0.000000'],
    ['used_cpu_user_children', '0.000000'],
  ];
  if (main !== undefined) {
    fields.push(
      ['used_cpu_sys_main_thread', main.system.toFixed(6)],
      ['used_cpu_user_main_thread', main.user.toFixed(6)],
    );
  }
  return fields;
}

function keyspaceFields({ keyspace }: Services): InfoField[] {
  return keyspace.databases
    .filter(({ size }) => size > 0)
    .map((database) => [
      `db${database.index}`,
      `keys=${database.size},expires=${database.expiring},avg_ttl=${database.averageTtlMs()}`,
    ]);
}
