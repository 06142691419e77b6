// The type of lists. Reading and changing them is in values.ts, making them anew in builder.ts.
import type { Entries } from '../../keyspace/entries.ts';
import { EVENT_LIST } from '../../keyspace/key-events.ts';
import { KEY_CREATED } from '../../keyspace/key-signals.ts';
import type { ValueType } from '../../keyspace/value-type.ts';
import { ChunkedLists } from './chunked-list.ts';
import { listCodec } from './codec.ts';
import { ENCODING_CHUNKED, ENCODING_PACKED, TYPE_LIST } from './encodings.ts';
import { ListSpan } from './list-span.ts';
import { firstSpan, listLength, listsOf, nextSpan, visitElements } from './values.ts';

/** Bytes of a listpack's header and end mark. */
const LISTPACK_BYTES = 7;

/** The type of lists. Redis 7.0 reports one encoding for all lists. */
export const listType: ValueType = {
  id: TYPE_LIST,
  name: 'list',
  eventClass: EVENT_LIST,
  // KEY_GROWN wakes no waiter: an existing list has elements, so no client waits for it.
  wakes: KEY_CREATED,
  encodings: { [ENCODING_PACKED]: 'quicklist', [ENCODING_CHUNKED]: 'quicklist' },
  collectionsIn: (arena) => new ChunkedLists(arena),
  codec: listCodec,
  digest: (entries, ref, digest) => visitElements(entries, ref, (bytes) => digest.mix(bytes)),
  describe: describeList,
};

/** The fields of a quicklist's nodes in DEBUG OBJECT, for chunks. */
function describeList(entries: Entries, ref: number): string {
  let chunks = 0;
  let bytes = 0;
  const span = new ListSpan();
  firstSpan(entries, ref, span);
  do {
    chunks++;
    bytes += LISTPACK_BYTES + span.used;
  } while (nextSpan(entries, span));
  const average = (listLength(entries, ref) / chunks).toFixed(2);
  const { directive } = listsOf(entries).limits;
  return ` ql_nodes:${chunks} ql_avg_node:${average} ql_listpack_max:${directive} ql_compressed:0 ql_uncompressed_size:${bytes}`;
}
