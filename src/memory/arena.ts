// Memory that the garbage collector does not walk: blocks of bytes inside large ArrayBuffers.
//
//   arena ── segment (64 MiB ArrayBuffer) ── page (512 KiB, blocks of one size class) ── block
//
// A block is named by a reference: its distance from the arena's start in units of 8 bytes, as a
// signed 32-bit integer (so it stays a small integer in V8), which addresses 32 GiB.
//
//   bit 31      23 22          16 15                0
//       [ segment ][ page in seg. ][ unit in the page ]     0 is "no block"
//
// Invariants: a page with no used block can be given to any class, and its memory back once it has not been
// needed for a while (free-pages.ts), as can a segment of such pages; the free blocks of a page form a list
// through their first words; `usedBytes` counts whole blocks. A block of a sparse page can be moved into another
// page by its owner: sparse pages get no new blocks and so become free.
import { SEGMENT_MASK, SEGMENT_SHIFT } from './addressing.ts';
import { FreePages } from './free-pages.ts';
import { OverflowBlocks } from './overflow-blocks.ts';
import { CLASS_UNITS, UNIT_BYTES } from './size-classes.ts';
import { chooseSparse, type PageFill } from './sparse-pages.ts';
import type { SystemMemory } from './system-memory.ts';

const SEGMENT_BYTES = (1 << SEGMENT_SHIFT) * UNIT_BYTES;
const PAGE_SHIFT = 16;
const PAGE_UNITS = 1 << PAGE_SHIFT;
const PAGE_BYTES = PAGE_UNITS * UNIT_BYTES;
const PAGES_PER_SEGMENT = 1 << (SEGMENT_SHIFT - PAGE_SHIFT);
const MAX_SEGMENTS = 1 << (32 - SEGMENT_SHIFT);
const MAX_PAGES = MAX_SEGMENTS * PAGES_PER_SEGMENT;
const NONE = -1;

const NO_U8 = Buffer.alloc(0);
const NO_I32 = new Int32Array(0);
const NO_F64 = new Float64Array(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** Thrown when all 32 GiB that references can address are in use, so that no block can be allocated. */
export class ArenaFullError extends Error {
  constructor() {
    super('the arena is full: its references address 32 GiB');
  }
}

/** An allocator of byte blocks; see the head of this file. */
export class Arena {
  /** Views on each segment, by segment number: bytes, 32-bit words, doubles, and numbers anywhere. */
  readonly u8: Buffer[] = [];
  readonly i32: Int32Array[] = [];
  readonly f64: Float64Array[] = [];
  readonly views: DataView[] = [];

  /** The memory of values that are too large for a block. */
  readonly overflow = new OverflowBlocks();

  /** Bytes of the blocks in use, rounded up to their classes. */
  usedBytes = 0;
  /** Blocks that were moved. */
  relocations = 0;
  /** Bytes of all segments allocated from the operating system (resident only where written). */
  reservedBytes = 0;

  readonly #pageFree = new Int32Array(MAX_PAGES);
  readonly #pageBump = new Int32Array(MAX_PAGES);
  readonly #pageUsed = new Int32Array(MAX_PAGES);
  readonly #pageNext = new Int32Array(MAX_PAGES);
  readonly #pagePrevious = new Int32Array(MAX_PAGES);
  /** For each page, how many units from its start were written since the page was last released. */
  readonly #pageTouched = new Int32Array(MAX_PAGES);
  /** Per class, the first of its pages that has a free block. */
  readonly #available = new Int32Array(CLASS_UNITS.length).fill(NONE);
  readonly #capacity = CLASS_UNITS.map((units) => Math.floor(PAGE_UNITS / units));
  readonly #freePages = new FreePages();
  /** Pages that are being emptied, with their classes: flagged, and in no list of available pages. */
  readonly #sparse = new Map<number, number>();
  readonly #isSparse = new Uint8Array(MAX_PAGES);
  /** Numbers of released segments, to be reused. */
  readonly #vacantSegments: number[] = [];

  /**
   * Allocates a block of the class.
   * @returns its reference, never 0; the block's content is undefined
   * @throws ArenaFullError
   */
  allocate(sizeClass: number): number {
    let page = this.#available[sizeClass];
    if (page === NONE) page = this.#addPage(sizeClass);
    const units = CLASS_UNITS[sizeClass];
    let ref = this.#pageFree[page];
    if (ref !== 0) {
      this.#pageFree[page] = this.i32[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) << 1];
    } else {
      ref = this.#pageBump[page];
      this.#pageBump[page] = (ref + units) | 0;
    }
    if (++this.#pageUsed[page] === this.#capacityOf(page, sizeClass)) this.#unlink(page, sizeClass);
    this.usedBytes += units * UNIT_BYTES;
    return ref;
  }

  /** Frees a block; `sizeClass` is the one that it was allocated with. */
  free(ref: number, sizeClass: number): void {
    const page = ref >>> PAGE_SHIFT;
    this.i32[ref >>> SEGMENT_SHIFT][(ref & SEGMENT_MASK) << 1] = this.#pageFree[page];
    this.#pageFree[page] = ref;
    const used = --this.#pageUsed[page];
    this.usedBytes -= CLASS_UNITS[sizeClass] * UNIT_BYTES;
    if (used === this.#capacityOf(page, sizeClass) - 1) this.#link(page, sizeClass);
    if (used === 0) this.#releasePage(page, sizeClass);
  }

  /**
   * Bytes written to in pages that have a block in use; the excess over `usedBytes` is fragmentation.
   */
  get activeBytes(): number {
    let units = 0;
    for (let page = 0; page < this.u8.length * PAGES_PER_SEGMENT; page++) {
      if (this.#pageUsed[page] > 0) units += this.#unitsBegun(page);
    }
    return units * UNIT_BYTES;
  }

  /** Bytes that were written to and not released since: physical memory. */
  get residentBytes(): number {
    let units = 0;
    for (let page = 0; page < this.u8.length * PAGES_PER_SEGMENT; page++) {
      const begun = this.#pageUsed[page] > 0 ? this.#unitsBegun(page) : 0;
      units += Math.max(begun, this.#pageTouched[page]);
    }
    return units * UNIT_BYTES;
  }

  /** Bytes of a block of this class. */
  blockBytes(sizeClass: number): number {
    return CLASS_UNITS[sizeClass] * UNIT_BYTES;
  }

  /** Reference 0 means "none", so the first block of page 0 is never handed out. */
  #capacityOf(page: number, sizeClass: number): number {
    return page === 0 ? this.#capacity[sizeClass] - 1 : this.#capacity[sizeClass];
  }

  // ── Giving memory back ──────────────────────────────────────────────────────────────────────

  /** Marks pages that were not used since the last call as idle: `releaseStep` releases them. */
  ageFreePages(): void {
    this.#freePages.age();
  }

  /** Marks all free pages as idle. */
  ageAllFreePages(): void {
    this.#freePages.ageAll();
  }

  /** Bytes of idle pages that are not released yet. */
  get idleBytes(): number {
    let units = 0;
    this.#freePages.visitIdle((page) => {
      units += this.#pageTouched[page];
    });
    return units * UNIT_BYTES;
  }

  /**
   * Releases an idle page, or after the last one a segment all of whose pages are idle.
   * @param system releases pages; without it only segments are released, when the collector runs
   * @returns whether there may be more
   */
  releaseStep(system: SystemMemory | undefined): boolean {
    if (system !== undefined) {
      for (let page = this.#freePages.nextIdle(); page !== NONE; ) {
        if (this.#pageTouched[page] > 0) {
          this.#discard(page, system);
          return true;
        }
        page = this.#freePages.nextIdle();
      }
    }
    return this.#closeIdleSegment();
  }

  #discard(page: number, system: SystemMemory): void {
    const start = (page % PAGES_PER_SEGMENT) * PAGE_BYTES;
    const bytes = this.u8[Math.floor(page / PAGES_PER_SEGMENT)];
    system.discard(bytes, start, start + this.#pageTouched[page] * UNIT_BYTES);
    this.#pageTouched[page] = 0;
  }

  /** Releases a segment all of whose pages are idle; returns whether there was one. */
  #closeIdleSegment(): boolean {
    const idle = new Int32Array(this.u8.length);
    this.#freePages.visitIdle((page) => {
      idle[Math.floor(page / PAGES_PER_SEGMENT)]++;
    });
    const segment = idle.indexOf(PAGES_PER_SEGMENT);
    if (segment >= 0) this.#closeSegment(segment);
    return segment >= 0;
  }

  // ── Moving blocks ───────────────────────────────────────────────────────────────────────────

  /**
   * Chooses the pages of a class to be emptied; none may be chosen yet. They get no new blocks until `keepSparsePages`.
   * @returns how many were chosen
   */
  chooseSparsePages(sizeClass: number): number {
    const fills: PageFill[] = [];
    for (let page = this.#available[sizeClass]; page !== NONE; page = this.#pageNext[page]) {
      const begun = Math.floor(this.#unitsBegun(page) / CLASS_UNITS[sizeClass]);
      const used = this.#pageUsed[page];
      fills.push({ page, used, gaps: begun - used - (page === 0 ? 1 : 0) });
    }
    const { sparse, staying } = chooseSparse(fills);
    if (sparse.length === 0) return 0;
    this.#available[sizeClass] = NONE;
    for (const { page } of staying.reverse()) this.#link(page, sizeClass);
    for (const { page } of sparse) {
      this.#sparse.set(page, sizeClass);
      this.#isSparse[page] = 1;
    }
    return sparse.length;
  }

  /** Whether a block lies in a page that is being emptied. */
  isSparse(ref: number): boolean {
    return this.#isSparse[ref >>> PAGE_SHIFT] !== 0;
  }

  /**
   * Moves a block of a page that is being emptied, if another page has room for it; returns its new reference, which
   * the owner must use from now on.
   */
  relocate(ref: number, sizeClass: number): number {
    if (this.#available[sizeClass] === NONE) return ref;
    const fresh = this.allocate(sizeClass);
    const words = CLASS_UNITS[sizeClass] * 2;
    const from = (ref & SEGMENT_MASK) << 1;
    const source = this.i32[ref >>> SEGMENT_SHIFT].subarray(from, from + words);
    this.i32[fresh >>> SEGMENT_SHIFT].set(source, (fresh & SEGMENT_MASK) << 1);
    this.free(ref, sizeClass);
    this.relocations++;
    return fresh;
  }

  /** Ends the emptying of pages: those that still have blocks can get new ones again. */
  keepSparsePages(): void {
    for (const [page, sizeClass] of this.#sparse) {
      this.#isSparse[page] = 0;
      this.#link(page, sizeClass);
    }
    this.#sparse.clear();
  }

  // ── Pages and segments ──────────────────────────────────────────────────────────────────────

  /** Units of a page that blocks were allocated from since it was assigned to its class. */
  #unitsBegun(page: number): number {
    return (this.#pageBump[page] - (page << PAGE_SHIFT)) | 0;
  }

  #addPage(sizeClass: number): number {
    let page = this.#freePages.take();
    if (page === NONE && this.#sparse.size > 0) {
      // Room in pages that are being emptied is better than more memory.
      this.keepSparsePages();
      if (this.#available[sizeClass] !== NONE) return this.#available[sizeClass];
    }
    if (page === NONE) page = this.#openSegment();
    this.#pageFree[page] = 0;
    this.#pageUsed[page] = 0;
    this.#pageBump[page] = (page << PAGE_SHIFT) + (page === 0 ? CLASS_UNITS[sizeClass] : 0);
    this.#link(page, sizeClass);
    return page;
  }

  /** The view on the segment of a reference, if a buffer is that segment's; undefined if the bytes lie outside. */
  viewBehind(ref: number, buffer: Uint8Array): DataView | undefined {
    const segment = ref >>> SEGMENT_SHIFT;
    return buffer === this.u8[segment] ? this.views[segment] : undefined;
  }

  /** Adds a segment and returns its first page; the others become free pages. */
  #openSegment(): number {
    const segment = this.#vacantSegments.at(-1) ?? this.u8.length;
    if (segment >= MAX_SEGMENTS) throw new ArenaFullError();
    const memory = new ArrayBuffer(SEGMENT_BYTES);
    // Only after the allocation has succeeded: otherwise the number would be lost.
    this.#vacantSegments.pop();
    this.u8[segment] = Buffer.from(memory);
    this.i32[segment] = new Int32Array(memory);
    this.f64[segment] = new Float64Array(memory);
    this.views[segment] = new DataView(memory);
    this.reservedBytes += SEGMENT_BYTES;
    const first = segment * PAGES_PER_SEGMENT;
    this.#pageTouched.fill(0, first, first + PAGES_PER_SEGMENT);
    for (let page = first + PAGES_PER_SEGMENT - 1; page > first; page--) this.#freePages.put(page);
    return first;
  }

  #releasePage(page: number, sizeClass: number): void {
    if (this.#isSparse[page] === 0) this.#unlink(page, sizeClass);
    this.#isSparse[page] = 0;
    this.#sparse.delete(page);
    this.#pageTouched[page] = Math.max(this.#pageTouched[page], this.#unitsBegun(page));
    this.#freePages.put(page);
  }

  #closeSegment(segment: number): void {
    this.#freePages.remove((page) => Math.floor(page / PAGES_PER_SEGMENT) === segment);
    this.u8[segment] = NO_U8;
    this.i32[segment] = NO_I32;
    this.f64[segment] = NO_F64;
    this.views[segment] = NO_VIEW;
    this.reservedBytes -= SEGMENT_BYTES;
    this.#vacantSegments.push(segment);
    const first = segment * PAGES_PER_SEGMENT;
    this.#pageTouched.fill(0, first, first + PAGES_PER_SEGMENT);
  }

  #link(page: number, sizeClass: number): void {
    const head = this.#available[sizeClass];
    this.#pageNext[page] = head;
    this.#pagePrevious[page] = NONE;
    if (head !== NONE) this.#pagePrevious[head] = page;
    this.#available[sizeClass] = page;
  }

  #unlink(page: number, sizeClass: number): void {
    const next = this.#pageNext[page];
    const previous = this.#pagePrevious[page];
    if (previous === NONE) this.#available[sizeClass] = next;
    else this.#pageNext[previous] = next;
    if (next !== NONE) this.#pagePrevious[next] = previous;
  }
}
