// The requests that a transaction has queued, off the JavaScript heap: each is a record of its bytes
// and of where its arguments lie, decoded again when EXEC runs it.
//
//   record:  [ command │ arguments │ length of each … ][ argument 0 ][ argument 1 ] …
//              4 bytes each, little-endian
import { RecordLog, type RecordReader } from '../memory/record-log.ts';
import { Request } from '../protocol/request.ts';
import type { Command } from './command.ts';

const WORD_BYTES = 4;

/** Queued requests; see the head of this file. */
export class CommandQueue {
  readonly #log = new RecordLog();
  /** The commands that occur, by the number that stands for them. */
  readonly #commands: Command[] = [];
  readonly #numbers = new Map<Command, number>();

  /** Number of requests. */
  get length(): number {
    return this.#log.length;
  }

  /** Bytes that they take. */
  get sizeBytes(): number {
    return this.#log.sizeBytes;
  }

  /** Adds a copy of a request. @throws RangeError when there is no memory */
  add(command: Command, { buffer, count, offsets, lengths }: Request): void {
    let sizeBytes = (2 + count) * WORD_BYTES;
    for (let i = 0; i < count; i++) sizeBytes += lengths[i];
    let at = this.#log.add(sizeBytes);
    const target = this.#log.buffer;
    at = target.writeUInt32LE(this.#numberOf(command), at);
    at = target.writeUInt32LE(count, at);
    for (let i = 0; i < count; i++) at = target.writeUInt32LE(lengths[i], at);
    for (let i = 0; i < count; i++) {
      at += buffer.copy(target, at, offsets[i], offsets[i] + lengths[i]);
    }
  }

  /** Reads the requests, the first one first; nothing must be added meanwhile. */
  reader(): QueueReader {
    return new QueueReader(this.#log.reader(), this.#commands);
  }

  #numberOf(command: Command): number {
    let number = this.#numbers.get(command);
    if (number === undefined) {
      number = this.#commands.push(command) - 1;
      this.#numbers.set(command, number);
    }
    return number;
  }
}

/** Goes through queued requests. */
export class QueueReader {
  /** The present one; valid until the next. */
  readonly request = new Request();
  readonly #records: RecordReader;
  readonly #commands: readonly Command[];

  constructor(records: RecordReader, commands: readonly Command[]) {
    this.#records = records;
    this.#commands = commands;
  }

  /** Goes on to the next request; returns its command, or undefined after the last one. */
  next(): Command | undefined {
    const records = this.#records;
    if (!records.next()) return undefined;
    const { buffer, offset } = records;
    const { request } = this;
    const count = buffer.readUInt32LE(offset + WORD_BYTES);
    request.clear();
    request.buffer = buffer;
    request.reserve(count);
    let at = offset + (2 + count) * WORD_BYTES;
    for (let i = 0; i < count; i++) {
      const length = buffer.readUInt32LE(offset + (2 + i) * WORD_BYTES);
      request.push(at, length);
      at += length;
    }
    return this.#commands[buffer.readUInt32LE(offset)];
  }
}
