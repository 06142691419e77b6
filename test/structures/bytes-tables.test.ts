// Many tables in one arena, each of them nothing but its root: they do not disturb each other, take little, cost the
// JavaScript heap nothing, and are given back to the last byte, in steps, whatever fails meanwhile.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Arena, ArenaFullError } from '../../src/memory/arena.ts';
import { CLASS_UNITS, classOf } from '../../src/memory/size-classes.ts';
import { BytesTables } from '../../src/structures/bytes-tables.ts';
import { epochBits, hasEpoch, packMeta, setEpoch } from '../../src/structures/entry.ts';
import { EpochScan } from '../../src/structures/epoch-scan.ts';
import { measureHeap } from '../support/heap.ts';
import { Random } from '../support/random.ts';
import { variantsByTier } from '../support/tier.ts';
import { freeEntry, keyOf, makeEntry, SEED, usedBytes } from './checked-table.ts';

/** Entries in one step of `freeStep`, at most. */
const MAX_STEP = 1_022;

/** Tables by their roots, each with a Map beside it. */
class ManyTables {
  readonly arena = new Arena();
  readonly tables = new BytesTables(this.arena, SEED);
  readonly models = new Map<number, Map<string, number>>();

  create(): number {
    const root = this.tables.create();
    this.models.set(root, new Map());
    return root;
  }

  insert(root: number, key: string): void {
    const table = this.tables.open(root);
    const bytes = Buffer.from(key, 'latin1');
    const model = this.#model(root);
    this.#expectFound(table.find(bytes, 0, bytes.length), model.get(key) ?? 0);
    if (model.has(key)) return;
    const ref = makeEntry(this.arena, key);
    try {
      table.insert(ref);
    } catch (error) {
      freeEntry(this.arena, ref);
      throw error;
    }
    model.set(key, ref);
  }

  remove(root: number, key: string): void {
    const table = this.tables.open(root);
    const bytes = Buffer.from(key, 'latin1');
    const ref = table.find(bytes, 0, bytes.length);
    this.#expectFound(ref, this.#model(root).get(key) ?? 0);
    if (ref === 0) return;
    table.remove();
    freeEntry(this.arena, ref);
    this.#model(root).delete(key);
  }

  /** Compares all tables with their models, and the memory to the byte. */
  check(): void {
    const { arena, tables } = this;
    let bytes = 0;
    for (const [root, model] of this.models) {
      expect(tables.length(root)).toBe(model.size);
      const found = new Map<string, number>();
      tables.open(root).scan(0, Number.POSITIVE_INFINITY, (ref) => {
        found.set(keyOf(arena, ref), ref);
      });
      expect(found).toEqual(model);
      bytes += tables.overheadBytes(root);
      for (const key of model.keys()) bytes += CLASS_UNITS[classOf(12 + key.length)] * 8;
    }
    expect(usedBytes(arena)).toBe(bytes);
  }

  /** Frees a table in steps. */
  free(root: number): void {
    const { arena, tables } = this;
    const left = this.#model(root);
    for (let isDone = false; !isDone; ) {
      const before = left.size;
      isDone = tables.freeStep(root, (ref) => {
        if (!left.delete(keyOf(arena, ref))) throw new Error(`${ref} is visited wrongly`);
        freeEntry(arena, ref);
      });
      expect(before - left.size).toBeLessThanOrEqual(MAX_STEP);
      if (!isDone) expect(tables.length(root)).toBe(left.size);
    }
    expect(left.size).toBe(0);
    this.models.delete(root);
  }

  #expectFound(ref: number, expected: number): void {
    if (ref !== expected) throw new Error(`found ${ref}, not ${expected}`);
  }

  #model(root: number): Map<string, number> {
    const model = this.models.get(root);
    if (model === undefined) throw new Error(`there is no table ${root}`);
    return model;
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('many tables in an arena', () => {
  test('change in any order, each by itself', () => {
    const random = new Random(51);
    const many = new ManyTables();
    const roots = Array.from({ length: 10 }, () => many.create());
    for (let step = 0; step < 60_000; step++) {
      const root = random.pick(roots);
      // Some tables stay small, others have several segments.
      const key = `k${random.integer(0, 2 ** (5 + (roots.indexOf(root) % 10)))}`;
      if (random.chance(step % 20_000 < 14_000 ? 0.8 : 0.2)) many.insert(root, key);
      else many.remove(root, key);
      if (step % 10_000 === 0) many.check();
    }
    many.check();
    expect(Math.max(...roots.map((root) => many.tables.parts(root)))).toBeGreaterThan(3);
    for (const root of random.shuffle(roots)) many.free(root);
    expect(usedBytes(many.arena)).toBe(0);
  });

  test('are made, freed and made again in the same place', () => {
    const random = new Random(52);
    const many = new ManyTables();
    const roots: number[] = [];
    for (let round = 0; round < 100; round++) {
      const root = many.create();
      expect(many.tables.length(root)).toBe(0);
      expect(many.tables.open(root).random()).toBe(0);
      for (let i = random.integer(0, 2_000); i > 0; i--) many.insert(root, `${round}:${i}`);
      roots.push(root);
      if (roots.length > 5) many.free(roots.splice(random.integer(0, 5), 1)[0]);
    }
    many.check();
    for (const root of roots) many.free(root);
    expect(usedBytes(many.arena)).toBe(0);
  });

  test.each([
    [0, 24],
    [1, 24 + 64],
    [10, 24 + 128],
    [200, 24 + 2048],
    [1_000, 24 + 16 + 2 * 8192],
  ])('of %i entries takes %i bytes besides them', (count, bytes) => {
    const many = new ManyTables();
    const root = many.create();
    for (let i = 0; i < count; i++) many.insert(root, `field:${i}`);
    expect(many.tables.overheadBytes(root)).toBe(bytes);
    many.check();
    // What was large is small again.
    for (let i = 0; i < count; i++) many.remove(root, `field:${i}`);
    expect(many.tables.overheadBytes(root)).toBeLessThanOrEqual(24 + 64);
    many.check();
  });

  test('leave nothing on the JavaScript heap', () => {
    const many = new ManyTables();
    const { arena, tables } = many;
    const key = Buffer.from('field:00');
    const fill = (): number => {
      const root = tables.create();
      for (let i = 0; i < 20; i++) {
        key.write(String(i).padStart(2, '0'), 6, 'latin1');
        const table = tables.open(root);
        if (table.find(key, 0, key.length) !== 0) continue;
        const ref = arena.allocate(classOf(12 + key.length));
        const base = (ref & 0x7fffff) << 1;
        arena.i32[ref >>> 23][base] = packMeta(0, 0, 0, 0, classOf(12 + key.length));
        arena.i32[ref >>> 23][base + 1] = key.length;
        key.copy(arena.u8[ref >>> 23], base * 4 + 12);
        table.insert(ref);
      }
      return root;
    };
    const roots = new Int32Array(20_000);
    for (let i = 0; i < 1_000; i++) roots[i] = fill();
    const { heapBytes } = measureHeap(() => {
      for (let i = 1_000; i < roots.length; i++) roots[i] = fill();
    });
    // Tables of one empty object each would take a megabyte.
    expect(heapBytes).toBeLessThan(200_000);
    expect(tables.length(roots[19_999])).toBe(20);
    expect(tables.length(roots[0])).toBe(20);
  });
});

describe('without memory', () => {
  test('a table stays whole, and the others too', () => {
    const many = new ManyTables();
    const { arena } = many;
    const roots = Array.from({ length: 8 }, () => many.create());
    const { allocate } = Arena.prototype;
    let serial = 0;
    let failures = 0;
    for (let round = 0; round < 4_000; round++) {
      let left = round % 4;
      vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
        if (left-- <= 0) throw new ArenaFullError();
        return allocate.call(arena, sizeClass);
      });
      try {
        for (let i = 0; i < 3; i++) many.insert(roots[serial % 8], `k${serial++}`);
      } catch (error) {
        expect(error).toBeInstanceOf(ArenaFullError);
        failures++;
      }
      vi.restoreAllMocks();
      if (round % 250 === 0) many.check();
    }
    expect(failures).toBeGreaterThan(500);
    many.check();
    vi.spyOn(arena, 'allocate').mockImplementation(() => {
      throw new ArenaFullError();
    });
    expect(() => many.tables.create()).toThrow(ArenaFullError);
    // Freeing takes none.
    for (const root of roots) many.free(root);
    expect(usedBytes(arena)).toBe(0);
  });

  test('a table shrinks as far as it can, and all the way when there is memory again', () => {
    const many = new ManyTables();
    const { arena, tables } = many;
    const root = many.create();
    const keys = Array.from({ length: 60_000 }, (_, index) => `k${index}`);
    for (const key of keys) many.insert(root, key);
    vi.spyOn(arena, 'allocate').mockImplementation(() => {
      throw new ArenaFullError();
    });
    const withDirectory = tables.overheadBytes(root) - tables.parts(root) * 8192;
    for (const key of keys.slice(5_000)) many.remove(root, key);
    // The directory is shorter, in the block that it had.
    expect(tables.overheadBytes(root) - tables.parts(root) * 8192).toBe(withDirectory);
    expect(tables.parts(root)).toBeLessThan(40);
    vi.restoreAllMocks();
    many.check();
    for (const key of keys.slice(5_000, 40_000)) many.insert(root, key);
    many.check();
    for (const key of keys.slice(10, 40_000)) many.remove(root, key);
    expect(tables.overheadBytes(root)).toBeLessThanOrEqual(24 + 512);
    many.check();
    many.free(root);
    expect(usedBytes(arena)).toBe(0);
  });
});

describe('moving out of sparse pages', () => {
  test('moves roots, directories and segments, and changes nothing', () => {
    const random = new Random(53);
    const many = new ManyTables();
    const { arena, tables, models } = many;
    const roots = Array.from({ length: 60_000 }, () => many.create());
    for (const [index, root] of roots.entries()) {
      many.insert(root, `first:${index}`);
    }
    const large = new Set(roots.filter((_, index) => index % 1_000 === 0));
    for (const root of large) {
      for (let i = random.integer(900, 4_000); i > 0; i--) many.insert(root, `k${i}`);
    }
    for (const root of roots) if (!large.has(root) && random.chance(0.9)) many.free(root);
    // Their segments lie between those of tables that are gone.
    for (const root of random.shuffle([...large]).slice(0, 50)) many.free(root);
    for (let sizeClass = 0; sizeClass < CLASS_UNITS.length; sizeClass++) {
      arena.chooseSparsePages(sizeClass);
    }
    const before = usedBytes(arena);
    const mover = { isDone: false, move: (ref: number) => ref };
    let moved = 0;
    for (const [root, model] of [...models]) {
      const table = tables.open(root);
      for (let at = table.relocate(0, mover); at !== 0; ) at = table.relocate(at, mover);
      if (table.root !== root) moved++;
      models.delete(root);
      models.set(table.root, model);
    }
    expect(moved).toBeGreaterThan(100);
    expect(arena.relocations).toBeGreaterThan(1.5 * moved);
    arena.keepSparsePages();
    expect(usedBytes(arena)).toBe(before);
    many.check();
    for (const root of [...models.keys()]) many.insert(root, 'afterwards');
    many.check();
    for (const root of [...models.keys()]) many.free(root);
    expect(usedBytes(arena)).toBe(0);
  });
});

describe('saving entry by entry', () => {
  test.each(variantsByTier([61, 62, 63]))(
    'gives a table as it was, whatever changes meanwhile: seed %i',
    (seed) => {
      const random = new Random(seed);
      const many = new ManyTables();
      const { arena, tables, models } = many;
      const root = many.create();
      const other = many.create();
      for (let i = 0; i < 5_000; i++) many.insert(root, `k${i}`);
      for (let i = 0; i < 300; i++) many.insert(other, `k${i}`);
      const epoch = epochBits(7);
      const atStart = [...(models.get(root)?.keys() ?? [])].sort();
      const saved: string[] = [];
      const scan = new EpochScan(arena, epoch, (ref) => saved.push(keyOf(arena, ref)));
      let cursor = 0;
      let serial = 0;
      let preserved = 0;
      do {
        // First growing, then shrinking to a fraction.
        for (let i = random.integer(0, 200); i > 0; i--) {
          const key = random.chance(0.3) ? `new${serial++}` : `k${random.integer(0, 5_000)}`;
          const ref = models.get(root)?.get(key);
          if (ref !== undefined && random.chance(saved.length < 1_500 ? 0.1 : 0.9)) {
            if (!hasEpoch(arena, ref, epoch)) preserved++;
            scan.preserve(ref);
            many.remove(root, key);
          } else if (ref === undefined) {
            many.insert(root, key);
            setEpoch(arena, models.get(root)?.get(key) ?? 0, epoch);
          }
        }
        many.insert(other, `more${serial}`);
        cursor = scan.step(tables.open(root), cursor, random.pick([1, 10, 40]));
      } while (cursor !== 0);
      expect(saved.sort()).toEqual(atStart);
      expect(preserved).toBeGreaterThan(100);
      many.check();
    },
  );
});
