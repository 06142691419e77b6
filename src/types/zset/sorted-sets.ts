// Large sorted sets: a table of records, which have member and score, finds a member; a ranked tree beside it, the
// table's partner, has the order.

import { RecordTables } from '../../keyspace/record-tables.ts';
import type { Arena } from '../../memory/arena.ts';
import type { BytesTables } from '../../structures/bytes-tables.ts';
import { ByteView, prefetchEntries } from '../../structures/entry.ts';
import { RankedCursor, RankedTrees } from '../../structures/ranked-tree.ts';
import { PARTNER, rootWord, setRootWord } from '../../structures/record-root.ts';
import { sortRecords } from '../../structures/record-sort.ts';

/** What a sorted set may have that is kept in its entry. */
export interface SortedSetLimits {
  /** `zset-max-listpack-entries`. */
  readonly maxEntries: number;
  /** `zset-max-listpack-value`. */
  readonly maxBytes: number;
}

/** Leaves of a tree that are freed in one step. */
const LEAVES_PER_STEP = 32;

/** Records whose memory is read at once. */
const AHEAD = 16;

/** Operations on the large sorted sets of an arena; see the head of this file. */
export class SortedSets extends RecordTables {
  limits: SortedSetLimits = { maxEntries: 128, maxBytes: 64 };
  readonly trees: RankedTrees;
  /** Combines what is only read ahead, so that the reads are not optimised away. */
  sink = 0;
  readonly #key = new ByteView();
  readonly #aheadRefs = new Int32Array(AHEAD);
  readonly #aheadHashes = new Int32Array(AHEAD);
  readonly #scratch = new Int32Array(AHEAD);
  /** The next of them, and which way the one after it is. */
  #aheadAt = 0;
  #aheadStep = 1;

  constructor(arena: Arena, tables: BytesTables) {
    super(arena, tables);
    this.trees = new RankedTrees(arena);
  }

  override create(): number {
    const root = super.create();
    try {
      setRootWord(this.arena, root, PARTNER, this.trees.create());
    } catch (error) {
      while (!this.freeStep(root));
      throw error;
    }
    return root;
  }

  /** The tree of a sorted set. */
  tree(root: number): number {
    return rootWord(this.arena, root, PARTNER);
  }

  /** Adds a member that the last `find` did not find. @throws ArenaFullError */
  add(root: number, bytes: Uint8Array, offset: number, length: number, score: number): void {
    const record = this.#newRecord(root, bytes, offset, length, score);
    try {
      this.#setTree(root, this.trees.insert(this.tree(root), score, record));
    } catch (error) {
      this.records.free(record);
      throw error;
    }
    this.insert(root, record);
  }

  /**
   * As `add`, for a member that comes before all others or after them.
   * @throws ArenaFullError
   */
  push(
    root: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    score: number,
    atFront: boolean,
  ): void {
    const record = this.#newRecord(root, bytes, offset, length, score);
    try {
      this.#setTree(root, this.trees.push(this.tree(root), score, record, atFront));
    } catch (error) {
      this.records.free(record);
      throw error;
    }
    this.insert(root, record);
  }

  /** As `add`, for a sorted set that `rankAll` will rank. */
  addUnranked(
    root: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    score: number,
  ): void {
    this.insert(root, this.#newRecord(root, bytes, offset, length, score));
  }

  /** Ranks all members of a sorted set of which none is ranked. @throws ArenaFullError */
  rankAll(root: number): void {
    const { records, trees } = this;
    const unranked = new Int32Array(this.length(root));
    let count = 0;
    this.visitAll(root, (record) => {
      unranked[count++] = record;
    });
    const sorted = sortRecords(this.arena, records, unranked);
    for (let i = 0; i < count; i++) {
      const record = sorted[i];
      this.#setTree(root, trees.push(this.tree(root), records.score(record), record, false));
    }
  }

  /** Gives a member another score. @throws ArenaFullError */
  setScore(root: number, record: number, score: number): void {
    const before = this.records.score(record);
    this.changing(root, record);
    this.#setTree(root, this.trees.update(this.tree(root), before, record, score));
    this.records.setScore(record, score);
  }

  /** Removes the member that the last `find` found. */
  removeFound(root: number, record: number): void {
    this.#setTree(root, this.trees.remove(this.tree(root), this.records.score(record), record));
    this.remove(root, record);
  }

  /** The member with the lowest or highest score; `removeEnd` may come next, before anything else. */
  endRecord(root: number, isLast: boolean): number {
    const { trees } = this;
    const record = trees.endRecord(this.tree(root), isLast);
    // Who pops one will pop the next, too.
    if (trees.endCount >= AHEAD && trees.endCount % AHEAD === 0) this.#readAhead(root, isLast);
    return record;
  }

  /** Reads what finding the next records of the same leaf by their members will read, to have it in the caches. */
  #readAhead(root: number, isLast: boolean): void {
    const refs = this.#aheadRefs;
    const hashes = this.#aheadHashes;
    const key = this.#key;
    this.trees.endRecords(isLast, refs);
    this.sink = prefetchEntries(this.arena, refs, AHEAD);
    for (let i = 0; i < AHEAD; i++) {
      this.records.key(refs[i], key);
      hashes[i] = this.tables.hash(key.buffer, key.offset, key.length);
    }
    this.sink ^= this.open(root).prefetchSlots(hashes, this.#scratch, AHEAD);
    this.#aheadAt = isLast ? AHEAD - 1 : 0;
    this.#aheadStep = isLast ? -1 : 1;
  }

  /** Finds the table's slot of a record: by the hash that was read ahead, if it still is that record's. */
  #findRecord(root: number, record: number): void {
    const key = this.#key;
    this.records.key(record, key);
    const at = this.#aheadAt;
    if (this.#aheadRefs[at] === record) {
      this.#aheadAt += this.#aheadStep;
      const hash = this.#aheadHashes[at];
      if (this.findHashed(root, hash, key.buffer, key.offset, key.length) === record) return;
    }
    this.find(root, key.buffer, key.offset, key.length);
  }

  /** Removes the member that `endRecord` returned. */
  removeEnd(root: number, record: number): void {
    this.#setTree(root, this.trees.removeEnd(this.tree(root)));
    this.#findRecord(root, record);
    this.remove(root, record);
  }

  /** Removes the member of a rank. */
  removeRank(root: number, rank: number): void {
    const key = this.#key;
    this.#setTree(root, this.trees.removeRank(this.tree(root), rank));
    const { removed } = this.trees;
    this.records.key(removed, key);
    this.find(root, key.buffer, key.offset, key.length);
    this.remove(root, removed);
  }

  // ── The tree as the table's partner ─────────────────────────────────────────────────────────

  override recordMoved(root: number, old: number, fresh: number): void {
    this.trees.recordMoved(this.tree(root), this.records.score(fresh), old, fresh);
  }

  override relocatePartner(root: number, position: number, count: number): number {
    let tree = this.tree(root);
    let rank = position;
    for (let i = 0; i < count; i++) {
      tree = this.trees.relocate(tree, rank);
      rank = this.trees.rankBehind;
      if (rank === 0) break;
    }
    this.#setTree(root, tree);
    return rank;
  }

  protected override partnerBytes(root: number): number {
    const tree = this.tree(root);
    return tree === 0 ? 0 : this.trees.bytes(tree);
  }

  protected override partnerParts(root: number): number {
    const tree = this.tree(root);
    return tree === 0 ? 0 : this.trees.nodes(tree);
  }

  protected override copyPartner(from: number, to: number): void {
    const { trees, records } = this;
    const cursor = new RankedCursor();
    const key = this.#key;
    const target = this.viewOf(to);
    for (let more = trees.seek(this.tree(from), 0, cursor); more; more = trees.next(cursor)) {
      records.key(cursor.record, key);
      const record = target.find(key.buffer, key.offset, key.length);
      this.#setTree(to, trees.push(this.tree(to), cursor.score, record, false));
    }
  }

  protected override freePartnerStep(root: number): boolean {
    let tree = this.tree(root);
    for (let i = 0; i < LEAVES_PER_STEP && tree !== 0; i++) tree = this.trees.freeStep(tree);
    this.#setTree(root, tree);
    return tree === 0;
  }

  #setTree(root: number, tree: number): void {
    setRootWord(this.arena, root, PARTNER, tree);
  }

  /** A record, for which there is room in the table. */
  #newRecord(
    root: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    score: number,
  ): number {
    this.reserve(root);
    return this.records.newScored(bytes, offset, length, score);
  }
}
