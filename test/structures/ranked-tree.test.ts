// Ranked trees against sorted arrays: random changes of trees of different scores, of few scores and of a single one;
// every rank and every limit; blocks that move; no memory.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Arena, ArenaFullError } from '../../src/memory/arena.ts';
import { metaClass, metaOf } from '../../src/structures/entry.ts';
import { RankedCursor, RankedTrees } from '../../src/structures/ranked-tree.ts';
import { Records } from '../../src/structures/records.ts';
import { Random } from '../support/random.ts';
import { byTier } from '../support/tier.ts';
import { byRank, checkTree, type ModelEntry } from './checked-ranked-tree.ts';

const STEPS = byTier(6000, 60_000);

/** How scores are drawn: hardly ever equal, often, always. */
const SCORES: Readonly<Record<string, (random: Random) => number>> = {
  'different scores': (random) => (random.next() - 0.5) * 1e6,
  'few scores': (random) => random.integer(-3, 3),
  'one score': () => 0,
};

let arena: Arena;
let records: Records;
let trees: RankedTrees;
let root: number;
let model: ModelEntry[];

beforeEach(() => {
  arena = new Arena();
  records = new Records(arena);
  trees = new RankedTrees(arena);
  root = trees.create();
  model = [];
});

function place(entry: ModelEntry): number {
  let low = 0;
  let high = model.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byRank(model[middle], entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function newEntry(score: number, text: string): ModelEntry {
  const member = Buffer.from(text, 'latin1');
  return { score, member, record: records.newScored(member, 0, member.length, score) };
}

function add(entry: ModelEntry): void {
  root = trees.insert(root, entry.score, entry.record);
  model.splice(place(entry), 0, entry);
}

function removeAt(rank: number, byRankAlone: boolean): void {
  const [entry] = model.splice(rank, 1);
  root = byRankAlone ? trees.removeRank(root, rank) : trees.remove(root, entry.score, entry.record);
  records.free(entry.record);
}

function expectEqual(): void {
  const entries = checkTree(arena, records, root);
  expect(entries.length).toBe(model.length);
  expect(trees.count(root)).toBe(model.length);
  for (let i = 0; i < model.length; i++) {
    if (entries[i].record !== model[i].record || entries[i].score !== model[i].score)
      throw new Error(`entry ${i} differs`);
  }
}

/** Asks for everything that can be asked. */
function expectLookups(random: Random): void {
  const cursor = new RankedCursor();
  for (let i = 0; i < 50 && model.length > 0; i++) {
    const rank = random.integer(0, model.length - 1);
    const { score, member, record } = model[rank];
    expect(trees.rankOf(root, score, record)).toBe(rank);
    expect(trees.seek(root, rank, cursor)).toBe(true);
    expect(cursor.record).toBe(record);
    expect(cursor.score).toBe(score);
    for (const limit of [score, score + 0.5, score - 1]) {
      const below = model.filter((entry) => entry.score < limit).length;
      const notAbove = model.filter((entry) => entry.score <= limit).length;
      expect(trees.rankOfScore(root, limit, false)).toBe(below);
      expect(trees.rankOfScore(root, limit, true)).toBe(notAbove);
      expect(trees.seekScore(root, limit, cursor)).toBe(below < model.length);
      if (below === model.length) continue;
      expect(cursor.record).toBe(model[below].record);
      expect(trees.next(cursor)).toBe(below + 1 < model.length);
      if (below + 1 < model.length) expect(cursor.record).toBe(model[below + 1].record);
    }
    if (model[0].score !== model[model.length - 1].score) continue;
    for (const bytes of [member, Buffer.from(`${member.toString('latin1')}\0`, 'latin1')]) {
      const below = model.filter((entry) => Buffer.compare(entry.member, bytes) < 0).length;
      const notAbove = model.filter((entry) => Buffer.compare(entry.member, bytes) <= 0).length;
      expect(trees.rankOfMember(root, bytes, 0, bytes.length, false)).toBe(below);
      expect(trees.rankOfMember(root, bytes, 0, bytes.length, true)).toBe(notAbove);
    }
  }
  expect(trees.seek(root, model.length, cursor)).toBe(false);
  expect(trees.seek(root, -1, cursor)).toBe(false);
}

/** All records, forwards and backwards. */
function expectIteration(): void {
  const cursor = new RankedCursor();
  const forward: number[] = [];
  for (let more = trees.seek(root, 0, cursor); more; more = trees.next(cursor)) {
    forward.push(cursor.record);
  }
  expect(forward).toEqual(model.map(({ record }) => record));
  const backward: number[] = [];
  for (let more = trees.seek(root, model.length - 1, cursor); more; more = trees.previous(cursor)) {
    backward.push(cursor.record);
  }
  expect(backward.reverse()).toEqual(forward);
}

describe.each(Object.entries(SCORES))('%s', (_name, draw) => {
  test.each([1, 2, 3])('random changes (%i)', (seed) => {
    const random = new Random(seed);
    let wanted = 0;
    for (let step = 0; step < STEPS; step++) {
      if (step % 500 === 0) wanted = random.integer(0, 3000);
      const way = random.next();
      if (way < 0.15 && model.length > 0) {
        const rank = random.integer(0, model.length - 1);
        const [entry] = model.splice(rank, 1);
        const near = random.chance(0.5) ? entry.score + random.next() * 1e-3 : draw(random);
        root = trees.update(root, entry.score, entry.record, near);
        entry.score = near;
        model.splice(place(entry), 0, entry);
      } else if (model.length > 0 && (way < 0.3 || model.length > wanted)) {
        removeAt(random.integer(0, model.length - 1), random.chance(0.5));
      } else {
        add(newEntry(draw(random), `${random.integer(0, 1e9)}:${step}`));
      }
      if (step % 211 === 0) {
        expectEqual();
        expectLookups(random);
      }
    }
    expectEqual();
    expectIteration();
    while (model.length > 0) removeAt(random.integer(0, model.length - 1), random.chance(0.5));
    expectEqual();
    for (let left = root; left !== 0; ) left = trees.freeStep(left);
    expect(arena.usedBytes).toBe(0);
  });

  test('popping from either end', () => {
    const random = new Random(17);
    for (let i = 0; i < 2000; i++) add(newEntry(draw(random), `m${i}`));
    for (let i = 0; model.length > 0; i++) {
      const isLast = random.chance(0.5);
      const [entry] = model.splice(isLast ? model.length - 1 : 0, 1);
      expect(trees.endRecord(root, isLast)).toBe(entry.record);
      root = trees.removeEnd(root);
      records.free(entry.record);
      if (i % 97 === 0) expectEqual();
    }
    expectEqual();
  });

  test('records that move', () => {
    const random = new Random(5);
    for (let i = 0; i < 1500; i++) add(newEntry(draw(random), `${random.integer(0, 1e9)}:${i}`));
    for (const entry of random.shuffle(model)) {
      const fresh = records.copy(entry.record);
      arena.free(entry.record, metaClass(metaOf(arena, entry.record)));
      trees.recordMoved(root, entry.score, entry.record, fresh);
      entry.record = fresh;
    }
    expectEqual();
  });
});

describe('trees that are filled in order', () => {
  test.each([false, true])('at the front: %s', (atFront) => {
    const count = 20_000;
    for (let i = 0; i < count; i++) {
      const entry = newEntry(atFront ? -i : i, `m${i}`);
      root = trees.push(root, entry.score, entry.record, atFront);
      if (atFront) model.unshift(entry);
      else model.push(entry);
    }
    expectEqual();
    expectIteration();
    // Leaves are full: 62 entries in 768 bytes.
    expect(trees.bytes(root) / count).toBeLessThan(13.5);
  });

  test('at random they are well filled, small ones too', () => {
    const random = new Random(3);
    for (let i = 0; i < 20_000; i++) add(newEntry(random.next(), `m${i}`));
    expect(trees.bytes(root) / model.length).toBeLessThan(16);
    root = trees.create();
    model = [];
    for (let i = 0; i < 200; i++) add(newEntry(random.next(), `m${i}`));
    expect(trees.bytes(root) / model.length).toBeLessThan(17);
  });
});

test('members of any length and bytes', () => {
  const texts = ['', '\0', '\0\0', 'a', 'a\0', 'b', 'x'.repeat(20_000), 'x'.repeat(20_001), '\xff'];
  for (const text of new Random(1).shuffle(texts)) add(newEntry(1, text));
  expectEqual();
  expect(model.map(({ member }) => member.toString('latin1'))).toEqual(texts);
});

test('nodes that move while the tree changes', () => {
  const random = new Random(8);
  const sparse = vi.spyOn(arena, 'isSparse').mockReturnValue(true);
  vi.spyOn(arena, 'relocate').mockImplementation((ref, sizeClass) => {
    const fresh = arena.allocate(sizeClass);
    const bytes = arena.blockBytes(sizeClass);
    const at = (ref: number) => (ref & 0x7fffff) * 8;
    arena.u8[ref >>> 23].copy(arena.u8[fresh >>> 23], at(fresh), at(ref), at(ref) + bytes);
    arena.free(ref, sizeClass);
    return fresh;
  });
  for (let i = 0; i < 3000; i++) add(newEntry(random.integer(0, 500), `m${i}`));
  let rank = 0;
  let moves = 0;
  do {
    root = trees.relocate(root, rank);
    rank = trees.rankBehind;
    moves++;
    if (moves % 5 === 0) add(newEntry(random.integer(0, 500), `n${moves}`));
    if (moves % 7 === 0) removeAt(random.integer(0, model.length - 1), false);
    expectEqual();
  } while (rank !== 0);
  expect(moves).toBeGreaterThan(40);
  sparse.mockRestore();
});

/** Gives an entry another score, or fails to. */
function tryUpdate(random: Random, entry: ModelEntry): void {
  const allocate = arena.allocate.bind(arena);
  let left = random.integer(0, 2);
  const score = random.integer(0, 1000);
  if (score === entry.score) return;
  const spy = vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
    if (left-- === 0) throw new ArenaFullError();
    return allocate(sizeClass);
  });
  try {
    root = trees.update(root, entry.score, entry.record, score);
    model.splice(model.indexOf(entry), 1);
    entry.score = score;
    model.splice(place(entry), 0, entry);
  } catch (error) {
    expect(error).toBeInstanceOf(ArenaFullError);
  }
  spy.mockRestore();
}

test('without memory nothing changes', () => {
  const random = new Random(21);
  const allocate = arena.allocate.bind(arena);
  let refused = 0;
  for (let i = 0; i < 4000; i++) {
    const entry = newEntry(random.integer(0, 1000), `m${i}`);
    let left = random.integer(0, 3);
    const spy = vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
      if (left-- === 0) throw new ArenaFullError();
      return allocate(sizeClass);
    });
    const used = arena.usedBytes;
    try {
      root = trees.insert(root, entry.score, entry.record);
      model.splice(place(entry), 0, entry);
    } catch (error) {
      expect(error).toBeInstanceOf(ArenaFullError);
      expect(arena.usedBytes).toBe(used);
      records.free(entry.record);
      refused++;
    }
    spy.mockRestore();
    const moved = model[random.integer(0, model.length - 1)];
    if (moved !== undefined) tryUpdate(random, moved);
    if (i % 50 === 0) expectEqual();
  }
  expect(refused).toBeGreaterThan(20);
  expectEqual();
});
