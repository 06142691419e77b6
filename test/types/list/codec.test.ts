// Lists of every encoding, read into packed and chunked ones, and written again.
import { expect, test } from 'vitest';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { dumpValue, isIntact, readPayload } from '../../../src/persistence/rdb/dump-payload.ts';
import { Request } from '../../../src/protocol/request.ts';
import { valueTypes } from '../../../src/types/index.ts';
import { chunkLimitsOf, listsOf, visitElements } from '../../../src/types/list/values.ts';
import {
  LIST_VALUES,
  type ListValue,
  listpackOf,
  payloadOf,
  rdbLength,
  rdbString,
} from '../../persistence/rdb/payloads.ts';

/** A list of many nodes. */
const LONG: ListValue = {
  name: 'many nodes',
  value: Buffer.concat([
    Buffer.from([18]),
    rdbLength(300),
    ...Array.from({ length: 300 }, (_, i) =>
      Buffer.concat([Buffer.from([2]), rdbString(listpackOf([`element ${i}`, [BigInt(i), 16]]))]),
    ),
  ]),
  elements: Array.from({ length: 300 }, (_, i) => [`element ${i}`, String(i)]).flat(),
};

test.each(
  [...LIST_VALUES, LONG].flatMap((list) => [-2, -5, 1, 128].map((limit) => ({ ...list, limit }))),
)('$name, with list-max-listpack-size $limit', ({ value, elements, limit }) => {
  const keyspace = new Keyspace(valueTypes, 1);
  listsOf(keyspace.entries).limits = chunkLimitsOf(limit);
  const first = restore(keyspace, 'first', payloadOf(value));
  expect(first.elements).toEqual(elements);
  for (const compresses of [true, false]) {
    const payload = dumpValue(keyspace, first.ref, compresses);
    expect(isIntact(payload)).toBe(true);
    expect(restore(keyspace, `again ${compresses}`, payload).elements).toEqual(elements);
  }
});

function restore(keyspace: Keyspace, key: string, payload: Buffer) {
  const value = readPayload(keyspace, payload);
  if (value === undefined || 'type' in value) throw new Error('the payload is no list');
  const [db] = keyspace.databases;
  const request = Request.of([key]);
  db.lookupForChange(request, 0);
  const ref = value.store(db, request, 0, -1);
  const elements: string[] = [];
  visitElements(db.entries, ref, (bytes) => elements.push(bytes.toString('latin1')));
  return { ref, elements };
}
