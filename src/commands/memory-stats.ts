// What MEMORY STATS tells: Redis's entries in Redis's order, then Synap's own.
import { datasetPercentage, measureMemory, peakPercentage, ratio } from './memory-report.ts';
import type { Services } from './services.ts';

/** A value that is told as a double. */
export class Share {
  readonly of: number;

  constructor(of: number) {
    this.of = of;
  }
}

/** An entry: a size in bytes (or a number of keys), a share or ratio, or sizes by name. */
export interface MemoryStat {
  readonly name: string;
  readonly value: number | Share | ReadonlyMap<string, number>;
}

/** All entries of MEMORY STATS. */
export function memoryStats(server: Services): MemoryStat[] {
  const memory = measureMemory(server);
  const perKey = ratio(memory.used - memory.startup, memory.keys);
  return [
    { name: 'peak.allocated', value: memory.peak },
    { name: 'total.allocated', value: memory.used },
    { name: 'startup.allocated', value: memory.startup },
    { name: 'replication.backlog', value: 0 },
    { name: 'clients.slaves', value: 0 },
    { name: 'clients.normal', value: server.clientMemory.bytes },
    { name: 'cluster.links', value: 0 },
    { name: 'aof.buffer', value: 0 },
    ...databaseStats(server),
    { name: 'overhead.total', value: memory.overhead },
    { name: 'keys.count', value: memory.keys },
    { name: 'keys.bytes-per-key', value: Math.floor(perKey) },
    { name: 'dataset.bytes', value: memory.dataset },
    { name: 'dataset.percentage', value: new Share(datasetPercentage(memory)) },
    { name: 'peak.percentage', value: new Share(peakPercentage(memory)) },
    { name: 'allocator.allocated', value: memory.arenaUsed },
    { name: 'allocator.active', value: memory.arenaActive },
    {
      name: 'allocator-fragmentation.ratio',
      value: new Share(ratio(memory.arenaActive, memory.arenaUsed)),
    },
    { name: 'allocator-fragmentation.bytes', value: memory.arenaActive - memory.arenaUsed },
    { name: 'fragmentation', value: new Share(ratio(memory.resident, memory.used)) },
    { name: 'fragmentation.bytes', value: memory.resident - memory.used },
    { name: 'arena.reserved', value: memory.arenaReserved },
    { name: 'arena.external', value: memory.external },
    { name: 'js-heap.used', value: memory.heapUsed },
    { name: 'js-heap.reserved', value: memory.heapReserved },
  ];
}

/** What the tables and expiry heaps of databases take, of those that hold keys. */
function databaseStats({ keyspace }: Services): MemoryStat[] {
  return keyspace.databases
    .filter(({ size }) => size > 0)
    .map(({ index, overheadBytes, expiryBytes }) => ({
      name: `db.${index}`,
      value: new Map([
        ['overhead.hashtable.main', overheadBytes - expiryBytes],
        ['overhead.hashtable.expires', expiryBytes],
      ]),
    }));
}
