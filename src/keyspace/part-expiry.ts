// The expiry of parts of values (ValueType.partExpiry), beside that of keys: fields of hashes, entries of streams.
import type { Database } from './database.ts';
import type { EntryRemoval } from './database-host.ts';
import type { Entries } from './entries.ts';
import { EVENT_GENERIC, EVENT_HASH, EVENT_STREAM, type KeyEvents } from './key-events.ts';
import type { KeyspaceStats } from './keyspace-stats.ts';
import type { TypeTable } from './type-table.ts';

/** What parts expire in: a keyspace. */
export interface PartExpiryHost {
  readonly types: TypeTable;
  readonly entries: Entries;
  readonly databases: readonly Database[];
  readonly dueMs: number;
  readonly stats: KeyspaceStats;
}

/**
 * Removes parts that are due until the deadline (by performance.now()), soonest first.
 * @returns whether its time was up, so that some may be left
 */
export function expireParts(host: PartExpiryHost, deadline: number): boolean {
  const { types, entries, databases } = host;
  for (const { partExpiry } of types.all) {
    if (partExpiry === undefined) continue;
    while (partExpiry.soonestMs(entries) <= host.dueMs) {
      partExpiry.expireSome(entries, databases);
      if (performance.now() < deadline) continue;
      host.stats.expiryCyclesCutShort++;
      return true;
    }
  }
  return false;
}

/** Publishes the events of fields of a hash that have expired, and of its key if it is gone with them. */
export function notifyExpiredFields(
  events: KeyEvents,
  database: number,
  key: Buffer,
  isGone: boolean,
): void {
  if ((events.mask & EVENT_HASH) !== 0) events.emit('hexpired', database, key, 0, key.length);
  if (isGone && (events.mask & EVENT_GENERIC) !== 0) {
    events.emit('del', database, key, 0, key.length);
  }
}

/** Publishes the event of a stream of which entries were removed. */
export function notifyEntriesRemoved(
  events: KeyEvents,
  database: number,
  { command, key }: EntryRemoval,
): void {
  if ((events.mask & EVENT_STREAM) !== 0) events.emit(command, database, key, 0, key.length);
}
