// @ts-check
// Taking blocks from the arena and giving them back.

import { Arena, classOf } from './engine.mjs';

export const name = 'arena';
export const title = 'Arena, per allocation and its freeing';

const BATCH = 1_000;
const SIZES_BYTES = [32, 64, 100, 1_000];

/** @returns {import('./run.mjs').MicroTask[]} */
export function tasks() {
  return [
    ...SIZES_BYTES.map((sizeBytes) => atOnce(sizeBytes)),
    inBatches('a batch of 64 bytes each, freed in order', () => 64),
    inBatches('a batch of 16 to 400 bytes each, freed in order', (i) => 16 + ((i * 37) % 385)),
  ];
}

/**
 * @param {number} sizeBytes
 * @returns {import('./run.mjs').MicroTask}
 */
function atOnce(sizeBytes) {
  const arena = new Arena();
  const sizeClass = classOf(sizeBytes);
  // Without another block the page would be given back and taken each time.
  arena.allocate(sizeClass);
  const run = () => {
    let sum = 0;
    for (let i = 0; i < BATCH; i++) {
      const ref = arena.allocate(sizeClass);
      sum ^= ref;
      arena.free(ref, sizeClass);
    }
    return sum;
  };
  return { name: `${sizeBytes} bytes, freed at once`, operations: BATCH, run };
}

/**
 * @param {string} name
 * @param {(index: number) => number} sizeOf
 * @returns {import('./run.mjs').MicroTask}
 */
function inBatches(name, sizeOf) {
  const arena = new Arena();
  const classes = Uint8Array.from({ length: BATCH }, (_, index) => classOf(sizeOf(index)));
  const refs = new Int32Array(BATCH);
  for (const sizeClass of classes) arena.allocate(sizeClass);
  const run = () => {
    for (let i = 0; i < BATCH; i++) refs[i] = arena.allocate(classes[i]);
    for (let i = 0; i < BATCH; i++) arena.free(refs[i], classes[i]);
    return arena.usedBytes;
  };
  return { name, operations: BATCH, run };
}
