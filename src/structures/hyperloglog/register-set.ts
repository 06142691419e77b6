// A HyperLogLog in memory of its own: where several registers are raised, so that a value changes as a whole or,
// without memory or with wrong runs in it, not at all.
import { getRegister, packDense, setRegister } from './dense-registers.ts';
import {
  DENSE,
  DENSE_BYTES,
  EMPTY_BYTES,
  encodingOf,
  HEADER_BYTES,
  OUTDATED_AT,
  outdated,
  setEncoding,
  writeEmpty,
} from './layout.ts';
import {
  CHANGED,
  CORRUPT,
  MAX_SPLIT_BYTES,
  RegisterEdit,
  TOO_LARGE,
  UNCHANGED,
  unpackSparse,
} from './sparse-registers.ts';

/** Memory beyond this is not kept. */
const MAX_KEPT_BYTES = 64 * 1024;

const edit = new RegisterEdit();

/** One HyperLogLog; see the head of this file. */
export class RegisterSet {
  bytes: Buffer = Buffer.alloc(DENSE_BYTES);
  length = 0;
  readonly #dense = Buffer.alloc(DENSE_BYTES);

  /** Begins with one without elements. */
  loadEmpty(): void {
    this.#reserve(DENSE_BYTES);
    writeEmpty(this.bytes, 0);
    this.length = EMPTY_BYTES;
  }

  /** Begins with a copy of one. */
  load(source: Buffer, offset: number, length: number): void {
    this.#reserve(Math.max(length, DENSE_BYTES));
    source.copy(this.bytes, 0, offset, offset + length);
    this.length = length;
  }

  /**
   * Raises a register: CHANGED, UNCHANGED if it was as large, or CORRUPT if the runs are wrong.
   * @param maxSparseBytes a longer one is made dense before it grows
   */
  raise(index: number, value: number, maxSparseBytes: number): number {
    if (encodingOf(this.bytes, 0) === DENSE) return this.#raiseDense(index, value);
    const { length } = this;
    const room = maxSparseBytes - length;
    const outcome = edit.prepare(this.bytes, HEADER_BYTES, length, index, value, room);
    if (outcome === CHANGED) this.#apply();
    if (outcome !== TOO_LARGE) return outcome;
    return this.makeDense() ? this.#raiseDense(index, value) : CORRUPT;
  }

  /** Makes it dense; false, and as it was, if its runs are wrong. */
  makeDense(): boolean {
    const dense = this.#dense;
    this.bytes.copy(dense, 0, 0, HEADER_BYTES);
    dense.fill(0, HEADER_BYTES);
    setEncoding(dense, 0, DENSE);
    if (!unpackSparse(dense, HEADER_BYTES, this.bytes, HEADER_BYTES, this.length)) return false;
    dense.copy(this.bytes);
    this.length = DENSE_BYTES;
    return true;
  }

  /** Replaces all registers, a byte each here; it is dense then. */
  replaceRegisters(registers: Uint8Array): void {
    setEncoding(this.bytes, 0, DENSE);
    packDense(this.bytes, HEADER_BYTES, registers);
    this.length = DENSE_BYTES;
  }

  /** Marks its count as one that does not hold. */
  dropCount(): void {
    this.bytes[OUTDATED_AT] = outdated(this.bytes[OUTDATED_AT]);
  }

  /** Gives up memory that only a large one needs. */
  release(): void {
    if (this.bytes.length > MAX_KEPT_BYTES) this.bytes = Buffer.alloc(DENSE_BYTES);
  }

  #raiseDense(index: number, value: number): number {
    if (getRegister(this.bytes, HEADER_BYTES, index) >= value) return UNCHANGED;
    setRegister(this.bytes, HEADER_BYTES, index, value);
    return CHANGED;
  }

  #apply(): void {
    const { at, oldLength, newLength } = edit;
    const growth = newLength - oldLength;
    this.#reserve(this.length + MAX_SPLIT_BYTES);
    const { bytes } = this;
    if (growth !== 0) bytes.copyWithin(at + newLength, at + oldLength, this.length);
    for (let i = 0; i < newLength; i++) bytes[at + i] = edit.bytes[i];
    this.length += growth;
  }

  #reserve(sizeBytes: number): void {
    if (this.bytes.length >= sizeBytes) return;
    const larger = Buffer.allocUnsafeSlow(sizeBytes + MAX_KEPT_BYTES);
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
