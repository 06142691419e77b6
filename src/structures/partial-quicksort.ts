// Quicksort that leaves parts alone of which nobody asks: Bentley and McIlroy's "Engineering a Sort Function"
// (Software: Practice and Experience 23, 1993), which C libraries have, on the left or right only where a part of the
// wanted range lies there. It is not stable. Where Redis sorts in this way, the order of equal elements is visible to
// clients: pivots are chosen and elements exchanged as in the paper, so it comes out the same.

/** Compares what two indexes stand for: below 0 when the first comes first, 0 when neither does. */
export type Comparison = (a: number, b: number) => number;

/** Fewer than so many are sorted by insertion. */
const FEW = 7;
/** From more than so many the pivot is the median of three medians. */
const MANY = 40;

/**
 * Puts those into their places in [first, last] that come there when all of `order` is sorted. The others are on the
 * right side of them.
 */
export function partialQuicksort(
  order: Int32Array,
  compare: Comparison,
  first: number,
  last: number,
): void {
  sortPart(order, 0, order.length, compare, first, last);
}

function sortPart(
  order: Int32Array,
  from: number,
  to: number,
  compare: Comparison,
  first: number,
  last: number,
): void {
  let start = from;
  const end = to;
  for (;;) {
    const count = end - start;
    if (count < FEW) {
      insertionSort(order, start, end, compare);
      return;
    }
    exchange(order, start, pivotOf(order, start, count, compare));
    const { less, greater } = partition(order, start, end, compare);
    if (less > 1 && isWanted(start, start + less, first, last)) {
      sortPart(order, start, start + less, compare, first, last);
    }
    if (greater <= 1 || !isWanted(end - greater, end, first, last)) return;
    start = end - greater;
  }
}

/** Whether any of [start, end) lies in [first, last]. */
function isWanted(start: number, end: number, first: number, last: number): boolean {
  return first < end && last >= start;
}

function insertionSort(order: Int32Array, start: number, end: number, compare: Comparison): void {
  for (let i = start + 1; i < end; i++) {
    for (let at = i; at > start && compare(order[at - 1], order[at]) > 0; at--) {
      exchange(order, at, at - 1);
    }
  }
}

/** The place of the pivot: the middle one, a median of three, or of three such medians. */
function pivotOf(order: Int32Array, start: number, count: number, compare: Comparison): number {
  let middle = start + Math.floor(count / 2);
  if (count === FEW) return middle;
  let left = start;
  let right = start + count - 1;
  if (count > MANY) {
    const eighth = Math.floor(count / 8);
    left = median(order, left, left + eighth, left + 2 * eighth, compare);
    middle = median(order, middle - eighth, middle, middle + eighth, compare);
    right = median(order, right - 2 * eighth, right - eighth, right, compare);
  }
  return median(order, left, middle, right, compare);
}

function median(order: Int32Array, a: number, b: number, c: number, compare: Comparison): number {
  if (compare(order[a], order[b]) < 0) {
    if (compare(order[b], order[c]) < 0) return b;
    return compare(order[a], order[c]) < 0 ? c : a;
  }
  if (compare(order[b], order[c]) > 0) return b;
  return compare(order[a], order[c]) < 0 ? a : c;
}

/** What `partition` has found. */
const parts = { less: 0, greater: 0 };

/**
 * Divides [start, end) around the pivot, which is the first: less, equal, greater. Equal ones gather at both ends
 * and go to the middle at last:
 *
 *     [ equal | less | … | greater | equal ]
 *     start   a      b   c         d      end - 1
 */
function partition(
  order: Int32Array,
  start: number,
  end: number,
  compare: Comparison,
): typeof parts {
  const pivot = order[start];
  let a = start + 1;
  let b = a;
  let c = end - 1;
  let d = c;
  for (;;) {
    for (; b <= c; b++) {
      const difference = compare(order[b], pivot);
      if (difference > 0) break;
      if (difference === 0) exchange(order, a++, b);
    }
    for (; b <= c; c--) {
      const difference = compare(order[c], pivot);
      if (difference < 0) break;
      if (difference === 0) exchange(order, c, d--);
    }
    if (b > c) break;
    exchange(order, b++, c--);
  }
  parts.less = b - a;
  parts.greater = d - c;
  exchangeRuns(order, start, b, Math.min(a - start, b - a));
  exchangeRuns(order, b, end, Math.min(d - c, end - 1 - d));
  return parts;
}

/** Exchanges the `count` from `left` on with the `count` that end at `rightEnd`. */
function exchangeRuns(order: Int32Array, left: number, rightEnd: number, count: number): void {
  for (let i = 0; i < count; i++) exchange(order, left + i, rightEnd - count + i);
}

function exchange(order: Int32Array, a: number, b: number): void {
  const index = order[a];
  order[a] = order[b];
  order[b] = index;
}
