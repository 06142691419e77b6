// Bytes that are too large for an arena block: each in memory of its own, named by a number. Small ones
// are buffers; large ones have large memory (large-memory.ts), which is freed in steps once the block is freed and
// not pinned any more. Numbers are reused after they were freed; memory is not, so that pinned bytes stay unchanged.
// Code that changes bytes that may be pinned reports it before (`changing`).
//
//   memory:   [ room ][ the block's bytes, spare capacity included ][ room ]
//
// Only `reserve` adds the rooms; they hold what surrounds the bytes elsewhere: on the wire, or in a list. So
// received bytes become a value without being moved (received-bytes.ts).
import { LARGE_BYTES, LargeMemory } from './large-memory.ts';
import { PinnedBytes } from './pinned-bytes.ts';

/** Room before and behind the bytes of a block that was reserved. */
export const ROOM_BYTES = 16;

/** A block that is in use. */
interface Block {
  bytes: Buffer;
  /** The same memory as 32-bit words, for a block of words. */
  readonly words?: Int32Array;
  /** Bytes that are counted for it. */
  sizeBytes: number;
  /** Undefined for a small block. */
  readonly memory: LargeMemory | undefined;
}

/** Memory outside the arena; see the head of this file. */
export class OverflowBlocks {
  /** Bytes of all blocks, spare capacity and copies for their pins included. */
  usedBytes = 0;
  /**
   * Takes over large memory that must be freed: each call of `step` frees a little, in well under a millisecond, and
   * returns whether all is freed.
   */
  onRelease: (step: () => boolean) => void = finish;

  readonly #blocks: (Block | undefined)[] = [];
  readonly #vacant: number[] = [];
  /** Large memory of blocks, and of freed blocks that are still pinned, by its buffer. */
  readonly #large = new Map<ArrayBufferLike, LargeMemory>();
  /** The areas of pinned bytes. */
  readonly #pins = new Map<ArrayBufferLike, Set<PinnedBytes>>();
  /** Large memory whose block was freed while it was pinned, and the bytes that are still counted for it. */
  readonly #orphans = new Map<LargeMemory, number>();

  /** Allocates a block of at least `capacityBytes`, its content undefined; returns its number. */
  allocate(capacityBytes: number): number {
    if (capacityBytes < LARGE_BYTES) {
      const bytes = Buffer.allocUnsafeSlow(capacityBytes);
      return this.#add({ bytes, sizeBytes: capacityBytes, memory: undefined });
    }
    const memory = new LargeMemory(capacityBytes);
    memory.commit(capacityBytes);
    const bytes = Buffer.from(memory.area, 0, capacityBytes);
    return this.#add({ bytes, sizeBytes: capacityBytes, memory });
  }

  /**
   * Allocates a block of `length` 32-bit words, all 0; returns its number. Even a large one cannot grow in place:
   * loops over words then see arrays of one kind only (large-memory.ts).
   */
  allocateWords(length: number): number {
    const words = new Int32Array(length);
    const bytes = Buffer.from(words.buffer);
    return this.#add({ bytes, words, sizeBytes: bytes.length, memory: undefined });
  }

  /** The words of a block that `allocateWords` allocated. */
  words(id: number): Int32Array {
    const { words } = this.#block(id);
    if (words === undefined) throw new RangeError(`overflow block ${id} has no words`);
    return words;
  }

  /** The bytes of a block that is in use. */
  get(id: number): Buffer {
    return this.#block(id).bytes;
  }

  /** Bytes that are counted for a block. */
  sizeOf(id: number): number {
    return this.#block(id).sizeBytes;
  }

  /**
   * Grows a block in place; its bytes are in another Buffer afterwards.
   * @returns whether that was possible
   */
  grow(id: number, capacityBytes: number): boolean {
    const block = this.#block(id);
    const { memory, bytes } = block;
    if (memory === undefined) return false;
    const start = bytes.byteOffset;
    if (start + capacityBytes > memory.reservedBytes) return false;
    memory.commit(start + capacityBytes);
    block.bytes = Buffer.from(memory.area, start, capacityBytes);
    this.#recount(block, memory.committedBytes);
    return true;
  }

  /** Frees a block. */
  free(id: number): void {
    const { memory, sizeBytes } = this.#block(id);
    this.#blocks[id] = undefined;
    this.#vacant.push(id);
    if (memory !== undefined && this.#pins.has(memory.area)) {
      this.#orphans.set(memory, sizeBytes);
      return;
    }
    this.usedBytes -= sizeBytes;
    if (memory !== undefined) this.#release(memory);
  }

  // ── NUL bytes ───────────────────────────────────────────────────────────────────────────────

  /** Sets bytes of a block to NUL; in large memory most of them are NUL already. */
  clear(bytes: Buffer, start: number, end: number): void {
    const memory = this.#largeOf(bytes);
    const last = memory === undefined ? end : Math.min(end, memory.writtenTo - bytes.byteOffset);
    if (start < last) bytes.fill(0, start, last);
  }

  /** Reports that a block, for which `clear` may be called, was written up to `end`. */
  written(bytes: Buffer, end: number): void {
    const memory = this.#largeOf(bytes);
    if (memory === undefined) return;
    memory.writtenTo = Math.max(memory.writtenTo, bytes.byteOffset + end);
  }

  // ── Pins ────────────────────────────────────────────────────────────────────────────────────

  /** Whether bytes lie in large memory: then they can be pinned instead of copied. */
  isLarge(bytes: Uint8Array): boolean {
    return this.#largeOf(bytes) !== undefined;
  }

  /** Pins bytes, [start, end) of a buffer; undefined when they do not lie in large memory. */
  pinLarge(buffer: Uint8Array, start: number, end: number): PinnedBytes | undefined {
    if (this.#largeOf(buffer) === undefined) return undefined;
    const pin = new PinnedBytes(Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start));
    this.pin(pin);
    return pin;
  }

  /** Keeps bytes of a block as they are, until they are unpinned. */
  pin(bytes: PinnedBytes): void {
    bytes.keeper = this;
    const pins = this.#pins.get(bytes.area);
    if (pins === undefined) this.#pins.set(bytes.area, new Set([bytes]));
    else pins.add(bytes);
  }

  /** Ends a pin; does nothing when the bytes are not pinned. */
  unpin(bytes: PinnedBytes): void {
    const { area } = bytes;
    const pins = this.#pins.get(area);
    if (pins?.delete(bytes) !== true) return;
    this.usedBytes -= bytes.copiedBytes;
    if (pins.size > 0) return;
    this.#pins.delete(area);
    const memory = this.#large.get(area);
    const sizeBytes = memory === undefined ? undefined : this.#orphans.get(memory);
    if (memory === undefined || sizeBytes === undefined) return;
    this.#orphans.delete(memory);
    this.usedBytes -= sizeBytes;
    this.#release(memory);
  }

  /** To be called before bytes of a block, from `start` to `end`, change. */
  changing(bytes: Buffer, start: number, end: number): void {
    if (this.#pins.size === 0) return;
    const pins = this.#pins.get(bytes.buffer);
    if (pins === undefined) return;
    const copies = new Map<number, Buffer>();
    const { byteOffset } = bytes;
    for (const pin of pins) {
      this.usedBytes += pin.preserve(byteOffset + start, byteOffset + end, copies);
    }
  }

  // ── What is received ────────────────────────────────────────────────────────────────────────

  /**
   * Allocates a block with room around its bytes, accessible by `part` until `settle` is called.
   * @param lengthBytes its final length
   * @returns its number
   * @throws RangeError when there is no memory
   */
  reserve(lengthBytes: number): number {
    const totalBytes = lengthBytes + 2 * ROOM_BYTES;
    if (lengthBytes < LARGE_BYTES) {
      const bytes = Buffer.allocUnsafeSlow(totalBytes);
      return this.#add({ bytes, sizeBytes: totalBytes, memory: undefined });
    }
    const memory = new LargeMemory(totalBytes);
    return this.#add({ bytes: Buffer.from(memory.area, 0, 0), sizeBytes: 0, memory });
  }

  /** Commits memory for a reserved block up to a position, counted from its first byte. */
  commit(id: number, end: number): void {
    this.#block(id).memory?.commit(ROOM_BYTES + end);
  }

  /** Sets the bytes counted for a reserved block: those up to a position, as in `commit`. */
  count(id: number, end: number): void {
    const block = this.#block(id);
    if (block.memory !== undefined) this.#recount(block, ROOM_BYTES + end);
  }

  /** A part of a reserved block, as far as memory is committed; the rooms are before 0 and after the length. */
  part(id: number, start: number, end: number): Buffer {
    const { buffer } = this.#block(id).bytes;
    return Buffer.from(buffer, ROOM_BYTES + start, end - start);
  }

  /** Ends the reservation: the block's bytes are those from `start` to `end`, as in `part`. */
  settle(id: number, start: number, end: number): void {
    const block = this.#block(id);
    block.bytes = this.part(id, start, end);
    this.written(block.bytes, block.bytes.length + ROOM_BYTES);
    if (block.memory !== undefined) this.#recount(block, block.memory.committedBytes);
  }

  // ── Keeping count ───────────────────────────────────────────────────────────────────────────

  #add(block: Block): number {
    const id = this.#vacant.pop() ?? this.#blocks.length;
    this.#blocks[id] = block;
    this.usedBytes += block.sizeBytes;
    if (block.memory !== undefined) this.#large.set(block.memory.area, block.memory);
    return id;
  }

  #block(id: number): Block {
    const block = this.#blocks[id];
    if (block === undefined) throw new RangeError(`overflow block ${id} is not in use`);
    return block;
  }

  #largeOf(bytes: Uint8Array): LargeMemory | undefined {
    return this.#large.size === 0 ? undefined : this.#large.get(bytes.buffer);
  }

  #recount(block: Block, sizeBytes: number): void {
    this.usedBytes += sizeBytes - block.sizeBytes;
    block.sizeBytes = sizeBytes;
  }

  #release(memory: LargeMemory): void {
    this.#large.delete(memory.area);
    this.onRelease(() => memory.releaseStep());
  }
}

/** Runs all steps at once. */
function finish(step: () => boolean): void {
  while (!step());
}
