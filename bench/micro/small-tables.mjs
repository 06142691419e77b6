// @ts-check
// Fills tables with entries that are nothing but a key of 8 bytes, a number.

import { classOf, HEADER_BYTES, packMeta } from './engine.mjs';

/** @typedef {import('./engine.mjs').Arena} Arena */
/** @typedef {import('./engine.mjs').BytesTables} BytesTables */

export const KEY_BYTES = 8;
export const ENTRY_CLASS = classOf(HEADER_BYTES + KEY_BYTES);

/**
 * @param {Arena} arena
 * @param {BytesTables} operator
 * @param {Buffer} key
 * @param {number} size
 * @returns {number} the root of a table of so many entries, whose keys are numbers
 */
export function makeTable(arena, operator, key, size) {
  const root = operator.create();
  for (let i = 0; i < size; i++) {
    key.writeInt32LE(i);
    const table = operator.open(root);
    if (table.find(key, 0, KEY_BYTES) !== 0) throw new Error('the key is there already');
    const ref = arena.allocate(ENTRY_CLASS);
    const words = arena.i32[ref >>> 23];
    const base = (ref & 0x7fffff) << 1;
    words[base] = packMeta(0, 0, 0, 0, ENTRY_CLASS);
    words[base + 1] = KEY_BYTES;
    words[base + 2] = 0;
    words[base + 3] = i;
    words[base + 4] = 0;
    table.insert(ref);
  }
  return root;
}
