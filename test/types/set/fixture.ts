// Sets for the conformance suite: arrays of integers of each width, and tables, also with members beside the blocks. Redis
// 7.0 packs no sets, so packed ones have a fixture of their own.
import { setType } from '../../../src/types/set/descriptor.ts';
import {
  ENCODING_INTSET,
  ENCODING_PACKED,
  ENCODING_TABLE,
} from '../../../src/types/set/encodings.ts';
import { setsOf } from '../../../src/types/set/set-tables.ts';
import { byTier } from '../../support/tier.ts';
import type { Line, TypeFixture } from '../conformance/fixture.ts';

/** Members added by one command. */
const AT_ONCE = 50;
/** Members of a set that is saved and freed in several steps. */
const LONG_LENGTH = byTier(3000, 10_000);

/** Adds so many members, of up to so many bytes, of which some are integers. */
function adds(key: string, count: number, maxBytes: number): Line[] {
  return inLines(
    key,
    Array.from({ length: count }, (_, i) =>
      i % 3 === 0
        ? String(i * 7919 - 40_000)
        : `${i}:`.padEnd(1 + ((i * 31) % maxBytes), 'member '),
    ),
  );
}

/** Adds so many integers, `step` apart. */
function integers(key: string, count: number, step: number): Line[] {
  return inLines(
    key,
    Array.from({ length: count }, (_, i) => String((i - (count >> 1)) * step)),
  );
}

function inLines(key: string, members: readonly string[]): Line[] {
  const lines: Line[] = [];
  for (let at = 0; at < members.length; at += AT_ONCE) {
    lines.push(['SADD', key, ...members.slice(at, at + AT_ONCE)]);
  }
  return lines;
}

/** See the head of this file. */
export const setFixture: TypeFixture = {
  type: setType.name,
  isInRedis: true,
  encodings: [ENCODING_INTSET, ENCODING_TABLE],
  read: (key) => ['SMEMBERS', key],
  isUnordered: true,
  samples: [
    { name: 'one integer', encoding: ENCODING_INTSET, make: (key) => [['SADD', key, '7']] },
    { name: 'small integers', encoding: ENCODING_INTSET, make: (key) => integers(key, 500, 3) },
    { name: 'integers', encoding: ENCODING_INTSET, make: (key) => integers(key, 100, 70_000) },
    {
      name: 'large integers',
      encoding: ENCODING_INTSET,
      make: (key) => [
        ['SADD', key, '9223372036854775807', '-9223372036854775808', '9007199254740993', '5', '-1'],
      ],
    },
    { name: 'one member', encoding: ENCODING_TABLE, make: (key) => [['SADD', key, 'member']] },
    {
      name: 'a few members',
      encoding: ENCODING_TABLE,
      make: (key) => [['SADD', key, '', 'a', '-1', '4096', '9223372036854775807', 'b'.repeat(99)]],
    },
    { name: 'a table of integers', encoding: ENCODING_TABLE, make: (key) => integers(key, 600, 7) },
    {
      name: 'members beside the blocks',
      encoding: ENCODING_TABLE,
      make: (key) => [
        ...adds(key, 100, 20),
        ['SADD', key, 'x'.repeat(20_000), 'y'.repeat(100_000), 'z'.repeat(16_384)],
      ],
    },
    {
      name: 'a large table',
      encoding: ENCODING_TABLE,
      make: (key) => adds(key, LONG_LENGTH, 300),
      isLong: true,
    },
  ],
  conversions: [
    {
      name: 'adding many',
      from: ENCODING_INTSET,
      to: ENCODING_TABLE,
      make: (key) => [['SADD', key, '1']],
      change: (key) => integers(key, 513, 5),
    },
    {
      name: 'adding what is no integer',
      from: ENCODING_INTSET,
      to: ENCODING_TABLE,
      make: (key) => [['SADD', key, '1', '2', '5000000000']],
      change: (key) => [['SADD', key, 'member']],
    },
    {
      name: 'storing what is left of it',
      from: ENCODING_TABLE,
      to: ENCODING_INTSET,
      make: (key) => [
        ['SADD', key, '1', '2', 'member'],
        ['SREM', key, 'member'],
      ],
      change: (key) => [['SUNIONSTORE', key, key]],
    },
  ],
  changes: [
    (key) => ['SADD', key, 'new', '17'],
    (key) => ['SADD', key, '18', '-70000', '5000000001'],
    (key) => ['SADD', key, 'x'.repeat(70_000)],
    (key) => ['SREM', key, '7', '', 'member', '0', '-1', '-40000', '-210', '-3500000', 'missing'],
    (key) => ['SUNIONSTORE', key, key],
  ],
};

/** Packed sets, as Redis 7.2 has them. */
export const packedSetFixture: TypeFixture = {
  ...setFixture,
  isInRedis: false,
  encodings: [ENCODING_INTSET, ENCODING_PACKED],
  settle({ entries }) {
    setsOf(entries).limits = { intsetEntries: 512, packedEntries: 128, packedValueBytes: 64 };
  },
  samples: [
    { name: 'integers', encoding: ENCODING_INTSET, make: (key) => integers(key, 100, 70_000) },
    { name: 'one member', encoding: ENCODING_PACKED, make: (key) => [['SADD', key, 'member']] },
    {
      name: 'a few members',
      encoding: ENCODING_PACKED,
      make: (key) => [
        ['SADD', key, '-5', '70000'],
        ['SADD', key, '', 'a', '-1', '9223372036854775807', 'b'.repeat(64)],
      ],
    },
    { name: 'many packed members', encoding: ENCODING_PACKED, make: (key) => adds(key, 120, 50) },
  ],
  conversions: [
    {
      name: 'adding what is no integer',
      from: ENCODING_INTSET,
      to: ENCODING_PACKED,
      make: (key) => [['SADD', key, '1', '2', '5000000000', '9223372036854775807']],
      change: (key) => [['SADD', key, 'member']],
    },
    {
      name: 'adding what is no integer to many',
      from: ENCODING_INTSET,
      to: ENCODING_TABLE,
      make: (key) => integers(key, 128, 3),
      change: (key) => [['SADD', key, 'member']],
    },
    {
      name: 'adding many integers',
      from: ENCODING_INTSET,
      to: ENCODING_TABLE,
      make: (key) => [['SADD', key, '1']],
      change: (key) => integers(key, 513, 5),
    },
    {
      name: 'adding many members',
      from: ENCODING_PACKED,
      to: ENCODING_TABLE,
      make: (key) => [['SADD', key, 'first']],
      change: (key) => adds(key, 140, 20),
    },
    {
      name: 'adding a long member',
      from: ENCODING_PACKED,
      to: ENCODING_TABLE,
      make: (key) => [['SADD', key, 'first', '2']],
      change: (key) => [['SADD', key, 'x'.repeat(65)]],
    },
    {
      name: 'storing what is left of it',
      from: ENCODING_TABLE,
      to: ENCODING_PACKED,
      make: (key) => [
        ['SADD', key, '1', '2', 'member', 'x'.repeat(65)],
        ['SREM', key, 'x'.repeat(65)],
      ],
      change: (key) => [['SUNIONSTORE', key, key]],
    },
  ],
};
