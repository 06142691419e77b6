// Counts the keys of a snapshot without storing them.
import { NO_EXPIRY } from '../../keyspace/entries.ts';
import type { LoadedKey, RdbSink } from '../rdb/rdb-file-reader.ts';

/** The sink of a file that is only checked. */
export class KeyCounter implements RdbSink {
  keys = 0;
  /** Keys with an expiry, passed or not. */
  expiring = 0;
  /** Keys by the type of their value, and by the number of their database. */
  readonly types = new Map<string, number>();
  readonly databases = new Map<number, number>();
  /** Keys of types that Synap does not have yet, and other unknown contents, by name. */
  readonly unknown = new Map<string, number>();
  /** Facts about the file ("redis-ver", "ctime" …). */
  readonly aux = new Map<string, string>();

  onKey({ type, value, database, expiryMs }: LoadedKey): void {
    this.keys++;
    if (expiryMs !== NO_EXPIRY) this.expiring++;
    increment(this.types, type);
    increment(this.databases, database);
    if (value === undefined) increment(this.unknown, type);
  }

  onAux(name: string, value: string): void {
    this.aux.set(name, value);
  }

  onSkipped(what: string): void {
    increment(this.unknown, what);
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
