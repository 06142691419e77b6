// The arguments of XCLAIM, read into one object that lasts until the next one is run.
import { cString } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { isId, readId } from './arguments.ts';
import { readNumber } from './group-arguments.ts';

const INVALID_MIN_IDLE = 'ERR Invalid min-idle-time argument for XCLAIM';
const INVALID_IDLE = 'ERR Invalid IDLE option argument for XCLAIM';
const INVALID_TIME = 'ERR Invalid TIME option argument for XCLAIM';
const INVALID_RETRY_COUNT = 'ERR Invalid RETRYCOUNT option argument for XCLAIM';

const FIRST_ID = 5;

/** How entries are claimed. */
export interface ClaimOptions {
  /** How long an entry must not have been delivered, in ms, to be claimed; 0: any. */
  readonly minIdleMs: number;
  /** When it counts as delivered, in ms since the epoch. */
  readonly timeMs: number;
  /** How often it counts as delivered; below 0: one time more, unless only ids are wanted. */
  readonly retryCount: number;
  readonly isJustId: boolean;
  /** Whether entries are claimed, too, that are not pending. */
  readonly isForced: boolean;
}

/** What XCLAIM was given. */
export class ClaimArguments implements ClaimOptions {
  minIdleMs = 0;
  timeMs = 0;
  retryCount = -1;
  isJustId = false;
  isForced = false;
  /** 0-0 where it is not given. */
  readonly lastId = new StreamId();
  /** The ids are the arguments from `firstId` up to, without, `endOfIds`. */
  readonly firstId = FIRST_ID;
  endOfIds = 0;
  readonly #id = new StreamId();

  /** Reads them; false after answering an error. */
  read(call: Call): boolean {
    const { request, server } = call;
    const { nowMs } = server.keyspace;
    this.#clear(nowMs);
    this.minIdleMs = Math.max(0, readNumber(call, 4, INVALID_MIN_IDLE));
    if (Number.isNaN(this.minIdleMs)) return false;
    let i = FIRST_ID;
    while (i < request.count && isId(request, i, this.#id)) i++;
    this.endOfIds = i;
    for (; i < request.count; i++) {
      i = this.#readOption(call, i);
      if (i < 0) return false;
    }
    // Clocks of clients may be wrong: a time that cannot be is now.
    if (this.timeMs < 0 || this.timeMs > nowMs) this.timeMs = nowMs;
    return true;
  }

  #clear(nowMs: number): void {
    this.timeMs = nowMs;
    this.retryCount = -1;
    this.isJustId = false;
    this.isForced = false;
    this.lastId.setZero();
  }

  /** Reads the option that is argument i; returns its last argument, or -1 after answering an error. */
  #readOption(call: Call, i: number): number {
    const { request, reply, server } = call;
    const hasMore = i + 1 < request.count;
    if (request.is(i, 'force')) {
      this.isForced = true;
    } else if (request.is(i, 'justid')) {
      this.isJustId = true;
    } else if (request.is(i, 'idle') && hasMore) {
      this.timeMs = server.keyspace.nowMs - readNumber(call, i + 1, INVALID_IDLE);
      return Number.isNaN(this.timeMs) ? -1 : i + 1;
    } else if (request.is(i, 'time') && hasMore) {
      this.timeMs = readNumber(call, i + 1, INVALID_TIME);
      return Number.isNaN(this.timeMs) ? -1 : i + 1;
    } else if (request.is(i, 'retrycount') && hasMore) {
      // More than 2^53 deliveries are not counted.
      const count = readNumber(call, i + 1, INVALID_RETRY_COUNT);
      this.retryCount = Math.min(count, Number.MAX_SAFE_INTEGER);
      return Number.isNaN(count) ? -1 : i + 1;
    } else if (request.is(i, 'lastid') && hasMore) {
      return readId(call, i + 1, this.lastId) ? i + 1 : -1;
    } else {
      reply.error(`ERR Unrecognized XCLAIM option '${cString(request, i)}'`);
      return -1;
    }
    return i;
  }
}
