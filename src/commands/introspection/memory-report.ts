// Where the memory goes: the figures behind INFO memory, MEMORY STATS and MEMORY DOCTOR.
// "Used" is what the server holds for its users, data and clients' buffers; the JavaScript heap
// and the program are not in it, so it can be compared with `maxmemory`.

import type { Services } from '../../core/services.ts';
import type { Arena } from '../../memory/arena.ts';

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
  /** Off the JavaScript heap: data in use, … */
  readonly allocated: number;
  /** … with the room between it in pages that hold some of it, … */
  readonly active: number;
  /** … and with pages that are free but not given back to the system yet. */
  readonly allocatorResident: number;
  /** In blocks of the arena, and addresses held for it. */
  readonly arenaUsed: number;
  readonly arenaReserved: number;
  /** Data too large for blocks of the arena. */
  readonly overflow: number;
  readonly heapUsed: number;
  readonly heapReserved: number;
}

/** Measures the memory of a server. */
export function measureMemory(server: Services): MemoryReport {
  const { keyspace, stats, tracking } = server;
  const used = server.memory.usedBytes;
  const tracked = tracking.table.usedBytes;
  const clients = server.clientMemory.ownBytes;
  let overhead = clients + tracked + server.slowLog.sizeBytes;
  let keys = 0;
  for (const database of keyspace.databases) {
    overhead += database.overheadBytes;
    keys += database.size;
  }
  for (const { partExpiry } of keyspace.types.all) {
    overhead += partExpiry?.overheadBytes(keyspace.entries) ?? 0;
  }
  const { arena, initialBytes: startup } = keyspace;
  const allocated = keyspace.usedBytes + tracked;
  let active = allocated;
  let allocatorResident = allocated;
  for (const { usedBytes, activeBytes, residentBytes } of arenasOf(server)) {
    active += activeBytes - usedBytes;
    allocatorResident += residentBytes - usedBytes;
  }
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
    allocated,
    active,
    allocatorResident,
    arenaUsed: arena.usedBytes,
    arenaReserved: arena.reservedBytes,
    overflow: arena.overflow.usedBytes,
    heapUsed,
    heapReserved: heapTotal,
  };
}

/** The arenas of a server. */
function arenasOf({ keyspace, tracking }: Services): Arena[] {
  const { arena } = tracking.table;
  return arena === undefined ? [keyspace.arena] : [keyspace.arena, arena];
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

/** How many times as much memory is taken as is needed: 1 where nothing is lost. */
export function overheadRatio(taken: number, needed: number): number {
  return taken === needed ? 1 : ratio(taken, needed);
}

const UNITS = ['K', 'M', 'G', 'T', 'P', 'E'] as const;

/** A size for people, in Redis's form: "17B", "1.30M". */
export function humanBytes(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes}B`;
  const power = Math.min(UNITS.length, Math.floor(Math.log2(sizeBytes) / 10));
  return `${(sizeBytes / 1024 ** power).toFixed(2)}${UNITS[power - 1]}`;
}
