// The type of hashes. Reading and changing them is in values.ts, making them anew in builder.ts.
import { EVENT_HASH } from '../../keyspace/key-events.ts';
import type { ValueType } from '../../keyspace/value-type.ts';
import { hashCodec } from './codec.ts';
import { ENCODING_EXPIRING, ENCODING_PACKED, ENCODING_TABLE, TYPE_HASH } from './encodings.ts';
import { fieldExpiry } from './field-expiry.ts';
import { FieldTables } from './field-tables.ts';
import { FieldView } from './field-view.ts';
import { visitFields } from './values.ts';

/** Added to a field that expires in a digest, as in Redis 7.4. */
const EXPIRY_MARK = Buffer.from('!!hexpire!!');

/** The type of hashes. */
export const hashType: ValueType = {
  id: TYPE_HASH,
  name: 'hash',
  eventClass: EVENT_HASH,
  wakes: 0,
  encodings: {
    [ENCODING_PACKED]: 'listpack',
    [ENCODING_TABLE]: 'hashtable',
    [ENCODING_EXPIRING]: 'hashtable',
  },
  collectionsIn: (arena, tables, clock) => new FieldTables(arena, tables, clock),
  partExpiry: fieldExpiry,
  codec: hashCodec,
  digest(entries, ref, digest) {
    const field = new FieldView();
    const value = new FieldView();
    visitFields(entries, ref, field, value, (expires) => {
      const mark = expires ? EXPIRY_MARK : undefined;
      digest.addPair(field.bytes(field.buffer), value.bytes(value.buffer), mark);
    });
  },
  describe: () => '',
};
