// DEBUG OBJECT: how a value is kept, for developers.

import type { Call } from '../../core/call.ts';
import { NO_SUCH_KEY } from '../../core/errors.ts';
import { idleMs } from '../../keyspace/access-clock.ts';
import { UNIT_BYTES } from '../../memory/size-classes.ts';
import { serializedBytes } from '../../persistence/rdb/dump-payload.ts';
import { referenceCount } from '../generic/object.ts';

/** The "address" of a value is its place in the arena. */
export function debugObject(call: Call): void {
  const { request, reply, db, server } = call;
  const ref = db.lookupStored(request, 2);
  if (ref === 0) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  const { access, nowMs, entries, types } = server.keyspace;
  const type = types.of(db.typeOf(ref));
  const word = db.accessWord(ref);
  const idleSeconds = access.frequency ? 0 : Math.floor(idleMs(word, nowMs) / 1000);
  const serialized = serializedBytes(server.keyspace, ref, server.config.values.rdbcompression);
  const address = ((ref >>> 0) * UNIT_BYTES).toString(16);
  reply.simple(
    `Value at:0x${address} refcount:${referenceCount(call, ref)} ` +
      `encoding:${type.encodings[db.encodingOf(ref)]} serializedlength:${serialized} ` +
      `lru:${word >>> 0} lru_seconds_idle:${idleSeconds}${type.describe(entries, ref)}`,
  );
}
