// Looking an element up in a packed list. Equal elements have equal bytes there, so what is looked for is packed once
// and then compared byte by byte.
import { elementAfter, PackedEncoder, skipForward } from './packed-list.ts';

/** Below this many bytes a loop compares faster than a call into the runtime. */
const LOOP_COMPARE_BYTES = 64;
/** Room for what is looked for; longer elements get a buffer of their own, for as long as they are looked for. */
const SCRATCH_BYTES = 1024;

/** Up to so many elements are all compared with each other. */
const FEW_ELEMENTS = 16;

/** An element to be looked for, in packed form; it can be used again and again. */
export class PackedNeedle {
  /** Bytes of the packed element. */
  size = 0;
  readonly #encoder = new PackedEncoder();
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #packed = this.#scratch;

  /** Sets the element: `length` bytes from `offset`, which may change afterwards. */
  set(bytes: Uint8Array, offset: number, length: number): void {
    const encoder = this.#encoder;
    encoder.set(bytes, offset, length);
    this.size = encoder.size;
    this.#packed = this.size <= SCRATCH_BYTES ? this.#scratch : Buffer.allocUnsafe(this.size);
    encoder.write(this.#packed, 0);
  }

  /**
   * The place of the first element that equals it, among those at distances of `stride` from the first.
   * @param start place of the first element
   * @param end place after the last one; there are a multiple of `stride`
   * @returns -1 if there is none
   */
  findIn(buffer: Buffer, start: number, end: number, stride: number): number {
    const head = this.#packed[0];
    for (let at = start; at < end; ) {
      if (buffer[at] === head && this.#isAt(buffer, at)) return at;
      at = elementAfter(buffer, at);
      for (let i = 1; i < stride; i++) at = elementAfter(buffer, at);
    }
    return -1;
  }

  /** Writes the packed element at a place with room for `size` bytes. */
  write(target: Buffer, at: number): void {
    this.#packed.copy(target, at, 0, this.size);
  }

  /** Whether the element at a place, which begins with the same byte, is this one. */
  #isAt(buffer: Buffer, at: number): boolean {
    const { size } = this;
    const packed = this.#packed;
    // Headers tell the length, so bytes that differ come before the end of the shorter one.
    if (size <= LOOP_COMPARE_BYTES) {
      for (let i = 1; i < size; i++) if (buffer[at + i] !== packed[i]) return false;
      return true;
    }
    return (
      elementAfter(buffer, at) === at + size && buffer.compare(packed, 0, size, at, at + size) === 0
    );
  }
}

/**
 * Whether two elements are equal among those at distances of `stride` from the first.
 * @param end place after the last one; the first is at 0
 * @param count number of all elements
 */
export function hasRepeated(buffer: Buffer, end: number, count: number, stride: number): boolean {
  const seen = new Set<string>();
  for (let at = 0; at < end; ) {
    const next = elementAfter(buffer, at);
    if (count > stride * FEW_ELEMENTS) {
      const element = buffer.toString('latin1', at, next);
      if (seen.has(element)) return true;
      seen.add(element);
    } else if (isRepeated(buffer, at, next, stride)) {
      return true;
    }
    at = skipForward(buffer, next, stride - 1);
  }
  return false;
}

/** Whether the element in these bytes is among those before it. */
function isRepeated(buffer: Buffer, start: number, end: number, stride: number): boolean {
  for (let at = 0; at < start; ) {
    const next = elementAfter(buffer, at);
    if (next - at === end - start && buffer.compare(buffer, at, next, start, end) === 0) {
      return true;
    }
    at = skipForward(buffer, next, stride - 1);
  }
  return false;
}
