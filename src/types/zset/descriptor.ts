// The type of sorted sets. Reading and changing them is in values.ts, making them anew in builder.ts.
import type { Entries } from '../../keyspace/entries.ts';
import { EVENT_SORTED_SET } from '../../keyspace/key-events.ts';
import { KEY_CREATED } from '../../keyspace/key-signals.ts';
import type { ValueDigest, ValueType } from '../../keyspace/value-type.ts';
import { doubleText } from '../../protocol/double-text.ts';
import { sortedSetCodec } from './codec.ts';
import { ENCODING_PACKED, ENCODING_TREE, TYPE_ZSET } from './encodings.ts';
import { MemberCursor } from './member-cursor.ts';
import { SortedSets } from './sorted-sets.ts';

/** The type of sorted sets. */
export const sortedSetType: ValueType = {
  id: TYPE_ZSET,
  name: 'zset',
  eventClass: EVENT_SORTED_SET,
  // KEY_GROWN wakes no waiter: an existing sorted set has members, so no client waits for it.
  wakes: KEY_CREATED,
  encodings: { [ENCODING_PACKED]: 'listpack', [ENCODING_TREE]: 'skiplist' },
  collectionsIn: (arena, tables) => new SortedSets(arena, tables),
  codec: sortedSetCodec,
  digest: addToDigest,
  describe: () => '',
};

function addToDigest(entries: Entries, ref: number, digest: ValueDigest): void {
  const cursor = new MemberCursor();
  cursor.open(entries, ref);
  for (let more = cursor.seek(0); more; more = cursor.next()) {
    cursor.asBytes();
    const { buffer, offset, length } = cursor;
    const member = Buffer.from(buffer.subarray(offset, offset + length));
    digest.addPair(member, Buffer.from(doubleText(cursor.score), 'latin1'));
  }
}
