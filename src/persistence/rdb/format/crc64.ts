// The checksum of RDB files and DUMP payloads: CRC-64 with the polynomial of Jones
// (0xad93d23594c935a9), reflected, beginning with 0 and without a final inversion, as Redis has it:
// "123456789" gives e9c6d914c4b8d9ca. JavaScript's fast integers have 32 bits, so a checksum is two
// halves. Eight bytes are taken at a time through eight tables ("slicing by 8", Kounavis and Berry), as
// two words in the machine's order: the lowest byte first, on which the whole arena rests as well.

/** The reflected polynomial, in halves. */
const POLYNOMIAL_LOW = 0xac4bc9b5 | 0;
const POLYNOMIAL_HIGH = 0x95ac9329 | 0;
const SLICES = 8;

/**
 * The halves of what each byte does to the checksum with k more bytes after it: 256 words for every k,
 * from 0 on.
 */
const lowTable = new Int32Array(SLICES * 256);
const highTable = new Int32Array(SLICES * 256);
fillTables();

/** An incremental checksum. */
export class Crc64 {
  #low = 0;
  #high = 0;

  /** Whether the checksum equals the 8 bytes at a position, the lowest first. */
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
    const wordsStart = start + (-(bytes.byteOffset + start) & 3);
    const pairs = Math.floor((end - wordsStart) / 8);
    if (pairs <= 0) {
      this.#addBytes(bytes, start, end);
      return;
    }
    this.#addBytes(bytes, start, wordsStart);
    this.#addPairs(new Int32Array(bytes.buffer, bytes.byteOffset + wordsStart, pairs * 2));
    this.#addBytes(bytes, wordsStart + pairs * 8, end);
  }

  #addBytes(bytes: Uint8Array, start: number, end: number): void {
    let low = this.#low;
    let high = this.#high;
    for (let at = start; at < end; at++) {
      const entry = (low ^ bytes[at]) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ lowTable[entry];
      high = (high >>> 8) ^ highTable[entry];
    }
    this.#low = low;
    this.#high = high;
  }

  /** Adds pairs of words: eight bytes at a time. */
  #addPairs(words: Int32Array): void {
    const lows = lowTable;
    const highs = highTable;
    let low = this.#low;
    let high = this.#high;
    for (let i = 0; i < words.length; i += 2) {
      const a = low ^ words[i];
      const b = high ^ words[i + 1];
      const a0 = 1792 + (a & 0xff);
      const a1 = 1536 + ((a >>> 8) & 0xff);
      const a2 = 1280 + ((a >>> 16) & 0xff);
      const a3 = 1024 + (a >>> 24);
      const b0 = 768 + (b & 0xff);
      const b1 = 512 + ((b >>> 8) & 0xff);
      const b2 = 256 + ((b >>> 16) & 0xff);
      const b3 = b >>> 24;
      low = lows[a0] ^ lows[a1] ^ lows[a2] ^ lows[a3] ^ lows[b0] ^ lows[b1] ^ lows[b2] ^ lows[b3];
      high =
        highs[a0] ^
        highs[a1] ^
        highs[a2] ^
        highs[a3] ^
        highs[b0] ^
        highs[b1] ^
        highs[b2] ^
        highs[b3];
    }
    this.#low = low;
    this.#high = high;
  }
}

function fillTables(): void {
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
    lowTable[byte] = low;
    highTable[byte] = high;
  }
  for (let entry = 256; entry < lowTable.length; entry++) {
    const low = lowTable[entry - 256];
    const high = highTable[entry - 256];
    const first = low & 0xff;
    lowTable[entry] = ((low >>> 8) | (high << 24)) ^ lowTable[first];
    highTable[entry] = (high >>> 8) ^ highTable[first];
  }
}
