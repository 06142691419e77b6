// The number of sets among the types, and how sets are kept.
import { FIRST_ROOT_ENCODING } from '../../keyspace/collections.ts';

/** Number of the type of sets. */
export const TYPE_SET = 2;

/** Integers in ascending order, within the entry (intset.ts). */
export const ENCODING_INTSET = 0;
/** A few members of any kind, packed within the entry; only where `set-max-listpack-entries` allows it. */
export const ENCODING_PACKED = 1;
/** A hash table of members (set-tables.ts); the entry has its root. */
export const ENCODING_TABLE = FIRST_ROOT_ENCODING;
