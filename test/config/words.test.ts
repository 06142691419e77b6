import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteIfNeeded, quoteWord, splitWords } from '../../src/config/syntax/words.ts';
import { hasRedis } from '../support/needs-redis.ts';
import { RawClient } from '../support/raw-client.ts';
import { RedisServer } from './redis-server.ts';

/** Any bytes, as a byte string. */
const byteStrings = fc
  .uint8Array({ maxLength: 20 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

describe('splitWords', () => {
  const cases: readonly (readonly [line: string, words: string[] | undefined])[] = [
    ['', []],
    ['  \t ', []],
    ['port 7000', ['port', '7000']],
    [' a\tb\r', ['a', 'b']],
    ['a "b c" \'d e\'', ['a', 'b c', 'd e']],
    ['"" \'\'', ['', '']],
    ['"\\x41\\x4g\\n\\r\\t\\b\\a\\q\\"\\\\"', ['Ax4g\n\r\t\b\x07q"\\']],
    ["'a\\'b\\n'", ["a'b\\n"]],
    ['a\\n', ['a\\n']],
    ['a"b c"', ['ab c']],
    ['a\x0bb', ['a\x0bb']],
    ['"a"b', undefined],
    ['"a', undefined],
    ["'a", undefined],
    ['"a\\"', undefined],
  ];
  for (const [line, words] of cases) {
    it(JSON.stringify(line), () => expect(splitWords(line)).toEqual(words));
  }
});

describe('quoting', () => {
  it('is undone by splitWords, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(byteStrings), (words) => {
        expect(splitWords(words.map(quoteWord).join(' '))).toEqual(words);
        expect(splitWords(words.map(quoteIfNeeded).join(' '))).toEqual(words);
      }),
    );
  });

  it('writes printable ASCII, in quotes only where they are needed', () => {
    expect(quoteWord('a\x00\xff\n"\\')).toBe('"a\\x00\\xff\\n\\"\\\\"');
    expect(['a', '*', '-::1', 'a b', '', "it's"].map(quoteIfNeeded)).toEqual([
      'a',
      '*',
      '-::1',
      '"a b"',
      '""',
      '"it\'s"',
    ]);
  });
});

describe.skipIf(!hasRedis)('splitWords beside Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  const lines = fc.sample(
    fc
      .array(fc.constantFrom('a', 'b', ' ', '\t', '"', "'", '\\', '\\x41', 'x4', '\x0b', '\xff'), {
        maxLength: 10,
      })
      .map((parts) => parts.join('')),
    { numRuns: 1000, seed: 11 },
  );

  it('cuts the same words', async () => {
    const balanced = lines.filter((line) => splitWords(line) !== undefined);
    expect(balanced.length).toBeGreaterThan(200);
    const client = await RawClient.connect(server.port);
    for (const line of balanced) {
      client.send(Buffer.from(`DEL l\nRPUSH l - ${line}\nLRANGE l 1 -1\n`, 'latin1'));
    }
    const { replies } = await client.read(balanced.length * 3);
    await client.close();
    for (const [index, line] of balanced.entries()) {
      const words = replies[index * 3 + 2].items?.map(({ payload }) => payload?.toString('latin1'));
      expect(splitWords(line), JSON.stringify(line)).toEqual(words);
    }
  });

  it('finds the same quotes unbalanced', async () => {
    const unbalanced = [...new Set(lines.filter((line) => splitWords(line) === undefined))];
    expect(unbalanced.length).toBeGreaterThan(200);
    for (const line of unbalanced.slice(0, 60)) {
      const client = await RawClient.connect(server.port);
      client.send(Buffer.from(`ECHO ${line}\n`, 'latin1'));
      const reply = (await client.readUntilClose()).toString('latin1');
      expect(reply, JSON.stringify(line)).toBe(
        '-ERR Protocol error: unbalanced quotes in request\r\n',
      );
    }
  });
});
