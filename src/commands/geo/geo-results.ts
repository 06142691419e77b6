// The members of a sorted set that lie inside a shape, in the order in which they are found or in that of their
// distances. Valid until the next change of any data.
import type { Database } from '../../keyspace/database.ts';
import { ByteRuns } from '../../structures/byte-runs.ts';
import { ByteView } from '../../structures/entry.ts';
import type { GeoShape } from '../../structures/geo-shape.ts';
import { partialQuicksort } from '../../structures/partial-quicksort.ts';
import { sortedIndexes } from '../../structures/radix-sort.ts';
import { RankedCursor } from '../../structures/ranked-tree.ts';
import { ENCODING_PACKED } from '../../types/zset/encodings.ts';
import { MemberCursor } from '../../types/zset/member-cursor.ts';
import { rankOfScore, sortedSetsOf } from '../../types/zset/values.ts';

const INITIAL_RESULTS = 256;
/** Room for so many is kept for the next query. */
const KEPT_RESULTS = 8192;

/** So many are sorted by insertion. */
const FEW = 32;

const cursor = new MemberCursor();
const ranked = new RankedCursor();
const view = new ByteView();

/** What was found; see the head of this file. */
export class GeoResults {
  /** Number of members found. */
  count = 0;
  /** By result: its score, and its distance in meters from the middle of the shape. */
  scores = new Float64Array(INITIAL_RESULTS);
  distances = new Float64Array(INITIAL_RESULTS);
  readonly members = new ByteRuns();
  /** The results by place, after `sort`; before that they are in the order in which they were found. */
  #order: Int32Array | undefined;
  readonly #few = new Int32Array(FEW);

  readonly #nearer = (a: number, b: number): number =>
    compare(this.distances[a], this.distances[b]);
  readonly #farther = (a: number, b: number): number =>
    -compare(this.distances[a], this.distances[b]);

  /** The result at a place. */
  at(place: number): number {
    return this.#order === undefined ? place : this.#order[place];
  }

  /**
   * Finds the members inside a shape, which is prepared.
   * @param limit how many will do; 0: all
   */
  find(db: Database, ref: number, shape: GeoShape, limit: number): void {
    const isPacked = db.encodingOf(ref) === ENCODING_PACKED;
    const most = limit === 0 ? Number.POSITIVE_INFINITY : limit;
    for (let i = 0; i < shape.ranges && this.count < most; i++) {
      if (isPacked) this.#findPacked(db, ref, shape, i, most);
      else this.#findRecords(db, ref, shape, i, most);
    }
  }

  /**
   * Sorts by distance.
   * @param wanted how many of the first are asked for
   */
  sort(isDescending: boolean, wanted: number): void {
    const { count, distances } = this;
    if (wanted < count) {
      // As in Redis, where this sort is not stable, and so shows in the order of equal distances.
      this.#order = new Int32Array(count);
      for (let i = 0; i < count; i++) this.#order[i] = i;
      partialQuicksort(this.#order, isDescending ? this.#farther : this.#nearer, 0, wanted - 1);
      return;
    }
    if (count <= FEW) {
      this.#sortFew(isDescending);
      return;
    }
    const keys = distances.slice(0, count);
    if (isDescending) for (let i = 0; i < count; i++) keys[i] = -keys[i];
    this.#order = sortedIndexes(keys, undefined);
  }

  /** Sorts by insertion, without making anything. */
  #sortFew(isDescending: boolean): void {
    const compare = isDescending ? this.#farther : this.#nearer;
    const order = this.#few;
    for (let i = 0; i < this.count; i++) {
      let at = i;
      for (; at > 0 && compare(order[at - 1], i) > 0; at--) order[at] = order[at - 1];
      order[at] = i;
    }
    this.#order = order;
  }

  /** Forgets the results. */
  clear(): void {
    this.count = 0;
    this.#order = undefined;
    this.members.clear();
    if (this.scores.length <= KEPT_RESULTS) return;
    this.scores = new Float64Array(INITIAL_RESULTS);
    this.distances = new Float64Array(INITIAL_RESULTS);
  }

  #findPacked(db: Database, ref: number, shape: GeoShape, range: number, most: number): void {
    const to = shape.to[range];
    cursor.open(db.entries, ref);
    let isThere = cursor.seek(rankOfScore(db.entries, ref, shape.from[range], false));
    for (; isThere && cursor.score < to; isThere = cursor.next()) {
      if (!shape.contains(cursor.score)) continue;
      if (cursor.isInteger) this.members.addInteger(cursor.integer);
      else this.members.add(cursor.buffer, cursor.offset, cursor.length);
      this.#add(cursor.score, shape.distance);
      if (this.count >= most) return;
    }
  }

  #findRecords(db: Database, ref: number, shape: GeoShape, range: number, most: number): void {
    const to = shape.to[range];
    const sets = sortedSetsOf(db.entries);
    const { trees, records } = sets;
    const tree = sets.tree(db.entries.root(ref));
    // The cells are near each other: so are their places in the tree, mostly.
    const from = shape.from[range];
    let isThere =
      range === 0 ? trees.seekScore(tree, from, ranked) : trees.seekScoreNear(tree, from, ranked);
    // The records themselves are read only where a member lies inside.
    for (; isThere && ranked.score < to; isThere = trees.next(ranked)) {
      if (!shape.contains(ranked.score)) continue;
      records.key(ranked.record, view);
      this.members.add(view.buffer, view.offset, view.length);
      this.#add(ranked.score, shape.distance);
      if (this.count >= most) return;
    }
  }

  #add(score: number, distance: number): void {
    const at = this.count;
    if (at === this.scores.length) {
      this.scores = doubled(this.scores);
      this.distances = doubled(this.distances);
    }
    this.scores[at] = score;
    this.distances[at] = distance;
    this.count = at + 1;
  }
}

function compare(a: number, b: number): number {
  if (a > b) return 1;
  return a === b ? 0 : -1;
}

function doubled(numbers: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
