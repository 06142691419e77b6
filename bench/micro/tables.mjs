// @ts-check
// Very many small tables in one arena, as large hashes and sets have them: each is nothing but its root. What an
// operation takes that opens the table first, and what the tables take of the arena, the JavaScript heap and the
// garbage collector.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Arena, BytesTables, randomSeed } from './engine.mjs';
import { ENTRY_CLASS, KEY_BYTES, makeTable } from './small-tables.mjs';

export const name = 'tables';
export const title = 'Many bytes tables in one arena';

const SIZES = [1, 10, 200, 1_000];
/** Entries in all tables of a timed task. */
const ENTRIES = 200_000;
/** What builds very many tables, in a process of its own: the arenas here are garbage of the collector's. */
const HEAP_PROGRAM = fileURLToPath(new URL('tables-heap.mjs', import.meta.url));

/** @returns {import('./run.mjs').MicroTask[]} */
export function tasks() {
  return SIZES.flatMap((size) => tasksOfSize(size));
}

/** @returns {import('../report/sections.mjs').Table[]} */
export function tables() {
  return [
    sizes(),
    JSON.parse(execFileSync(process.execPath, [HEAP_PROGRAM], { encoding: 'utf8' })),
  ];
}

/**
 * @param {number} size of each table
 * @returns {import('./run.mjs').MicroTask[]}
 */
function tasksOfSize(size) {
  const arena = new Arena();
  const operator = new BytesTables(arena, randomSeed());
  const count = ENTRIES / size;
  const key = Buffer.alloc(KEY_BYTES);
  const roots = Int32Array.from({ length: count }, () => makeTable(arena, operator, key, size));
  let next = 0;
  const find = () => {
    let sum = 0;
    for (let i = 0; i < 1_000; i++) {
      // A stride that is prime to the number of tables: each call meets others.
      next = (next + 7_919) % count;
      key.writeInt32LE(i % size);
      sum ^= operator.open(roots[next]).find(key, 0, KEY_BYTES);
    }
    return sum;
  };
  const few = Math.max(1, 10_000 / size);
  const made = new Int32Array(few);
  const make = () => {
    for (let i = 0; i < few; i++) made[i] = makeTable(arena, operator, key, size);
    return made[0];
  };
  const free = () => {
    for (const root of made) {
      while (!operator.freeStep(root, (/** @type {number} */ ref) => arena.free(ref, ENTRY_CLASS)));
    }
  };
  return [
    { name: `find, in one of ${count} tables of ${size}`, operations: 1_000, run: find },
    {
      name: `insert with its entry, into tables of ${size}`,
      operations: few * size,
      run: make,
      cleanUp: free,
    },
  ];
}

/** @returns {import('../report/sections.mjs').Table} */
function sizes() {
  const rows = SIZES.map((size) => {
    const arena = new Arena();
    const operator = new BytesTables(arena, randomSeed());
    const root = makeTable(arena, operator, Buffer.alloc(KEY_BYTES), size);
    const bytes = operator.overheadBytes(root);
    return [String(size), String(bytes), (bytes / size).toFixed(1)];
  });
  return { title: 'memory, without the entries', head: ['entries', 'bytes', 'per entry'], rows };
}
