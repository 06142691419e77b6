// The checksum of RDB files and DUMP payloads: CRC-64 with the polynomial of Jones
// (0xad93d23594c935a9), reflected, beginning with 0 and without a final inversion, as Redis has it:
// "123456789" gives e9c6d914c4b8d9ca. JavaScript's fast integers have 32 bits, so a checksum is two
// halves. Eight bytes are taken at a time through eight tables ("slicing by 8", Kounavis and Berry).

/** The reflected polynomial, in halves. */
const POLYNOMIAL_LOW = 0xac4bc9b5 | 0;
const POLYNOMIAL_HIGH = 0x95ac9329 | 0;
const SLICES = 8;

/**
 * Two words for each byte in each of the eight tables: low half, high half. Table k tells what a
 * byte does to the checksum with k more bytes after it.
 */
const tables = makeTables();

/** A checksum that grows with the bytes that it is given. */
export class Crc64 {
  #low = 0;
  #high = 0;

  /** Whether the checksum is the one whose 8 bytes, the lowest first, stand at a place. */
  equals(bytes: Buffer, at: number): boolean {
    return bytes.readInt32LE(at) === this.#low && bytes.readInt32LE(at + 4) === this.#high;
  }

  /** Writes the checksum's 8 bytes, the lowest first. */
  write(target: Buffer, at: number): void {
    target.writeInt32LE(this.#low, at);
    target.writeInt32LE(this.#high, at + 4);
  }

  /** Begins anew. */
  reset(): void {
    this.#low = 0;
    this.#high = 0;
  }

  /** Adds the bytes from `start` to `end`. */
  update(bytes: Uint8Array, start: number, end: number): void {
    const table = tables;
    let low = this.#low;
    let high = this.#high;
    let at = start;
    for (const stop = end - 7; at < stop; at += 8) {
      const a =
        low ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
      const b =
        high ^
        (bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24));
      const a0 = 3584 + ((a & 0xff) << 1);
      const a1 = 3072 + ((a >>> 7) & 0x1fe);
      const a2 = 2560 + ((a >>> 15) & 0x1fe);
      const a3 = 2048 + ((a >>> 24) << 1);
      const b0 = 1536 + ((b & 0xff) << 1);
      const b1 = 1024 + ((b >>> 7) & 0x1fe);
      const b2 = 512 + ((b >>> 15) & 0x1fe);
      const b3 = (b >>> 24) << 1;
      low =
        table[a0] ^
        table[a1] ^
        table[a2] ^
        table[a3] ^
        table[b0] ^
        table[b1] ^
        table[b2] ^
        table[b3];
      high =
        table[a0 + 1] ^
        table[a1 + 1] ^
        table[a2 + 1] ^
        table[a3 + 1] ^
        table[b0 + 1] ^
        table[b1 + 1] ^
        table[b2 + 1] ^
        table[b3 + 1];
    }
    for (; at < end; at++) {
      const entry = ((low ^ bytes[at]) & 0xff) << 1;
      low = ((low >>> 8) | (high << 24)) ^ table[entry];
      high = (high >>> 8) ^ table[entry + 1];
    }
    this.#low = low;
    this.#high = high;
  }
}

function makeTables(): Int32Array {
  const table = new Int32Array(SLICES * 512);
  for (let byte = 0; byte < 256; byte++) {
    let low = byte;
    let high = 0;
    for (let bit = 0; bit < 8; bit++) {
      const carry = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (carry === 1) {
        low ^= POLYNOMIAL_LOW;
        high ^= POLYNOMIAL_HIGH;
      }
    }
    table[byte << 1] = low;
    table[(byte << 1) + 1] = high;
  }
  for (let entry = 512; entry < table.length; entry += 2) {
    const low = table[entry - 512];
    const high = table[entry - 511];
    const first = (low & 0xff) << 1;
    table[entry] = ((low >>> 8) | (high << 24)) ^ table[first];
    table[entry + 1] = (high >>> 8) ^ table[first + 1];
  }
  return table;
}
