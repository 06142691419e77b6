// The number of sorted sets among the types, and how they are kept.
import { FIRST_ROOT_ENCODING } from '../../keyspace/collections.ts';

/** Number of the type of sorted sets. */
export const TYPE_ZSET = 3;

/** A sorted set within its entry (packed-members.ts): Redis's listpack. */
export const ENCODING_PACKED = 0;
/** A table of members and a ranked tree (sorted-sets.ts): Redis's skiplist. The entry has the root. */
export const ENCODING_TREE = FIRST_ROOT_ENCODING;
