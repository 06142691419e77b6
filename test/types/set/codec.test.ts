// Sets of every encoding, read into arrays of integers, packed sets and tables, and written again.
import { describe, expect, test } from 'vitest';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { dumpValue, isIntact, readPayload } from '../../../src/persistence/rdb/dump-payload.ts';
import { Request } from '../../../src/protocol/request.ts';
import { valueTypes } from '../../../src/types/index.ts';
import {
  ENCODING_INTSET,
  ENCODING_PACKED,
  ENCODING_TABLE,
} from '../../../src/types/set/encodings.ts';
import type { SetLimits } from '../../../src/types/set/limits.ts';
import { Member } from '../../../src/types/set/member.ts';
import { setsOf } from '../../../src/types/set/set-tables.ts';
import { SetView } from '../../../src/types/set/set-view.ts';
import {
  intsetOf,
  listpackOf,
  type PackedSample,
  payloadOf,
  rdbLength,
  rdbString,
  SET_VALUES,
} from '../../persistence/rdb/payloads.ts';

const LIMITS: readonly SetLimits[] = [
  { intsetEntries: 512, packedEntries: 0, packedValueBytes: 64 },
  { intsetEntries: 512, packedEntries: 128, packedValueBytes: 100_000 },
  { intsetEntries: 512, packedEntries: 128, packedValueBytes: 64 },
  { intsetEntries: 2, packedEntries: 2, packedValueBytes: 64 },
  { intsetEntries: 0, packedEntries: 0, packedValueBytes: 0 },
];

const MANY = Array.from({ length: 300 }, (_, i) => `member ${i}`);

test.each(
  [...SET_VALUES, { name: 'many members', value: set(...MANY), members: MANY }].flatMap((value) =>
    LIMITS.map((limits) => ({ ...value, ...limits, limits })),
  ),
)(
  '$name, $intsetEntries integers, $packedEntries packed members of $packedValueBytes bytes',
  ({ value, members, limits }) => {
    const keyspace = keyspaceOf(limits);
    const first = restore(keyspace, 'first', value);
    expect(first.members.sort()).toEqual([...members].sort());
    for (const compresses of [true, false]) {
      const payload = dumpValue(keyspace, first.ref, compresses);
      expect(isIntact(payload)).toBe(true);
      const again = restore(keyspace, `again ${compresses}`, payload.subarray(0, -10));
      expect(again.members.sort()).toEqual([...members].sort());
      expect(keyspace.entries.encodingOf(again.ref)).toBe(keyspace.entries.encodingOf(first.ref));
    }
  },
);

/** How a set is kept, with limits of 3 integers, and 3 packed members of 5 bytes if they are packed. */
const ENCODINGS: readonly [name: string, value: Buffer, seven0: number, seven2: number][] = [
  ['SET of 3 integers', set('1', '2', '3'), ENCODING_INTSET, ENCODING_INTSET],
  ['SET of 4 integers', set('1', '2', '3', '4'), ENCODING_TABLE, ENCODING_TABLE],
  ['SET of a member', set('a'), ENCODING_TABLE, ENCODING_PACKED],
  ['SET of 3', set('1', 'a', '2'), ENCODING_TABLE, ENCODING_PACKED],
  ['SET of 4', set('1', '2', '3', 'a'), ENCODING_TABLE, ENCODING_TABLE],
  ['SET of a long member', set('123456', 'abcdef'), ENCODING_TABLE, ENCODING_TABLE],
  ['SET of a long integer', set('123456', 'a'), ENCODING_TABLE, ENCODING_TABLE],
  ['SET_INTSET of 3', intset(2, 1n, 2n, 3n), ENCODING_INTSET, ENCODING_INTSET],
  ['SET_INTSET of 4', intset(2, 1n, 2n, 3n, 4n), ENCODING_TABLE, ENCODING_TABLE],
  ['SET_LISTPACK of 3', listpack('a', 'b', 'c'), ENCODING_TABLE, ENCODING_PACKED],
  ['SET_LISTPACK of 4', listpack('a', 'b', 'c', 'd'), ENCODING_TABLE, ENCODING_TABLE],
  ['SET_LISTPACK of a long one', listpack('abcdef'), ENCODING_TABLE, ENCODING_PACKED],
  ['SET_LISTPACK of integers', listpack([1n, 7], [2n, 7]), ENCODING_INTSET, ENCODING_PACKED],
];

test.each(ENCODINGS)('%s is kept as in Redis 7.0, and 7.2', (_, value, seven0, seven2) => {
  for (const [packedEntries, encoding] of [
    [0, seven0],
    [3, seven2],
  ]) {
    const keyspace = keyspaceOf({ intsetEntries: 3, packedEntries, packedValueBytes: 5 });
    const { ref } = restore(keyspace, 'k', value);
    expect(keyspace.entries.encodingOf(ref)).toBe(encoding);
  }
});

test('a packed set is written as Redis 7.0 reads it once sets are packed no more', () => {
  const keyspace = keyspaceOf({ intsetEntries: 3, packedEntries: 3, packedValueBytes: 64 });
  const { ref } = restore(keyspace, 'k', listpack('a', [5n, 7]));
  expect(dumpValue(keyspace, ref, true)[0]).toBe(20);
  setsOf(keyspace.entries).limits = { intsetEntries: 3, packedEntries: 0, packedValueBytes: 64 };
  const payload = dumpValue(keyspace, ref, true);
  expect(payload.subarray(0, -10)).toEqual(
    Buffer.concat([Buffer.from([2, 2]), rdbString('a'), Buffer.from([0xc0, 5])]),
  );
});

describe('damage', () => {
  const header = (width: number, count: number) => {
    const bytes = intsetOf(2, [1n, 2n, 3n, 4n]);
    bytes.writeUInt32LE(width, 0);
    bytes.writeUInt32LE(count, 4);
    return Buffer.concat([Buffer.from([11]), rdbString(bytes)]);
  };
  test.each([
    ['SET, a member twice', set('a', 'b', 'a')],
    ['SET, an integer twice', set('1', '2', '1')],
    ['SET, a member twice among many', set(...MANY, 'member 7')],
    ['SET, an integer twice in a table', set('1', 'a', '1')],
    ['SET_INTSET, empty', intset(2)],
    ['SET_INTSET, no header', Buffer.concat([Buffer.from([11]), rdbString('1234567')])],
    ['SET_INTSET, out of order', intset(2, 1n, 3n, 2n)],
    ['SET_INTSET, an integer twice', intset(8, 1n, 1n)],
    ['SET_INTSET, another width', header(4, 4)],
    ['SET_INTSET, no width', header(3, 4)],
    ['SET_INTSET, too many', header(2, 5)],
    ['SET_INTSET, too few', header(2, 3)],
    ['SET_INTSET, as many as overflow', header(8, 0x2000_0001)],
    ['SET_LISTPACK, a member twice', listpack('a', 'b', 'a')],
    ['SET_LISTPACK, an integer twice', listpack([5n, 7], [5n, 16])],
    ['SET_LISTPACK, an integer and its text', listpack([5n, 7], '5')],
  ])('%s', (_, value) => {
    for (const limits of LIMITS) {
      const keyspace = keyspaceOf(limits);
      const before = keyspace.usedBytes;
      expect(readPayload(keyspace, payloadOf(value))).toBeUndefined();
      expect(keyspace.usedBytes).toBe(before);
    }
  });
});

function set(...members: readonly string[]): Buffer {
  return Buffer.concat([Buffer.from([2]), rdbLength(members.length), ...members.map(rdbString)]);
}

function intset(width: number, ...integers: readonly bigint[]): Buffer {
  return Buffer.concat([Buffer.from([11]), rdbString(intsetOf(width, integers))]);
}

function listpack(...samples: readonly PackedSample[]): Buffer {
  return Buffer.concat([Buffer.from([20]), rdbString(listpackOf(samples))]);
}

function keyspaceOf(limits: SetLimits): Keyspace {
  const keyspace = new Keyspace(valueTypes, 1);
  setsOf(keyspace.entries).limits = limits;
  return keyspace;
}

/** Restores a value's bytes; tells its members. */
function restore(keyspace: Keyspace, key: string, bytes: Buffer) {
  const value = readPayload(keyspace, payloadOf(bytes));
  if (value === undefined || 'type' in value) throw new Error('the payload is no set');
  const [db] = keyspace.databases;
  const request = Request.of([key]);
  db.lookupForChange(request, 0);
  const ref = value.store(db, request, 0, -1);
  const view = new SetView();
  const member = new Member();
  const members: string[] = [];
  view.open(db.entries, ref);
  while (view.next()) {
    view.readNext(member);
    member.asBytes();
    const { buffer, offset, length } = member;
    members.push(buffer.toString('latin1', offset, offset + length));
  }
  return { ref, members };
}
