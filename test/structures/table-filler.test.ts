// Filling a table: what comes out is the table that adding one by one gives, keys that are there twice
// are told, and what is laid aside can be taken back. Tables that know how many entries come, too.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Arena, ArenaFullError } from '../../src/memory/arena.ts';
import { hashBytes } from '../../src/structures/hash.ts';
import { TableFiller } from '../../src/structures/table-filler.ts';
import { CheckedTable, freeEntry, keyOf, makeEntry, SEED, type TestHash } from './checked-table.ts';

const seeded: TestHash = (key) => hashBytes(SEED, Buffer.from(key, 'latin1'), 0, key.length);

function keysOf(count: number, prefix = 'key'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}:${index}`);
}

/** Adds keys through a filler; returns those that were there already. */
function fill(checked: CheckedTable, keys: readonly string[], hash: TestHash = seeded): string[] {
  const { arena, table, model } = checked;
  const twice: string[] = [];
  const filler = new TableFiller((ref) => {
    twice.push(keyOf(arena, ref));
    freeEntry(arena, ref);
  });
  for (const key of keys) {
    const ref = makeEntry(arena, key);
    filler.add(table, hash(key), ref);
    if (!model.has(key)) model.set(key, ref);
  }
  while (!filler.settle(table));
  expect(filler.settle(table)).toBe(true);
  return twice;
}

/** Of equal keys either may be the one that stays. */
function adopt(checked: CheckedTable): void {
  checked.model.clear();
  checked.table.scan(0, Number.POSITIVE_INFINITY, (ref) => {
    checked.model.set(keyOf(checked.arena, ref), ref);
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('filling', () => {
  test.each([0, 1, 5, 900, 60_000])('%i keys', (count) => {
    const checked = new CheckedTable();
    expect(fill(checked, keysOf(count))).toEqual([]);
    checked.checkAll();
    expect(checked.scanAll(10).sort()).toEqual(keysOf(count).sort());
    for (const key of keysOf(count)) checked.remove(key);
    checked.checkAll();
  });

  test('so many keys of one part that it goes into the table before the end', () => {
    const hash: TestHash = (key) => seeded(key) >>> 7;
    const checked = new CheckedTable(hash);
    expect(fill(checked, keysOf(20_000), hash)).toEqual([]);
    checked.checkAll();
  });

  test('keys that are in the table, or are added twice', () => {
    const checked = new CheckedTable();
    for (const key of keysOf(100)) checked.insert(key);
    const keys = [...keysOf(3, 'new'), ...keysOf(2), 'new:1'];
    expect(fill(checked, keys).sort()).toEqual(['key:0', 'key:1', 'new:1']);
    adopt(checked);
    checked.checkAll();
    expect(checked.model.size).toBe(103);
  });

  test('one by one, with other keys looked up in between', () => {
    const checked = new CheckedTable();
    const { arena, table, model } = checked;
    for (const key of keysOf(2_000)) {
      checked.find(`no ${key}`);
      const ref = makeEntry(arena, key);
      expect(table.add(seeded(key), ref)).toBe(true);
      model.set(key, ref);
    }
    checked.checkAll();
  });

  test('keys of one hash, some of them twice', () => {
    const one: TestHash = () => 0x12345678;
    const checked = new CheckedTable(one);
    expect(fill(checked, [...keysOf(40), ...keysOf(5)], one)).toHaveLength(5);
    adopt(checked);
    checked.checkAll();
    expect(checked.model.size).toBe(40);
  });

  // Few enough for small parts, and too many.
  test.each([2_000, 20_000])('what cannot be added of %i keys is still laid aside', (count) => {
    const checked = new CheckedTable();
    const { arena, table, model } = checked;
    const problem = new Error('it is there twice');
    const filler = new TableFiller(() => {
      throw problem;
    });
    for (const key of [...keysOf(count), 'key:7']) {
      filler.add(table, seeded(key), makeEntry(arena, key));
    }
    expect(() => {
      while (!filler.settle(table));
    }).toThrow(problem);
    const taken: string[] = [];
    filler.discard((ref) => {
      taken.push(keyOf(arena, ref));
      freeEntry(arena, ref);
    });
    expect(taken).toContain('key:7');
    expect(taken.length + table.size).toBe(count + 1);
    model.clear();
    adopt(checked);
    checked.checkAll();
    expect(filler.settle(table)).toBe(true);
    checked.dismantle();
    expect(arena.usedBytes).toBe(0);
  });
});

describe('a table for so many keys', () => {
  test.each([0, 1, 700, 3_000, 100_000])('%i', (count) => {
    const grown = new CheckedTable();
    for (const key of keysOf(count)) grown.insert(key);
    const checked = new CheckedTable();
    checked.table.presize(count);
    checked.checkAll();
    for (const key of keysOf(count)) checked.insert(key);
    checked.checkAll();
    expect(checked.table.capacity).toBe(grown.table.capacity);
    expect(checked.scanAll(10).sort()).toEqual(grown.scanAll(10).sort());
    for (const key of keysOf(count)) checked.remove(key);
    checked.checkAll();
    checked.dismantle();
    expect(checked.arena.usedBytes).toBe(0);
  });

  test('grows beyond them', () => {
    const checked = new CheckedTable();
    checked.table.presize(2_000);
    for (const key of keysOf(20_000)) checked.insert(key);
    checked.checkAll();
  });

  test('that has keys stays as it is', () => {
    const checked = new CheckedTable();
    checked.insert('key');
    const { capacity } = checked.table;
    checked.table.presize(10_000);
    expect(checked.table.capacity).toBe(capacity);
    checked.checkAll();
  });

  test('without memory it stays as it is', () => {
    const arena = new Arena();
    const checked = new CheckedTable(undefined, arena);
    const { allocate } = Arena.prototype;
    let left = 5;
    const spy = vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
      if (left-- === 0) throw new ArenaFullError();
      return allocate.call(arena, sizeClass);
    });
    expect(() => checked.table.presize(10_000)).toThrow(ArenaFullError);
    expect([arena.usedBytes, checked.table.capacity]).toEqual([0, 0]);
    spy.mockRestore();
    for (const key of keysOf(20)) checked.insert(key);
    checked.checkAll();
  });
});
