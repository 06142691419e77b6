// What a database consists of, for those who save, fill or free all of it.
import type { BytesTable } from '../structures/bytes-table.ts';
import type { ExpiryHeap } from './expiry-heap.ts';

/** A database as it is now. */
export interface DatabaseParts {
  readonly index: number;
  /** Number of keys, and of those that have an expiry. */
  readonly size: number;
  readonly expiring: number;
  readonly table: BytesTable;
  readonly expiries: ExpiryHeap;
}

/** What was in a database that was emptied, or is left of a value that was freed. */
export interface DetachedKeys {
  /** Where the keys are; undefined for parts of a single value. */
  readonly table?: BytesTable;
  readonly keys: number;
  /** Gives a little memory back; returns whether there is more. */
  readonly free: () => boolean;
}
