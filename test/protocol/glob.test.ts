import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globMatchIn } from '../../src/protocol/glob.ts';
import { RedisServer } from '../config/redis-server.ts';
import { globMatchText } from '../support/glob-text.ts';
import { hasRedis } from '../support/needs-redis.ts';

/** Strings over an alphabet in which nearly every character means something to the matcher. */
const patterns = fc
  .array(fc.constantFrom('*', '?', '[', ']', '^', '-', '\\', 'a', 'b', 'c', 'B', '\xff'), {
    maxLength: 9,
  })
  .map((characters) => characters.join(''))
  // The ends of a range are unsigned bytes here; in Redis they are `char`, signed on some machines.
  .filter((pattern) => !(pattern.includes('-') && pattern.includes('\xff')));
const texts = fc
  .array(fc.constantFrom('a', 'b', 'c', 'A', 'B', '-', '[', ']', '^', '\\', '*', '\xff', '\0'), {
    maxLength: 6,
  })
  .map((characters) => characters.join(''));

describe('globMatch', () => {
  const cases: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
    ['', '', true],
    ['', 'a', false],
    ['*', '', false],
    ['*', 'a', true],
    ['a**', 'a', true],
    ['**', 'abc', true],
    ['a*c', 'abbbc', true],
    ['a*c', 'abbb', false],
    ['a*b*c', 'a-b-b-c', true],
    ['?', '', false],
    ['?b', 'ab', true],
    ['h[ae]llo', 'hallo', true],
    ['h[ae]llo', 'hillo', false],
    ['h[^e]llo', 'hallo', true],
    ['h[^e]llo', 'hello', false],
    ['h[a-b]llo', 'hbllo', true],
    ['h[b-a]llo', 'hallo', true],
    ['[]', 'a', false],
    ['[^]', 'a', true],
    ['[', 'a', false],
    ['[abc', 'c', true],
    ['[a-]', 'a', true],
    ['[\\]]', ']', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a\\', 'a\\', true],
    ['\\?', '?', true],
    ['A', 'a', false],
  ];
  for (const [pattern, text, matches] of cases) {
    it(`'${pattern}' ${matches ? 'matches' : 'does not match'} '${text}'`, () => {
      expect(globMatchText(pattern, text, false)).toBe(matches);
    });
  }

  it('ignores case when told to, except behind a backslash in a class', () => {
    expect(globMatchText('MAX*', 'maxmemory', true)).toBe(true);
    expect(globMatchText('[M-N]ax', 'max', true)).toBe(true);
    expect(globMatchText('\\Max', 'max', true)).toBe(true);
    expect(globMatchText('[\\M]ax', 'max', true)).toBe(false);
  });

  it('reads nothing outside the given ranges', () => {
    const bytes = Buffer.from('**[abc]xayzaa');
    expect(globMatchIn(bytes, 2, 5, bytes, 8, 1, false)).toBe(true);
    expect(globMatchIn(bytes, 2, 3, bytes, 8, 1, false)).toBe(true);
    expect(globMatchIn(bytes, 2, 1, bytes, 8, 1, false)).toBe(false);
    expect(globMatchIn(bytes, 7, 0, bytes, 8, 0, false)).toBe(true);
  });

  it('stays polynomial with many stars', () => {
    const pattern = `${'a*'.repeat(1000)}b`;
    expect(globMatchText(pattern, 'a'.repeat(2000), false)).toBe(false);
  });

  it('finds every text in a pattern made from it', () => {
    fc.assert(
      fc.property(texts, fc.nat({ max: 6 }), fc.boolean(), (text, at, star) => {
        const literal = [...text].map((character) => `\\${character}`);
        if (text !== '') literal.splice(Math.min(at, literal.length), 0, star ? '*' : '');
        expect(globMatchText(literal.join(''), text, false)).toBe(true);
      }),
    );
  });
});

describe.skipIf(!hasRedis)('globMatch beside Redis', () => {
  let server: RedisServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await RedisServer.start();
    redis = new Redis({ port: server.port, host: '127.0.0.1' });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('selects the keys that KEYS selects', async () => {
    const keys = [...new Set(fc.sample(texts, { numRuns: 400, seed: 7 }))];
    for (const key of keys) await redis.set(Buffer.from(key, 'latin1'), '');
    let selected = 0;
    for (const pattern of fc.sample(patterns, { numRuns: 1500, seed: 7 })) {
      const found = (await redis.callBuffer('KEYS', Buffer.from(pattern, 'latin1'))) as Buffer[];
      const expected = found.map((key) => key.toString('latin1')).sort();
      const everything = pattern === '*';
      const actual = keys.filter((key) => everything || globMatchText(pattern, key, false)).sort();
      expect(actual, `pattern ${JSON.stringify(pattern)}`).toEqual(expected);
      selected += expected.length;
    }
    expect(selected).toBeGreaterThan(1000);
  });

  it('selects the directives that CONFIG GET selects, whatever the case', async () => {
    const all = (await redis.config('GET', '*')) as string[];
    const names = all.filter((_, index) => index % 2 === 0);
    const pieces = fc
      .array(
        fc.constantFrom('*', '?', '[', '^', ']', 'M-A', '\\A', '\\m', 'a', 'A', 'E', 'max', '-'),
        {
          minLength: 1,
          maxLength: 6,
        },
      )
      .map((parts) => `${parts.join('')}*`);
    let selected = 0;
    for (const pattern of fc.sample(pieces, { numRuns: 1000, seed: 3 })) {
      const reply = (await redis.config('GET', pattern)) as string[];
      const expected = reply.filter((_, index) => index % 2 === 0).sort();
      const actual = names.filter((name) => globMatchText(pattern, name, true)).sort();
      expect(actual, `pattern ${JSON.stringify(pattern)}`).toEqual(expected);
      selected += expected.length;
    }
    expect(selected).toBeGreaterThan(1000);
  });
});
