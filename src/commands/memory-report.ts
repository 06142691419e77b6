// Where the memory goes: the figures behind INFO memory, MEMORY STATS and MEMORY DOCTOR.
// "Used" is what the server holds for its users, data and clients' buffers; the JavaScript heap
// and the program are not in it, so it can be compared with `maxmemory`.
import type { Services } from './services.ts';

/** Sizes in bytes. */
export interface MemoryReport {
  readonly used: number;
  readonly peak: number;
  /** Of what is used: what the server had when it held no key. */
  readonly startup: number;
  /** Of what is used: tables, expiry heaps, clients, the keys that they track, the slow log. */
  readonly overhead: number;
  /** Of what is used: the rest, which is keys and values. */
  readonly dataset: number;
  /** What clients take: their buffers and their state. */
  readonly clients: number;
  /** Physical memory of the process. */
  readonly resident: number;
  readonly keys: number;
  /** In blocks of the arena, in pages that have such blocks, and held from the system. */
  readonly arenaUsed: number;
  readonly arenaActive: number;
  readonly arenaReserved: number;
  /** Data too large for blocks of the arena. */
  readonly external: number;
  readonly heapUsed: number;
  readonly heapReserved: number;
}

/** Measures the memory of a server. */
export function measureMemory(server: Services): MemoryReport {
  const { keyspace, stats, tracking } = server;
  const used = server.usedMemoryBytes();
  const tracked = tracking.table.usedBytes;
  const clients = server.clientMemory.heldBytes;
  let overhead = clients + tracked + server.slowLog.sizeBytes;
  let keys = 0;
  for (const database of keyspace.databases) {
    overhead += database.overheadBytes;
    keys += database.size;
  }
  const { arena, initialBytes: startup } = keyspace;
  const { heapTotal, heapUsed, rss } = process.memoryUsage();
  return {
    used,
    peak: Math.max(stats.peakUsedBytes, used),
    startup,
    overhead,
    dataset: used - overhead,
    clients,
    resident: rss,
    keys,
    arenaUsed: arena.usedBytes,
    arenaActive: arena.activeBytes,
    arenaReserved: arena.reservedBytes,
    external: arena.external.usedBytes,
    heapUsed,
    heapReserved: heapTotal,
  };
}

/** How much of what was added since the start is data, in per cent. */
export function datasetPercentage({ used, startup, dataset }: MemoryReport): number {
  return used > startup ? (Math.max(0, dataset) / (used - startup)) * 100 : 0;
}

/** How much of its peak the memory is now, in per cent. */
export function peakPercentage({ used, peak }: MemoryReport): number {
  return peak > 0 ? (used / peak) * 100 : 0;
}

/** `a / b`, or 0 when there is nothing to compare with. */
export function ratio(a: number, b: number): number {
  return b > 0 ? a / b : 0;
}

const UNITS = ['K', 'M', 'G', 'T', 'P', 'E'] as const;

/** A size for people, in Redis's form: "17B", "1.30M". */
export function humanBytes(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes}B`;
  const power = Math.min(UNITS.length, Math.floor(Math.log2(sizeBytes) / 10));
  return `${(sizeBytes / 1024 ** power).toFixed(2)}${UNITS[power - 1]}`;
}
