// The type of sets. Reading and changing them is in values.ts and set-view.ts, making them anew in builder.ts.
import { EVENT_SET } from '../../keyspace/key-events.ts';
import type { ValueType } from '../../keyspace/value-type.ts';
import { setCodec } from './codec.ts';
import { ENCODING_INTSET, ENCODING_PACKED, ENCODING_TABLE, TYPE_SET } from './encodings.ts';
import { Member } from './member.ts';
import { SetTables } from './set-tables.ts';
import { SetView } from './set-view.ts';

/** See the head of this file. */
export const setType: ValueType = {
  id: TYPE_SET,
  name: 'set',
  eventClass: EVENT_SET,
  // No command waits for members of a set.
  wakes: 0,
  encodings: {
    [ENCODING_INTSET]: 'intset',
    [ENCODING_PACKED]: 'listpack',
    [ENCODING_TABLE]: 'hashtable',
  },
  collectionsIn: (arena, tables) => new SetTables(arena, tables),
  codec: setCodec,
  digest(entries, ref, digest) {
    const view = new SetView();
    const member = new Member();
    view.open(entries, ref);
    while (view.next()) {
      view.read(view.place, member);
      member.asBytes();
      digest.add(member.buffer.subarray(member.offset, member.offset + member.length));
    }
  },
  describe: () => '',
};
