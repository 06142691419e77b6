// The expiry heap against a sorted list: its order, and that every entry knows its position.

import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { ExpiryHeap, HEAP_POSITION_WORD } from '../../src/keyspace/expiry-heap.ts';
import { Arena, ArenaFullError } from '../../src/memory/arena.ts';
import { CLASS_UNITS, classOf } from '../../src/memory/size-classes.ts';
import { Random } from '../support/random.ts';

/** An entry of the smallest size that has a position. */
const ENTRY_CLASS = classOf((HEAP_POSITION_WORD + 1) * 4);
/** Entries in one chunk of the heap. */
const CHUNK = 4_096;
/** Bytes of a root, and of the smallest directory. */
const ROOT_BYTES = 16;
const DIRECTORY_BYTES = 64;

class CheckedHeap {
  readonly arena: Arena;
  readonly heap: ExpiryHeap;
  /** Expiry of each entry that is in the heap. */
  readonly times = new Map<number, number>();

  constructor(arena = new Arena()) {
    this.arena = arena;
    this.heap = new ExpiryHeap(arena);
  }

  positionOf(ref: number): number {
    const position = this.arena.i32[ref >>> 23][((ref & 0x7fffff) << 1) + HEAP_POSITION_WORD];
    if (this.heap.at(position) !== ref) throw new Error(`${ref} is not at ${position}`);
    return position;
  }

  add(timeMs: number): number {
    const ref = this.arena.allocate(ENTRY_CLASS);
    this.heap.add(ref, timeMs);
    this.times.set(ref, timeMs);
    return ref;
  }

  update(ref: number, timeMs: number): void {
    this.heap.update(this.positionOf(ref), timeMs);
    this.times.set(ref, timeMs);
  }

  remove(ref: number): void {
    this.heap.remove(this.positionOf(ref));
    this.arena.free(ref, ENTRY_CLASS);
    this.times.delete(ref);
  }

  /** Compares all: order, positions, times, size, memory. */
  check(): void {
    const { heap, times } = this;
    expect(heap.size).toBe(times.size);
    for (let position = 0; position < heap.size; position++) {
      const ref = heap.at(position);
      const timeMs = heap.timeAt(position);
      if (times.get(ref) !== timeMs) throw new Error(`${ref} has another time`);
      if (this.positionOf(ref) !== position) throw new Error(`${ref} is not at ${position}`);
      if (position > 0 && heap.timeAt((position - 1) >> 2) > timeMs) {
        throw new Error(`the parent of ${position} is later`);
      }
    }
    const soonest = [...times.values()].reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    expect(heap.soonestMs).toBe(soonest);
    const entryBytes = times.size * this.arena.blockBytes(ENTRY_CLASS);
    expect(heap.overheadBytes).toBe(this.arena.usedBytes - entryBytes);
  }
}

test('short sequences of any kind', () => {
  const time = fc.oneof(fc.nat({ max: 20 }), fc.double({ noNaN: true, min: 0, max: 1e15 }));
  const operation = fc.record({
    kind: fc.constantFrom('add', 'add', 'add', 'update', 'remove', 'soonest'),
    n: fc.nat(),
    time,
  });
  const arena = new Arena();
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60, size: 'max' }), (operations) => {
      const checked = new CheckedHeap(arena);
      for (const { kind, n, time: timeMs } of operations) {
        const refs = [...checked.times.keys()];
        if (kind === 'add') checked.add(timeMs);
        else if (refs.length === 0) expect(checked.heap.soonestMs).toBe(Number.POSITIVE_INFINITY);
        else if (kind === 'update') checked.update(refs[n % refs.length], timeMs);
        else if (kind === 'remove') checked.remove(refs[n % refs.length]);
        else checked.remove(checked.heap.at(0));
        checked.check();
      }
      for (const ref of checked.times.keys()) arena.free(ref, ENTRY_CLASS);
      checked.heap.discard();
      expect(arena.usedBytes).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test('50,000 entries, over the edges of chunks, come out in order', () => {
  const random = new Random(41);
  const checked = new CheckedHeap();
  const refs = Array.from({ length: 12 * CHUNK + 1 }, () =>
    checked.add(random.integer(0, 100_000)),
  );
  checked.check();
  const grown = checked.heap.overheadBytes;
  for (const ref of random.shuffle(refs).slice(0, 10_000))
    checked.update(ref, random.integer(0, 100_000));
  for (const ref of random.shuffle(refs).slice(0, 10_000)) checked.remove(ref);
  checked.check();
  let previous = -1;
  while (checked.heap.size > 0) {
    const soonest = checked.heap.soonestMs;
    if (soonest < previous) throw new Error(`${soonest} comes after ${previous}`);
    previous = soonest;
    checked.remove(checked.heap.at(0));
    if (checked.heap.size % 7_000 === 0) checked.check();
  }
  expect(checked.heap.overheadBytes).toBeLessThan(grown / 1.5);
  checked.heap.discard();
  expect(checked.arena.usedBytes).toBe(0);
});

test('few entries take little, and none take next to nothing again', () => {
  const checked = new CheckedHeap();
  expect(checked.heap.overheadBytes).toBe(0);
  checked.add(1);
  const least = checked.heap.overheadBytes;
  expect(least).toBeLessThan(1_000);
  for (let i = checked.heap.size; i < 2 * CHUNK; i++) {
    checked.add(i);
    if (checked.heap.overheadBytes > least + DIRECTORY_BYTES + 12 * Math.max(2 * i, i + CHUNK))
      expect.fail(`at ${i}`);
    if (i < 2_000 && i % 63 === 0) checked.check();
  }
  while (checked.heap.size > 0) checked.remove(checked.heap.at(0));
  expect(checked.heap.overheadBytes).toBeLessThanOrEqual(least);
  const memory = checked.heap.overheadBytes;
  for (let i = 0; i < 3; i++) checked.remove(checked.add(i));
  expect(checked.heap.overheadBytes).toBe(Math.max(memory, least));
  checked.add(5);
  checked.check();
});

test('chunks that are no longer needed go, and come again', () => {
  const checked = new CheckedHeap();
  for (let round = 0; round < 2; round++) {
    while (checked.heap.size < 4 * CHUNK) checked.add(checked.heap.size);
    expect(checked.heap.overheadBytes).toBe(4 * CHUNK * 12 + ROOT_BYTES + DIRECTORY_BYTES);
    while (checked.heap.size > CHUNK / 2) checked.remove(checked.heap.at(0));
    expect(checked.heap.overheadBytes).toBe(2 * CHUNK * 12 + ROOT_BYTES + DIRECTORY_BYTES);
    checked.check();
  }
});

test('going back and forth over the edge of a chunk allocates nothing', () => {
  const checked = new CheckedHeap();
  for (let i = 0; i < CHUNK; i++) checked.add(i);
  const before = checked.heap.overheadBytes;
  const beyond = checked.add(0);
  const after = checked.heap.overheadBytes;
  expect(after).toBe(2 * before - ROOT_BYTES + DIRECTORY_BYTES);
  checked.remove(beyond);
  for (let i = 0; i < 5; i++) {
    for (let k = 0; k < 3; k++) checked.remove(checked.heap.at(0));
    expect(checked.heap.overheadBytes).toBe(after);
    for (let k = 0; k < 3; k++) checked.add(k);
    expect(checked.heap.overheadBytes).toBe(after);
  }
  checked.check();
});

test('what expires up to a time is counted, be it nothing, a few or all', () => {
  const checked = new CheckedHeap();
  expect(checked.heap.countUntil(1000)).toBe(0);
  const random = new Random(3);
  for (let i = 0; i < 10_000; i++) checked.add(random.integer(0, 9999));
  const times = [...checked.times.values()];
  for (const timeMs of [-1, 0, 1, 5, 100, 450, 550, 3000, 9998, 9999, 20_000]) {
    const count = times.filter((time) => time <= timeMs).length;
    expect(checked.heap.countUntil(timeMs)).toBe(count);
  }
});

describe('samples', () => {
  test('every entry is drawn about equally often', () => {
    const checked = new CheckedHeap();
    expect(checked.heap.random()).toBe(0);
    for (let i = 0; i < 100; i++) checked.add(i);
    const counts = new Map<number, number>();
    for (let i = 0; i < 20_000; i++) {
      const ref = checked.heap.random();
      counts.set(ref, (counts.get(ref) ?? 0) + 1);
    }
    expect(counts.size).toBe(100);
    expect(Math.min(...counts.values())).toBeGreaterThan(100);
    expect(Math.max(...counts.values())).toBeLessThan(320);
  });

  test('the mean of what remains counts what is due as nothing', () => {
    const checked = new CheckedHeap();
    expect(checked.heap.averageTtlMs(1_000)).toBe(0);
    for (let i = 0; i < 200; i++) checked.add(3_000);
    expect(checked.heap.averageTtlMs(1_000)).toBe(2_000);
    expect(checked.heap.averageTtlMs(5_000)).toBe(0);
    for (let i = 0; i < 200; i++) checked.add(1_000_000);
    expect(checked.heap.averageTtlMs(0)).toBeGreaterThan(100_000);
    expect(checked.heap.averageTtlMs(0)).toBeLessThan(900_000);
  });
});

test('without memory nothing is added, and the heap stays whole', () => {
  const checked = new CheckedHeap();
  const { arena, heap } = checked;
  const { allocate } = Arena.prototype;
  let failures = 0;
  for (let i = 0; i < 2 * CHUNK + 10; i++) {
    const ref = arena.allocate(ENTRY_CLASS);
    const before = [heap.overheadBytes, arena.usedBytes];
    // A failure at the first block that growing takes, at other times at its second, if any.
    let left = i % 3;
    const spy = vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
      if (left-- <= 0) throw new ArenaFullError();
      return allocate.call(arena, sizeClass);
    });
    try {
      heap.add(ref, i);
      checked.times.set(ref, i);
    } catch (error) {
      expect(error).toBeInstanceOf(ArenaFullError);
      expect([heap.overheadBytes, arena.usedBytes]).toEqual(before);
      failures++;
      arena.free(ref, ENTRY_CLASS);
    }
    spy.mockRestore();
  }
  expect(failures).toBeGreaterThan(4);
  expect(heap.size).toBeGreaterThan(CHUNK);
  checked.check();
  heap.reserve();
  vi.spyOn(arena, 'allocate').mockImplementation(() => {
    throw new ArenaFullError();
  });
  for (let i = 0; i < 10; i++) heap.remove(0);
  heap.discard();
  vi.restoreAllMocks();
  expect(heap.overheadBytes).toBe(0);
});

test('root, directory and chunks move out of sparse pages, whatever changes in between', () => {
  const random = new Random(43);
  const arena = new Arena();
  const checked = new CheckedHeap(arena);
  const others = Array.from({ length: 7 }, () => new CheckedHeap(arena));
  // Chunks in turn, and the small ones too.
  for (let i = 0; i < 6 * CHUNK; i++) {
    checked.add(random.integer(0, 1e6));
    for (const other of others)
      if (i < 6 * CHUNK - 1) other.heap.add(arena.allocate(ENTRY_CLASS), i);
  }
  for (const other of others) other.heap.discard();
  let pages = 0;
  for (let sizeClass = 0; sizeClass < CLASS_UNITS.length; sizeClass++) {
    pages += arena.chooseSparsePages(sizeClass);
  }
  expect(pages).toBeGreaterThan(3);
  const before = checked.heap.overheadBytes;
  let chunk = 0;
  let steps = 0;
  do {
    chunk = checked.heap.relocate(chunk);
    steps++;
    const [ref] = checked.times.keys();
    checked.remove(ref);
    checked.add(random.integer(0, 1e6));
  } while (chunk !== 0);
  expect(steps).toBe(6);
  expect(arena.relocations).toBeGreaterThan(2);
  expect(checked.heap.overheadBytes).toBe(before);
  expect(checked.heap.relocate(77)).toBe(0);
  const { heap, times } = checked;
  for (let position = 0; position < heap.size; position++) {
    if (times.get(heap.at(position)) !== heap.timeAt(position)) expect.fail(`at ${position}`);
    checked.positionOf(heap.at(position));
  }
  heap.discard();
});
