// XXH32, the checksum of LZ4 frames: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
// Four sums take turns at words of 4 bytes, and are mixed into one at the end. All is arithmetic
// modulo 2^32, kept in signed integers. The seed is 0, as the frame format wants it.

const PRIME_1 = 0x9e3779b1 | 0;
const PRIME_2 = 0x85ebca77 | 0;
const PRIME_3 = 0xc2b2ae3d | 0;
const PRIME_4 = 0x27d4eb2f | 0;
const PRIME_5 = 0x165667b1 | 0;

/** Bytes that the four sums take in one round. */
const STRIPE_BYTES = 16;
const WORD_BYTES = 4;

/** The checksum of bytes that come in pieces. */
export class Xxh32 {
  #sum1 = (PRIME_1 + PRIME_2) | 0;
  #sum2 = PRIME_2;
  #sum3 = 0;
  #sum4 = -PRIME_1 | 0;
  /** Bytes that do not fill a stripe yet. */
  readonly #rest = Buffer.alloc(STRIPE_BYTES);
  #restBytes = 0;
  #totalBytes = 0;

  /** The checksum of bytes that are all there. */
  static of(bytes: Buffer): number {
    return new Xxh32().update(bytes).digest();
  }

  /** Adds bytes. */
  update(bytes: Buffer): this {
    this.#totalBytes += bytes.length;
    let at = 0;
    if (this.#restBytes > 0) {
      at = bytes.copy(this.#rest, this.#restBytes, 0, STRIPE_BYTES - this.#restBytes);
      this.#restBytes += at;
      if (this.#restBytes < STRIPE_BYTES) return this;
      this.#addStripes(this.#rest, 0, STRIPE_BYTES);
    }
    const end = bytes.length - ((bytes.length - at) % STRIPE_BYTES);
    this.#addStripes(bytes, at, end);
    this.#restBytes = bytes.copy(this.#rest, 0, end);
    return this;
  }

  /** The checksum of all bytes so far: an unsigned integer of 32 bits. */
  digest(): number {
    let sum = PRIME_5;
    if (this.#totalBytes >= STRIPE_BYTES) {
      const low = rotate(this.#sum1, 1) + rotate(this.#sum2, 7);
      sum = (low + rotate(this.#sum3, 12) + rotate(this.#sum4, 18)) | 0;
    }
    sum = (sum + this.#totalBytes) | 0;
    let at = 0;
    for (; at + WORD_BYTES <= this.#restBytes; at += WORD_BYTES) {
      const word = this.#rest.readInt32LE(at);
      sum = Math.imul(rotate((sum + Math.imul(word, PRIME_3)) | 0, 17), PRIME_4);
    }
    for (; at < this.#restBytes; at++) {
      sum = Math.imul(rotate((sum + Math.imul(this.#rest[at], PRIME_5)) | 0, 11), PRIME_1);
    }
    sum = Math.imul(sum ^ (sum >>> 15), PRIME_2);
    sum = Math.imul(sum ^ (sum >>> 13), PRIME_3);
    return (sum ^ (sum >>> 16)) >>> 0;
  }

  #addStripes(bytes: Buffer, start: number, end: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let sum1 = this.#sum1;
    let sum2 = this.#sum2;
    let sum3 = this.#sum3;
    let sum4 = this.#sum4;
    for (let at = start; at < end; at += STRIPE_BYTES) {
      sum1 = round(sum1, view.getInt32(at, true));
      sum2 = round(sum2, view.getInt32(at + 4, true));
      sum3 = round(sum3, view.getInt32(at + 8, true));
      sum4 = round(sum4, view.getInt32(at + 12, true));
    }
    this.#sum1 = sum1;
    this.#sum2 = sum2;
    this.#sum3 = sum3;
    this.#sum4 = sum4;
  }
}

function round(sum: number, word: number): number {
  return Math.imul(rotate((sum + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
