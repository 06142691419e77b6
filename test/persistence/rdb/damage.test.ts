// Damage of every kind: whatever the bytes are, reading them ends with a value or with an RdbError, in
// no more memory than the bytes can stand for, and gives back what it had built.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { dumpValue, isIntact, readPayload } from '../../../src/persistence/rdb/dump-payload.ts';
import { RdbError } from '../../../src/persistence/rdb/format/rdb-format.ts';
import { Request } from '../../../src/protocol/request.ts';
import { valueTypes } from '../../../src/types/index.ts';
import { byTier } from '../../support/tier.ts';
import { describeKeys, LENIENT, load } from './loading.ts';
import {
  fileOf,
  LIST_VALUES,
  listpackOf,
  payloadOf,
  rdbString,
  SMALL_LATER_VALUES,
  SMALL_VALUES,
  ziplistOf,
} from './payloads.ts';

const FLIPS = byTier(300, 1000);
const bytes = (...values: number[]) => Buffer.from(values);
/** What there are, and two that are only passed over. */
const VALUES: readonly (readonly [name: string, value: Buffer])[] = [
  ...SMALL_VALUES,
  ...SMALL_LATER_VALUES,
  ['a module', bytes(7, 9, 2, 5, 4, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 65, 0)],
];

/** Reads a value and stores it, if it is one; fails for anything but a value or an RdbError. */
function restore(keyspace: Keyspace, value: Buffer): void {
  const before = keyspace.usedBytes;
  const read = readPayload(keyspace, payloadOf(value));
  if (read !== undefined && !('type' in read)) {
    const [db] = keyspace.databases;
    const request = Request.of(['key']);
    db.lookupForChange(request, 0);
    const ref = read.store(db, request, 0, -1);
    // It is a sound value: it can be written, and read again.
    const again = readPayload(keyspace, dumpValue(keyspace, ref, true));
    expect(again).toBeDefined();
    if (again !== undefined && !('type' in again)) again.discard();
    db.discard(ref);
  }
  expect(keyspace.usedBytes).toBe(before);
}

/** A keyspace whose table has been used, so that its memory stays the same. */
function usedKeyspace(): Keyspace {
  const keyspace = new Keyspace(valueTypes, 1);
  load(fileOf(Buffer.concat([bytes(0), rdbString('other'), rdbString('v')])), { keyspace });
  return keyspace;
}

describe('values', () => {
  test.each(VALUES)('%s, intact', (_, value) => {
    expect(readPayload(usedKeyspace(), payloadOf(value))).toBeDefined();
  });

  test.each(VALUES)('%s, cut at every byte', (_, value) => {
    const keyspace = usedKeyspace();
    for (let length = 0; length < value.length; length++) {
      const read = readPayload(keyspace, payloadOf(value.subarray(0, length)));
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

describe('elements that can all be read', () => {
  const packedLists = [
    {
      name: 'a listpack',
      packed: listpackOf(['abc', 'x'.repeat(200), [5n, 7]]),
      wrap: (packed: Buffer) => Buffer.concat([bytes(18, 1, 2), rdbString(packed)]),
      // Behind each element of 4, 202 and 1 bytes: its length, in 1, 2 and 1.
      links: [10, 213, 214, 216],
    },
    {
      name: 'a ziplist',
      packed: ziplistOf(['abc', 'x'.repeat(300), [5n, 4]]),
      wrap: (packed: Buffer) => Buffer.concat([bytes(10), rdbString(packed)]),
      // The place of the last element, and before each element of 5, 303 and 6 bytes the length of
      // the one before, in 1, 1 and 5.
      links: [4, 5, 6, 7, 10, 15, 318, 319, 320, 321, 322],
    },
  ];

  test.each(packedLists)('in $name with a wrong way back are refused', (list) => {
    const { packed, links } = list;
    const keyspace = usedKeyspace();
    expect(readPayload(keyspace, payloadOf(list.wrap(packed)))).toBeDefined();
    for (const at of links) {
      for (const bit of [1, 2, 64]) {
        const damaged = Buffer.from(packed);
        damaged[at] ^= bit;
        expect(readPayload(keyspace, payloadOf(list.wrap(damaged))), `byte ${at}`).toBeUndefined();
      }
    }
  });

  test('an empty node of a list is refused', () => {
    const value = (element: string) => Buffer.concat([bytes(18, 1, 1), rdbString(element)]);
    const keyspace = usedKeyspace();
    expect(readPayload(keyspace, payloadOf(value('a')))).toBeDefined();
    expect(readPayload(keyspace, payloadOf(value('')))).toBeUndefined();
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
    expect(loadOnce(file)).toBe(SMALL_VALUES.length + SMALL_LATER_VALUES.length);
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
