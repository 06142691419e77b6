// PFDEBUG and PFSELFTEST: what HyperLogLogs look like inside, and whether they count as they should.

import { cString } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { ADMIN, DENYOOM, WRITE } from '../../core/flags.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT } from '../../core/lookup.ts';
import { getRegister } from '../../structures/hyperloglog/dense-registers.ts';
import { HEADER_BYTES, REGISTERS } from '../../structures/hyperloglog/layout.ts';
import { selfTest } from '../../structures/hyperloglog/self-test.ts';
import { RunCursor } from '../../structures/hyperloglog/sparse-registers.ts';
import { isSparse, makeDense } from '../../types/string/hyperloglog.ts';
import { makeRaw } from '../../types/string/values.ts';
import { CORRUPT_OBJECT, isHyperLogLogOrReply } from './hyperloglog.ts';

export const hyperLogLogDebugCommands: readonly CommandRow[] = [
  {
    name: 'pfdebug',
    arity: 3,
    flags: WRITE | DENYOOM | ADMIN,
    keys: [keyAt(2, 'RW', 'access')],
    group: 'hyperloglog',
    since: '2.8.9',
    summary: 'Shows how a HyperLogLog is kept.',
    complexity: 'N/A',
    systemCommand: true,
    syntax: 'subcommand:string key',
    handler: pfdebug,
  },
  {
    name: 'pfselftest',
    arity: 1,
    flags: ADMIN,
    group: 'hyperloglog',
    since: '2.8.9',
    summary: 'Tests how HyperLogLogs count.',
    complexity: 'N/A',
    systemCommand: true,
    handler: pfselftest,
  },
];

const NO_KEY = 'ERR The specified key does not exist';
const NOT_SPARSE = 'ERR HLL encoding is not sparse';

function pfdebug(call: Call): void {
  const { request, reply, db } = call;
  const ref = db.lookupWrite(request, 2);
  if (ref === ABSENT) {
    reply.error(NO_KEY);
    return;
  }
  if (!isHyperLogLogOrReply(call, ref)) return;
  makeRaw(db, ref);
  if (request.is(1, 'getreg')) replyRegisters(call, ref);
  else if (request.is(1, 'decode')) replyRuns(call, ref);
  else if (request.is(1, 'encoding')) reply.simple(isSparse(db, ref) ? 'sparse' : 'dense');
  else if (request.is(1, 'todense')) replyWhetherConverted(call, ref);
  else reply.error(`ERR Unknown PFDEBUG subcommand '${cString(request, 1)}'`);
}

/** Makes a sparse one dense, which the log gets; false after answering an error. */
function convert({ reply, db, server }: Call, ref: number): boolean {
  if (!makeDense(db, ref)) {
    reply.error(CORRUPT_OBJECT);
    return false;
  }
  // Nobody who watches the key is to notice: it stands for the same elements.
  server.keyspace.dirty++;
  return true;
}

function replyWhetherConverted(call: Call, ref: number): void {
  const { reply, db } = call;
  if (!isSparse(db, ref)) reply.integer(0);
  else if (convert(call, ref)) reply.integer(1);
}

function replyRegisters(call: Call, found: number): void {
  const { request, reply, db } = call;
  if (isSparse(db, found) && !convert(call, found)) return;
  const ref = db.lookupForChange(request, 2);
  reply.array(REGISTERS);
  const { buffer, offset } = db.value(ref);
  for (let i = 0; i < REGISTERS; i++) {
    reply.integer(getRegister(buffer, offset + HEADER_BYTES, i));
  }
}

function replyRuns({ reply, db }: Call, ref: number): void {
  if (!isSparse(db, ref)) {
    reply.error(NOT_SPARSE);
    return;
  }
  const { buffer, offset, length } = db.value(ref);
  const runs = new RunCursor();
  const texts: string[] = [];
  runs.begin(buffer, offset + HEADER_BYTES, offset + length);
  while (runs.next()) {
    if (runs.value > 0) texts.push(`v:${runs.value},${runs.length}`);
    else texts.push(`${runs.isLong ? 'Z' : 'z'}:${runs.length}`);
  }
  reply.bulkLatin1(texts.join(' '));
}

function pfselftest({ reply }: Call): void {
  const problem = selfTest();
  if (problem === undefined) reply.ok();
  else reply.error(`ERR TESTFAILED ${problem}`);
}
