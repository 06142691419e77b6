// Finds the patterns that match a channel without walking all of them: patterns are indexed by the literal text with
// which a matching channel must begin.
//
//   pattern            indexed by                        found for the channel "news:it:1"
//   "news:*"           prefix "news:"                 found by the channel's first 5 bytes
//   "news:\*"          exact "news:*"                 no
//   "n[ae]ws"          prefix "n"                     tested, and does not match
//   "*:1"              prefix ""                      tested, and matches
//
// A channel is looked up once for each length that prefixes have, and once as a whole. What is
// found is tested by globMatch; the index only leaves out patterns that cannot match.
import { globMatch } from '../protocol/glob.ts';
import type { Topic } from './topic.ts';

/** Longer prefixes are cut to this many bytes: it bounds the look-ups for a long channel. */
const MAX_PREFIX = 64;

/** Longer channels are searched for each time. */
const MAX_REMEMBERED = 1024;

const NONE: readonly Topic[] = [];

/** The patterns with the same beginning: mostly one. */
type Patterns = Topic | Set<Topic>;

/** An index of patterns; see the head of this file. */
export class PatternIndex {
  readonly #exact = new Map<string, Patterns>();
  readonly #byPrefix = new Map<string, Patterns>();
  /** How many different prefixes have each length. */
  readonly #lengths = new Map<number, number>();
  #size = 0;
  /** The last channel and its patterns: publishers mostly repeat their channel. */
  #lastChannel: Buffer | undefined;
  #lastFound: readonly Topic[] = NONE;

  add(pattern: Topic): void {
    const { text, isExact } = literalOf(pattern.key);
    this.#lastChannel = undefined;
    this.#size++;
    const table = isExact ? this.#exact : this.#byPrefix;
    const known = table.get(text);
    if (known !== undefined) {
      if (known instanceof Set) known.add(pattern);
      else table.set(text, new Set([known, pattern]));
      return;
    }
    table.set(text, pattern);
    if (!isExact) this.#lengths.set(text.length, (this.#lengths.get(text.length) ?? 0) + 1);
  }

  remove(pattern: Topic): void {
    const { text, isExact } = literalOf(pattern.key);
    const table = isExact ? this.#exact : this.#byPrefix;
    const known = table.get(text);
    if (known === undefined) return;
    if (known instanceof Set ? !known.delete(pattern) : known !== pattern) return;
    this.#lastChannel = undefined;
    this.#size--;
    if (known instanceof Set && known.size > 0) return;
    table.delete(text);
    if (isExact) return;
    const left = (this.#lengths.get(text.length) ?? 0) - 1;
    if (left > 0) this.#lengths.set(text.length, left);
    else this.#lengths.delete(text.length);
  }

  /** The patterns that match the channel in these bytes, in the order in which they were created. */
  matching(bytes: Buffer, offset: number, length: number): readonly Topic[] {
    if (this.#size === 0) return NONE;
    const last = this.#lastChannel;
    if (last !== undefined && last.length === length) {
      if (bytes.compare(last, 0, length, offset, offset + length) === 0) return this.#lastFound;
    }
    const channel = Buffer.from(bytes.subarray(offset, offset + length));
    const found = this.#search(channel);
    if (length > MAX_REMEMBERED) return found;
    this.#lastChannel = channel;
    this.#lastFound = found;
    return found;
  }

  #search(channel: Buffer): readonly Topic[] {
    const text = channel.toString('latin1');
    const found = [...listOf(this.#exact.get(text))];
    for (const length of this.#lengths.keys()) {
      if (length > text.length) continue;
      for (const topic of listOf(this.#byPrefix.get(text.slice(0, length)))) {
        if (globMatch(topic.pattern, channel, false)) found.push(topic);
      }
    }
    return found.length > 1 ? found.sort((a, b) => a.order - b.order) : found;
  }
}

function listOf(patterns: Patterns | undefined): Iterable<Topic> {
  if (patterns === undefined) return NONE;
  return patterns instanceof Set ? patterns : [patterns];
}

/** The literal text that everything which a pattern matches begins with, or consists of. */
function literalOf(pattern: string): { text: string; isExact: boolean } {
  const literal: number[] = [];
  let isExact = true;
  for (let i = 0; i < pattern.length; i++) {
    let byte = pattern.charCodeAt(i);
    if (byte === 0x2a || byte === 0x3f || byte === 0x5b || literal.length === MAX_PREFIX) {
      isExact = false;
      break;
    }
    // A backslash at the end stands for itself.
    if (byte === 0x5c && i + 1 < pattern.length) byte = pattern.charCodeAt(++i);
    literal.push(byte);
  }
  // Copied to one flat string: V8 keeps text that grows character by character as a tree of pieces.
  return { text: String.fromCharCode(...literal), isExact };
}
