// The options of SET and GETEX: which stand in a request, and which exclude one another.

import type { Call } from '../../core/call.ts';
import { EPOCH_MS, futureTimeMs, MILLISECONDS, SECONDS } from '../../core/expiry-time.ts';
import type { Request } from '../../protocol/request.ts';

export const OPTION_NX = 1 << 0;
export const OPTION_XX = 1 << 1;
export const OPTION_GET = 1 << 2;
export const OPTION_KEEPTTL = 1 << 3;
export const OPTION_PERSIST = 1 << 4;
const OPTION_EX = 1 << 5;
const OPTION_PX = 1 << 6;
const OPTION_EXAT = 1 << 7;
const OPTION_PXAT = 1 << 8;

const TIMES = OPTION_EX | OPTION_PX | OPTION_EXAT | OPTION_PXAT;
/** Options that a time is given with, by which the expiry is absolute. */
export const ABSOLUTE_TIMES = OPTION_EXAT | OPTION_PXAT;
const FOR_SET = OPTION_NX | OPTION_XX | OPTION_GET | OPTION_KEEPTTL | TIMES;
const FOR_GETEX = OPTION_PERSIST | TIMES;

interface OptionRule {
  readonly word: string;
  readonly bit: number;
  /** Options that must not come before it; it may itself come again. */
  readonly excludes: number;
}

const EXPIRY_OPTIONS = OPTION_KEEPTTL | OPTION_PERSIST | TIMES;
const RULES: readonly OptionRule[] = [
  { word: 'nx', bit: OPTION_NX, excludes: OPTION_XX },
  { word: 'xx', bit: OPTION_XX, excludes: OPTION_NX },
  { word: 'get', bit: OPTION_GET, excludes: 0 },
  { word: 'keepttl', bit: OPTION_KEEPTTL, excludes: EXPIRY_OPTIONS & ~OPTION_KEEPTTL },
  { word: 'persist', bit: OPTION_PERSIST, excludes: EXPIRY_OPTIONS & ~OPTION_PERSIST },
  { word: 'ex', bit: OPTION_EX, excludes: EXPIRY_OPTIONS & ~OPTION_EX },
  { word: 'px', bit: OPTION_PX, excludes: EXPIRY_OPTIONS & ~OPTION_PX },
  { word: 'exat', bit: OPTION_EXAT, excludes: EXPIRY_OPTIONS & ~OPTION_EXAT },
  { word: 'pxat', bit: OPTION_PXAT, excludes: EXPIRY_OPTIONS & ~OPTION_PXAT },
];

/** Options of one request. One object serves all of them: a handler reads it before it returns. */
export class SetOptions {
  /** Bits of the options that were given. */
  given = 0;
  /** Argument that holds the time of EX, PX, EXAT or PXAT; 0 without one of them. */
  timeAt = 0;

  /** Reads SET's options, from argument 3 on; false when they are no syntax. */
  readForSet(request: Request): boolean {
    return this.#read(request, 3, FOR_SET);
  }

  /** Reads GETEX's options, from argument 2 on; false when they are no syntax. */
  readForGetex(request: Request): boolean {
    return this.#read(request, 2, FOR_GETEX);
  }

  /** Whether an option was given, or one of several. */
  has(bits: number): boolean {
    return (this.given & bits) !== 0;
  }

  /**
   * The expiry that EX, PX, EXAT or PXAT tell.
   * @returns ms since the epoch, or -1 after answering an error
   */
  expiryMs(call: Call, command: string): number {
    const unitMs = this.has(OPTION_EX | OPTION_EXAT) ? SECONDS : MILLISECONDS;
    const baseMs = this.has(ABSOLUTE_TIMES) ? EPOCH_MS : call.server.keyspace.nowMs;
    return futureTimeMs(call, command, this.timeAt, unitMs, baseMs);
  }

  #read(request: Request, from: number, allowed: number): boolean {
    this.given = 0;
    this.timeAt = 0;
    for (let i = from; i < request.count; i++) {
      const rule = ruleOf(request, i);
      if (rule === undefined || (rule.bit & allowed) === 0) return false;
      if ((this.given & rule.excludes) !== 0) return false;
      this.given |= rule.bit;
      if ((rule.bit & TIMES) === 0) continue;
      if (++i === request.count) return false;
      this.timeAt = i;
    }
    return true;
  }
}

function ruleOf(request: Request, i: number): OptionRule | undefined {
  for (let k = 0; k < RULES.length; k++) {
    if (request.is(i, RULES[k].word)) return RULES[k];
  }
  return undefined;
}
