// Damage of every kind: whatever the bytes are, reading them ends with a value or with an RdbError, in
// no more memory than the bytes can stand for, and gives back what it had built.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { Request } from '../../src/protocol/request.ts';
import { dumpValue, isIntact, readPayload } from '../../src/rdb/dump-payload.ts';
import { RdbError } from '../../src/rdb/rdb-format.ts';
import { describeKeys, LENIENT, load } from './loading.ts';
import {
  fileOf,
  LIST_VALUES,
  listpackOf,
  payloadOf,
  rdbString,
  STRING_VALUE,
  ziplistOf,
} from './payloads.ts';

const FLIPS = 1000;
const bytes = (...values: number[]) => Buffer.from(values);
const COMPRESSED = Buffer.from([0, 0xc3, 9, 0x40, 0x64, 1, 97, 97, 0xe0, 0x57, 0, 1, 97, 97]);

/** Values with few bytes, so that each of them is met. */
const VALUES: readonly (readonly [name: string, value: Buffer])[] = [
  ['a string', STRING_VALUE],
  ['an integer', bytes(0, 0xc1, 1, 2)],
  ['a compressed string', COMPRESSED],
  ['LIST', Buffer.concat([bytes(1, 2), rdbString('a'), bytes(0xc0, 7)])],
  ['LIST_ZIPLIST', Buffer.concat([bytes(10), rdbString(ziplistOf(['abc', [5n, 4], [-300n, 16]]))])],
  [
    'LIST_QUICKLIST',
    Buffer.concat([bytes(14, 1), rdbString(ziplistOf(['x'.repeat(300), [1n, 64]]))]),
  ],
  [
    'LIST_QUICKLIST_2',
    Buffer.concat([
      bytes(18, 2, 2),
      rdbString(listpackOf(['a', [70_000n, 24], 'y'.repeat(70)])),
      bytes(1),
      rdbString('plain'),
    ]),
  ],
  ['a hash', Buffer.concat([bytes(4, 1), rdbString('f'), rdbString('v')])],
  ['a module', bytes(7, 9, 2, 5, 4, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 65, 0)],
];

/** Reads a value and stores it, if it is one; fails for anything but a value or an RdbError. */
function restore(keyspace: Keyspace, value: Buffer): void {
  const before = keyspace.usedBytes;
  const read = readPayload(keyspace.entries, payloadOf(value));
  if (read !== undefined && !('type' in read)) {
    const [db] = keyspace.databases;
    const request = Request.of(['key']);
    db.peek(request, 0);
    const ref = read.store(db, request, 0, -1);
    // It is a sound value: it can be written, and read again.
    expect(readPayload(keyspace.entries, dumpValue(db, ref, true))).toBeDefined();
    db.discard(ref);
  }
  expect(keyspace.usedBytes).toBe(before);
}

/** A keyspace whose table has been used, so that its memory stays the same. */
function usedKeyspace(): Keyspace {
  const keyspace = new Keyspace(1);
  load(fileOf(Buffer.concat([bytes(0), rdbString('other'), rdbString('v')])), { keyspace });
  return keyspace;
}

describe('values', () => {
  test.each(VALUES)('%s, intact', (_, value) => {
    expect(readPayload(usedKeyspace().entries, payloadOf(value))).toBeDefined();
  });

  test.each(VALUES)('%s, cut at every byte', (_, value) => {
    const keyspace = usedKeyspace();
    for (let length = 0; length < value.length; length++) {
      const read = readPayload(keyspace.entries, payloadOf(value.subarray(0, length)));
      expect(read, `${length} bytes`).toBeUndefined();
    }
  });

  test.each(VALUES)('%s, with flipped bits', (_, value) => {
    const keyspace = usedKeyspace();
    fc.assert(
      fc.property(
        fc.array(fc.nat(value.length * 8 - 1), { minLength: 1, maxLength: 4 }),
        (bits) => {
          const damaged = Buffer.from(value);
          for (const bit of bits) damaged[bit >> 3] ^= 1 << (bit & 7);
          restore(keyspace, damaged);
        },
      ),
      { numRuns: FLIPS },
    );
  });

  test('random bytes behind every type', () => {
    const keyspace = usedKeyspace();
    fc.assert(
      fc.property(fc.nat(22), fc.uint8Array({ maxLength: 80 }), (type, rest) => {
        restore(keyspace, Buffer.concat([bytes(type), rest]));
      }),
      { numRuns: 3 * FLIPS },
    );
  });
});

describe('payloads', () => {
  const payload = payloadOf(LIST_VALUES[0].value);

  test('one flipped bit is always noticed', () => {
    expect(isIntact(payload)).toBe(true);
    fc.assert(
      fc.property(fc.nat(payload.length * 8 - 1), (bit) => {
        const damaged = Buffer.from(payload);
        damaged[bit >> 3] ^= 1 << (bit & 7);
        expect(isIntact(damaged)).toBe(false);
      }),
      { numRuns: FLIPS },
    );
  });

  test('so is every cut', () => {
    for (let length = 0; length < payload.length; length += 7) {
      expect(isIntact(payload.subarray(0, length))).toBe(false);
    }
  });
});

describe('files', () => {
  const file = fileOf(
    Buffer.concat([
      bytes(250, 1, 97, 1, 98, 254, 0, 251, 2, 1, 245, 1, 97, 248, 5),
      ...VALUES.flatMap(([name, value]) => [
        value.subarray(0, 1),
        rdbString(name),
        value.subarray(1),
      ]),
    ]),
  );

  const keyspace = usedKeyspace();

  /** Loads into the same keyspace every time, and counts its keys. */
  function loadOnce(
    bytes: Buffer,
    options: { pieceBytes?: number; verifies?: boolean } = {},
  ): number {
    keyspace.flush();
    keyspace.reclaim(Number.POSITIVE_INFINITY);
    load(bytes, { keyspace, options: LENIENT, ...options });
    return describeKeys(keyspace).length;
  }

  test('cut at every byte', () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => loadOnce(file.subarray(0, length)), `${length}`).toThrow(RdbError);
    }
    expect(loadOnce(file)).toBe(7);
  });

  test.each([true, false])('with flipped bits, the checksum verified: %s', (verifies) => {
    let values = 0;
    fc.assert(
      fc.property(fc.nat(file.length * 8 - 1), fc.constantFrom(1, 11, 1000), (bit, pieceBytes) => {
        const damaged = Buffer.from(file);
        damaged[bit >> 3] ^= 1 << (bit & 7);
        try {
          loadOnce(damaged, { pieceBytes, verifies });
          values++;
        } catch (error) {
          expect(error).toBeInstanceOf(RdbError);
        }
      }),
      { numRuns: FLIPS },
    );
    // Without the checksum, a changed letter is only another letter.
    if (verifies) expect(values).toBe(0);
    else expect(values).toBeGreaterThan(FLIPS / 10);
  });
});
