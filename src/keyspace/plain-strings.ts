// The fast path of strings: entries and tables handle them without a look at the type's descriptor, as most values
// are strings and GET and SET must not pay for the other types.
import { parseInteger } from '../protocol/integer.ts';

/** Number of the type of strings. */
export const TYPE_STRING = 0;

export const ENCODING_RAW = 0;
export const ENCODING_INT = 1;
export const ENCODING_EMBSTR = 2;

/** Longest string that OBJECT ENCODING calls "embstr", in bytes. */
export const MAX_EMBSTR_BYTES = 44;
/** A canonical 64-bit integer has at most 19 digits and a sign. */
const MAX_INTEGER_BYTES = 20;
const NINE = 57;

/** The encoding that Redis reports for a string that was set as a whole. */
export function stringEncoding(bytes: Uint8Array, offset: number, length: number): number {
  if (length <= MAX_INTEGER_BYTES) {
    // The first byte shows for most values that they are not integers.
    if (bytes[offset] <= NINE && !Number.isNaN(parseInteger(bytes, offset, length))) {
      return ENCODING_INT;
    }
    return ENCODING_EMBSTR;
  }
  return length <= MAX_EMBSTR_BYTES ? ENCODING_EMBSTR : ENCODING_RAW;
}
