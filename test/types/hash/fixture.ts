// Hashes for the conformance suite: packed ones, and tables, also with fields and values beside the blocks.
import { hashType } from '../../../src/types/hash/descriptor.ts';
import {
  ENCODING_EXPIRING,
  ENCODING_PACKED,
  ENCODING_TABLE,
} from '../../../src/types/hash/encodings.ts';
import { byTier } from '../../support/tier.ts';
import type { Line, TypeFixture } from '../conformance/fixture.ts';

/** Fields set by one command. */
const AT_ONCE = 25;
/** Fields of a hash that is saved and freed in several steps. */
const LONG_LENGTH = byTier(3000, 8000);
/** Longest of their values. */
const LONG_BYTES = 200;

/** A Unix time in ms that never comes while tests run. */
const LATER = '4102444800123';

/** As `sets`, with fields that expire among others. */
function expiring(key: string, count: number, maxBytes: number): Line[] {
  const lines = sets(key, count, maxBytes);
  for (let at = 0; at < count; at += 2 * AT_ONCE) {
    const fields = Array.from({ length: AT_ONCE }, (_, i) => [`e${at + i}`, `${i}`]).flat();
    lines.push([
      ...['HSETEX', key, 'PXAT', `${Number(LATER) + ((at * 7919) % 1009)}`],
      ...['FIELDS', String(AT_ONCE), ...fields],
    ]);
  }
  return lines;
}

/** Sets so many fields to values of up to so many bytes. */
function sets(key: string, count: number, maxBytes: number): Line[] {
  const pairs = Array.from({ length: count }, (_, i) => [
    i % 3 === 0 ? String(i * 7919 - 40_000) : `field ${i}`,
    i % 4 === 0 ? String(i * 104_729) : `${i}:`.padEnd(1 + ((i * 31) % maxBytes), 'value '),
  ]);
  const lines: Line[] = [];
  for (let at = 0; at < count; at += AT_ONCE) {
    lines.push(['HSET', key, ...pairs.slice(at, at + AT_ONCE).flat()]);
  }
  return lines;
}

/** See the head of this file. */
export const hashFixture: TypeFixture = {
  type: hashType.name,
  isInRedis: true,
  read: (key) => ['HGETALL', key],
  isUnordered: true,
  samples: [
    { name: 'one field', encoding: ENCODING_PACKED, make: (key) => [['HSET', key, 'f', 'v']] },
    {
      name: 'a few fields',
      encoding: ENCODING_PACKED,
      make: (key) => [
        ['HSET', key, '', 'a', '-1', '4096', '9223372036854775807', '', 'b'.repeat(64), '1.50'],
      ],
    },
    { name: 'many packed fields', encoding: ENCODING_PACKED, make: (key) => sets(key, 500, 40) },
    {
      name: 'a long value',
      encoding: ENCODING_TABLE,
      make: (key) => [['HSET', key, 'f', 'x'.repeat(65), 'g', '17']],
    },
    { name: 'a table', encoding: ENCODING_TABLE, make: (key) => sets(key, 600, 100) },
    {
      name: 'fields and values beside the blocks',
      encoding: ENCODING_TABLE,
      make: (key) => [
        ...sets(key, 100, 20),
        ['HSET', key, 'x'.repeat(20_000), 'y', 'z', 'w'.repeat(100_000)],
        ['HSET', key, 'X'.repeat(70_000), 'Y'.repeat(70_000)],
      ],
    },
    {
      name: 'a large table',
      encoding: ENCODING_TABLE,
      make: (key) => sets(key, LONG_LENGTH, LONG_BYTES),
      isLong: true,
    },
    {
      name: 'fields that expire',
      encoding: ENCODING_EXPIRING,
      make: (key) => [
        ['HSET', key, 'f', 'v'],
        ['HSETEX', key, 'PXAT', LATER, 'FIELDS', '2', 'e', 'w', '', 'x'.repeat(70_000)],
      ],
      isLater: true,
    },
    {
      name: 'many fields that expire',
      encoding: ENCODING_EXPIRING,
      make: (key) => expiring(key, LONG_LENGTH, LONG_BYTES),
      isLong: true,
      isLater: true,
    },
  ],
  conversions: [
    {
      name: 'setting when a packed field expires',
      from: ENCODING_PACKED,
      to: ENCODING_EXPIRING,
      make: (key) => [['HSET', key, 'first', '1', 'second', '2']],
      change: (key) => [['HPEXPIREAT', key, LATER, 'FIELDS', '1', 'first']],
      isLater: true,
    },
    {
      name: 'setting when a field expires',
      from: ENCODING_TABLE,
      to: ENCODING_EXPIRING,
      make: (key) => sets(key, 600, 100),
      change: (key) => [['HGETEX', key, 'PXAT', LATER, 'FIELDS', '1', 'field 1']],
      isLater: true,
    },
    {
      name: 'having the only one expire no more',
      from: ENCODING_EXPIRING,
      to: ENCODING_TABLE,
      make: (key) => [['HSETEX', key, 'PXAT', LATER, 'FIELDS', '2', 'f', 'v', 'g', 'w']],
      change: (key) => [
        ['HPERSIST', key, 'FIELDS', '1', 'f'],
        ['HDEL', key, 'g'],
      ],
      isLater: true,
    },
    {
      name: 'setting many',
      from: ENCODING_PACKED,
      to: ENCODING_TABLE,
      make: (key) => [['HSET', key, 'first', '1']],
      change: (key) => sets(key, 520, 20),
    },
    {
      name: 'setting a long value',
      from: ENCODING_PACKED,
      to: ENCODING_TABLE,
      make: (key) => [['HSET', key, 'first', '1', 'second', '2']],
      change: (key) => [['HSET', key, 'first', 'x'.repeat(65)]],
    },
    {
      name: 'setting a long field',
      from: ENCODING_PACKED,
      to: ENCODING_TABLE,
      make: (key) => [['HSET', key, 'first', '1', 'second', '2']],
      change: (key) => [['HSETNX', key, 'x'.repeat(65), '1']],
    },
    {
      name: 'adding to a long field',
      from: ENCODING_PACKED,
      to: ENCODING_TABLE,
      make: (key) => [['HSET', key, 'first', '1', 'second', '2']],
      change: (key) => [['HINCRBY', key, 'x'.repeat(65), '1']],
    },
  ],
  changes: [
    (key) => ['HSET', key, 'new', 'value', 'another', '17'],
    (key) => ['HSET', key, 'new', 'other', 'f', 'longer than it was before'],
    (key) => ['HSET', key, 'field 1', 'changed', '-40000', 'changed, too'],
    (key) => ['HSET', key, 'long', 'x'.repeat(70_000)],
    (key) => ['HINCRBY', key, 'counter', '5'],
    (key) => ['HINCRBYFLOAT', key, 'float', '0.1'],
    (key) => ['HDEL', key, 'f', '', 'missing', 'field 2', 'field 100', '-16243'],
  ],
};
