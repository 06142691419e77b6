// What a database needs from the keyspace that contains it.

import type { Arena } from '../memory/arena.ts';
import type { BytesTable } from '../structures/bytes-table.ts';
import type { BytesTables } from '../structures/bytes-tables.ts';
import type { ByteView } from '../structures/entry.ts';
import type { HashSeed } from '../structures/hash.ts';
import type { AccessSettings } from './access-clock.ts';
import type { Entries } from './entries.ts';
import type { KeyEvents } from './key-events.ts';
import type { RepeatedKey } from './repeated-key.ts';

/** A database as observers of its keys see it. */
export interface KeyLookup {
  readonly index: number;
  /** The entry of a key, or 0. */
  find(bytes: Uint8Array, offset: number, length: number): number;
}

/** Entries of a stream that work in the background has removed, as if a command had. */
export interface EntryRemoval {
  readonly command: 'xtrim' | 'xdel';
  readonly key: Buffer;
  readonly args: readonly (string | Buffer)[];
  /** Number of entries. */
  readonly count: number;
}

/** Implemented by Keyspace, where the members are described. */
export interface DatabaseHost {
  readonly arena: Arena;
  readonly entries: Entries;
  readonly seed: HashSeed;
  readonly tables: BytesTables;
  readonly repeated: RepeatedKey;
  readonly events: KeyEvents;
  readonly stats: { hits: number; misses: number };
  readonly access: AccessSettings;
  /** The time that commands see, and the time up to which expiries have passed, in ms since the epoch. */
  readonly nowMs: number;
  readonly dueMs: number;
  dirty: number;
  readonly freshWord: number;
  readonly expiryPaused: boolean;
  readonly noticed: number;
  readonly suspendTouch: boolean;
  /** The snapshot in progress: entries must be preserved in it before they change. */
  readonly snapshot: { preserve(table: BytesTable, ref: number): void } | undefined;
  /** The access clock's word after one more use. */
  touchedWord(word: number): number;
  /** A client has modified a key. */
  modified(database: KeyLookup, bytes: Uint8Array, offset: number, length: number): void;
  /** A key has changed for another reason: it expired, was evicted, or was moved. */
  affected(
    database: KeyLookup,
    bytes: Uint8Array,
    offset: number,
    length: number,
    byClient: boolean,
  ): void;
  /** Keys that were deleted because their expiry has passed, or by eviction. */
  expired(database: KeyLookup, key: Buffer): void;
  evicted(database: KeyLookup, key: Buffer): void;
  /** Fields of a hash were removed because their time has come. */
  fieldsExpired(database: KeyLookup, key: Buffer, fields: readonly Buffer[], isGone: boolean): void;
  /** Entries of a stream were removed by work in the background. */
  entriesRemoved(database: KeyLookup, removal: EntryRemoval): void;
  /** Removes parts of a value that are due; returns its reference, or 0 when nothing is left of it. */
  expirePartsOf(database: KeyLookup, ref: number): number;
  /** Reports a signal in `noticed` of a key (key-signals.ts), now or for a later time. */
  signal(database: number, event: number, type: number, key: ByteView): void;
  signalAt(database: number, key: ByteView, timeMs: number): void;
}
