// A stream as it was when it was frozen (shared-blocks.ts): its parts in the order in which they are written, blocks by
// their numbers. Nothing of it refers to the root, so the stream may change in any way, and be deleted.
import type { SharedBlocks } from './shared-blocks.ts';

/** Blocks handed back in one step. */
const ABANDONED_BLOCKS = 512;

/**
 * What blocks have: entries, entries in files that are only referred to, pending entries of a group, or those of a
 * consumer, which are only ids.
 */
export type BlockKind = 'entries' | 'cold' | 'pending' | 'own';

/** Bytes as they are written, or blocks. */
type Part = Buffer | Blocks;

interface Blocks {
  readonly kind: BlockKind;
  readonly blocks: Int32Array;
}

/** The frozen stream; see the head of this file. */
export class FrozenStream {
  /** What is to be written: a block, or 0 and bytes. */
  block = 0;
  kind: BlockKind = 'entries';
  bytes: Buffer | undefined;
  readonly #shared: SharedBlocks;
  readonly #onEnd: () => void;
  readonly #parts: Part[] = [];
  #part = 0;
  /** The next block of the part. */
  #slot = 0;

  /** @param onEnd called when all blocks are handed back */
  constructor(shared: SharedBlocks, onEnd: () => void) {
    this.#shared = shared;
    this.#onEnd = onEnd;
  }

  /** Adds bytes to the parts. */
  addBytes(bytes: Buffer): void {
    this.#parts.push(bytes);
  }

  /** Adds blocks to the parts. */
  addBlocks(kind: BlockKind, blocks: Int32Array): void {
    this.#parts.push({ kind, blocks });
  }

  /** Goes on to the next block or bytes, and hands the block before back; false when nothing is left. */
  next(): boolean {
    if (this.block !== 0) this.#shared.written(this.block);
    this.block = 0;
    this.bytes = undefined;
    for (; this.#part < this.#parts.length; this.#part++, this.#slot = 0) {
      const part = this.#parts[this.#part];
      if (Buffer.isBuffer(part)) {
        this.#part++;
        this.bytes = part;
        return true;
      }
      if (this.#slot < part.blocks.length) {
        this.kind = part.kind;
        this.block = part.blocks[this.#slot++];
        return true;
      }
    }
    this.#onEnd();
    return false;
  }

  /** Hands some of the blocks back that were not written; returns whether that are all. */
  abandonStep(): boolean {
    for (let i = 0; i < ABANDONED_BLOCKS; i++) if (!this.next()) return true;
    return false;
  }
}
