// Which clients follow which prefixes of keys (the mode BCAST), and the keys under each prefix that
// were modified since the clients were notified last. Prefixes and keys have one character a byte here,
// so comparing strings orders them by their bytes.
//
// A modified key is looked up once for each length that prefixes have, however many there are. Most
// keys have none of them, which their first byte often shows.
import { Invalidation } from './invalidation.ts';
import type { SortedTexts } from './sorted-texts.ts';
import { NO_LOOP, type Tracker } from './tracker.ts';

/** Most bytes of heap that following a prefix takes, besides its text. */
const PREFIX_BYTES = 220;
/** Most bytes of heap that a modified key takes until it is broadcast, besides its text. */
const MODIFIED_BYTES = 120;

/** Prefixes that one step of `forget` removes. */
const STEP_PREFIXES = 200;

interface Prefix {
  /** The followers: mostly one. */
  trackers: Tracker | Set<Tracker>;
  /**
   * Modified keys, each with the client that modified it last, or undefined if it expired. Undefined while there are
   * none.
   */
  modified: Map<string, object | undefined> | undefined;
}

/** Hands an invalidation to a tracker. */
export type Deliver = (tracker: Tracker, invalidation: Invalidation) => void;

/** The prefixes and their followers; see the head of this file. */
export class PrefixTable {
  /** Bytes of heap of the keys noted since the last broadcast. */
  notedBytes = 0;
  readonly #prefixes = new Map<string, Prefix>();
  /** How many prefixes have each length. */
  readonly #lengths = new Map<number, number>();
  /** How many prefixes begin with each byte; the empty one counts for all of them. */
  readonly #firstBytes = new Uint32Array(256);
  /** Those with modified keys. */
  readonly #changed = new Map<string, Prefix>();

  /** Number of prefixes. */
  get size(): number {
    return this.#prefixes.size;
  }

  /** Adds a tracker to prefixes that it does not follow yet, and that do not overlap. */
  follow(tracker: Tracker, texts: readonly string[]): void {
    let bytes = 0;
    for (const text of texts) {
      const prefix = this.#prefixes.get(text);
      if (prefix === undefined) {
        this.#prefixes.set(text, { trackers: tracker, modified: undefined });
        this.#count(text, 1);
      } else if (prefix.trackers instanceof Set) {
        prefix.trackers.add(tracker);
      } else {
        prefix.trackers = new Set([prefix.trackers, tracker]);
      }
      tracker.prefixes.insert(text);
      bytes += prefixBytes(text.length);
    }
    tracker.client.charge(bytes);
  }

  /** Removes a tracker from all its prefixes. */
  leave(tracker: Tracker): void {
    let bytes = 0;
    for (const text of tracker.prefixes) {
      bytes += prefixBytes(text.length);
      this.#leave(tracker, text);
    }
    tracker.prefixes.clear();
    tracker.client.charge(-bytes);
  }

  /**
   * Removes the tracker of a disconnected client, to which no memory is charged any more, from all its prefixes:
   * each call of the returned function does some of them, and returns whether all are done.
   */
  forget(tracker: Tracker): () => boolean {
    const left = tracker.prefixes.take();
    return () => {
      for (let i = 0; i < STEP_PREFIXES; i++) {
        const next = left.next();
        if (next.done) return true;
        this.#leave(tracker, next.value);
      }
      return false;
    };
  }

  #leave(tracker: Tracker, text: string): void {
    const prefix = this.#prefixes.get(text);
    if (prefix === undefined) return;
    if (prefix.trackers instanceof Set) {
      prefix.trackers.delete(tracker);
      if (prefix.trackers.size > 0) return;
    }
    this.#prefixes.delete(text);
    this.#changed.delete(text);
    this.#count(text, -1);
  }

  #count(text: string, change: 1 | -1): void {
    const left = (this.#lengths.get(text.length) ?? 0) + change;
    if (left > 0) this.#lengths.set(text.length, left);
    else this.#lengths.delete(text.length);
    if (text === '') for (let byte = 0; byte < 256; byte++) this.#firstBytes[byte] += change;
    else this.#firstBytes[text.charCodeAt(0)] += change;
  }

  /** Whether a key with these bytes may have a prefix that is followed. */
  mayHave(bytes: Uint8Array, offset: number, length: number): boolean {
    if (this.#prefixes.size === 0) return false;
    return length === 0 ? this.#prefixes.has('') : this.#firstBytes[bytes[offset]] > 0;
  }

  /**
   * Notes a modified key under all its prefixes.
   * @param modifier the client that did it
   * @returns whether it has any
   */
  note(key: string, modifier: object | undefined): boolean {
    let found = false;
    for (const length of this.#lengths.keys()) {
      if (length > key.length) continue;
      const prefix = this.#prefixes.get(key.slice(0, length));
      if (prefix === undefined) continue;
      if (prefix.modified === undefined) {
        prefix.modified = new Map();
        this.#changed.set(key.slice(0, length), prefix);
      }
      prefix.modified.set(key, modifier);
      this.notedBytes += MODIFIED_BYTES + key.length;
      found = true;
    }
    return found;
  }

  /** Notifies the followers of each prefix of all noted keys, in the order of the prefixes. */
  broadcast(deliver: Deliver): void {
    const changed = [...this.#changed].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#changed.clear();
    this.notedBytes = 0;
    for (const [, prefix] of changed) {
      const { trackers, modified } = prefix;
      if (modified === undefined) continue;
      prefix.modified = undefined;
      const keys = [...modified.keys()].sort();
      const everything = Invalidation.ofAll(keys);
      for (const tracker of trackers instanceof Set ? trackers : [trackers]) {
        if (!tracker.has(NO_LOOP)) {
          deliver(tracker, everything);
          continue;
        }
        const others = keys.filter((key) => modified.get(key) !== tracker.client);
        if (others.length > 0) deliver(tracker, Invalidation.ofAll(others));
      }
    }
  }
}

/** Most bytes of heap that following a prefix of this many bytes takes. */
export function prefixBytes(textBytes: number): number {
  return PREFIX_BYTES + textBytes;
}

/** Two prefixes that a client may not both follow, as one is the beginning of the other. */
export interface Overlap {
  readonly prefix: string;
  readonly other: string;
  /** Whether it follows the other one already. */
  readonly existing: boolean;
}

/**
 * The first overlap of new prefixes with those that a client follows already, or with each other, in
 * their order; of several that a prefix overlaps with, an existing one, and the first by its bytes, or
 * the next of the new ones.
 */
export function findOverlap(
  existing: SortedTexts | undefined,
  prefixes: readonly string[],
): Overlap | undefined {
  const overlaps = overlapsAmong(prefixes);
  for (const [i, prefix] of prefixes.entries()) {
    const before = existing?.overlapping(prefix);
    if (before !== undefined) return { prefix, other: before, existing: true };
    if (overlaps[i] === 0) continue;
    // One before it would have been found with this one.
    const beside = prefixes.slice(i + 1).find((other) => overlap(prefix, other));
    if (beside !== undefined) return { prefix, other: beside, existing: false };
  }
  return undefined;
}

/** Which of the prefixes overlap with others: not 0. */
function overlapsAmong(prefixes: readonly string[]): Uint8Array {
  const found = new Uint8Array(prefixes.length);
  const order = prefixes.map((_, i) => i);
  order.sort((i, j) => compare(prefixes[i], prefixes[j]));
  // In the order of the bytes, what begins with a text follows it: these are the beginnings of the present one.
  const beginnings: number[] = [];
  for (const i of order) {
    let last = beginnings.at(-1);
    while (last !== undefined && !prefixes[i].startsWith(prefixes[last])) {
      beginnings.pop();
      last = beginnings.at(-1);
    }
    if (last !== undefined) {
      found[last] = 1;
      found[i] = 1;
    }
    beginnings.push(i);
  }
  return found;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
