// A step of an iteration by SCAN, SSCAN, HSCAN or ZSCAN: its cursor, which is a point in hash space
// (structures/bytes-table.ts) and so stays valid however tables change between steps, how many it is to look at, and
// which pattern what it finds must match.
import { cString } from '../core/argument-errors.ts';
import type { Call } from '../core/call.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../core/errors.ts';
import { ABSENT, lookupRead, REFUSED } from '../core/lookup.ts';
import type { OptionRule, OptionTable } from '../core/options.ts';
import { globMatchIn } from '../protocol/glob.ts';
import type { Request } from '../protocol/request.ts';

const INVALID_CURSOR = 'ERR invalid cursor';
const CURSOR = /^[+-]?\d+$/;
const MAX_CURSOR = 2n ** 64n - 1n;
const DEFAULT_COUNT = 10;
const STAR = 42;

/** The options that all of these commands have. */
export const SCAN_RULES: readonly OptionRule[] = [
  { word: 'match', values: 1 },
  {
    word: 'count',
    values: 1,
    problem({ request }, i) {
      const count = request.integer(i);
      if (Number.isNaN(count)) return NOT_AN_INTEGER;
      return count < 1 ? SYNTAX : undefined;
    },
  },
];

/** The step that the last request asked for; see the head of this file. */
export class ScanStep {
  /** Where it begins. */
  cursor = 0;
  /** How many elements it is to look at. */
  count = DEFAULT_COUNT;
  readonly #options: OptionTable;
  readonly #match: number;
  readonly #count: number;
  #patternAt = 0;

  /** @param options with those of SCAN_RULES */
  constructor(options: OptionTable) {
    this.#options = options;
    this.#match = options.bits('match');
    this.#count = options.bits('count');
  }

  /** Reads the cursor of argument i; false after answering an error. */
  readCursor({ request, reply }: Call, i: number): boolean {
    this.cursor = cursorAt(request, i);
    if (this.cursor < 0) reply.error(INVALID_CURSOR);
    return this.cursor >= 0;
  }

  /** Reads the options, from argument `from` on; false after answering an error. */
  readOptions(call: Call, from: number): boolean {
    const options = this.#options;
    if (!options.read(call, from)) return false;
    const { request } = call;
    const countAt = options.valueAt(this.#count);
    this.count = countAt === 0 ? DEFAULT_COUNT : request.integer(countAt);
    const matchAt = options.valueAt(this.#match);
    this.#patternAt = matchAt === 0 ? 0 : patternIndex(request, matchAt);
    return true;
  }

  /**
   * Reads a request about the elements of a key, and looks that up.
   * @returns the key's entry; REFUSED after answering that there is none, or an error
   */
  lookup(call: Call, type: number): number {
    if (!this.readCursor(call, 2)) return REFUSED;
    const ref = lookupRead(call, 1, type);
    if (ref === REFUSED) return REFUSED;
    if (ref === ABSENT) {
      // Whatever the options are: Redis does not look at them.
      const { reply } = call;
      reply.array(2);
      reply.bulkInteger(0);
      reply.array(0);
      return REFUSED;
    }
    return this.readOptions(call, 3) ? ref : REFUSED;
  }

  /** Whether bytes match the pattern, or there is none. */
  matches(request: Request, bytes: Uint8Array, offset: number, length: number): boolean {
    return matchesPattern(request, this.#patternAt, bytes, offset, length);
  }
}

/** The argument as the place of a pattern; 0 if it is `*`, which everything matches, even "". */
export function patternIndex(request: Request, i: number): number {
  const matchesAll = request.lengths[i] === 1 && request.buffer[request.offsets[i]] === STAR;
  return matchesAll ? 0 : i;
}

/** Whether bytes match the pattern in argument `patternAt`; 0: everything does. */
export function matchesPattern(
  { buffer, offsets, lengths }: Request,
  patternAt: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): boolean {
  if (patternAt === 0) return true;
  const at = offsets[patternAt];
  return globMatchIn(buffer, at, lengths[patternAt], bytes, offset, length, false);
}

/** The cursor of argument i, read as C's strtoul does, in the 32 bits that ours have; or -1. */
function cursorAt(request: Request, i: number): number {
  const text = cString(request, i);
  if (text === '') return 0;
  if (!CURSOR.test(text)) return -1;
  const value = BigInt(text.replace('+', ''));
  if (value > MAX_CURSOR || -value > MAX_CURSOR) return -1;
  return Number(BigInt.asUintN(32, value));
}
