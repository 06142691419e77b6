// The options of SORT and SORT_RO. GET may be given any number of times, and each counts, so they are read here and not
// by an OptionTable. What was read is valid until the next request.
import type { Call } from '../../core/call.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import type { KeyRange } from '../../core/key-specs.ts';
import type { Request } from '../../protocol/request.ts';
import { forgetKey, SortPattern } from './sort-pattern.ts';

const FIRST_OPTION = 2;

/** How the elements are sorted, and what becomes of them. */
export class SortOptions {
  isDescending = false;
  isAlphabetical = false;
  /** LIMIT; a negative count is none. */
  offset = 0;
  count = -1;
  /** What they are sorted by, if not themselves. */
  by: SortPattern | undefined;
  /** Whether they keep their order: BY was given without a `*`. */
  keepsOrder = false;
  /** What is returned of each, if not the elements themselves. */
  gets: SortPattern[] = [];
  /** The argument under which the result is stored; 0: it is returned. */
  storeAt = 0;

  /** Reads the options of a request; false after answering an error. */
  read(call: Call, mayStore: boolean): boolean {
    const { request, reply } = call;
    this.#reset();
    for (let i = FIRST_OPTION; i < request.count; i++) {
      const values = this.#option(request, i, mayStore);
      if (values < 0) {
        reply.error(SYNTAX);
        return false;
      }
      if (Number.isNaN(this.offset) || Number.isNaN(this.count)) {
        reply.error(NOT_AN_INTEGER);
        return false;
      }
      i += values;
    }
    return true;
  }

  /** Takes the option at argument i; returns how many values it has, or -1 when it is none. */
  #option(request: Request, i: number, mayStore: boolean): number {
    const values = request.count - 1 - i;
    if (request.is(i, 'asc')) {
      this.isDescending = false;
    } else if (request.is(i, 'desc')) {
      this.isDescending = true;
    } else if (request.is(i, 'alpha')) {
      this.isAlphabetical = true;
    } else if (values >= 2 && request.is(i, 'limit')) {
      this.offset = request.integer(i + 1);
      this.count = request.integer(i + 2);
      return 2;
    } else if (values >= 1 && mayStore && request.is(i, 'store')) {
      this.storeAt = i + 1;
      return 1;
    } else if (values >= 1 && request.is(i, 'by')) {
      const pattern = new SortPattern(request, i + 1);
      this.by = pattern;
      // Once one is constant, nothing is sorted, whatever comes behind it.
      if (pattern.isConstant) this.keepsOrder = true;
      return 1;
    } else if (values >= 1 && request.is(i, 'get')) {
      this.gets.push(new SortPattern(request, i + 1));
      return 1;
    } else {
      return -1;
    }
    return 0;
  }

  #reset(): void {
    this.isDescending = false;
    this.isAlphabetical = false;
    this.offset = 0;
    this.count = -1;
    this.by = undefined;
    this.keepsOrder = false;
    this.gets = [];
    this.storeAt = 0;
    forgetKey();
  }
}

/** Finds the key of the option STORE: the last one, as far as what stands before it can be understood. */
export function locateStore(request: Request, range: KeyRange): void {
  for (let i = FIRST_OPTION; i < request.count; i++) {
    if (request.is(i, 'limit')) {
      i += 2;
    } else if (request.is(i, 'get') || request.is(i, 'by')) {
      i++;
    } else if (i + 1 < request.count && request.is(i, 'store')) {
      range.first = i + 1;
      range.last = i + 1;
    }
  }
}
