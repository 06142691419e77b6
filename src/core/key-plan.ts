// The keys of a command's requests, compiled: when the command table is built, each key spec of a row
// (key-specs.ts) becomes a few integers, or code that searches where integers do not suffice. KeyCursor
// (key-cursor.ts) walks over the keys of a request by them. Whoever needs keys uses this: the log's
// dependencies, client-side caching, prefetching, COMMAND GETKEYS.
import type { Request } from '../protocol/request.ts';
import { type KeySearcher, keySearcher } from './key-search.ts';
import { type KeySpec, keyFlagBits } from './key-specs.ts';

/** How a group's keys are found. */
export const NO_KEYS = 0;
/** Arguments `first` to `last`, every `step`-th. */
export const KEYS_IN_RANGE = 1;
/** As many as argument `numberAt` specifies, from `first` on, every `step`-th. */
export const KEYS_NUMBERED = 2;
/** By code: `search`. */
export const KEYS_SEARCHED = 3;
export type KeyGroupKind =
  | typeof NO_KEYS
  | typeof KEYS_IN_RANGE
  | typeof KEYS_NUMBERED
  | typeof KEYS_SEARCHED;

/** The most key specs of a command; Redis has none with more than 3. */
export const MAX_KEY_GROUPS = 8;

/** More arguments than a request can have. */
const ANY_NUMBER = 0x7fffffff;

/** The keys of one key spec. Numbers that its kind does not use are 0. */
export class KeyGroup {
  readonly kind: KeyGroupKind;
  readonly first: number;
  /** Negative: counted from the end, -1 being the last argument. */
  readonly last: number;
  readonly step: number;
  readonly numberAt: number;
  /** What the command does with these keys, as `keyFlagBits`. */
  readonly flags: number;
  /** The same for one request, where it depends. */
  readonly flagsOf: ((request: Request) => number) | undefined;
  readonly search: KeySearcher | undefined;

  /** @param spec undefined for a group without keys */
  constructor(spec: KeySpec | undefined) {
    this.kind = kindOf(spec);
    const index = spec?.search.kind === 'index' ? spec.search.index : 0;
    let first = 0;
    let last = 0;
    let numberAt = 0;
    if (this.kind === KEYS_IN_RANGE && spec?.extent.kind === 'range') {
      const { lastKey } = spec.extent;
      first = index;
      last = lastKey < 0 ? lastKey : index + lastKey;
    } else if (this.kind === KEYS_NUMBERED && spec?.extent.kind === 'keynum') {
      first = index + spec.extent.firstKey;
      numberAt = index + spec.extent.keyNumIndex;
    }
    this.first = first;
    this.last = last;
    this.step = first === 0 || spec?.extent.kind === 'unknown' ? 0 : (spec?.extent.step ?? 0);
    this.numberAt = numberAt;
    this.flags = keyFlagBits(...(spec?.flags ?? []));
    this.flagsOf = spec?.flagsOf;
    this.search = spec === undefined || this.kind !== KEYS_SEARCHED ? undefined : keySearcher(spec);
  }

  /** Whether it can have any number of keys, which need no search. */
  get isOpen(): boolean {
    return this.kind === KEYS_NUMBERED || (this.kind === KEYS_IN_RANGE && this.last < 0);
  }
}

/** The keys of a command; see the head of this file. */
export class KeyPlan {
  /** The keys of the first key spec, and of the others, in their order. */
  readonly first: KeyGroup;
  readonly more: readonly KeyGroup[];
  /** Whether requests can have keys at all. */
  readonly hasKeys: boolean;
  /** Whether these are all keys that a command looks at: not so if it may look at any, or has hidden ones. */
  readonly isExact: boolean;
  /**
   * Requests with more arguments than this may have several keys, and any number of them, each standing
   * behind those before it: worth to be prefetched together.
   */
  readonly severalAbove: number;

  /** @throws RangeError when there are more key specs than MAX_KEY_GROUPS */
  constructor(specs: readonly KeySpec[]) {
    if (specs.length > MAX_KEY_GROUPS) {
      throw new RangeError(`a command with ${specs.length} key specs`);
    }
    this.first = new KeyGroup(specs[0]);
    this.more = specs.slice(1).map((spec) => new KeyGroup(spec));
    this.hasKeys = specs.length > 0;
    this.isExact = specs.length > 0 && specs.every(findsAll);
    this.severalAbove = severalAbove(this.first, this.more);
  }
}

/** Whether what a spec names are keys; otherwise they only have a slot, as keys have: shard channels. */
export function namesKeys({ flags }: KeySpec): boolean {
  return !flags.includes('not_key');
}

function findsAll({ flags, search, locate }: KeySpec): boolean {
  return locate !== undefined || !(flags.includes('incomplete') || search.kind === 'unknown');
}

function kindOf(spec: KeySpec | undefined): KeyGroupKind {
  if (spec === undefined) return NO_KEYS;
  const { search, extent, locate } = spec;
  if (locate !== undefined || search.kind !== 'index') return KEYS_SEARCHED;
  if (extent.kind === 'unknown') return KEYS_SEARCHED;
  if (extent.kind === 'keynum') return KEYS_NUMBERED;
  return extent.lastKey >= 0 || extent.limit === 0 ? KEYS_IN_RANGE : KEYS_SEARCHED;
}

function severalAbove(first: KeyGroup, more: readonly KeyGroup[]): number {
  if (!isInOrder([first, ...more])) return ANY_NUMBER;
  if (more.length > 0) return more[more.length - 1].isOpen ? 0 : ANY_NUMBER;
  if (!first.isOpen) return ANY_NUMBER;
  // That is where a second key can be, and what must follow it.
  return first.first + first.step - (first.last < 0 ? first.last + 1 : 0);
}

/** Whether each key surely stands behind those before it. */
function isInOrder(groups: readonly KeyGroup[]): boolean {
  return groups.every(({ kind, first }, i) => {
    if (kind !== KEYS_IN_RANGE && kind !== KEYS_NUMBERED) return false;
    const previous = groups[i - 1];
    return previous === undefined || (!previous.isOpen && previous.last < first);
  });
}
