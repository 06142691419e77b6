// Finds intersections, unions and differences of sets. What is only to be answered needs no set of its own: it is
// noted where each member lies in the sources. Results that are to be stored go into a builder.
//
//   intersection   the members of the smallest set that are in all others
//   union          the members of each set that are in none of the larger ones; of integers, merged in order
//   difference     the members of the first set that are in no other, or what is left of it without those of the others,
//                  whichever is less work: Redis's two algorithms
import type { Call } from '../../core/call.ts';
import type { Reply } from '../../protocol/reply.ts';
import { resultBuilder, type SetBuilder } from '../../types/set/builder.ts';
import { ENCODING_INTSET, ENCODING_TABLE } from '../../types/set/encodings.ts';
import { isLess } from '../../types/set/int64.ts';
import { mayBeIntset, mayBePacked } from '../../types/set/limits.ts';
import { Member } from '../../types/set/member.ts';
import { setsOf } from '../../types/set/set-tables.ts';
import { SetView } from '../../types/set/set-view.ts';
import { replyMembers, replyPlaces } from './replies.ts';
import type { Sources } from './sources.ts';

/** Looking a member up in one table after the other takes as long as this many times adding it to one. */
const LOOKUPS_PER_ADDITION = 3;
/** Arrays of integers up to which looking for the least of all is quicker than making a set of them. */
const MERGED_SOURCES = 16;
/** Places for which there is room at first, and for which room is kept. */
const INITIAL_PLACES = 1024;
const KEPT_PLACES = 64 * 1024;

/** Members of one view. */
interface Run {
  readonly view: SetView;
  /** Index of the place after its last one. */
  end: number;
}

/** The members of a result: where they lie in the sources, or a set of its own. */
export class Found {
  /** Number of members. */
  count = 0;
  /** Their places, run by run: those in `runs[i].view` end before `runs[i].end`. */
  #places = new Int32Array(INITIAL_PLACES);
  readonly #runs: Run[] = [];
  #run: Run | undefined;
  #builder: SetBuilder | undefined;
  readonly #built = new SetView();

  /** Adds a member by its place in a view. */
  add(view: SetView, place: number): void {
    if (this.count === this.#places.length) this.#grow();
    this.#places[this.count++] = place;
    let run = this.#run;
    if (run === undefined || run.view !== view) {
      run = { view, end: 0 };
      this.#run = run;
      this.#runs.push(run);
    }
    run.end = this.count;
  }

  /** The members are those of a set of its own, which is discarded by `clear`. */
  use(builder: SetBuilder): void {
    this.#builder = builder;
    builder.openIn(this.#built);
    this.count = this.#built.count;
  }

  /** Answers all members, one after another. */
  reply(reply: Reply): void {
    if (this.#builder !== undefined) {
      replyMembers(reply, this.#built);
      return;
    }
    const places = this.#places;
    let i = 0;
    for (const { view, end } of this.#runs) {
      replyPlaces(reply, view, places, i, end);
      i = end;
    }
  }

  /** Forgets all members. */
  clear(): void {
    this.count = 0;
    this.#runs.length = 0;
    this.#run = undefined;
    this.#builder?.discard();
    this.#builder = undefined;
    if (this.#places.length > KEPT_PLACES) this.#places = new Int32Array(INITIAL_PLACES);
  }

  #grow(): void {
    const larger = new Int32Array(2 * this.#places.length);
    larger.set(this.#places);
    this.#places = larger;
  }
}

const member = new Member();

/**
 * Finds the members that are in all sources.
 * @param limit so many are enough
 */
export function collectIntersection(
  _call: Call,
  sources: Sources,
  found: Found,
  builder: SetBuilder | undefined,
  limit = Number.POSITIVE_INFINITY,
): void {
  if (sources.missing > 0) return;
  sources.sort(0, true);
  const { views, count } = sources;
  const smallest = views[0];
  const isAscending = smallest.encoding === ENCODING_INTSET;
  while (smallest.next()) {
    smallest.readNext(member);
    let i = 1;
    while (i < count && hasMember(views[i], isAscending)) i++;
    if (i < count) continue;
    if (builder === undefined) {
      found.add(smallest, smallest.place);
      if (found.count >= limit) return;
    } else {
      builder.add(member);
    }
  }
}

/** Whether a set has the member; `isAscending` if it is an integer larger than the last one. */
function hasMember(view: SetView, isAscending: boolean): boolean {
  return isAscending && view.encoding === ENCODING_INTSET ? view.hasNext(member) : view.has(member);
}

/** Finds the members that are in any source. */
export function collectUnion(
  call: Call,
  sources: Sources,
  found: Found,
  builder: SetBuilder | undefined,
): void {
  // The largest first: its members need no looking up.
  sources.sort(0, false);
  const { views, count } = sources;
  if (builder !== undefined) {
    if (count === 0) return;
    const isCopied = beginWith(call, builder, views[0]);
    for (let i = isCopied ? 1 : 0; i < count; i++) addAll(builder, views[i]);
  } else if (areIntegers(sources) && count <= MERGED_SOURCES) {
    mergeIntegers(sources, found);
  } else if (areIntegers(sources) || lookupsOf(sources) > LOOKUPS_PER_ADDITION * sources.members) {
    const built = resultBuilder(call.db.entries);
    found.use(built);
    for (let i = 0; i < count; i++) addAll(built, views[i]);
    found.use(built);
  } else {
    for (let i = 0; i < count; i++) collectNew(sources, i, found);
  }
}

/** How often a member is looked up in another set if none is made for the union. */
function lookupsOf({ views, count }: Sources): number {
  let lookups = 0;
  for (let i = 1; i < count; i++) lookups += i * views[i].count;
  return lookups;
}

/** Finds the members of a source that are in none before it. */
function collectNew({ views }: Sources, at: number, found: Found): void {
  const view = views[at];
  while (view.next()) {
    let i = 0;
    if (at > 0) {
      view.readNext(member);
      while (i < at && !views[i].has(member)) i++;
    }
    if (i === at) found.add(view, view.place);
  }
}

/** Whether all sources are arrays of integers: if their union is one, too, its order is that of the reply. */
function areIntegers({ views, count }: Sources): boolean {
  for (let i = 0; i < count; i++) if (views[i].encoding !== ENCODING_INTSET) return false;
  return true;
}

/** The integers at which the views of a merge stand. */
const fronts: Member[] = [];

/** Finds the integers of all sources in ascending order. */
function mergeIntegers({ views, count }: Sources, found: Found): void {
  let open = 0;
  const live = views.slice(0, count);
  while (fronts.length < count) fronts.push(new Member());
  const step = (i: number): boolean => {
    if (!live[i].next()) return false;
    live[i].readNext(fronts[i]);
    return true;
  };
  const drop = (i: number): void => {
    open--;
    live[i] = live[open];
    [fronts[i], fronts[open]] = [fronts[open], fronts[i]];
  };
  open = count;
  for (let i = count - 1; i >= 0; i--) if (!step(i)) drop(i);
  while (open > 0) {
    let least = 0;
    for (let i = 1; i < open; i++) if (isBefore(fronts[i], fronts[least])) least = i;
    const { high, low } = fronts[least].integer;
    found.add(live[least], live[least].place);
    for (let i = open - 1; i >= 0; i--) {
      const { integer } = fronts[i];
      if (integer.high === high && integer.low === low && !step(i)) drop(i);
    }
  }
}

function isBefore({ integer: a }: Member, { integer: b }: Member): boolean {
  return isLess(a.high, a.low, b.high, b.low);
}

/** Finds the members of the first source that are in no other. */
export function collectDifference(
  call: Call,
  sources: Sources,
  found: Found,
  builder: SetBuilder | undefined,
): void {
  if (sources.isFirstMissing || sources.isFirstRepeated) return;
  const { views, count } = sources;
  // Looking up costs at most this; what is found early costs less, and is given that advantage.
  const lookupWork = Math.trunc((views[0].count * count) / 2);
  if (lookupWork <= sources.members) {
    // A large set is more likely to have a member.
    sources.sort(1, false);
    collectMissing(sources, found, builder);
  } else if (builder === undefined) {
    const built = resultBuilder(call.db.entries);
    found.use(built);
    subtract(call, sources, built);
    found.use(built);
  } else {
    subtract(call, sources, builder);
  }
}

/** Finds the members of the first source that no other has. */
function collectMissing(
  { views, count }: Sources,
  found: Found,
  builder: SetBuilder | undefined,
): void {
  const first = views[0];
  const isAscending = first.encoding === ENCODING_INTSET;
  while (first.next()) {
    first.readNext(member);
    let i = 1;
    while (i < count && !hasMember(views[i], isAscending)) i++;
    if (i < count) continue;
    if (builder === undefined) found.add(first, first.place);
    else builder.add(member);
  }
}

/** Takes the members of all other sources out of a copy of the first one. */
function subtract(call: Call, { views, count }: Sources, builder: SetBuilder): void {
  if (!beginWith(call, builder, views[0])) addAll(builder, views[0]);
  for (let i = 1; i < count && builder.count > 0; i++) {
    const view = views[i];
    while (view.next()) {
      view.readNext(member);
      builder.remove(member);
    }
  }
}

/**
 * Has a builder, which is empty, begin with a copy of a table, if the result of adding its members would be one.
 * @returns whether it did
 */
function beginWith({ db }: Call, builder: SetBuilder, view: SetView): boolean {
  if (view.encoding !== ENCODING_TABLE) return false;
  const { limits } = setsOf(db.entries);
  if (mayBeIntset(limits, view.count) || mayBePacked(limits, view.count, 0)) return false;
  builder.beginCopy(view.root);
  return true;
}

function addAll(builder: SetBuilder, view: SetView): void {
  while (view.next()) {
    view.readNext(member);
    builder.add(member);
  }
}
