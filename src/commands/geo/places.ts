// GEOADD, and what is asked of single members: GEOPOS, GEODIST, GEOHASH. A member's place is its score in a sorted set
// (structures/geohash.ts), so all commands of sorted sets are commands of places, too.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { SYNTAX } from '../../core/errors.ts';
import { DENYOOM, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import {
  ABSENT,
  changed,
  changedHalfway,
  lookupRead,
  lookupWrite,
  REFUSED,
} from '../../core/lookup.ts';
import { EVENT_SORTED_SET } from '../../keyspace/key-events.ts';
import type { Request } from '../../protocol/request.ts';
import { GeoPlace, geohashText, placeOf, scoreOf } from '../../structures/geohash.ts';
import { distanceBetween } from '../../structures/great-circle.ts';
import { TYPE_ZSET } from '../../types/zset/encodings.ts';
import { addMember, findMember, setFoundScore } from '../../types/zset/values.ts';
import { readPlace, readUnit, UNITS } from './geo-arguments.ts';
import { replyDistance, replyPlace } from './geo-replies.ts';

/** Arguments up to which these commands are quick. */
const FEW_ARGUMENTS = 11;

export const geoPlaceCommands: readonly CommandRow[] = [
  {
    name: 'geoadd',
    arity: -5,
    flags: WRITE | DENYOOM,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'geo',
    since: '3.2.0',
    summary: 'Adds members with their places to a sorted set.',
    complexity:
      'O(log(N)) for each item added, where N is the number of elements in the sorted set.',
    quickUpTo: FEW_ARGUMENTS,
    history: [['6.2.0', 'The options `CH`, `NX` and `XX`.']],
    syntax:
      'key [condition=( NX | XX )^6.2.0] [change=CH^6.2.0] longitude_latitude_member={ longitude:double latitude:double member:string }...',
    handler: geoadd,
  },
  {
    name: 'geopos',
    arity: -2,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '3.2.0',
    summary: 'Returns longitude and latitude of members.',
    complexity: 'O(N) where N is the number of members requested.',
    quickUpTo: FEW_ARGUMENTS,
    syntax: 'key member:string...',
    handler: geopos,
  },
  {
    name: 'geodist',
    arity: -4,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '3.2.0',
    summary: 'Returns the distance between two members.',
    complexity: 'O(log(N))',
    quickUpTo: FEW_ARGUMENTS,
    syntax: `key member1:string member2:string [unit=${UNITS}]`,
    handler: geodist,
  },
  {
    name: 'geohash',
    arity: -2,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'geo',
    since: '3.2.0',
    summary: 'Returns the places of members as geohashes in their usual form.',
    complexity:
      'O(log(N)) for each member requested, where N is the number of elements in the sorted set.',
    quickUpTo: FEW_ARGUMENTS,
    syntax: 'key member:string...',
    handler: geohash,
  },
];

/** Options of GEOADD, as bits. */
const NX = 1;
const XX = 2;
const CH = 4;
const OPTION_NAMES = [
  [NX, 'NX'],
  [XX, 'XX'],
  [CH, 'CH'],
] as const;

const place = new GeoPlace();
const other = new GeoPlace();
/** The scores of the members of a request; there is room for few of them at first. */
const FEW_SCORES = 64;
const KEPT_SCORES = 4096;
let scores = new Float64Array(FEW_SCORES);

function geoadd(call: Call): void {
  const { request, reply } = call;
  let options = 0;
  let first = 2;
  for (; first < request.count; first++) {
    const option = optionAt(request, first);
    if (option === 0) break;
    options |= option;
  }
  const members = (request.count - first) / 3;
  const excludesAll = (options & NX) !== 0 && (options & XX) !== 0;
  if (members === 0 || !Number.isInteger(members) || excludesAll) {
    reply.error(SYNTAX);
    return;
  }
  if (!readScores(call, first, members)) return;
  const ref = lookupWrite(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  if (ref === ABSENT && (options & XX) !== 0) reply.integer(0);
  else addMembers(call, ref, first, members, options);
}

function optionAt(request: Request, i: number): number {
  if (request.is(i, 'nx')) return NX;
  if (request.is(i, 'xx')) return XX;
  return request.is(i, 'ch') ? CH : 0;
}

/** Reads the places of members from argument `first` on; false after answering an error. */
function readScores(call: Call, first: number, members: number): boolean {
  if (members > scores.length || scores.length > KEPT_SCORES) {
    scores = new Float64Array(Math.max(members, FEW_SCORES));
  }
  for (let k = 0; k < members; k++) {
    if (!readPlace(call, first + 3 * k, place)) return false;
    scores[k] = scoreOf(place.longitude, place.latitude);
  }
  return true;
}

/** Adds the members to the sorted set of argument 1, or makes it, and answers. */
function addMembers(
  call: Call,
  set: number,
  first: number,
  members: number,
  options: number,
): void {
  const { request, reply, db } = call;
  const { buffer, offsets, lengths } = request;
  let ref = set;
  let added = 0;
  let updated = 0;
  try {
    for (let k = 0; k < members; k++) {
      const i = first + 3 * k + 2;
      const at = offsets[i];
      const length = lengths[i];
      const before = ref === ABSENT ? Number.NaN : findMember(db.entries, ref, buffer, at, length);
      const score = scores[k];
      if (Number.isNaN(before)) {
        if ((options & XX) !== 0) continue;
        ref = addMember(db, ref, request, 1, buffer, at, length, score);
        added++;
      } else if ((options & NX) === 0 && score !== before) {
        ref = setFoundScore(db, ref, buffer, at, length, score);
        updated++;
      }
    }
  } catch (error) {
    changedHalfway(db, request, 1, EVENT_SORTED_SET, 'zadd', added + updated);
    throw error;
  }
  reply.integer((options & CH) !== 0 ? added + updated : added);
  if (added + updated === 0) return;
  changed(db, request, 1, ref, EVENT_SORTED_SET, 'zadd', added + updated);
  if (call.server.effects.active) propagate(call, first, members, options);
}

/** Has the command recorded as the ZADD that it is. */
function propagate(call: Call, first: number, members: number, options: number): void {
  const { request, server, db } = call;
  const words = OPTION_NAMES.filter(([bit]) => (options & bit) !== 0).map(([, name]) => name);
  const pairs: (string | Buffer)[] = [];
  for (let k = 0; k < members; k++) {
    pairs.push(String(scores[k]), request.bytes(first + 3 * k + 2));
  }
  server.effects.propagateAs(db, 'ZADD', request.bytes(1), ...words, ...pairs);
}

/** The score of the member in argument i; NaN if it is not there. */
function scoreAt({ request, db }: Call, ref: number, i: number): number {
  if (ref === ABSENT) return Number.NaN;
  return findMember(db.entries, ref, request.buffer, request.offsets[i], request.lengths[i]);
}

function geopos(call: Call): void {
  const { request, reply } = call;
  const ref = lookupRead(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  reply.array(request.count - 2);
  for (let i = 2; i < request.count; i++) {
    const score = scoreAt(call, ref, i);
    if (Number.isNaN(score)) {
      reply.nullArray();
      continue;
    }
    placeOf(score, place);
    replyPlace(reply, place);
  }
}

function geohash(call: Call): void {
  const { request, reply } = call;
  const ref = lookupRead(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  reply.array(request.count - 2);
  for (let i = 2; i < request.count; i++) {
    const score = scoreAt(call, ref, i);
    if (Number.isNaN(score)) {
      reply.null();
      continue;
    }
    placeOf(score, place);
    reply.bulkLatin1(geohashText(place.longitude, place.latitude));
  }
}

function geodist(call: Call): void {
  const { request, reply } = call;
  if (request.count > 5) {
    reply.error(SYNTAX);
    return;
  }
  const unit = request.count === 5 ? readUnit(call, 4) : 1;
  if (Number.isNaN(unit)) return;
  const ref = lookupRead(call, 1, TYPE_ZSET);
  if (ref === REFUSED) return;
  const from = scoreAt(call, ref, 2);
  const to = scoreAt(call, ref, 3);
  if (Number.isNaN(from) || Number.isNaN(to)) {
    reply.null();
    return;
  }
  placeOf(from, place);
  placeOf(to, other);
  const { longitude, latitude } = place;
  replyDistance(
    reply,
    distanceBetween(longitude, latitude, other.longitude, other.latitude) / unit,
  );
}
