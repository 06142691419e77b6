// Values of type zset. A small one lies within its entry, packed; of a larger one the entry has the root:
//
//   ENCODING_PACKED    [ count: 4 bytes ][ member ][ score ][ member ][ score ] …
//   ENCODING_TREE      [ root: 4 bytes ]
//
// Functions that change a sorted set return its entry's reference, which may be another, or 0 when it has become empty
// and was removed. Without memory they throw, with the value as it was. Modifications and events are reported by the
// commands. What is asked for by scores or members becomes ranks first, by which everything is read and removed.
import type { Database } from '../../keyspace/database.ts';
import { type Entries, NO_EXPIRY } from '../../keyspace/entries.ts';
import {
  buildPacked,
  changingPacked,
  openPacked,
  PACKED_COUNT_BYTES,
  PackedView,
  packedCount,
  splicePacked,
} from '../../keyspace/packed-value.ts';
import type { Request } from '../../protocol/request.ts';
import { elementAfter, PackedEncoder, skipForward } from '../../structures/packed-list.ts';
import { PackedNeedle } from '../../structures/packed-search.ts';
import type { RankedCursor } from '../../structures/ranked-tree.ts';
import { ENCODING_PACKED, ENCODING_TREE, TYPE_ZSET } from './encodings.ts';
import { MemberCursor } from './member-cursor.ts';
import { countScores, encodeScore, placeFor, STRIDE, scoreAt } from './packed-members.ts';
import { type SortedSetLimits, SortedSets } from './sorted-sets.ts';

/** Bytes of the value of a large sorted set. */
export const ROOT_BYTES = 4;

/** In place of a member's length: there is none. */
const NO_MEMBER = -1;
const NO_BYTES = Buffer.alloc(0);

const packed = new PackedView();
const needle = new PackedNeedle();
const encoder = new PackedEncoder();
const cursor = new MemberCursor();

/** What `findMember` found last: the record, or how far from the first member it is. */
let foundRecord = 0;
let foundDistance = 0;

/** The operations on the large sorted sets of a keyspace's entries. */
export function sortedSetsOf({ collections }: Entries): SortedSets {
  const sets = collections[TYPE_ZSET];
  if (!(sets instanceof SortedSets)) throw new Error('this keyspace has no sorted sets');
  return sets;
}

/** Number of members. */
export function memberCount(entries: Entries, ref: number): number {
  if (entries.encodingOf(ref) === ENCODING_PACKED) return packedCount(entries, ref) / STRIDE;
  return sortedSetsOf(entries).length(entries.root(ref));
}

/** Whether a sorted set of so many members, of at most so many bytes, may be packed. */
export function mayBePacked(limits: SortedSetLimits, members: number, longest: number): boolean {
  return members <= limits.maxEntries && longest <= limits.maxBytes;
}

// ── One member ──────────────────────────────────────────────────────────────────────────────

/**
 * The score of a member, for which `setFoundScore`, `removeFound` and `rankOfFound` may be called then, or `addMember`
 * if it is not there.
 * @returns NaN if there is no such member
 */
export function findMember(
  entries: Entries,
  ref: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  if (entries.encodingOf(ref) !== ENCODING_PACKED) {
    const sets = sortedSetsOf(entries);
    foundRecord = sets.find(entries.root(ref), bytes, offset, length);
    return foundRecord === 0 ? Number.NaN : sets.records.score(foundRecord);
  }
  openPacked(entries, ref, packed);
  const { buffer, start, end } = packed;
  needle.set(bytes, offset, length);
  const at = needle.findIn(buffer, start, end, STRIDE);
  if (at < 0) return Number.NaN;
  foundDistance = at - start;
  return scoreAt(buffer, at + needle.size);
}

/** As `findMember`, of argument i of a request. */
export function findMemberArgument(
  entries: Entries,
  ref: number,
  request: Request,
  i: number,
): number {
  if (entries.encodingOf(ref) === ENCODING_PACKED) {
    return findMember(entries, ref, request.buffer, request.offsets[i], request.lengths[i]);
  }
  const sets = sortedSetsOf(entries);
  foundRecord = sets.findArgument(entries.root(ref), request, i);
  return foundRecord === 0 ? Number.NaN : sets.records.score(foundRecord);
}

/** How many members come before the one found last. */
export function rankOfFound(entries: Entries, ref: number): number {
  if (entries.encodingOf(ref) !== ENCODING_PACKED) {
    const sets = sortedSetsOf(entries);
    const score = sets.records.score(foundRecord);
    return sets.trees.rankOf(sets.tree(entries.root(ref)), score, foundRecord);
  }
  openPacked(entries, ref, packed);
  const { buffer, start } = packed;
  let rank = 0;
  for (let at = start; at < start + foundDistance; rank++) {
    at = elementAfter(buffer, elementAfter(buffer, at));
  }
  return rank;
}

/**
 * Adds a member that `findMember` just did not find.
 * @param ref the sorted set under argument `keyAt`, or 0: `lookupForChange` just found nothing there, and one is made
 */
export function addMember(
  db: Database,
  ref: number,
  request: Request,
  keyAt: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  score: number,
): number {
  const { entries } = db;
  const sets = sortedSetsOf(entries);
  if (ref === 0) return createWith(db, request, keyAt, bytes, offset, length, score);
  if (entries.encodingOf(ref) !== ENCODING_PACKED) {
    sets.add(entries.root(ref), bytes, offset, length, score);
    return ref;
  }
  openPacked(entries, ref, packed);
  if (mayBePacked(sets.limits, packed.count / STRIDE + 1, length)) {
    const at = placeFor(packed.buffer, packed.start, packed.end, bytes, offset, length, score);
    needle.set(bytes, offset, length);
    return insertPair(db, ref, at - packed.start, score);
  }
  return toTree(db, ref, bytes, offset, length, score);
}

/** Gives the member found last another score. */
export function setFoundScore(
  db: Database,
  ref: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  score: number,
): number {
  const { entries } = db;
  if (entries.encodingOf(ref) !== ENCODING_PACKED) {
    sortedSetsOf(entries).setScore(entries.root(ref), foundRecord, score);
    return ref;
  }
  openPacked(entries, ref, packed);
  const { buffer, start, end } = packed;
  const at = start + foundDistance;
  const scorePlace = elementAfter(buffer, at);
  const next = elementAfter(buffer, scorePlace);
  const isLater = score > scoreAt(buffer, scorePlace);
  const target = isLater
    ? placeFor(buffer, next, end, bytes, offset, length, score)
    : placeFor(buffer, start, at, bytes, offset, length, score);
  if (target === at || target === next) {
    encodeScore(encoder, score);
    return replaceScore(db, ref, scorePlace - start, next - scorePlace);
  }
  // First what may need memory.
  needle.set(bytes, offset, length);
  const inserted = target - start;
  const removed = next - at;
  const grown = insertPair(db, ref, inserted, score);
  const shift = inserted <= foundDistance ? needle.size + encoder.size : 0;
  return splicePacked(db, grown, foundDistance + shift, removed, 0, -STRIDE);
}

/** Removes the member found last. */
export function removeFound(db: Database, ref: number): number {
  const { entries } = db;
  if (entries.encodingOf(ref) !== ENCODING_PACKED) {
    const sets = sortedSetsOf(entries);
    const root = entries.root(ref);
    if (sets.length(root) === 1) return discard(db, ref);
    sets.removeFound(root, foundRecord);
    return ref;
  }
  openPacked(entries, ref, packed);
  if (packed.count === STRIDE) return discard(db, ref);
  const { buffer, start } = packed;
  const at = start + foundDistance;
  const end = elementAfter(buffer, elementAfter(buffer, at));
  return splicePacked(db, ref, foundDistance, end - at, 0, -STRIDE);
}

// ── Ranges ──────────────────────────────────────────────────────────────────────────────────

/** Removes `count` members from a rank on; there are as many. */
export function removeRanks(db: Database, ref: number, rank: number, count: number): number {
  const { entries } = db;
  if (memberCount(entries, ref) === count) return discard(db, ref);
  if (entries.encodingOf(ref) !== ENCODING_PACKED) {
    const sets = sortedSetsOf(entries);
    const root = entries.root(ref);
    for (let i = 0; i < count; i++) sets.removeRank(root, rank);
    return ref;
  }
  openPacked(entries, ref, packed);
  const { buffer, start } = packed;
  const from = skipForward(buffer, start, rank * STRIDE);
  const end = skipForward(buffer, from, count * STRIDE);
  return splicePacked(db, ref, from - start, end - from, 0, -count * STRIDE);
}

/**
 * How many members have a score below a limit: or not above it, if `inclusive`.
 * @param cursor is pointed at the first of the others, if they were looked for in a tree; else it leads nowhere
 */
export function rankOfScore(
  entries: Entries,
  ref: number,
  limit: number,
  inclusive: boolean,
  cursor?: RankedCursor,
): number {
  if (cursor !== undefined) cursor.leaf = 0;
  // No scores lie beyond the infinities, which ranges without a limit have.
  if (limit === Number.NEGATIVE_INFINITY && !inclusive) return 0;
  if (limit === Number.POSITIVE_INFINITY && inclusive) return memberCount(entries, ref);
  if (entries.encodingOf(ref) !== ENCODING_PACKED) {
    const sets = sortedSetsOf(entries);
    return sets.trees.rankOfScore(sets.tree(entries.root(ref)), limit, inclusive, cursor);
  }
  openPacked(entries, ref, packed);
  return countScores(packed.buffer, packed.start, packed.end, limit, inclusive);
}

// ── Making and converting ───────────────────────────────────────────────────────────────────

function createWith(
  db: Database,
  request: Request,
  keyAt: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  score: number,
): number {
  const sets = sortedSetsOf(db.entries);
  if (!mayBePacked(sets.limits, 1, length)) {
    return withNewRoot(db, (root) => {
      sets.find(root, bytes, offset, length);
      sets.add(root, bytes, offset, length, score);
      const ref = db.build(0, request, keyAt, TYPE_ZSET, ENCODING_TREE, ROOT_BYTES, NO_EXPIRY);
      db.entries.setRoot(ref, root);
      db.put(0, ref);
      return ref;
    });
  }
  needle.set(bytes, offset, length);
  encodeScore(encoder, score);
  const size = needle.size + encoder.size;
  const ref = buildPacked(
    db,
    0,
    request,
    keyAt,
    TYPE_ZSET,
    ENCODING_PACKED,
    STRIDE,
    size,
    NO_EXPIRY,
  );
  const value = db.value(ref);
  writePair(value.buffer, value.offset + PACKED_COUNT_BYTES);
  db.put(0, ref);
  return ref;
}

/** Inserts the needle's member with a score, so many bytes behind the first member. */
function insertPair(db: Database, ref: number, distance: number, score: number): number {
  encodeScore(encoder, score);
  const size = needle.size + encoder.size;
  const target = splicePacked(db, ref, distance, 0, size, STRIDE);
  const { buffer, offset } = db.value(target);
  writePair(buffer, offset + PACKED_COUNT_BYTES + distance);
  return target;
}

function writePair(buffer: Buffer, at: number): void {
  needle.write(buffer, at);
  encoder.write(buffer, at + needle.size);
}

/** Puts the encoder's score in the place of one of `size` bytes. */
function replaceScore(db: Database, ref: number, distance: number, size: number): number {
  if (encoder.size === size) changingPacked(db.entries, ref);
  const target =
    encoder.size === size ? ref : splicePacked(db, ref, distance, size, encoder.size, 0);
  const { buffer, offset } = db.value(target);
  encoder.write(buffer, offset + PACKED_COUNT_BYTES + distance);
  return target;
}

/** Gives a packed sorted set a table and a tree, whatever the limits say; returns its entry's reference. */
export function unpack(db: Database, ref: number): number {
  return toTree(db, ref, NO_BYTES, 0, NO_MEMBER, 0);
}

/** Moves the members of a packed sorted set into a table and a tree, and adds one, unless its length is NO_MEMBER. */
function toTree(
  db: Database,
  ref: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  score: number,
): number {
  const { entries } = db;
  const sets = sortedSetsOf(entries);
  return withNewRoot(db, (root) => {
    cursor.open(entries, ref);
    for (let more = cursor.seek(0); more; more = cursor.next()) {
      cursor.asBytes();
      sets.find(root, cursor.buffer, cursor.offset, cursor.length);
      sets.push(root, cursor.buffer, cursor.offset, cursor.length, cursor.score, false);
    }
    if (length !== NO_MEMBER) {
      sets.find(root, bytes, offset, length);
      sets.add(root, bytes, offset, length, score);
    }
    const target = db.refit(ref, ROOT_BYTES);
    entries.setEncoding(target, ENCODING_TREE);
    entries.setRoot(target, root);
    return target;
  });
}

/** Makes an empty sorted set with a root and calls `use` with it; frees it if that throws. */
function withNewRoot(db: Database, use: (root: number) => number): number {
  const sets = sortedSetsOf(db.entries);
  const root = sets.create();
  try {
    return use(root);
  } catch (error) {
    while (!sets.freeStep(root));
    throw error;
  }
}

function discard(db: Database, ref: number): number {
  db.discard(ref);
  return 0;
}
