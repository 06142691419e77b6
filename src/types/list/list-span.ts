// A run of packed elements that can be changed where it lies: a chunk of a long list, or the value of
// a short one. The span holds where the elements are and how far they may spread; its owner stores the changed
// bounds afterwards.
//
//      floor         start                    end         ceiling
//        [   free      | element | element … |      free     ]
import {
  elementAfter,
  elementBefore,
  isElement,
  skipBackward,
  skipForward,
} from '../../structures/packed-list.ts';

/** A changeable run of packed elements; see the head of this file. */
export class ListSpan {
  buffer: Buffer = Buffer.alloc(0);
  /** First byte of the first element. */
  start = 0;
  /** Byte after the last element. */
  end = 0;
  /** The elements may spread from here … */
  floor = 0;
  /** … up to here. */
  ceiling = 0;
  /** Number of elements. */
  count = 0;
  /** The chunk of the elements; 0 for a packed list. */
  chunk = 0;

  /** Bytes of the elements. */
  get used(): number {
    return this.end - this.start;
  }

  /** Whether `size` more bytes fit on either side of the elements. */
  hasRoom(size: number): boolean {
    return this.start - size >= this.floor || this.end + size <= this.ceiling;
  }

  /** The place of the element with an index: 0 … count - 1. */
  placeOf(index: number): number {
    if (index < this.count >>> 1) return skipForward(this.buffer, this.start, index);
    return skipBackward(this.buffer, this.end, this.count - index);
  }

  /**
   * Opens a gap of `size` bytes before the element at a place, moving the shorter side if there is
   * room for that; there is room on one side at least.
   * @returns where the gap begins
   */
  open(at: number, size: number): number {
    const { buffer, start, end } = this;
    const before = start - size >= this.floor;
    const after = end + size <= this.ceiling;
    this.count++;
    if (before && (!after || at - start < end - at)) {
      buffer.copyWithin(start - size, start, at);
      this.start = start - size;
      return at - size;
    }
    buffer.copyWithin(at + size, at, end);
    this.end = end + size;
    return at;
  }

  /** Removes the element at a place, of `size` bytes, moving the shorter side. */
  close(at: number, size: number): void {
    const { buffer, start, end } = this;
    this.count--;
    if (at - start < end - (at + size)) {
      buffer.copyWithin(start + size, start, at);
      this.start = start + size;
    } else {
      buffer.copyWithin(at, at + size, end);
      this.end = end - size;
    }
  }

  /** Moves the elements so that they begin at a place within the bounds. */
  moveTo(start: number): void {
    this.buffer.copyWithin(start, this.start, this.end);
    this.end += start - this.start;
    this.start = start;
  }

  /**
   * Removes elements that equal the encoded one, from the first on: at most `limit` of them.
   * @returns how many
   */
  removeFirst(encoded: Buffer, limit: number): number {
    const { buffer, end } = this;
    let removed = 0;
    /** Everything before this is in its final place; [from, at) must still be moved here. */
    let kept = this.start;
    let from = this.start;
    let at = this.start;
    while (at < end && removed < limit) {
      if (!isElement(buffer, at, encoded)) {
        at = elementAfter(buffer, at);
        continue;
      }
      if (removed > 0) buffer.copyWithin(kept, from, at);
      kept += at - from;
      removed++;
      at += encoded.length;
      from = at;
    }
    if (removed === 0) return 0;
    buffer.copyWithin(kept, from, end);
    this.end = kept + end - from;
    this.count -= removed;
    return removed;
  }

  /** As `removeFirst`, from the last element on. */
  removeLast(encoded: Buffer, limit: number): number {
    const { buffer, start } = this;
    let removed = 0;
    let kept = this.end;
    let to = this.end;
    let at = this.end;
    while (at > start && removed < limit) {
      const element = elementBefore(buffer, at);
      if (!isElement(buffer, element, encoded)) {
        at = element;
        continue;
      }
      if (removed > 0) buffer.copyWithin(kept - (to - at), at, to);
      kept -= to - at;
      removed++;
      at = element;
      to = at;
    }
    if (removed === 0) return 0;
    buffer.copyWithin(kept - (to - start), start, to);
    this.start = kept - (to - start);
    this.count -= removed;
    return removed;
  }
}
