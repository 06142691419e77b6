// Goes through the members of a sorted set, whatever its encoding. Valid until the next change of any data.
import type { Entries } from '../../keyspace/entries.ts';
import { openPacked, PackedView } from '../../keyspace/packed-value.ts';
import { writeInteger } from '../../protocol/integer.ts';
import { ByteView } from '../../structures/entry.ts';
import {
  elementAfter,
  elementBefore,
  PackedElement,
  skipBackward,
  skipForward,
} from '../../structures/packed-list.ts';
import { RankedCursor } from '../../structures/ranked-tree.ts';
import { ENCODING_PACKED, TYPE_ZSET } from './encodings.ts';
import { STRIDE, scoreAt } from './packed-members.ts';
import { SortedSets } from './sorted-sets.ts';

/** A canonical integer has at most so many bytes. */
const INTEGER_BYTES = 24;

/** A member and its score; see the head of this file. */
export class MemberCursor {
  /** The score. */
  score = 0;
  /** The member: an integer, if it is packed as one; else bytes. */
  isInteger = false;
  integer = 0;
  buffer: Buffer = Buffer.alloc(0);
  offset = 0;
  length = 0;
  /** Number of members of the sorted set. */
  count = 0;
  /** Undefined while the sorted set is packed. */
  #sets: SortedSets | undefined;
  #tree = 0;
  readonly #ranked = new RankedCursor();
  readonly #view = new ByteView();
  readonly #packed = new PackedView();
  readonly #element = new PackedElement();
  readonly #digits = Buffer.alloc(INTEGER_BYTES);
  /** Place of a packed member, and of the next one. */
  #at = 0;
  #next = 0;

  /** Opens a sorted set; `seek` comes next. */
  open(entries: Entries, ref: number): void {
    if (entries.encodingOf(ref) === ENCODING_PACKED) {
      this.#sets = undefined;
      openPacked(entries, ref, this.#packed);
      this.count = this.#packed.count / STRIDE;
      return;
    }
    const sets = entries.collections[TYPE_ZSET];
    if (!(sets instanceof SortedSets)) throw new Error('this keyspace has no sorted sets');
    this.openRoot(sets, entries.root(ref));
  }

  /** Opens a large sorted set by its root. */
  openRoot(sets: SortedSets, root: number): void {
    this.#sets = sets;
    this.#tree = sets.tree(root);
    this.count = sets.length(root);
  }

  /** Goes to the member of a rank; false if there is none. */
  seek(rank: number): boolean {
    const sets = this.#sets;
    if (sets !== undefined) {
      return sets.trees.seek(this.#tree, rank, this.#ranked) && this.#loadRecord(sets);
    }
    const { buffer, start, end } = this.#packed;
    if (rank < 0 || rank >= this.count) return false;
    const isNearEnd = rank * 2 > this.count;
    this.#load(
      isNearEnd
        ? skipBackward(buffer, end, (this.count - rank) * STRIDE)
        : skipForward(buffer, start, rank * STRIDE),
    );
    return true;
  }

  /** Goes on to the next member; false behind the last. */
  next(): boolean {
    const sets = this.#sets;
    if (sets !== undefined) return sets.trees.next(this.#ranked) && this.#loadRecord(sets);
    if (this.#next >= this.#packed.end) return false;
    this.#load(this.#next);
    return true;
  }

  /** Goes back to the member before; false before the first. */
  previous(): boolean {
    const sets = this.#sets;
    if (sets !== undefined) return sets.trees.previous(this.#ranked) && this.#loadRecord(sets);
    if (this.#at <= this.#packed.start) return false;
    const { buffer } = this.#packed;
    this.#load(elementBefore(buffer, elementBefore(buffer, this.#at)));
    return true;
  }

  /** Goes to the next member, or to the one before. */
  advance(isReverse: boolean): boolean {
    return isReverse ? this.previous() : this.next();
  }

  /** Makes an integer the bytes of its digits, which are good until the next one. */
  asBytes(): void {
    if (!this.isInteger) return;
    this.isInteger = false;
    this.buffer = this.#digits;
    this.offset = 0;
    this.length = writeInteger(this.#digits, 0, this.integer);
  }

  /** Reads the member at a place. */
  #load(at: number): void {
    const { buffer } = this.#packed;
    const element = this.#element;
    const scorePlace = element.read(buffer, at);
    this.#at = at;
    this.#next = elementAfter(buffer, scorePlace);
    this.score = scoreAt(buffer, scorePlace);
    this.isInteger = element.isInteger;
    this.integer = element.integer;
    this.buffer = buffer;
    this.offset = element.offset;
    this.length = element.length;
  }

  #loadRecord(sets: SortedSets): boolean {
    const { record, score } = this.#ranked;
    const view = this.#view;
    sets.records.key(record, view);
    this.score = score;
    this.isInteger = false;
    this.buffer = view.buffer;
    this.offset = view.offset;
    this.length = view.length;
    return true;
  }
}
