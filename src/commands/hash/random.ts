// HRANDFIELD: random fields of a hash, one, several different ones, or several that may repeat.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, OUT_OF_RANGE, SYNTAX } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, REFUSED } from '../../core/lookup.ts';
import type { Database } from '../../keyspace/database.ts';
import { openPacked, PackedView } from '../../keyspace/packed-value.ts';
import type { Reply } from '../../protocol/reply.ts';
import { elementAfter } from '../../structures/packed-list.ts';
import { randomBelow } from '../../structures/random-source.ts';
import { ENCODING_PACKED, TYPE_HASH } from '../../types/hash/encodings.ts';
import { FieldView } from '../../types/hash/field-view.ts';
import { hashesOf, hashLength } from '../../types/hash/values.ts';
import { replyView } from './replies.ts';

export const randomFieldCommands: readonly CommandRow[] = [
  {
    name: 'hrandfield',
    arity: -2,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'hash',
    since: '6.2.0',
    summary: 'Returns random fields of a hash.',
    complexity: 'O(N) where N is the number of fields returned',
    tips: ['nondeterministic_output'],
    syntax: 'key [options={ count:integer [withvalues=WITHVALUES] }]',
    handler: hrandfield,
  },
];

const COUNT_OUT_OF_RANGE =
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807';
const MAX_INT64 = 2n ** 63n - 1n;
/** With values, twice as many elements are answered. */
const MAX_PAIRS = 2n ** 62n - 1n;
/** A sample of at least a third of the fields is taken out of all of them; smaller ones are drawn one by one. */
const SPARSE = 3;
/** So many records are drawn until one is found whose time has not come. */
const MAX_DRAWS = 100;

const field = new FieldView();
const value = new FieldView();

/** The fields of a hash, each by a number: its place among packed ones, or its record in a table. */
interface Fields {
  /** One of them, drawn at random. */
  draw(): number;
  /** All of them. */
  all(): readonly number[];
  /** Points `field` and `value` at one. */
  view(number: number): void;
}

function hrandfield(call: Call): void {
  const { request, reply, db } = call;
  const hasCount = request.count > 2;
  const problem = hasCount ? countProblem(call) : undefined;
  if (problem !== undefined) {
    reply.error(problem);
    return;
  }
  const ref = lookupRead(call, 1, TYPE_HASH);
  if (ref === REFUSED) return;
  if (ref === ABSENT || hashLength(db.entries, ref) === 0) {
    if (hasCount) reply.array(0);
    else reply.null();
    return;
  }
  const fields =
    db.encodingOf(ref) === ENCODING_PACKED ? packedFields(db, ref) : tableFields(db, ref);
  if (!hasCount) {
    fields.view(fields.draw());
    replyView(reply, field);
    return;
  }
  const count = request.integer(2);
  const hasValues = request.count > 3;
  if (count < 0) replyDraws(reply, fields, -count, hasValues);
  else replySample(reply, fields, count, hashLength(db.entries, ref), hasValues);
}

/** What is wrong with the count and what follows it. */
function countProblem({ request }: Call): string | undefined {
  const count = request.bigint(2);
  if (count === undefined) return NOT_AN_INTEGER;
  if (count < -MAX_INT64) return COUNT_OUT_OF_RANGE;
  if (request.count > 4 || (request.count === 4 && !request.is(3, 'withvalues'))) return SYNTAX;
  if (request.count === 4 && (count > MAX_PAIRS || count < -MAX_PAIRS)) return OUT_OF_RANGE;
  return undefined;
}

/** Answers so many fields, which may be the same. */
function replyDraws(reply: Reply, fields: Fields, count: number, hasValues: boolean): void {
  replyHeader(reply, count, hasValues);
  for (let left = count; left > 0 && !reply.isOverflowing; left--) {
    replyField(reply, fields, fields.draw(), hasValues);
  }
}

/** Answers so many different fields, or all that there are. */
function replySample(
  reply: Reply,
  fields: Fields,
  count: number,
  length: number,
  hasValues: boolean,
): void {
  const size = Math.min(count, length);
  replyHeader(reply, size, hasValues);
  if (size * SPARSE < length) {
    const drawn = new Set<number>();
    while (drawn.size < size) drawn.add(fields.draw());
    for (const number of drawn) replyField(reply, fields, number, hasValues);
    return;
  }
  const all = size < length ? shuffledStart([...fields.all()], size) : fields.all();
  for (let i = 0; i < size; i++) replyField(reply, fields, all[i], hasValues);
}

/** Exchanges elements so that the first `size` of them are drawn at random from all. */
function shuffledStart(all: number[], size: number): number[] {
  for (let i = 0; i < size; i++) {
    const other = i + randomBelow(all.length - i);
    [all[i], all[other]] = [all[other], all[i]];
  }
  return all;
}

function replyHeader(reply: Reply, count: number, hasValues: boolean): void {
  reply.array(hasValues && !reply.resp3 ? 2 * count : count);
}

function replyField(reply: Reply, fields: Fields, number: number, hasValues: boolean): void {
  fields.view(number);
  if (!hasValues) {
    replyView(reply, field);
    return;
  }
  if (reply.resp3) reply.array(2);
  replyView(reply, field);
  replyView(reply, value);
}

function packedFields({ entries }: Database, ref: number): Fields {
  const packed = new PackedView();
  openPacked(entries, ref, packed);
  const { buffer, start, end } = packed;
  const places: number[] = [];
  for (let at = start; at < end; at = elementAfter(buffer, elementAfter(buffer, at))) {
    places.push(at);
  }
  return {
    draw: () => places[randomBelow(places.length)],
    all: () => places,
    view: (place) => {
      value.readPacked(buffer, field.readPacked(buffer, place));
    },
  };
}

function tableFields({ entries }: Database, ref: number): Fields {
  const hashes = hashesOf(entries);
  const root = entries.root(ref);
  let live: number[] | undefined;
  const all = () => {
    if (live !== undefined) return live;
    const records: number[] = [];
    hashes.visitLive(root, (record) => records.push(record));
    live = records;
    return records;
  };
  return {
    draw() {
      for (let i = 0; i < MAX_DRAWS && live === undefined; i++) {
        const record = hashes.random(root);
        if (!hashes.isDue(record)) return record;
      }
      const records = all();
      return records[randomBelow(records.length)];
    },
    all,
    view(record) {
      hashes.viewField(record, field);
      hashes.viewValue(record, value);
    },
  };
}
