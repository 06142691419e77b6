// The elements that SORT sorts: those of a list, a set or a sorted set.
import type { Database } from '../../keyspace/database.ts';
import { ifThereIsMemory } from '../../memory/out-of-memory.ts';
import type { Request } from '../../protocol/request.ts';
import { ByteRuns } from '../../structures/byte-runs.ts';
import { PackedElement } from '../../structures/packed-list.ts';
import { TYPE_LIST } from '../../types/list/encodings.ts';
import { ListSpan } from '../../types/list/list-span.ts';
import { firstSpan, listLength, nextSpan, seekSpan } from '../../types/list/values.ts';
import { TYPE_SET } from '../../types/set/encodings.ts';
import { Member } from '../../types/set/member.ts';
import { SetView } from '../../types/set/set-view.ts';
import { setLength } from '../../types/set/values.ts';
import { ENCODING_PACKED, TYPE_ZSET } from '../../types/zset/encodings.ts';
import { MemberCursor } from '../../types/zset/member-cursor.ts';
import { memberCount, unpack } from '../../types/zset/values.ts';

const span = new ListSpan();
const element = new PackedElement();
const set = new SetView();
const member = new Member();
const cursor = new MemberCursor();

/** Whether values of a type can be sorted. */
export function isSortable(type: number): boolean {
  return type === TYPE_LIST || type === TYPE_SET || type === TYPE_ZSET;
}

/** Whether a value is one whose elements have no order. */
export function isSet(db: Database, ref: number): boolean {
  return db.typeOf(ref) === TYPE_SET;
}

/**
 * Gives the sorted set of argument 1 the encoding of a large one, as sorting does in Redis, if there is memory for that.
 * @param ref a value that can be sorted, which was just looked up
 * @returns its entry's reference, which may be another
 */
export function unpacked(db: Database, request: Request, ref: number): number {
  if (db.typeOf(ref) !== TYPE_ZSET || db.encodingOf(ref) !== ENCODING_PACKED) return ref;
  // A snapshot must have the entry as it was.
  db.lookupForChange(request, 1);
  return ifThereIsMemory(() => unpack(db, ref)) ?? ref;
}

/** Number of elements of a value that can be sorted. */
export function sortableLength(db: Database, ref: number): number {
  const type = db.typeOf(ref);
  if (type === TYPE_LIST) return listLength(db.entries, ref);
  return type === TYPE_SET ? setLength(db.entries, ref) : memberCount(db.entries, ref);
}

/**
 * The elements of a value that can be sorted, `count` of them from `first` on, in the order in which it has them: that
 * of a list's indexes, of a sorted set's ranks, and any order for a set.
 * @param isReversed whether the last of them comes first
 */
export function elementsOf(
  db: Database,
  ref: number,
  first: number,
  count: number,
  isReversed = false,
): ByteRuns {
  const elements = new ByteRuns();
  elements.reserve(count);
  if (count === 0) return elements;
  const type = db.typeOf(ref);
  if (type === TYPE_LIST) addListElements(db, ref, first, count, elements);
  else if (type === TYPE_SET) addSetMembers(db, ref, first, count, elements);
  else addSortedSetMembers(db, ref, first, count, elements);
  if (isReversed) elements.reverse();
  return elements;
}

function addListElements(
  { entries }: Database,
  ref: number,
  first: number,
  count: number,
  elements: ByteRuns,
): void {
  let skipped = 0;
  if (first === 0) firstSpan(entries, ref, span);
  else skipped = seekSpan(entries, ref, first, span);
  let at = span.placeOf(skipped);
  for (let left = count; ; ) {
    const { buffer, end } = span;
    for (; at < end && left > 0; left--) {
      at = element.read(buffer, at);
      if (element.isInteger) elements.addInteger(element.integer);
      else elements.add(buffer, element.offset, element.length);
    }
    if (left === 0 || !nextSpan(entries, span)) return;
    at = span.start;
  }
}

function addSetMembers(
  { entries }: Database,
  ref: number,
  first: number,
  count: number,
  elements: ByteRuns,
): void {
  set.open(entries, ref);
  for (let i = 0; i < first; i++) set.next();
  for (let left = count; left > 0 && set.next(); left--) {
    set.read(set.place, member);
    if (member.hasBytes) {
      elements.add(member.buffer, member.offset, member.length);
    } else {
      member.asBytes();
      elements.addDigits(member.buffer, member.offset, member.length);
    }
  }
}

function addSortedSetMembers(
  { entries }: Database,
  ref: number,
  first: number,
  count: number,
  elements: ByteRuns,
): void {
  cursor.open(entries, ref);
  let isThere = cursor.seek(first);
  for (let left = count; left > 0 && isThere; left--) {
    if (cursor.isInteger) elements.addInteger(cursor.integer);
    else elements.add(cursor.buffer, cursor.offset, cursor.length);
    isThere = cursor.next();
  }
}
