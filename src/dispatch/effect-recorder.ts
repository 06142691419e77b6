// Records the effects of commands (core/effects.ts) into the command stream (replication/command-stream.ts), in
// the order in which they happened: keys that expired or were evicted on the way as DEL before the command that
// met them. Usually an effect is the request itself, as it was received.
import type { EffectArgument, Effects } from '../core/effects.ts';
import type { Database } from '../keyspace/database.ts';
import type { EntryRemoval } from '../keyspace/database-host.ts';
import type { RemovalObserver } from '../keyspace/keyspace.ts';
import { digitsOf } from '../protocol/integer.ts';
import type { LargeArgument } from '../protocol/large-argument.ts';
import type { Request } from '../protocol/request.ts';
import {
  ARRAY,
  BULK,
  HEADER_BYTES,
  LINE_END_BYTES,
  writeBulk,
  writeHeader,
  writeLineEnd,
} from '../protocol/resp-writer.ts';
import type { CommandStream } from '../replication/command-stream.ts';

const CR = 13;
const LF = 10;
const INITIAL_BYTES = 64 * 1024;
/** A larger buffer is not kept after the effect that needed it. */
const MAX_KEPT_BYTES = 1024 * 1024;

/** A large argument of so many bytes is pinned. */
const PINNED_FROM_BYTES = 1024 * 1024;

const NOWHERE = -1;

/** Records effects into the command stream; see the head of this file. */
export class EffectRecorder implements Effects, RemovalObserver {
  readonly #stream: CommandStream;
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #position = 0;
  #isSuppressed = false;

  constructor(stream: CommandStream) {
    this.#stream = stream;
  }

  get active(): boolean {
    return this.#stream.active;
  }

  get maxTransactionBytes(): number {
    const { active, bounds } = this.#stream;
    return active ? bounds.maxTransactionBytes : Number.POSITIVE_INFINITY;
  }

  /** Where the stream ends. */
  get offset(): number {
    return this.#stream.offset;
  }

  /** Up to where replies may tell of it. */
  get durableOffset(): number {
    return this.#stream.durableOffset;
  }

  /** To be called before a handler runs. */
  begin(): void {
    this.#isSuppressed = false;
    this.#stream.beginCommand();
  }

  /** To be called when it changed something: records its request, unless the handler said otherwise. */
  end(database: Database, request: Request): void {
    if (this.#isSuppressed) return;
    this.#stream.beginEffect(database.index);
    const start = request.large === undefined ? startOfEncoding(request) : NOWHERE;
    if (start === NOWHERE) this.#request(request);
    else this.#copy(request, start);
    this.#endEffect();
  }

  suppress(): void {
    this.#isSuppressed = true;
  }

  propagateAs(database: Database, ...args: EffectArgument[]): void {
    this.#isSuppressed = true;
    this.#record(database.index, args);
  }

  propagateWith(
    database: Database,
    request: Request,
    i: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): void {
    this.#isSuppressed = true;
    this.#stream.beginEffect(database.index);
    const { buffer, offsets, lengths, count } = request;
    const start = request.large === undefined ? startOfEncoding(request) : NOWHERE;
    if (start === NOWHERE) {
      this.#header(ARRAY, count);
      for (let k = 0; k < count; k++) {
        if (k === i) this.#argument(bytes, offset, length);
        else this.#argument(request.bytes(k), 0, lengths[k]);
      }
    } else {
      this.#stream.append(buffer, start, offsets[i - 1] + lengths[i - 1] + LINE_END_BYTES);
      this.#argument(bytes, offset, length);
      this.#passOn();
      const rest = offsets[i] + lengths[i] + LINE_END_BYTES;
      const end = offsets[count - 1] + lengths[count - 1] + LINE_END_BYTES;
      if (rest < end) this.#stream.append(buffer, rest, end);
    }
    this.#endEffect();
  }

  /** Records that a key was deleted, and no client asked for it. */
  keyRemoved(database: { readonly index: number }, key: Uint8Array): void {
    if (this.active) this.#record(database.index, ['DEL', key]);
  }

  fieldsRemoved(
    database: { readonly index: number },
    key: Uint8Array,
    fields: readonly Uint8Array[],
  ): void {
    if (this.active) this.#record(database.index, ['HDEL', key, ...fields]);
  }

  get isInTransaction(): boolean {
    return this.#stream.isInTransaction;
  }

  propagateEncoded(database: Database, bytes: Uint8Array, length: number): void {
    this.#isSuppressed = true;
    this.#stream.beginEffect(database.index);
    this.#stream.append(bytes, 0, length);
    this.#endEffect();
  }

  together(record: () => void): void {
    if (this.#stream.isInTransaction) {
      record();
      return;
    }
    this.#stream.beginTransaction();
    try {
      record();
    } finally {
      this.#stream.endTransaction();
    }
  }

  entriesRemoved(database: { readonly index: number }, { command, key, args }: EntryRemoval): void {
    if (this.active) this.#record(database.index, [command.toUpperCase(), key, ...args]);
  }

  beginTransaction(): void {
    this.#stream.beginTransaction();
  }

  endTransaction(): void {
    // What ran in it has told of itself.
    this.#isSuppressed = true;
    this.#stream.endTransaction();
  }

  #record(database: number, args: readonly EffectArgument[]): void {
    this.#stream.beginEffect(database);
    this.#command(args);
    this.#endEffect();
  }

  #endEffect(): void {
    this.#passOn();
    this.#stream.endEffect();
  }

  /** Hands on what is encoded. */
  #passOn(): void {
    if (this.#position === 0) return;
    this.#stream.append(this.#buffer, 0, this.#position);
    this.#position = 0;
    if (this.#buffer.length > MAX_KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  /** The request as it was received. */
  #copy({ buffer, offsets, lengths, count }: Request, start: number): void {
    const last = count - 1;
    this.#stream.append(buffer, start, offsets[last] + lengths[last] + LINE_END_BYTES);
  }

  #request(request: Request): void {
    const { buffer, offsets, lengths, count, large } = request;
    this.#header(ARRAY, count);
    for (let i = 0; i < count; i++) {
      const argument = large?.at(i);
      if (argument === undefined) this.#argument(buffer, offsets[i], lengths[i]);
      else this.#largeArgument(argument);
    }
  }

  #command(args: readonly EffectArgument[]): void {
    this.#header(ARRAY, args.length);
    for (const arg of args) {
      if (typeof arg === 'string') this.#argument(Buffer.from(arg, 'latin1'), 0, arg.length);
      else if (arg instanceof Uint8Array) this.#argument(arg, 0, arg.length);
      else this.#largeArgument(arg);
    }
  }

  /** An argument that is pinned, unless copying it costs less. */
  #largeArgument(argument: LargeArgument): void {
    if (argument.length < PINNED_FROM_BYTES) {
      this.#argument(argument.bytes, 0, argument.length);
      return;
    }
    this.#header(BULK, argument.length);
    this.#passOn();
    this.#stream.appendLarge(argument);
    this.#reserve(LINE_END_BYTES);
    this.#position = writeLineEnd(this.#buffer, this.#position);
  }

  #argument(bytes: Uint8Array, offset: number, length: number): void {
    this.#reserve(HEADER_BYTES + length + LINE_END_BYTES);
    this.#position = writeBulk(this.#buffer, this.#position, bytes, offset, length);
  }

  #header(type: number, value: number): void {
    this.#reserve(HEADER_BYTES);
    this.#position = writeHeader(this.#buffer, this.#position, type, value);
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#position + sizeBytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#position);
    this.#buffer = larger;
  }
}

/**
 * Where a request begins in its buffer, if what stands there is to the byte what `#request` would write.
 * NOWHERE for others: inline commands, copies, and what the decoder forgives but readers of logs do not.
 */
function startOfEncoding({ buffer, offsets, lengths, count }: Request): number {
  for (let i = 1; i < count; i++) {
    const end = offsets[i - 1] + lengths[i - 1];
    if (!isLineEnd(buffer, end)) return NOWHERE;
    if (headerStart(buffer, offsets[i], BULK, lengths[i]) !== end + LINE_END_BYTES) return NOWHERE;
  }
  const last = count - 1;
  if (!isLineEnd(buffer, offsets[last] + lengths[last])) return NOWHERE;
  const first = headerStart(buffer, offsets[0], BULK, lengths[0]);
  return first === NOWHERE ? NOWHERE : headerStart(buffer, first, ARRAY, count);
}

/** Where the header begins that ends at `end`, if it is as short as it can be for its value. */
function headerStart(buffer: Buffer, end: number, type: number, value: number): number {
  const start = end - LINE_END_BYTES - digitsOf(value) - 1;
  if (start < 0 || buffer[start] !== type || !isLineEnd(buffer, end - LINE_END_BYTES))
    return NOWHERE;
  return start;
}

function isLineEnd(buffer: Buffer, at: number): boolean {
  return buffer[at] === CR && buffer[at + 1] === LF;
}
