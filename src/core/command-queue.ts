// The requests that a transaction has queued, off the JavaScript heap: each is a record of its bytes
// and of where its arguments lie, decoded again when EXEC runs it.
//
//   record:  [ command │ arguments │ length of each … ][ argument 0 ][ argument 1 ] …
//              4 bytes each, little-endian
// Large arguments stay in their blocks, and are only retained.
import { RecordLog, type RecordReader } from '../memory/record-log.ts';
import type { LargeArguments } from '../protocol/large-argument.ts';
import { Request } from '../protocol/request.ts';
import type { Command } from './command.ts';

const WORD_BYTES = 4;

/** No command has this id. */
export const NO_COMMAND = -1;

/** Queued requests; see the head of this file. */
export class CommandQueue {
  readonly #log = new RecordLog();
  /** The large arguments, by the place of their request in the queue. */
  readonly #large = new Map<number, LargeArguments>();

  /** Bytes of all large arguments that were added. */
  largeBytes = 0;

  /** Number of requests. */
  get length(): number {
    return this.#log.length;
  }

  /** Bytes that they take. */
  get sizeBytes(): number {
    return this.#log.sizeBytes + this.largeBytes;
  }

  /** Adds a copy of a request. @throws RangeError when there is no memory */
  add({ id }: Command, { buffer, count, offsets, lengths, large }: Request): void {
    let sizeBytes = (2 + count) * WORD_BYTES;
    for (let i = 0; i < count; i++) sizeBytes += lengths[i];
    const largeBytes = large === undefined ? 0 : sumOf(lengths, large.indexes);
    sizeBytes -= largeBytes;
    let at = this.#log.add(sizeBytes);
    const target = this.#log.buffer;
    at = target.writeUInt32LE(id, at);
    at = target.writeUInt32LE(count, at);
    for (let i = 0; i < count; i++) at = target.writeUInt32LE(lengths[i], at);
    for (let i = 0; i < count; i++) {
      if (large?.at(i) !== undefined) continue;
      at += buffer.copy(target, at, offsets[i], offsets[i] + lengths[i]);
    }
    if (large === undefined) return;
    this.#large.set(this.#log.length - 1, large.share());
    this.largeBytes += largeBytes;
  }

  /** Takes the requests out, the first one first; nothing must be added any more. */
  reader(): QueueReader {
    return new QueueReader(this.#log.reader(), this.#large);
  }

  /** Drops the requests that were not taken out. */
  clear(): void {
    for (const large of this.#large.values()) large.release();
    this.#large.clear();
    this.largeBytes = 0;
    this.#log.clear();
  }
}

/** Takes queued requests out. */
export class QueueReader {
  /** The present one; valid until the next. */
  readonly request = new Request();
  readonly #records: RecordReader;
  readonly #large: Map<number, LargeArguments>;
  #taken = 0;

  constructor(records: RecordReader, large: Map<number, LargeArguments>) {
    this.#records = records;
    this.#large = large;
  }

  /** Goes on to the next request; returns the id of its command, or NO_COMMAND after the last one. */
  next(): number {
    const records = this.#records;
    const { request } = this;
    request.clear();
    if (!records.next()) return NO_COMMAND;
    const { buffer, offset } = records;
    const large = this.#takeLarge();
    const count = buffer.readUInt32LE(offset + WORD_BYTES);
    request.buffer = buffer;
    request.reserve(count);
    let at = offset + (2 + count) * WORD_BYTES;
    for (let i = 0; i < count; i++) {
      const length = buffer.readUInt32LE(offset + (2 + i) * WORD_BYTES);
      const isElsewhere = large?.at(i) !== undefined;
      request.push(isElsewhere ? 0 : at, length);
      if (!isElsewhere) at += length;
    }
    request.large = large;
    request.seal();
    return buffer.readUInt32LE(offset);
  }

  /** The large arguments of the next request, which are its own from now on. */
  #takeLarge(): LargeArguments | undefined {
    const place = this.#taken++;
    if (this.#large.size === 0) return undefined;
    const large = this.#large.get(place);
    this.#large.delete(place);
    return large;
  }
}

/** The sum of the numbers at these indexes. */
function sumOf(numbers: Int32Array, indexes: readonly number[]): number {
  let sum = 0;
  for (const i of indexes) sum += numbers[i];
  return sum;
}
