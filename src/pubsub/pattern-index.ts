// Finds the patterns that match a channel without walking all of them: they are kept by the
// literal text that a channel must begin with to match.
//
//   pattern            kept as                        found for the channel "news:it:1"
//   "news:*"           prefix "news:"                 yes: looked up as its first 5 bytes
//   "news:\*"          exact "news:*"                 no
//   "n[ae]ws"          prefix "n"                     looked at, and does not match
//   "*:1"              prefix ""                      looked at, and matches
//
// A channel is looked up once for each length that prefixes have, and once as a whole. What is
// found is put to globMatch, which decides; the index only leaves out what cannot match.
import { globMatch } from '../protocol/glob.ts';
import type { Topic } from './topic.ts';

/** Longer prefixes are kept by their beginning: it bounds the look-ups for a long channel. */
const MAX_PREFIX = 64;

const NONE: readonly Topic[] = [];

/** See the head of this file. */
export class PatternIndex {
  readonly #exact = new Map<string, Set<Topic>>();
  readonly #byPrefix = new Map<string, Set<Topic>>();
  /** How many different prefixes have each length. */
  readonly #lengths = new Map<number, number>();
  #size = 0;
  /** What was asked for last, and found: publishers mostly repeat their channel. */
  #lastChannel: Buffer | undefined;
  #lastFound: readonly Topic[] = NONE;

  add(pattern: Topic): void {
    const { text, isExact } = literalOf(pattern.name);
    this.#lastChannel = undefined;
    this.#size++;
    const sets = isExact ? this.#exact : this.#byPrefix;
    const known = sets.get(text);
    if (known !== undefined) {
      known.add(pattern);
      return;
    }
    sets.set(text, new Set([pattern]));
    if (!isExact) this.#lengths.set(text.length, (this.#lengths.get(text.length) ?? 0) + 1);
  }

  remove(pattern: Topic): void {
    const { text, isExact } = literalOf(pattern.name);
    const sets = isExact ? this.#exact : this.#byPrefix;
    const known = sets.get(text);
    if (known === undefined || !known.delete(pattern)) return;
    this.#lastChannel = undefined;
    this.#size--;
    if (known.size > 0) return;
    sets.delete(text);
    if (isExact) return;
    const left = (this.#lengths.get(text.length) ?? 0) - 1;
    if (left > 0) this.#lengths.set(text.length, left);
    else this.#lengths.delete(text.length);
  }

  /** The patterns that match the channel in these bytes, in the order in which they came to be. */
  matching(bytes: Buffer, offset: number, length: number): readonly Topic[] {
    if (this.#size === 0) return NONE;
    const last = this.#lastChannel;
    if (last !== undefined && last.length === length) {
      if (bytes.compare(last, 0, length, offset, offset + length) === 0) return this.#lastFound;
    }
    this.#lastChannel = Buffer.from(bytes.subarray(offset, offset + length));
    this.#lastFound = this.#search(this.#lastChannel);
    return this.#lastFound;
  }

  #search(channel: Buffer): readonly Topic[] {
    const text = channel.toString('latin1');
    const found = [...(this.#exact.get(text) ?? NONE)];
    for (const length of this.#lengths.keys()) {
      if (length > text.length) continue;
      for (const pattern of this.#byPrefix.get(text.slice(0, length)) ?? NONE) {
        const { name } = pattern;
        if (globMatch(name, 0, name.length, channel, 0, channel.length, false)) found.push(pattern);
      }
    }
    return found.length > 1 ? found.sort((a, b) => a.order - b.order) : found;
  }
}

/** The literal text that everything which a pattern matches begins with, or consists of. */
function literalOf(pattern: Buffer): { text: string; isExact: boolean } {
  let text = '';
  for (let i = 0; i < pattern.length; i++) {
    let byte = pattern[i];
    if (byte === 0x2a || byte === 0x3f || byte === 0x5b || text.length === MAX_PREFIX) {
      return { text, isExact: false };
    }
    // A backslash at the end stands for itself.
    if (byte === 0x5c && i + 1 < pattern.length) byte = pattern[++i];
    text += String.fromCharCode(byte);
  }
  return { text, isExact: true };
}
