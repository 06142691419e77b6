// The sets that a command combines: the keys of the request, looked up in their order, and opened as views.
import type { Call } from '../../core/call.ts';
import { ABSENT, lookupRead, REFUSED } from '../../core/lookup.ts';
import { TYPE_SET } from '../../types/set/encodings.ts';
import { SetView } from '../../types/set/set-view.ts';

/** Views up to which sorting by insertion is quickest. */
const FEW = 32;

/** See the head of this file. They are valid until any data changes. */
export class Sources {
  /** The views are `views[0 … count - 1]`; absent keys have none. */
  readonly views: SetView[] = [];
  count = 0;
  /** Keys without a value. */
  missing = 0;
  /** Whether the first key has none. */
  isFirstMissing = false;
  /** Whether the first set is among the others, too. */
  isFirstRepeated = false;
  #refs = new Int32Array(FEW);

  /** Looks up the keys that are arguments `first` … `last`; false after answering an error. */
  open(call: Call, first: number, last: number): boolean {
    const { entries } = call.db;
    const keys = last - first + 1;
    if (keys > this.#refs.length) this.#refs = new Int32Array(2 * keys);
    const refs = this.#refs;
    for (let i = 0; i < keys; i++) {
      refs[i] = lookupRead(call, first + i, TYPE_SET);
      if (refs[i] === REFUSED) return false;
    }
    this.count = 0;
    this.missing = 0;
    this.isFirstMissing = refs[0] === ABSENT;
    this.isFirstRepeated = false;
    for (let i = 0; i < keys; i++) {
      if (refs[i] === ABSENT) {
        this.missing++;
        continue;
      }
      if (i > 0 && refs[i] === refs[0]) this.isFirstRepeated = true;
      this.#next().open(entries, refs[i]);
    }
    return true;
  }

  /** Sorts the views from one on by the number of members. */
  sort(from: number, isAscending: boolean): void {
    const { views, count } = this;
    const sign = isAscending ? 1 : -1;
    if (count - from > FEW) {
      const sorted = views.slice(from, count).sort((a, b) => sign * (a.count - b.count));
      for (let i = 0; i < sorted.length; i++) views[from + i] = sorted[i];
      return;
    }
    for (let i = from + 1; i < count; i++) {
      const view = views[i];
      let at = i;
      for (; at > from && sign * (views[at - 1].count - view.count) > 0; at--) {
        views[at] = views[at - 1];
      }
      views[at] = view;
    }
  }

  /** Members of all views together, those that are in several counted for each. */
  get members(): number {
    let sum = 0;
    for (let i = 0; i < this.count; i++) sum += this.views[i].count;
    return sum;
  }

  /** Closes the views, so that they keep nothing. */
  close(): void {
    if (this.views.length > FEW) this.views.length = FEW;
    this.count = 0;
  }

  #next(): SetView {
    const { views } = this;
    if (this.count === views.length) views.push(new SetView());
    return views[this.count++];
  }
}
