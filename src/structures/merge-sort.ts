// A stable sort of numbers that carry an index: bottom-up merge sort in typed arrays. Keys move along with their
// indexes, so comparing reads memory in order. Equal keys are looked at by a function, or keep their order.

/** Runs of so many are sorted by insertion. */
const RUN = 8;

/** Compares what two indexes stand for, whose keys are equal: below 0 when the first comes first. */
export type TieBreaker = (a: number, b: number) => number;

/**
 * Sorts indexes by their keys, the least first.
 * @param keys one for each index, none of them NaN; afterwards in disorder
 * @param order the indexes
 */
export function mergeSort(
  keys: Float64Array,
  order: Int32Array,
  tie: TieBreaker | undefined,
): void {
  const count = keys.length;
  for (let start = 0; start < count; start += RUN) {
    insertionSort(keys, order, start, Math.min(start + RUN, count), tie);
  }
  if (count <= RUN) return;
  let from = keys;
  let source = order;
  let to: Float64Array = new Float64Array(count);
  let target: Int32Array = new Int32Array(count);
  for (let width = RUN; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const middle = Math.min(start + width, count);
      merge(from, source, to, target, start, middle, Math.min(middle + width, count), tie);
    }
    [from, to] = [to, from];
    [source, target] = [target, source];
  }
  if (source !== order) order.set(source);
}

function insertionSort(
  keys: Float64Array,
  order: Int32Array,
  start: number,
  end: number,
  tie: TieBreaker | undefined,
): void {
  for (let i = start + 1; i < end; i++) {
    const key = keys[i];
    const index = order[i];
    let at = i;
    while (
      at > start &&
      (keys[at - 1] > key ||
        (keys[at - 1] === key && tie !== undefined && tie(order[at - 1], index) > 0))
    ) {
      keys[at] = keys[at - 1];
      order[at] = order[at - 1];
      at--;
    }
    keys[at] = key;
    order[at] = index;
  }
}

/** Merges two sorted runs, [start, middle) and [middle, end), into the same places of other arrays. */
function merge(
  keys: Float64Array,
  order: Int32Array,
  toKeys: Float64Array,
  toOrder: Int32Array,
  start: number,
  middle: number,
  end: number,
  tie: TieBreaker | undefined,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takesLeft = left < middle && (right >= end || precedes(keys, order, left, right, tie));
    const taken = takesLeft ? left++ : right++;
    toKeys[at] = keys[taken];
    toOrder[at] = order[taken];
  }
}

/** Whether the one of the left run comes before that of the right, or they are equal. */
function precedes(
  keys: Float64Array,
  order: Int32Array,
  left: number,
  right: number,
  tie: TieBreaker | undefined,
): boolean {
  const leftKey = keys[left];
  const rightKey = keys[right];
  if (leftKey !== rightKey) return leftKey < rightKey;
  return tie === undefined || tie(order[left], order[right]) <= 0;
}
