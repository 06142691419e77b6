// Strings for the conformance suite: each encoding, within a block, in a buffer of its own, and in a large one.
import {
  ENCODING_EMBSTR,
  ENCODING_INT,
  ENCODING_RAW,
} from '../../../src/keyspace/plain-strings.ts';
import { stringType } from '../../../src/types/string/descriptor.ts';
import { Random } from '../../support/random.ts';
import { byTier } from '../../support/tier.ts';
import type { Sample, TypeFixture } from '../conformance/fixture.ts';

function sample(name: string, encoding: number, value: string): Sample {
  return { name, encoding, make: (key) => [['SET', key, value]] };
}

/** Bytes of a string that is saved in several steps. */
const LONG_BYTES = byTier(400_000, 1_200_000);

/** The strings that `mixed` has made, by their lengths: they are asked for again and again. */
const made = new Map<number, string>();

/** Bytes of which compression makes nothing, and then some of which it makes a lot. */
function mixed(length: number): string {
  let text = made.get(length);
  if (text === undefined) {
    const random = new Random(length);
    const noiseBytes = Math.min(length >> 1, 50_000);
    const noise = Array.from({ length: noiseBytes }, () => random.integer(33, 126));
    text = String.fromCharCode(...noise).padEnd(length, 'again and again, ');
    made.set(length, text);
  }
  return text;
}

/** See the head of this file. */
export const stringFixture: TypeFixture = {
  type: stringType.name,
  isInRedis: true,
  read: (key) => ['GET', key],
  samples: [
    sample('a small integer', ENCODING_INT, '7'),
    sample('an integer of 64 bits', ENCODING_INT, '-9223372036854775808'),
    sample('a short one', ENCODING_EMBSTR, 'short'),
    sample('an empty one', ENCODING_EMBSTR, ''),
    {
      name: 'one appended to',
      encoding: ENCODING_RAW,
      make: (key) => [
        ['SET', key, 'x'],
        ['APPEND', key, 'y'],
      ],
    },
    sample('one of 45 bytes', ENCODING_RAW, 'x'.repeat(45)),
    sample('one of a whole block', ENCODING_RAW, mixed(65_000)),
    sample('one beside the blocks', ENCODING_RAW, mixed(70_000)),
    { ...sample('a large one', ENCODING_RAW, mixed(LONG_BYTES)), isLong: true },
  ],
  conversions: [
    {
      name: 'appending to a short one',
      from: ENCODING_EMBSTR,
      to: ENCODING_RAW,
      make: (key) => [['SET', key, 'short']],
      change: (key) => [['APPEND', key, 'er']],
    },
    {
      name: 'writing into an integer',
      from: ENCODING_INT,
      to: ENCODING_RAW,
      make: (key) => [['SET', key, '12345']],
      change: (key) => [['SETRANGE', key, '1', '0']],
    },
    {
      name: 'counting what was appended',
      from: ENCODING_RAW,
      to: ENCODING_INT,
      make: (key) => [
        ['SET', key, '9'],
        ['APPEND', key, '9'],
      ],
      change: (key) => [['INCR', key]],
    },
    {
      name: 'setting a short one',
      from: ENCODING_RAW,
      to: ENCODING_EMBSTR,
      make: (key) => [['SET', key, mixed(70_000)]],
      change: (key) => [['SET', key, 'short']],
    },
    {
      name: 'setting a large one',
      from: ENCODING_INT,
      to: ENCODING_RAW,
      make: (key) => [['SET', key, '12345']],
      change: (key) => [['SET', key, mixed(70_000)]],
    },
  ],
  changes: [
    (key) => ['APPEND', key, 'more'],
    (key) => ['APPEND', key, mixed(66_000)],
    (key) => ['SETRANGE', key, '0', 'at the beginning'],
    (key) => ['SETRANGE', key, '66000', 'far away'],
    (key) => ['SET', key, 'another', 'KEEPTTL'],
    (key) => ['SET', key, mixed(80_000)],
    (key) => ['GETSET', key, '12'],
  ],
};
