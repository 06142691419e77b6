// WATCH: which clients watch which keys, and the marking of those clients when a key is modified.
// A watched key that had expired already when it was watched does not count as modified when it is
// deleted for that reason, as in Redis.

/** Who watches: its transaction must fail once `dirty` is set. */
export interface Watcher {
  dirty: boolean;
}

interface Watch {
  readonly watcher: Watcher;
  /** Whether the key had expired, but was not yet deleted, when the watch began. */
  expired: boolean;
}

/** A key that some client watches. */
export interface WatchedKey {
  readonly database: number;
  /** The key, one character a byte. */
  readonly key: string;
}

/** The watched keys of all databases. */
export class WatchList {
  /** Number of watched keys: 0 makes `touch` unnecessary. */
  size = 0;
  readonly #watches: Map<string, Watch[]>[] = [];
  readonly #keysOf = new Map<Watcher, WatchedKey[]>();

  /** Begins to watch a key; does nothing if the watcher watches it already. */
  add(watcher: Watcher, database: number, key: string, expired: boolean): void {
    const own = this.#keysOf.get(watcher) ?? [];
    if (own.some((watched) => watched.database === database && watched.key === key)) return;
    own.push({ database, key });
    this.#keysOf.set(watcher, own);
    this.#watches[database] ??= new Map();
    const watches = this.#watches[database].get(key);
    if (watches === undefined) {
      this.#watches[database].set(key, [{ watcher, expired }]);
      this.size++;
    } else {
      watches.push({ watcher, expired });
    }
  }

  /** Ends all watches of a watcher. */
  removeAll(watcher: Watcher): void {
    for (const { database, key } of this.#keysOf.get(watcher) ?? []) {
      const watches = this.#watches[database].get(key) ?? [];
      const left = watches.filter((watch) => watch.watcher !== watcher);
      if (left.length > 0) {
        this.#watches[database].set(key, left);
      } else {
        this.#watches[database].delete(key);
        this.size--;
      }
    }
    this.#keysOf.delete(watcher);
  }

  /**
   * Marks the watchers of a key that was modified.
   * @param exists whether the key is there after the modification
   */
  touch(database: number, key: string, exists: boolean): void {
    for (const watch of this.#watches[database]?.get(key) ?? []) {
      if (watch.expired) {
        // Its deletion is what expiry promised; whatever comes after counts.
        if (!exists) watch.expired = false;
        else watch.watcher.dirty = true;
      } else {
        watch.watcher.dirty = true;
      }
    }
  }

  /** The keys watched in a database, for FLUSHDB and SWAPDB. */
  keysIn(database: number): Iterable<string> {
    return this.#watches[database]?.keys() ?? [];
  }

  /** Marks every watcher of a key, or sets whether the key counts as expired from now on. */
  refresh(database: number, key: string, touched: boolean, expired: boolean): void {
    for (const watch of this.#watches[database]?.get(key) ?? []) {
      if (touched && !watch.expired) watch.watcher.dirty = true;
      else watch.expired = expired;
    }
  }

  /** The keys that a watcher watches and that had not expired when it began to. */
  liveKeysOf(watcher: Watcher): WatchedKey[] {
    return (this.#keysOf.get(watcher) ?? []).filter(({ database, key }) =>
      this.#watches[database]
        .get(key)
        ?.some((watch) => watch.watcher === watcher && !watch.expired),
    );
  }

  /** Number of keys that a watcher watches. */
  countOf(watcher: Watcher): number {
    return this.#keysOf.get(watcher)?.length ?? 0;
  }
}
