// Hashes: every command with its options and errors, on packed hashes and on tables.
import { beforeEach, describe, expect, test } from 'vitest';
import { anyOfType, shape, unordered } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { RawClient } from '../support/raw-client.ts';
import { itemsOf, textOf } from '../support/reply-frames.ts';
import { command, compared, intended, type Script } from '../support/script.ts';

/** Fields and values that are encoded in every way: integers of each width, strings of each length. */
const TEXTS = [
  '',
  '0',
  '7',
  '127',
  '128',
  '-1',
  '4095',
  '-4096',
  '4096',
  '32767',
  '-32769',
  '8388607',
  '-8388609',
  '2147483647',
  '-2147483649',
  '9007199254740991',
  '9007199254740993',
  '-9223372036854775808',
  '9223372036854775807',
  '9223372036854775808',
  '007',
  '-0',
  '+1',
  ' 1',
  '1.5',
  'short',
  'x'.repeat(63),
  'x'.repeat(64),
  'x'.repeat(65),
  'x'.repeat(4096),
  'y'.repeat(20_000),
  'z'.repeat(70_000),
] as const;

/** Makes each command work on packed hashes, and on tables. */
const LIMITS = [
  { name: 'packed', lines: [] },
  { name: 'table', lines: ['CONFIG SET hash-max-listpack-entries 0'] },
] as const;

/** Fills `k` with fields 0 … count - 1. */
function filled(count: number): Script {
  const pairs = Array.from({ length: count }, (_, i) => [`f${i}`, `v${i % 7}`]).flat();
  return [command('HSET', 'k', ...pairs)];
}

compareWithRedis('hashes', (define, servers) => {
  for (const { name, lines } of LIMITS) {
    define(`setting and getting, ${name}`, [
      ...lines,
      String.raw`
        HSET k a 1
        HSET k a 2 b 3 c 4
        HSET k a 2 a 3 a 4
        HSET k "" "" "\x00" "\xff\r\n"
        HGET k a
        HGET k ""
        HGET k "\x00"
        HGET k missing
        HGET missing a
        HMGET k a missing b a
        HMGET missing a b
        HMGET k
        HMSET k d 1 e 2
        HMSET k d
        HMSET k d 1 e
        HMSET k
        HSET k d
        HSET k d 1 e
        HSET k
        HSET
        HGET k
        HGET k a b
        HSETNX k a 5
        HSETNX k f 5
        HSETNX new f 5
        HSETNX new f 6
        HSETNX k f
        HSETNX k f 1 g 2
        HGET new f
        HEXISTS k a
        HEXISTS k missing
        HEXISTS missing a
        HEXISTS k
        HLEN k
        HLEN missing
        HLEN k k
        HSTRLEN k a
        HSTRLEN k "\x00"
        HSTRLEN k missing
        HSTRLEN missing a
        HSTRLEN k
        TYPE k
        OBJECT ENCODING k
        OBJECT REFCOUNT k
        DEBUG DIGEST-VALUE k new missing
        HDEL k missing
        HDEL k a missing b a
        HDEL missing a
        HDEL k
        HDEL new f g
        EXISTS new
        HDEL k "" "\x00" c d e f
        EXISTS k
      `,
    ]);

    define(`a value of another type, ${name}`, [
      ...lines,
      `
        SET s v
        HSET s a 1
        HSETNX s a 1
        HMSET s a 1
        HGET s a
        HMGET s a
        HGETALL s
        HKEYS s
        HVALS s
        HLEN s
        HEXISTS s a
        HDEL s a
        HINCRBY s a 1
        HINCRBYFLOAT s a 1
        HSTRLEN s a
        HRANDFIELD s
        HRANDFIELD s 0
        HRANDFIELD s 1 WITHVALUES
        HSCAN s 0
        HSET s a
        HINCRBY s a x
        HINCRBYFLOAT s a x
        HSCAN s x
        HSCAN s 0 bogus
        HSET h a 1
        GET h
        LPUSH h a
        SET h 1
        TYPE h
      `,
    ]);

    define(`a key's expiry, ${name}`, [
      ...lines,
      `
        SETEX t 100 v
        HSET t a 1
        DEL t
        HSET t a 1
        TTL t
        EXPIRE t 100
        HSET t b 1
        HINCRBY t b 1
        HDEL t a
        TTL t
        HDEL t b
        TTL t
        HSET t a 1
        TTL t
        PERSIST t
        PEXPIREAT t 1
        HGET t a
        EXISTS t
      `,
    ]);

    define(`fields and values of every kind, ${name}`, [
      ...lines,
      ...TEXTS.map((text) => command('HSET', 'k', text, text)),
      ...TEXTS.map((text) => command('HGET', 'k', text)),
      ...TEXTS.map((text) => command('HSTRLEN', 'k', text)),
      compared(unordered, 'HGETALL k\nHKEYS k\nHVALS k'),
      'DEBUG DIGEST-VALUE k',
      ...TEXTS.map((text, i) => command('HSET', 'k', text, TEXTS[(i * 7) % TEXTS.length])),
      'DEBUG DIGEST-VALUE k',
      'HLEN k\nMEMORY USAGE missing',
      ...TEXTS.map((text) => command('HDEL', 'k', text)),
      'EXISTS k',
    ]);

    define(`HINCRBY, ${name}`, [
      ...lines,
      `
        HINCRBY k a 1
        HINCRBY k a 1
        HINCRBY k a -10
        HINCRBY k a 0
        HINCRBY new a -5
        HINCRBY k a 9223372036854775807
        HINCRBY k a 9223372036854775807
        HGET k a
        HINCRBY k b 9223372036854775807
        HINCRBY k b 1
        HINCRBY k b -9223372036854775808
        HINCRBY k b -9223372036854775808
        HINCRBY k c -9223372036854775808
        HINCRBY k c -1
        HINCRBY k c 9007199254740993
        HINCRBY k c 1
        HINCRBY k d 9007199254740991
        HINCRBY k d 1
        HINCRBY k d 1
        HINCRBY k d -9007199254740993
        HINCRBY k a x
        HINCRBY k a 1.5
        HINCRBY k a 9223372036854775808
        HINCRBY k a " 1"
        HINCRBY k a
        HINCRBY k a 1 2
        HSET k s abc f 1.5 e "" z 007 p "1 "
        HINCRBY k s 1
        HINCRBY k f 1
        HINCRBY k e 1
        HINCRBY k z 1
        HINCRBY k p 1
        HINCRBY k ${'f'.repeat(70)} 1
        OBJECT ENCODING k
        DEBUG DIGEST-VALUE k
      `,
      compared(unordered, 'HGETALL k'),
    ]);

    define(`HINCRBYFLOAT, ${name}`, [
      ...lines,
      `
        HINCRBYFLOAT k a 1.5
        HINCRBYFLOAT k a 0.1
        HINCRBYFLOAT k a 0.2
        HINCRBYFLOAT k a -1.8
        HINCRBYFLOAT k b 5.0e3
        HINCRBYFLOAT k b 200
        HINCRBYFLOAT k b 1e-17
        HINCRBYFLOAT k c 1e400
        HINCRBYFLOAT k c 1e4900
        HINCRBYFLOAT k c 1e4932
        HINCRBYFLOAT k c 1e4932
        HINCRBYFLOAT k c -1e4932
        HINCRBYFLOAT k d inf
        HINCRBYFLOAT k d -inf
        HINCRBYFLOAT k d nan
        HINCRBYFLOAT k d abc
        HINCRBYFLOAT k d ""
        HINCRBYFLOAT k d " 1"
        HINCRBYFLOAT k d 0x10
        HINCRBYFLOAT k d
        HSET k s abc i 10 h inf w "1 " n nan e "" g 9223372036854775807
        HINCRBYFLOAT k s 1
        HINCRBYFLOAT k i 1.25
        HINCRBYFLOAT k h 1
        HINCRBYFLOAT k w 1
        HINCRBYFLOAT k n 1
        HINCRBYFLOAT k e 1
        HINCRBYFLOAT k g 1
        HINCRBYFLOAT k z 0
        HINCRBYFLOAT k z -0.0
        OBJECT ENCODING k
      `,
      compared(unordered, 'HGETALL k'),
      'DEBUG DIGEST-VALUE k',
    ]);

    define(`HRANDFIELD, ${name}`, [
      ...lines,
      'HSET k a 1',
      `
        HRANDFIELD k
        HRANDFIELD k 1
        HRANDFIELD k 5
        HRANDFIELD k -3
        HRANDFIELD k 0
        HRANDFIELD k 1 WITHVALUES
        HRANDFIELD k 5 withvalues
        HRANDFIELD k -3 WITHVALUES
        HRANDFIELD k 0 WITHVALUES
        HRANDFIELD missing
        HRANDFIELD missing 5
        HRANDFIELD missing -5 WITHVALUES
        HRANDFIELD k x
        HRANDFIELD k 1.5
        HRANDFIELD k 1 bogus
        HRANDFIELD k 1 WITHVALUES x
        HRANDFIELD k x bogus
        HRANDFIELD k 9223372036854775807
        HRANDFIELD k 9223372036854775808
        HRANDFIELD k -9223372036854775808
        HRANDFIELD k -9223372036854775809
        HRANDFIELD k 4611686018427387903 WITHVALUES
        HRANDFIELD k 4611686018427387904 WITHVALUES
        HRANDFIELD k -4611686018427387904 WITHVALUES
        HRANDFIELD
      `,
      ...filled(100),
      compared(
        unordered,
        'HRANDFIELD k 101\nHRANDFIELD k 200\nHRANDFIELD k 101 WITHVALUES\nHRANDFIELD k 1000 WITHVALUES',
      ),
      compared(
        shape,
        'HRANDFIELD k\nHRANDFIELD k 1\nHRANDFIELD k 20\nHRANDFIELD k 99\nHRANDFIELD k -300\nHRANDFIELD k 20 WITHVALUES\nHRANDFIELD k 99 WITHVALUES\nHRANDFIELD k -300 WITHVALUES',
      ),
    ]);

    define(`HSCAN, ${name}`, [
      ...lines,
      'HSET k a 1',
      `
        HSCAN k 0
        HSCAN k 0 MATCH a
        HSCAN k 0 MATCH b
        HSCAN k 0 match * COUNT 5
        HSCAN k 0 COUNT 1 COUNT 2 MATCH b MATCH *
        HSCAN k
        HSCAN k x
        HSCAN k ""
        HSCAN k 0 COUNT 0
        HSCAN k 0 COUNT -1
        HSCAN k 0 COUNT x
        HSCAN k 0 COUNT
        HSCAN k 0 MATCH
        HSCAN k 0 TYPE hash
        HSCAN k 0 bogus
        HSCAN missing 0
        HSCAN missing x
        HSCAN missing 0 bogus
        HSCAN missing 17 MATCH
        HSET k 12 x 13 y ab z
      `,
      compared(
        unordered,
        'HSCAN k 0 COUNT 1000\nHSCAN k 0 MATCH 1* COUNT 1000\nHSCAN k 0 MATCH ? COUNT 1000\nHSCAN k 0 MATCH * COUNT 1000',
      ),
      intended('hscan-novalues', /^\*2\r\n\$1\r\n0\r\n\*4\r\n/, 'HSCAN k 0 NOVALUES COUNT 100'),
    ]);
  }

  define('all fields, in their order while packed', [
    `
      HGETALL missing
      HKEYS missing
      HVALS missing
      HSET k a 1 b 2 c 3 b 4 10 20
      HGETALL k
      HKEYS k
      HVALS k
      HDEL k b
      HSET k b x a y
      HGETALL k
      HKEYS k
      HVALS k
      HSCAN k 0
      HSCAN k 0 COUNT 1
      HRANDFIELD k 10
      HRANDFIELD k 10 WITHVALUES
      HGETALL
      HGETALL k k
      HKEYS k k
      HVALS k k
    `,
    ...filled(300),
    'HGETALL k\nHKEYS k\nHVALS k\nDUMP k',
    compared(unordered, 'HGETALL k'),
  ]);

  define('limits of packed hashes', [
    `
      CONFIG SET hash-max-listpack-entries 3 hash-max-listpack-value 5
      HSET a 1 1 2 2 3 3
      OBJECT ENCODING a
      HSET a 1 x 2 y
      OBJECT ENCODING a
      HSET a 4 4
      OBJECT ENCODING a
      HDEL a 4 3 2
      OBJECT ENCODING a
      HSET b 1 1 2 2 3 3 4 4
      OBJECT ENCODING b
      HSET c 1 1 1 2 1 3 1 4 1 5
      OBJECT ENCODING c
      HSET d f 12345
      OBJECT ENCODING d
      HSET d f 123456
      OBJECT ENCODING d
      HSET e 123456 1
      OBJECT ENCODING e
      HSET f a 1 123456 1 a 2
      OBJECT ENCODING f
      HSETNX g a 123456
      OBJECT ENCODING g
      HSETNX h 123456 a
      OBJECT ENCODING h
      HSETNX h2 a b
      HSETNX h2 a 123456
      OBJECT ENCODING h2
      HINCRBY i f 99999
      OBJECT ENCODING i
      HINCRBY i f 1
      OBJECT ENCODING i
      HINCRBYFLOAT j f 1.5
      OBJECT ENCODING j
      HINCRBYFLOAT j f 0.0001
      OBJECT ENCODING j
      HINCRBY l 123456 1
      OBJECT ENCODING l
      HSET m 1 1 2 2 3 3
      HINCRBY m 4 1
      OBJECT ENCODING m
      DEBUG DIGEST
      DEBUG RELOAD
      OBJECT ENCODING a
      OBJECT ENCODING d
      OBJECT ENCODING i
      OBJECT ENCODING l
      CONFIG SET hash-max-ziplist-entries 512 hash-max-ziplist-value 64
      DEBUG RELOAD
      OBJECT ENCODING a
      OBJECT ENCODING d
      OBJECT ENCODING m
      CONFIG SET hash-max-listpack-entries 0
      HSET n a 1
      OBJECT ENCODING n
      CONFIG GET hash-max-listpack-value
      DEBUG DIGEST
    `,
  ]);

  define('DEBUG of packed hashes and tables', [
    `
      HSET k a 1
      DEBUG LISTPACK k
      DEBUG HTSTATS-KEY k
      CONFIG SET hash-max-listpack-entries 0
      HSET t a 1 b 2
      DEBUG LISTPACK t
      DEBUG LISTPACK missing
    `,
    compared(anyOfType, 'DEBUG HTSTATS-KEY t'),
  ]);

  define('copies, payloads and moves', [
    ...filled(20),
    'COPY k c\nRENAME c r\nMOVE r 1\nSELECT 1\nHLEN r\nDEBUG DIGEST-VALUE r\nSELECT 0\nEXISTS r',
    `
      CONFIG SET hash-max-listpack-entries 2
      HSET k another 1
      OBJECT ENCODING k
      COPY k c
      HDEL c f1 f2 f3
      HSET c f4 x
      DEBUG DIGEST-VALUE k c
      RENAME c r
      MOVE r 1
      SELECT 1
      DEBUG DIGEST-VALUE r
      OBJECT ENCODING r
      HGET r f4
      SWAPDB 0 1
      HGET r f4
      HGET k f4
      FLUSHDB
      HLEN k
    `,
  ]);

  describe('HSCAN of a large hash', () => {
    let client: RawClient;

    beforeEach(async () => {
      client = await RawClient.connect(servers()[1].port);
      await client.command('FLUSHALL');
      for (let at = 0; at < 5000; at += 500) {
        const pairs = Array.from({ length: 500 }, (_, i) => [`f${at + i}`, `${at + i}`]).flat();
        await client.command('HSET', 'k', ...pairs);
      }
      return () => client.close();
    });

    test('finds every field that is there all the time, while others come and go', async () => {
      const found = new Map<string, string>();
      let cursor = '0';
      let calls = 0;
      do {
        const reply = await client.command('HSCAN', 'k', cursor, 'COUNT', '100');
        const [next, items] = itemsOf(reply);
        cursor = textOf(next);
        const texts = itemsOf(items).map(textOf);
        for (let i = 0; i < texts.length; i += 2) found.set(texts[i], texts[i + 1]);
        await client.command('HSET', 'k', `new${calls}`, 'x', `other${calls}`, 'y');
        await client.command('HDEL', 'k', `new${calls - 1}`);
        calls++;
      } while (cursor !== '0');
      expect(calls).toBeGreaterThan(10);
      for (let i = 0; i < 5000; i++) expect(found.get(`f${i}`)).toBe(`${i}`);
    });

    test('draws every field about as often', async () => {
      const counts = new Map<string, number>();
      const drawn = itemsOf(await client.command('HRANDFIELD', 'k', '-100000')).map(textOf);
      for (const field of drawn) counts.set(field, (counts.get(field) ?? 0) + 1);
      expect(drawn.length).toBe(100_000);
      expect(counts.size).toBe(5000);
      // 20 on average, with a deviation of 4.5.
      expect(Math.max(...counts.values())).toBeLessThan(60);
      for (const count of ['10', '2000', '4999']) {
        const sample = itemsOf(await client.command('HRANDFIELD', 'k', count)).map(textOf);
        expect(new Set(sample).size).toBe(Number(count));
      }
    });
  });
});
