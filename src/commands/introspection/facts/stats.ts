// INFO stats: what was counted since the start, or since CONFIG RESETSTAT.
import type { Services } from '../../../core/services.ts';
import type { Keyspace } from '../../../keyspace/keyspace.ts';
import { counter, digits, type Fact, gauge, none, section } from '../../../telemetry/fact.ts';
import { ratio } from '../memory-report.ts';

/** Keys looked at in a database to estimate how many are due. */
const STALE_SAMPLES = 64;
const KILOBYTE = 1024;

interface Sample
  extends Pick<
    Services,
    'keyspace' | 'pubsub' | 'remotes' | 'replyBuffers' | 'stats' | 'tracking'
  > {
  /** By performance.now(). */
  readonly nowMs: number;
}

const network: readonly Fact<Sample>[] = [
  counter(
    'total_connections_received',
    'Connections that were accepted.',
    ({ stats }) => stats.connectionsReceived,
  ),
  counter(
    'total_commands_processed',
    'Commands that were run.',
    ({ stats }) => stats.commandsProcessed,
  ),
  gauge('instantaneous_ops_per_sec', 'Commands a second, lately.', ({ stats }) =>
    Math.floor(stats.opsPerSecond.perSecond),
  ),
  counter('total_net_input_bytes', 'Bytes received.', ({ stats }) => stats.bytesIn),
  counter('total_net_output_bytes', 'Bytes sent.', ({ stats }) => stats.bytesOut),
  none('total_net_repl_input_bytes', 'Bytes received by replication.', 'counter'),
  none('total_net_repl_output_bytes', 'Bytes sent by replication.', 'counter'),
  gauge(
    'instantaneous_input_kbps',
    'KiB received a second, lately.',
    ({ stats }) => stats.bytesInPerSecond.perSecond / KILOBYTE,
    digits(2),
  ),
  gauge(
    'instantaneous_output_kbps',
    'KiB sent a second, lately.',
    ({ stats }) => stats.bytesOutPerSecond.perSecond / KILOBYTE,
    digits(2),
  ),
  none(
    'instantaneous_input_repl_kbps',
    'KiB received a second by replication.',
    'gauge',
    digits(2),
  ),
  none('instantaneous_output_repl_kbps', 'KiB sent a second by replication.', 'gauge', digits(2)),
  counter(
    'rejected_connections',
    'Connections that were turned away.',
    ({ stats }) => stats.connectionsRejected,
  ),
  none('sync_full', 'Replicas that got all data.', 'counter'),
  none('sync_partial_ok', 'Replicas that got what they missed.', 'counter'),
  none('sync_partial_err', 'Replicas for which that could not be done.', 'counter'),
];

const keys: readonly Fact<Sample>[] = [
  counter('expired_keys', 'Keys that have expired.', ({ keyspace }) => keyspace.stats.expired),
  gauge(
    'expired_stale_perc',
    'Of the keys with an expiry: those that are due and still there, in per cent; sampled.',
    ({ keyspace }) => staleKeysPercentage(keyspace),
    digits(2),
  ),
  counter(
    'expired_time_cap_reached_count',
    'Rounds of expiry that ended before all due keys were gone.',
    ({ keyspace }) => keyspace.stats.expiryCyclesCutShort,
  ),
  counter('expire_cycle_cpu_milliseconds', 'What rounds of expiry took, in ms.', ({ stats }) =>
    Math.floor(stats.expiryCycleMs),
  ),
  counter(
    'stream_retention_trimmed',
    'Entries of streams removed as their rules say (XRETAIN).',
    ({ keyspace }) => keyspace.stats.retentionTrimmed,
  ),
  counter('evicted_keys', 'Keys that were evicted.', ({ keyspace }) => keyspace.stats.evicted),
  counter(
    'evicted_clients',
    'Clients closed because all together took too much memory.',
    ({ stats }) => stats.evictedClients,
  ),
  counter(
    'total_eviction_exceeded_time',
    'For how long the memory limit was exceeded, in ms.',
    ({ stats, nowMs }) => Math.floor(stats.totalExceededMs(nowMs)),
  ),
  gauge(
    'current_eviction_exceeded_time',
    'For how long it has been exceeded now, in ms.',
    ({ stats, nowMs }) => Math.floor(stats.currentlyExceededMs(nowMs)),
  ),
  counter(
    'keyspace_hits',
    'Keys that were looked up and found.',
    ({ keyspace }) => keyspace.stats.hits,
  ),
  counter(
    'keyspace_misses',
    'Keys that were looked up and not found.',
    ({ keyspace }) => keyspace.stats.misses,
  ),
  gauge('pubsub_channels', 'Channels with subscribers.', ({ pubsub }) => pubsub.channels.size),
  gauge('pubsub_patterns', 'Patterns with subscribers.', ({ pubsub }) => pubsub.patterns.size),
  gauge(
    'pubsubshard_channels',
    'Channels of shards with subscribers.',
    ({ pubsub }) => pubsub.shards.size,
  ),
  // Synap does not fork.
  none('latest_fork_usec', 'What the last fork took, in µs.'),
  none('total_forks', 'Forks.', 'counter'),
  gauge(
    'migrate_cached_sockets',
    'Connections to other servers that are kept for MIGRATE.',
    ({ remotes }) => remotes.size,
  ),
  none('slave_expires_tracked_keys', 'Keys with an expiry that a replica was given.'),
];

const defragmentation: readonly Fact<Sample>[] = [
  counter(
    'active_defrag_hits',
    'Blocks moved by defragmentation.',
    ({ keyspace }) => keyspace.stats.defragHits,
  ),
  counter(
    'active_defrag_misses',
    'Blocks looked at and left where they are.',
    ({ keyspace }) => keyspace.stats.defragMisses,
  ),
  counter(
    'active_defrag_key_hits',
    'Keys with blocks that were moved.',
    ({ keyspace }) => keyspace.stats.defragKeyHits,
  ),
  counter(
    'active_defrag_key_misses',
    'Keys without.',
    ({ keyspace }) => keyspace.stats.defragKeyMisses,
  ),
  counter(
    'total_active_defrag_time',
    'For how long memory was defragmented, in ms.',
    ({ stats, nowMs }) => Math.floor(stats.totalDefragMs(nowMs)),
  ),
  gauge('current_active_defrag_time', 'For how long it has been now, in ms.', ({ stats, nowMs }) =>
    Math.floor(stats.currentDefragMs(nowMs)),
  ),
];

const others: readonly Fact<Sample>[] = [
  gauge(
    'tracking_total_keys',
    'Keys that clients may have in their caches (client-side caching).',
    ({ tracking }) => tracking.table.keys,
  ),
  gauge(
    'tracking_total_items',
    'Pairs of a tracked key and a client that tracks it.',
    ({ tracking }) => tracking.table.items,
  ),
  gauge(
    'tracking_total_prefixes',
    'Prefixes of keys that clients follow.',
    ({ tracking }) => tracking.prefixes.size,
  ),
  counter(
    'unexpected_error_replies',
    'Errors that commands of the log were answered with.',
    ({ stats }) => stats.unexpectedErrors,
  ),
  counter('total_error_replies', 'Error replies.', ({ stats }) => stats.errorReplies),
  none('dump_payload_sanitizations', 'Payloads that were checked in depth.', 'counter'),
  counter('total_reads_processed', 'Reads of sockets.', ({ stats }) => stats.readsProcessed),
  counter('total_writes_processed', 'Writes to sockets.', ({ stats }) => stats.writesProcessed),
  none('io_threaded_reads_processed', 'Reads by other threads.', 'counter'),
  none('io_threaded_writes_processed', 'Writes by other threads.', 'counter'),
  counter(
    'reply_buffer_shrinks',
    'Shares of the reply buffer that were made smaller.',
    ({ replyBuffers }) => replyBuffers.shrinks,
  ),
  counter(
    'reply_buffer_expands',
    'Shares of the reply buffer that were made larger.',
    ({ replyBuffers }) => replyBuffers.expands,
  ),
];

export const statsFacts = section<Services, Sample>({
  ...{ name: 'stats', title: 'Stats' },
  sample({ keyspace, pubsub, remotes, replyBuffers, stats, tracking }) {
    const nowMs = performance.now();
    return { keyspace, pubsub, remotes, replyBuffers, stats, tracking, nowMs };
  },
  facts: [...network, ...keys, ...defragmentation, ...others],
});

/** Share of the keys with an expiry that have expired and are not deleted yet, in per cent; sampled. */
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
