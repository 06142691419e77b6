// What something takes of the JavaScript heap, measured: to hold what is accounted against it.
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What a builder has made, and how much the heap, and the memory beside it, have grown by. */
export interface Measured<T> {
  readonly built: T;
  readonly heapBytes: number;
  readonly outsideBytes: number;
}

/** Builds something and measures what it takes. */
export function measureHeap<T>(build: () => T): Measured<T> {
  const before = used();
  const built = build();
  const after = used();
  return {
    built,
    heapBytes: after.heapBytes - before.heapBytes,
    outsideBytes: after.outsideBytes - before.outsideBytes,
  };
}

function used(): { heapBytes: number; outsideBytes: number } {
  collectGarbage();
  collectGarbage();
  return {
    heapBytes: getHeapStatistics().used_heap_size,
    outsideBytes: process.memoryUsage().arrayBuffers,
  };
}
