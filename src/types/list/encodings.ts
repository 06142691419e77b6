// The number of lists among the types, and how lists are kept.
import { FIRST_ROOT_ENCODING } from '../../keyspace/collections.ts';

/** Number of the type of lists. */
export const TYPE_LIST = 1;

/** A list within its entry (values.ts). */
export const ENCODING_PACKED = 0;
/** A list in chunks (chunked-list.ts); the entry has its root. */
export const ENCODING_CHUNKED = FIRST_ROOT_ENCODING;
