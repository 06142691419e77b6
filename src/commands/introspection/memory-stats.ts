// What MEMORY STATS reports: Redis's entries in Redis's order, then Synap's own.

import type { Services } from '../../core/services.ts';
import {
  datasetPercentage,
  measureMemory,
  overheadRatio,
  peakPercentage,
  ratio,
} from './memory-report.ts';

/** A value that is shown as a double. */
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
    { name: 'lua.caches', value: 0 },
    { name: 'functions.caches', value: 0 },
    ...databaseStats(server),
    { name: 'overhead.total', value: memory.overhead },
    { name: 'keys.count', value: memory.keys },
    { name: 'keys.bytes-per-key', value: Math.floor(perKey) },
    { name: 'dataset.bytes', value: memory.dataset },
    { name: 'dataset.percentage', value: new Share(datasetPercentage(memory)) },
    { name: 'peak.percentage', value: new Share(peakPercentage(memory)) },
    { name: 'allocator.allocated', value: memory.allocated },
    { name: 'allocator.active', value: memory.active },
    { name: 'allocator.resident', value: memory.allocatorResident },
    ...overhead('allocator-fragmentation', memory.active, memory.allocated),
    ...overhead('allocator-rss', memory.allocatorResident, memory.active),
    ...overhead('rss-overhead', memory.resident, memory.allocatorResident),
    { name: 'fragmentation', value: new Share(overheadRatio(memory.resident, memory.used)) },
    { name: 'fragmentation.bytes', value: memory.resident - memory.used },
    { name: 'arena.reserved', value: memory.arenaReserved },
    { name: 'arena.external', value: memory.overflow },
    { name: 'js-heap.used', value: memory.heapUsed },
    { name: 'js-heap.reserved', value: memory.heapReserved },
  ];
}

/** How much more memory is taken than is needed. */
function overhead(name: string, taken: number, needed: number): MemoryStat[] {
  return [
    { name: `${name}.ratio`, value: new Share(overheadRatio(taken, needed)) },
    { name: `${name}.bytes`, value: taken - needed },
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
        ['overhead.hashtable.slot-to-keys', 0],
      ]),
    }));
}
