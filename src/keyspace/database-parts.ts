// The parts of a database, for code that saves, fills or frees all of it.
import type { BytesTable } from '../structures/bytes-table.ts';
import type { ExpiryHeap } from './expiry-heap.ts';

/** The parts of a database. */
export interface DatabaseParts {
  readonly index: number;
  /** Number of keys, and of keys with an expiry. */
  readonly size: number;
  readonly expiring: number;
  readonly table: BytesTable;
  readonly expiries: ExpiryHeap;
}

/** The former contents of a database that was emptied, or the rest of a value that was freed. */
export interface DetachedKeys {
  /** The table of the keys; undefined for the rest of a single value. */
  readonly table?: BytesTable;
  readonly keys: number;
  /** Frees a little of it; returns whether there is more. */
  readonly free: () => boolean;
}
