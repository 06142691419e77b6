// The elements of a listpack that was read, by their number: a node of a stream has them in an order that only those
// before them tell.
import type { ElementReceiver } from '../../persistence/rdb/format/packed-elements.ts';
import { copyBytes } from '../../protocol/copy-bytes.ts';
import { writeInteger } from '../../protocol/integer.ts';

const INITIAL_ELEMENTS = 1024;
const INITIAL_BYTES = 8192;
/** The digits of an integer, and its sign. */
const MAX_INTEGER_BYTES = 20;
/** Room above this is given back. */
const KEPT_BYTES = 1024 * 1024;
const IS_INTEGER = -1;
const MIN_INT64 = -(1n << 63n);
const MAX_INT64 = (1n << 63n) - 1n;

/** The elements; see the head of this file. */
export class NodeElements implements ElementReceiver {
  /** Number of elements. */
  count = 0;
  /** Where the bytes are, after `locate`. */
  buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** Where each element is in the buffer; IS_INTEGER for an integer that is not there yet. */
  offsets: Int32Array = new Int32Array(INITIAL_ELEMENTS);
  lengths: Int32Array = new Int32Array(INITIAL_ELEMENTS);
  /** The elements that are integers. */
  #integers = new Float64Array(INITIAL_ELEMENTS);
  #used = 0;

  /** Forgets all elements. */
  clear(): void {
    this.count = 0;
    this.#used = 0;
    if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    if (this.offsets.length > KEPT_BYTES) this.#resize(INITIAL_ELEMENTS);
  }

  push(bytes: Uint8Array, offset: number, length: number): void {
    const { count } = this;
    if (count === this.offsets.length) this.#resize(count * 2);
    this.#reserve(length);
    copyBytes(bytes, offset, length, this.buffer, this.#used);
    this.offsets[count] = this.#used;
    this.lengths[count] = length;
    this.#used += length;
    this.count++;
  }

  pushInteger(value: number): void {
    const { count } = this;
    if (count === this.offsets.length) this.#resize(count * 2);
    this.offsets[count] = IS_INTEGER;
    this.#integers[count] = value;
    this.count++;
  }

  /** Sees to it that an element is in the buffer, which may be another one then; returns where. */
  locate(i: number): number {
    const at = this.offsets[i];
    if (at !== IS_INTEGER) return at;
    this.#reserve(MAX_INTEGER_BYTES);
    const start = this.#used;
    this.#used = writeInteger(this.buffer, start, this.#integers[i]);
    this.offsets[i] = start;
    this.lengths[i] = this.#used - start;
    return start;
  }

  /** An element that is an integer of magnitude < 2^53; NaN if it is anything else. */
  integer(i: number): number {
    if (i >= this.count || this.offsets[i] !== IS_INTEGER) return Number.NaN;
    return this.#integers[i];
  }

  /** An element that is an integer of 64 bits; undefined if it is anything else. */
  integer64(i: number): bigint | undefined {
    const integer = this.integer(i);
    if (!Number.isNaN(integer)) return BigInt(integer);
    if (i >= this.count || this.lengths[i] > MAX_INTEGER_BYTES) return undefined;
    const text = this.buffer.toString('latin1', this.offsets[i], this.offsets[i] + this.lengths[i]);
    if (!/^-?[1-9][0-9]*$/.test(text)) return undefined;
    const value = BigInt(text);
    return value < MIN_INT64 || value > MAX_INT64 ? undefined : value;
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.#used);
    this.buffer = larger;
  }

  #resize(elements: number): void {
    const [offsets, lengths, integers] = [this.offsets, this.lengths, this.#integers];
    const kept = Math.min(this.count, elements);
    this.offsets = new Int32Array(elements);
    this.lengths = new Int32Array(elements);
    this.#integers = new Float64Array(elements);
    this.offsets.set(offsets.subarray(0, kept));
    this.lengths.set(lengths.subarray(0, kept));
    this.#integers.set(integers.subarray(0, kept));
  }
}
