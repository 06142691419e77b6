// The families of commands: adding one is a line here.
import type { CommandRow } from '../core/command-row.ts';
import { bitfieldCommands } from './bitmap/bitfield.ts';
import { bitopCommands } from './bitmap/bitop.ts';
import { bitCommands } from './bitmap/bits.ts';
import { clientCommands } from './connection/client.ts';
import { connectionCommands } from './connection/connection.ts';
import { debugCommands } from './debug/debug.ts';
import { dumpCommands } from './generic/dump.ts';
import { expireCommands } from './generic/expire.ts';
import { keyCommands } from './generic/keys.ts';
import { migrateCommands } from './generic/migrate.ts';
import { objectCommands } from './generic/object.ts';
import { scanCommands } from './generic/scan.ts';
import { geoPlaceCommands } from './geo/places.ts';
import { geoSearchCommands } from './geo/search.ts';
import { combinedHashCommands } from './hash/combined.ts';
import { hashCounterCommands } from './hash/counters.ts';
import { fieldExpiryCommands } from './hash/expiry.ts';
import { hashCommands } from './hash/fields.ts';
import { randomFieldCommands } from './hash/random.ts';
import { hashScanCommands } from './hash/scan.ts';
import { wholeHashCommands } from './hash/whole.ts';
import { hyperLogLogDebugCommands } from './hyperloglog/debug.ts';
import { hyperLogLogCommands } from './hyperloglog/hyperloglog.ts';
import { commandCommands } from './introspection/command.ts';
import { infoCommands } from './introspection/info.ts';
import { latencyCommands } from './introspection/latency.ts';
import { memoryCommands } from './introspection/memory.ts';
import { monitorCommands } from './introspection/monitor.ts';
import { slowlogCommands } from './introspection/slowlog.ts';
import { listBlockingCommands } from './list/blocking.ts';
import { listElementCommands } from './list/elements.ts';
import { listCommands } from './list/lists.ts';
import { listMoveCommands } from './list/moves.ts';
import { pubsubIntrospectionCommands } from './pubsub/introspection.ts';
import { pubsubCommands } from './pubsub/pubsub.ts';
import { configCommands } from './server/config.ts';
import { databaseCommands } from './server/databases.ts';
import { logRewritingCommands } from './server/log-rewriting.ts';
import { moduleCommands } from './server/modules.ts';
import { serverCommands } from './server/server.ts';
import { shutdownCommands } from './server/shutdown.ts';
import { snapshotCommands } from './server/snapshots.ts';
import { setAlgebraCommands } from './set/algebra.ts';
import { setRandomCommands } from './set/random.ts';
import { setCommands } from './set/sets.ts';
import { sortCommands } from './sort/sort.ts';
import { streamAcknowledgingCommands } from './stream/acknowledging.ts';
import { streamClaimCommands } from './stream/claims.ts';
import { streamCompactionCommands } from './stream/compaction.ts';
import { streamDeletionCommands } from './stream/deletions.ts';
import { streamCommands } from './stream/entries.ts';
import { streamGroupReadCommands } from './stream/group-reads.ts';
import { streamGroupCommands } from './stream/groups.ts';
import { streamInfoCommands } from './stream/info.ts';
import { streamPendingCommands } from './stream/pending.ts';
import { streamRangeCommands } from './stream/ranges.ts';
import { streamReadCommands } from './stream/reads.ts';
import { streamRetentionCommands } from './stream/retention.ts';
import { streamTierCommands } from './stream/tier.ts';
import { counterCommands } from './string/counters.ts';
import { lcsCommands } from './string/lcs.ts';
import { stringRangeCommands } from './string/ranges.ts';
import { stringCommands } from './string/strings.ts';
import { transactionCommands } from './transactions.ts';
import { sortedSetCombinationCommands } from './zset/combinations.ts';
import { sortedSetCommands } from './zset/members.ts';
import { sortedSetPopCommands } from './zset/pops.ts';
import { sortedSetRandomCommands } from './zset/random.ts';
import { sortedSetRangeCommands } from './zset/ranges.ts';
import { sortedSetScanCommands } from './zset/scan.ts';

/** The rows of all families, in the order in which COMMAND lists them. */
export const families: readonly (readonly CommandRow[])[] = [
  stringCommands,
  stringRangeCommands,
  counterCommands,
  lcsCommands,
  bitCommands,
  bitopCommands,
  bitfieldCommands,
  hyperLogLogCommands,
  hyperLogLogDebugCommands,
  listCommands,
  listElementCommands,
  listMoveCommands,
  listBlockingCommands,
  setCommands,
  setRandomCommands,
  setAlgebraCommands,
  hashCommands,
  wholeHashCommands,
  hashCounterCommands,
  randomFieldCommands,
  hashScanCommands,
  fieldExpiryCommands,
  combinedHashCommands,
  sortedSetCommands,
  sortedSetRangeCommands,
  sortedSetPopCommands,
  sortedSetCombinationCommands,
  sortedSetRandomCommands,
  sortedSetScanCommands,
  streamCommands,
  streamRangeCommands,
  streamTierCommands,
  streamReadCommands,
  streamRetentionCommands,
  streamCompactionCommands,
  streamGroupReadCommands,
  streamGroupCommands,
  streamAcknowledgingCommands,
  streamDeletionCommands,
  streamPendingCommands,
  streamClaimCommands,
  streamInfoCommands,
  geoPlaceCommands,
  geoSearchCommands,
  keyCommands,
  expireCommands,
  scanCommands,
  sortCommands,
  dumpCommands,
  migrateCommands,
  objectCommands,
  connectionCommands,
  clientCommands,
  transactionCommands,
  pubsubCommands,
  pubsubIntrospectionCommands,
  commandCommands,
  infoCommands,
  configCommands,
  serverCommands,
  databaseCommands,
  slowlogCommands,
  snapshotCommands,
  logRewritingCommands,
  latencyCommands,
  memoryCommands,
  moduleCommands,
  monitorCommands,
  shutdownCommands,
  debugCommands,
];
