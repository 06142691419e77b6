// What a database needs of the keyspace around it, which all databases share.
import type { Arena } from '../memory/arena.ts';
import type { BytesTable } from '../structures/bytes-table.ts';
import type { BytesTables } from '../structures/bytes-tables.ts';
import type { HashSeed } from '../structures/hash.ts';
import type { AccessSettings } from './access-clock.ts';
import type { Entries } from './entries.ts';
import type { KeyEvents } from './key-events.ts';

/** A database as others see it that are told of its keys. */
export interface KeyLookup {
  readonly index: number;
  /** The entry of a key, or 0. */
  find(bytes: Uint8Array, offset: number, length: number): number;
}

/** See Keyspace, which implements it, for what these are. */
export interface DatabaseHost {
  readonly arena: Arena;
  readonly entries: Entries;
  readonly seed: HashSeed;
  readonly tables: BytesTables;
  readonly events: KeyEvents;
  readonly stats: { hits: number; misses: number };
  readonly access: AccessSettings;
  /** The time that commands see, and that up to which keys are over, in ms since the epoch. */
  readonly nowMs: number;
  readonly dueMs: number;
  dirty: number;
  readonly freshWord: number;
  readonly expiryPaused: boolean;
  readonly noticed: number;
  readonly suspendTouch: boolean;
  /** The snapshot that is being taken: has to save what is about to change. */
  readonly snapshot: { preserve(table: BytesTable, ref: number): void } | undefined;
  /** The access clock's word after one more use. */
  touchedWord(word: number): number;
  /** A client has modified a key. */
  modified(database: KeyLookup, bytes: Uint8Array, offset: number, length: number): void;
  /** A key has changed otherwise: it expires, is evicted, or goes to another place. */
  affected(
    database: KeyLookup,
    bytes: Uint8Array,
    offset: number,
    length: number,
    byClient: boolean,
  ): void;
  /** A key was deleted because its expiry has passed, or to make room. */
  expired(database: KeyLookup, key: Buffer): void;
  evicted(database: KeyLookup, key: Buffer): void;
  /** Something that is `noticed` has happened to a key or its value (key-signals.ts), or will at a time. */
  signal(
    database: number,
    event: number,
    type: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): void;
  signalAt(
    database: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    timeMs: number,
  ): void;
}
