// The options of SET and GETEX, most of which are about when the key expires.
import type { Call } from '../../core/call.ts';
import { EPOCH_MS, futureTimeMs, MILLISECONDS, SECONDS } from '../../core/expiry-time.ts';
import { type OptionRule, OptionTable } from '../../core/options.ts';

const WITH_TIME = ['ex', 'px', 'exat', 'pxat'];

/** The rules for EX, PX, EXAT, PXAT and `others`, of which only one may be given. */
function expiryRules(...others: readonly string[]): readonly OptionRule[] {
  const all = [...others, ...WITH_TIME];
  return all.map((word) => ({
    word,
    values: WITH_TIME.includes(word) ? 1 : 0,
    excludes: all.filter((other) => other !== word),
  }));
}

export const SET_OPTIONS = new OptionTable([
  { word: 'nx', excludes: ['xx'] },
  { word: 'xx', excludes: ['nx'] },
  { word: 'get' },
  ...expiryRules('keepttl'),
]);

export const GETEX_OPTIONS = new OptionTable(expiryRules('persist'));

/** Reads of one table the time that its options specify. */
export class ExpiryOption {
  readonly #options: OptionTable;
  readonly #times: number;
  readonly #absolute: number;
  readonly #seconds: number;

  constructor(options: OptionTable) {
    this.#options = options;
    this.#times = options.bits(...WITH_TIME);
    this.#absolute = options.bits('exat', 'pxat');
    this.#seconds = options.bits('ex', 'exat');
  }

  /** Whether one was given. */
  get isGiven(): boolean {
    return this.#options.has(this.#times);
  }

  /** Whether it specifies a time and not a distance. */
  get isAbsolute(): boolean {
    return this.#options.has(this.#absolute);
  }

  /**
   * The expiry that it specifies.
   * @returns ms since the epoch, or -1 after answering an error
   */
  timeMs(call: Call, command: string): number {
    const at = this.#options.valueAt(this.#times);
    const unitMs = this.#options.has(this.#seconds) ? SECONDS : MILLISECONDS;
    const baseMs = this.isAbsolute ? EPOCH_MS : call.server.keyspace.nowMs;
    return futureTimeMs(call, command, at, unitMs, baseMs);
  }
}
