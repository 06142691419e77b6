// Memory for one large block: address space that is reserved in advance, of which as much is committed as
// is needed (a resizable ArrayBuffer). So a block grows in place, and is freed in steps in the background; the
// garbage collector would free it in one go, much later, and block the event loop.
//
//   [ written ][ committed: NUL ][ reserved: addresses only                         ]
//
// Loops over single bytes should not meet views on such memory: V8 would compile them for both kinds.

/** From this size on, memory is reserved and committed; smaller blocks are ordinary buffers. In bytes. */
export const LARGE_BYTES = 1 << 20;

/** Addresses reserved at least, in bytes: more than the longest string takes, so that each can grow. */
const MIN_RESERVED_BYTES = 1 << 30;
/** Bytes freed in one step, which takes some tenths of a millisecond. */
const STEP_BYTES = 1 << 20;

/** Large memory; see the head of this file. */
export class LargeMemory {
  /** The buffer, for views on it. */
  readonly area: ArrayBuffer;
  /** Bytes after this position are NUL. Writers update it for blocks that need this (OverflowBlocks.clear). */
  writtenTo = 0;

  /**
   * Reserves addresses, and commits nothing.
   * @param sizeBytes at least so many
   * @throws RangeError when there are none left
   */
  constructor(sizeBytes: number) {
    this.area = reserve(sizeBytes);
  }

  get committedBytes(): number {
    return this.area.byteLength;
  }

  /** How many bytes can be committed. */
  get reservedBytes(): number {
    return this.area.maxByteLength;
  }

  /** Commits memory up to a size. @throws RangeError when there is no more */
  commit(sizeBytes: number): void {
    if (sizeBytes > this.area.byteLength) this.area.resize(sizeBytes);
  }

  /** Frees a little, from its end; it is not used any more. Returns whether all is freed. */
  releaseStep(): boolean {
    const left = Math.max(0, this.area.byteLength - STEP_BYTES);
    this.area.resize(left);
    return left === 0;
  }
}

function reserve(sizeBytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(0, { maxByteLength: Math.max(2 * sizeBytes, MIN_RESERVED_BYTES) });
  } catch {
    // Where addresses are limited (`ulimit -v`): it cannot grow then.
    return new ArrayBuffer(0, { maxByteLength: sizeBytes });
  }
}
