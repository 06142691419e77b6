// Lists for the conformance suite: packed ones, and in one chunk, in many, with elements beside the blocks.
import { listType } from '../../../src/types/list/descriptor.ts';
import { ENCODING_CHUNKED, ENCODING_PACKED } from '../../../src/types/list/encodings.ts';
import { byTier } from '../../support/tier.ts';
import type { Line, TypeFixture } from '../conformance/fixture.ts';

/** Elements pushed by one command. */
const AT_ONCE = 50;
/** Elements of a list that is saved and freed in several steps, and the most bytes of one: more of them take longer. */
const LONG_LENGTH = byTier(1000, 4000);
const LONG_BYTES = byTier(2000, 500);

/** Pushes so many elements, of up to so many bytes. */
function pushes(key: string, count: number, maxBytes: number): Line[] {
  const elements = Array.from({ length: count }, (_, i) =>
    i % 3 === 0 ? String(i * 7919 - 40_000) : `${i}:`.padEnd(1 + ((i * 31) % maxBytes), 'element '),
  );
  const lines: Line[] = [];
  for (let at = 0; at < count; at += AT_ONCE) {
    lines.push(['RPUSH', key, ...elements.slice(at, at + AT_ONCE)]);
  }
  return lines;
}

/** See the head of this file. */
export const listFixture: TypeFixture = {
  type: listType.name,
  isInRedis: true,
  read: (key) => ['LRANGE', key, '0', '-1'],
  samples: [
    { name: 'one element', encoding: ENCODING_PACKED, make: (key) => [['RPUSH', key, 'element']] },
    {
      name: 'a few elements',
      encoding: ENCODING_PACKED,
      make: (key) => [['RPUSH', key, '', 'a', '-1', '4096', '9223372036854775807', 'b'.repeat(99)]],
    },
    { name: 'one chunk', encoding: ENCODING_CHUNKED, make: (key) => pushes(key, 200, 20) },
    { name: 'some chunks', encoding: ENCODING_CHUNKED, make: (key) => pushes(key, 1500, 40) },
    {
      name: 'an element beside the blocks',
      encoding: ENCODING_CHUNKED,
      make: (key) => [...pushes(key, 500, 20), ['RPUSH', key, 'x'.repeat(100_000), 'last']],
    },
    {
      name: 'many chunks',
      encoding: ENCODING_CHUNKED,
      make: (key) => pushes(key, LONG_LENGTH, LONG_BYTES),
      isLong: true,
    },
  ],
  conversions: [
    {
      name: 'pushing many',
      from: ENCODING_PACKED,
      to: ENCODING_CHUNKED,
      make: (key) => [['RPUSH', key, 'first']],
      change: (key) => pushes(key, 400, 20),
    },
    {
      name: 'pushing a long one',
      from: ENCODING_PACKED,
      to: ENCODING_CHUNKED,
      make: (key) => [['RPUSH', key, 'first', 'second']],
      change: (key) => [['LPUSH', key, 'x'.repeat(2000)]],
    },
    {
      name: 'inserting a long one',
      from: ENCODING_PACKED,
      to: ENCODING_CHUNKED,
      make: (key) => [['RPUSH', key, 'first', 'second']],
      change: (key) => [['LINSERT', key, 'BEFORE', 'second', 'x'.repeat(2000)]],
    },
    {
      name: 'setting a long one',
      from: ENCODING_PACKED,
      to: ENCODING_CHUNKED,
      make: (key) => [['RPUSH', key, 'first', 'second']],
      change: (key) => [['LSET', key, '1', 'x'.repeat(2000)]],
    },
    {
      name: 'popping nearly all',
      from: ENCODING_CHUNKED,
      to: ENCODING_PACKED,
      make: (key) => pushes(key, 400, 20),
      change: (key) => [['LPOP', key, '395']],
    },
    {
      name: 'trimming',
      from: ENCODING_CHUNKED,
      to: ENCODING_PACKED,
      make: (key) => pushes(key, 1500, 40),
      change: (key) => [['LTRIM', key, '-3', '-2']],
    },
    {
      name: 'removing a long one',
      from: ENCODING_CHUNKED,
      to: ENCODING_PACKED,
      make: (key) => [['RPUSH', key, 'first', 'x'.repeat(2000), 'last']],
      change: (key) => [['LREM', key, '1', 'x'.repeat(2000)]],
    },
  ],
  changes: [
    (key) => ['RPUSH', key, 'at the end', '17'],
    (key) => ['LPUSH', key, 'at the beginning'],
    (key) => ['LPUSH', key, 'x'.repeat(70_000)],
    (key) => ['LPOP', key],
    (key) => ['RPOP', key, '300'],
    (key) => ['LSET', key, '-1', 'set'],
    (key) => ['LSET', key, '0', 'y'.repeat(5000)],
    (key) => ['LTRIM', key, '1', '-2'],
    (key) => ['LMOVE', key, key, 'LEFT', 'RIGHT'],
  ],
};
