// The arena against a plain model of it: which bytes are in use, and what each block holds.

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Arena, ArenaFullError } from '../../src/memory/arena.ts';
import { CLASS_UNITS, classOf, UNIT_BYTES } from '../../src/memory/size-classes.ts';
import { Random } from '../support/random.ts';
import {
  byteOffsetOf,
  bytesOf,
  FIRST_NEGATIVE_SEGMENT,
  fillSegmentsBelow,
  LARGEST_CLASS,
  LARGEST_PER_SEGMENT,
  MAX_SEGMENTS,
  PAGE_BYTES,
  pageOf,
  SEGMENT_BYTES,
  segmentOf,
} from './filled-arena.ts';

const CLASSES = CLASS_UNITS.length;
const UNITS_PER_PAGE = PAGE_BYTES / UNIT_BYTES;
const UNITS_PER_SEGMENT = SEGMENT_BYTES / UNIT_BYTES;
/** Of a block's words every so many are compared; that no two blocks overlap is checked for all. */
const CONTENT_STEP = 61;
const BLOCKS_PER_PAGE = PAGE_BYTES / bytesOf(LARGEST_CLASS);

interface Block {
  readonly sizeClass: number;
  /** What every word of it holds. */
  readonly mark: number;
}

/** An arena with a record of what it should be: throws as soon as the two disagree. */
class CheckedArena {
  readonly arena = new Arena();
  readonly blocks = new Map<number, Block>();
  /** Per segment, which units belong to a block. */
  readonly #taken: Uint8Array[] = [];
  /** Per page with blocks: how many there are, and the unit after the last that was ever taken. */
  readonly #pages = new Map<number, { blocks: number; end: number }>();
  #serial = 0;
  #usedBytes = 0;

  allocate(sizeClass: number): number {
    const ref = this.arena.allocate(sizeClass);
    const units = CLASS_UNITS[sizeClass];
    const segment = segmentOf(ref);
    const first = byteOffsetOf(ref) / UNIT_BYTES;
    if (ref === 0 || ref !== (ref | 0)) throw new Error(`${ref} is no reference`);
    this.#taken[segment] ??= new Uint8Array(UNITS_PER_SEGMENT);
    const taken = this.#taken[segment].subarray(first, first + units);
    if (taken.length !== units || taken.includes(1)) throw new Error(`block ${ref} overlaps`);
    taken.fill(1);
    const page = this.#pages.get(pageOf(ref)) ?? { blocks: 0, end: 0 };
    page.blocks++;
    page.end = Math.max(page.end, (first % UNITS_PER_PAGE) + units);
    this.#pages.set(pageOf(ref), page);
    const mark = ++this.#serial;
    this.arena.i32[segment].fill(mark, 2 * first, 2 * (first + units));
    this.blocks.set(ref, { sizeClass, mark });
    this.#usedBytes += bytesOf(sizeClass);
    if (this.arena.usedBytes !== this.#usedBytes) throw new Error('usedBytes is wrong');
    return ref;
  }

  free(ref: number): void {
    const block = this.blocks.get(ref);
    if (block === undefined) throw new Error(`block ${ref} is not in use`);
    this.checkContent(ref, block);
    const first = byteOffsetOf(ref) / UNIT_BYTES;
    this.#taken[segmentOf(ref)].fill(0, first, first + CLASS_UNITS[block.sizeClass]);
    this.arena.free(ref, block.sizeClass);
    const page = this.#pages.get(pageOf(ref));
    if (page !== undefined && --page.blocks === 0) this.#pages.delete(pageOf(ref));
    this.blocks.delete(ref);
    this.#usedBytes -= bytesOf(block.sizeClass);
    if (this.arena.usedBytes !== this.#usedBytes) throw new Error('usedBytes is wrong');
  }

  checkContent(ref: number, { sizeClass, mark }: Block): void {
    const words = this.arena.i32[segmentOf(ref)];
    const first = byteOffsetOf(ref) / 4;
    const last = first + bytesOf(sizeClass) / 4 - 1;
    for (let i = first; i <= last; i += CONTENT_STEP) {
      if (words[i] !== mark) throw new Error(`block ${ref} was overwritten`);
    }
    if (words[last] !== mark) throw new Error(`the end of block ${ref} was overwritten`);
  }

  /** Compares all content, and what the arena tells of its pages and segments. */
  checkAll(): void {
    for (const [ref, block] of this.blocks) this.checkContent(ref, block);
    const begun = [...this.#pages.values()].reduce((sum, { end }) => sum + end, 0);
    expect(this.arena.activeBytes).toBe(begun * UNIT_BYTES);
    expect(this.arena.residentBytes).toBeGreaterThanOrEqual(begun * UNIT_BYTES);
    releaseAll(this.arena);
    const held = this.arena.u8.filter((bytes) => bytes.length > 0);
    expect(this.arena.reservedBytes).toBe(held.length * SEGMENT_BYTES);
    const used = new Set([...this.#pages.keys()].map((page) => page >>> 7));
    expect(held.length).toBe(used.size);
  }

  freeAll(): void {
    for (const ref of [...this.blocks.keys()]) this.free(ref);
    expect(this.arena.usedBytes).toBe(0);
    expect(this.arena.activeBytes).toBe(0);
    releaseAll(this.arena);
    expect([this.arena.reservedBytes, this.arena.residentBytes]).toEqual([0, 0]);
  }
}

/** Gives back the segments of which nothing is in use. */
function releaseAll(arena: Arena): void {
  arena.ageAllFreePages();
  while (arena.releaseStep(undefined));
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('against a model', () => {
  test('short sequences of any kind', () => {
    const checked = new CheckedArena();
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('allocate' as const), n: fc.nat({ max: CLASSES - 1 }) }),
      fc.record({ kind: fc.constant('free' as const), n: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 100 }), (operations) => {
        for (const { kind, n } of operations) {
          if (kind === 'allocate') checked.allocate(n);
          else if (checked.blocks.size > 0) {
            checked.free([...checked.blocks.keys()][n % checked.blocks.size]);
          }
        }
        checked.checkAll();
        checked.freeAll();
      }),
      { numRuns: 60 },
    );
  });

  test.each([1, 2, 3])(
    'a long run that grows, churns and shrinks over and over: seed %i',
    (seed) => {
      const random = new Random(seed);
      const checked = new CheckedArena();
      const live: number[] = [];
      for (let phase = 0; phase < 8; phase++) {
        // Few classes at a time, others in each phase: pages change hands between classes.
        const classes = Array.from({ length: 3 }, () => random.integer(0, 50));
        classes.push(random.integer(51, CLASSES - 1));
        const growth = random.pick([0.1, 0.5, 0.9]);
        for (let step = 0; step < 1_500; step++) {
          if (random.chance(growth)) live.push(checked.allocate(random.pick(classes)));
          else if (live.length > 0) {
            const at = random.integer(0, live.length - 1);
            checked.free(live[at]);
            live[at] = live[live.length - 1];
            live.pop();
          }
        }
        checked.checkAll();
      }
      checked.freeAll();
    },
  );
});

describe('pages', () => {
  test('reference 0 is never handed out, whatever class page 0 belongs to', () => {
    const arena = new Arena();
    for (let sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
      const capacity = Math.floor(PAGE_BYTES / bytesOf(sizeClass)) - 1;
      const refs = Array.from({ length: capacity }, () => arena.allocate(sizeClass));
      expect(new Set(refs).size).toBe(capacity);
      expect(refs.every((ref) => pageOf(ref) === 0)).toBe(true);
      expect(Math.min(...refs)).toBe(CLASS_UNITS[sizeClass]);
      expect(arena.activeBytes).toBe((capacity + 1) * bytesOf(sizeClass));
      const beyond = arena.allocate(sizeClass);
      expect(pageOf(beyond)).not.toBe(0);
      arena.free(beyond, sizeClass);
      for (const ref of refs) arena.free(ref, sizeClass);
      expect(arena.activeBytes).toBe(0);
    }
  });

  test('a page holds as many blocks of its class as fit', () => {
    const arena = new Arena();
    // Page 0 is special; it goes to another class.
    arena.allocate(0);
    for (let sizeClass = 1; sizeClass < CLASSES; sizeClass++) {
      const capacity = Math.floor(PAGE_BYTES / bytesOf(sizeClass));
      const refs = Array.from({ length: capacity }, () => arena.allocate(sizeClass));
      expect(new Set(refs.map(pageOf)).size).toBe(1);
      for (const ref of refs) arena.free(ref, sizeClass);
    }
    expect(arena.reservedBytes).toBe(SEGMENT_BYTES);
  });

  test('a page whose blocks are all free serves another class', () => {
    const arena = new Arena();
    const held = arena.allocate(0);
    const small = Array.from({ length: 20_000 }, () => arena.allocate(classOf(24)));
    const pages = new Set(small.map(pageOf));
    expect(pages.size).toBe(1);
    const keep = small.pop() ?? 0;
    for (const ref of small) arena.free(ref, classOf(24));
    // One block still holds it.
    expect(pages.has(pageOf(arena.allocate(classOf(100))))).toBe(false);
    arena.free(keep, classOf(24));
    expect(pages.has(pageOf(arena.allocate(classOf(1000))))).toBe(true);
    expect(pageOf(held)).toBe(0);
    // One block each of three sizes: the rest of their pages was not written to, or not again.
    expect(arena.activeBytes).toBe(2 * bytesOf(0) + bytesOf(classOf(100)) + bytesOf(classOf(1000)));
    expect(arena.residentBytes).toBeGreaterThanOrEqual(20_000 * bytesOf(classOf(24)));
  });

  test('freed blocks are handed out again before new pages are begun', () => {
    const arena = new Arena();
    const refs = Array.from({ length: 30_000 }, () => arena.allocate(classOf(48)));
    const active = arena.activeBytes;
    const freed = refs.filter((_, index) => index % 3 === 0);
    for (const ref of freed) arena.free(ref, classOf(48));
    const again = freed.map(() => arena.allocate(classOf(48)));
    expect(again.sort((a, b) => a - b)).toEqual(freed.sort((a, b) => a - b));
    expect(arena.activeBytes).toBe(active);
  });
});

describe('segments', () => {
  /** Fills `segments` whole segments, and returns the references by segment. */
  function fill(arena: Arena, segments: number): number[][] {
    const refs: number[][] = Array.from({ length: segments }, () => []);
    for (let i = 1; i < segments * LARGEST_PER_SEGMENT; i++) {
      const ref = arena.allocate(LARGEST_CLASS);
      refs[segmentOf(ref)].push(ref);
    }
    return refs;
  }

  function freeAll(arena: Arena, refs: readonly number[]): void {
    for (const ref of refs) arena.free(ref, LARGEST_CLASS);
  }

  test('go back when nothing in them has been in use for a while', () => {
    const arena = new Arena();
    const refs = fill(arena, 4);
    expect(refs.map((list) => list.length)).toEqual([1023, 1024, 1024, 1024]);
    freeAll(arena, refs[2]);
    freeAll(arena, refs[0].slice(1));
    releaseAll(arena);
    expect(arena.reservedBytes).toBe(3 * SEGMENT_BYTES);
    expect([arena.u8[2].length, arena.i32[2].length, arena.f64[2].length]).toEqual([0, 0, 0]);
    freeAll(arena, refs[0].slice(0, 1));
    expect(arena.releaseStep(undefined)).toBe(false);
    arena.ageFreePages();
    // Free, but one block of each page was in use a moment ago.
    expect(arena.releaseStep(undefined)).toBe(false);
    expect(arena.reservedBytes).toBe(3 * SEGMENT_BYTES);
    arena.ageFreePages();
    expect(arena.releaseStep(undefined)).toBe(true);
    expect(arena.reservedBytes).toBe(2 * SEGMENT_BYTES);
    expect(arena.u8[0].length).toBe(0);
    freeAll(arena, refs[1]);
    freeAll(arena, refs[3]);
    releaseAll(arena);
    expect([arena.reservedBytes, arena.residentBytes, arena.usedBytes]).toEqual([0, 0, 0]);
  });

  test('are numbered again, and no page is handed out twice', () => {
    const arena = new Arena();
    const refs = fill(arena, 3);
    freeAll(arena, refs[1]);
    freeAll(arena, refs[0]);
    freeAll(arena, refs[2]);
    releaseAll(arena);
    expect(arena.u8.filter((bytes) => bytes.length > 0).length).toBe(0);
    const again = fill(arena, 3);
    expect(arena.u8.length).toBe(3);
    expect(again.flat().sort((a, b) => a - b)).toEqual(refs.flat().sort((a, b) => a - b));
    expect(arena.reservedBytes).toBe(3 * SEGMENT_BYTES);
  });

  test('one that is needed again and again stays, whatever time passes', () => {
    const arena = new Arena();
    fill(arena, 1);
    const beyond = arena.allocate(LARGEST_CLASS);
    const memory = arena.u8[1];
    for (let i = 0; i < 10; i++) {
      arena.free(i === 0 ? beyond : arena.allocate(LARGEST_CLASS), LARGEST_CLASS);
      arena.ageFreePages();
      while (arena.releaseStep(undefined));
      expect(arena.u8[1] === memory).toBe(true);
    }
  });

  test('one that the system refuses leaves everything as it was', () => {
    const arena = new Arena();
    const refs = fill(arena, 3);
    freeAll(arena, refs[1]);
    freeAll(arena, refs[2]);
    releaseAll(arena);
    expect(arena.reservedBytes).toBe(SEGMENT_BYTES);
    for (let i = 0; i < LARGEST_PER_SEGMENT; i++) arena.allocate(LARGEST_CLASS);
    const { usedBytes } = arena;
    vi.stubGlobal('ArrayBuffer', function refuse() {
      throw new RangeError('Array buffer allocation failed');
    });
    for (let i = 0; i < 3; i++) {
      expect(() => arena.allocate(LARGEST_CLASS)).toThrow('Array buffer allocation failed');
    }
    vi.unstubAllGlobals();
    expect([arena.usedBytes, arena.reservedBytes]).toEqual([usedBytes, 2 * SEGMENT_BYTES]);
    const refused = arena.u8.findIndex((bytes) => bytes.length === 0);
    expect(segmentOf(arena.allocate(LARGEST_CLASS))).toBe(refused);
    expect(arena.u8.length).toBe(3);
  });
});

describe('references beyond 2^31', () => {
  test('are negative, and address as the others do', () => {
    const arena = new Arena();
    fillSegmentsBelow(arena, FIRST_NEGATIVE_SEGMENT - 1);
    const below = arena.usedBytes;
    // Two segments on memory of their own, the last positive and the first negative one.
    const refs = Array.from({ length: 2 * LARGEST_PER_SEGMENT }, () =>
      arena.allocate(LARGEST_CLASS),
    );
    expect(refs[LARGEST_PER_SEGMENT - 1]).toBeGreaterThan(0);
    expect(refs[LARGEST_PER_SEGMENT]).toBe(-(2 ** 31));
    expect(refs.slice(LARGEST_PER_SEGMENT).every((ref) => ref < 0)).toBe(true);
    expect(segmentOf(refs.at(-1) ?? 0)).toBe(FIRST_NEGATIVE_SEGMENT);
    // 20 pages of each become free for other classes.
    const middle = refs.slice(
      LARGEST_PER_SEGMENT - 20 * BLOCKS_PER_PAGE,
      LARGEST_PER_SEGMENT + 20 * BLOCKS_PER_PAGE,
    );
    for (const ref of middle) arena.free(ref, LARGEST_CLASS);
    const { usedBytes } = arena;
    expect(usedBytes).toBe(below + (refs.length - middle.length) * bytesOf(LARGEST_CLASS));
    const random = new Random(4);
    const live: number[] = [];
    for (let step = 1; step < 20_000; step++) {
      if (live.length === 0 || random.chance(0.6)) {
        const sizeClass = random.integer(0, 60);
        const ref = arena.allocate(sizeClass);
        const at = byteOffsetOf(ref) / 4;
        arena.i32[segmentOf(ref)].fill(sizeClass, at, at + 3);
        live.push(ref);
      } else {
        const at = random.integer(0, live.length - 1);
        const ref = live[at];
        live[at] = live[live.length - 1];
        live.pop();
        const words = arena.i32[segmentOf(ref)];
        const sizeClass = words[byteOffsetOf(ref) / 4];
        expect(words[byteOffsetOf(ref) / 4 + 2]).toBe(sizeClass);
        arena.free(ref, sizeClass);
      }
    }
    const segments = new Set(live.map(segmentOf));
    expect(segments.has(FIRST_NEGATIVE_SEGMENT - 1)).toBe(true);
    expect(segments.has(FIRST_NEGATIVE_SEGMENT)).toBe(true);
    for (const ref of live) arena.free(ref, arena.i32[segmentOf(ref)][byteOffsetOf(ref) / 4]);
    expect(arena.usedBytes).toBe(usedBytes);
  });

  test('end with an error, after which everything goes on', () => {
    const arena = new Arena();
    fillSegmentsBelow(arena, MAX_SEGMENTS - 1);
    const refs = Array.from({ length: LARGEST_PER_SEGMENT }, () => arena.allocate(LARGEST_CLASS));
    const last = refs[refs.length - 1];
    expect(last).toBe(-CLASS_UNITS[LARGEST_CLASS]);
    expect(byteOffsetOf(last) + bytesOf(LARGEST_CLASS)).toBe(SEGMENT_BYTES);
    const { usedBytes } = arena;
    expect(usedBytes).toBe(MAX_SEGMENTS * SEGMENT_BYTES - bytesOf(LARGEST_CLASS));
    for (const sizeClass of [0, 10, LARGEST_CLASS]) {
      expect(() => arena.allocate(sizeClass)).toThrow(ArenaFullError);
    }
    expect(arena.usedBytes).toBe(usedBytes);
    arena.free(last, LARGEST_CLASS);
    expect(arena.allocate(LARGEST_CLASS)).toBe(last);
    for (const ref of refs.slice(-BLOCKS_PER_PAGE)) arena.free(ref, LARGEST_CLASS);
    // The very last page serves another class, up to the end of what references address.
    const small = Array.from({ length: PAGE_BYTES / 16 }, () => arena.allocate(0));
    expect(Math.max(...small)).toBe(-2);
    expect(() => arena.allocate(0)).toThrow(ArenaFullError);
  });
});
