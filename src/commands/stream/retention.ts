// XRETAIN: how much of a stream is kept. The rule stays with the key; work in the background trims by it
// (types/stream/retention.ts).
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NO_SUCH_KEY, NOT_AN_INTEGER, SYNTAX } from '../../core/errors.ts';
import { FAST, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { OptionTable } from '../../core/options.ts';
import { EVENT_STREAM } from '../../keyspace/key-events.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import type { RetentionRule } from '../../types/stream/retention-rule.ts';
import { streamsOf } from '../../types/stream/values.ts';

const LIMIT_WORDS = ['maxlen', 'maxage', 'maxbytes'] as const;
const RULE_OPTIONS = new OptionTable([
  ...LIMIT_WORDS.map((word) => ({
    word,
    values: 1 as const,
    excludes: [word],
    problem: ({ request }: Call, i: number) => limitProblem(word, request.integer(i)),
  })),
  {
    word: 'keep',
    values: 1,
    excludes: ['keep'],
    problem: ({ request }, i) =>
      request.is(i, 'unread') || request.is(i, 'all') ? undefined : SYNTAX,
  },
]);
const LIMIT_BITS = RULE_OPTIONS.bits(...LIMIT_WORDS);
const [MAXLEN, MAXAGE, MAXBYTES] = LIMIT_WORDS.map((word) => RULE_OPTIONS.bits(word));
const KEEP = RULE_OPTIONS.bits('keep');

const LIMIT =
  'limit=( MAXLEN maxlen:integer | MAXAGE milliseconds:integer | MAXBYTES bytes:integer )...';

export const streamRetentionCommands: readonly CommandRow[] = [
  {
    name: 'xretain',
    arity: -3,
    flags: WRITE | FAST,
    keys: [keyAt(1, 'RW', 'update')],
    group: 'stream',
    since: '0.1.0',
    summary: 'Sets, returns or removes the rule of how many entries of a stream are kept.',
    complexity: 'O(1)',
    syntax: `key rule=( limits={ ${LIMIT} [KEEP keep=( UNREAD | ALL )] } | GET | NONE )`,
    handler: xretain,
  },
];

function limitProblem(word: string, limit: number): string | undefined {
  if (Number.isNaN(limit)) return NOT_AN_INTEGER;
  return limit < 0 ? `ERR The ${word.toUpperCase()} argument must be >= 0.` : undefined;
}

/** XRETAIN key [MAXLEN n] [MAXAGE ms] [MAXBYTES n] [KEEP UNREAD | ALL] | GET | NONE */
function xretain(call: Call): void {
  const { request, reply, db } = call;
  const isGet = request.count === 3 && request.is(2, 'get');
  const isNone = request.count === 3 && request.is(2, 'none');
  if (!isGet && !isNone && !readRule(call)) return;
  const ref = lookupWrite(call, 1, TYPE_STREAM);
  if (ref === REFUSED) return;
  if (ref === ABSENT) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  const { retention } = streamsOf(db.entries);
  const root = db.entries.root(ref);
  if (isGet) {
    replyRule(call, retention.read(root));
    return;
  }
  reply.ok();
  if (isNone && !retention.remove(root)) return;
  if (!isNone) retention.set(root, givenRule(call), db.hashOf(request, 1));
  db.modified(request, 1, 1);
  db.notify(EVENT_STREAM, 'xretain', request, 1);
}

/** Reads a rule that is to be set; false after answering an error. */
function readRule(call: Call): boolean {
  if (!RULE_OPTIONS.read(call, 2)) return false;
  if (RULE_OPTIONS.has(LIMIT_BITS)) return true;
  call.reply.error(SYNTAX);
  return false;
}

/** The rule that was just read. */
function givenRule({ request }: Call): RetentionRule {
  const limit = (bit: number) =>
    RULE_OPTIONS.has(bit) ? request.integer(RULE_OPTIONS.valueAt(bit)) : undefined;
  return {
    maxLength: limit(MAXLEN),
    maxAgeMs: limit(MAXAGE),
    maxBytes: limit(MAXBYTES),
    keepsUnread: RULE_OPTIONS.has(KEEP) && request.is(RULE_OPTIONS.valueAt(KEEP), 'unread'),
  };
}

/** Answers what is set, as a map. */
function replyRule({ reply }: Call, rule: RetentionRule | undefined): void {
  if (rule === undefined) {
    reply.null();
    return;
  }
  const { maxLength, maxAgeMs, maxBytes, keepsUnread } = rule;
  const limits = [maxLength, maxAgeMs, maxBytes];
  reply.map(limits.filter((limit) => limit !== undefined).length + 1);
  for (const [i, limit] of limits.entries()) {
    if (limit === undefined) continue;
    reply.bulkText(LIMIT_WORDS[i]);
    reply.integer(limit);
  }
  reply.bulkText('keep');
  reply.bulkText(keepsUnread ? 'unread' : 'all');
}
