// The JavaScript heap as V8 reports it: how much of it is used, garbage included, and the size at which V8 ends the
// process.
import { getHeapStatistics } from 'node:v8';
import { collectGarbage } from './collector.ts';

/** See the head of this file. */
export interface HeapGauge {
  /** Bytes at which V8 ends the process, the young generation included. */
  readonly limitBytes: number;
  usedBytes(): number;
  /** Collects all garbage, which takes about a millisecond for each megabyte. */
  collect(): void;
}

/** The heap of this process. */
export const processHeap: HeapGauge = {
  limitBytes: getHeapStatistics().heap_size_limit,
  usedBytes: () => getHeapStatistics().used_heap_size,
  collect: collectGarbage,
};
