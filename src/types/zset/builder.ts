// A sorted set that is in no database yet: read from a file or payload, or the result of a command. Its members come
// in any order; what comes in the order of the scores, either way, costs least. It is a table and a tree until it is
// stored, and packed then if the limits allow it; what is never stored is freed.
import type { Entries } from '../../keyspace/entries.ts';
import { PackedBuilder } from '../../keyspace/packed-value.ts';
import type { EntryTarget } from '../../keyspace/value-type.ts';
import { DOUBLE_BYTES, writeDouble } from '../../protocol/double-text.ts';
import type { Request } from '../../protocol/request.ts';
import { ByteView } from '../../structures/entry.ts';
import { elementAfter, PackedElement } from '../../structures/packed-list.ts';
import { hasRepeated } from '../../structures/packed-search.ts';
import { RankedCursor } from '../../structures/ranked-tree.ts';
import { ENCODING_PACKED, ENCODING_TREE, TYPE_ZSET } from './encodings.ts';
import { MemberCursor } from './member-cursor.ts';
import { compareAt, isIntegerScore, STRIDE, scoreAt } from './packed-members.ts';
import type { SortedSets } from './sorted-sets.ts';
import { mayBePacked, ROOT_BYTES, sortedSetsOf } from './values.ts';

const MINUS_ZERO = Buffer.from('-0');

/** The builder; it can be used again and again. See the head of this file. */
export class SortedSetBuilder {
  readonly #sets: SortedSets;
  /** 0 while there are no members. */
  #root = 0;
  /** Bytes of the longest member. */
  #longest = 0;
  /** The scores of the first and of the last member. */
  #lowest = 0;
  /** Place of the last packed member. */
  #lastAt = 0;
  #highest = 0;
  readonly #packed = new PackedBuilder();
  readonly #cursor = new RankedCursor();
  readonly #view = new ByteView();
  readonly #member = new MemberCursor();
  readonly #text = Buffer.alloc(DOUBLE_BYTES);

  constructor(entries: Entries) {
    this.#sets = sortedSetsOf(entries);
  }

  /** Number of members. */
  get count(): number {
    return this.#root === 0 ? this.#packed.count / STRIDE : this.#sets.length(this.#root);
  }

  /**
   * As `add`, for members that are packed where they come from: they stay so in whatever length, unless they are too
   * many, or not in order. At their end `hasDuplicates` tells of those that were not noticed.
   */
  append(bytes: Uint8Array, offset: number, length: number, score: number): boolean {
    const packed = this.#packed;
    if (this.#root === 0) {
      if (this.count < this.#sets.limits.maxEntries && this.#isLast(bytes, offset, length, score)) {
        this.#lastAt = packed.used;
        this.#highest = score;
        packed.push(bytes, offset, length);
        // Redis before 7.0 kept this zero's sign in its ziplists.
        if (Object.is(score, -0)) packed.push(MINUS_ZERO, 0, MINUS_ZERO.length);
        else this.#pushScore(score);
        return true;
      }
      if (!this.#unpack()) return false;
    }
    return this.add(bytes, offset, length, score);
  }

  /** Whether a member comes after all that are packed. */
  #isLast(bytes: Uint8Array, offset: number, length: number, score: number): boolean {
    const packed = this.#packed;
    if (packed.count === 0 || score > this.#highest) return true;
    if (score < this.#highest) return false;
    return compareAt(packed.buffer, this.#lastAt, bytes, offset, length) < 0;
  }

  /** Whether a member is there twice among those that are packed. */
  get hasDuplicates(): boolean {
    const { buffer, used, count } = this.#packed;
    return hasRepeated(buffer, used, count, STRIDE);
  }

  /** Moves the packed members into a table and a tree; false if one is there twice. */
  #unpack(): boolean {
    const { buffer, used } = this.#packed;
    const element = new PackedElement();
    for (let at = 0; at < used; ) {
      const scorePlace = element.read(buffer, at);
      const member = element.bytes(buffer);
      if (!this.add(member, 0, member.length, scoreAt(buffer, scorePlace))) return false;
      at = elementAfter(buffer, scorePlace);
    }
    this.#packed.clear();
    return true;
  }

  /** Adds a member; false if it is there already. @throws ArenaFullError; the caller discards it all then */
  add(bytes: Uint8Array, offset: number, length: number, score: number): boolean {
    const sets = this.#sets;
    if (this.#root === 0) this.#begin();
    const root = this.#root;
    if (sets.find(root, bytes, offset, length) !== 0) return false;
    const isFirst = score < this.#lowest;
    if (isFirst || score > this.#highest) sets.push(root, bytes, offset, length, score, isFirst);
    else sets.add(root, bytes, offset, length, score);
    if (isFirst) this.#lowest = score;
    if (score > this.#highest) this.#highest = score;
    if (length > this.#longest) this.#longest = length;
    return true;
  }

  /**
   * Adds a member without ranking it, or gives the one that is there the score that `join` makes of both; `rank` comes
   * before all else then. @throws ArenaFullError; the caller discards it all then
   */
  combine(
    bytes: Uint8Array,
    offset: number,
    length: number,
    score: number,
    join: (before: number, score: number) => number,
  ): void {
    const sets = this.#sets;
    if (this.#root === 0) this.#begin();
    const root = this.#root;
    const record = sets.find(root, bytes, offset, length);
    if (record === 0) sets.addUnranked(root, bytes, offset, length, score);
    else sets.records.setScore(record, join(sets.records.score(record), score));
    if (length > this.#longest) this.#longest = length;
  }

  /** Ranks all members that `combine` has added. @throws ArenaFullError; the caller discards it all then */
  rank(): void {
    if (this.#root !== 0) this.#sets.rankAll(this.#root);
  }

  /** Calls `visit` with each member, from the lowest score on. */
  visit(visit: (member: MemberCursor) => void): void {
    if (this.#root === 0) return;
    const member = this.#member;
    member.openRoot(this.#sets, this.#root);
    for (let more = member.seek(0); more; more = member.next()) visit(member);
  }

  /**
   * Stores the sorted set under argument i, in the place of the entry that `lookupForChange` just found there (0: none);
   * there are members. The builder is empty then.
   * @param expiry in ms since the epoch, or NO_EXPIRY
   * @returns the entry's reference
   */
  store(db: EntryTarget, ref: number, request: Request, i: number, expiry: number): number {
    const sets = this.#sets;
    const isPacked = this.#root === 0;
    if (isPacked || mayBePacked(sets.limits, this.count, this.#longest)) {
      if (!isPacked) this.#pack();
      const packed = this.#packed.store(db, ref, request, i, TYPE_ZSET, ENCODING_PACKED, expiry);
      this.discard();
      return packed;
    }
    const fresh = db.build(ref, request, i, TYPE_ZSET, ENCODING_TREE, ROOT_BYTES, expiry);
    db.entries.setRoot(fresh, this.#root);
    this.#root = 0;
    db.put(ref, fresh);
    return fresh;
  }

  /** Forgets all members. */
  discard(): void {
    const root = this.#root;
    this.#root = 0;
    this.#packed.clear();
    if (root !== 0) while (!this.#sets.freeStep(root));
  }

  #begin(): void {
    this.#root = this.#sets.create();
    this.#longest = 0;
    this.#lowest = Number.POSITIVE_INFINITY;
    this.#highest = Number.NEGATIVE_INFINITY;
  }

  /** Packs all members, in their order. */
  #pack(): void {
    const { trees, records } = this.#sets;
    const packed = this.#packed;
    const view = this.#view;
    const cursor = this.#cursor;
    const tree = this.#sets.tree(this.#root);
    for (let more = trees.seek(tree, 0, cursor); more; more = trees.next(cursor)) {
      records.key(cursor.record, view);
      packed.push(view.buffer, view.offset, view.length);
      this.#pushScore(cursor.score);
    }
  }

  #pushScore(score: number): void {
    const text = this.#text;
    if (isIntegerScore(score)) this.#packed.pushInteger(score === 0 ? 0 : score);
    else this.#packed.push(text, 0, writeDouble(text, 0, score));
  }
}
