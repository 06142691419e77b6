// What the clients of the kill test do to streams and their groups: nothing of which a log says less than there is, as
// Redis's says less. What it leaves out: how often a consumer has asked again for its entries, a consumer that found
// nothing, and which of the entries behind LASTID a group has read.
import { anyOfType, type Comparer, exact } from '../support/comparers.ts';
import type { Random } from '../support/random.ts';
import { StreamCommands } from '../support/random-streams.ts';
import { anyTimes } from '../support/stream-replies.ts';

const KEYS = 4;
const GENERIC_SHARE = 0.04;
const CONTAINERS = new Set(['xgroup', 'xinfo']);

/** A command, and how its reply is compared. */
export interface StreamStep {
  readonly name: string;
  readonly args: readonly (string | Buffer)[];
  readonly comparer: Comparer;
}

/** See the head of this file. */
export class StreamSteps {
  readonly #random: Random;
  readonly #commands: StreamCommands;

  constructor(random: Random) {
    this.#random = random;
    this.#commands = new StreamCommands(random);
  }

  /** The next command. */
  next(): StreamStep {
    const words = this.#random.chance(GENERIC_SHARE) ? this.#generic() : this.#onStreams();
    const name = words[0].toLowerCase();
    const fullName = CONTAINERS.has(name) ? `${name}|${words[1].toLowerCase()}` : name;
    // Keys in the form of the other commands.
    const args = words.map((word) => word.replace(/^s(\d)$/, 'stream:$1'));
    return { name: fullName, args, comparer: comparerOf(fullName) };
  }

  /** Adds an entry with a long value. */
  large(value: Buffer): (string | Buffer)[] {
    const id = this.#commands.id(this.#random).replace(/-.*/, '');
    return ['XADD', `stream:${this.#random.integer(1, KEYS)}`, `${id}-*`, 'long', value];
  }

  #generic(): readonly string[] {
    const [from, to] = [this.#random.integer(1, KEYS), this.#random.integer(1, KEYS)];
    return this.#random.chance(0.7)
      ? ['COPY', `s${from}`, `s${to}`, 'REPLACE']
      : ['RENAME', `s${from}`, `s${to}`];
  }

  #onStreams(): readonly string[] {
    const words = this.#commands.nextChange();
    const [name, key] = words;
    if (name === 'XADD') {
      const id = words.find((word) => /^\d+-\d+$/.test(word));
      if (id !== undefined) this.#commands.added(key, id);
    } else if (name === 'XREADGROUP') {
      const ids = (words.length - words.indexOf('STREAMS') - 1) / 2;
      return words.map((word, i) => (i < words.length - ids ? word : '>'));
    } else if (name === 'XCLAIM') {
      const at = words.indexOf('LASTID');
      return at === -1 ? words : words.toSpliced(at, 2);
    }
    return words;
  }
}

function comparerOf(name: string): Comparer {
  if (name === 'xpending') return anyTimes;
  // A consumer that found nothing is not in the log.
  return name === 'xgroup|createconsumer' ? anyOfType : exact;
}
