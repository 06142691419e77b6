// Up to where a set is kept in a compact form: `set-max-intset-entries`, and from Redis 7.2 `set-max-listpack-entries`
// and `set-max-listpack-value`, of which the first is 0 by default: Redis 7.0 packs no sets.
import { Int64, writeInt64 } from './int64.ts';
import { intsetCount, MAX_INTSET_COUNT, readIntset } from './intset.ts';

/** The directives of sets. */
export interface SetLimits {
  /** Members of a set of integers that is kept as an array. */
  readonly intsetEntries: number;
  /** Members of a set that is packed; 0: none is. */
  readonly packedEntries: number;
  /** Bytes of the longest member of a packed set. */
  readonly packedValueBytes: number;
}

/** As Redis 7.0's defaults. */
export const DEFAULT_LIMITS: SetLimits = {
  intsetEntries: 512,
  packedEntries: 0,
  packedValueBytes: 64,
};

/** Whether a set of so many integers is kept as an array. */
export function mayBeIntset({ intsetEntries }: SetLimits, count: number): boolean {
  return count <= intsetEntries && count <= MAX_INTSET_COUNT;
}

/** Whether a set of so many members, the longest of so many bytes, may be packed. */
export function mayBePacked(limits: SetLimits, count: number, longestBytes: number): boolean {
  return count <= limits.packedEntries && longestBytes <= limits.packedValueBytes;
}

const scratch = new Int64();
const digits = Buffer.allocUnsafeSlow(20);

/** The most characters that an integer of an array, which is not empty, has in decimal: those of the first or the last. */
export function digitsOfWidest(buffer: Buffer, start: number): number {
  readIntset(buffer, start, 0, scratch);
  const first = writeInt64(digits, 0, scratch.high, scratch.low);
  readIntset(buffer, start, intsetCount(buffer, start) - 1, scratch);
  return Math.max(first, writeInt64(digits, 0, scratch.high, scratch.low));
}
