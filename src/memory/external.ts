// Bytes that are too large for an arena block: each in a buffer of its own, named by a number.
// Numbers are used again after they were freed; buffers are not, so that one that was lent stays what it
// is. Who changes bytes of a buffer that others may have been lent tells so before.
import type { LentBytes } from './lent-bytes.ts';

/** Buffers outside the arena; see the head of this file. */
export class ExternalBlocks {
  /** Bytes of all buffers that are in use, their spare capacity included. */
  usedBytes = 0;

  readonly #buffers: (Buffer | undefined)[] = [];
  readonly #vacant: number[] = [];
  /** What is lent, by its buffer. */
  readonly #lent = new Map<Buffer, LentBytes>();

  /** Takes a buffer of at least `capacityBytes`, its content undefined; returns its number. */
  allocate(capacityBytes: number): number {
    const buffer = Buffer.allocUnsafeSlow(capacityBytes);
    const id = this.#vacant.pop() ?? this.#buffers.length;
    this.#buffers[id] = buffer;
    this.usedBytes += capacityBytes;
    return id;
  }

  /** The buffer of a number that is in use. */
  get(id: number): Buffer {
    const buffer = this.#buffers[id];
    if (buffer === undefined) throw new RangeError(`external block ${id} is not in use`);
    return buffer;
  }

  /** Gives a buffer back. */
  free(id: number): void {
    this.usedBytes -= this.get(id).length;
    this.#buffers[id] = undefined;
    this.#vacant.push(id);
  }

  /** Keeps lent bytes as they are, until they are taken back. */
  lend(bytes: LentBytes): void {
    this.#lent.set(bytes.buffer, bytes);
  }

  /** Nobody reads the lent bytes any more. */
  takeBack({ buffer }: LentBytes): void {
    this.#lent.delete(buffer);
  }

  /** Takes everything back that is lent. */
  takeAllBack(): void {
    this.#lent.clear();
  }

  /** Bytes of a buffer, from `start` to `end`, are about to change. */
  changing(buffer: Buffer, start: number, end: number): void {
    if (this.#lent.size !== 0) this.#lent.get(buffer)?.preserve(start, end);
  }
}
