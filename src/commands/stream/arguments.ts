// Arguments that several commands of streams take: ids and how to trim.
import type { Call } from '../../core/call.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import type { Request } from '../../protocol/request.ts';
import { ANY_SEQ, INVALID_ID, PARSED, parseId, StreamId } from '../../types/stream/stream-id.ts';
import { streamsOf } from '../../types/stream/values.ts';

export const INVALID_STREAM_ID = 'ERR Invalid stream ID specified as stream command argument';
const INVALID_START = 'ERR invalid start ID for the interval';
const INVALID_END = 'ERR invalid end ID for the interval';

const OPEN_BRACKET = 40;
const STAR = 42;
const TILDE = 126;
const EQUALS = 61;

const WITH_EDGES = { edges: true, anySeq: false };
const STRICT = { edges: false, anySeq: false };
const STRICT_OR_ANY = { edges: false, anySeq: true };

/**
 * Reads argument i as an id of an entry, which is neither `-` nor `+`.
 * @returns false after answering an error
 */
export function readId(call: Call, i: number, id: StreamId): boolean {
  if (isId(call.request, i, id)) return true;
  call.reply.error(INVALID_STREAM_ID);
  return false;
}

/** As `readId`, without an answer. */
export function isId({ buffer, offsets, lengths }: Request, i: number, id: StreamId): boolean {
  return parseId(buffer, offsets[i], lengths[i], id, false, STRICT) === PARSED;
}

/**
 * Reads argument i as the first id of a range, which it may exclude by a bracket.
 * @returns false after answering an error
 */
export function readRangeStart(call: Call, i: number, id: StreamId): boolean {
  const isExclusive = readBound(call, i, id, false);
  if (isExclusive === undefined) return false;
  if (!isExclusive || id.increment()) return true;
  call.reply.error(INVALID_START);
  return false;
}

/** As `readRangeStart`, for the last id. */
export function readRangeEnd(call: Call, i: number, id: StreamId): boolean {
  const isExclusive = readBound(call, i, id, true);
  if (isExclusive === undefined) return false;
  if (!isExclusive || id.decrement()) return true;
  call.reply.error(INVALID_END);
  return false;
}

/** Reads the id of a range's end; returns whether it is excluded, or undefined after answering an error. */
function readBound(call: Call, i: number, id: StreamId, missingSeq: boolean): boolean | undefined {
  const { buffer, offsets, lengths } = call.request;
  const isExclusive = lengths[i] > 1 && buffer[offsets[i]] === OPEN_BRACKET;
  const skipped = isExclusive ? 1 : 0;
  const at = offsets[i] + skipped;
  const forms = isExclusive ? STRICT : WITH_EDGES;
  if (parseId(buffer, at, lengths[i] - skipped, id, missingSeq, forms) !== INVALID_ID) {
    return isExclusive;
  }
  call.reply.error(INVALID_STREAM_ID);
  return undefined;
}

/** Reads argument i as a 64-bit integer; NaN after answering an error. */
export function readInteger({ request, reply }: Call, i: number): number {
  const value = request.integer(i);
  if (Number.isNaN(value)) reply.error(NOT_AN_INTEGER);
  return value;
}

// ── Trimming ────────────────────────────────────────────────────────────────────────────────

const TRIM_TWICE = 'ERR syntax error, MAXLEN and MINID options at the same time are not compatible';
const NEGATIVE_MAXLEN = 'ERR The MAXLEN argument must be >= 0.';
const NEGATIVE_LIMIT = 'ERR The LIMIT argument must be >= 0.';
const LIMIT_ALONE = 'ERR syntax error, LIMIT cannot be used without specifying a trimming strategy';
const LIMIT_EXACT = 'ERR syntax error, LIMIT cannot be used without the special ~ option';
const NO_STRATEGY = 'ERR syntax error, XTRIM must be called with a trimming strategy';

/** Where LIMIT is not given, `~` takes entries of so many blocks at most. */
const BLOCKS_LIMIT = 100;
const DEFAULT_LIMIT = 10_000;
const MAX_LIMIT = 1_000_000;

/** What XADD and XTRIM were given: a Trim, and where its argument is. */
export class TrimArguments {
  /** Number of entries to be left; undefined: by id. */
  keep: number | undefined = undefined;
  readonly minId = new StreamId();
  isApproximate = false;
  limit = 0;
  /** The argument that is the number or the id; 0: nothing is to be trimmed. */
  valueAt = 0;
  /** XADD: the id, whether it was given, and whether with its sequence number. */
  readonly id = new StreamId();
  isIdGiven = false;
  isSeqGiven = false;
  noMkStream = false;

  /**
   * Reads the options from argument 2 on.
   * @param isAdd whether they are those of XADD, which end at the id
   * @returns the argument that is the id of XADD, or the number of arguments; -1 after answering an error
   */
  read(call: Call, isAdd: boolean): number {
    const { request } = call;
    this.#clear();
    let limitAt = 0;
    let i = 2;
    for (; i < request.count; i++) {
      const isLast = i === request.count - 1;
      if (isAdd && isSign(request, i, STAR)) break;
      if (!isLast && (request.is(i, 'maxlen') || request.is(i, 'minid'))) {
        i = this.#readStrategy(call, i);
        if (i < 0) return -1;
      } else if (!isLast && request.is(i, 'limit')) {
        limitAt = ++i;
        this.limit = readInteger(call, i);
        if (Number.isNaN(this.limit)) return -1;
        if (this.limit < 0) return refuse(call, NEGATIVE_LIMIT);
      } else if (isAdd && request.is(i, 'nomkstream')) {
        this.noMkStream = true;
      } else if (isAdd) {
        if (!this.#readNewId(call, i)) return -1;
        break;
      } else {
        return refuse(call, SYNTAX);
      }
    }
    return this.#settleLimit(call, limitAt > 0, isAdd) ? i : -1;
  }

  #clear(): void {
    this.keep = undefined;
    this.isApproximate = false;
    this.limit = 0;
    this.valueAt = 0;
    this.isIdGiven = false;
    this.isSeqGiven = false;
    this.noMkStream = false;
  }

  #readNewId(call: Call, i: number): boolean {
    const { buffer, offsets, lengths } = call.request;
    const found = parseId(buffer, offsets[i], lengths[i], this.id, false, STRICT_OR_ANY);
    this.isIdGiven = true;
    this.isSeqGiven = found !== ANY_SEQ;
    if (found !== INVALID_ID) return true;
    call.reply.error(INVALID_STREAM_ID);
    return false;
  }

  /** Reads MAXLEN or MINID, which is argument i; returns its last argument, or -1 after answering an error. */
  #readStrategy(call: Call, i: number): number {
    const { request } = call;
    if (this.valueAt > 0) return refuse(call, TRIM_TWICE);
    let at = i + 1;
    this.isApproximate = false;
    if (at + 1 < request.count && (isSign(request, at, TILDE) || isSign(request, at, EQUALS))) {
      this.isApproximate = isSign(request, at, TILDE);
      at++;
    }
    if (request.is(i, 'maxlen')) {
      this.keep = readInteger(call, at);
      if (Number.isNaN(this.keep)) return -1;
      if (this.keep < 0) return refuse(call, NEGATIVE_MAXLEN);
    } else if (!readId(call, at, this.minId)) {
      return -1;
    }
    this.valueAt = at;
    return at;
  }

  #settleLimit(call: Call, isGiven: boolean, isAdd: boolean): boolean {
    if (this.limit > 0 && this.valueAt === 0) return refuse(call, LIMIT_ALONE) > 0;
    if (!isAdd && this.valueAt === 0) return refuse(call, NO_STRATEGY) > 0;
    if (call.client.deniesBlocking) {
      // From a log: it says how many are left, so all others go, whatever the limit was.
      this.limit = 0;
    } else if (isGiven) {
      if (!this.isApproximate) return refuse(call, LIMIT_EXACT) > 0;
    } else if (this.isApproximate) {
      const { maxEntries } = streamsOf(call.db.entries).entries.limits;
      const limit = maxEntries > 0 ? BLOCKS_LIMIT * maxEntries : DEFAULT_LIMIT;
      this.limit = Math.min(limit, MAX_LIMIT);
    }
    return true;
  }
}

function refuse({ reply }: Call, error: string): -1 {
  reply.error(error);
  return -1;
}

/** Whether argument i is one character. */
export function isSign({ buffer, offsets, lengths }: Request, i: number, sign: number): boolean {
  return lengths[i] === 1 && buffer[offsets[i]] === sign;
}
