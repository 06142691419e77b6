// Long doubles against the real ones: thousands of pairs go through INCRBYFLOAT of a real Redis,
// whose answers must come out equal to the byte.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addLongDoubles,
  formatLongDouble,
  isInfinite,
  parseLongDouble,
} from '../../src/protocol/long-double.ts';
import { encodeCommand } from '../support/command-line.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { textOf } from '../support/reply-frames.ts';
import type { RunningServer } from '../support/running-server.ts';

const NO_FLOAT = 'ERR value is not a valid float';
const NO_SUM = 'ERR increment would produce NaN or Infinity';
const SEED = 20_240_117;
const BATCH = 250;

/** What Redis answers to SET key value, INCRBYFLOAT key increment, by our arithmetic. */
function sumOf(value: string, increment: string): string {
  const first = parse(value);
  const second = parse(increment);
  if (first === undefined || second === undefined) return NO_FLOAT;
  const sum = addLongDoubles(first, second);
  return sum === undefined || isInfinite(sum) ? NO_SUM : formatLongDouble(sum);
}

function parse(text: string) {
  // The number does not begin at the buffer's start, as in a request.
  const bytes = Buffer.from(`7${text}7`, 'latin1');
  return parseLongDouble(bytes, 1, bytes.length - 2);
}

const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });
const sign = fc.constantFrom('', '', '-', '+');
const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((all) => all.join(''));
const between = (min: number, max: number) => fc.integer({ min, max }).map(String);
const hexadecimal = fc.bigInt({ min: 0n, max: 2n ** 80n }).map((value) => value.toString(16));

/** The number just between two neighbours of 64 bits each: it must round to the even one. */
const halfway = fc
  .bigInt({ min: 2n ** 63n, max: 2n ** 64n - 1n })
  .map((mantissa) => `0x${((mantissa << 1n) | 1n).toString(16)}p`);

const numberText = fc.oneof(
  joined(sign, digits(1, 4)),
  joined(sign, digits(1, 25)),
  joined(sign, digits(0, 6), fc.constant('.'), digits(0, 20)),
  joined(sign, digits(0, 22), fc.constant('.'), digits(0, 45)),
  joined(sign, digits(1, 20), fc.constantFrom('e', 'E'), between(-30, 30)),
  joined(
    sign,
    digits(1, 1),
    fc.constant('.'),
    digits(0, 25),
    fc.constant('e'),
    between(-4970, 4960),
  ),
  joined(sign, fc.constantFrom('0x', '0X'), hexadecimal, fc.constant('.'), hexadecimal),
  joined(sign, fc.constant('0x'), hexadecimal, fc.constantFrom('p', 'P'), between(-150, 150)),
  joined(sign, fc.constant('0x1p'), between(-16_460, 16_400)),
  joined(sign, halfway, between(-80, 80)),
  joined(sign, halfway, between(-16_400, -16_300)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);

/** Numbers at the edges of the range, and texts at the edges of the syntax. */
const EDGES = [
  ...['0', '-0', '-0.0', '+0', '00', '.', '-', '+', '', '.5', '5.', '-.5e1', '1e', '1e+', 'e5'],
  ...[
    '0x',
    '0x.',
    '0x.8',
    '0x8.',
    '0x1p',
    '0x1p+',
    '0x.p1',
    '0xg',
    '1x',
    '1 ',
    ' 1',
    '1\x00',
    '\x00',
  ],
  ...['inf', '-inf', '+INF', 'Infinity', 'infin', 'infinityx', 'nan', '-nan', 'nan(1)', 'NAN()'],
  ...['0e99999999999999999999', '1e99999999999999999999', '1e-99999999999999999999'],
  ...['0x1.fffffffffffffffep16383', '0x1.ffffffffffffffffp16383', '0x1.fffffffffffffffefp16383'],
  ...['-0x1.fffffffffffffffep16383', '0x1p16383', '0x1p16384', '1.18973149535723176502e4932'],
  ...['1.18973149535723176509e4932', '1e4932', '1e4933', '-1e4932', '0x1p16319', '-0x1p16319'],
  ...['0x1p-16445', '0x1p-16446', '0x1.8p-16446', '0x1.00001p-16446', '3.6e-4951', '1.9e-4951'],
  ...['1.8e-4951', '1.82259976594123730126e-4951', '1.82259976594123730127e-4951', '1e-5000'],
  ...['18446744073709551615', '18446744073709551616', '18446744073709551617', '0x1p64', '-0x1p63'],
  ...['0.000000000000000005', '0.000000000000000015', '0.00000000000000000499999', '0x1p-18'],
  ...['0x1p-58', '0x3p-58', '0x5p-18', '-0x1p-59', '0.1', '0.2', '-0.3', '99999999999999999.9'],
  ...['9'.repeat(5_119), '1'.repeat(5_120), `0.${'0'.repeat(4_960)}1`, `0.${'0'.repeat(4_940)}12`],
  ...[
    `1${'0'.repeat(4_931)}`,
    `1${'0'.repeat(4_932)}`,
    `${'0'.repeat(5_118)}1`,
    `${'0'.repeat(5_119)}1`,
    '1_0',
    '1,5',
    '--1',
  ],
];

describe.skipIf(!hasRedis)('long doubles', () => {
  let redis: RunningServer;
  let client: RawClient;

  beforeAll(async () => {
    redis = await startRedisServer();
    client = await RawClient.connect(redis.port);
  });

  afterAll(async () => {
    await client.close();
    await redis.stop();
  });

  async function expectEqualSums(pairs: readonly (readonly [string, string])[]): Promise<void> {
    for (let start = 0; start < pairs.length; start += BATCH) {
      const batch = pairs.slice(start, start + BATCH);
      const commands = batch.flatMap(([value, increment]) => [
        encodeCommand(['SET', 'k', Buffer.from(value, 'latin1')]),
        encodeCommand(['INCRBYFLOAT', 'k', Buffer.from(increment, 'latin1')]),
      ]);
      client.send(Buffer.concat(commands));
      const { replies } = await client.read(commands.length);
      batch.forEach(([value, increment], index) => {
        expect(`${value} + ${increment} = ${sumOf(value, increment)}`).toBe(
          `${value} + ${increment} = ${textOf(replies[2 * index + 1])}`,
        );
      });
    }
  }

  test('random sums', async () => {
    const pairs = fc.sample(fc.tuple(numberText, numberText), { numRuns: 6_000, seed: SEED });
    const sums = pairs.map(([value, increment]) => sumOf(value, increment));
    // Else the comparison would be one of errors.
    expect(sums.filter((sum) => !sum.startsWith('ERR')).length).toBeGreaterThan(5_000);
    await expectEqualSums(pairs);
  });

  test('sums of numbers that nearly cancel out', async () => {
    const pairs = fc
      .sample(fc.tuple(numberText, halfway, fc.nat(3)), { numRuns: 1_000, seed: SEED })
      .map(([value, tiny, which]): [string, string] => {
        const opposite = value.startsWith('-') ? value.slice(1) : `-${value.replace('+', '')}`;
        return which === 0 ? [`${tiny}-64`, opposite] : [value, opposite];
      });
    await expectEqualSums(pairs);
  });

  test('the edges of range and syntax', async () => {
    await expectEqualSums(
      EDGES.flatMap((text) => [
        [text, '0'],
        ['0', text],
        [text, text],
      ]),
    );
    const tenths = EDGES.map((text, index): [string, string] => [
      text,
      EDGES[(index * 7 + 3) % EDGES.length],
    ]);
    await expectEqualSums(tenths);
  });

  test('undefined only for infinity less infinity', () => {
    const [plus, minus] = [parse('inf'), parse('-inf')];
    if (plus === undefined || minus === undefined) throw new Error('infinity is a number');
    expect(addLongDoubles(plus, minus)).toBeUndefined();
    expect(addLongDoubles(plus, plus)).toEqual(plus);
    expect(addLongDoubles(minus, minus)).toEqual(minus);
  });
});
