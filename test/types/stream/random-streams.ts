// Commands at random that make and change a stream: fields that are the same and others, integers of every width, ids
// near and far, entries that are removed and trimmed.
import type { Random } from '../../support/random.ts';
import type { Line } from '../conformance/fixture.ts';

const MAX = 2n ** 64n - 1n;
const INTEGERS = [
  ...['0', '-1', '127', '128', '-4096', '4096', '-32768', '32768', '8388607', '-8388609'],
  ...['2147483647', '-2147483649', '9007199254740991', '9007199254740993', '-9007199254740992'],
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775808', '-9223372036854775809'],
  ...['-0', '01', '+1', '1.5', '-', '', '99999999999999999999', '1234567890123456789'],
];

/** The commands; each call of `next` tells one. */
export class RandomStream {
  readonly #random: Random;
  readonly #key: string;
  readonly #longest: number;
  readonly #ids: (readonly [ms: bigint, seq: bigint])[] = [];
  #last: readonly [ms: bigint, seq: bigint];

  /** @param longest bytes of the longest values */
  constructor(random: Random, key: string, longest = 300) {
    this.#random = random;
    this.#key = key;
    this.#longest = longest;
    const start = random.pick([0n, 1n, 1_700_000_000_000n, 2n ** 53n - 2n, 2n ** 63n - 3n]);
    this.#last = [start, random.pick([0n, 1n, 2n ** 32n - 2n, 2n ** 63n - 2n])];
  }

  /** The next command. */
  next(): Line {
    const random = this.#random;
    const kind = random.integer(0, 19);
    const key = this.#key;
    if (kind < 14) return this.add();
    if (kind < 18 && this.#ids.length > 0) {
      const ids = Array.from({ length: random.integer(1, 3) }, () => random.pick(this.#ids));
      return ['XDEL', key, ...ids.map(textOf)];
    }
    if (kind === 18) {
      const operator = random.pick(['~', '=']);
      const keep = Math.floor(this.#ids.length * random.next());
      return ['XTRIM', key, 'MAXLEN', operator, String(keep)];
    }
    if (this.#ids.length === 0) return this.add();
    const minId = random.pick(this.#ids.slice(0, 30));
    return ['XTRIM', key, 'MINID', random.pick(['~', '=']), textOf(minId)];
  }

  /** Ids of up to so many entries that were added, at least one. */
  someIds(most: number): string[] {
    const count = this.#random.integer(1, most);
    return Array.from({ length: count }, () => textOf(this.#random.pick(this.#ids)));
  }

  /** A command that adds an entry. */
  add(): Line {
    const random = this.#random;
    this.#last = this.#nextId();
    this.#ids.push(this.#last);
    const pairs = random.chance(0.3)
      ? Array.from({ length: random.integer(1, 6) }, () => [this.#field(), this.#value()])
      : [
          ['name', this.#value()],
          ['12', random.pick(INTEGERS)],
        ];
    return ['XADD', this.#key, textOf(this.#last), ...pairs.flat()];
  }

  #nextId(): readonly [bigint, bigint] {
    const random = this.#random;
    const [ms, seq] = this.#last;
    const by = random.pick([1n, 1n, 200n, 300n, 70_000n, 2n ** 33n, 2n ** 54n]);
    if (random.chance(0.4) && seq + by <= MAX) return [ms, seq + (random.chance(0.8) ? 1n : by)];
    const later = ms + (random.chance(0.02) ? by : 1n + BigInt(random.integer(0, 400)));
    const isSimple = random.chance(0.7);
    return [later, isSimple ? 0n : random.pick([5n, 2n ** 32n, 2n ** 60n])];
  }

  #field(): string {
    const random = this.#random;
    return random.chance(0.2) ? random.pick(INTEGERS) : 'abcdef'.slice(0, random.integer(0, 6));
  }

  #value(): string {
    const random = this.#random;
    if (random.chance(0.3)) return random.pick(INTEGERS);
    const isLong = random.chance(0.05);
    const text = random.pick(['x', 'some text ', `${random.integer(0, 1e9)}.`]);
    const repeated = text.repeat(1 + (isLong ? Math.floor(this.#longest / text.length) : 3));
    return repeated.slice(0, random.integer(0, isLong ? this.#longest : 24));
  }
}

function textOf([ms, seq]: readonly [bigint, bigint]): string {
  return `${ms}-${seq}`;
}
