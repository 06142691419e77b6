// What is counted of a keyspace.
/** Counters of the keyspace, for INFO. */
export interface KeyspaceStats {
  hits: number;
  misses: number;
  expired: number;
  evicted: number;
  /** Times that the active expiry cycle ended because its time was up. */
  expiryCyclesCutShort: number;
  /** Entries of streams removed as their rules say (XRETAIN). */
  retentionTrimmed: number;
  /** Entries freed by background work. */
  lazyFreed: number;
  /** Blocks that defragmentation moved, and blocks that it examined and did not move. */
  defragHits: number;
  defragMisses: number;
  /** Keys of which something was moved, and keys of which nothing was. */
  defragKeyHits: number;
  defragKeyMisses: number;
}

/** All of them at zero. */
export function noStats(): KeyspaceStats {
  return {
    ...{ hits: 0, misses: 0, expired: 0, evicted: 0, expiryCyclesCutShort: 0, lazyFreed: 0 },
    retentionTrimmed: 0,
    ...{ defragHits: 0, defragMisses: 0, defragKeyHits: 0, defragKeyMisses: 0 },
  };
}
