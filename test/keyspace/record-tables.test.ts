// Collections of records in tables, against maps: what is in them, the bytes that they take, walks while they change,
// and what is left when there is no memory.
import { describe, expect, test } from 'vitest';
import { RecordTables } from '../../src/keyspace/record-tables.ts';
import { Arena, ArenaFullError } from '../../src/memory/arena.ts';
import { BytesTables } from '../../src/structures/bytes-tables.ts';
import { ByteView } from '../../src/structures/entry.ts';
import { SEED } from '../structures/checked-table.ts';
import { Random } from '../support/random.ts';

/** Field and value of a hash; a member has an empty value. */
type Model = Map<string, string>;

class Fixture {
  readonly arena = new Arena();
  readonly tables = new RecordTables(this.arena, new BytesTables(this.arena, SEED));
  readonly view = new ByteView();

  put(root: number, key: string, value: string): void {
    const [k, v] = [Buffer.from(key), Buffer.from(value)];
    const { tables } = this;
    const old = tables.find(root, k, 0, k.length);
    if (old !== 0) {
      tables.changing(root, old);
      if (tables.records.overwriteValue(old, v, 0, v.length)) return;
    }
    const fresh = tables.records.newField(k, 0, k.length, v, 0, v.length);
    if (old !== 0) {
      tables.replace(root, old, fresh);
      return;
    }
    try {
      tables.insert(root, fresh);
    } catch (error) {
      tables.records.free(fresh);
      throw error;
    }
  }

  remove(root: number, key: string): boolean {
    const bytes = Buffer.from(key);
    const ref = this.tables.find(root, bytes, 0, bytes.length);
    if (ref !== 0) this.tables.remove(root, ref);
    return ref !== 0;
  }

  pair(ref: number): [string, string] {
    const { records } = this.tables;
    records.key(ref, this.view);
    const key = this.view.copy().toString();
    records.value(ref, this.view);
    return [key, this.view.copy().toString()];
  }

  contents(root: number): Model {
    const model: Model = new Map();
    this.tables.visitAll(root, (ref) => model.set(...this.pair(ref)));
    expect(model.size).toBe(this.tables.length(root));
    return model;
  }

  free(root: number): void {
    while (!this.tables.freeStep(root));
  }
}

const LENGTHS = [0, 1, 8, 15, 100, 5000, 16 * 1024, 16 * 1024 + 1, 70_000];
const randomValue = (random: Random, most = 4) =>
  'v'.repeat(LENGTHS[random.integer(0, most)]) + String(random.integer(0, 1e6));

function randomChange(fixture: Fixture, root: number, model: Model, random: Random, keys: number) {
  const key = `k${random.integer(0, keys)}`;
  if (random.chance(0.4)) {
    expect(fixture.remove(root, key)).toBe(model.delete(key));
  } else {
    const value = randomValue(random);
    fixture.put(root, key, value);
    model.set(key, value);
  }
}

test('it holds what was put into it, in as many bytes as it says', () => {
  const fixture = new Fixture();
  const { tables, arena } = fixture;
  const random = new Random(1);
  const before = arena.usedBytes + arena.overflow.usedBytes;
  const root = tables.create();
  const model: Model = new Map();
  for (let i = 0; i < 20_000; i++) {
    randomChange(fixture, root, model, random, 3000);
    if (i % 1000 === 0) {
      expect(tables.bytes(root)).toBe(arena.usedBytes + arena.overflow.usedBytes - before);
    }
  }
  // Long ones are outside their records.
  for (const length of LENGTHS) {
    fixture.put(root, 'k'.repeat(length), 'v'.repeat(70_000 - length));
    model.set('k'.repeat(length), 'v'.repeat(70_000 - length));
  }
  expect(tables.bytes(root)).toBe(arena.usedBytes + arena.overflow.usedBytes - before);
  expect(fixture.contents(root)).toEqual(model);
  const copy = tables.copy(root);
  expect(fixture.contents(copy)).toEqual(model);
  fixture.put(copy, 'k'.repeat(70_000), 'other');
  expect(fixture.contents(root)).toEqual(model);
  fixture.free(root);
  expect(tables.bytes(copy)).toBe(arena.usedBytes + arena.overflow.usedBytes - before);
  fixture.free(copy);
  expect(arena.usedBytes + arena.overflow.usedBytes).toBe(before);
});

test('members and scores have records of their own kind', () => {
  const { tables, view, arena } = new Fixture();
  const { records } = tables;
  const bytes = Buffer.from('sixteen bytes xx');
  const member = records.newMember(bytes, 0, 16);
  expect(records.bytes(member)).toBe(24);
  const scored = records.newScored(bytes, 8, 8, -0.5);
  expect(records.bytes(scored)).toBe(24);
  expect(records.score(scored)).toBe(-0.5);
  records.setScore(scored, Number.POSITIVE_INFINITY);
  expect(records.score(records.copy(scored))).toBe(Number.POSITIVE_INFINITY);
  records.key(member, view);
  expect(view.copy()).toEqual(bytes);
  records.key(scored, view);
  expect(view.copy()).toEqual(bytes.subarray(8));
  const long = Buffer.alloc(20_000, 'm');
  const longMember = records.newMember(long, 0, long.length);
  records.key(longMember, view);
  expect(view.copy()).toEqual(long);
  expect(records.bytes(longMember)).toBe(20_016);
  records.free(longMember);
  const expiring = records.newField(bytes, 0, 7, bytes, 8, 5, 1_700_000_000_000);
  expect([records.expires(expiring), records.expires(member)]).toEqual([true, false]);
  expect(records.expires(records.newField(bytes, 0, 7, bytes, 8, 5))).toBe(false);
  records.setExpiry(expiring, 5);
  expect(records.expiry(expiring)).toBe(5);
  records.key(expiring, view);
  expect(view.copy().toString()).toBe('sixteen');
  records.value(expiring, view);
  expect(view.copy().toString()).toBe('bytes');
  expect(arena.overflow.usedBytes).toBe(0);
});

describe('a walk visits what was there when it began', () => {
  for (const seedOfRun of [1, 2, 3, 4]) {
    test(`while it changes: ${seedOfRun}`, () => {
      const fixture = new Fixture();
      const { tables, arena } = fixture;
      const random = new Random(seedOfRun);
      const before = arena.usedBytes;
      const root = tables.create();
      const model: Model = new Map();
      for (let i = 0; i < 4000; i++) randomChange(fixture, root, model, random, 4000);
      for (let round = 0; round < 5; round++) {
        const expected = new Map(model);
        const seen: Model = new Map();
        const walk = tables.startWalk(root, (ref) => {
          const [key, value] = fixture.pair(ref);
          expect(seen.has(key)).toBe(false);
          seen.set(key, value);
        });
        if (walk === undefined) throw new Error('nobody else walks it');
        expect(tables.startWalk(root, () => {})).toBeUndefined();
        while (walk.step(50)) {
          const changes = random.integer(0, 100);
          for (let i = 0; i < changes; i++) randomChange(fixture, root, model, random, 4000);
        }
        expect(walk.visited).toBe(walk.length);
        expect(seen).toEqual(expected);
        expect(tables.endWalk(walk, true)).toBe(false);
        for (let i = 0; i < 500; i++) randomChange(fixture, root, model, random, 4000);
        expect(fixture.contents(root)).toEqual(model);
      }
      fixture.free(root);
      expect(arena.usedBytes).toBe(before);
    });
  }

  test('when it is freed', () => {
    const fixture = new Fixture();
    const { tables, arena } = fixture;
    const before = arena.usedBytes;
    const root = tables.create();
    for (let i = 0; i < 2000; i++) fixture.put(root, `k${i}`, '');
    let seen = 0;
    const walk = tables.startWalk(root, () => seen++);
    if (walk === undefined) throw new Error('nobody else walks it');
    walk.step(10);
    expect(tables.freeStep(root)).toBe(true);
    while (walk.step(100));
    expect(seen).toBe(2000);
    expect(tables.endWalk(walk, true)).toBe(true);
    fixture.free(root);
    expect(arena.usedBytes).toBe(before);
  });

  test('after any number of walks that were given up', () => {
    const fixture = new Fixture();
    const { tables } = fixture;
    const root = tables.create();
    for (let i = 0; i < 300; i++) fixture.put(root, `k${i}`, '');
    for (let i = 0; i < 1000; i++) {
      let seen = 0;
      const walk = tables.startWalk(root, () => seen++);
      if (walk === undefined) throw new Error('nobody else walks it');
      const isComplete = i % 300 === 299;
      while (walk.step(1 + (i % 40)) && (isComplete || seen < 100 + (i % 100)));
      if (isComplete) expect(seen).toBe(300);
      tables.endWalk(walk, isComplete);
    }
    let seen = 0;
    const walk = tables.startWalk(root, () => seen++);
    while (walk?.step(100));
    expect(seen).toBe(300);
  });
});

test('it is moved out of sparse pages while it changes', () => {
  const fixture = new Fixture();
  const { tables, arena } = fixture;
  const random = new Random(9);
  const model: Model = new Map();
  let root = tables.create();
  const fillers: number[] = [];
  for (let i = 0; i < 30_000; i++) {
    fixture.put(root, `k${i}`, '');
    model.set(`k${i}`, '');
    fillers.push(tables.records.newMember(Buffer.from(`filler ${i}`), 0, 12));
  }
  for (const filler of fillers) if (random.chance(0.9)) tables.records.free(filler);
  for (const key of [...model.keys()]) {
    if (random.chance(0.9)) {
      fixture.remove(root, key);
      model.delete(key);
    }
  }
  let pages = 0;
  for (let sizeClass = 0; sizeClass < 40; sizeClass++) pages += arena.chooseSparsePages(sizeClass);
  expect(pages).toBeGreaterThan(0);
  const relocated = arena.relocations;
  root = tables.relocation.begin(root);
  while (tables.relocation.step(1)) {
    for (let i = 0; i < 20; i++) randomChange(fixture, root, model, random, 30_000);
  }
  arena.keepSparsePages();
  expect(arena.relocations - relocated).toBeGreaterThan(1000);
  expect(fixture.contents(root)).toEqual(model);
  fixture.free(root);
});

test('without memory it stays as it was', () => {
  const fixture = new Fixture();
  const { tables, arena } = fixture;
  const random = new Random(5);
  const root = tables.create();
  const model: Model = new Map();
  for (let i = 0; i < 3000; i++) randomChange(fixture, root, model, random, 3000);
  const allocate = arena.allocate.bind(arena);
  let left = 0;
  arena.allocate = (sizeClass) => {
    if (left-- <= 0) throw new ArenaFullError();
    return allocate(sizeClass);
  };
  const before = arena.usedBytes;
  for (const allowed of [0, 1, 2, 3, 10, 100, 1000]) {
    left = allowed;
    expect(() => tables.copy(root)).toThrow(ArenaFullError);
    expect(arena.usedBytes).toBe(before);
  }
  let failures = 0;
  for (let i = 0; i < 3000; i++) {
    left = random.integer(0, 3);
    const key = `new ${i}`;
    try {
      fixture.put(root, key, 'value');
      model.set(key, 'value');
    } catch (error) {
      expect(error).toBeInstanceOf(ArenaFullError);
      failures++;
    }
  }
  expect(failures).toBeGreaterThan(100);
  left = Number.POSITIVE_INFINITY;
  expect(fixture.contents(root)).toEqual(model);
});
