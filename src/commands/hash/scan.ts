// HSCAN: iteration over the fields of a hash, a few at a time. A packed hash is answered as a whole. The cursor of a
// table is a point in hash space (structures/bytes-table.ts), so it stays valid however the hash changes.
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { READONLY } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { REFUSED } from '../../core/lookup.ts';
import { OptionTable } from '../../core/options.ts';
import type { Request } from '../../protocol/request.ts';
import { ENCODING_PACKED, TYPE_HASH } from '../../types/hash/encodings.ts';
import { FieldView } from '../../types/hash/field-view.ts';
import { hashesOf, visitFields } from '../../types/hash/values.ts';
import { SCAN_RULES, ScanStep } from '../scan-step.ts';
import { replyView } from './replies.ts';

const OPTIONS = new OptionTable([...SCAN_RULES, { word: 'novalues' }]);
const NOVALUES = OPTIONS.bits('novalues');

const step = new ScanStep(OPTIONS);

export const hashScanCommands: readonly CommandRow[] = [
  {
    name: 'hscan',
    arity: -3,
    flags: READONLY,
    keys: [keyAt(1, 'RO', 'access')],
    group: 'hash',
    since: '2.8.0',
    summary: 'Iterates over the fields of a hash and their values, a few at a time.',
    complexity:
      'O(1) for each call, and O(N) for all of an iteration where N is the number of fields.',
    tips: ['nondeterministic_output'],
    options: OPTIONS,
    syntax: 'key cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [NOVALUES^7.4.0]',
    handler: hscan,
  },
];

const field = new FieldView();
const value = new FieldView();

function hscan(call: Call): void {
  const ref = step.lookup(call, TYPE_HASH);
  if (ref === REFUSED) return;
  const hasValues = !OPTIONS.has(NOVALUES);
  if (call.db.encodingOf(ref) === ENCODING_PACKED) scanPacked(call, ref, hasValues);
  else scanTable(call, ref, hasValues);
}

/** Answers all fields of a packed hash that match. */
function scanPacked({ request, reply, db }: Call, ref: number, hasValues: boolean): void {
  let count = 0;
  visitFields(db.entries, ref, field, value, () => {
    if (matches(request)) count++;
  });
  reply.array(2);
  reply.bulkInteger(0);
  reply.array(hasValues ? 2 * count : count);
  visitFields(db.entries, ref, field, value, () => {
    if (!matches(request)) return;
    replyView(reply, field);
    if (hasValues) replyView(reply, value);
  });
}

/** Answers some fields of a table. */
function scanTable({ request, reply, db }: Call, ref: number, hasValues: boolean): void {
  const hashes = hashesOf(db.entries);
  const found: number[] = [];
  const next = hashes.scan(db.entries.root(ref), step.cursor, step.count, (record) => {
    if (hashes.isDue(record)) return;
    hashes.viewField(record, field);
    if (matches(request)) found.push(record);
  });
  reply.array(2);
  reply.bulkInteger(next);
  reply.array(hasValues ? 2 * found.length : found.length);
  for (const record of found) {
    hashes.viewField(record, field);
    replyView(reply, field);
    if (!hasValues) continue;
    hashes.viewValue(record, value);
    replyView(reply, value);
  }
}

/** Whether the field in `field` matches the pattern of the request. */
function matches(request: Request): boolean {
  field.asBytes();
  return step.matches(request, field.buffer, field.offset, field.length);
}
