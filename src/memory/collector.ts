// Has V8 collect its garbage: buffers and segments that were given up are memory until then, and without
// anything to do no collection comes. It stops the thread for about a millisecond for each megabyte of the
// JavaScript heap, which holds no data here: some 10 ms.
//
// The heap itself gets smaller only where V8 thinks that it will not be needed again. Up to Node 20 that is so
// when next to nothing was allocated in the last five seconds; later ones keep freed pages in a pool, until a
// collection of the last resort. There, that is two or three collections in one go.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

interface CollectOptions {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}

type Collect = (options?: CollectOptions) => void;

const LAST_RESORT: CollectOptions = { type: 'major', execution: 'sync', flavor: 'last-resort' };
/** V8's first major version that has it: that of Node 22. */
const LAST_RESORT_SINCE = 12;

let collect: Collect | undefined;

/** Collects all garbage now. */
export function collectGarbage(): void {
  collect ??= findCollector();
  if (Number.parseInt(process.versions.v8, 10) >= LAST_RESORT_SINCE) {
    collect(LAST_RESORT);
  } else {
    collect();
  }
}

/** V8's own function, which new contexts have once the flag is set. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
