// Which clients may have which keys in their caches: a table from a key to the numbers of clients,
// off the JavaScript heap, as there may be millions. Keys have no database: a cache knows none.
//
// The value of an entry is a set of 32-bit numbers, little-endian and ascending. It is looked up by
// binary search, as thousands of clients may have read the same key. Numbers of disconnected clients stay until
// their key is invalidated: removing them would take a walk through the table.
import { Entries, NO_EXPIRY } from '../keyspace/entries.ts';
import { Arena } from '../memory/arena.ts';
import type { Request } from '../protocol/request.ts';
import { BytesTable } from '../structures/bytes-table.ts';
import type { HashSeed } from '../structures/hash.ts';

const NUMBER_BYTES = 4;
const NO_NUMBERS = Buffer.alloc(0);
/** A table with more keys is dropped as a whole with its arena, and not cleared key by key. */
const DROPPED_KEYS = 10_000;

/** The tracked keys and their clients; see the head of this file. */
export class TrackingTable {
  /** Number of pairs of a key and a client. */
  items = 0;
  readonly #seed: HashSeed;
  /** The memory of the table, created with its first key. */
  #memory: { readonly entries: Entries; readonly table: BytesTable } | undefined;
  readonly #number = Buffer.alloc(NUMBER_BYTES);

  /** @param seed that of the databases, so that a request's hashes serve here too */
  constructor(seed: HashSeed) {
    this.#seed = seed;
  }

  /** Number of keys. */
  get keys(): number {
    return this.#memory?.table.size ?? 0;
  }

  /** The arena of the table; undefined while there is none. */
  get arena(): Arena | undefined {
    return this.#memory?.entries.arena;
  }

  /** Bytes of keys, numbers and the table itself. */
  get usedBytes(): number {
    if (this.#memory === undefined) return 0;
    const { arena } = this.#memory.entries;
    return arena.usedBytes + arena.overflow.usedBytes;
  }

  /**
   * Adds a number to those of the key that is argument i of the request.
   * @throws ArenaFullError when there is no memory; nothing has changed then
   */
  add(request: Request, i: number, number: number): void {
    this.#memory ??= this.#create();
    const { entries, table } = this.#memory;
    const { buffer, offsets, lengths } = request;
    const ref =
      i > 0 && i <= request.hashedTo
        ? table.findHashed(request.hashes[i], buffer, offsets[i], lengths[i])
        : table.find(buffer, offsets[i], lengths[i]);
    if (ref !== 0) {
      this.#addTo(ref, entries, table, number);
      return;
    }
    table.reserve();
    const fresh = entries.build(buffer, offsets[i], lengths[i], 0, 0, NUMBER_BYTES, NO_EXPIRY, 0);
    this.#number.writeUInt32LE(number, 0);
    entries.fillValue(fresh, this.#number, 0, NUMBER_BYTES);
    table.insert(fresh);
    this.items++;
  }

  /** Removes a key; returns the numbers of its clients, encoded as in the table. */
  take(bytes: Uint8Array, offset: number, length: number): Buffer {
    if (this.#memory === undefined || this.#memory.table.size === 0) return NO_NUMBERS;
    const { entries, table } = this.#memory;
    const ref = table.find(bytes, offset, length);
    if (ref === 0) return NO_NUMBERS;
    const numbers = entries.value(ref).copy();
    table.remove();
    entries.free(ref);
    this.items -= numbers.length / NUMBER_BYTES;
    return numbers;
  }

  /** A key drawn at random; undefined when there is none. */
  randomKey(): Buffer | undefined {
    if (this.#memory === undefined || this.#memory.table.size === 0) return undefined;
    return this.#memory.entries.key(this.#memory.table.random()).copy();
  }

  /** Forgets everything, in a time that does not grow with the number of keys. */
  clear(): void {
    if (this.#memory === undefined) return;
    const { entries, table } = this.#memory;
    this.items = 0;
    this.#memory = undefined;
    if (table.size > DROPPED_KEYS) return;
    // FLUSHDB may be frequent: a small table is cleared and reused.
    const free = (ref: number): void => entries.free(ref);
    while (table.dismantle(free));
    this.#memory = this.#create(entries);
  }

  #create(entries = new Entries(new Arena(), [])): {
    readonly entries: Entries;
    readonly table: BytesTable;
  } {
    return { entries, table: new BytesTable(entries.arena, this.#seed) };
  }

  /** Adds a number to the set of the entry that the table found last. */
  #addTo(ref: number, entries: Entries, table: BytesTable, number: number): void {
    const { buffer, offset, length } = entries.value(ref);
    const at = placeOf(buffer, offset, length, number);
    if (at < length && buffer.readUInt32LE(offset + at) === number) return;
    let target = ref;
    if (!entries.resizeInPlace(ref, length + NUMBER_BYTES)) {
      target = entries.rebuild(ref, length + NUMBER_BYTES, NO_EXPIRY);
      table.replace(target);
      entries.free(ref);
    }
    const value = entries.value(target);
    const from = value.offset + at;
    value.buffer.copyWithin(from + NUMBER_BYTES, from, value.offset + length);
    value.buffer.writeUInt32LE(number, from);
    this.items++;
  }
}

/** Calls back with each number of what `take` returned. */
export function eachNumber(numbers: Buffer, visit: (number: number) => void): void {
  for (let i = 0; i < numbers.length; i += NUMBER_BYTES) visit(numbers.readUInt32LE(i));
}

/** Where a number is in the set, or would be: in bytes from its start. */
function placeOf(buffer: Buffer, offset: number, length: number, number: number): number {
  let low = 0;
  let high = length / NUMBER_BYTES;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (buffer.readUInt32LE(offset + middle * NUMBER_BYTES) < number) low = middle + 1;
    else high = middle;
  }
  return low * NUMBER_BYTES;
}
