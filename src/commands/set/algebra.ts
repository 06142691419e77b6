// Intersections, unions and differences of sets, answered, counted or stored. How they are found is in combine.ts.

import type { Call, Handler } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NUMKEYS_NOT_POSITIVE } from '../../core/errors.ts';
import { DENYOOM, MOVABLE_KEYS, READONLY, WRITE } from '../../core/flags.ts';
import { type KeyFlag, keyAt, keyRange, keysCounted } from '../../core/key-specs.ts';
import { deleteTarget } from '../../core/lookup.ts';
import { OptionTable } from '../../core/options.ts';
import { NO_EXPIRY } from '../../keyspace/entries.ts';
import { EVENT_SET } from '../../keyspace/key-events.ts';
import { resultBuilder, type SetBuilder } from '../../types/set/builder.ts';
import { collectDifference, collectIntersection, collectUnion, Found } from './combine.ts';
import { Sources } from './sources.ts';

const SINTERCARD_OPTIONS = new OptionTable([
  {
    word: 'limit',
    values: 1,
    problem: ({ request }, i) => (request.integer(i) >= 0 ? undefined : NEGATIVE_LIMIT),
  },
]);
const SINTERCARD_LIMIT = SINTERCARD_OPTIONS.bits('limit');

const INTERSECTION_COMPLEXITY =
  'O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.';
const TOTAL_COMPLEXITY = 'O(N) where N is the total number of elements in all given sets.';

/** The two forms of an operation: what answers its result, and what stores it. */
function rows(
  name: string,
  what: string,
  complexity: string,
  targetFlag: KeyFlag,
  answer: Handler,
  store: Handler,
): readonly CommandRow[] {
  const common = { group: 'set', since: '1.0.0', complexity } as const;
  return [
    {
      ...common,
      name,
      arity: -2,
      flags: READONLY,
      keys: [keyRange(1, -1, 1, 'RO', 'access')],
      summary: `Returns the ${what} of several sets.`,
      tips: ['nondeterministic_output_order'],
      syntax: 'key...',
      handler: answer,
    },
    {
      ...common,
      name: `${name}store`,
      arity: -3,
      flags: WRITE | DENYOOM,
      keys: [keyAt(1, targetFlag, 'update'), keyRange(2, -1, 1, 'RO', 'access')],
      summary: `Stores the ${what} of several sets in a key.`,
      syntax: 'destination:key key...',
      handler: store,
    },
  ];
}

export const setAlgebraCommands: readonly CommandRow[] = [
  ...rows(
    'sinter',
    'intersection',
    INTERSECTION_COMPLEXITY,
    'RW',
    (call) => answer(call, collectIntersection),
    (call) => store(call, 'sinterstore', collectIntersection),
  ),
  ...rows(
    'sunion',
    'union',
    TOTAL_COMPLEXITY,
    'OW',
    (call) => answer(call, collectUnion),
    (call) => store(call, 'sunionstore', collectUnion),
  ),
  ...rows(
    'sdiff',
    'difference',
    TOTAL_COMPLEXITY,
    'OW',
    (call) => answer(call, collectDifference),
    (call) => store(call, 'sdiffstore', collectDifference),
  ),
  {
    name: 'sintercard',
    arity: -3,
    flags: READONLY | MOVABLE_KEYS,
    keys: [keysCounted(1, 'RO', 'access')],
    group: 'set',
    since: '7.0.0',
    summary: 'Returns the number of members of the intersection of several sets.',
    complexity: INTERSECTION_COMPLEXITY,
    options: SINTERCARD_OPTIONS,
    syntax: 'numkeys:integer key... [LIMIT limit:integer]',
    handler: sintercard,
  },
];

const NEGATIVE_LIMIT = "ERR LIMIT can't be negative";
const TOO_MANY_KEYS = "ERR Number of keys can't be greater than number of args";

const sources = new Sources();
const found = new Found();

/** Finds a combination of the sources: as places in `found`, or in a builder, if one is given or `found` needs one. */
type Combination = (
  call: Call,
  sources: Sources,
  found: Found,
  builder: SetBuilder | undefined,
) => void;

function answer(call: Call, combine: Combination): void {
  const { reply } = call;
  if (!sources.open(call, 1, call.request.count - 1)) return;
  try {
    combine(call, sources, found, undefined);
    reply.set(found.count);
    found.reply(reply);
  } finally {
    found.clear();
    sources.close();
  }
}

function store(call: Call, event: string, combine: Combination): void {
  const { request, reply, db } = call;
  if (!sources.open(call, 2, request.count - 1)) return;
  const builder = resultBuilder(db.entries);
  try {
    combine(call, sources, found, builder);
    const { count } = builder;
    if (count === 0) {
      // As in Redis: who subscribes to events of its own commands sees which comes first.
      const isDeletedFirst = combine === collectIntersection && sources.missing > 0;
      if (!isDeletedFirst) reply.integer(0);
      deleteTarget(db, request, 1);
      if (isDeletedFirst) reply.integer(0);
      return;
    }
    const old = db.lookupForChange(request, 1);
    builder.store(db, old, request, 1, NO_EXPIRY);
    db.modified(request, 1, 1);
    reply.integer(count);
    db.notify(EVENT_SET, event, request, 1);
  } finally {
    builder.discard();
    sources.close();
  }
}

function sintercard(call: Call): void {
  const { request, reply } = call;
  const keys = request.integer(1);
  if (!(keys >= 1)) {
    reply.error(NUMKEYS_NOT_POSITIVE);
    return;
  }
  if (keys > request.count - 2) {
    reply.error(TOO_MANY_KEYS);
    return;
  }
  if (!SINTERCARD_OPTIONS.read(call, 2 + keys)) return;
  const limitAt = SINTERCARD_OPTIONS.valueAt(SINTERCARD_LIMIT);
  const limit = limitAt === 0 ? 0 : request.integer(limitAt);
  if (!sources.open(call, 2, 1 + keys)) return;
  try {
    collectIntersection(call, sources, found, undefined, limit === 0 ? Infinity : limit);
    reply.integer(found.count);
  } finally {
    found.clear();
    sources.close();
  }
}
