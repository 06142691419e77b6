// In which order SORT returns elements. As in Redis: numbers that are equal are ordered by the bytes of their elements;
// texts by bytes, up to a NUL unless the result is stored; and what is equal even so keeps its order, except where a
// pattern and a limit are given, as Redis then sorts by a quicksort that is not stable.
import type { Call } from '../../core/call.ts';
import { parseWeight } from '../../protocol/double-parse.ts';
import { ByteRuns } from '../../structures/byte-runs.ts';
import { type Comparison, partialQuicksort } from '../../structures/partial-quicksort.ts';
import { sortedIndexes } from '../../structures/radix-sort.ts';
import { FieldView } from '../../types/hash/field-view.ts';
import type { SortPattern } from './sort-pattern.ts';

/** How elements are sorted. */
export interface SortingRule {
  readonly isDescending: boolean;
  readonly isAlphabetical: boolean;
  /** Whether all bytes of texts count, not only those before a NUL. */
  readonly countsAllBytes: boolean;
  /** What the elements are sorted by, if not themselves. */
  readonly by: SortPattern | undefined;
}

const value = new FieldView();

/**
 * The indexes of the elements in their order.
 * @param first of the places that are asked for; `last` the last one
 * @returns undefined when something that an element is sorted by is no number
 */
export function orderOf(
  call: Call,
  elements: ByteRuns,
  rule: SortingRule,
  first: number,
  last: number,
): Int32Array | undefined {
  const { isAlphabetical, by } = rule;
  const texts = isAlphabetical && by !== undefined ? textsBy(call, elements, by) : elements;
  const keys = isAlphabetical ? texts.prefixes() : weights(call, elements, by);
  if (keys === undefined) return undefined;
  const compare = comparisonOf(isAlphabetical ? texts : elements, rule);
  if (rule.isDescending) for (let i = 0; i < keys.length; i++) keys[i] = 0 - keys[i];
  const isPartial = by !== undefined && (first !== 0 || last !== elements.count - 1);
  if (!isPartial) return sortedIndexes(keys, compare);
  const order = Int32Array.from(keys, (_, i) => i);
  const whole: Comparison = (a, b) => {
    if (keys[a] !== keys[b]) return keys[a] < keys[b] ? -1 : 1;
    return compare(a, b);
  };
  partialQuicksort(order, whole, first, last);
  return order;
}

/** Compares elements, or what they are sorted by, where their numbers are equal. */
function comparisonOf(
  texts: ByteRuns,
  { isAlphabetical, countsAllBytes, isDescending }: SortingRule,
): Comparison {
  const isBinary = !isAlphabetical || countsAllBytes;
  if (isBinary) {
    return isDescending ? (a, b) => texts.compare(b, a) : (a, b) => texts.compare(a, b);
  }
  return isDescending ? (a, b) => texts.compareText(b, a) : (a, b) => texts.compareText(a, b);
}

/** What the elements stand for in a pattern. */
function textsBy(call: Call, elements: ByteRuns, by: SortPattern): ByteRuns {
  const texts = new ByteRuns();
  texts.reserve(elements.count);
  for (let i = 0; i < elements.count; i++) {
    if (!by.find(call, elements, i, value)) texts.addNothing();
    else if (value.isInteger) texts.addInteger(value.integer);
    else texts.add(value.buffer, value.offset, value.length);
  }
  return texts;
}

/** The numbers that the elements are, or stand for in a pattern; undefined when one is none. */
function weights(
  call: Call,
  elements: ByteRuns,
  by: SortPattern | undefined,
): Float64Array | undefined {
  const { count } = elements;
  const numbers = new Float64Array(count);
  let areNumbers = true;
  for (let i = 0; i < count; i++) {
    let weight = 0;
    if (by === undefined) {
      weight = elements.isInteger(i)
        ? elements.integer(i)
        : parseWeight(elements.buffer(i), elements.offset(i), elements.length(i));
    } else if (by.find(call, elements, i, value)) {
      weight = value.isInteger
        ? value.integer
        : parseWeight(value.buffer, value.offset, value.length);
    }
    // The other keys are looked up even so: that may be observed.
    if (Number.isNaN(weight)) areNumbers = false;
    numbers[i] = weight;
  }
  return areNumbers ? numbers : undefined;
}
