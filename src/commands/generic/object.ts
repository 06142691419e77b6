// OBJECT: how the server keeps a key's value.

import type { Call, Handler } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { READONLY } from '../../core/flags.ts';
import { helpRow } from '../../core/help.ts';
import { keyAt } from '../../core/key-specs.ts';
import { idleMs, lfuCounter } from '../../keyspace/access-clock.ts';

/** The row of a subcommand that reports a fact of one key. */
function factRow(name: string, since: string, summary: string, handler: Handler): CommandRow {
  return {
    name,
    arity: 3,
    flags: READONLY,
    keys: [keyAt(2, 'RO')],
    group: 'generic',
    since,
    summary,
    complexity: 'O(1)',
    tips: ['nondeterministic_output'],
    syntax: 'key',
    handler,
  };
}

const HELP = [
  'ENCODING <key>',
  '    Return the kind of internal representation used in order to store the value',
  '    associated with a <key>.',
  'FREQ <key>',
  '    Return the access frequency index of the <key>. The returned integer is',
  '    proportional to the logarithm of the recent access frequency of the key.',
  'IDLETIME <key>',
  '    Return the idle time of the <key>, that is the approximated number of',
  '    seconds elapsed since the last access to the key.',
  'REFCOUNT <key>',
  '    Return the number of references of the value associated with the specified',
  '    <key>.',
];

export const objectCommands: readonly CommandRow[] = [
  {
    name: 'object',
    arity: -2,
    flags: 0,
    group: 'generic',
    since: '2.2.3',
    summary: 'Container of the commands about how the server keeps a key.',
    complexity: 'Depends on subcommand.',
    subcommands: [
      factRow('encoding', '2.2.3', 'Returns how the value of a key is represented.', encoding),
      factRow('freq', '4.0.0', 'Returns how often a key was used, on a logarithmic scale.', freq),
      factRow('idletime', '2.2.3', 'Returns the seconds since a key was last used.', idletime),
      factRow('refcount', '2.2.3', 'Returns how many references a value has.', refcount),
      helpRow('generic', '6.2.0', HELP),
    ],
  },
];

const ADJUSTING =
  'Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.';
const NOT_LFU = `ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${ADJUSTING}`;
const IS_LFU = `ERR An LFU maxmemory policy is selected, idle time not tracked. ${ADJUSTING}`;

/** What Redis reports of an object that all keys share. */
const SHARED_REFERENCES = 2 ** 31 - 1;

/** The entry of argument 2; 0 after answering null when there is none. */
function lookUp({ request, reply, db }: Call): number {
  const ref = db.lookupQuietly(request, 2);
  if (ref === 0) reply.null();
  return ref;
}

function encoding(call: Call): void {
  const ref = lookUp(call);
  if (ref !== 0) call.reply.bulkText(encodingName(call, ref));
}

function encodingName({ db, server }: Call, ref: number): string {
  return server.keyspace.types.of(db.typeOf(ref)).encodings[db.encodingOf(ref)];
}

function freq(call: Call): void {
  const { reply, db, server } = call;
  const { access, nowMs } = server.keyspace;
  const ref = lookUp(call);
  if (ref === 0) return;
  if (access.frequency) reply.integer(lfuCounter(db.accessWord(ref), nowMs, access));
  else reply.error(NOT_LFU);
}

function idletime(call: Call): void {
  const { reply, db, server } = call;
  const { access, nowMs } = server.keyspace;
  const ref = lookUp(call);
  if (ref === 0) return;
  if (access.frequency) reply.error(IS_LFU);
  else reply.integer(Math.floor(idleMs(db.accessWord(ref), nowMs) / 1000));
}

function refcount(call: Call): void {
  const ref = lookUp(call);
  if (ref !== 0) call.reply.integer(referenceCount(call, ref));
}

/** How many references Redis would count of an entry's value. */
export function referenceCount(call: Call, ref: number): number {
  const { db, server } = call;
  const { entries, types } = server.keyspace;
  const isShared = types.of(db.typeOf(ref)).isShared?.(entries, ref) ?? false;
  return isShared && !needsClocks(call) ? SHARED_REFERENCES : 1;
}

/** Whether eviction needs a clock of each key: then Redis shares nothing. */
function needsClocks({ server }: Call): boolean {
  const { maxmemory, 'maxmemory-policy': policy } = server.config.values;
  return maxmemory > 0 && /l[rf]u$/.test(policy);
}
