// Fills an empty keyspace with many new keys from a file: entries are created at once, but most enter their
// database's table later (structures/table-filler.ts). Until `settle` has returned true these keys cannot be found,
// and `Keyspace.isLoading` prevents lookups.
import type { Request } from '../protocol/request.ts';
import type { ByteView } from '../structures/entry.ts';
import { hashBytes } from '../structures/hash.ts';
import { TableFiller } from '../structures/table-filler.ts';
import type { Database } from './database.ts';
import type { DatabaseParts } from './database-parts.ts';
import { NO_EXPIRY } from './entries.ts';
import type { Keyspace } from './keyspace.ts';
import { stringEncoding, TYPE_STRING } from './plain-strings.ts';

/** Fills databases, one after another; see the head of this file. */
export class KeyFiller {
  readonly #keyspace: Keyspace;
  readonly #filler: TableFiller;
  /** The database whose entries are not all in its table yet. */
  #database: Database | undefined;
  #target: DatabaseParts | undefined;
  /** Value of `Keyspace.isLoading` before this filler set it. */
  #wasLoading = false;

  /** @param onTwice called with a key that exists already; throws */
  constructor(keyspace: Keyspace, onTwice: (key: Buffer) => never) {
    this.#keyspace = keyspace;
    this.#filler = new TableFiller((ref) => onTwice(keyspace.entries.key(ref).copy()));
  }

  /**
   * Adds a string under argument i.
   * @param expiry in ms since the epoch, or NO_EXPIRY
   * @returns the entry's reference
   * @throws what `onTwice` throws, maybe for another key
   */
  addString(
    database: Database,
    request: Request,
    i: number,
    value: ByteView,
    expiry: number,
  ): number {
    const { table, expiries } = this.#begin(database);
    const { entries, seed, freshWord } = this.#keyspace;
    const key = request.buffer;
    const keyAt = request.offsets[i];
    const keyLength = request.lengths[i];
    const { buffer, offset, length } = value;
    const encoding = stringEncoding(buffer, offset, length);
    if (expiry !== NO_EXPIRY) expiries.reserve();
    const ref = entries.build(
      key,
      keyAt,
      keyLength,
      TYPE_STRING,
      encoding,
      length,
      expiry,
      freshWord,
    );
    entries.fillValue(ref, buffer, offset, length);
    if (expiry !== NO_EXPIRY) expiries.add(ref, expiry);
    this.#filler.add(table, hashBytes(seed, key, keyAt, keyLength), ref);
    return ref;
  }

  /** Adds some of the remaining entries to the table; returns whether all are in it. */
  settle(): boolean {
    if (this.#target === undefined) return true;
    if (!this.#filler.settle(this.#target.table)) return false;
    this.#end();
    return true;
  }

  /** Frees the entries that are not in the table yet. */
  discard(): void {
    if (this.#target === undefined) return;
    const { expiries } = this.#target;
    const { entries } = this.#keyspace;
    this.#filler.discard((ref) => {
      if (entries.expires(ref)) expiries.remove(entries.heapPosition(ref));
      entries.free(ref);
    });
    this.#end();
  }

  #begin(database: Database): DatabaseParts {
    if (database === this.#database && this.#target !== undefined) return this.#target;
    while (!this.settle());
    this.#wasLoading = this.#keyspace.isLoading;
    this.#keyspace.isLoading = true;
    this.#database = database;
    this.#target = database.parts;
    return this.#target;
  }

  #end(): void {
    this.#database = undefined;
    this.#target = undefined;
    this.#keyspace.isLoading = this.#wasLoading;
  }
}
