// The expiry heap against a sorted list: its order, and that every entry knows its position.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExpiryHeap, HEAP_POSITION_WORD } from '../../src/keyspace/expiry-heap.ts';
import { Arena } from '../../src/memory/arena.ts';
import { classOf } from '../../src/memory/size-classes.ts';
import { Random } from '../support/random.ts';

/** An entry of the smallest size that has a position. */
const ENTRY_CLASS = classOf((HEAP_POSITION_WORD + 1) * 4);
/** Entries in one chunk of the heap. */
const CHUNK = 16_384;

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
    expect(heap.overheadBytes).toBe(this.arena.sideBytes);
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
      expect([arena.usedBytes, arena.sideBytes]).toEqual([0, 0]);
    }),
    { numRuns: 60 },
  );
});

test('50,000 entries, over the edges of chunks, come out in order', () => {
  const random = new Random(41);
  const checked = new CheckedHeap();
  const refs = Array.from({ length: 3 * CHUNK + 1 }, () => checked.add(random.integer(0, 100_000)));
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
  expect(checked.arena.sideBytes).toBe(0);
});

test('few entries take little, and none take next to nothing again', () => {
  const checked = new CheckedHeap();
  expect(checked.heap.overheadBytes).toBe(0);
  checked.add(1);
  const least = checked.heap.overheadBytes;
  expect(least).toBeLessThan(1_000);
  for (let i = checked.heap.size; i < 2 * CHUNK; i++) {
    checked.add(i);
    if (checked.heap.overheadBytes > least + 12 * Math.max(2 * i, i + CHUNK))
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
    expect(checked.heap.overheadBytes).toBe(4 * CHUNK * 12);
    while (checked.heap.size > CHUNK / 2) checked.remove(checked.heap.at(0));
    expect(checked.heap.overheadBytes).toBe(2 * CHUNK * 12);
    checked.check();
  }
});

test('going back and forth over the edge of a chunk allocates nothing', () => {
  const checked = new CheckedHeap();
  for (let i = 0; i < CHUNK; i++) checked.add(i);
  const before = checked.heap.overheadBytes;
  const beyond = checked.add(0);
  const after = checked.heap.overheadBytes;
  expect(after).toBe(2 * before);
  checked.remove(beyond);
  for (let i = 0; i < 5; i++) {
    for (let k = 0; k < 3; k++) checked.remove(checked.heap.at(0));
    expect(checked.heap.overheadBytes).toBe(after);
    for (let k = 0; k < 3; k++) checked.add(k);
    expect(checked.heap.overheadBytes).toBe(after);
  }
  checked.check();
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
