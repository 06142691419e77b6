// HalfSipHash-1-3 over bytes: a keyed hash on 32-bit words. Clients, who do not know the seed, cannot choose
// colliding keys, and it is cheap in JavaScript, whose fast integers are 32 bits wide.
// Source: J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF" and its reference
// implementation's 32-bit variant; one compression round and three finalisation rounds, as Linux
// uses it for its hash tables (Documentation/security/siphash.rst).
import { randomBytes } from 'node:crypto';

/** The two 32-bit words that key the hash. */
export interface HashSeed {
  readonly k0: number;
  readonly k1: number;
}

/** A seed that no client can guess. */
export function randomSeed(): HashSeed {
  const bytes = randomBytes(8);
  return { k0: bytes.readInt32LE(0), k1: bytes.readInt32LE(4) };
}

/** Hashes `length` bytes from `offset`; returns a signed 32-bit integer. */
export function hashBytes(
  seed: HashSeed,
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  let v0 = seed.k0;
  let v1 = seed.k1;
  let v2 = 0x6c796765 ^ v0;
  let v3 = 0x74656462 ^ v1;
  const end = offset + length;
  const wordsEnd = end - (length & 3);
  let i = offset;
  for (; i < wordsEnd; i += 4) {
    const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  let last = length << 24;
  if (i < end) last |= bytes[i];
  if (i + 1 < end) last |= bytes[i + 1] << 8;
  if (i + 2 < end) last |= bytes[i + 2] << 16;
  v3 ^= last;
  for (let round = 0; round < 4; round++) {
    if (round === 1) {
      v0 ^= last;
      v2 ^= 0xff;
    }
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  return v1 ^ v3;
}
