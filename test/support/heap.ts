// What something takes of the JavaScript heap, measured: to hold what is accounted against it.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What a builder has made, and how much the heap, and the memory beside it, have grown by. */
export interface Measured<T> {
  readonly built: T;
  readonly heapBytes: number;
  readonly offHeapBytes: number;
}

/** Builds something and measures what it takes. */
export function measureHeap<T>(build: () => T): Measured<T> {
  const before = used();
  const built = build();
  const after = used();
  return {
    built,
    heapBytes: after.heapBytes - before.heapBytes,
    offHeapBytes: after.offHeapBytes - before.offHeapBytes,
  };
}

function used(): { heapBytes: number; offHeapBytes: number } {
  collectGarbage();
  collectGarbage();
  return {
    heapBytes: getHeapStatistics().used_heap_size,
    offHeapBytes: process.memoryUsage().arrayBuffers,
  };
}

/**
 * Bytes that calls of a function allocate on the heap, in a process that has nothing else to do. The function is
 * called often enough before to be compiled; what remains is 8 KB at most, for whatever else happens.
 */
export function allocatedBytes(run: () => void, calls: number): number {
  for (let i = 0; i < 50_000; i++) run();
  // The collector may run in some of the rounds: these seem to allocate less, or nothing.
  const rounds = Array.from({ length: 9 }, () => 0);
  for (let round = 0; round < rounds.length; round++) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < calls; i++) run();
    rounds[round] = process.memoryUsage().heapUsed - before;
  }
  return rounds.sort((one, other) => one - other)[rounds.length >> 1];
}
