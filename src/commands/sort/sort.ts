// SORT and SORT_RO: the elements of a list, a set or a sorted set in another order, by themselves or by other keys, or
// what other keys have for them, returned or stored as a list.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { WRONG_TYPE } from '../../core/errors.ts';
import { DENYOOM, MOVABLE_KEYS, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt, keysUnknown } from '../../core/key-specs.ts';
import { ABSENT, changed, deleteTarget } from '../../core/lookup.ts';
import { NO_EXPIRY } from '../../keyspace/database.ts';
import { EVENT_LIST } from '../../keyspace/key-events.ts';
import { ByteRuns } from '../../structures/byte-runs.ts';
import { FieldView } from '../../types/hash/field-view.ts';
import { ListBuilder } from '../../types/list/builder.ts';
import { replyRun } from '../run-replies.ts';
import { elementsOf, isSet, isSortable, sortableLength, unpacked } from './sort-elements.ts';
import { locateStore, SortOptions } from './sort-options.ts';
import { orderOf } from './sort-order.ts';

const COMPLEXITY =
  'O(N+M*log(M)) where N is the number of elements and M the number of those that are returned. When they are not sorted, O(N).';
const SYNTAX =
  'key [BY pattern:pattern#1] [LIMIT offset_count={ offset:integer count:integer }] [GET pattern:pattern#1...~] [order=( ASC | DESC )] [sorting=ALPHA]';
const PATTERN_KEYS = {
  ...keysUnknown('RO', 'access'),
  notes:
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
};

export const sortCommands: readonly CommandRow[] = [
  {
    name: 'sort',
    arity: -2,
    flags: WRITE | DENYOOM | MOVABLE_KEYS,
    keys: [
      keyAt(1, 'RO', 'access'),
      PATTERN_KEYS,
      {
        ...keysUnknown('OW', 'update'),
        notes:
          "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
        locate: locateStore,
      },
    ],
    group: 'generic',
    categories: ['set', 'sortedset', 'list', 'dangerous'],
    withoutGroupCategory: true,
    since: '1.0.0',
    summary: 'Sorts the elements of a list, a set or a sorted set, and returns or stores them.',
    complexity: COMPLEXITY,
    syntax: `${SYNTAX} [STORE destination:key#2]`,
    handler: (call) => sort(call, true),
  },
  {
    name: 'sort_ro',
    arity: -2,
    flags: READONLY | MOVABLE_KEYS,
    keys: [keyAt(1, 'RO', 'access'), PATTERN_KEYS],
    group: 'generic',
    categories: ['set', 'sortedset', 'list', 'dangerous'],
    withoutGroupCategory: true,
    since: '7.0.0',
    summary: 'Sorts the elements of a list, a set or a sorted set, and returns them.',
    complexity: COMPLEXITY,
    syntax: SYNTAX,
    handler: (call) => sort(call, false),
  },
];

const NOT_NUMBERS = "ERR One or more scores can't be converted into double";

const options = new SortOptions();
const value = new FieldView();
/** The places of the result that are asked for: `count` from `first` on. */
const range = { first: 0, count: 0 };

function sort(call: Call, mayStore: boolean): void {
  const { request, reply, db } = call;
  if (!options.read(call, mayStore)) return;
  let ref = db.lookupRead(request, 1);
  if (ref !== ABSENT && !isSortable(db.typeOf(ref))) {
    reply.error(WRONG_TYPE);
    return;
  }
  if (ref !== ABSENT) ref = unpacked(db, request, ref);
  const length = ref === ABSENT ? 0 : sortableLength(db, ref);
  setRange(length);
  let elements = new ByteRuns();
  let order: Int32Array | undefined = new Int32Array(0);
  if (options.keepsOrder && !(isStored() && ref !== ABSENT && isSet(db, ref))) {
    elements = rangeOf(call, ref, length);
    order = inOrder(elements.count);
  } else if (ref !== ABSENT) {
    elements = elementsOf(db, ref, 0, length);
    order = sortedRange(call, elements);
  }
  if (order === undefined) reply.error(NOT_NUMBERS);
  else if (isStored()) store(call, elements, order);
  else answer(call, elements, order);
}

function isStored(): boolean {
  return options.storeAt !== 0;
}

/** Sets `range` to what LIMIT means for so many elements. */
function setRange(length: number): void {
  const { offset, count } = options;
  range.first = Math.min(Math.max(offset, 0), length);
  const most = length - range.first;
  range.count = count < 0 ? most : Math.min(count, most);
}

/** The elements of the range as the value has them; of a list or sorted set counted from its end with DESC. */
function rangeOf({ db }: Call, ref: number, length: number): ByteRuns {
  const { first, count } = range;
  if (ref === ABSENT) return new ByteRuns();
  const isReversed = options.isDescending && !isSet(db, ref);
  return elementsOf(db, ref, isReversed ? length - first - count : first, count, isReversed);
}

/** The indexes of so many elements, as they are. */
function inOrder(count: number): Int32Array {
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  return order;
}

/** The indexes of the elements of the range; undefined when not all that they are sorted by are numbers. */
function sortedRange(call: Call, elements: ByteRuns): Int32Array | undefined {
  const { first, count } = range;
  // Only a set comes here with a constant: its elements have no order that could be kept.
  const isForced = options.keepsOrder;
  const rule = {
    isDescending: options.isDescending,
    isAlphabetical: options.isAlphabetical || isForced,
    countsAllBytes: isStored(),
    by: isForced ? undefined : options.by,
  };
  return orderOf(call, elements, rule, first, first + count - 1)?.subarray(first, first + count);
}

/** Answers the elements with these indexes, or what GET says of each. */
function answer(call: Call, elements: ByteRuns, order: Int32Array): void {
  const { reply } = call;
  const { gets } = options;
  reply.array(order.length * Math.max(gets.length, 1));
  for (let k = 0; k < order.length; k++) {
    const i = order[k];
    if (gets.length === 0) replyRun(reply, elements, i);
    for (let g = 0; g < gets.length; g++) {
      if (!gets[g].find(call, elements, i, value)) reply.null();
      else if (value.isInteger) reply.bulkInteger(value.integer);
      else reply.bulk(value.buffer, value.offset, value.length);
    }
  }
}

/** Stores them as a list, in which nothing is an empty element, and answers how many there are. */
function store(call: Call, elements: ByteRuns, order: Int32Array): void {
  const { request, reply, db } = call;
  const { storeAt } = options;
  if (order.length === 0) {
    deleteTarget(db, request, storeAt);
    reply.integer(0);
    return;
  }
  const list = new ListBuilder(db.entries);
  try {
    addTo(list, call, elements, order);
    const { count } = list;
    const replaced = db.lookupForChange(request, storeAt);
    const ref = list.store(db, request, storeAt, NO_EXPIRY, replaced);
    changed(db, request, storeAt, ref, EVENT_LIST, 'sortstore', count);
    reply.integer(count);
  } finally {
    list.discard();
  }
}

function addRun(list: ListBuilder, elements: ByteRuns, i: number): void {
  if (elements.isInteger(i)) list.pushInteger(elements.integer(i));
  else list.push(elements.buffer(i), elements.offset(i), elements.length(i));
}

function addTo(list: ListBuilder, call: Call, elements: ByteRuns, order: Int32Array): void {
  const { gets } = options;
  for (let k = 0; k < order.length; k++) {
    const i = order[k];
    if (gets.length === 0) addRun(list, elements, i);
    for (let g = 0; g < gets.length; g++) {
      if (!gets[g].find(call, elements, i, value)) list.push(NOTHING, 0, 0);
      else if (value.isInteger) list.pushInteger(value.integer);
      else list.push(value.buffer, value.offset, value.length);
    }
  }
}

const NOTHING = Buffer.alloc(0);
