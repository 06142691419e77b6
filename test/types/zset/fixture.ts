// Sorted sets for the conformance suite: packed ones, and trees of one leaf and of many, of different scores and of one.

import { sortedSetType } from '../../../src/types/zset/descriptor.ts';
import { ENCODING_PACKED, ENCODING_TREE } from '../../../src/types/zset/encodings.ts';
import { byTier } from '../../support/tier.ts';
import type { Line, TypeFixture } from '../conformance/fixture.ts';

/** Members added by one command. */
const AT_ONCE = 50;
/** Members of a sorted set that is saved and freed in several steps. */
const LONG_LENGTH = byTier(2000, 8000);
const LONG_BYTES = 300;

/** Adds so many members of at least some bytes; `scores` is how many different scores there are. */
function adds(key: string, count: number, scores: number, bytes = 0): Line[] {
  const pairs = Array.from({ length: count }, (_, i) => {
    const score = ((i * 7919) % scores) - scores / 3;
    return [
      i % 5 === 0 ? `${Math.floor(score)}` : `${score}`,
      i % 3 === 0 ? `${i * 31}` : `member ${i}`.padEnd(bytes, '.'),
    ];
  });
  const lines: Line[] = [];
  for (let at = 0; at < count; at += AT_ONCE) {
    lines.push(['ZADD', key, ...pairs.slice(at, at + AT_ONCE).flat()]);
  }
  return lines;
}

/** See the head of this file. */
export const sortedSetFixture: TypeFixture = {
  type: sortedSetType.name,
  isInRedis: true,
  read: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
  samples: [
    {
      name: 'one member',
      encoding: ENCODING_PACKED,
      make: (key) => [['ZADD', key, '1', 'member']],
    },
    {
      name: 'a few members',
      encoding: ENCODING_PACKED,
      make: (key) => [
        ['ZADD', key, '1', '', '-1', 'a', '0.1', '-1', 'inf', '4096', '-inf', 'b', '1e300', '12'],
        ['ZADD', key, '4503599627370495', 'c'.repeat(64), '1e-5', '-5000'],
      ],
    },
    { name: 'many members', encoding: ENCODING_PACKED, make: (key) => adds(key, 128, 40) },
    { name: 'one more', encoding: ENCODING_TREE, make: (key) => adds(key, 129, 40) },
    {
      name: 'a long member',
      encoding: ENCODING_TREE,
      make: (key) => [['ZADD', key, '1', 'x'.repeat(65), '-0.1', 'b', 'inf', 'i']],
    },
    {
      name: 'members beside the blocks',
      encoding: ENCODING_TREE,
      make: (key) => [
        ...adds(key, 60, 7),
        ['ZADD', key, '3', 'x'.repeat(20_000), '3', 'x'.repeat(20_001)],
      ],
    },
    { name: 'one score', encoding: ENCODING_TREE, make: (key) => adds(key, 700, 1) },
    {
      name: 'very many members',
      encoding: ENCODING_TREE,
      make: (key) => adds(key, LONG_LENGTH, LONG_LENGTH / 3, LONG_BYTES),
      isLong: true,
    },
  ],
  conversions: [
    {
      name: 'adding many',
      from: ENCODING_PACKED,
      to: ENCODING_TREE,
      make: (key) => adds(key, 100, 7),
      change: (key) => adds(key, 300, 9),
    },
    {
      name: 'adding a long one',
      from: ENCODING_PACKED,
      to: ENCODING_TREE,
      make: (key) => [['ZADD', key, '1', 'a', '2', '12']],
      change: (key) => [['ZADD', key, '1.5', 'x'.repeat(65)]],
    },
    {
      name: 'incrementing a long one that is not there',
      from: ENCODING_PACKED,
      to: ENCODING_TREE,
      make: (key) => [['ZADD', key, '1', 'a']],
      change: (key) => [['ZINCRBY', key, '-5', 'x'.repeat(100)]],
    },
    {
      name: 'storing a part of itself',
      from: ENCODING_TREE,
      to: ENCODING_PACKED,
      make: (key) => adds(key, 300, 9),
      change: (key) => [['ZRANGESTORE', key, key, '0', '99']],
    },
    {
      name: 'storing what is left',
      from: ENCODING_TREE,
      to: ENCODING_PACKED,
      make: (key) => adds(key, 300, 9),
      change: (key) => [
        ['ZREMRANGEBYRANK', key, '5', '-1'],
        ['ZUNIONSTORE', key, '1', key],
      ],
    },
  ],
  changes: [
    (key) => ['ZADD', key, '5', 'a new one', '-3.5', '17', '100000', 'the last'],
    (key) => ['ZADD', key, '-77', 'x'.repeat(17_000)],
    (key) => ['ZINCRBY', key, '2.5', 'another'],
    (key) => ['ZADD', key, 'CH', '9', 'member 1', '8', 'member 2', '7', '93'],
    (key) => ['ZPOPMIN', key],
    (key) => ['ZPOPMAX', key, '2'],
    (key) => ['ZREMRANGEBYRANK', key, '0', '40'],
  ],
};
