// Memory for one large block: address space that is reserved in advance, of which as much is committed as
// is needed (a resizable ArrayBuffer). So a block grows where it lies, and is given back in steps, by
// whoever has the time; the collector would free it in one go, much later, and hold everything up.
//
//   [ written ][ committed: NUL ][ reserved: addresses only                         ]
//
// Loops over single bytes should not meet views on such memory: V8 would compile them for both kinds.

/** From here on memory is reserved and committed; below, it is a buffer like any other. In bytes. */
export const LARGE_BYTES = 1 << 20;

/** Addresses reserved at least, in bytes: more than the longest string takes, so that each can grow. */
const MIN_RESERVED_BYTES = 1 << 30;
/** Given back in one step, in bytes: takes some tenths of a millisecond. */
const STEP_BYTES = 1 << 20;

/** Large memory; see the head of this file. */
export class LargeMemory {
  /** What views on it are on. */
  readonly area: ArrayBuffer;
  /** Bytes behind this place are NUL. Who writes keeps it so, where somebody asks for that. */
  writtenTo = 0;

  /**
   * Reserves addresses; nothing is committed.
   * @param sizeBytes at least so many
   * @throws RangeError when there are none left
   */
  constructor(sizeBytes: number) {
    this.area = reserve(sizeBytes);
  }

  get committedBytes(): number {
    return this.area.byteLength;
  }

  /** How much of it can be committed. */
  get reservedBytes(): number {
    return this.area.maxByteLength;
  }

  /** Commits memory up to a size. @throws RangeError when there is no more */
  commit(sizeBytes: number): void {
    if (sizeBytes > this.area.byteLength) this.area.resize(sizeBytes);
  }

  /** Gives a little back, from its end; nothing looks at it any more. Returns whether that was all. */
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
