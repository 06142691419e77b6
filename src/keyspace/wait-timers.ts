// Timers of keys that clients wait for: a binary heap, the soonest first, and among equal times in the order in
// which they were set. Each timer knows its position, so that it can be removed in O(log n). A key has at most one
// timer.

/** Something with a time. */
export interface Timed {
  /** In ms since the epoch; Infinity while it has none. */
  dueMs: number;
  /** Orders timers with the same time: the least comes first. Managed by the heap, as is the next field. */
  timeSerial: number;
  timeIndex: number;
}

/** The timers, ordered by time; see the head of this file. */
export class WaitTimers<T extends Timed> {
  readonly #heap: T[] = [];
  #serial = 0;

  /** Number of timers. */
  get size(): number {
    return this.#heap.length;
  }

  /** The soonest time, in ms since the epoch; Infinity when there is none. */
  get soonestMs(): number {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#heap[0].dueMs;
  }

  /** Sets a timer, or replaces its time with an earlier one. */
  set(timed: T, dueMs: number): void {
    if (timed.dueMs === Number.POSITIVE_INFINITY) timed.timeIndex = this.#heap.push(timed) - 1;
    timed.dueMs = dueMs;
    timed.timeSerial = this.#serial++;
    this.#rise(timed);
  }

  /** Removes a timer, if it is set. */
  cancel(timed: T): void {
    if (timed.dueMs === Number.POSITIVE_INFINITY) return;
    timed.dueMs = Number.POSITIVE_INFINITY;
    const last = this.#heap.pop();
    if (last === undefined || last === timed) return;
    this.#place(last, timed.timeIndex);
    this.#rise(last);
    this.#sink(last);
  }

  /** Removes and returns the soonest timer if its time has come. */
  takeDue(nowMs: number): T | undefined {
    const timed = this.#heap.at(0);
    if (timed === undefined || timed.dueMs > nowMs) return undefined;
    this.cancel(timed);
    return timed;
  }

  #place(timed: T, index: number): void {
    this.#heap[index] = timed;
    timed.timeIndex = index;
  }

  #rise(timed: T): void {
    while (timed.timeIndex > 0) {
      const parent = this.#heap[(timed.timeIndex - 1) >> 1];
      if (!isBefore(timed, parent)) return;
      this.#exchange(timed, parent);
    }
  }

  #sink(timed: T): void {
    const heap = this.#heap;
    for (;;) {
      const left = 2 * timed.timeIndex + 1;
      if (left >= heap.length) return;
      const hasRight = left + 1 < heap.length;
      const child = hasRight && isBefore(heap[left + 1], heap[left]) ? heap[left + 1] : heap[left];
      if (!isBefore(child, timed)) return;
      this.#exchange(child, timed);
    }
  }

  #exchange(one: T, other: T): void {
    const { timeIndex } = one;
    this.#place(one, other.timeIndex);
    this.#place(other, timeIndex);
  }
}

function isBefore(one: Timed, other: Timed): boolean {
  return (
    one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.timeSerial < other.timeSerial)
  );
}
