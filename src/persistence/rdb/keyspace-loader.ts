// Loads the keys of an RDB file into the keyspace, and counts those that it leaves out: keys whose expiry has
// passed, as a master drops them; empty collections, which old versions of Redis could write; and, where that is
// allowed, keys of types that Synap does not have yet.
import { lfuWord, lruWordIdleFor } from '../../keyspace/access-clock.ts';
import { type Database, NO_EXPIRY } from '../../keyspace/database.ts';
import { KeyFiller } from '../../keyspace/key-filler.ts';
import { KEY_CREATED } from '../../keyspace/key-signals.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import type { ValueReader } from '../../keyspace/value-type.ts';
import type { Request } from '../../protocol/request.ts';
import { RdbError } from './format/rdb-format.ts';
import type { LoadedKey, RdbSink } from './rdb-file-reader.ts';

/** Bytes of a key that an error shows. */
const SHOWN_BYTES = 128;

/**
 * Estimate of the least bytes of a key in a file, for sizing tables in advance; if keys are shorter, tables grow as
 * usual.
 */
const BYTES_PER_KEY = 16;

/** How a file is loaded. */
export interface LoadOptions {
  /** Leave keys of unknown types out instead of giving up (`load-skip-unknown`). */
  readonly skipsUnknown: boolean;
  /** Leave out keys whose expiry has passed: not if a log follows, which deletes them itself. */
  readonly dropsExpired: boolean;
  /** Keys replace existing ones; otherwise an existing key is an error. */
  readonly replaces?: boolean;
  /** Size of the file: limits the number of keys that tables are sized for, whatever the file announces. */
  readonly fileBytes?: number;
}

/** The sink of a file that is being loaded; see the head of this file. */
export class KeyspaceLoader implements RdbSink {
  /** Keys that are in the keyspace now. */
  loaded = 0;
  /** Keys left out because their expiry has passed. */
  expired = 0;
  /** Keys left out because their value has no elements. */
  empty = 0;
  /** Keys left out by the type of their value, and other things, by name. */
  readonly skipped = new Map<string, number>();
  /** Facts about the file ("redis-ver", "ctime" …). */
  readonly aux = new Map<string, string>();

  readonly #keyspace: Keyspace;
  readonly #options: LoadOptions;
  /** The time by which expiries count as passed, for the whole file. */
  readonly #startMs: number;
  /** Adds strings to the keyspace; undefined if each key must be visible at once. */
  readonly #filler: KeyFiller | undefined;
  /** Offset of the last key. */
  #offset = 0;

  constructor(keyspace: Keyspace, options: LoadOptions) {
    this.#keyspace = keyspace;
    this.#options = options;
    this.#startMs = keyspace.nowMs;
    if (!options.replaces && (keyspace.noticed & KEY_CREATED) === 0) {
      this.#filler = new KeyFiller(keyspace, (key) => this.#refuseTwice(key));
    }
  }

  onSize(database: number, keys: number): void {
    const { fileBytes = 0 } = this.#options;
    const db = this.#keyspace.databases[database];
    db?.parts.table.presize(Math.min(keys, fileBytes / BYTES_PER_KEY));
  }

  onEnd(): boolean {
    return this.#filler?.settle() ?? true;
  }

  discard(): void {
    this.#filler?.discard();
  }

  onAux(name: string, value: string): void {
    this.aux.set(name, value);
  }

  onSkipped(what: string): void {
    this.skipped.set(what, (this.skipped.get(what) ?? 0) + 1);
  }

  onKey(loaded: LoadedKey): void {
    const { value, key, expiryMs, type } = loaded;
    if (value === undefined) {
      if (!this.#options.skipsUnknown) {
        throw problemOf(
          loaded,
          `has a value of the type ${type}, which Synap does not have yet ` +
            "('load-skip-unknown yes' leaves such keys out)",
        );
      }
      this.onSkipped(type);
      return;
    }
    if (value.isEmpty) {
      this.empty++;
      return;
    }
    if (this.#options.dropsExpired && expiryMs !== NO_EXPIRY && expiryMs < this.#startMs) {
      this.expired++;
      return;
    }
    const db = this.#keyspace.databases[loaded.database];
    if (db === undefined) {
      const count = this.#keyspace.databases.length;
      throw problemOf(loaded, `is in database ${loaded.database}, and there are ${count}`);
    }
    this.#offset = loaded.offset;
    // Files may contain times before the epoch.
    const expiry = expiryMs < NO_EXPIRY ? 0 : expiryMs;
    const ref =
      value.text !== undefined && this.#filler !== undefined
        ? this.#filler.addString(db, key, 0, value.text, expiry)
        : this.#store(db, key, value, expiry);
    setUse(this.#keyspace, db, ref, loaded.idleSeconds, loaded.frequency);
    this.loaded++;
  }

  #store(db: Database, key: Request, value: ValueReader, expiry: number): number {
    if (db.lookupForChange(key, 0) !== 0) {
      if (!this.#options.replaces) this.#refuseTwice(key.bytes(0));
      db.delete(key, 0);
      db.lookupForChange(key, 0);
    }
    return value.store(db, key, 0, expiry);
  }

  /** A duplicate key may be noticed only some time after it was read. */
  #refuseTwice(key: Buffer): never {
    throw new RdbError(`the key ${shown(key)} is there twice`, this.#offset);
  }
}

/**
 * Sets the access clock of a key from the file, if the eviction policy uses that kind.
 * @param idleSeconds since its last use, or -1
 * @param frequency on the LFU scale, or -1
 */
export function setUse(
  { access, nowMs }: Keyspace,
  db: Database,
  ref: number,
  idleSeconds: number,
  frequency: number,
): void {
  if (access.frequency) {
    if (frequency >= 0) db.setAccessWord(ref, lfuWord(frequency, nowMs));
  } else if (idleSeconds >= 0) {
    db.setAccessWord(ref, lruWordIdleFor(idleSeconds * 1000, nowMs));
  }
}

function problemOf({ key, offset }: LoadedKey, problem: string): RdbError {
  return new RdbError(`the key ${shown(key.bytes(0))} ${problem}`, offset);
}

function shown(key: Buffer): string {
  return JSON.stringify(key.subarray(0, SHOWN_BYTES).toString('latin1'));
}
