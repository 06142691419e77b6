// What `maxmemory` limits, and INFO shows as used_memory.
import type { ClientMemory } from '../core/client-memory.ts';
import type { MemoryUse } from '../core/services.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { SlowLog } from '../telemetry/slow-log.ts';
import type { Tracking } from '../tracking/tracking.ts';
import type { ColdTier } from './cold-tier.ts';

/** The parts whose memory counts. */
export interface MemoryUsers {
  readonly keyspace: Keyspace;
  readonly clientMemory: ClientMemory;
  readonly tracking: Tracking;
  readonly slowLog: SlowLog;
  readonly coldTier: ColdTier;
}

/** Sums up the memory of a server's parts. */
export class ServerMemoryUse implements MemoryUse {
  readonly #users: MemoryUsers;

  constructor(users: MemoryUsers) {
    this.#users = users;
  }

  get usedBytes(): number {
    const { keyspace, clientMemory, tracking, slowLog, coldTier } = this.#users;
    return (
      keyspace.usedBytes +
      clientMemory.apartBytes +
      tracking.table.usedBytes +
      slowLog.sizeBytes +
      coldTier.usedBytes
    );
  }
}
