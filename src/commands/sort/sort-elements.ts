// The elements that SORT sorts: those of a list, a set or a sorted set.
import type { Database } from '../../keyspace/database.ts';
import { ByteRuns } from '../../structures/byte-runs.ts';
import { PackedElement } from '../../structures/packed-list.ts';
import { TYPE_LIST } from '../../types/list/encodings.ts';
import { ListSpan } from '../../types/list/list-span.ts';
import { firstSpan, listLength, nextSpan, seekSpan } from '../../types/list/values.ts';

/** Number of the type of sets. */
const TYPE_SET = 2;

const span = new ListSpan();
const element = new PackedElement();

/** Whether values of a type can be sorted. */
export function isSortable(type: number): boolean {
  return type === TYPE_LIST;
}

/** Whether a value is one whose elements have no order. */
export function isSet(db: Database, ref: number): boolean {
  return db.typeOf(ref) === TYPE_SET;
}

/** Number of elements of a value that can be sorted. */
export function sortableLength(db: Database, ref: number): number {
  return listLength(db.entries, ref);
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
  if (count > 0) addListElements(db, ref, first, count, elements);
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
