// Copies pieces of bytes, most of which are short. A call of `set` needs a view on the piece, which costs as much as
// copying 100 bytes in a loop does; where both sides have a DataView at hand, four bytes at a time take a third of
// the time of single ones.

/** Up to so many single bytes are copied in less time than a call takes. */
const SHORT_BYTES = 64;
/** Four at a time: from here on a call is faster. */
const LONG_BYTES = 512;
/** Buffers above this are not kept alive by a view that is kept. */
const MAX_KEPT_BYTES = 512 * 1024;

/** For smaller buffers, which are seldom used twice, making a DataView costs more than it saves. */
const MIN_VIEWED_BYTES = 2048;

/** Whether a ViewCache helps with a buffer. */
export function isViewed({ length }: Uint8Array): boolean {
  return length >= MIN_VIEWED_BYTES && length <= MAX_KEPT_BYTES;
}

/** Makes views on buffers, and remembers the last one: most requests lie in one and the same. */
export class ViewCache {
  #buffer: Uint8Array | undefined;
  #view: DataView | undefined;

  viewOf(buffer: Uint8Array): DataView {
    if (buffer === this.#buffer && this.#view !== undefined) return this.#view;
    const view = viewOf(buffer);
    if (buffer.length <= MAX_KEPT_BYTES) {
      this.#buffer = buffer;
      this.#view = view;
    }
    return view;
  }
}

/** A view on all bytes of a buffer. */
export function viewOf(buffer: Uint8Array): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/**
 * Copies `length` bytes that do not overlap with where they go.
 * @returns the position behind them in the target
 */
export function copyWide(
  target: DataView,
  at: number,
  source: DataView,
  from: number,
  length: number,
): number {
  if (length > LONG_BYTES) {
    const piece = new Uint8Array(source.buffer, source.byteOffset + from, length);
    new Uint8Array(target.buffer, target.byteOffset + at, length).set(piece);
    return at + length;
  }
  const end = length - 3;
  let i = 0;
  for (; i < end; i += 4) target.setInt32(at + i, source.getInt32(from + i, true), true);
  for (; i < length; i++) target.setInt8(at + i, source.getInt8(from + i));
  return at + length;
}

/** Copies bytes between buffers; they do not overlap. */
export function copyBytes(
  from: Uint8Array,
  offset: number,
  length: number,
  to: Uint8Array,
  at: number,
): void {
  if (length <= SHORT_BYTES) {
    for (let i = 0; i < length; i++) to[at + i] = from[offset + i];
  } else {
    to.set(from.subarray(offset, offset + length), at);
  }
}
