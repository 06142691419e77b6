// What DEBUG DIGEST takes of a stream: of each entry its id, as "ms.seq", and its fields and values, in their order.
import type { Entries } from '../../keyspace/entries.ts';
import type { ValueDigest } from '../../keyspace/value-type.ts';
import { StreamId } from './stream-id.ts';
import { streamsOf } from './values.ts';

/** Adds a stream to a digest. */
export function addToDigest(entries: Entries, ref: number, digest: ValueDigest): void {
  const walk = streamsOf(entries).newWalk();
  const [first, last] = [new StreamId(), new StreamId()];
  last.setMax();
  walk.open(entries.root(ref), first, last);
  const { cursor } = walk;
  while (walk.next()) {
    digest.mix(Buffer.from(cursor.id.toString().replace('-', '.'), 'latin1'));
    cursor.locate();
    const { buffer, fieldAt, fieldLengths, valueAt, valueLengths } = cursor;
    for (let i = 0; i < cursor.fields; i++) {
      digest.mix(buffer.subarray(fieldAt[i], fieldAt[i] + fieldLengths[i]));
      digest.mix(buffer.subarray(valueAt[i], valueAt[i] + valueLengths[i]));
    }
  }
}
