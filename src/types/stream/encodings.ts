// The number of streams among types, and that of their one encoding.

/** Redis's number, which digests contain. */
export const TYPE_STREAM = 6;

/** Blocks of entries, groups and their pending entries: the entry's value is the number of a root. */
export const ENCODING_BLOCKS = 8;
