// Which clients follow which prefixes of keys (the mode BCAST), and the keys under each prefix that
// were modified since the clients were told last. Prefixes and keys have one character a byte here,
// so comparing strings orders them by their bytes.
//
// A modified key is looked up once for each length that prefixes have, however many there are. Most
// keys have none of them, which their first byte often tells.
import { Invalidation } from './invalidation.ts';
import { NO_LOOP, type Tracker } from './tracker.ts';

interface Prefix {
  readonly trackers: Set<Tracker>;
  /** Modified keys, each with the client that modified it last; undefined: none did, it expired. */
  readonly modified: Map<string, object | undefined>;
}

/** Hands an invalidation to a tracker. */
export type Deliver = (tracker: Tracker, invalidation: Invalidation) => void;

/** The prefixes and their followers; see the head of this file. */
export class PrefixTable {
  readonly #prefixes = new Map<string, Prefix>();
  /** How many prefixes have each length. */
  readonly #lengths = new Map<number, number>();
  /** How many prefixes begin with each byte; the empty one counts for all of them. */
  readonly #firstBytes = new Uint32Array(256);

  /** Number of prefixes. */
  get size(): number {
    return this.#prefixes.size;
  }

  /** Has a tracker follow a prefix, if it does not yet. */
  follow(tracker: Tracker, text: string): void {
    let prefix = this.#prefixes.get(text);
    if (prefix === undefined) {
      prefix = { trackers: new Set(), modified: new Map() };
      this.#prefixes.set(text, prefix);
      this.#count(text, 1);
    }
    prefix.trackers.add(tracker);
    tracker.prefixes.add(text);
  }

  /** Has a tracker follow nothing any more. */
  leave(tracker: Tracker): void {
    for (const text of tracker.prefixes) {
      const prefix = this.#prefixes.get(text);
      prefix?.trackers.delete(tracker);
      if (prefix === undefined || prefix.trackers.size > 0) continue;
      this.#prefixes.delete(text);
      this.#count(text, -1);
    }
    tracker.prefixes.clear();
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
      prefix.modified.set(key, modifier);
      found = true;
    }
    return found;
  }

  /** Tells the followers of each prefix, in the order of the prefixes, of all that was noted. */
  broadcast(deliver: Deliver): void {
    const changed = [...this.#prefixes].filter(([, { modified }]) => modified.size > 0);
    changed.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [, { trackers, modified }] of changed) {
      const keys = [...modified.keys()].sort();
      const everything = Invalidation.ofAll(keys);
      for (const tracker of trackers) {
        if (!tracker.has(NO_LOOP)) {
          deliver(tracker, everything);
          continue;
        }
        const others = keys.filter((key) => modified.get(key) !== tracker.client);
        if (others.length > 0) deliver(tracker, Invalidation.ofAll(others));
      }
      modified.clear();
    }
  }
}

/** Two prefixes that a client may not follow both, as some keys have the one and the other. */
export interface Overlap {
  readonly prefix: string;
  readonly other: string;
  /** Whether it follows the other one already. */
  readonly existing: boolean;
}

/**
 * The first overlap of new prefixes with those that a client follows already, or with each other.
 * @param existing in any order; it is looked at in the order of the bytes
 */
export function findOverlap(
  existing: Iterable<string>,
  prefixes: readonly string[],
): Overlap | undefined {
  const known = [...existing].sort();
  for (const [i, prefix] of prefixes.entries()) {
    const before = known.find((other) => overlap(prefix, other));
    if (before !== undefined) return { prefix, other: before, existing: true };
    const beside = prefixes.slice(i + 1).find((other) => overlap(prefix, other));
    if (beside !== undefined) return { prefix, other: beside, existing: false };
  }
  return undefined;
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
