// A set that is in no database yet: read from a file or payload, or the result of a command, which may be stored. It
// begins as an array of integers and grows from one encoding into another as values.ts has it, in buffers of its own;
// a table is freed if the set is never stored.
import type { Entries } from '../../keyspace/entries.ts';
import { buildPacked, PACKED_COUNT_BYTES } from '../../keyspace/packed-value.ts';
import type { EntryTarget } from '../../keyspace/value-type.ts';
import type { Request } from '../../protocol/request.ts';
import { elementAfter } from '../../structures/packed-list.ts';
import { PackedNeedle } from '../../structures/packed-search.ts';
import { ENCODING_INTSET, ENCODING_PACKED, ENCODING_TABLE, TYPE_SET } from './encodings.ts';
import {
  copyRdbIntset,
  initIntset,
  insertIntoIntset,
  intsetBytes,
  intsetCount,
  intsetWidth,
  removeFromIntset,
  searchIntset,
  widthOf,
} from './intset.ts';
import { digitsOfWidest, mayBeIntset, mayBePacked } from './limits.ts';
import { Member } from './member.ts';
import { type SetTables, setsOf } from './set-tables.ts';

import { SetView } from './set-view.ts';
import { ROOT_BYTES } from './values.ts';

/** The buffer has room for so many bytes at first, and keeps at most so many for the next set. */
const INITIAL_BYTES = 1024;
const KEPT_BYTES = 64 * 1024;
/** A table that is freed in so many steps is freed at once. */
const STEPS_AT_ONCE = 16;

/** The builder; it can be used again and again. See the head of this file. */
export class SetBuilder {
  readonly #entries: Entries;
  readonly #sets: SetTables;
  #encoding = ENCODING_INTSET;
  /** The array, or the packed members, without their count. */
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** Bytes of packed members, and their number. */
  #used = 0;
  #packedCount = 0;
  #packsLong = false;
  /** Root of the table. */
  #root = 0;
  readonly #needle = new PackedNeedle();
  readonly #moved = new Member();
  readonly #view = new SetView();

  constructor(entries: Entries) {
    this.#entries = entries;
    this.#sets = setsOf(entries);
    initIntset(this.#buffer, 0, 2);
  }

  /** Number of members. */
  get count(): number {
    if (this.#encoding === ENCODING_TABLE) return this.#sets.length(this.#root);
    if (this.#encoding === ENCODING_PACKED) return this.#packedCount;
    return intsetCount(this.#buffer, 0);
  }

  /**
   * Adds a member, unless it is there.
   * @returns whether it was added
   * @throws ArenaFullError; the caller then discards the set
   */
  add(member: Member): boolean {
    if (this.#encoding === ENCODING_TABLE) return this.#addToTable(member);
    if (this.#encoding === ENCODING_PACKED) return this.#addToPacked(member);
    return member.isInteger ? this.#addInteger(member) : this.#addFirstText(member);
  }

  /** Removes a member, if it is there. */
  remove(member: Member): void {
    if (this.#encoding === ENCODING_TABLE) {
      this.#sets.removeMember(this.#root, member);
    } else if (this.#encoding === ENCODING_PACKED) {
      this.#removePacked(member);
    } else if (member.isInteger) {
      const { high, low } = member.integer;
      const index = searchIntset(this.#buffer, 0, high, low);
      if (index >= 0) removeFromIntset(this.#buffer, 0, index);
    }
  }

  /** Makes the set, which is empty, an array of integers that a file has. */
  adoptIntset(buffer: Buffer, offset: number, length: number): void {
    this.#reserve(length);
    copyRdbIntset(buffer, offset, length, this.#buffer);
    if (!mayBeIntset(this.#sets.limits, intsetCount(this.#buffer, 0))) this.#toTable();
  }

  /** Has the set, which is empty, begin as a packed one, even of integers, and stay one whatever its members' lengths. */
  beginPacked(): void {
    this.#encoding = ENCODING_PACKED;
    this.#packsLong = true;
  }

  /** Has the set, which is empty, begin as a table. @throws ArenaFullError */
  beginTable(): void {
    this.#root = this.#sets.create();
    this.#encoding = ENCODING_TABLE;
  }

  /** Has the set, which is empty, begin as a copy of a table. @throws ArenaFullError */
  beginCopy(root: number): void {
    this.#root = this.#sets.copy(root);
    this.#encoding = ENCODING_TABLE;
  }

  /** Opens a view of the set, which is valid until it changes. */
  openIn(view: SetView): void {
    if (this.#encoding === ENCODING_TABLE) view.openTable(this.#sets, this.#root);
    else if (this.#encoding === ENCODING_INTSET) view.openIntset(this.#buffer, 0);
    else view.openPacked(this.#buffer, 0, this.#used, this.#packedCount);
  }

  /**
   * Stores the set under argument i. The builder is empty then.
   * @param old the entry that `lookupForChange` just found there and that it replaces, or 0
   * @param expiry in ms since the epoch, or NO_EXPIRY
   * @returns the entry's reference
   */
  store(db: EntryTarget, old: number, request: Request, i: number, expiry: number): number {
    const fresh = this.build(db, old, request, i, expiry);
    db.put(old, fresh);
    this.discard();
    return fresh;
  }

  /** Forgets all members. */
  discard(): void {
    if (this.#root !== 0) this.#freeTable(this.#root);
    this.#root = 0;
    this.#encoding = ENCODING_INTSET;
    this.#used = 0;
    this.#packedCount = 0;
    this.#packsLong = false;
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    initIntset(this.#buffer, 0, 2);
  }

  /** As `store`, but the caller stores the entry (`db.put`), and discards what is left of the builder. */
  build(db: EntryTarget, old: number, request: Request, i: number, expiry: number): number {
    const encoding = this.#encoding;
    if (encoding === ENCODING_TABLE) {
      const fresh = db.build(old, request, i, TYPE_SET, encoding, ROOT_BYTES, expiry);
      db.entries.setRoot(fresh, this.#root);
      this.#root = 0;
      return fresh;
    }
    const used = encoding === ENCODING_PACKED ? this.#used : this.#intsetBytes;
    let fresh: number;
    let before = 0;
    if (encoding === ENCODING_PACKED) {
      const count = this.#packedCount;
      fresh = buildPacked(db, old, request, i, TYPE_SET, encoding, count, used, expiry);
      before = PACKED_COUNT_BYTES;
    } else {
      fresh = db.build(old, request, i, TYPE_SET, encoding, used, expiry);
    }
    const { buffer, offset } = db.entries.value(fresh);
    this.#buffer.copy(buffer, offset + before, 0, used);
    return fresh;
  }

  /** Frees a table: a large one in the background. */
  #freeTable(root: number): void {
    const sets = this.#sets;
    for (let i = 0; i < STEPS_AT_ONCE; i++) if (sets.freeStep(root)) return;
    this.#entries.onLargeValue(() => sets.freeStep(root));
  }

  get #intsetBytes(): number {
    return intsetBytes(intsetWidth(this.#buffer, 0), intsetCount(this.#buffer, 0));
  }

  #addInteger(member: Member): boolean {
    const { high, low } = member.integer;
    const index = searchIntset(this.#buffer, 0, high, low);
    if (index >= 0) return false;
    const count = intsetCount(this.#buffer, 0) + 1;
    if (!mayBeIntset(this.#sets.limits, count)) {
      this.#toTable();
      return this.#addToTable(member);
    }
    const width = Math.max(intsetWidth(this.#buffer, 0), widthOf(high, low));
    this.#reserve(intsetBytes(width, count));
    insertIntoIntset(this.#buffer, 0, ~index, high, low);
    return true;
  }

  /** Adds a member that is no integer to a set of integers. */
  #addFirstText(member: Member): boolean {
    const { limits } = this.#sets;
    const count = intsetCount(this.#buffer, 0);
    const widest = count === 0 ? 0 : digitsOfWidest(this.#buffer, 0);
    if (!mayBePacked(limits, count + 1, Math.max(widest, member.length))) {
      this.#toTable();
      return this.#addToTable(member);
    }
    const view = this.#view;
    const moved = this.#moved;
    view.openIntset(this.#buffer, 0);
    this.#buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.#encoding = ENCODING_PACKED;
    while (view.next()) {
      view.readNext(moved);
      this.#pack(moved);
    }
    this.#pack(member);
    return true;
  }

  #addToPacked(member: Member): boolean {
    member.asBytes();
    const needle = this.#needle;
    needle.set(member.buffer, member.offset, member.length);
    if (needle.findIn(this.#buffer, 0, this.#used, 1) >= 0) return false;
    const longest = this.#packsLong ? 0 : member.length;
    if (!mayBePacked(this.#sets.limits, this.#packedCount + 1, longest)) {
      this.#toTable();
      return this.#addToTable(member);
    }
    this.#pack(member);
    return true;
  }

  /** Adds a member after all packed ones. */
  #pack(member: Member): void {
    member.asBytes();
    const needle = this.#needle;
    needle.set(member.buffer, member.offset, member.length);
    this.#reserve(this.#used + needle.size);
    needle.write(this.#buffer, this.#used);
    this.#used += needle.size;
    this.#packedCount++;
  }

  #removePacked(member: Member): void {
    member.asBytes();
    const needle = this.#needle;
    needle.set(member.buffer, member.offset, member.length);
    const at = needle.findIn(this.#buffer, 0, this.#used, 1);
    if (at < 0) return;
    const after = elementAfter(this.#buffer, at);
    this.#buffer.copyWithin(at, after, this.#used);
    this.#used -= after - at;
    this.#packedCount--;
  }

  #addToTable(member: Member): boolean {
    return this.#sets.addMember(this.#root, member);
  }

  #toTable(): void {
    const view = this.#view;
    const moved = this.#moved;
    this.openIn(view);
    this.#root = this.#sets.create();
    this.#encoding = ENCODING_TABLE;
    while (view.next()) {
      view.readNext(moved);
      this.#addToTable(moved);
    }
  }

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(sizeBytes, 2 * this.#buffer.length));
    this.#buffer.copy(larger);
    this.#buffer = larger;
  }
}

/** One builder for each keyspace, by its entries. */
const builders = new WeakMap<Entries, SetBuilder>();

/** A builder for the result of a command, which stores or discards it before it returns; it is empty. */
export function resultBuilder(entries: Entries): SetBuilder {
  let builder = builders.get(entries);
  if (builder === undefined) {
    builder = new SetBuilder(entries);
    builders.set(entries, builder);
  }
  return builder;
}
