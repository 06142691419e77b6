// @ts-check
// The bytes table at sizes that fit into the processor's caches and at those that do not, its keys
// looked up in random order.

import { Arena, BytesTable, classOf, HEADER_BYTES, packMeta, randomSeed } from './engine.mjs';

export const name = 'table';
export const title = 'Bytes table, 16-byte keys, per operation';

const SIZES = [1_000, 100_000, 1_000_000];
const KEY_BYTES = 16;
/** Lookups of one call. */
const BATCH = 1_000;

/** @returns {import('./run.mjs').MicroTask[]} */
export function tasks() {
  return SIZES.flatMap(tasksOfSize);
}

/**
 * @param {number} size
 * @returns {import('./run.mjs').MicroTask[]}
 */
function tasksOfSize(size) {
  const arena = new Arena();
  const keys = keysFrom(0, size);
  const missing = keysFrom(size, size);
  const refs = Int32Array.from({ length: size }, (_, index) => makeEntry(arena, keys, index));
  const seed = randomSeed();
  const table = new BytesTable(arena, seed);
  insertAll(table, keys, refs);
  let growing = new BytesTable(arena, seed);
  const label = size.toLocaleString('en');
  return [
    {
      name: `insert, from none to ${label}`,
      operations: size,
      prepare: () => {
        growing = new BytesTable(arena, seed);
      },
      run: () => insertAll(growing, keys, refs),
      cleanUp: () => {
        while (growing.dismantle(() => {}));
      },
    },
    { name: `find, hit, of ${label}`, operations: BATCH, run: finder(table, keys, size) },
    { name: `find, miss, of ${label}`, operations: BATCH, run: finder(table, missing, size) },
  ];
}

/**
 * @param {BytesTable} table
 * @param {Buffer} keys
 * @param {Int32Array} refs
 */
function insertAll(table, keys, refs) {
  for (let i = 0; i < refs.length; i++) {
    if (table.find(keys, i * KEY_BYTES, KEY_BYTES) === 0) table.insert(refs[i]);
  }
  return table.size;
}

/**
 * @param {BytesTable} table
 * @param {Buffer} keys
 * @param {number} size
 * @returns {() => number} looks a batch of them up, each time others
 */
function finder(table, keys, size) {
  const order = shuffled(size);
  let next = 0;
  return () => {
    let sum = 0;
    for (let i = 0; i < BATCH; i++) {
      sum ^= table.find(keys, order[next] * KEY_BYTES, KEY_BYTES);
      if (++next === size) next = 0;
    }
    return sum;
  };
}

/**
 * @param {number} first
 * @param {number} count
 */
function keysFrom(first, count) {
  const keys = Buffer.alloc(count * KEY_BYTES);
  for (let i = 0; i < count; i++) {
    keys.write(`key:${String(first + i).padStart(KEY_BYTES - 4, '0')}`, i * KEY_BYTES, 'latin1');
  }
  return keys;
}

/**
 * @param {Arena} arena
 * @param {Buffer} keys
 * @param {number} index
 * @returns {number} the reference of an entry that is nothing but its key
 */
function makeEntry(arena, keys, index) {
  const sizeClass = classOf(HEADER_BYTES + KEY_BYTES);
  const ref = arena.allocate(sizeClass);
  const block = arena.u8[ref >>> 23];
  const start = (ref & 0x7fffff) * 8;
  block.writeInt32LE(packMeta(0, 0, 0, 0, sizeClass), start);
  block.writeInt32LE(KEY_BYTES, start + 4);
  block.writeInt32LE(0, start + 8);
  keys.copy(block, start + HEADER_BYTES, index * KEY_BYTES, (index + 1) * KEY_BYTES);
  return ref;
}

/**
 * @param {number} count
 * @returns {Int32Array} 0 … count - 1 in random order
 */
function shuffled(count) {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
