// GEOSEARCH and its relatives: the members of a sorted set that lie inside a circle or a box, returned or stored. The
// relatives are older forms of it, with a circle alone.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { DENYOOM, MOVABLE_KEYS, READONLY, WRITE } from '../../core/flags.ts';
import { type KeySpec, keyAfter, keyAt } from '../../core/key-specs.ts';
import { ABSENT, changed, deleteTarget, lookupRead, REFUSED } from '../../core/lookup.ts';
import { NO_EXPIRY } from '../../keyspace/database.ts';
import { EVENT_SORTED_SET } from '../../keyspace/key-events.ts';
import { GeoPlace, placeOf } from '../../structures/geohash.ts';
import { nearestDistance } from '../../structures/great-circle.ts';
import { SortedSetBuilder } from '../../types/zset/builder.ts';
import { TYPE_ZSET } from '../../types/zset/encodings.ts';
import { replyRun } from '../run-replies.ts';
import { UNITS } from './geo-arguments.ts';
import { FROM_MEMBER, FROM_OPTION, FROM_PLACE, type GeoForm, GeoQuery } from './geo-query.ts';
import { replyDistance, replyPlace } from './geo-replies.ts';
import { GeoResults } from './geo-results.ts';

const FROM =
  'from=( FROMMEMBER member:string | FROMLONLAT longitude_latitude={ longitude:double latitude:double } )';
const BY = `by=( circle={ BYRADIUS radius:double unit=${UNITS} } | box={ BYBOX width:double height:double unit=${UNITS} } )`;
const ORDER = '[order=( ASC | DESC )]';
const COUNT = '[count={ COUNT count:integer [any=ANY] }]';
const COUNT_OF_RADIUS = '[count={ COUNT count:integer [any=ANY^6.2.0] }]';
const CIRCLE = `radius:double unit=${UNITS} [WITHCOORD] [WITHDIST] [WITHHASH]`;
const STORES = '[STORE key#1] [STOREDIST key#2]';
const SEARCH_COMPLEXITY =
  'O(N+log(M)) where N is the number of elements in the cells of the grid around the shape and M is the number of items inside the shape';
const RADIUS_COMPLEXITY =
  'O(N+log(M)) where N is the number of elements in the cells of the grid around the circle and M is the number of items inside the index.';
const UPPER_CASE_UNITS = ['7.0.0', 'Units in upper case.'] as const;
const ANY_ADDED = ['6.2.0', 'The option `ANY` of `COUNT`.'] as const;

const SEARCH: GeoForm = { from: FROM_OPTION, keyAt: 1, storeAt: 0, mayStore: false };
const SEARCH_STORE: GeoForm = { from: FROM_OPTION, keyAt: 2, storeAt: 1, mayStore: false };
const RADIUS: GeoForm = { from: FROM_PLACE, keyAt: 1, storeAt: 0, mayStore: true };
const RADIUS_RO: GeoForm = { ...RADIUS, mayStore: false };
const BY_MEMBER: GeoForm = { from: FROM_MEMBER, keyAt: 1, storeAt: 0, mayStore: true };
const BY_MEMBER_RO: GeoForm = { ...BY_MEMBER, mayStore: false };

/** The keys of a command with the options STORE and STOREDIST, which begin at an argument. */
function storingKeys(optionsAt: number): KeySpec[] {
  return [
    keyAt(1, 'RO', 'access'),
    keyAfter('STORE', optionsAt, 'OW', 'update'),
    keyAfter('STOREDIST', optionsAt, 'OW', 'update'),
  ];
}

export const geoSearchCommands: readonly CommandRow[] = [
  {
    name: 'geosearch',
    arity: -7,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '6.2.0',
    summary: 'Returns the members inside a circle or a box.',
    complexity: SEARCH_COMPLEXITY,
    history: [UPPER_CASE_UNITS],
    syntax: `key ${FROM} ${BY} ${ORDER} ${COUNT} [WITHCOORD] [WITHDIST] [WITHHASH]`,
    handler: (call) => search(call, SEARCH),
  },
  {
    name: 'geosearchstore',
    arity: -8,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'OW', 'update'), keyAt(2, 'RO', 'access')],
    group: 'geo',
    since: '6.2.0',
    summary: 'Stores the members inside a circle or a box as another sorted set.',
    complexity: SEARCH_COMPLEXITY,
    history: [UPPER_CASE_UNITS],
    syntax: `destination:key source:key ${FROM} ${BY} ${ORDER} ${COUNT} [STOREDIST]`,
    handler: (call) => search(call, SEARCH_STORE),
  },
  {
    name: 'georadius',
    arity: -6,
    flags: WRITE | DENYOOM | MOVABLE_KEYS,
    keys: storingKeys(6),
    group: 'geo',
    since: '3.2.0',
    summary: 'Returns the members inside a circle around a place, or stores them.',
    complexity: RADIUS_COMPLEXITY,
    deprecated: {
      since: '6.2.0',
      replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument',
    },
    history: [ANY_ADDED, UPPER_CASE_UNITS],
    syntax: `key longitude:double latitude:double ${CIRCLE} ${COUNT_OF_RADIUS} ${ORDER} ${STORES}`,
    handler: (call) => search(call, RADIUS),
  },
  {
    name: 'georadius_ro',
    arity: -6,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '3.2.10',
    summary: 'Returns the members inside a circle around a place.',
    complexity: RADIUS_COMPLEXITY,
    deprecated: { since: '6.2.0', replacedBy: '`GEOSEARCH` with the `BYRADIUS` argument' },
    history: [ANY_ADDED],
    syntax: `key longitude:double latitude:double ${CIRCLE} ${COUNT_OF_RADIUS} ${ORDER}`,
    handler: (call) => search(call, RADIUS_RO),
  },
  {
    name: 'georadiusbymember',
    arity: -5,
    flags: WRITE | DENYOOM | MOVABLE_KEYS,
    keys: storingKeys(5),
    group: 'geo',
    since: '3.2.0',
    summary: 'Returns the members inside a circle around a member, or stores them.',
    complexity: RADIUS_COMPLEXITY,
    deprecated: {
      since: '6.2.0',
      replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments',
    },
    history: [UPPER_CASE_UNITS],
    syntax: `key member:string ${CIRCLE} ${COUNT} ${ORDER} ${STORES}`,
    handler: (call) => search(call, BY_MEMBER),
  },
  {
    name: 'georadiusbymember_ro',
    arity: -5,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '3.2.10',
    summary: 'Returns the members inside a circle around a member.',
    complexity: RADIUS_COMPLEXITY,
    deprecated: {
      since: '6.2.0',
      replacedBy: '`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments',
    },
    syntax: `key member:string ${CIRCLE} ${COUNT} ${ORDER}`,
    handler: (call) => search(call, BY_MEMBER_RO),
  },
];

const query = new GeoQuery();
const results = new GeoResults();
const place = new GeoPlace();

function search(call: Call, form: GeoForm): void {
  const ref = lookupRead(call, form.keyAt, TYPE_ZSET);
  if (ref === REFUSED || !query.read(call, form, ref)) return;
  try {
    const count = ref === ABSENT ? 0 : find(call, ref);
    if (query.storeAt === 0) answer(call, count);
    else store(call, form, count);
  } finally {
    results.clear();
  }
}

/** Finds what the query asks for; returns how many of the results are wanted. */
function find({ db }: Call, ref: number): number {
  const { shape, count, any } = query;
  shape.prepare();
  results.find(db, ref, shape, any ? count : 0);
  const wanted = count === 0 ? results.count : Math.min(count, results.count);
  // The first of some are the nearest, unless any will do.
  const sorting = query.sorting === 0 && count !== 0 && !any ? 1 : query.sorting;
  if (sorting !== 0) results.sort(sorting < 0, wanted);
  return wanted;
}

/** Answers the first results. */
function answer({ reply }: Call, count: number): void {
  const { withDistance, withHash, withPlace, shape } = query;
  const { members, scores, distances } = results;
  const parts = 1 + Number(withDistance) + Number(withHash) + Number(withPlace);
  reply.array(count);
  for (let k = 0; k < count; k++) {
    const i = results.at(k);
    if (parts > 1) reply.array(parts);
    replyRun(reply, members, i);
    if (withDistance) replyDistance(reply, distances[i] / shape.unit);
    if (withHash) reply.integer(Math.trunc(scores[i]));
    if (!withPlace) continue;
    placeOf(scores[i], place);
    replyPlace(reply, place);
  }
}

/** Stores the first results as a sorted set, in the place of any value, and answers how many there are. */
function store(call: Call, { from }: GeoForm, count: number): void {
  const { request, reply, db } = call;
  const { storeAt } = query;
  if (count === 0) {
    deleteTarget(db, request, storeAt);
    reply.integer(0);
    return;
  }
  const { members, scores } = results;
  const set = new SortedSetBuilder(db.entries);
  try {
    for (let k = 0; k < count; k++) {
      const i = results.at(k);
      const score = query.storesDistance ? storedDistance(scores[i]) : scores[i];
      set.add(members.buffer(i), members.offset(i), members.length(i), score);
    }
    const replaced = db.lookupForChange(request, storeAt);
    const ref = set.store(db, replaced, request, storeAt, NO_EXPIRY);
    const event = from === FROM_OPTION ? 'geosearchstore' : 'georadiusstore';
    changed(db, request, storeAt, ref, EVENT_SORTED_SET, event, count);
    reply.integer(count);
  } finally {
    set.discard();
  }
}

/** The distance of a result in the unit of the query, to the last digit: it becomes a score. */
function storedDistance(score: number): number {
  const { center, unit } = query.shape;
  placeOf(score, place);
  const { longitude, latitude } = place;
  return nearestDistance(center.longitude, center.latitude, longitude, latitude) / unit;
}
