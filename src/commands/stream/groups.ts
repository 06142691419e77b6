// XGROUP: making, setting and removing the groups of a stream, and their consumers.
import { wrongSubcommandUse } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import type { CommandRow } from '../../core/command-row.ts';
import { NOT_AN_INTEGER } from '../../core/errors.ts';
import { DENYOOM, WRITE } from '../../core/flags.ts';
import { helpRow } from '../../core/help.ts';
import { keyAt } from '../../core/key-specs.ts';
import { ABSENT, lookupWrite, REFUSED } from '../../core/lookup.ts';
import { EVENT_STREAM } from '../../keyspace/key-events.ts';
import { KEY_GROWN } from '../../keyspace/key-signals.ts';
import { TYPE_STREAM } from '../../types/stream/encodings.ts';
import { UNKNOWN_ENTRIES_READ } from '../../types/stream/group-lag.ts';
import { StreamId } from '../../types/stream/stream-id.ts';
import { createStream, streamsOf } from '../../types/stream/values.ts';
import { isSign, readId } from './arguments.ts';
import {
  consumerAt,
  createConsumer,
  groupAt,
  noGroup,
  notifyConsumer,
  readIdOrEdge,
} from './group-arguments.ts';

const HELP = [
  'CREATE <key> <groupname> <id|$> [option]',
  '    Create a new consumer group. Options are:',
  '    * MKSTREAM',
  '      Create the empty stream if it does not exist.',
  '    * ENTRIESREAD entries_read',
  "      Set the group's entries_read counter (internal use).",
  'CREATECONSUMER <key> <groupname> <consumer>',
  '    Create a new consumer in the specified group.',
  'DELCONSUMER <key> <groupname> <consumer>',
  '    Remove the specified consumer.',
  'DESTROY <key> <groupname>',
  '    Remove the specified group.',
  'SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]',
  '    Set the current group ID and entries_read counter.',
];

const ID_SYNTAX = 'id=( id:string | new_id="$" )';

export const streamGroupCommands: readonly CommandRow[] = [
  {
    name: 'xgroup',
    arity: -2,
    flags: 0,
    group: 'stream',
    since: '5.0.0',
    summary: 'Container of the commands that make and remove consumer groups.',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'create',
        arity: -5,
        flags: WRITE | DENYOOM,
        keys: [keyAt(2, 'RW', 'insert')],
        group: 'stream',
        since: '5.0.0',
        summary: 'Makes a consumer group, which reads the entries behind an id.',
        complexity: 'O(1)',
        history: [['7.0.0', 'The argument `entries_read`.']],
        syntax: `key groupname:string ${ID_SYNTAX} [mkstream=MKSTREAM] [ENTRIESREAD entries_read:integer]`,
        handler: create,
      },
      {
        name: 'setid',
        arity: -5,
        flags: WRITE,
        keys: [keyAt(2, 'RW', 'update')],
        group: 'stream',
        since: '5.0.0',
        summary: 'Has a consumer group read on behind another id.',
        complexity: 'O(1)',
        history: [['7.0.0', 'The argument `entries_read`.']],
        syntax: `key groupname:string ${ID_SYNTAX} [ENTRIESREAD entries_read:integer]`,
        handler: setId,
      },
      {
        name: 'destroy',
        arity: 4,
        flags: WRITE,
        keys: [keyAt(2, 'RW', 'delete')],
        group: 'stream',
        since: '5.0.0',
        summary: 'Removes a consumer group with its consumers and their pending entries.',
        complexity:
          "O(N) where N is the number of entries in the group's pending entries list (PEL).",
        syntax: 'key groupname:string',
        handler: destroy,
      },
      {
        name: 'createconsumer',
        arity: 5,
        flags: WRITE | DENYOOM,
        keys: [keyAt(2, 'RW', 'insert')],
        group: 'stream',
        since: '6.2.0',
        summary: 'Makes a consumer of a group.',
        complexity: 'O(1)',
        syntax: 'key groupname:string consumername:string',
        handler: createConsumerNamed,
      },
      {
        name: 'delconsumer',
        arity: 5,
        flags: WRITE,
        keys: [keyAt(2, 'RW', 'delete')],
        group: 'stream',
        since: '5.0.0',
        summary: 'Removes a consumer of a group, and returns how many pending entries it had.',
        complexity: 'O(1)',
        // It may have many pending entries.
        quickUpTo: 0,
        syntax: 'key groupname:string consumername:string',
        handler: removeConsumer,
      },
      helpRow('stream', '5.0.0', HELP),
    ],
  },
];

const KEY_REQUIRED =
  'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.';
const ENTRIES_READ_NEGATIVE = 'ERR value for ENTRIESREAD must be positive or -1';
const GROUP_EXISTS = 'BUSYGROUP Consumer Group name already exists';

const DOLLAR = 36;
/** Arguments of CREATE and SETID at most: more are refused after everything else. */
const MOST_OF_CREATE = 8;
const MOST_OF_SETID = 7;

const id = new StreamId();

/** The options of the request that runs. */
const options = { makesStream: false, entriesRead: UNKNOWN_ENTRIES_READ };

/** Reads the options of CREATE or SETID; false after answering an error. */
function readOptions({ request, reply }: Call, isCreate: boolean): boolean {
  options.makesStream = false;
  options.entriesRead = UNKNOWN_ENTRIES_READ;
  for (let i = 5; i < request.count; i++) {
    if (isCreate && request.is(i, 'mkstream')) {
      options.makesStream = true;
    } else if (request.is(i, 'entriesread') && i + 1 < request.count) {
      const value = request.bigint(++i);
      if (value === undefined || value < UNKNOWN_ENTRIES_READ) {
        reply.error(value === undefined ? NOT_AN_INTEGER : ENTRIES_READ_NEGATIVE);
        return false;
      }
      options.entriesRead = value;
    } else {
      reply.error(wrongSubcommandUse(request));
      return false;
    }
  }
  return true;
}

/** The stream of argument 2, which must be there; REFUSED after answering an error. */
function streamAt(call: Call): number {
  const ref = lookupWrite(call, 2, TYPE_STREAM);
  if (ref !== ABSENT) return ref;
  call.reply.error(KEY_REQUIRED);
  return REFUSED;
}

/** The group of argument 3 in that stream, which must be there; 0 after answering an error. */
function groupIn(call: Call, ref: number): number {
  const group = groupAt(call, ref, 3);
  if (group === 0) call.reply.error(noGroup(call.request));
  return group;
}

/** Reads argument 4 as an id, or `$`, the stream's last one; false after answering an error. */
function readLastId(call: Call, ref: number, isStrict: boolean): boolean {
  const { db, request } = call;
  if (!isSign(request, 4, DOLLAR)) {
    return isStrict ? readId(call, 4, id) : readIdOrEdge(call, 4, id);
  }
  if (ref === ABSENT) id.setZero();
  else streamsOf(db.entries).lastId(db.entries.root(ref), id);
  return true;
}

/** XGROUP CREATE key group id | $ [MKSTREAM] [ENTRIESREAD n] */
function create(call: Call): void {
  const { request, reply, db, server } = call;
  if (!readOptions(call, true)) return;
  const ref = options.makesStream ? lookupWrite(call, 2, TYPE_STREAM) : streamAt(call);
  if (ref === REFUSED) return;
  if (request.count > MOST_OF_CREATE) {
    reply.error(wrongSubcommandUse(request));
    return;
  }
  if (!readLastId(call, ref, true)) return;
  if (groupAt(call, ref, 3) !== 0) {
    reply.error(GROUP_EXISTS);
    return;
  }
  const { groups } = streamsOf(db.entries);
  const { buffer, offsets, lengths } = request;
  const add = (root: number) => {
    groups.create(root, buffer, offsets[3], lengths[3], id, options.entriesRead);
  };
  if (ref === ABSENT) {
    createStream(db, request, 2, add);
    db.modified(request, 2, 1);
  } else {
    add(db.entries.root(ref));
    server.keyspace.dirty++;
  }
  reply.ok();
  db.notify(EVENT_STREAM, 'xgroup-create', request, 2);
}

/** XGROUP SETID key group id | $ [ENTRIESREAD n] */
function setId(call: Call): void {
  const { request, reply, db, server } = call;
  if (!readOptions(call, false)) return;
  const ref = streamAt(call);
  if (ref === REFUSED) return;
  const group = groupIn(call, ref);
  if (group === 0) return;
  if (request.count > MOST_OF_SETID) {
    reply.error(wrongSubcommandUse(request));
    return;
  }
  if (!readLastId(call, ref, false)) return;
  const { groups } = streamsOf(db.entries);
  groups.storeLastId(group, id);
  groups.setEntriesRead(group, options.entriesRead);
  reply.ok();
  server.keyspace.dirty++;
  db.notify(EVENT_STREAM, 'xgroup-setid', request, 2);
}

/** XGROUP DESTROY key group */
function destroy(call: Call): void {
  const { request, reply, db, server } = call;
  const ref = streamAt(call);
  if (ref === REFUSED) return;
  const group = groupAt(call, ref, 3);
  if (group === 0) {
    reply.integer(0);
    return;
  }
  const { groups } = streamsOf(db.entries);
  if (!groups.remove(db.entries.root(ref), group)) {
    db.entries.onLargeValue(() => groups.removeStep(group));
  }
  reply.integer(1);
  server.keyspace.dirty++;
  db.notify(EVENT_STREAM, 'xgroup-destroy', request, 2);
  // Those who wait for its entries are told; readers without a group see an id that XSETID has set, as in Redis.
  db.signal(ref, KEY_GROWN);
}

/** XGROUP CREATECONSUMER key group consumer */
function createConsumerNamed(call: Call): void {
  const { reply, db } = call;
  const ref = streamAt(call);
  if (ref === REFUSED) return;
  const group = groupIn(call, ref);
  if (group === 0) return;
  const isNew = consumerAt(call, group, 4) === 0;
  if (isNew) {
    createConsumer(call, db.entries.root(ref), group, 4);
    notifyConsumer(call, 2);
  }
  reply.integer(isNew ? 1 : 0);
}

/** XGROUP DELCONSUMER key group consumer */
function removeConsumer(call: Call): void {
  const { request, reply, db, server } = call;
  const ref = streamAt(call);
  if (ref === REFUSED) return;
  const group = groupIn(call, ref);
  if (group === 0) return;
  const consumer = consumerAt(call, group, 4);
  if (consumer === 0) {
    reply.integer(0);
    return;
  }
  const { groups } = streamsOf(db.entries);
  const pending = groups.removeConsumer(db.entries.root(ref), group, consumer);
  server.keyspace.dirty++;
  db.notify(EVENT_STREAM, 'xgroup-delconsumer', request, 2);
  reply.integer(pending);
}
