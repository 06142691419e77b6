// Unions, intersections and differences of sorted sets and sets, and how many members an intersection has.
import type { Call, Handler } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { DENYOOM, MOVABLE_KEYS, READONLY, WRITE } from '../../core/flags.ts';
import { keyAt, keysCounted } from '../../core/key-specs.ts';
import { parseDouble } from '../../protocol/double-parse.ts';
import type { SortedSetBuilder } from '../../types/zset/builder.ts';
import { type Input, type MemberSource, readInputs } from './inputs.ts';
import { replyListed, replyMembersHeader } from './replies.ts';
import { storeOrDelete, temporarySet } from './stored.ts';

type Operation = 'union' | 'inter' | 'diff';
/** How the scores of a member become one. */
type Aggregate = (a: number, b: number) => number;

const NEGATIVE_LIMIT = "ERR LIMIT can't be negative";
const WEIGHT_NOT_FLOAT = 'ERR weight value is not a float';

const OPTIONS = '[WEIGHTS weight:integer...] [AGGREGATE aggregate=( SUM | MIN | MAX )]';
const COMPLEXITY = {
  union:
    'O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.',
  inter:
    'O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set.',
  diff: 'O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set.',
} as const;
const WHAT = { union: 'union', inter: 'intersection', diff: 'difference' } as const;

function readRow(operation: Operation): CommandRow {
  return {
    name: `z${operation}`,
    arity: -3,
    flags: READONLY | MOVABLE_KEYS,
    keys: [keysCounted(1, 'RO', 'access')],
    group: 'sorted-set',
    since: '6.2.0',
    summary: `Returns the ${WHAT[operation]} of several sorted sets.`,
    complexity: COMPLEXITY[operation],
    syntax: `numkeys:integer key... ${operation === 'diff' ? '' : OPTIONS} [WITHSCORES]`,
    handler: (call) => combine(call, operation, 1),
  };
}

function storeRow(operation: Operation, since: string): CommandRow {
  return {
    name: `z${operation}store`,
    arity: -4,
    flags: WRITE | DENYOOM | MOVABLE_KEYS,
    keys: [keyAt(1, 'OW', 'update'), keysCounted(2, 'RO', 'access')],
    group: 'sorted-set',
    since,
    summary: `Stores the ${WHAT[operation]} of several sorted sets as a sorted set.`,
    complexity:
      operation === 'union'
        ? 'O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set.'
        : COMPLEXITY[operation],
    syntax: `destination:key numkeys:integer key... ${operation === 'diff' ? '' : OPTIONS}`,
    handler: (call) => combine(call, operation, 2),
  };
}

const zintercard: Handler = (call) => {
  const inputs = inputsAt(call, 1, 'zintercard');
  if (inputs === undefined || !readLimit(call, 2 + inputs.length)) return;
  sortBySize(inputs);
  let count = 0;
  visitIntersection(inputs, sum, () => {
    count++;
    return count !== limit;
  });
  call.reply.integer(count);
};

export const sortedSetCombinationCommands: readonly CommandRow[] = [
  readRow('union'),
  readRow('inter'),
  readRow('diff'),
  {
    name: 'zintercard',
    arity: -3,
    flags: READONLY | MOVABLE_KEYS,
    keys: [keysCounted(1, 'RO', 'access')],
    group: 'sorted-set',
    since: '7.0.0',
    summary: 'Returns the number of members that several sorted sets have in common.',
    complexity:
      'O(N*K) worst case with N being the smallest input sorted set, K being the number of input sorted sets.',
    syntax: 'numkeys:integer key... [LIMIT limit:integer]',
    handler: zintercard,
  },
  storeRow('union', '2.0.0'),
  storeRow('inter', '2.0.0'),
  storeRow('diff', '6.2.0'),
];

/** What the options of the present command say. */
let aggregate: Aggregate = sum;
let hasScores = false;
let limit = 0;

function combine(call: Call, operation: Operation, numberAt: number): void {
  const isStored = numberAt === 2;
  const name = isStored ? `z${operation}store` : `z${operation}`;
  const inputs = inputsAt(call, numberAt, name);
  if (inputs === undefined || !readOptions(call, operation, isStored, numberAt + 1, inputs)) return;
  const result = temporarySet(call.db.entries);
  try {
    if (operation === 'union') unite(inputs, result);
    else if (operation === 'inter') intersect(inputs, result);
    else subtract(inputs, result);
    if (isStored) storeOrDelete(call, result, name);
    else replyAll(call, result);
  } finally {
    result.discard();
  }
}

/** The inputs of which argument `numberAt` has the number; undefined after answering an error. */
function inputsAt(call: Call, numberAt: number, name: string): Input[] | undefined {
  const { request, reply } = call;
  const count = request.integer(numberAt);
  if (Number.isNaN(count)) reply.error(NOT_AN_INTEGER);
  else if (count < 1) reply.error(`ERR at least 1 input key is needed for '${name}' command`);
  else if (count > request.count - numberAt - 1) reply.error(SYNTAX);
  else return readInputs(call, numberAt + 1, count);
  return undefined;
}

/** Reads the options behind the keys, of which the first is argument `firstKey`; false after answering an error. */
function readOptions(
  call: Call,
  operation: Operation,
  isStored: boolean,
  firstKey: number,
  inputs: readonly Input[],
): boolean {
  const { request } = call;
  aggregate = sum;
  hasScores = false;
  const isWeighed = operation !== 'diff';
  for (let i = firstKey + inputs.length; i < request.count; i++) {
    const left = request.count - i;
    if (isWeighed && left > inputs.length && request.is(i, 'weights')) {
      if (!readWeights(call, i + 1, inputs)) return false;
      i += inputs.length;
    } else if (isWeighed && left > 1 && request.is(i, 'aggregate')) {
      const chosen = aggregateAt(call, ++i);
      if (chosen === undefined) return refuse(call, SYNTAX);
      aggregate = chosen;
    } else if (!isStored && request.is(i, 'withscores')) {
      hasScores = true;
    } else {
      return refuse(call, SYNTAX);
    }
  }
  return true;
}

function readWeights(call: Call, first: number, inputs: readonly Input[]): boolean {
  const { buffer, offsets, lengths } = call.request;
  for (let k = 0; k < inputs.length; k++) {
    const weight = parseDouble(buffer, offsets[first + k], lengths[first + k]);
    if (Number.isNaN(weight)) return refuse(call, WEIGHT_NOT_FLOAT);
    inputs[k].weight = weight;
  }
  return true;
}

function aggregateAt({ request }: Call, i: number): Aggregate | undefined {
  if (request.is(i, 'sum')) return sum;
  if (request.is(i, 'min')) return least;
  return request.is(i, 'max') ? greatest : undefined;
}

/** Reads [LIMIT limit] from argument `first` on; false after answering an error. */
function readLimit(call: Call, first: number): boolean {
  const { request } = call;
  limit = 0;
  for (let i = first; i < request.count; i += 2) {
    if (i + 1 >= request.count || !request.is(i, 'limit')) return refuse(call, SYNTAX);
    limit = request.integer(i + 1);
    if (!(limit >= 0)) return refuse(call, NEGATIVE_LIMIT);
  }
  return true;
}

function refuse({ reply }: Call, problem: string): false {
  reply.error(problem);
  return false;
}

// ── Scores ──────────────────────────────────────────────────────────────────────────────────

/** Opposite infinities make 0. */
function sum(a: number, b: number): number {
  const result = a + b;
  return Number.isNaN(result) ? 0 : result;
}

function least(a: number, b: number): number {
  return b < a ? b : a;
}

function greatest(a: number, b: number): number {
  return b > a ? b : a;
}

/** A score with a weight; an infinite one of weight 0 is 0. */
function weighed(weight: number, score: number): number {
  const result = weight * score;
  return Number.isNaN(result) ? 0 : result;
}

// ── Operations ──────────────────────────────────────────────────────────────────────────────

/** The smallest first, which keeps the others few; also the order in which scores are added. */
function sortBySize(inputs: Input[]): void {
  inputs.sort((a, b) => (a.source?.count ?? 0) - (b.source?.count ?? 0));
}

function unite(inputs: Input[], result: SortedSetBuilder): void {
  sortBySize(inputs);
  for (const { source, weight } of inputs) {
    if (source === undefined) continue;
    for (let more = source.first(); more; more = source.next()) {
      const score = weighed(weight, source.score);
      result.combine(source.buffer, source.offset, source.length, score, aggregate);
    }
  }
  result.rank();
}

function intersect(inputs: Input[], result: SortedSetBuilder): void {
  sortBySize(inputs);
  visitIntersection(inputs, aggregate, (source, score) => {
    result.combine(source.buffer, source.offset, source.length, score, aggregate);
    return true;
  });
  result.rank();
}

/**
 * Calls `visit` for each member that all inputs have, with its score.
 * @param visit ends it by returning false
 */
function visitIntersection(
  [smallest, ...others]: readonly Input[],
  join: Aggregate,
  visit: (source: MemberSource, score: number) => boolean,
): void {
  const { source } = smallest;
  if (source === undefined) return;
  members: for (let more = source.first(); more; more = source.next()) {
    let score = weighed(smallest.weight, source.score);
    for (const other of others) {
      const isSame = other.ref === smallest.ref;
      const found = isSame ? source.score : findIn(other, source);
      if (Number.isNaN(found)) continue members;
      score = join(score, found * other.weight);
    }
    if (!visit(source, score)) return;
  }
}

function findIn({ source }: Input, { buffer, offset, length }: MemberSource): number {
  return source === undefined ? Number.NaN : source.find(buffer, offset, length);
}

function subtract([first, ...others]: readonly Input[], result: SortedSetBuilder): void {
  const { source } = first;
  if (source === undefined) return;
  for (let more = source.first(); more; more = source.next()) {
    const { buffer, offset, length, score } = source;
    const isElsewhere = others.some(
      (other) => other.ref === first.ref || !Number.isNaN(findIn(other, source)),
    );
    if (!isElsewhere) result.add(buffer, offset, length, score);
  }
}

function replyAll({ reply }: Call, result: SortedSetBuilder): void {
  replyMembersHeader(reply, result.count, hasScores);
  result.visit((member) => replyListed(reply, member, hasScores));
}
