// A bytes table with a plain Map beside it, on entries that are a key and nothing else.
import { expect } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { classOf } from '../../src/memory/size-classes.ts';
import { BytesTable } from '../../src/structures/bytes-table.ts';
import {
  ByteView,
  FLAG_OVERFLOW_KEY,
  HEADER_BYTES,
  MAX_INLINE_KEY_BYTES,
  metaClass,
  metaOf,
  OVERFLOW_ID_BYTES,
  packMeta,
  viewKey,
} from '../../src/structures/entry.ts';

export const SEED = { k0: 0x12345678, k1: 0x9abcdef };
/** Keys are looked up in the middle of something, as they are in a request. */
const OFFSET = 3;

/** A hash function that a test chooses in the place of the seeded one. */
export type TestHash = (key: string) => number;

/** Makes the entry of a key; its characters are its bytes. */
export function makeEntry(arena: Arena, key: string): number {
  const isLong = key.length > MAX_INLINE_KEY_BYTES;
  const sizeClass = classOf(HEADER_BYTES + (isLong ? OVERFLOW_ID_BYTES : key.length));
  const ref = arena.allocate(sizeClass);
  const block = arena.u8[ref >>> 23];
  const start = (ref & 0x7fffff) * 8;
  block.writeInt32LE(packMeta(0, 0, 0, isLong ? FLAG_OVERFLOW_KEY : 0, sizeClass), start);
  block.writeInt32LE(key.length, start + 4);
  block.writeInt32LE(0, start + 8);
  if (isLong) {
    const id = arena.overflow.allocate(key.length);
    arena.overflow.get(id).write(key, 'latin1');
    block.writeUInt32LE(id, start + HEADER_BYTES);
  } else {
    block.write(key, start + HEADER_BYTES, 'latin1');
  }
  return ref;
}

/** Gives an entry back. */
export function freeEntry(arena: Arena, ref: number): void {
  const meta = metaOf(arena, ref);
  if ((meta & FLAG_OVERFLOW_KEY) !== 0) {
    const start = (ref & 0x7fffff) * 8;
    arena.overflow.free(arena.u8[ref >>> 23].readUInt32LE(start + HEADER_BYTES));
  }
  arena.free(ref, metaClass(meta));
}

/** Bytes of an entry and of its key, if that lies outside. */
function entryBytesOf(arena: Arena, ref: number): number {
  const meta = metaOf(arena, ref);
  const blockBytes = arena.blockBytes(metaClass(meta));
  if ((meta & FLAG_OVERFLOW_KEY) === 0) return blockBytes;
  const start = (ref & 0x7fffff) * 8;
  const id = arena.u8[ref >>> 23].readUInt32LE(start + HEADER_BYTES);
  return blockBytes + arena.overflow.sizeOf(id);
}

/** Bytes of everything in an arena. */
export function usedBytes(arena: Arena): number {
  return arena.usedBytes + arena.overflow.usedBytes;
}

/** The key of an entry. */
export function keyOf(arena: Arena, ref: number): string {
  const view = new ByteView();
  viewKey(arena, ref, view);
  return view.buffer.toString('latin1', view.offset, view.offset + view.length);
}

/** The table and its model; every method does the same to both, and compares. */
export class CheckedTable {
  readonly arena: Arena;
  readonly table: BytesTable;
  readonly model = new Map<string, number>();
  readonly #hash: TestHash | undefined;
  /** What was in the arena before. */
  readonly #baseBytes: number;
  #buffer = Buffer.alloc(4096);

  constructor(hash?: TestHash, arena = new Arena()) {
    this.arena = arena;
    this.table = new BytesTable(arena, SEED);
    this.#baseBytes = usedBytes(arena);
    this.#hash = hash;
  }

  find(key: string): number {
    if (this.#buffer.length < OFFSET + key.length) {
      this.#buffer = Buffer.alloc(OFFSET + 2 * key.length);
    }
    this.#buffer.write(key, OFFSET, 'latin1');
    const ref =
      this.#hash === undefined
        ? this.table.find(this.#buffer, OFFSET, key.length)
        : this.table.findHashed(this.#hash(key), this.#buffer, OFFSET, key.length);
    const expected = this.model.get(key) ?? 0;
    if (ref !== expected) throw new Error(`${key.slice(0, 50)}: found ${ref}, not ${expected}`);
    return ref;
  }

  insert(key: string): void {
    if (this.find(key) !== 0) return;
    const ref = makeEntry(this.arena, key);
    try {
      this.table.insert(ref);
    } catch (error) {
      freeEntry(this.arena, ref);
      throw error;
    }
    this.model.set(key, ref);
  }

  replace(key: string): void {
    const old = this.find(key);
    if (old === 0) return;
    const ref = makeEntry(this.arena, key);
    this.table.replace(ref);
    freeEntry(this.arena, old);
    this.model.set(key, ref);
  }

  remove(key: string): void {
    const ref = this.find(key);
    if (ref === 0) return;
    this.table.remove();
    freeEntry(this.arena, ref);
    this.model.delete(key);
  }

  /** Compares everything: each key, the counts, and the memory to the byte. */
  checkAll(): void {
    const { arena, table, model } = this;
    let entryBytes = 0;
    for (const [key, ref] of model) {
      this.find(key);
      entryBytes += entryBytesOf(arena, ref);
    }
    expect(table.size).toBe(model.size);
    expect(table.capacity).toBeGreaterThanOrEqual(model.size);
    expect(table.overheadBytes).toBe(usedBytes(arena) - entryBytes - this.#baseBytes);
    expect(table.overheadBytes).toBeGreaterThanOrEqual(table.capacity * 8);
  }

  /** The keys of one whole scan, in the order of the visits. */
  scanAll(count: number): string[] {
    const keys: string[] = [];
    let cursor = 0;
    do {
      const next = this.table.scan(cursor, count, (ref) => keys.push(keyOf(this.arena, ref)));
      if (next !== 0 && next <= cursor) throw new Error(`from ${cursor} back to ${next}`);
      cursor = next;
    } while (cursor !== 0);
    return keys;
  }

  /** Takes everything apart, and expects that no memory stays in use. */
  dismantle(): void {
    const { arena, table, model } = this;
    const left = new Set(model.keys());
    let visits = 0;
    let more = true;
    while (more) {
      const before = visits;
      more = table.dismantle((ref) => {
        visits++;
        const key = keyOf(arena, ref);
        if (!left.delete(key)) throw new Error(`${key.slice(0, 50)} is visited wrongly`);
        freeEntry(arena, ref);
      });
      // One segment at a time.
      expect(visits - before).toBeLessThan(1_024);
      expect(table.size).toBe(left.size);
    }
    expect([visits, left.size, table.overheadBytes]).toEqual([model.size, 0, 0]);
    expect(arena.overflow.usedBytes).toBe(0);
    expect(table.dismantle(() => expect.fail('nothing is left'))).toBe(false);
  }
}
