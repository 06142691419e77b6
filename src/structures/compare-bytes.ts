// The order of byte strings, as memcmp has it.

/** Below this many bytes a loop compares faster than a call into the runtime. */
const LOOP_BYTES = 64;

/** Compares two runs of bytes: negative if the first comes before the second, 0 if they are equal. */
export function compareBytes(
  a: Uint8Array,
  aAt: number,
  aLength: number,
  b: Uint8Array,
  bAt: number,
  bLength: number,
): number {
  const common = aLength < bLength ? aLength : bLength;
  const short = common < LOOP_BYTES ? common : LOOP_BYTES;
  for (let i = 0; i < short; i++) {
    const difference = a[aAt + i] - b[bAt + i];
    if (difference !== 0) return difference;
  }
  if (short === common) return aLength - bLength;
  const first = a.subarray(aAt + short, aAt + aLength);
  return Buffer.compare(first, b.subarray(bAt + short, bAt + bLength));
}
