// Doubles as text and back, against a real Redis: scores of many kinds go through ZADD and ZSCORE.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDouble, parseLimit, parsePrefix } from '../../src/protocol/double-parse.ts';
import { DOUBLE_BYTES, doubleText, writeDouble } from '../../src/protocol/double-text.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { Random } from '../support/random.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { itemsOf, textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';
import { byTier } from '../support/tier.ts';

const COUNT = byTier(20_000, 400_000);
const BATCH = 500;

const bits = new DataView(new ArrayBuffer(8));

/** A double of random bits. */
function anyBits(random: Random): number {
  for (;;) {
    bits.setUint32(0, random.integer(0, 0xffffffff));
    bits.setUint32(4, random.integer(0, 0xffffffff));
    const value = bits.getFloat64(0);
    if (!Number.isNaN(value)) return value;
  }
}

/** Doubles of a kind that scores are, and others. */
const KINDS: readonly ((random: Random) => number)[] = [
  anyBits,
  (random) => random.next(),
  (random) => (random.next() - 0.5) * 10 ** random.integer(-20, 20),
  (random) => random.integer(-1_000_000, 1_000_000) / 100,
  (random) => random.integer(0, 2 ** 31) / 2 ** random.integer(1, 60),
  // Halves of the 17th digit: with 25 binary places or so.
  (random) => random.integer(1, 2 ** 53) / 2 ** random.integer(1, 40),
  (random) => Math.floor(random.next() * 2 ** 62),
  (random) => random.integer(1, 9999) * 10 ** random.integer(-10, 10),
];

const SPECIAL = [
  ...[0, 1, -1, 0.1, 0.5, 1.5, 2.5, 1e16, 1e17, 1e17 - 16, 123456789012345680, 5e-324],
  ...[1e-5, 1e-4, 0.00012345, 1.5e300, 2 ** 53, 2 ** 53 + 2, 2 ** 52 + 0.5, 2 ** -25, 2 ** -24],
  ...[Number.MAX_VALUE, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1 - 2 ** -53],
  ...[1e23, 1e22, 0.1 + 0.2, 2 ** -43, 2 ** -44],
];

function parse(text: string): number {
  const bytes = Buffer.from(`7${text}7`, 'latin1');
  return parseDouble(bytes, 1, bytes.length - 2);
}

function limit(text: string): number {
  const bytes = Buffer.from(`7${text}7`, 'latin1');
  return parseLimit(bytes, 1, bytes.length - 2);
}

describe('texts of doubles', () => {
  test.each([
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-17, '-17'],
    [0.1, '0.10000000000000001'],
    [1e16, '10000000000000000'],
    [1e17, '1e+17'],
    [123456789012345680, '1.2345678901234568e+17'],
    [5e-324, '4.9406564584124654e-324'],
    [1e-5, '1.0000000000000001e-05'],
    [1.5e300, '1.5000000000000001e+300'],
    // Half of the last digit: the even one of two.
    [2 ** -25, '2.9802322387695312e-08'],
    [3 * 2 ** -25, '8.9406967163085938e-08'],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NEGATIVE_INFINITY, '-inf'],
    [Number.NaN, 'nan'],
  ])('%d is %s', (value, text) => {
    expect(doubleText(value)).toBe(text);
  });

  test('they read back as the same number, and are never longer than is said', () => {
    const random = new Random(7);
    const buffer = Buffer.alloc(DOUBLE_BYTES);
    for (let i = 0; i < COUNT; i++) {
      const value = KINDS[i % KINDS.length](random);
      const end = writeDouble(buffer, 0, value);
      expect(end).toBeLessThanOrEqual(DOUBLE_BYTES);
      expect(parse(doubleText(value))).toBe(value);
    }
  });
});

describe('reading doubles', () => {
  test.each([
    ['0x10', 16],
    ['-0x.8', -0.5],
    ['0X1p3', 8],
    ['0x1p-1074', 5e-324],
    ['0x1.8p-1074', 1e-323],
    ['0x1.fffffffffffff8p0', 2],
    ['0x1.00000000000008p0', 1],
    ['0x1.00000000000018p0', 1.0000000000000004],
    [`0x1.${'0'.repeat(12)}8${'0'.repeat(100)}p0`, 1.0000000000000018],
    [`0x1.${'0'.repeat(13)}8${'0'.repeat(100)}1p0`, 1.0000000000000002],
    ['+infinity', Number.POSITIVE_INFINITY],
    ['-InF', Number.NEGATIVE_INFINITY],
    ['00012.50', 12.5],
    ['1e0000000005', 100_000],
    ['0e99999999999999999999', 0],
    [`1${'0'.repeat(2000)}1e-2001`, 1],
    [`0.${'0'.repeat(2000)}15e2001`, 1.5],
    ['9007199254740993', 9007199254740992],
    [`9007199254740993.${'0'.repeat(900)}1`, 9007199254740994],
  ])('%s is %d', (text, value) => {
    expect(parse(text)).toBe(value);
    expect(limit(text)).toBe(value);
  });

  test.each(['', ' 1', '1 ', '.', 'e5', '1e', '1e+', '0x', '0x1p', 'nan', 'nan(1)', 'infin'])(
    'there is no number in "%s"',
    (text) => expect(parse(text)).toBeNaN(),
  );

  test.each(['1e400', '-1e400', '1e-400', '2e-324', '0x1p1024', '0x1p-1075'])(
    'a score cannot be %s, a limit can',
    (text) => {
      expect(parse(text)).toBeNaN();
      expect(limit(text)).not.toBeNaN();
    },
  );

  test('limits are read laxly', () => {
    expect(limit('')).toBe(0);
    expect(limit(' \t5')).toBe(5);
    expect(limit('5\0abc')).toBe(5);
    expect(limit('\0abc')).toBe(0);
    expect(limit(' ')).toBeNaN();
    expect(limit('5 ')).toBeNaN();
    expect(limit('nan')).toBeNaN();
  });

  test('of what nobody has checked the beginning counts', () => {
    expect(parsePrefix(Buffer.from('1.5x'), 0, 4)).toBe(1.5);
    expect(parsePrefix(Buffer.from('x'), 0, 1)).toBe(0);
  });
});

describe.skipIf(!hasRedis)('beside Redis', () => {
  let server: RunningServer;
  let client: RawClient;

  beforeAll(async () => {
    server = await startRedisServer({ 'zset-max-listpack-entries': '0' });
    client = await RawClient.connect(server.port);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  test('scores have the same texts', async () => {
    const random = new Random(20_261_130);
    const values = [...SPECIAL];
    for (let i = values.length; i < COUNT; i++) values.push(KINDS[i % KINDS.length](random));
    for (let from = 0; from < values.length; from += BATCH) {
      const batch = values.slice(from, from + BATCH);
      // The shortest text that reads back is the number.
      const numbers = batch.map((value) =>
        Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf',
      );
      client.sendCommand(['ZADD', 'z', ...numbers.flatMap((text, i) => [text, `${i}`])]);
      client.sendCommand(['ZMSCORE', 'z', ...batch.map((_, i) => `${i}`)]);
      const { replies } = await client.read(2);
      const texts = itemsOf(replies[1]).map(textOf);
      expect(batch.map((value) => doubleText(value))).toEqual(texts);
    }
  });
});
