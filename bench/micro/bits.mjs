// @ts-check
// Bits of bitmaps of 1 MiB, and elements of HyperLogLogs.

import { countBits, findBit, hashElement, indexOf, RegisterSet, runOf } from './engine.mjs';

export const name = 'bits';
export const title = 'Bitmaps, per MiB; HyperLogLogs, per element';

const BATCH = 1_000;
const BITMAP_BYTES = 1 << 20;
const ELEMENT_BYTES = 16;
/** Bytes that a sparse HyperLogLog takes at most. */
const SPARSE_BYTES = 3_000;

/** @returns {import('./run.mjs').MicroTask[]} */
export function tasks() {
  const bitmap = Buffer.alloc(BITMAP_BYTES, 'a few bits of each byte');
  const zeros = Buffer.alloc(BITMAP_BYTES);
  zeros[BITMAP_BYTES - 1] = 1;
  const bits = BITMAP_BYTES * 8;
  const elements = Buffer.alloc(BATCH + ELEMENT_BYTES, 'element:0123456789 of many');
  const registers = new RegisterSet();
  const add = (/** @type {number} */ round) => {
    let changes = 0;
    for (let i = 0; i < BATCH; i++) {
      elements.writeUInt32LE(round * BATCH + i, i);
      const hash = hashElement(elements, i, ELEMENT_BYTES);
      changes += registers.raise(indexOf(hash), runOf(hash), SPARSE_BYTES);
    }
    return changes;
  };
  let round = 0;
  return [
    { name: 'countBits', operations: 1, run: () => countBits(bitmap, 0, 0, bits) },
    { name: 'findBit, the last one', operations: 1, run: () => findBit(zeros, 0, 0, bits, 1) },
    {
      name: 'hashElement, 16 bytes',
      operations: BATCH,
      run() {
        let sum = 0;
        for (let i = 0; i < BATCH; i++) sum ^= hashElement(elements, i, ELEMENT_BYTES);
        return sum;
      },
    },
    {
      name: 'adding 1000 elements to an empty one',
      operations: BATCH,
      prepare: () => registers.loadEmpty(),
      run: () => add(round++),
    },
    {
      name: 'adding to a dense one',
      operations: BATCH,
      prepare() {
        registers.loadEmpty();
        registers.makeDense();
      },
      run: () => add(round++),
    },
  ];
}
