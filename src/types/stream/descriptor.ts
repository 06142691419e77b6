// The type of streams. Reading and changing them is in values.ts and streams.ts.
import { EVENT_STREAM } from '../../keyspace/key-events.ts';
import { KEY_CREATED, KEY_GONE, KEY_GROWN } from '../../keyspace/key-signals.ts';
import type { ValueType } from '../../keyspace/value-type.ts';
import { streamCodec } from './codec.ts';
import { addToDigest } from './digest.ts';
import { ENCODING_BLOCKS, TYPE_STREAM } from './encodings.ts';
import { streamRetention } from './retention.ts';
import { Streams } from './streams.ts';

/** The type of streams. */
export const streamType: ValueType = {
  id: TYPE_STREAM,
  name: 'stream',
  eventClass: EVENT_STREAM,
  // Entries that come, streams that come or go, and groups that go: XREAD, XREADGROUP.
  wakes: KEY_CREATED | KEY_GROWN | KEY_GONE,
  encodings: { [ENCODING_BLOCKS]: 'stream' },
  collectionsIn: (arena, tables, clock) => new Streams(arena, tables, clock),
  partExpiry: streamRetention,
  codec: streamCodec,
  digest: addToDigest,
  describe: () => '',
};
