// DEBUG OBJECT: how a value is kept, for developers.

import type { Call } from '../../core/call.ts';
import { NO_SUCH_KEY } from '../../core/errors.ts';
import { idleMs } from '../../keyspace/access-clock.ts';
import type { Database } from '../../keyspace/database.ts';
import { ENCODING_NAMES, TYPE_LIST } from '../../keyspace/types.ts';
import { UNIT_BYTES } from '../../memory/size-classes.ts';
import { serializedBytes } from '../../persistence/rdb/dump-payload.ts';
import { ListSpan } from '../../types/list/list-span.ts';
import { firstSpan, listLength, nextSpan } from '../../types/list/values.ts';
import { referenceCount } from '../generic/object.ts';

/** Bytes of a listpack's header and end mark. */
const LISTPACK_BYTES = 7;

/** The "address" of a value is its place in the arena. */
export function debugObject(call: Call): void {
  const { request, reply, db, server } = call;
  const ref = db.lookupStored(request, 2);
  if (ref === 0) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  const { access, nowMs } = server.keyspace;
  const word = db.accessWord(ref);
  const idleSeconds = access.frequency ? 0 : Math.floor(idleMs(word, nowMs) / 1000);
  const serialized = serializedBytes(db, ref, server.config.values.rdbcompression);
  const address = ((ref >>> 0) * UNIT_BYTES).toString(16);
  reply.simple(
    `Value at:0x${address} refcount:${referenceCount(call, ref)} ` +
      `encoding:${ENCODING_NAMES[db.encodingOf(ref)]} serializedlength:${serialized} ` +
      `lru:${word >>> 0} lru_seconds_idle:${idleSeconds}${listFacts(call, ref)}`,
  );
}

/** What is told of a list besides: its chunks. */
function listFacts({ db, server }: Call, ref: number): string {
  if (db.typeOf(ref) !== TYPE_LIST) return '';
  let chunks = 0;
  let bytes = 0;
  visitChunks(db, ref, (usedBytes) => {
    chunks++;
    bytes += LISTPACK_BYTES + usedBytes;
  });
  const average = (listLength(db, ref) / chunks).toFixed(2);
  const limit = server.config.values['list-max-listpack-size'];
  return ` ql_nodes:${chunks} ql_avg_node:${average} ql_listpack_max:${limit} ql_compressed:0 ql_uncompressed_size:${bytes}`;
}

/** Calls `visit` with the bytes of the elements of each chunk of a list. */
function visitChunks(db: Database, ref: number, visit: (usedBytes: number) => void): void {
  const span = new ListSpan();
  firstSpan(db, ref, span);
  do visit(span.used);
  while (nextSpan(db, span));
}
