// The choice of pages that are emptied: by cases, and what must hold of every one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { CLASS_UNITS, classOf } from '../../src/memory/size-classes.ts';
import { chooseSparse, type PageFill } from '../../src/memory/sparse-pages.ts';
import { Random } from '../support/random.ts';
import { variantsByTier } from '../support/tier.ts';

const CAPACITY = 100;

/** Pages by the blocks that they have: of all places some block was there once, unless `begun` are. */
function pagesOf(...fills: (number | [used: number, begun: number])[]): PageFill[] {
  return fills.map((fill, page) => {
    const [used, begun] = typeof fill === 'number' ? [fill, CAPACITY] : fill;
    return { page, used, gaps: begun - used };
  });
}

function sparseOf(...fills: (number | [used: number, begun: number])[]): number[] {
  return chooseSparse(pagesOf(...fills)).sparse.map(({ page }) => page);
}

describe('chosen are', () => {
  test('those with the fewest blocks, as long as the others have gaps for them', () => {
    expect(sparseOf(10, 20, 60, 80)).toEqual([0, 1]);
    expect(sparseOf(50, 50)).toEqual([0]);
    expect(sparseOf(51, 50)).toEqual([]);
    expect(sparseOf(1, 1, 1, 1, 1)).toEqual([0, 1, 2, 3]);
  });

  test('none that is alone, or nearly full, or only just begun', () => {
    expect(sparseOf()).toEqual([]);
    expect(sparseOf(5)).toEqual([]);
    expect(sparseOf(95, 95, 95, 95, 95, 95, 95, 95)).toEqual([]);
    expect(sparseOf([5, 5], 90)).toEqual([]);
    expect(sparseOf([5, 5], 90, 3)).toEqual([2]);
  });

  test('the others are filled from the fullest on, and those that are only begun last', () => {
    const { staying } = chooseSparse(pagesOf([5, 5], 70, 90, 3));
    expect(staying.map(({ page }) => page)).toEqual([2, 1, 0]);
  });

  test('never more than fit into the gaps of those that stay', () => {
    const fill = fc.tuple(fc.nat({ max: CAPACITY - 1 }), fc.nat({ max: CAPACITY }));
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 40 }), (fills) => {
        const pages = pagesOf(
          ...fills.map(([used, more]): [number, number] => [
            used + 1,
            Math.min(CAPACITY, used + 1 + more),
          ]),
        );
        const { sparse, staying } = chooseSparse(pages);
        const moved = sparse.reduce((sum, { used }) => sum + used, 0);
        const gaps = staying.reduce((sum, page) => sum + page.gaps, 0);
        expect(moved).toBeLessThanOrEqual(gaps);
        expect([...sparse, ...staying].map(({ page }) => page).sort((a, b) => a - b)).toEqual(
          pages.map(({ page }) => page),
        );
      }),
    );
  });
});

test.each(variantsByTier([1, 2, 3]))(
  'blocks keep their content where they go, and new ones go elsewhere: seed %i',
  (seed) => {
    const random = new Random(seed);
    const arena = new Arena();
    const classes = [classOf(40), classOf(700), classOf(9000)];
    let blocks: { ref: number; sizeClass: number; mark: number }[] = [];
    const make = (mark: number): void => {
      const sizeClass = random.pick(classes);
      const ref = arena.allocate(sizeClass);
      expect(arena.isSparse(ref)).toBe(false);
      const at = (ref & 0x7fffff) << 1;
      arena.i32[ref >>> 23].fill(mark, at, at + 2 * CLASS_UNITS[sizeClass]);
      blocks.push({ ref, sizeClass, mark });
    };
    for (let i = 0; i < 60_000; i++) make(i);
    blocks = blocks.filter(({ ref, sizeClass }) => {
      const stays = random.chance(0.3);
      if (!stays) arena.free(ref, sizeClass);
      return stays;
    });
    const [used, active] = [arena.usedBytes, arena.activeBytes];
    expect(classes.map((sizeClass) => arena.chooseSparsePages(sizeClass) > 0)).toEqual([
      true,
      true,
      true,
    ]);
    for (const block of blocks) {
      if (!arena.isSparse(block.ref)) continue;
      const moved = arena.relocate(block.ref, block.sizeClass);
      expect(arena.isSparse(moved)).toBe(false);
      block.ref = moved;
    }
    expect([arena.usedBytes, arena.relocations > 1000]).toEqual([used, true]);
    expect(arena.activeBytes).toBeLessThan(0.6 * active);
    for (let i = 0; i < 1000; i++) make(-i);
    for (const { ref, sizeClass, mark } of blocks) {
      const words = arena.i32[ref >>> 23];
      const at = (ref & 0x7fffff) << 1;
      const last = at + 2 * CLASS_UNITS[sizeClass] - 1;
      if (words[at] !== mark || words[last] !== mark) throw new Error(`block ${ref} has changed`);
      arena.free(ref, sizeClass);
    }
    arena.keepSparsePages();
    expect([arena.usedBytes, arena.activeBytes]).toEqual([0, 0]);
  },
);
