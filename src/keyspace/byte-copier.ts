// Copies keys and values into the arena: short ones four bytes at a time, which takes a third of the
// time of single bytes, and long ones by a call.
import type { Arena } from '../memory/arena.ts';
import { copyBytes, copyWide, MAX_KEPT_BYTES, ViewCache } from '../protocol/copy-bytes.ts';

/** From here on a call is faster. */
const LONG_BYTES = 512;
/** A view on a smaller buffer, which is hardly met again, takes longer than it saves. */
const MIN_VIEWED_BYTES = 2048;

/** Copies bytes that mostly lie in one and the same buffer; see the head of this file. */
export class ByteCopier {
  readonly #arena: Arena;
  readonly #views = new ViewCache();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Copies bytes to a place in a segment of the arena, with which they do not overlap. */
  copy(from: Uint8Array, offset: number, length: number, segment: number, at: number): void {
    const isViewed = from.length >= MIN_VIEWED_BYTES && from.length <= MAX_KEPT_BYTES;
    if (isViewed && length <= LONG_BYTES) {
      copyWide(this.#arena.views[segment], at, this.#views.viewOf(from), offset, length);
    } else {
      copyBytes(from, offset, length, this.#arena.u8[segment], at);
    }
  }
}
