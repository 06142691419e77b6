// @ts-check
// Hashing keys of several lengths.

import { hashBytes, randomSeed } from './engine.mjs';

export const name = 'hash';
export const title = 'HalfSipHash-1-3, per key';

const BATCH = 1_000;
const LENGTHS_BYTES = [4, 8, 16, 19, 32, 64, 256, 1_024];

/** @returns {import('./run.mjs').MicroTask[]} */
export function tasks() {
  const seed = randomSeed();
  return LENGTHS_BYTES.map((length) => {
    const keys = Buffer.alloc(BATCH + length, 'key:');
    const run = () => {
      let sum = 0;
      for (let i = 0; i < BATCH; i++) sum ^= hashBytes(seed, keys, i, length);
      return sum;
    };
    return { name: `${length} bytes`, operations: BATCH, run };
  });
}
