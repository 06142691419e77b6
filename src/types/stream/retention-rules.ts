// The rules of all streams that have one (retention-rule.ts), off the heap. The word RETENTION of a stream's root leads to
// its rule:
//
//   rule, word 0       1             2 … 3            4 … 5             6            7     8 … 9
//     [ what is set ][ key's hash ][ most entries ][ greatest age ][ place      ][ – ][ most bytes ]
//                                    a double         a double        among all         a double
//
// All rules are in a heap by when their stream is to be looked at, so that work in the background touches only streams
// that may have too much: a stream without entries to be trimmed is looked at when its first entry will be too old, or
// after an entry was added that is one too many. The way back from a rule to its stream is the hash of its key, as for
// timers of fields (../hash/field-timers.ts).
import { ExpiryHeap, HEAP_POSITION_WORD } from '../../keyspace/expiry-heap.ts';
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import { classOf } from '../../memory/size-classes.ts';
import { coldBytes } from './cold-root.ts';
import { blockWord, type IdBlocks, setBlockWord } from './id-blocks.ts';
import {
  flagsOf,
  HAS_AGE,
  HAS_BYTES,
  HAS_LENGTH,
  KEEPS_UNREAD,
  type RetentionRule,
} from './retention-rule.ts';
import { StreamId } from './stream-id.ts';
import { FIRST_ID, loadRootId, RETENTION, rootBytes, rootLength } from './stream-root.ts';

const FLAGS = 0;
const KEY_HASH = 1;
/** Doubles of a rule. */
const MAX_LENGTH = 1;
const MAX_AGE = 2;
const MAX_BYTES = 4;
const RULE_CLASS = classOf(4 * 10);
/** The place of a rule that is not among all: nobody can find its stream any more. */
const NOWHERE = -1;
/** The time of a stream that has too much: it is looked at next. */
const AT_ONCE = 0;
const NEVER = Number.POSITIVE_INFINITY;

/** Bytes of all blocks of entries of a stream, wherever these are. */
export function streamBytes(arena: Arena, root: number): number {
  return rootBytes(arena, root) + coldBytes(arena, root);
}

/** The rules of an arena; see the head of this file. */
export class RetentionRules {
  readonly #arena: Arena;
  readonly #index: IdBlocks;
  readonly #all: ExpiryHeap;
  readonly #id = new StreamId();

  constructor(arena: Arena, index: IdBlocks) {
    this.#arena = arena;
    this.#index = index;
    this.#all = new ExpiryHeap(arena);
  }

  // ── The rule of a stream ────────────────────────────────────────────────────────────────────

  /** What leads to the rule of a stream; 0: it has none. */
  of(root: number): number {
    return blockWord(this.#arena, root, RETENTION);
  }

  /** The rule of a stream; undefined: it has none. */
  read(root: number): RetentionRule | undefined {
    const rule = this.of(root);
    if (rule === 0) return undefined;
    const flags = blockWord(this.#arena, rule, FLAGS);
    const limit = (bit: number, double: number) =>
      (flags & bit) !== 0 ? this.#double(rule, double) : undefined;
    return {
      maxLength: limit(HAS_LENGTH, MAX_LENGTH),
      maxAgeMs: limit(HAS_AGE, MAX_AGE),
      maxBytes: limit(HAS_BYTES, MAX_BYTES),
      keepsUnread: (flags & KEEPS_UNREAD) !== 0,
    };
  }

  /**
   * Gives a stream a rule, in the place of one that it may have.
   * @param keyHash the hash of its key
   * @throws ArenaFullError, before anything has changed
   */
  set(root: number, limits: RetentionRule, keyHash: number): void {
    const rule = this.of(root) === 0 ? this.#create(root) : this.of(root);
    const { maxLength = 0, maxAgeMs = 0, maxBytes = 0 } = limits;
    this.#setDouble(rule, MAX_LENGTH, maxLength);
    this.#setDouble(rule, MAX_AGE, maxAgeMs);
    this.#setDouble(rule, MAX_BYTES, maxBytes);
    setBlockWord(this.#arena, rule, FLAGS, flagsOf(limits));
    setBlockWord(this.#arena, rule, KEY_HASH, keyHash);
    this.schedule(rule, AT_ONCE);
  }

  /** Makes a rule that is among all, its content undefined. */
  #create(root: number): number {
    const arena = this.#arena;
    const rule = arena.allocate(RULE_CLASS);
    try {
      this.#all.add(rule, AT_ONCE);
    } catch (error) {
      arena.free(rule, RULE_CLASS);
      throw error;
    }
    setBlockWord(arena, root, RETENTION, rule);
    return rule;
  }

  /** Takes the rule of a stream away; returns whether there was one. */
  remove(root: number): boolean {
    const rule = this.of(root);
    if (rule === 0) return false;
    this.withdraw(rule);
    setBlockWord(this.#arena, root, RETENTION, 0);
    this.#arena.free(rule, RULE_CLASS);
    return true;
  }

  /** Copies the rule of a stream, if it has one, to a stream that has none. @throws ArenaFullError, as `set` */
  copy(from: number, to: number): void {
    const rule = this.read(from);
    // Until `renamed` says which key it has.
    if (rule !== undefined) this.set(to, rule, this.keyHash(this.of(from)));
  }

  /** To be called when a stream has got another key, of this hash. */
  renamed(root: number, keyHash: number): void {
    const rule = this.of(root);
    if (rule !== 0) setBlockWord(this.#arena, rule, KEY_HASH, keyHash);
  }

  /** Bytes of a stream's rule. */
  bytes(root: number): number {
    return this.of(root) === 0 ? 0 : this.#arena.blockBytes(RULE_CLASS);
  }

  /** Moves the rule of a stream out of a page that is being emptied. */
  relocate(root: number): void {
    const rule = this.of(root);
    if (rule === 0 || !this.#arena.isSparse(rule)) return;
    const moved = this.#arena.relocate(rule, RULE_CLASS);
    setBlockWord(this.#arena, root, RETENTION, moved);
    const place = this.#place(moved);
    if (place !== NOWHERE) this.#all.relocated(place, moved);
  }

  // ── All rules ───────────────────────────────────────────────────────────────────────────────

  /** When a stream is to be looked at next, in ms since the epoch; Infinity: never. */
  get soonestMs(): number {
    return this.#all.soonestMs;
  }

  /** The rule of that stream; there is one. */
  get soonest(): number {
    return this.#all.at(0);
  }

  /** Bytes of the heap of all rules. */
  get overheadBytes(): number {
    return this.#all.overheadBytes;
  }

  /** The hash of the key of a rule's stream. */
  keyHash(rule: number): number {
    return blockWord(this.#arena, rule, KEY_HASH);
  }

  /** Takes a rule out of all, if it is there. */
  withdraw(rule: number): void {
    const place = this.#place(rule);
    if (place === NOWHERE) return;
    this.#all.remove(place);
    setBlockWord(this.#arena, rule, HEAP_POSITION_WORD, NOWHERE);
    this.#settle();
  }

  /** Sets when the stream of a rule that is among all is looked at next, in ms since the epoch. */
  schedule(rule: number, timeMs: number): void {
    const place = this.#place(rule);
    if (place !== NOWHERE) this.#all.update(place, timeMs);
  }

  /** To be called after an entry was added to a stream. */
  grown(root: number): void {
    const rule = this.of(root);
    if (rule === 0) return;
    const place = this.#place(rule);
    if (place === NOWHERE || this.#all.timeAt(place) === AT_ONCE) return;
    if (this.isTooLarge(root)) this.#all.update(place, AT_ONCE);
    else if (rootLength(this.#arena, root) === 1) this.#all.update(place, this.nextMs(root));
  }

  // ── Whether a stream has too much ───────────────────────────────────────────────────────────

  /** Whether a stream with a rule has more entries or bytes than that allows. */
  isTooLarge(root: number): boolean {
    const arena = this.#arena;
    const rule = this.of(root);
    const flags = blockWord(arena, rule, FLAGS);
    const length = rootLength(arena, root);
    if ((flags & HAS_LENGTH) !== 0 && length > this.#double(rule, MAX_LENGTH)) return true;
    if ((flags & HAS_BYTES) === 0 || this.#index.count(root) < 2) return false;
    return streamBytes(arena, root) > this.#double(rule, MAX_BYTES);
  }

  /** When the first entry of a stream with a rule is too old, in ms since the epoch; Infinity: never. */
  nextMs(root: number): number {
    const arena = this.#arena;
    const rule = this.of(root);
    const isAged = (blockWord(arena, rule, FLAGS) & HAS_AGE) !== 0;
    if (!isAged || rootLength(arena, root) === 0) return NEVER;
    loadRootId(arena, root, FIRST_ID, this.#id);
    return this.#id.ms + this.#double(rule, MAX_AGE) + 1;
  }

  /** Gives the memory of all back when there are none. */
  #settle(): void {
    if (this.#all.size === 0) this.#all.discard();
  }

  #place(rule: number): number {
    return blockWord(this.#arena, rule, HEAP_POSITION_WORD);
  }

  #double(rule: number, double: number): number {
    return this.#arena.f64[rule >>> SEGMENT_SHIFT][(rule & SEGMENT_MASK) + double];
  }

  #setDouble(rule: number, double: number, value: number): void {
    this.#arena.f64[rule >>> SEGMENT_SHIFT][(rule & SEGMENT_MASK) + double] = value;
  }
}
