// The types and encodings that an entry's meta word tells, with the names that TYPE and
// OBJECT ENCODING answer.
import { parseInteger } from '../protocol/integer.ts';

export const TYPE_STRING = 0;
export const TYPE_LIST = 1;

/** Names by type number. */
export const TYPE_NAMES: readonly string[] = ['string', 'list'];

export const ENCODING_RAW = 0;
export const ENCODING_INT = 1;
export const ENCODING_EMBSTR = 2;

/** A list within its entry (types/list/values.ts). */
export const ENCODING_PACKED_LIST = 3;

/** Encodings from this one on have parts outside their entry, which belong to it. */
export const FIRST_OUTSIDE_ENCODING = 8;
/** A list in chunks; the entry has the number of its root. */
export const ENCODING_CHUNKED_LIST = 8;

/** Names by encoding number. Redis 7.0 has one name for all lists. */
export const ENCODING_NAMES: readonly string[] = namesByEncoding([
  [ENCODING_RAW, 'raw'],
  [ENCODING_INT, 'int'],
  [ENCODING_EMBSTR, 'embstr'],
  [ENCODING_PACKED_LIST, 'quicklist'],
  [ENCODING_CHUNKED_LIST, 'quicklist'],
]);

/** Longest string that OBJECT ENCODING calls "embstr", in bytes. */
export const MAX_EMBSTR_BYTES = 44;
/** A canonical 64-bit integer has at most 19 digits and a sign. */
const MAX_INTEGER_BYTES = 20;
const NINE = 57;

/** The encoding that Redis reports for a string that was stored as a whole. */
export function stringEncoding(bytes: Uint8Array, offset: number, length: number): number {
  if (length <= MAX_INTEGER_BYTES) {
    // Most values are no integers, and their first byte says so.
    if (bytes[offset] <= NINE && !Number.isNaN(parseInteger(bytes, offset, length))) {
      return ENCODING_INT;
    }
    return ENCODING_EMBSTR;
  }
  return length <= MAX_EMBSTR_BYTES ? ENCODING_EMBSTR : ENCODING_RAW;
}

function namesByEncoding(pairs: readonly (readonly [number, string])[]): string[] {
  const names: string[] = [];
  for (const [encoding, name] of pairs) names[encoding] = name;
  return names;
}
