// The number of hashes among the types, and how hashes are kept.
import { FIRST_ROOT_ENCODING, PARTS_EXPIRE } from '../../keyspace/collections.ts';

/** Number of the type of hashes. */
export const TYPE_HASH = 4;

/** Fields and values in turn, packed within the entry (packed-fields.ts). */
export const ENCODING_PACKED = 0;
/** A table of fields (field-tables.ts); the entry has its root. */
export const ENCODING_TABLE = FIRST_ROOT_ENCODING;
/** The same, and there are fields that expire. */
export const ENCODING_EXPIRING: number = PARTS_EXPIRE;
