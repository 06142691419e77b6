// Copies keys and values into the arena: short ones four bytes at a time, which takes a third of the
// time of a loop over bytes, and long ones with `set`.
import { copyBytes, copyWide, isViewed, ViewCache } from '../protocol/copy-bytes.ts';
import type { Arena } from './arena.ts';

/** From this length on, `set` is faster, in bytes. */
const LONG_BYTES = 512;

/** Copies bytes, most of which come from the same buffer; see the head of this file. */
export class ByteCopier {
  readonly #arena: Arena;
  readonly #views = new ViewCache();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Copies bytes into a segment of the arena; source and target do not overlap. */
  copy(from: Uint8Array, offset: number, length: number, segment: number, at: number): void {
    if (isViewed(from) && length <= LONG_BYTES) {
      copyWide(this.#arena.views[segment], at, this.#views.viewOf(from), offset, length);
    } else {
      copyBytes(from, offset, length, this.#arena.u8[segment], at);
    }
  }
}
