// DEBUG HTSTATS, HTSTATS-KEY, LISTPACK, QUICKLIST and SDSLEN: how data lies in memory, in Redis's words
// as far as they fit. Keys and values share a block, tables have one entry a slot, expiries are a heap.

import { wrongSubcommandUse } from '../../core/argument-errors.ts';
import type { Call } from '../../core/call.ts';
import { NO_SUCH_KEY, NOT_AN_INTEGER } from '../../core/errors.ts';
import { ENCODING_INT, TYPE_STRING } from '../../keyspace/plain-strings.ts';
import { TYPE_LIST } from '../../types/list/encodings.ts';
import { ListSpan } from '../../types/list/list-span.ts';
import { firstSpan, nextSpan } from '../../types/list/values.ts';

const NO_TABLE = 'ERR The value stored at the specified key is not represented using an hash table';
const NO_LISTPACK = 'ERR Not a listpack encoded object.';
const NO_QUICKLIST = 'ERR Not a quicklist encoded object.';
const NO_SDS = 'ERR Not an sds encoded string.';

/** DEBUG HTSTATS database */
export function htstats({ request, reply, server }: Call): void {
  const index = request.integer(2);
  if (Number.isNaN(index)) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const database = server.keyspace.databases[index];
  if (database === undefined) {
    reply.error('ERR Out of range database');
    return;
  }
  const { capacity, size, expiring } = database;
  const text =
    `[Dictionary HT]\n${tableStats(capacity, size)}` +
    `[Expires HT]\n${tableStats(expiring, expiring)}`;
  reply.verbatim(text, 'txt');
}

function tableStats(slots: number, elements: number): string {
  const head = 'Hash table 0 stats (main hash table):\n';
  if (elements === 0) return `${head}No stats available for empty dictionaries\n`;
  return `${head} table size: ${slots}\n number of elements: ${elements}\n different slots: ${elements}\n max chain length: 1\n`;
}

/** DEBUG HTSTATS-KEY key */
export function htstatsKey(call: Call): void {
  const { reply, db } = call;
  const ref = lookUp(call);
  if (ref === 0) return;
  if (!HAVE_TABLES.has(encodingName(call, ref))) {
    reply.error(NO_TABLE);
    return;
  }
  const { entries } = db;
  const length = entries.collectionsOf(ref).length(entries.root(ref));
  reply.verbatim(tableStats(length, length), 'txt');
}

/** DEBUG LISTPACK key: how many bytes there are, into the log. */
export function listpack(call: Call): void {
  const { reply, db, server } = call;
  const ref = lookUp(call);
  if (ref === 0) return;
  if (encodingName(call, ref) !== 'listpack') {
    reply.error(NO_LISTPACK);
    return;
  }
  const used = db.value(ref).length;
  server.log.info({ used }, 'DEBUG LISTPACK: {used} bytes');
  reply.simple('Listpack structure printed on stdout');
}

/** What OBJECT ENCODING answers for values that have a hash table. */
const HAVE_TABLES: ReadonlySet<string> = new Set(['hashtable', 'skiplist']);

function encodingName({ db, server }: Call, ref: number): string {
  return server.keyspace.types.of(db.typeOf(ref)).encodings[db.encodingOf(ref)];
}

/** DEBUG QUICKLIST key [0 | 1]: the chunks of a list, with 1 their elements too, into the log. */
export function quicklist(call: Call): void {
  const { reply, db, server } = call;
  const ref = lookUp(call);
  if (ref === 0) return;
  if (db.typeOf(ref) !== TYPE_LIST) {
    reply.error(NO_QUICKLIST);
    return;
  }
  const span = new ListSpan();
  let chunk = 0;
  firstSpan(db.entries, ref, span);
  do {
    const { count, used } = span;
    const facts = { chunk: chunk++, count, used };
    server.log.info(facts, 'DEBUG QUICKLIST: chunk {chunk} has {count} elements in {used} bytes');
  } while (nextSpan(db.entries, span));
  reply.simple('Quicklist structure printed on stdout');
}

/** DEBUG SDSLEN key: the bytes of a key and of its string, and room that they have to grow. */
export function sdslen(call: Call): void {
  const { reply, db, request } = call;
  const ref = db.lookupStored(request, 2);
  if (ref === 0) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  if (db.typeOf(ref) !== TYPE_STRING || db.encodingOf(ref) === ENCODING_INT) {
    reply.error(NO_SDS);
    return;
  }
  const keyBytes = db.key(ref).length;
  const valueBytes = db.value(ref).length;
  reply.simple(
    `key_sds_len:${keyBytes}, key_sds_avail:0, key_zmalloc: ${keyBytes}, val_sds_len:${valueBytes}, ` +
      `val_sds_avail:${db.entries.spareBytes(ref)}, val_zmalloc: ${db.entries.footprintBytes(ref) - keyBytes}`,
  );
}

/** DEBUG CLUSTERLINK KILL to | from | all node-id: there is no cluster. */
export function clusterLink({ request, reply }: Call): void {
  if (!request.is(2, 'kill')) reply.error(wrongSubcommandUse(request));
  else reply.error('ERR Debug option only available for cluster mode enabled setup!');
}

/** The entry of argument 2, as OBJECT looks it up; 0 after answering that there is none. */
function lookUp({ request, reply, db }: Call): number {
  const ref = db.lookupQuietly(request, 2);
  if (ref === 0) reply.error(NO_SUCH_KEY);
  return ref;
}
