// The bytes table against a Map, through growth and shrinking, with all kinds of keys and with
// hashes as unlucky as they can be.

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Arena, ArenaFullError } from '../../src/memory/arena.ts';
import { BytesTable } from '../../src/structures/bytes-table.ts';
import { MAX_INLINE_KEY_BYTES, prefetchEntries } from '../../src/structures/entry.ts';
import { FIRST_NEGATIVE_SEGMENT, fillSegmentsBelow } from '../memory/filled-arena.ts';
import { Random } from '../support/random.ts';
import { isFullTier, variantsByTier } from '../support/tier.ts';
import { CheckedTable, freeEntry, keyOf, makeEntry, type TestHash } from './checked-table.ts';

/** Bytes of a segment at its full size, of a root, and of a table that has become empty. */
const FULL_SEGMENT_BYTES = 8192;
const ROOT_BYTES = 24;
const EMPTIED_BYTES = ROOT_BYTES + 64;

/** Hashes whose first `bits` bits are the same. */
function sharedPrefix(prefix: number, bits: number): TestHash {
  return (key) => {
    let mixed = 0x811c9dc5;
    for (let i = 0; i < key.length; i++) {
      mixed = Math.imul(mixed ^ key.charCodeAt(i), 0x01000193);
    }
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    mixed ^= mixed >>> 13;
    return bits === 0 ? mixed | 0 : (prefix & ~(-1 >>> bits)) | (mixed >>> bits);
  };
}

function keysOf(count: number, prefix = 'key'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}:${index}`);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('against a Map', () => {
  const KEYS = ['', 'a', 'b', 'ab', 'ba', 'x'.repeat(500), 'x'.repeat(499), '\0', '\xff'];

  test.each([
    ['the seeded hash', undefined],
    ['one hash for all keys', () => 0x12345678],
    ['a hash of 0', () => 0],
    ['the hash that is the last', () => -1],
    [
      'hashes on both sides of the sign',
      (key: string) => (key.length % 2 === 0 ? ~(1 << 31) : 1 << 31),
    ],
  ])('short sequences of any kind: %s', (_, hash) => {
    const operation = fc.tuple(
      fc.constantFrom('insert', 'insert', 'replace', 'remove', 'find'),
      fc.constantFrom(...KEYS),
    );
    const arena = new Arena();
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const checked = new CheckedTable(hash, arena);
        for (const [kind, key] of operations) {
          if (kind === 'insert') checked.insert(key);
          else if (kind === 'replace') checked.replace(key);
          else if (kind === 'remove') checked.remove(key);
          else checked.find(key);
        }
        checked.checkAll();
        expect(checked.scanAll(1).sort()).toEqual([...checked.model.keys()].sort());
        checked.dismantle();
        expect(arena.usedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('grows to 120,000 entries and shrinks to none, in any order', () => {
    const random = new Random(11);
    const checked = new CheckedTable();
    const keys = random.shuffle(keysOf(120_000));
    for (const [index, key] of keys.entries()) {
      checked.insert(key);
      if (index === 5 || index === 700 || index === 5_000) checked.checkAll();
    }
    checked.checkAll();
    const { segments, overheadBytes } = checked.table;
    expect(overheadBytes - segments * FULL_SEGMENT_BYTES - ROOT_BYTES).toBeGreaterThan(1_000);
    // Extendible hashing fills its segments to 69 % of where they split, on average.
    expect(checked.table.size / checked.table.capacity).toBeGreaterThan(0.45);
    for (const key of keysOf(1_000, 'absent')) expect(checked.find(key)).toBe(0);
    for (const key of keys.slice(0, 2_000)) checked.replace(key);
    for (const [index, key] of random.shuffle(keys).entries()) {
      checked.remove(key);
      if (index === 80_000 || index === 119_000) checked.checkAll();
      // Sparse segments merge: what is left never takes more than it did on the way up, and a half.
      if (index === 110_000) expect(checked.table.capacity).toBeLessThan(10 * 10_000);
    }
    checked.checkAll();
    expect(checked.table.overheadBytes).toBe(EMPTIED_BYTES);
    expect(checked.table.random()).toBe(0);
    expect(checked.scanAll(10)).toEqual([]);
    for (const key of keys.slice(0, 3_000)) checked.insert(key);
    checked.checkAll();
    checked.dismantle();
    expect(checked.arena.usedBytes).toBe(0);
  });

  test.each(variantsByTier([21, 22, 23]))(
    'a long run around the sizes where it splits and merges: seed %i',
    (seed) => {
      const random = new Random(seed);
      const checked = new CheckedTable();
      for (let phase = 0; phase < 12; phase++) {
        const growth = phase % 2 === 0 ? 0.85 : 0.1;
        for (let step = 0; step < 3_000; step++) {
          const key = `k${random.integer(0, 6_000)}`;
          if (random.chance(0.1)) checked.replace(key);
          else if (random.chance(growth)) checked.insert(key);
          else checked.remove(key);
        }
        checked.checkAll();
      }
      checked.dismantle();
      expect(checked.arena.usedBytes).toBe(0);
    },
  );

  test('with references beyond 2^31', () => {
    const arena = new Arena();
    fillSegmentsBelow(arena, FIRST_NEGATIVE_SEGMENT);
    const base = arena.usedBytes;
    const checked = new CheckedTable(undefined, arena);
    const keys = keysOf(5_000);
    for (const key of keys) checked.insert(key);
    expect(Math.max(...checked.model.values())).toBeLessThan(0);
    expect(checked.scanAll(10).sort()).toEqual(keys.sort());
    expect(checked.model.has(keyOf(arena, checked.table.random()))).toBe(true);
    for (const key of keys.slice(0, 4_900)) checked.remove(key);
    for (const key of keys.slice(4_900)) checked.replace(key);
    for (const [key, ref] of checked.model) {
      checked.find(key);
      expect(checked.table.locate(ref)).toBe(true);
    }
    checked.dismantle();
    expect(arena.usedBytes).toBe(base);
  });
});

describe('memory of small tables', () => {
  test('an empty one takes next to nothing, a small one little', () => {
    const checked = new CheckedTable();
    expect(checked.table.overheadBytes).toBe(0);
    expect(checked.table.capacity).toBe(0);
    const sizes: number[] = [];
    for (let count = 1; count <= 900; count++) {
      checked.insert(`k${count}`);
      const { overheadBytes } = checked.table;
      if (sizes.at(-1) !== overheadBytes) sizes.push(overheadBytes);
      expect(overheadBytes).toBeLessThan(64 + ROOT_BYTES + 40 * count);
    }
    // It doubles until it has a segment of full size, and then splits.
    const segments = [64, 128, 256, 512, 1024, 2048, 4096, 8192].map((bytes) => bytes + ROOT_BYTES);
    expect(sizes).toEqual([...segments, 2 * FULL_SEGMENT_BYTES + 16 + ROOT_BYTES]);
    checked.dismantle();
  });
});

describe('keys', () => {
  const LONG = MAX_INLINE_KEY_BYTES;
  const LENGTHS = [0, 1, 2, 3, 4, 5, 100, LONG - 1, LONG, LONG + 1, LONG + 2, 3 * LONG];

  test('of every length are told apart from others of their length', () => {
    const checked = new CheckedTable();
    const keys = LENGTHS.flatMap((length) =>
      length === 0
        ? ['']
        : [
            `${'x'.repeat(length - 1)}a`,
            `${'x'.repeat(length - 1)}b`,
            `c${'x'.repeat(length - 1)}`,
          ],
    );
    for (const key of keys) checked.insert(key);
    checked.checkAll();
    for (const key of keys) {
      const ref = checked.find(key);
      expect(keyOf(checked.arena, ref) === key).toBe(true);
      expect(checked.table.locate(ref)).toBe(true);
      checked.find(`${key}y`);
      if (key.length > 0) checked.find(`d${key.slice(1)}`);
    }
    for (const key of keys) checked.replace(key);
    checked.checkAll();
    for (const key of keys.slice(0, 15)) checked.remove(key);
    checked.checkAll();
    checked.dismantle();
    expect(checked.arena.usedBytes).toBe(0);
  });

  test('with equal hashes are told apart by their bytes', () => {
    const checked = new CheckedTable(() => 77);
    const keys = [...keysOf(40), 'y'.repeat(LONG + 1), `${'y'.repeat(LONG)}z`];
    for (const key of keys) checked.insert(key);
    checked.checkAll();
    for (const key of keys.filter((_, index) => index % 2 === 0)) checked.remove(key);
    checked.checkAll();
  });
});

describe('comparing', () => {
  test.each([
    ['a small buffer', 200],
    ['one that requests are in', 64 * 1024],
    ['a huge one', 1024 * 1024],
  ])('every byte counts, in %s', (_, sizeBytes) => {
    const arena = new Arena();
    const table = new BytesTable(arena, { k0: 1, k1: 2 });
    const buffer = Buffer.alloc(sizeBytes);
    // All have one hash, and begin at odd places too.
    const find = (key: string, at: number) => {
      buffer.write(key, at, 'latin1');
      return table.findHashed(7, buffer, at, key.length);
    };
    for (let length = 0; length <= 40; length++) {
      const key = 'abcdefghij'.repeat(4).slice(0, length);
      expect(find(key, length)).toBe(0);
      const ref = makeEntry(arena, key);
      table.insert(ref);
      for (let at = 0; at < length; at++) {
        expect(find(`${key.slice(0, at)}#${key.slice(at + 1)}`, 3)).toBe(0);
      }
      for (let at = 0; at < 4; at++) expect(find(key, at)).toBe(ref);
    }
  });
});

describe('what was found last', () => {
  test('is known until something else is looked up, or the table changes', () => {
    const checked = new CheckedTable();
    const { table } = checked;
    for (const key of keysOf(3_000)) checked.insert(key);
    expect(table.foundRef).toBe(0);
    const ref = checked.find('key:1');
    expect(table.foundRef).toBe(ref);
    expect(checked.find('nobody')).toBe(0);
    expect(table.foundRef).toBe(0);
    const changes = [
      () => checked.insert('another'),
      () => checked.replace('key:1'),
      () => table.random(),
      () => table.relocate(0, { isDone: false, move: (ref) => ref }),
      () => checked.remove('key:1'),
      () => table.point(0),
    ];
    for (const change of changes) {
      expect(table.foundRef).toBe(0);
      checked.find('key:1');
      change();
    }
    expect(table.foundRef).toBe(0);
  });
});

describe('locate', () => {
  test('finds the very entry, and tells when it is not in the table', () => {
    const checked = new CheckedTable();
    for (const key of keysOf(3_000)) checked.insert(key);
    const { arena, table, model } = checked;
    for (const ref of model.values()) expect(table.locate(ref)).toBe(true);
    const twin = makeEntry(arena, 'key:1');
    expect(table.locate(twin)).toBe(false);
    const stranger = makeEntry(arena, 'stranger');
    expect(table.locate(stranger)).toBe(false);
    freeEntry(arena, twin);
    freeEntry(arena, stranger);
    const removed = model.get('key:2') ?? 0;
    expect(table.locate(removed)).toBe(true);
    table.remove();
    expect(table.locate(removed)).toBe(false);
  });
});

describe('random', () => {
  test('draws every entry about equally often', () => {
    const checked = new CheckedTable();
    for (const key of keysOf(3_000)) checked.insert(key);
    const counts = new Map<number, number>();
    for (let i = 0; i < 150_000; i++) {
      const ref = checked.table.random();
      counts.set(ref, (counts.get(ref) ?? 0) + 1);
    }
    // 50 expected: entries of a fuller segment are drawn less often, by a tenth or so.
    expect([...counts.keys()].sort()).toEqual([...checked.model.values()].sort());
    expect(Math.min(...counts.values())).toBeGreaterThan(10);
    expect(Math.max(...counts.values())).toBeLessThan(130);
  });

  test('finds the few entries of a table that has become sparse', () => {
    const checked = new CheckedTable();
    const keys = keysOf(2_000);
    for (const key of keys) checked.insert(key);
    for (const key of keys.slice(3)) checked.remove(key);
    const drawn = new Set(Array.from({ length: 500 }, () => checked.table.random()));
    expect([...drawn].sort()).toEqual([...checked.model.values()].sort());
  });
});

describe('unlucky hashes', () => {
  test.each([
    [0, 0],
    [0x5a5a5a5a, 8],
    [0xdeadbeef, 14],
    [0, 16],
    [-1, 17],
  ])('share a prefix: %i, %i bits of it', (prefix, bits) => {
    const checked = new CheckedTable(sharedPrefix(prefix, bits));
    const keys = keysOf(4_000);
    for (const key of keys) checked.insert(key);
    checked.checkAll();
    expect(checked.scanAll(7).sort()).toEqual([...keys].sort());
    const drawn = checked.model.has(keyOf(checked.arena, checked.table.random()));
    expect(drawn).toBe(true);
    for (const key of keys.slice(0, 3_999)) checked.remove(key);
    checked.checkAll();
    checked.remove(keys[3_999]);
    checked.checkAll();
    expect(checked.table.overheadBytes).toBe(EMPTIED_BYTES);
    checked.dismantle();
    expect(checked.arena.usedBytes).toBe(0);
  });

  test('are all the same: more than a segment holds is refused, and nothing is lost', () => {
    const checked = new CheckedTable(() => 0x7fffffff);
    const keys = keysOf(1_000);
    let stored = 0;
    expect(() => {
      for (const key of keys) {
        checked.insert(key);
        stored++;
      }
    }).toThrow('cannot be split further');
    expect(stored).toBeGreaterThan(700);
    checked.checkAll();
    expect(checked.scanAll(3).sort()).toEqual(keys.slice(0, stored).sort());
    for (const key of keys.slice(0, stored)) checked.remove(key);
    checked.checkAll();
    expect(checked.table.overheadBytes).toBe(EMPTIED_BYTES);
  });
});

describe('lopsided tables', () => {
  /** Keys that begin with their hash, in hexadecimal. */
  const hash: TestHash = (key) => Number.parseInt(key.slice(0, 8), 16) | 0;
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
  /** So many keys whose hashes begin with these bits and are spread evenly over what follows. */
  const under = (bits: string, count: number) => {
    const first = Number.parseInt(bits.padEnd(32, '0'), 2);
    const step = Math.floor(2 ** (32 - bits.length) / count);
    return Array.from({ length: count }, (_, index) => `${hex(first + index * step)}:${bits}`);
  };

  test('grow where they are deep, then everywhere, and shrink the other way round', () => {
    const random = new Random(12);
    const checked = new CheckedTable(hash);
    const deep = under('010101010101', 3_000);
    const wide = under('', 6_000);
    for (const key of deep) checked.insert(key);
    checked.checkAll();
    for (const key of random.shuffle(wide)) checked.insert(key);
    checked.checkAll();
    expect(checked.scanAll(10).sort()).toEqual([...deep, ...wide].sort());
    for (const key of wide.slice(0, 5_000)) checked.remove(key);
    checked.checkAll();
    for (const key of deep) checked.remove(key);
    checked.checkAll();
    for (const key of deep.slice(0, 500)) checked.insert(key);
    checked.checkAll();
    for (const key of wide.slice(5_000)) checked.remove(key);
    checked.checkAll();
    checked.dismantle();
  });

  test('a sparse segment is not joined with one half of what was its neighbour', () => {
    const checked = new CheckedTable(hash);
    const [low, high, sparse] = [under('00', 450), under('01', 450), under('1', 20)];
    for (const key of [...low, ...high, ...sparse]) checked.insert(key);
    const { capacity } = checked.table;
    expect(capacity).toBeGreaterThan(3_000);
    for (const key of low.slice(100)) checked.remove(key);
    for (const key of sparse.slice(10)) checked.remove(key);
    checked.checkAll();
    expect(checked.table.capacity).toBe(capacity);
  });

  test('segments are joined late enough that they do not split again soon', () => {
    const checked = new CheckedTable(hash);
    const [low, high] = [under('0', 450), under('1', 450)];
    for (const key of [...low, ...high]) checked.insert(key);
    const { capacity } = checked.table;
    const removals = low.slice(20).concat(high);
    while (checked.table.capacity === capacity) checked.remove(removals.shift() ?? '');
    const joinedAt = checked.table.size;
    expect(joinedAt).toBeGreaterThan(100);
    const more = under('', 5_000);
    while (checked.table.capacity < capacity) checked.insert(more.shift() ?? '');
    expect(checked.table.size).toBeGreaterThan(3 * joinedAt);
    checked.checkAll();
  });
});

describe('no memory', () => {
  /** Has the arena refuse every block after so many. */
  function refuseAfter(arena: Arena, blocks: number): void {
    const { allocate } = Arena.prototype;
    let left = blocks;
    vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
      if (left-- <= 0) throw new ArenaFullError();
      return allocate.call(arena, sizeClass);
    });
  }

  /** An empty table, one that is a single segment, some around the first split, and one of several segments. */
  const COUNTS = isFullTier ? [0, 5, 11, 100, 700, 830, 5_000] : [0, 11, 830, 5_000];

  test.each(COUNTS)(
    'to grow at %i entries or soon after: the insertion fails, everything else stays',
    (count) => {
      const checked = new CheckedTable();
      const { arena, table } = checked;
      for (const key of keysOf(count)) checked.insert(key);
      const spare = keysOf(2_000, 'spare').map((key) => ({
        key,
        ref: makeEntry(arena, key),
      }));
      let failures = 0;
      for (const { key, ref } of spare) {
        checked.find(key);
        const before = [table.size, table.capacity, table.overheadBytes, arena.usedBytes];
        // A failure at the first block that a step takes, at other times at its second, if any.
        refuseAfter(arena, failures % 2);
        try {
          table.insert(ref);
          checked.model.set(key, ref);
        } catch (error) {
          expect(error).toBeInstanceOf(ArenaFullError);
          expect([table.size, table.capacity, table.overheadBytes, arena.usedBytes]).toEqual(
            before,
          );
          failures++;
          for (const known of checked.model.keys()) checked.find(known);
        }
        vi.restoreAllMocks();
      }
      expect(failures).toBeGreaterThan(0);
      for (const { key, ref } of spare) if (!checked.model.has(key)) freeEntry(arena, ref);
      checked.checkAll();
      for (const key of keysOf(count + 3_000)) checked.insert(key);
      checked.checkAll();
      checked.dismantle();
      expect(arena.usedBytes).toBe(0);
    },
  );

  test('reserved before is enough for the insertion', () => {
    const checked = new CheckedTable();
    const { arena, table } = checked;
    const allocate = vi.spyOn(arena, 'allocate');
    for (const key of keysOf(3_000)) {
      const ref = makeEntry(arena, key);
      checked.find(key);
      table.reserve();
      const calls = allocate.mock.calls.length;
      table.insert(ref);
      expect(allocate.mock.calls.length).toBe(calls);
      checked.model.set(key, ref);
    }
    vi.restoreAllMocks();
    checked.checkAll();
  });

  test('is no reason not to remove entries, nor to join sparse segments', () => {
    const checked = new CheckedTable();
    const keys = keysOf(5_000);
    for (const key of keys) checked.insert(key);
    refuseAfter(checked.arena, 0);
    for (const key of keys) checked.remove(key);
    expect(checked.table.overheadBytes).toBe(FULL_SEGMENT_BYTES + ROOT_BYTES);
    vi.restoreAllMocks();
    checked.checkAll();
  });
});

describe('warming', () => {
  test('reads ahead, and changes nothing', () => {
    const checked = new CheckedTable((key) => Math.imul(Number(key.slice(4)), 0x9e3779b1));
    const { table, model } = checked;
    const hashes = Int32Array.from({ length: 16 }, (_, index) => Math.imul(index, 0x9e3779b1));
    const refs = new Int32Array(16);
    table.prefetchSlots(hashes, refs, 16);
    expect([...refs]).toEqual(new Array(16).fill(0));
    prefetchEntries(checked.arena, refs, 16);
    const keys = keysOf(3_000);
    for (const key of keys) checked.insert(key);
    table.prefetchSlots(hashes, refs, 16);
    prefetchEntries(checked.arena, refs, 16);
    const right = keys.slice(0, 16).filter((key, index) => model.get(key) === refs[index]);
    expect(right.length).toBeGreaterThan(4);
    checked.checkAll();
  });
});
