// Integers of 1 to 64 bits at any bit of a string: BITFIELD. Up to 52 bits they are doubles, which are exact;
// wider ones are 64-bit integers (BigInt).

/** Widest integer that is a double, in bits. */
export const MAX_NUMBER_BITS = 52;
/** Bytes that the widest one may lie in. */
export const MAX_FIELD_BYTES = 9;

const LOW_BITS = 32;

/**
 * Reads an unsigned integer.
 * @param offset first of its bits; all are among the bytes
 * @param bits 1 … MAX_NUMBER_BITS
 */
export function readUnsigned(bytes: Uint8Array, offset: number, bits: number): number {
  let at = offset >>> 3;
  let left = bits - (8 - (offset & 7));
  let value = bytes[at++] & (0xff >> (offset & 7));
  if (left < 0) return value >> -left;
  for (; left >= 8; left -= 8) value = value * 0x100 + bytes[at++];
  return left === 0 ? value : value * (1 << left) + (bytes[at] >> (8 - left));
}

/** As `readUnsigned`, of up to 64 bits. */
export function readUnsignedWide(bytes: Uint8Array, offset: number, bits: number): bigint {
  if (bits <= MAX_NUMBER_BITS) return BigInt(readUnsigned(bytes, offset, bits));
  const highBits = bits - LOW_BITS;
  const high = readUnsigned(bytes, offset, highBits);
  return (BigInt(high) << 32n) | BigInt(readUnsigned(bytes, offset + highBits, LOW_BITS));
}

/**
 * Writes the lowest bits of an unsigned integer, which has no more.
 * @param offset first of its bits; all are among the bytes
 * @param bits 1 … MAX_NUMBER_BITS
 */
export function writeUnsigned(
  bytes: Uint8Array,
  offset: number,
  bits: number,
  value: number,
): void {
  // From the last byte on, whose share are the value's lowest bits.
  let end = offset + bits;
  let left = bits;
  let rest = value;
  while (left > 0) {
    const unused = -end & 7;
    const size = Math.min(8 - unused, left);
    const mask = ((1 << size) - 1) << unused;
    const at = (end - 1) >>> 3;
    bytes[at] = (bytes[at] & ~mask) | ((rest % (1 << size)) << unused);
    rest = Math.floor(rest / (1 << size));
    left -= size;
    end -= size;
  }
}

/** As `writeUnsigned`, of up to 64 bits. */
export function writeUnsignedWide(
  bytes: Uint8Array,
  offset: number,
  bits: number,
  value: bigint,
): void {
  if (bits <= MAX_NUMBER_BITS) {
    writeUnsigned(bytes, offset, bits, Number(value));
    return;
  }
  const highBits = bits - LOW_BITS;
  writeUnsigned(bytes, offset, highBits, Number(value >> 32n));
  writeUnsigned(bytes, offset + highBits, LOW_BITS, Number(value & 0xffffffffn));
}
