// The operations of a BITFIELD request, read one after the other: once to see whether all are right, and once more
// when they are done. Reading allocates nothing.
import type { Call } from '../../core/call.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { parseInteger } from '../../protocol/integer.ts';
import type { Request } from '../../protocol/request.ts';
import { FAIL, SATURATE, WRAP } from '../../structures/bitmap/field-arithmetic.ts';
import { NO_OFFSET, readBitOffset } from './bit-offset.ts';

export const GET = 0;
export const SET = 1;
export const INCREMENT = 2;

const FIELD_TYPE =
  'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.';
const OVERFLOW_TYPE = 'ERR Invalid OVERFLOW type specified';

const SIGNED = 105; // i
const UNSIGNED = 117; // u
const MAX_SIGNED_BITS = 64;
const MAX_UNSIGNED_BITS = 63;

/** Arguments before the first operation. */
const FIRST_ARGUMENT = 2;

/** Reads the operations of one request; see the head of this file. */
export class BitfieldOperations {
  /** Of the operation that was read last: GET, SET or INCREMENT. */
  kind = GET;
  isSigned = false;
  bits = 0;
  /** The first bit of its field. */
  offset = 0;
  /** The argument with what is set or added. */
  valueAt = 0;
  /** WRAP, SATURATE or FAIL. */
  overflow = WRAP;
  /** Whether an error was answered. */
  hasFailed = false;
  #next = FIRST_ARGUMENT;

  /** Begins with the first operation. */
  begin(): void {
    this.#next = FIRST_ARGUMENT;
    this.overflow = WRAP;
    this.hasFailed = false;
  }

  /** Reads the next operation; false at the end, and after answering an error. */
  next(call: Call): boolean {
    const { request } = call;
    while (this.#next < request.count) {
      const i = this.#next;
      const following = request.count - i - 1;
      if (request.is(i, 'overflow') && following >= 1) {
        if (!this.#readOverflow(call, i + 1)) return false;
        this.#next += 2;
      } else {
        const kind = kindAt(request, i, following);
        if (kind < 0) return this.#fail(call, SYNTAX);
        this.kind = kind;
        this.#next += kind === GET ? 3 : 4;
        return this.#readOperands(call, i);
      }
    }
    return false;
  }

  #readOverflow(call: Call, i: number): boolean {
    const { request } = call;
    if (request.is(i, 'wrap')) this.overflow = WRAP;
    else if (request.is(i, 'sat')) this.overflow = SATURATE;
    else if (request.is(i, 'fail')) this.overflow = FAIL;
    else return this.#fail(call, OVERFLOW_TYPE);
    return true;
  }

  #readOperands(call: Call, i: number): boolean {
    if (!this.#readType(call.request, i + 1)) return this.#fail(call, FIELD_TYPE);
    this.offset = readBitOffset(call, i + 2, this.bits);
    if (this.offset === NO_OFFSET) {
      this.hasFailed = true;
      return false;
    }
    this.valueAt = i + 3;
    if (this.kind === GET || !Number.isNaN(call.request.integer(i + 3))) return true;
    return this.#fail(call, NOT_AN_INTEGER);
  }

  /** Reads a type such as "u8"; as in Redis, it ends with the first NUL byte. */
  #readType({ buffer, offsets, lengths }: Request, i: number): boolean {
    const at = offsets[i];
    let length = 0;
    while (length < lengths[i] && buffer[at + length] !== 0) length++;
    const sign = length === 0 ? 0 : buffer[at];
    if (sign !== SIGNED && sign !== UNSIGNED) return false;
    this.isSigned = sign === SIGNED;
    this.bits = parseInteger(buffer, at + 1, length - 1);
    return this.bits >= 1 && this.bits <= (this.isSigned ? MAX_SIGNED_BITS : MAX_UNSIGNED_BITS);
  }

  #fail({ reply }: Call, error: string): false {
    reply.error(error);
    this.hasFailed = true;
    return false;
  }
}

/** The kind of the operation at argument i; -1 if it is none, or too few arguments follow. */
export function kindAt(request: Request, i: number, following: number): number {
  if (request.is(i, 'get') && following >= 2) return GET;
  if (request.is(i, 'set') && following >= 3) return SET;
  return request.is(i, 'incrby') && following >= 3 ? INCREMENT : -1;
}

/** Whether a request only reads; one that is wrong counts as one that writes. */
export function onlyReads(request: Request): boolean {
  for (let i = FIRST_ARGUMENT; i < request.count; i++) {
    const following = request.count - i - 1;
    if (request.is(i, 'overflow') && following >= 1) i++;
    else if (kindAt(request, i, following) === GET) i += 2;
    else return false;
  }
  return true;
}
