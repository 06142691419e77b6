// The options of a command, declared once: which words there are, what follows each, which exclude one another.
// Reading them allocates nothing; a table keeps what the last request gave, and its handler reads that before it
// returns. A test holds the words equal to those of the row's `syntax`.
import type { Call } from './call.ts';
import { SYNTAX } from './errors.ts';

/** One option. */
export interface OptionRule {
  /** As requests have it, in lower case. */
  readonly word: string;
  /** How many arguments follow that belong to it; 'rest': all that there are, maybe none. */
  readonly values?: 0 | 1 | 2 | 'rest';
  /** Whether they are secrets, which nobody is to see in a log. */
  readonly areSecrets?: boolean;
  /** Options that must not come before it; it may itself come again unless it is one, and the last one counts. */
  readonly excludes?: readonly string[];
  /** What is wrong with its values, of which argument i is the first: the text of an error, or undefined. */
  readonly problem?: (call: Call, i: number) => string | undefined;
}

/** How options are read beyond that. */
export interface OptionForm {
  /** The error for argument i, which is no option, or one in a wrong place; SYNTAX by default. */
  readonly unknown?: (call: Call, i: number) => string;
}

/** A bit for each option. */
const MAX_OPTIONS = 31;

/** The options of one command; see the head of this file. */
export class OptionTable {
  /** Bits of the options that were given last. */
  given = 0;
  readonly words: readonly string[];
  readonly #rules: readonly OptionRule[];
  /** By option: the bits of those that exclude it. */
  readonly #excluded: readonly number[];
  /** By option: where its value is, if it was given. */
  readonly #valuesAt: Int32Array;
  readonly #unknown: OptionForm['unknown'];

  constructor(rules: readonly OptionRule[], { unknown }: OptionForm = {}) {
    if (rules.length > MAX_OPTIONS) throw new Error(`more than ${MAX_OPTIONS} options`);
    this.#rules = rules;
    this.words = rules.map(({ word }) => word);
    this.#excluded = rules.map(({ excludes = [] }) => this.bits(...excludes));
    this.#valuesAt = new Int32Array(rules.length);
    this.#unknown = unknown;
  }

  /** The bits of options, for `has` and `valueAt`: to be asked when a module is loaded. @throws Error */
  bits(...words: readonly string[]): number {
    let bits = 0;
    for (const word of words) {
      const index = this.words.indexOf(word);
      if (index < 0) throw new Error(`there is no option ${word}`);
      bits |= 1 << index;
    }
    return bits;
  }

  /** Whether an option was given, or one of several. */
  has(bits: number): boolean {
    return (this.given & bits) !== 0;
  }

  /** The argument that holds the (first) value of the first of some options that was given; 0 when none was. */
  valueAt(bits: number): number {
    const given = this.given & bits;
    return given === 0 ? 0 : this.#valuesAt[31 - Math.clz32(given & -given)];
  }

  /** Reads the options from argument `from` to the last; false after answering an error. */
  read(call: Call, from: number): boolean {
    const { request } = call;
    this.given = 0;
    for (let i = from; i < request.count; i++) {
      const index = this.#find(call, i);
      if (index < 0 || (this.given & this.#excluded[index]) !== 0) return this.#refuse(call, i);
      const { values = 0, areSecrets = false, problem } = this.#rules[index];
      this.given |= 1 << index;
      if (values === 0) continue;
      const count = values === 'rest' ? request.count - 1 - i : values;
      if (i + count >= request.count) return this.#refuse(call, i);
      this.#valuesAt[index] = i + 1;
      if (areSecrets) for (let k = 1; k <= count; k++) request.redact(i + k);
      const text = problem?.(call, i + 1);
      if (text !== undefined) {
        call.reply.error(text);
        return false;
      }
      i += count;
    }
    return true;
  }

  #find({ request }: Call, i: number): number {
    const { words } = this;
    for (let k = 0; k < words.length; k++) if (request.is(i, words[k])) return k;
    return -1;
  }

  #refuse(call: Call, i: number): false {
    call.reply.error(this.#unknown?.(call, i) ?? SYNTAX);
    return false;
  }
}
