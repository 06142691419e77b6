// WATCH: which clients watch which keys, and the marking of those clients when a key is modified.
// A watched key that had expired already when it was watched does not count as modified when it is
// deleted for that reason, as in Redis.
//
//   key ──▶ watch ⇄ watch ⇄ watch        all watches of the key, in no order
//             │
//           watcher ──▶ watch ─▶ watch   all that it watches, in its order
// A watch is in both chains, so that one client may watch a million keys, and a million clients one
// key, and each watch begins and ends in constant time.

/** Most bytes of heap that a watch takes besides the key: the watch, and an entry in the map of keys. */
const WATCH_BYTES = 200;

/** Watches that one step of `forget` ends. */
const STEP_WATCHES = 200;

/** A client that watches keys: its transaction must fail once `dirty` is set. */
export interface Watcher {
  dirty: boolean;
  /** Its watches, managed by WatchList; undefined exactly while there are none. */
  watches: Watches | undefined;
  /** Counts bytes of the JavaScript heap that are kept for it; negative when they are freed. */
  charge(heapBytes: number): void;
}

/** A key that a watcher watches. */
export interface Watch {
  readonly watcher: Watcher;
  readonly database: number;
  /** The key, one character a byte. */
  readonly key: string;
  /** Whether the key had expired, but was not yet deleted, when the watch began. */
  expired: boolean;
  /** The watcher's watch after this one. */
  following: Watch | undefined;
  /** The neighbouring watches of the key. */
  previous: Watch | undefined;
  next: Watch | undefined;
}

/** All that a watcher watches. */
export interface Watches {
  readonly first: Watch;
  last: Watch;
  count: number;
}

/** The watched keys of all databases; see the head of this file. */
export class WatchList {
  /** Number of watched keys: 0 makes `touch` unnecessary. */
  size = 0;
  /** By database and key, the first watch of the key. */
  readonly #watches: Map<string, Watch>[] = [];

  /** Begins to watch a key; does nothing if the watcher watches it already. */
  add(watcher: Watcher, database: number, key: string, expired: boolean): void {
    this.#watches[database] ??= new Map();
    const ofDatabase = this.#watches[database];
    const next = ofDatabase.get(key);
    if (isWatching(watcher, database, key, next)) return;
    const watch: Watch = {
      watcher,
      database,
      key,
      expired,
      following: undefined,
      previous: undefined,
      next,
    };
    if (next === undefined) this.size++;
    else next.previous = watch;
    ofDatabase.set(key, watch);
    append(watcher, watch);
    watcher.charge(watchBytes(key.length));
  }

  /** Ends all watches of a watcher. */
  removeAll(watcher: Watcher): void {
    let freedBytes = 0;
    for (let watch = watcher.watches?.first; watch !== undefined; watch = watch.following) {
      this.#remove(watch);
      freedBytes += watchBytes(watch.key.length);
    }
    watcher.watches = undefined;
    if (freedBytes > 0) watcher.charge(-freedBytes);
  }

  /**
   * Ends all watches of a disconnected watcher, to which no memory is charged any more. There may be a million: each
   * call of the returned function ends some, and returns whether all have ended.
   */
  forget(watcher: Watcher): () => boolean {
    let watch = watcher.watches?.first;
    watcher.watches = undefined;
    return () => {
      for (let left = STEP_WATCHES; left > 0 && watch !== undefined; left--) {
        this.#remove(watch);
        watch = watch.following;
      }
      return watch === undefined;
    };
  }

  #remove({ database, key, previous, next }: Watch): void {
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) {
      previous.next = next;
    } else if (next !== undefined) {
      this.#watches[database].set(key, next);
    } else {
      this.#watches[database].delete(key);
      this.size--;
    }
  }

  /**
   * Marks the watchers of a key that was modified.
   * @param exists whether the key exists after the modification
   */
  touch(database: number, key: string, exists: boolean): void {
    let watch = this.#watches[database]?.get(key);
    for (; watch !== undefined; watch = watch.next) {
      // The deletion of an expired key is no modification; later changes count.
      if (watch.expired && !exists) watch.expired = false;
      else watch.watcher.dirty = true;
    }
  }

  /** The keys watched in a database, for FLUSHDB and SWAPDB. */
  keysIn(database: number): Iterable<string> {
    return this.#watches[database]?.keys() ?? [];
  }

  /** Marks every watcher of a key, or sets whether the key counts as expired from now on. */
  refresh(database: number, key: string, touched: boolean, expired: boolean): void {
    let watch = this.#watches[database]?.get(key);
    for (; watch !== undefined; watch = watch.next) {
      if (touched && !watch.expired) watch.watcher.dirty = true;
      else watch.expired = expired;
    }
  }
}

/** Most bytes of heap that a watch of a key of this many bytes takes. */
export function watchBytes(keyBytes: number): number {
  return WATCH_BYTES + keyBytes;
}

/** Whether a watcher watches a key. Walks both chains at once, so the time is that of the shorter one. */
function isWatching(
  watcher: Watcher,
  database: number,
  key: string,
  first: Watch | undefined,
): boolean {
  let own = watcher.watches?.first;
  let other = first;
  while (own !== undefined && other !== undefined) {
    if (other.watcher === watcher) return true;
    if (own.key === key && own.database === database) return true;
    own = own.following;
    other = other.next;
  }
  return false;
}

function append(watcher: Watcher, watch: Watch): void {
  const { watches } = watcher;
  if (watches === undefined) {
    watcher.watches = { first: watch, last: watch, count: 1 };
    return;
  }
  watches.last.following = watch;
  watches.last = watch;
  watches.count++;
}
