// Streams for the conformance suite: of one block and of many, with deleted entries and long ones, and with groups.

import { streamType } from '../../../src/types/stream/descriptor.ts';
import { ENCODING_BLOCKS } from '../../../src/types/stream/encodings.ts';
import { byTier } from '../../support/tier.ts';
import type { Line, TypeFixture } from '../conformance/fixture.ts';

/** Entries of a stream that is saved and freed in several steps. */
const LONG_LENGTH = byTier(2000, 8000);
const LONG_BYTES = 300;

/** Adds so many entries, with values of at least some bytes. */
function adds(key: string, count: number, bytes = 0): Line[] {
  return Array.from({ length: count }, (_, i) => [
    ...['XADD', key, `${1 + (i >> 1)}-${i & 1}`, 'name', `entry ${i}`.padEnd(bytes, '.')],
    ...(i % 7 === 0 ? ['other', `${i * 31}`] : ['number', `${i * 1e6}`]),
  ]);
}

/** See the head of this file. */
export const streamFixture: TypeFixture = {
  type: streamType.name,
  isInRedis: true,
  read: (key) => ['XRANGE', key, '-', '+'],
  samples: [
    {
      name: 'one entry',
      encoding: ENCODING_BLOCKS,
      make: (key) => [['XADD', key, '20-0', 'field', 'value']],
    },
    {
      name: 'with a rule of how much is kept',
      encoding: ENCODING_BLOCKS,
      isLater: true,
      make: (key) => [
        ...adds(key, 250),
        ['XRETAIN', key, 'MAXLEN', '1000', 'MAXBYTES', '1000000', 'KEEP', 'UNREAD'],
      ],
    },
    {
      name: 'entries with gaps',
      encoding: ENCODING_BLOCKS,
      make: (key) => [
        ...adds(key, 130),
        ['XADD', key, '9007199254740993-18446744073709551615', '', '-9223372036854775808'],
        ['XDEL', key, '1-0', '19-1', '20-1', '21-0'],
        ['XTRIM', key, 'MAXLEN', '120'],
        ['XSETID', key, '18446744073709551615-7', 'ENTRIESADDED', '5000', 'MAXDELETEDID', '90-9'],
      ],
    },
    {
      name: 'long values',
      encoding: ENCODING_BLOCKS,
      make: (key) => [
        ...adds(key, 50),
        ['XADD', key, '100-1', 'x'.repeat(70), 'x'.repeat(20_000), 'y', 'x'.repeat(30_000)],
        ['XADD', key, '100-2', 'name', 'x'.repeat(20_001), 'number', '5'],
      ],
    },
    {
      name: 'groups',
      encoding: ENCODING_BLOCKS,
      make: (key) => [
        ...adds(key, 200),
        ['XGROUP', 'CREATE', key, 'first', '0'],
        ['XGROUP', 'CREATE', key, '12', '$'],
        ['XREADGROUP', 'GROUP', 'first', 'me', 'COUNT', '100', 'STREAMS', key, '>'],
        ['XREADGROUP', 'GROUP', 'first', '7', 'STREAMS', key, '>'],
        ['XACK', key, 'first', '1-1', '20-0', '20-1'],
        ['XCLAIM', key, 'first', 'you', '0', '30-0', '30-1', '80-0', 'RETRYCOUNT', '70000'],
        ['XGROUP', 'CREATECONSUMER', key, '12', 'idle'],
      ],
    },
    {
      name: 'very many entries',
      encoding: ENCODING_BLOCKS,
      make: (key) => [
        ...adds(key, LONG_LENGTH, LONG_BYTES),
        ['XGROUP', 'CREATE', key, 'group', '0'],
        ['XREADGROUP', 'GROUP', 'group', 'me', 'COUNT', '1000', 'STREAMS', key, '>'],
      ],
      isLong: true,
    },
  ],
  conversions: [],
  changes: [
    (key) => ['XADD', key, '18446744073709551615-100', 'name', 'new', 'number', '7'],
    (key) => ['XADD', key, '18446744073709551615-200', 'z', 'x'.repeat(17_000)],
    (key) => ['XDEL', key, '1-0', '1-1', '20-0', '500-0', '999-1'],
    (key) => ['XTRIM', key, 'MINID', '20-1'],
    (key) => ['XADD', key, 'MAXLEN', '~', '1100', '18446744073709551615-300', 'name', '12'],
    (key) => ['XADD', key, 'MAXLEN', '=', '900', '18446744073709551615-400', 'name', '12'],
  ],
  growth: (key) => ['XADD', key, '18446744073709551615-1000', 'f', 'v'],
};
