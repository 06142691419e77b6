// Turns received bytes into requests, without copying or allocating: arguments become offsets
// into the bytes. One decoder serves all connections; what must survive from one read to the next
// (a request that is only half there) is a PartialRequest that the connection keeps. Of an argument that
// is large and not all there, the rest goes past the decoder, into a block of its own.
//
// The grammar and the error texts are those of Redis's processMultibulkBuffer and
// processInlineBuffer: a request is an array of bulk strings, or a line of words ("inline").
import { splitArguments } from './inline.ts';
import { parseInteger } from './integer.ts';
import type { LargeArgument } from './large-argument.ts';
import { type ArgumentList, Request } from './request.ts';

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const ZERO = 48;
/** Longest inline request, and longest header line, in bytes. */
const MAX_LINE_BYTES = 64 * 1024;
const MAX_ARGUMENTS = 0x7fffffff;
const MAX_UNAUTHENTICATED_ARGUMENTS = 10;
const MAX_UNAUTHENTICATED_BULK_BYTES = 16384;
const DEFAULT_MAX_BULK_BYTES = 512 * 1024 * 1024;
/** Longer arguments are large: as a value they would not fit into a block of the arena. */
const LARGE_ARGUMENT_BYTES = 64 * 1024;

/** What `next` found. */
export const INCOMPLETE = 0;
export const COMPLETE = 1;
export const INVALID = 2;
export type DecodeResult = typeof INCOMPLETE | typeof COMPLETE | typeof INVALID;

/**
 * The parsed beginning of a request; its offsets count from the request's first byte. Its arrays
 * are handed to and fro, not copied, so a long list of arguments costs the same in however many
 * pieces it arrives; so it can be gone on with only once. It has the arguments that were there in full.
 */
export interface PartialRequest extends ArgumentList {
  /** Arguments announced, or 0 when not even the header was there. */
  readonly announced: number;
  /** Where to go on, from the request's first byte. */
  readonly position: number;
  /** Bytes that the request is known to take at least, from its first byte. */
  readonly neededBytes: number;
}

/** Decodes requests one after another from a range of bytes. */
export class RequestDecoder {
  /** The request that `next` decodes into; may be exchanged between complete requests. */
  request = new Request();
  /** Where the first request that is not complete begins. */
  position = 0;
  /** The protocol error, in Redis's words, after INVALID. */
  error = '';
  /** Longest bulk string accepted (`proto-max-bulk-len`), in bytes. */
  maxBulkBytes = DEFAULT_MAX_BULK_BYTES;
  /** Whether the tighter limits for clients that have not authenticated apply. */
  unauthenticated = false;
  /**
   * After INCOMPLETE: bytes of the argument that is not all there, if it is large, and where its first
   * one is; otherwise 0.
   */
  largeLength = 0;
  largeAt = 0;

  #buffer: Buffer = Buffer.alloc(0);
  #end = 0;
  #announced = 0;
  /** Position inside the request that is being decoded. */
  #at = 0;
  #neededBytes = 0;

  /** Starts on the bytes [start, end) of a buffer, whose first request may be half decoded. */
  reset(buffer: Buffer, start: number, end: number, partial: PartialRequest | undefined): void {
    this.#buffer = buffer;
    this.request.buffer = buffer;
    this.request.clear();
    this.position = start;
    this.#at = start;
    this.#end = end;
    this.#announced = 0;
    this.largeLength = 0;
    if (partial !== undefined) this.#resume(partial);
  }

  /** Decodes the next request into `request`. */
  next(): DecodeResult {
    if (this.#announced === 0) {
      this.#at = this.position;
      this.request.buffer = this.#buffer;
      this.request.clear();
      if (this.position >= this.#end) return INCOMPLETE;
      const { position } = this;
      const buffer = this.#buffer;
      if (buffer[position] !== STAR) return this.#inline();
      // The common form, `*<one digit>\r\n`, in one go.
      const digit = buffer[position + 1] - ZERO;
      if (position + 4 <= this.#end && digit > 0 && digit <= 9 && buffer[position + 2] === CR) {
        this.#announced = digit;
        this.#at = position + 4;
      } else {
        const result = this.#header();
        if (result !== COMPLETE || this.#announced === 0) return result;
      }
    }
    return this.#arguments();
  }

  /** What must be kept to go on with an incomplete request when more bytes are there. */
  suspend(): PartialRequest {
    const start = this.position;
    const list = this.request.release();
    shift(list.offsets, list.count, -start);
    return {
      ...list,
      announced: this.#announced,
      position: this.#at - start,
      neededBytes: this.#neededBytes - start,
    };
  }

  /**
   * As `suspend`, when the incomplete argument is large: it is `argument`, which whoever calls this fills
   * before the request goes on. What must be kept are the bytes before `largeAt`.
   */
  suspendLarge(argument: LargeArgument): PartialRequest {
    const { request } = this;
    request.reserve(request.count + 1);
    request.pushLarge(argument);
    this.#at = this.largeAt;
    this.#neededBytes = this.largeAt;
    return this.suspend();
  }

  /**
   * A request that was decoded whole, and could not be run, for later: its large arguments cannot be
   * decoded again.
   * @param start where it begins and ends in the bytes
   */
  keep(request: Request, start: number, end: number): PartialRequest {
    const list = request.release();
    shift(list.offsets, list.count, -start);
    const lengthBytes = end - start;
    return { ...list, announced: list.count, position: lengthBytes, neededBytes: lengthBytes };
  }

  #resume(partial: PartialRequest): void {
    this.#announced = partial.announced;
    this.#at = this.position + partial.position;
    shift(partial.offsets, partial.count, this.position);
    this.request.adopt(partial);
  }

  /** The line `*<count>`. A count below 1 is a request without arguments, which does nothing. */
  #header(): DecodeResult {
    const lineEnd = this.#lineEnd(this.#at);
    if (lineEnd < 0) return this.#waitForLine('too big mbulk count string');
    const length = lineEnd - this.#at - 1;
    const announced = parseInteger(this.#buffer, this.#at + 1, length);
    if (Number.isNaN(announced) || announced > MAX_ARGUMENTS) {
      return this.#fail('invalid multibulk length');
    }
    if (announced > MAX_UNAUTHENTICATED_ARGUMENTS && this.unauthenticated) {
      return this.#fail('unauthenticated multibulk length');
    }
    this.#at = lineEnd + 2;
    if (announced > 0) {
      this.#announced = announced;
    } else {
      this.position = this.#at;
      this.request.seal();
    }
    return COMPLETE;
  }

  #arguments(): DecodeResult {
    const buffer = this.#buffer;
    const end = this.#end;
    const request = this.request;
    const announced = this.#announced;
    let at = this.#at;
    while (request.count < announced) {
      // The common forms of a header, `$<one or two digits>\r\n`, in one go; all else by #bulkLength.
      let i = at + 4;
      let length = buffer[at + 1] - ZERO;
      let isCommon = buffer[at + 2] === CR && length >= 0 && length <= 9;
      if (!isCommon) {
        const digit = buffer[at + 2] - ZERO;
        isCommon = buffer[at + 3] === CR && length > 0 && length <= 9 && digit >= 0 && digit <= 9;
        length = length * 10 + digit;
        i++;
      }
      if (!isCommon || buffer[at] !== DOLLAR || i > end) {
        this.#at = at;
        length = this.#bulkLength();
        if (length === INCOMPLETE_LENGTH) return this.#waitForLine('too big bulk count string');
        if (length === INVALID_LENGTH) return INVALID;
        i = this.#at;
      }
      if (i + length + 2 > end) {
        this.#at = at;
        this.#neededBytes = i + length + 2;
        this.largeLength = length > LARGE_ARGUMENT_BYTES ? length : 0;
        this.largeAt = i;
        return INCOMPLETE;
      }
      const count = request.count;
      if (count === request.offsets.length) request.reserve(count + 1);
      request.offsets[count] = i;
      request.lengths[count] = length;
      request.count = count + 1;
      at = i + length + 2;
    }
    request.seal();
    this.#announced = 0;
    this.position = at;
    return COMPLETE;
  }

  /** Reads `$<length>` with every check; sets #at behind it. */
  #bulkLength(): number {
    const at = this.#at;
    const lineEnd = this.#lineEnd(at);
    if (lineEnd < 0) return INCOMPLETE_LENGTH;
    if (this.#buffer[at] !== DOLLAR) {
      this.#fail(`expected '$', got '${String.fromCharCode(this.#buffer[at])}'`);
      return INVALID_LENGTH;
    }
    const length = parseInteger(this.#buffer, at + 1, lineEnd - at - 1);
    if (Number.isNaN(length) || length < 0 || length > this.maxBulkBytes) {
      this.#fail('invalid bulk length');
      return INVALID_LENGTH;
    }
    if (length > MAX_UNAUTHENTICATED_BULK_BYTES && this.unauthenticated) {
      this.#fail('unauthenticated bulk length');
      return INVALID_LENGTH;
    }
    this.#at = lineEnd + 2;
    return length;
  }

  /** A line of words. */
  #inline(): DecodeResult {
    const buffer = this.#buffer;
    const newline = buffer.subarray(0, this.#end).indexOf(LF, this.position);
    if (newline < 0) {
      if (this.#end - this.position > MAX_LINE_BYTES) return this.#fail('too big inline request');
      this.#neededBytes = this.#end + 1;
      return INCOMPLETE;
    }
    const lineEnd = newline > this.position && buffer[newline - 1] === CR ? newline - 1 : newline;
    const words = splitArguments(buffer.subarray(this.position, lineEnd));
    if (words === undefined) return this.#fail('unbalanced quotes in request');
    const parsed = Request.of(words);
    const request = this.request;
    request.buffer = parsed.buffer;
    request.reserve(parsed.count);
    for (let i = 0; i < parsed.count; i++) request.push(parsed.offsets[i], parsed.lengths[i]);
    request.seal();
    this.position = newline + 1;
    return COMPLETE;
  }

  /** Position of the CR that ends the line at `start`, or -1 when CR LF is not there yet. */
  #lineEnd(start: number): number {
    const buffer = this.#buffer;
    const last = this.#end - 1;
    for (let i = start; i < last; i++) {
      if (buffer[i] === CR) return i;
    }
    return -1;
  }

  #waitForLine(tooLong: string): DecodeResult {
    if (this.#end - this.#at > MAX_LINE_BYTES) return this.#fail(tooLong);
    this.#neededBytes = this.#end + 1;
    return INCOMPLETE;
  }

  #fail(error: string): DecodeResult {
    this.error = error;
    return INVALID;
  }
}

const INCOMPLETE_LENGTH = -1;
const INVALID_LENGTH = -2;

/** Adds `distance` to the first `count` offsets. */
function shift(offsets: Int32Array, count: number, distance: number): void {
  if (distance === 0) return;
  for (let i = 0; i < count; i++) offsets[i] += distance;
}
