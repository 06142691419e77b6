// When keys that somebody waits for become ready by time alone: a binary heap of them, the soonest first, and of
// those with the same time the one first that got it first. Each knows its position, so that it is taken out in
// O(log n) wherever it is. There is one for each key at most, so that there are no more than keys waited for.

/** Something with a time. */
export interface Timed {
  /** In ms since the epoch; Infinity while it has none. */
  dueMs: number;
  /** Among those with the same time: the least comes first. The heap's own, as is the next. */
  timeSerial: number;
  timeIndex: number;
}

/** Those that have a time, in its order; see the head of this file. */
export class WaitTimers<T extends Timed> {
  readonly #heap: T[] = [];
  #serial = 0;

  /** How many have a time. */
  get size(): number {
    return this.#heap.length;
  }

  /** The soonest time, in ms since the epoch; Infinity when there is none. */
  get soonestMs(): number {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#heap[0].dueMs;
  }

  /** Gives a time to one that has none, or a later one. */
  set(timed: T, dueMs: number): void {
    if (timed.dueMs === Number.POSITIVE_INFINITY) timed.timeIndex = this.#heap.push(timed) - 1;
    timed.dueMs = dueMs;
    timed.timeSerial = this.#serial++;
    this.#rise(timed);
  }

  /** Takes the time away that one may have. */
  cancel(timed: T): void {
    if (timed.dueMs === Number.POSITIVE_INFINITY) return;
    timed.dueMs = Number.POSITIVE_INFINITY;
    const last = this.#heap.pop();
    if (last === undefined || last === timed) return;
    this.#place(last, timed.timeIndex);
    this.#rise(last);
    this.#sink(last);
  }

  /** Takes the soonest one out if its time has come. */
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
