// XINFO: what is known of a stream, its groups and their consumers.
import { wrongSubcommandUse } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NO_SUCH_KEY } from '../../core/errors.ts';
import { READONLY } from '../../core/flags.ts';
import { helpRow } from '../../core/help.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupRead, REFUSED } from '../../core/lookup.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { readInteger } from './arguments.ts';
import { needRange, waitsForCold } from './cold-reads.ts';
import { groupAt, noGroup } from './group-arguments.ts';
import { replyConsumers, replyGroups, replyStream, replyWholeStream } from './info-replies.ts';

const HELP = [
  'CONSUMERS <key> <groupname>',
  '    Show consumers of <groupname>.',
  'GROUPS <key>',
  '    Show the stream consumer groups.',
  'STREAM <key> [FULL [COUNT <count>]',
  '    Show information about the stream.',
];

/** Consumers and groups may be many, and entries may lie in files. */
const NEVER_QUICK = 0;

export const streamInfoCommands: readonly CommandRow[] = [
  {
    name: 'xinfo',
    arity: -2,
    flags: 0,
    group: 'stream',
    since: '5.0.0',
    summary: 'Container of the commands that describe streams and their groups.',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'consumers',
        arity: 4,
        flags: READONLY,
        keys: [keyAt(2, 'RO', 'access')],
        group: 'stream',
        since: '5.0.0',
        summary: 'Describes the consumers of a group.',
        complexity: 'O(1)',
        quickUpTo: NEVER_QUICK,
        tips: ['nondeterministic_output'],
        syntax: 'key groupname:string',
        handler: consumers,
      },
      {
        name: 'groups',
        arity: 3,
        flags: READONLY,
        keys: [keyAt(2, 'RO', 'access')],
        group: 'stream',
        since: '5.0.0',
        summary: 'Describes the groups of a stream.',
        complexity: 'O(1)',
        quickUpTo: NEVER_QUICK,
        history: [['7.0.0', 'The fields `entries-read` and `lag`.']],
        syntax: 'key',
        handler: groups,
      },
      {
        name: 'stream',
        arity: -3,
        flags: READONLY,
        keys: [keyAt(2, 'RO', 'access')],
        group: 'stream',
        since: '5.0.0',
        summary: 'Describes a stream; with FULL also its entries, groups and consumers.',
        complexity: 'O(1)',
        quickUpTo: NEVER_QUICK,
        history: [
          ['6.0.0', 'The option `FULL`.'],
          [
            '7.0.0',
            'The fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag`.',
          ],
        ],
        syntax: 'key [FULL full={ [COUNT count:integer] }]',
        handler: stream,
      },
      helpRow('stream', '5.0.0', HELP),
    ],
  },
];

/** Entries of each kind that FULL shows where COUNT says nothing. */
const DEFAULT_COUNT = 10;

const least = new StreamId();
const greatest = new StreamId();
greatest.setMax();

/** The stream of argument 2; REFUSED after answering an error. */
function streamAt(call: Call): number {
  const ref = lookupRead(call, 2, TYPE_STREAM);
  if (ref !== ABSENT) return ref;
  call.reply.error(NO_SUCH_KEY);
  return REFUSED;
}

/** XINFO CONSUMERS key group */
function consumers(call: Call): void {
  const ref = streamAt(call);
  if (ref === REFUSED) return;
  const group = groupAt(call, ref, 3);
  if (group === 0) call.reply.error(noGroup(call.request));
  else replyConsumers(call, group);
}

/** XINFO GROUPS key */
function groups(call: Call): void {
  const ref = streamAt(call);
  if (ref !== REFUSED) replyGroups(call, call.db.entries.root(ref));
}

/** XINFO STREAM key [FULL [COUNT count]] */
function stream(call: Call): void {
  const { request, reply, db } = call;
  const ref = streamAt(call);
  if (ref === REFUSED) return;
  const root = db.entries.root(ref);
  if (request.count === 3) {
    needRange(call, root, least, greatest, 1);
    needRange(call, root, least, greatest, 1, true);
    if (!waitsForCold(call, stream)) replyStream(call, root);
    return;
  }
  const isFull = request.is(3, 'full') && (request.count === 4 || request.count === 6);
  if (!isFull || (request.count === 6 && !request.is(4, 'count'))) {
    reply.error(wrongSubcommandUse(request));
    return;
  }
  let count = DEFAULT_COUNT;
  if (request.count === 6) {
    count = readInteger(call, 5);
    if (Number.isNaN(count)) return;
    if (count < 0) count = DEFAULT_COUNT;
  }
  const limit = count === 0 ? Number.POSITIVE_INFINITY : count;
  needRange(call, root, least, greatest, limit);
  if (!waitsForCold(call, stream)) replyWholeStream(call, root, limit);
}
