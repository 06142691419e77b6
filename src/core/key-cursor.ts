// Walks over the keys of a request, as the plan of its command specifies (key-plan.ts), in the order of its key
// specs. One cursor serves any number of requests, one after another, and allocates nothing:
//
//   if (keys.begin(command.keyPlan, request)) {
//     for (let i = keys.next(); i !== 0; i = keys.next()) …   argument i is a key
//   }
import type { Request } from '../protocol/request.ts';
import {
  KEYS_IN_RANGE,
  KEYS_NUMBERED,
  type KeyGroup,
  KeyPlan,
  MAX_KEY_GROUPS,
} from './key-plan.ts';
import type { KeyRange } from './key-specs.ts';

/** Numbers that are kept of a range: first, last, step. */
const RANGE_WORDS = 3;

/** See the head of this file. */
export class KeyCursor {
  #plan: KeyPlan = new KeyPlan([]);
  /** Number of the group that is walked over: 0 for the plan's first, i + 1 for `more[i]`. */
  #group = 0;
  /** The next key in it, the last one, and the distance from one to the next. */
  #at = 1;
  #last = 0;
  #step = 1;
  /** The ranges of the plan's other groups. */
  readonly #ranges = new Int32Array(RANGE_WORDS * MAX_KEY_GROUPS);
  readonly #found: KeyRange = { first: 1, last: 0, step: 1 };

  /**
   * Begins before the first key of a request, which has as many arguments as its command takes.
   * @returns false when the keys are not all there, as the request specifies a wrong number of them: then
   *   `next` finds none, and the handler will answer an error
   */
  begin(plan: KeyPlan, request: Request): boolean {
    this.#plan = plan;
    this.#group = 0;
    const { more } = plan;
    if (
      (more.length === 0 || this.#locateMore(more, request)) &&
      this.#locate(plan.first, request)
    ) {
      return true;
    }
    this.#group = more.length;
    this.#at = 1;
    this.#last = 0;
    return false;
  }

  /** The number of the next argument that is a key; 0 when there is none any more. */
  next(): number {
    const at = this.#at;
    if (at > this.#last) return this.#nextGroup();
    this.#at = at + this.#step;
    return at;
  }

  /** What the request does with the key that `next` found last, as `keyFlagBits`. */
  flags(request: Request): number {
    const { first, more } = this.#plan;
    const { flags, flagsOf } = this.#group === 0 ? first : more[this.#group - 1];
    return flagsOf === undefined ? flags : flagsOf(request);
  }

  #nextGroup(): number {
    const ranges = this.#ranges;
    while (this.#group < this.#plan.more.length) {
      const word = RANGE_WORDS * this.#group++;
      const first = ranges[word];
      this.#last = ranges[word + 1];
      this.#step = ranges[word + 2];
      this.#at = first + this.#step;
      if (first <= this.#last) return first;
    }
    this.#at = 1;
    this.#last = 0;
    return 0;
  }

  #locateMore(groups: readonly KeyGroup[], request: Request): boolean {
    const ranges = this.#ranges;
    for (let i = 0; i < groups.length; i++) {
      if (!this.#locate(groups[i], request)) return false;
      ranges[RANGE_WORDS * i] = this.#at;
      ranges[RANGE_WORDS * i + 1] = this.#last;
      ranges[RANGE_WORDS * i + 2] = this.#step;
    }
    return true;
  }

  /** Finds the range of a group. */
  #locate(group: KeyGroup, request: Request): boolean {
    const { kind, first } = group;
    const { count } = request;
    let { last } = group;
    if (kind === KEYS_IN_RANGE) {
      if (last < 0) last += count;
    } else if (kind === KEYS_NUMBERED) {
      const number = group.numberAt < count ? request.integer(group.numberAt) : 0;
      // Also when it is no number. Not even one as large as all arguments becomes a fraction below.
      if (!(number >= 1 && number < count)) return false;
      last = first + (number - 1) * group.step;
    } else {
      return this.#search(group, request);
    }
    this.#at = first;
    this.#last = last;
    this.#step = group.step;
    return first <= last && last < count;
  }

  #search({ search }: KeyGroup, request: Request): boolean {
    const found = this.#found;
    found.first = 1;
    found.last = 0;
    found.step = 1;
    const isWhole = search === undefined || search(request, found);
    this.#at = found.first;
    this.#last = found.last;
    this.#step = found.step;
    return isWhole;
  }
}
