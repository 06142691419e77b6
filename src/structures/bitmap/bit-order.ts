// Bits of a string in Redis's order: bit 0 is the most significant bit of byte 0.
//
//   bit     0 1 2 3 4 5 6 7   8 9 …
//   byte    [      0      ]   [  1 …

/** The byte that a bit, a safe integer, is in. */
export function byteOf(bit: number): number {
  return Math.floor(bit / 8);
}

/** The bits of a byte from one on: those before it are 0. */
export function maskFrom(bit: number): number {
  return 0xff >> (bit & 7);
}

/** The bits of a byte up to one, and not this one. */
export function maskTo(bit: number): number {
  return ~(0xff >> (bit & 7)) & 0xff;
}
