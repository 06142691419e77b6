// Hashes of every encoding, read into packed ones and tables, and written again.
import { describe, expect, test } from 'vitest';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { dumpValue, isIntact, readPayload } from '../../../src/persistence/rdb/dump-payload.ts';
import { Request } from '../../../src/protocol/request.ts';
import {
  ENCODING_EXPIRING,
  ENCODING_PACKED,
  ENCODING_TABLE,
} from '../../../src/types/hash/encodings.ts';
import { FieldView } from '../../../src/types/hash/field-view.ts';
import { hashesOf, visitFields } from '../../../src/types/hash/values.ts';
import { valueTypes } from '../../../src/types/index.ts';
import {
  HASH_VALUES,
  listpackOf,
  type PackedSample,
  payloadOf,
  rdbLength,
  rdbString,
  ziplistOf,
  zipmapOf,
} from '../../persistence/rdb/payloads.ts';

const HASH = Buffer.from([4]);
const ZIPMAP = Buffer.from([9]);
const ZIPLIST = Buffer.from([13]);
const LISTPACK = Buffer.from([16]);

/** Up to where hashes are packed. */
const LIMITS = [
  { maxFields: 512, maxBytes: 100_000 },
  { maxFields: 512, maxBytes: 64 },
  { maxFields: 3, maxBytes: 64 },
  { maxFields: 0, maxBytes: 0 },
];

test.each(HASH_VALUES.flatMap((hash) => LIMITS.map((limits) => ({ ...hash, ...limits }))))(
  '$name, packed up to $maxFields fields of $maxBytes bytes',
  ({ value, texts, ...limits }) => {
    const keyspace = keyspaceOf(limits);
    const first = restore(keyspace, 'first', value);
    expect(sortedPairs(first.texts)).toEqual(sortedPairs(texts));
    for (const compresses of [true, false]) {
      const payload = dumpValue(keyspace, first.ref, compresses);
      expect(isIntact(payload)).toBe(true);
      const again = restore(keyspace, `again ${compresses}`, payload.subarray(0, -10));
      expect(sortedPairs(again.texts)).toEqual(sortedPairs(texts));
    }
  },
);

/** How Redis keeps a hash of the fields a to d, or with one longer value, with limits of 3 fields and 5 bytes. */
const ENCODINGS: readonly [name: string, value: Buffer, encoding: number][] = [
  ['HASH of 3', pairs('a', '1', 'b', '2', 'c', '3'), ENCODING_PACKED],
  ['HASH of 4', pairs('a', '1', 'b', '2', 'c', '3', 'd', '4'), ENCODING_TABLE],
  ['HASH, a long value', pairs('a', '123456'), ENCODING_TABLE],
  ['HASH, a long field', pairs('a', '1', '123456', 'a'), ENCODING_TABLE],
  ['ZIPMAP of 4', zipmap('a', '1', 'b', '2', 'c', '3', 'd', '4'), ENCODING_TABLE],
  ['ZIPMAP, a long value', zipmap('a', '123456'), ENCODING_TABLE],
  ['ZIPMAP, short', zipmap('a', '12345'), ENCODING_PACKED],
  ['ZIPLIST of 4', ziplist('a', '1', 'b', '2', 'c', '3', 'd', '4'), ENCODING_TABLE],
  ['ZIPLIST, a long value', ziplist('a', '123456'), ENCODING_PACKED],
  ['LISTPACK of 4', listpack('a', '1', 'b', '2', 'c', '3', 'd', '4'), ENCODING_TABLE],
  ['LISTPACK, a long value', listpack('a', '123456'), ENCODING_PACKED],
];

test.each(ENCODINGS)('%s is kept as in Redis', (_, value, encoding) => {
  const keyspace = keyspaceOf({ maxFields: 3, maxBytes: 5 });
  const { ref } = restore(keyspace, 'k', value);
  expect(keyspace.entries.encodingOf(ref)).toBe(encoding);
});

const MANY = Array.from({ length: 40 }, (_, i) => [`f${i}`, 'v']).flat();

describe('damage', () => {
  test.each([
    ['HASH, a field twice', pairs('a', '1', 'b', '2', 'a', '3')],
    ['HASH, a field twice among many', pairs(...MANY, 'f3', 'v')],
    ['HASH, a field twice in a table', pairs('a', 'x'.repeat(65), 'b', '2', 'a', '3')],
    ['HASH, a field twice before it is a table', pairs('a', '1', 'a', '2', 'b', 'x'.repeat(65))],
    ['ZIPMAP, a field twice', zipmap('a', '1', 'a', '2')],
    ['ZIPMAP, empty', zipmap()],
    [
      'ZIPMAP, another count',
      Buffer.concat([ZIPMAP, rdbString(Buffer.from([2, 1, 97, 1, 0, 98, 255]))]),
    ],
    ['ZIPMAP, no end', Buffer.concat([ZIPMAP, rdbString(Buffer.from([1, 1, 97, 1, 0, 98]))])],
    [
      'ZIPMAP, too long a value',
      Buffer.concat([ZIPMAP, rdbString(Buffer.from([1, 1, 97, 3, 0, 98, 255]))]),
    ],
    ['ZIPLIST, a field twice', ziplist('a', '1', 'a', '2')],
    ['ZIPLIST, a field without a value', ziplist('a', '1', 'b')],
    ['LISTPACK, a field twice', listpack('a', '1', 'a', '2')],
    ['LISTPACK, a field twice among many', listpack(...MANY, 'f39', 'v')],
    ['LISTPACK, a field without a value', listpack('a', '1', 'b')],
    [
      'LISTPACK, the same integer twice',
      Buffer.concat([LISTPACK, rdbString(listpackOf([[5n, 7], 'x', [5n, 16], 'y']))]),
    ],
  ])('%s', (_, value) => {
    const keyspace = keyspaceOf({ maxFields: 512, maxBytes: 64 });
    const before = keyspace.usedBytes;
    expect(readPayload(keyspace, payloadOf(value))).toBeUndefined();
    expect(keyspace.usedBytes).toBe(before);
  });
});

/** The soonest time of the samples, in ms since the epoch: within 53 bits, and beyond 32. */
const SOONEST = 4_102_444_800_000;

/** Fields a, which never expires, b and c, which do, in each form of Redis 7.4. */
const EXPIRING: readonly [name: string, value: Buffer][] = [
  [
    'METADATA',
    Buffer.concat([
      Buffer.from([24]),
      little64(SOONEST),
      Buffer.from([3, 0]),
      ...['a', '1'].map((text) => rdbString(text)),
      Buffer.from([1]),
      ...['b', '2'].map((text) => rdbString(text)),
      rdbLength(1001),
      ...['c', '3'].map((text) => rdbString(text)),
    ]),
  ],
  [
    'METADATA_PRE_GA',
    Buffer.concat([
      Buffer.from([22, 3, 0]),
      ...['a', '1'].map((text) => rdbString(text)),
      length64(SOONEST),
      ...['b', '2'].map((text) => rdbString(text)),
      length64(SOONEST + 1000),
      ...['c', '3'].map((text) => rdbString(text)),
    ]),
  ],
  [
    'LISTPACK_EX',
    Buffer.concat([Buffer.from([25]), little64(SOONEST), rdbString(listpackOf(triples()))]),
  ],
  ['LISTPACK_EX_PRE_GA', Buffer.concat([Buffer.from([23]), rdbString(listpackOf(triples()))])],
];

function triples(): PackedSample[] {
  return [
    ...['b', '2', [BigInt(SOONEST), 64] as const],
    ...['c', '3', [BigInt(SOONEST + 1000), 64] as const],
    ...['a', '1', [0n, 7] as const],
  ];
}

describe('fields that expire', () => {
  test.each(EXPIRING)('%s', (_, value) => {
    const keyspace = keyspaceOf({ maxFields: 512, maxBytes: 64 });
    const first = restore(keyspace, 'first', value, 12);
    const expected = ['a=1', 'b=2', 'c=3'];
    expect(sortedPairs(first.texts)).toEqual(expected);
    expect(keyspace.entries.encodingOf(first.ref)).toBe(ENCODING_EXPIRING);
    expect(times(keyspace, first.ref)).toEqual({ a: -1, b: SOONEST, c: SOONEST + 1000 });
    expect(hashesOf(keyspace.entries).timers.soonestMs).toBe(SOONEST);
    const payload = dumpValue(keyspace, first.ref, true);
    expect(isIntact(payload)).toBe(true);
    expect([payload[0], payload.readUInt16LE(payload.length - 10)]).toEqual([24, 12]);
    const again = restore(keyspace, 'again', payload.subarray(0, -10), 12);
    expect(sortedPairs(again.texts)).toEqual(expected);
    expect(times(keyspace, again.ref)).toEqual({ a: -1, b: SOONEST, c: SOONEST + 1000 });
    keyspace.tick(SOONEST);
    keyspace.expireDue(Number.POSITIVE_INFINITY);
    expect(times(keyspace, first.ref)).toEqual({ a: -1, c: SOONEST + 1000 });
    expect(times(keyspace, again.ref)).toEqual({ a: -1, c: SOONEST + 1000 });
  });

  test('forms without a time are as others', () => {
    const keyspace = keyspaceOf({ maxFields: 512, maxBytes: 64 });
    const value = Buffer.concat([
      Buffer.from([25]),
      little64(0),
      rdbString(listpackOf(['a', '1', [0n, 7], 'b', '2', [0n, 7]])),
    ]);
    const { ref, texts } = restore(keyspace, 'k', value, 12);
    expect(texts).toEqual(['a', '1', 'b', '2']);
    expect(keyspace.entries.encodingOf(ref)).toBe(ENCODING_PACKED);
    expect(hashesOf(keyspace.entries).timers.soonestMs).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    ['a field twice', listpackEx('a', '1', [0n, 7], 'a', '2', [9n, 7])],
    ['a field that expires twice', listpackEx('a', '1', [8n, 7], 'a', '2', [9n, 7])],
    ['a field twice, of which one is due', listpackEx('a', '1', [8n, 7], 'a', '2', [0n, 7])],
    ['a time that is a text', listpackEx('a', '1', 'soon')],
    ['a negative time', listpackEx('a', '1', [-1n, 13])],
    ['a time that is too late', listpackEx('a', '1', [2n ** 48n - 1n, 64])],
    ['no time', listpackEx('a', '1')],
    [
      'METADATA, a soonest time that is too late',
      Buffer.concat([Buffer.from([24]), little64(2 ** 49), Buffer.from([1, 1]), rdbString('a')]),
    ],
    [
      'METADATA, cut',
      Buffer.concat([Buffer.from([24]), little64(SOONEST), Buffer.from([2, 1, 1, 97, 1, 98, 1])]),
    ],
    [
      'METADATA, a field twice',
      Buffer.concat([
        Buffer.from([24]),
        little64(SOONEST),
        Buffer.from([2, 1, 1, 97, 1, 98, 1, 1, 97, 1, 98]),
      ]),
    ],
  ])('%s is damage', (_, value) => {
    const keyspace = keyspaceOf({ maxFields: 512, maxBytes: 64 });
    keyspace.tick(SOONEST);
    const before = keyspace.usedBytes;
    // Not the value itself, whose memory would be printed.
    expect(readPayload(keyspace, payloadOf(value, 12)) === undefined).toBe(true);
    while (keyspace.reclaim(Number.POSITIVE_INFINITY));
    expect(keyspace.usedBytes).toBe(before);
  });
});

function listpackEx(...samples: readonly PackedSample[]): Buffer {
  return Buffer.concat([Buffer.from([25]), little64(8), rdbString(listpackOf(samples))]);
}

function little64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

/** A length of 64 bits. */
function length64(value: number): Buffer {
  const bytes = Buffer.alloc(9, 0x81);
  bytes.writeBigUInt64BE(BigInt(value), 1);
  return bytes;
}

/** When the fields of a hash expire. */
function times(keyspace: Keyspace, ref: number): Record<string, number> {
  const { entries } = keyspace;
  const hashes = hashesOf(entries);
  const field = new FieldView();
  const found: Record<string, number> = {};
  hashes.visitAll(entries.root(ref), (record) => {
    hashes.viewField(record, field);
    found[field.toText()] = hashes.expiryOf(record);
  });
  return found;
}

function pairs(...texts: readonly string[]): Buffer {
  return Buffer.concat([
    HASH,
    rdbLength(texts.length / 2),
    ...texts.map((text) => rdbString(text)),
  ]);
}

function zipmap(...texts: readonly string[]): Buffer {
  return Buffer.concat([ZIPMAP, rdbString(zipmapOf(texts))]);
}

function ziplist(...samples: readonly PackedSample[]): Buffer {
  return Buffer.concat([ZIPLIST, rdbString(ziplistOf(samples))]);
}

function listpack(...samples: readonly PackedSample[]): Buffer {
  return Buffer.concat([LISTPACK, rdbString(listpackOf(samples))]);
}

function keyspaceOf(limits: { maxFields: number; maxBytes: number }): Keyspace {
  const keyspace = new Keyspace(valueTypes, 1);
  hashesOf(keyspace.entries).limits = limits;
  return keyspace;
}

function sortedPairs(texts: readonly string[]): string[] {
  return texts.flatMap((text, i) => (i % 2 === 0 ? [`${text}=${texts[i + 1]}`] : [])).sort();
}

/** Restores a value's bytes; tells its fields and values in turn. */
function restore(keyspace: Keyspace, key: string, bytes: Buffer, version = 10) {
  const value = readPayload(keyspace, payloadOf(bytes, version));
  if (value === undefined || 'type' in value) throw new Error('the payload is no hash');
  const [db] = keyspace.databases;
  const request = Request.of([key]);
  db.lookupForChange(request, 0);
  const ref = value.store(db, request, 0, -1);
  const texts: string[] = [];
  const field = new FieldView();
  const text = new FieldView();
  visitFields(db.entries, ref, field, text, () => texts.push(field.toText(), text.toText()));
  return { ref, texts };
}
