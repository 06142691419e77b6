// Pages that are given back: which they are shows in their content, which is lost, and in the memory of
// the process.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { classOf } from '../../src/memory/size-classes.ts';
import { type SystemMemory, systemMemory } from '../../src/memory/system-memory.ts';

const MIB = 1024 * 1024;
const LARGEST_PAGE_BYTES = 64 * 1024;

/** Resident memory of this process, in bytes. */
function resident(): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

const system = systemMemory();

test('there is system memory on Linux, and nowhere else', () => {
  expect(system !== undefined).toBe(process.platform === 'linux');
});

describe.runIf(system !== undefined)('where there is system memory (Linux)', () => {
  function calls(): SystemMemory {
    if (system === undefined) throw new Error('there is none');
    return system;
  }

  test('whole pages inside the range are lost, everything else stays', () => {
    const bytes = Buffer.from(new ArrayBuffer(2 * MIB)).fill(7);
    calls().discard(bytes, 300_000, 1_700_000);
    const first = bytes.indexOf(0);
    const last = bytes.lastIndexOf(0);
    expect(first).toBeGreaterThanOrEqual(300_000);
    expect(first).toBeLessThan(300_000 + LARGEST_PAGE_BYTES);
    expect(last).toBeLessThan(1_700_000);
    expect(last).toBeGreaterThanOrEqual(1_700_000 - LARGEST_PAGE_BYTES);
    expect(bytes.subarray(first, last + 1).every((byte) => byte === 0)).toBe(true);
    expect(bytes.subarray(0, first).every((byte) => byte === 7)).toBe(true);
    expect(bytes.subarray(last + 1).every((byte) => byte === 7)).toBe(true);
  });

  test('a range without a whole page is left alone', () => {
    const bytes = Buffer.from(new ArrayBuffer(2 * MIB)).fill(7);
    for (let start = 0; start < 100_000; start += 1000) {
      calls().discard(bytes, start, start + 1000);
      calls().discard(bytes, start, start);
    }
    expect(bytes.every((byte) => byte === 7)).toBe(true);
  });

  test('pages of an arena go back to the system, and are used again as others are', () => {
    const arena = new Arena();
    const sizeClass = classOf(1000);
    const fill = (): number[] => {
      const refs = Array.from({ length: 50_000 }, () => arena.allocate(sizeClass));
      for (const ref of refs)
        arena.i32[ref >>> 23].fill(ref, (ref & 0x7fffff) * 2, (ref & 0x7fffff) * 2 + 250);
      return refs;
    };
    // Whatever else the process allocates meanwhile makes it seem less: the best of three.
    let share = 0;
    for (let attempt = 0; attempt < 3 && share <= 0.9; attempt++) {
      const refs = fill();
      const kept = refs.filter((_, i) => i % 5_000 === 0);
      const gone = refs.filter((_, i) => i % 5_000 !== 0);
      const before = resident();
      const residentBefore = arena.residentBytes;
      for (const ref of gone) arena.free(ref, sizeClass);
      arena.ageAllFreePages();
      while (arena.releaseStep(calls()));
      const freed = residentBefore - arena.residentBytes;
      expect(freed).toBeGreaterThan(40 * MIB);
      // A page of the system at each edge of an arena's page stays.
      share = (before - resident()) / freed;
      for (const ref of kept) expect(arena.i32[ref >>> 23][(ref & 0x7fffff) * 2 + 249]).toBe(ref);
    }
    expect(share).toBeGreaterThan(0.9);
    const residentBefore = arena.residentBytes;
    const again = fill();
    for (const ref of again) expect(arena.i32[ref >>> 23][(ref & 0x7fffff) * 2]).toBe(ref);
    expect(arena.residentBytes - residentBefore).toBeGreaterThan(40 * MIB);
  });

  test('the C library gives back what it keeps of freed memory', () => {
    expect(() => calls().trim()).not.toThrow();
    expect(() => calls().trimAside()).not.toThrow();
  });
});
