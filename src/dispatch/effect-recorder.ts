// Records the effects of commands (core/effects.ts) as one stream of RESP commands, in the order
// in which they happened: keys that expired or were evicted on the way as DEL before the command that
// met them, a transaction between MULTI and EXEC.
//
// The stream is cut into groups, and each can be repeated by itself: it begins in database 0, and
// SELECT comes before an effect in another one than the last. (A group that begins in database 0
// though the last one ended elsewhere says so too: other readers know of no groups.)
import type { EffectArgument, Effects } from '../core/effects.ts';
import type { Database } from '../keyspace/database.ts';
import { digitsOf } from '../protocol/integer.ts';
import type { LargeArgument, PinnedPiece } from '../protocol/large-argument.ts';
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

const CR = 13;
const LF = 10;
const INITIAL_BYTES = 64 * 1024;
/** A larger buffer is not kept after the effect that needed it. */
const MAX_KEPT_BYTES = 1024 * 1024;

/** A large argument of so many bytes is pinned. */
const PINNED_FROM_BYTES = 1024 * 1024;

/**
 * A group of so many bytes is not to grow any more: what is read back at a start, in one piece, is this and
 * the largest transaction at most.
 */
const FULL_GROUP_BYTES = 256 * 1024 * 1024;
/** With a full group before it, and what is added to its requests, it stays below 4 GiB. */
const MAX_TRANSACTION_BYTES = 3 * 1024 * 1024 * 1024;

/** Bounds of groups, in bytes. */
export interface GroupBounds {
  /** From this size on a group does not grow any more, but for a transaction that has begun. */
  readonly fullGroupBytes: number;
  /** Requests of a transaction. */
  readonly maxTransactionBytes: number;
}

const NOWHERE = -1;

/** Takes the stream. */
export interface EffectStream {
  /** Where it ends. */
  readonly offset: number;
  /** Where the group begins that the next bytes belong to. */
  readonly groupStart: number;
  /** Up to where it is as safe as the configuration asks for. */
  readonly durableOffset: number;
  /** Copies bytes [start, end): whole commands, or the rest of one behind pinned bytes, or what is before. */
  append(bytes: Uint8Array, start: number, end: number): void;
  /** Adds pinned bytes, a part of a command; the stream releases them. */
  appendPinned(bytes: PinnedPiece): void;
  /** Has what comes next be in another group: what there is ends a command or a transaction. */
  closeGroup(): void;
}

/** Records effects into a stream, once it has one; see the head of this file. */
export class EffectRecorder implements Effects {
  active = false;
  #stream: EffectStream | undefined;
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #position = 0;
  /** Database of the last effect. */
  #database = 0;
  /** Where the group of the last effect began. */
  #groupStart = -1;
  #isSuppressed = false;
  #inTransaction = false;
  /** Whether MULTI was written for the present unit. */
  #hasMulti = false;
  /** Bytes of the present group that were recorded here. */
  #groupBytes = 0;
  bounds: GroupBounds = {
    fullGroupBytes: FULL_GROUP_BYTES,
    maxTransactionBytes: MAX_TRANSACTION_BYTES,
  };

  get maxTransactionBytes(): number {
    return this.active ? this.bounds.maxTransactionBytes : Number.POSITIVE_INFINITY;
  }

  /** Where the stream ends. */
  get offset(): number {
    return this.#stream?.offset ?? 0;
  }

  /** Up to where it is safe. */
  get durableOffset(): number {
    return this.#stream?.durableOffset ?? 0;
  }

  /**
   * Begins to record.
   * @param database that in which what the stream has already ends
   */
  start(stream: EffectStream, database: number): void {
    this.#stream = stream;
    this.#database = database;
    this.active = true;
  }

  /** Ends it. */
  stop(): void {
    this.#stream = undefined;
    this.active = false;
  }

  /** To be called before a handler runs. */
  begin(): void {
    this.#isSuppressed = false;
    if (this.#groupBytes < this.bounds.fullGroupBytes || this.#inTransaction) return;
    this.#groupBytes = 0;
    this.#stream?.closeGroup();
  }

  /** To be called when it changed something: records its request, unless the handler said otherwise. */
  end(database: Database, request: Request): void {
    if (this.#isSuppressed) return;
    this.#beginEffect(database.index);
    const start = request.large === undefined ? startOfEncoding(request) : NOWHERE;
    if (start === NOWHERE) this.#request(request);
    else this.#copy(request, start);
    this.#endEffect();
  }

  /** Has the request of the handler that runs not recorded, whatever it changed. */
  suppress(): void {
    this.#isSuppressed = true;
  }

  propagateAs(database: Database, ...args: EffectArgument[]): void {
    this.#isSuppressed = true;
    this.#record(database.index, args);
  }

  /** Records that a key was deleted, and no client asked for it. */
  deleted(database: { readonly index: number }, key: Uint8Array): void {
    this.#record(database.index, ['DEL', key]);
  }

  beginTransaction(): void {
    this.#inTransaction = true;
  }

  endTransaction(): void {
    this.#inTransaction = false;
    // What ran in it has told of itself.
    this.#isSuppressed = true;
    if (!this.#hasMulti) return;
    this.#hasMulti = false;
    this.#command(['EXEC']);
    this.#endEffect();
  }

  #record(database: number, args: readonly EffectArgument[]): void {
    this.#beginEffect(database);
    this.#command(args);
    this.#endEffect();
  }

  #beginEffect(database: number): void {
    const groupStart = this.#stream?.groupStart ?? 0;
    // A group may end at any time (a write tried again, a new segment): the stream knows.
    const isGroupBegin = groupStart !== this.#groupStart;
    if (database !== this.#database || (isGroupBegin && database !== 0)) {
      this.#command(['SELECT', String(database)]);
    }
    this.#database = database;
    this.#groupStart = groupStart;
    if (isGroupBegin) this.#groupBytes = 0;
    if (this.#inTransaction && !this.#hasMulti) {
      this.#hasMulti = true;
      this.#command(['MULTI']);
    }
  }

  #endEffect(): void {
    if (this.#position === 0) return;
    this.#stream?.append(this.#buffer, 0, this.#position);
    this.#groupBytes += this.#position;
    this.#position = 0;
    if (this.#buffer.length > MAX_KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  /** The request as it was received. */
  #copy({ buffer, offsets, lengths, count }: Request, start: number): void {
    const last = count - 1;
    if (this.#position > 0) this.#endEffect();
    const end = offsets[last] + lengths[last] + LINE_END_BYTES;
    this.#stream?.append(buffer, start, end);
    this.#groupBytes += end - start;
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
    this.#endEffect();
    this.#stream?.appendPinned(argument.pin());
    this.#groupBytes += argument.length;
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
