// Runs V8's garbage collector: released buffers and segments take memory until then, and an idle process does not
// collect. A collection blocks the thread for about a millisecond per megabyte of the JavaScript heap, which holds
// no data here: some 10 ms.
//
// The heap itself shrinks only when V8 expects that it will not be needed again. Up to Node 20 that is when almost
// nothing was allocated in the last five seconds; later versions keep freed pages in a pool until a last-resort
// collection, which is two or three collections in a row.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

interface CollectOptions {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}

type Collect = (options?: CollectOptions) => void;

const LAST_RESORT: CollectOptions = { type: 'major', execution: 'sync', flavor: 'last-resort' };
/** V8's first major version with last-resort collections: that of Node 22. */
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

/** V8's `gc` function, which new contexts have once the flag is set. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
