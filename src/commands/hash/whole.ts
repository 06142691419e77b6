// All fields of a hash at once.
import type { Call, Handler } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { READONLY } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, REFUSED } from '../../core/lookup.ts';
import { TYPE_HASH } from '../../types/hash/encodings.ts';
import { hashLength } from '../../types/hash/values.ts';
import { FIELDS, PAIRS, replyHash, VALUES } from './replies.ts';

function row(name: string, summary: string, handler: Handler): CommandRow {
  return {
    name,
    arity: 2,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'hash',
    since: '2.0.0',
    summary,
    complexity: 'O(N) where N is the size of the hash.',
    tips: ['nondeterministic_output_order'],
    syntax: 'key',
    handler,
  };
}

export const wholeHashCommands: readonly CommandRow[] = [
  row('hgetall', 'Returns all fields of a hash and their values.', (call) => get(call, PAIRS)),
  row('hkeys', 'Returns all fields of a hash.', (call) => get(call, FIELDS)),
  row('hvals', 'Returns the values of all fields of a hash.', (call) => get(call, VALUES)),
];

function get(call: Call, parts: number): void {
  const { reply, db } = call;
  const ref = lookupRead(call, 1, TYPE_HASH);
  if (ref === REFUSED) return;
  const length = ref === ABSENT ? 0 : hashLength(db.entries, ref);
  if (parts === PAIRS) reply.map(length);
  else reply.array(length);
  if (ref !== ABSENT) replyHash(reply, db, ref, parts);
}
