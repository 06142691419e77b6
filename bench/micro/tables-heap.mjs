// @ts-check
// Builds very many tables and prints what that takes of the JavaScript heap and the collector, as a table in JSON
// (tables.mjs).

import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Arena, BytesTables, randomSeed } from './engine.mjs';
import { KEY_BYTES, makeTable } from './small-tables.mjs';

const MANY = 100_000;
const FIELDS = 200;

process.stdout.write(JSON.stringify(await heap()));

/** @returns {Promise<import('../report/sections.mjs').Table>} */
async function heap() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  let longestMs = 0;
  let majors = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = /** @type {{ kind: number }} */ (Reflect.get(entry, 'detail'));
      if (kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue;
      majors++;
      longestMs = Math.max(longestMs, entry.duration);
    }
  });
  const arena = new Arena();
  const operator = new BytesTables(arena, randomSeed());
  const key = Buffer.alloc(KEY_BYTES);
  const roots = new Int32Array(MANY);
  const forcedBefore = fastest(collect);
  await sleep(10);
  const before = getHeapStatistics().used_heap_size;
  observer.observe({ entryTypes: ['gc'] });
  for (let i = 0; i < MANY; i++) {
    roots[i] = makeTable(arena, operator, key, FIELDS);
    // The event loop goes around: collections are reported, and finished as in a server.
    if (i % 1_000 === 0) await sleep(0);
  }
  await sleep(10);
  const grown = getHeapStatistics().used_heap_size - before;
  observer.disconnect();
  const forcedAfter = fastest(collect);
  const kept = getHeapStatistics().used_heap_size - before;
  const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  return {
    title: `${MANY.toLocaleString('en')} tables of ${FIELDS} entries`,
    head: ['of', 'figure'],
    rows: [
      ['arena, entries included', megabytes(arena.usedBytes)],
      ['JavaScript heap, garbage included', megabytes(grown)],
      ['JavaScript heap, after a collection', megabytes(kept)],
      ['major collections meanwhile', String(majors)],
      ['longest of them', `${longestMs.toFixed(1)} ms`],
      ['a full collection before there are any', `${forcedBefore.toFixed(1)} ms`],
      ['and afterwards', `${forcedAfter.toFixed(1)} ms`],
    ],
  };
}

/**
 * @param {() => void} collect
 * @returns {number} ms of the fastest of several collections: what others take of the machine is not in it
 */
function fastest(collect) {
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now();
    collect();
    return performance.now() - start;
  });
  return Math.min(...times);
}
