// The number of the stub type among the types, and how its values are kept.
import { FIRST_ROOT_ENCODING } from '../../../src/keyspace/collections.ts';

/** The last number that there is: no type of the server's takes it. */
export const TYPE_STUB = 15;

/** A stack within its entry (values.ts). */
export const ENCODING_INLINE = 0;
/** A stack in nodes (linked-stacks.ts); the entry has its root. */
export const ENCODING_LINKED = FIRST_ROOT_ENCODING;
