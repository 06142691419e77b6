// Encodes replies as RESP2 or RESP3 into one buffer that all connections share: a connection's
// replies are gathered here while its requests run, and taken out when they are done. What is too large
// to be copied is pinned where it lies, and is a part by itself.
// Specification: https://redis.io/docs/reference/protocol-spec/
import { copyWide, isViewed, ViewCache } from './copy-bytes.ts';
import { DOUBLE_BYTES, writeDouble } from './double-text.ts';
import { digitsOf, writeInteger } from './integer.ts';
import type { PinnedPiece } from './large-argument.ts';
import {
  BULK,
  HEADER_BYTES,
  LINE_END_BYTES,
  writeBulk,
  writeHeader,
  writeLineEnd,
} from './resp-writer.ts';

const CR = 13;
const LF = 10;
const ARRAY = 42; // *
const INTEGER = 58; // :
const SIMPLE = 43; // +
const ERROR = 45; // -
const NULL = 95; // _
const DOUBLE = 44; // ,
const BOOLEAN = 35; // #
const BIG_NUMBER = 40; // (
const VERBATIM = 61; // =
const MAP = 37; // %
const SET = 126; // ~
const PUSH = 62; // >

/** Enough for a deep pipeline of values of some KiB: what does not fit costs an allocation. */
const INITIAL_BYTES = 256 * 1024;
/** A bulk string of so many bytes is pinned, if it lies where it can be. */
const PINNED_FROM_BYTES = 256 * 1024;
/** Below this many bytes a loop copies faster than a call into the runtime. */
const LOOP_COPY_BYTES = 64;

/** A double as a bulk string: a header with two digits, its text, a line's end. */
const DOUBLE_REPLY_BYTES = 5 + DOUBLE_BYTES + LINE_END_BYTES;

const NOTHING = Buffer.alloc(0);

/** A part of what was encoded. */
export type ReplyPart = Buffer | PinnedPiece;

/** Where large bytes lie. */
export interface Pinner {
  /** Pins bytes, [start, end) of a buffer; undefined when they do not lie in large memory. */
  pinLarge(buffer: Uint8Array, start: number, end: number): PinnedPiece | undefined;
}

/** Each costs some of the JavaScript heap: one reply of so many is of gigabytes. */
const MAX_CHUNKS = 128 * 1024;

/** A place in the output, to return to with `rewind`. */
export interface ReplyMark {
  readonly chunks: number;
  readonly position: number;
}

/** The reply encoder; see the head of this file. */
export class Reply {
  /** Whether the connection being answered speaks RESP3. */
  resp3 = false;
  /**
   * For whom the encoder is used now, if that is not the client whose requests run: one who waited.
   * Both may get messages meanwhile.
   */
  replyTarget: object | undefined = undefined;
  /** Bytes encoded since the last `take`: `chunks` first, then `buffer` up to `position`. */
  buffer: Buffer;
  position = 0;
  readonly chunks: ReplyPart[] = [];
  /** Pins what is large; without one everything is copied. */
  pinner: Pinner | undefined = undefined;
  /** Bytes of the chunks. */
  #chunkBytes = 0;
  #mostBytes = Number.POSITIVE_INFINITY;
  #isOverflowing = false;
  /** The memory that `buffer` is the rest of. */
  #whole = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  readonly #views = new ViewCache();
  /** Error replies encoded since the server started (INFO's total_error_replies). */
  errors = 0;
  /** The text of the last error reply, for statistics by error code. */
  lastError = '';

  constructor() {
    this.buffer = this.#whole;
  }

  /** `+OK`. */
  ok(): void {
    const at = this.reserve(5);
    const buffer = this.buffer;
    buffer[at] = SIMPLE;
    buffer[at + 1] = 79;
    buffer[at + 2] = 75;
    buffer[at + 3] = CR;
    buffer[at + 4] = LF;
    this.position = at + 5;
  }

  /** A simple string: ASCII without line breaks. */
  simple(text: string): void {
    this.#line(SIMPLE, text);
  }

  /**
   * An error: `text` begins with its code ("ERR …") and has one character a byte, so that bytes of
   * the request can be quoted (`Request.latin1`). Line breaks become spaces.
   */
  error(text: string): void {
    this.errors++;
    this.lastError = text;
    this.#line(ERROR, /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, ' ') : text);
  }

  /** An integer of magnitude ≤ 2^53. */
  integer(value: number): void {
    this.#header(INTEGER, value);
  }

  /** A 64-bit integer. */
  bigint(value: bigint): void {
    this.#line(INTEGER, value.toString());
  }

  /**
   * A bulk string: `length` bytes of `bytes` from `offset`.
   * @param view on the same bytes, if there is one at hand: short strings are copied faster then
   */
  bulk(bytes: Uint8Array, offset: number, length: number, view?: DataView): void {
    if (length >= PINNED_FROM_BYTES && this.#bulkPinned(bytes, offset, length)) return;
    const at = this.reserve(HEADER_BYTES + length + LINE_END_BYTES);
    const { buffer } = this;
    const target = view === undefined ? undefined : this.view;
    if (view === undefined || target === undefined) {
      this.position = writeBulk(buffer, at, bytes, offset, length);
    } else {
      const body = writeHeader(buffer, at, BULK, length);
      this.position = writeLineEnd(buffer, copyWide(target, body, view, offset, length));
    }
  }

  /** On the bytes of `buffer`, where that helps to copy short pieces into it. */
  get view(): DataView | undefined {
    return isViewed(this.buffer) ? this.#views.viewOf(this.buffer) : undefined;
  }

  /** A bulk string whose bytes are pinned; false when they cannot be. */
  #bulkPinned(bytes: Uint8Array, offset: number, length: number): boolean {
    const piece = this.pinner?.pinLarge(bytes, offset, offset + length);
    if (piece === undefined) return false;
    this.#header(BULK, length);
    this.pinned(piece);
    this.position = writeLineEnd(this.buffer, this.reserve(2));
    return true;
  }

  /** Bytes that are encoded already, and pinned: they are released when they are sent, or taken back. */
  pinned(piece: PinnedPiece): void {
    if (
      this.#isOverflowing ||
      this.chunks.length > MAX_CHUNKS ||
      this.pendingBytes > this.#mostBytes
    ) {
      this.#isOverflowing = true;
      piece.release();
      return;
    }
    // Even when that is nothing: a mark always stands in a buffer.
    this.#endChunk();
    this.chunks.push(piece);
    this.#chunkBytes += piece.length;
  }

  /** A bulk string of whole buffer. */
  bulkBuffer(bytes: Uint8Array): void {
    this.bulk(bytes, 0, bytes.length);
  }

  /** A bulk string of text, encoded as UTF-8. */
  bulkText(text: string): void {
    this.bulkBuffer(Buffer.from(text));
  }

  /** A bulk string of text with one character a byte. */
  bulkLatin1(text: string): void {
    const { length } = text;
    this.reserve(HEADER_BYTES + length + 2);
    this.#header(BULK, length);
    const { buffer, position: at } = this;
    if (length <= LOOP_COPY_BYTES) {
      for (let i = 0; i < length; i++) buffer[at + i] = text.charCodeAt(i);
    } else {
      buffer.write(text, at, 'latin1');
    }
    this.position = writeLineEnd(this.buffer, at + length);
  }

  /** A bulk string that is an integer in decimal, of magnitude ≤ 2^53. */
  bulkInteger(value: number): void {
    this.#header(BULK, digitsOf(Math.abs(value)) + (value < 0 ? 1 : 0));
    const at = this.reserve(HEADER_BYTES);
    this.position = writeLineEnd(this.buffer, writeInteger(this.buffer, at, value));
  }

  /** No value: RESP3's null, RESP2's null bulk string. */
  null(): void {
    if (this.resp3) this.#nothing(NULL);
    else this.#header(BULK, -1);
  }

  /** No array: RESP3's null, RESP2's null array. */
  nullArray(): void {
    if (this.resp3) this.#nothing(NULL);
    else this.#header(ARRAY, -1);
  }

  /** The head of an array; its elements follow. */
  array(length: number): void {
    this.#header(ARRAY, length);
  }

  /** The head of a map of `pairs` keys and values; in RESP2 a flat array. */
  map(pairs: number): void {
    if (this.resp3) this.#header(MAP, pairs);
    else this.#header(ARRAY, pairs * 2);
  }

  /** The head of a set; in RESP2 an array. */
  set(length: number): void {
    this.#header(this.resp3 ? SET : ARRAY, length);
  }

  /** The head of a push message; in RESP2 an array. */
  push(length: number): void {
    this.#header(this.resp3 ? PUSH : ARRAY, length);
  }

  /** A boolean; in RESP2 the integer 1 or 0. */
  boolean(value: boolean): void {
    if (this.resp3) this.#line(BOOLEAN, value ? 't' : 'f');
    else this.#header(INTEGER, value ? 1 : 0);
  }

  /** A double, as Redis 7.0 prints it (double-text.ts); in RESP2 a bulk string. */
  double(value: number): void {
    const at = this.reserve(DOUBLE_REPLY_BYTES);
    const { buffer } = this;
    if (this.resp3) {
      buffer[at] = DOUBLE;
      this.position = writeLineEnd(buffer, writeDouble(buffer, at + 1, value));
      return;
    }
    // The text has one or two digits of length: it is written behind a header of two, and moved if it has one.
    const start = at + 5;
    const length = writeDouble(buffer, start, value) - start;
    const body = writeHeader(buffer, at, BULK, length);
    if (length < 10) for (let i = 0; i < length; i++) buffer[body + i] = buffer[start + i];
    this.position = writeLineEnd(buffer, body + length);
  }

  /** A double as a bulk string, whatever the protocol. */
  bulkDouble(value: number): void {
    const { resp3 } = this;
    this.resp3 = false;
    this.double(value);
    this.resp3 = resp3;
  }

  /** A double that is printed already; in RESP2 a bulk string. */
  doubleText(text: string): void {
    if (this.resp3) this.#line(DOUBLE, text);
    else this.bulkLatin1(text);
  }

  /** An integer of any size; in RESP2 a bulk string. */
  bigNumber(decimal: string): void {
    if (this.resp3) this.#line(BIG_NUMBER, decimal);
    else this.bulkText(decimal);
  }

  /** Text with its format (three characters, "txt" or "mkd"); in RESP2 a bulk string. */
  verbatim(text: string, format: string): void {
    this.verbatimParts([Buffer.from(text)], format);
  }

  /** The same for text in parts, which may be more than fits into a string. */
  verbatimParts(parts: readonly Buffer[], format: string): void {
    let length = 0;
    for (const part of parts) length += part.length;
    if (this.resp3) {
      this.#header(VERBATIM, format.length + 1 + length);
      this.raw(Buffer.from(`${format}:`));
    } else {
      this.#header(BULK, length);
    }
    for (const part of parts) this.raw(part);
    this.position = writeLineEnd(this.buffer, this.reserve(2));
  }

  /** Bytes that are encoded already. */
  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.buffer.set(bytes, at);
    this.position = at + bytes.length;
  }

  /** Bytes that are encoded already, pinned or not. */
  part(part: ReplyPart): void {
    if (Buffer.isBuffer(part)) this.raw(part);
    else this.pinned(part);
  }

  /** The present end of the output. */
  mark(): ReplyMark {
    return { chunks: this.chunks.length, position: this.position };
  }

  /** Takes back everything encoded since the mark. */
  rewind(mark: ReplyMark): void {
    const { chunks } = this;
    if (chunks.length > mark.chunks) {
      const first = chunks[mark.chunks];
      if (Buffer.isBuffer(first)) this.#reopen(first);
      for (let i = mark.chunks; i < chunks.length; i++) releasePart(chunks[i]);
      chunks.length = mark.chunks;
      this.#chunkBytes = chunks.reduce((sum, { length }) => sum + length, 0);
    }
    this.position = mark.position;
  }

  /** Whether more than `mostBytes` were encoded, so that the rest was dropped: all of it is of no use. */
  get isOverflowing(): boolean {
    return this.#isOverflowing;
  }

  /**
   * Sets how many bytes may be encoded until they are taken. Beyond, what is encoded is dropped, not to fill
   * the memory with what nobody will get.
   */
  limit(mostBytes: number): void {
    this.#mostBytes = mostBytes;
    this.#isOverflowing = false;
  }

  /** Bytes encoded and not taken yet. */
  get pendingBytes(): number {
    return this.position + this.#chunkBytes;
  }

  /** The chunks are somebody else's now. */
  chunksTaken(): void {
    this.chunks.length = 0;
    this.#chunkBytes = 0;
  }

  /** Everything encoded since the mark, as a copy; none of it is pinned. */
  copySince(mark: ReplyMark): Buffer {
    return Buffer.concat(this.#partsSince(mark).filter((part) => Buffer.isBuffer(part)));
  }

  /** Takes everything back that was encoded since the mark, to be sent later. */
  takeSince(mark: ReplyMark): ReplyPart[] {
    const parts = this.#partsSince(mark);
    const taken = parts.map((part) => (Buffer.isBuffer(part) ? Buffer.from(part) : part));
    // What is pinned is the caller's now.
    this.chunks.fill(NOTHING, mark.chunks + 1);
    this.rewind(mark);
    return taken;
  }

  #partsSince(mark: ReplyMark): ReplyPart[] {
    const parts: ReplyPart[] = [
      ...this.chunks.slice(mark.chunks),
      this.buffer.subarray(0, this.position),
    ];
    const [first] = parts;
    if (Buffer.isBuffer(first)) parts[0] = first.subarray(mark.position);
    return parts;
  }

  /** Drops everything encoded and not taken yet. */
  discard(): void {
    for (const chunk of this.chunks) releasePart(chunk);
    this.chunksTaken();
    this.restart();
  }

  /** Begins at the front of the buffer again; nobody needs what is there. */
  restart(): void {
    this.position = 0;
    if (this.buffer.length === INITIAL_BYTES) return;
    // Memory that a single reply needed is not kept.
    if (this.#whole.length > INITIAL_BYTES) this.replaceBuffer();
    else this.buffer = this.#whole;
  }

  /**
   * Hands the shared buffer over to a receiver that keeps it (an unfinished write), and goes on
   * with another one.
   */
  replaceBuffer(): void {
    this.#use(INITIAL_BYTES);
  }

  #header(type: number, value: number): void {
    const at = this.reserve(HEADER_BYTES);
    this.position = writeHeader(this.buffer, at, type, value);
  }

  #nothing(type: number): void {
    const at = this.reserve(3);
    this.buffer[at] = type;
    this.position = writeLineEnd(this.buffer, at + 1);
  }

  #line(type: number, text: string): void {
    const at = this.reserve(text.length + 3);
    const buffer = this.buffer;
    buffer[at] = type;
    for (let i = 0; i < text.length; i++) buffer[at + 1 + i] = text.charCodeAt(i);
    this.position = writeLineEnd(this.buffer, at + 1 + text.length);
  }

  /**
   * Makes room in `buffer` for `sizeBytes` more; returns the position to write at. Who writes there
   * itself sets `position` afterwards.
   */
  reserve(sizeBytes: number): number {
    if (this.position + sizeBytes > this.buffer.length) this.#spill(sizeBytes);
    return this.position;
  }

  #spill(sizeBytes: number): void {
    if (this.#isOverflowing || this.pendingBytes > this.#mostBytes) {
      this.#isOverflowing = true;
      this.position = 0;
      if (this.buffer.length >= sizeBytes) return;
    }
    if (this.position > 0) this.#endChunk();
    this.#use(Math.max(INITIAL_BYTES, sizeBytes));
  }

  #use(sizeBytes: number): void {
    this.#whole = Buffer.allocUnsafeSlow(sizeBytes);
    this.buffer = this.#whole;
    this.position = 0;
  }

  /** What was encoded becomes a chunk; what comes next goes behind it in the same memory. */
  #endChunk(): void {
    const { buffer, position } = this;
    this.chunks.push(buffer.subarray(0, position));
    this.#chunkBytes += position;
    this.buffer = buffer.subarray(position);
    this.position = 0;
  }

  /** Goes on in a chunk, which has the rest of its memory again if that is the present one. */
  #reopen(chunk: Buffer): void {
    const whole = this.#whole;
    const start = chunk.byteOffset - whole.byteOffset;
    this.buffer = chunk.buffer === whole.buffer ? whole.subarray(start) : chunk;
  }
}

function releasePart(part: ReplyPart): void {
  if (!Buffer.isBuffer(part)) part.release();
}
