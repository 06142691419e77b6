// Commands on keys of any type: existence, names, iteration, RENAME, COPY, MOVE, and databases.

import { expect, test } from 'vitest';
import { anyOfType, transformed, unordered } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { RawClient } from '../support/raw-client.ts';
import { itemsOf, textOf } from '../support/reply-frames.ts';
import { command, compared, framed, hears, intended, sleep } from '../support/script.ts';

/** Of INFO stats: how many keys were found, missed and deleted as expired. */
const lookups = transformed('lookups', (text) =>
  text
    .split('\r\n')
    .filter((line) => /^(keyspace_hits|keyspace_misses|expired_keys):/.test(line))
    .join(' '),
);

compareWithRedis('keys', (define, servers) => {
  for (const remove of ['DEL', 'UNLINK']) {
    define(`${remove}`, [
      String.raw`
        MSET a 1 b 2 c 3 "" 4 "\x00" 5
        ${remove} a
        ${remove} a
        ${remove} a b missing c
        ${remove} "" "\x00"
        DBSIZE
        SET a 1
        ${remove} a a a
        SETEX t 100 v
        ${remove} t
        ${remove}
      `,
      command('SET', 'big', 'x'.repeat(200_000)),
      `${remove} big\nEXISTS big`,
    ]);
  }

  define('EXISTS TOUCH TYPE', [
    `
      MSET a 1 b 2
      EXISTS a
      EXISTS missing
      EXISTS a b missing
      EXISTS a a a
      EXISTS
      TOUCH a
      TOUCH missing
      TOUCH a a b missing
      TOUCH
      TYPE a
      TYPE missing
      TYPE
      TYPE a b
      SET gone v PXAT 1
      TYPE gone
      EXISTS gone
      TOUCH gone
    `,
  ]);

  define('KEYS: patterns', [
    String.raw`
      MSET one 1 two 2 three 3 four 4 "" empty "a*b" star "a[b" bracket "a\\b" backslash "x\x00y" nul "\xff\xfe" high
      MSET h-llo 1 hallo 2 hello 3 hillo 4 hllo 5 heello 6 H 7 "?" 8 "^" 9 "-" 10 "]" 11 "a" 12 "b" 13 "c" 14
    `,
    compared(
      unordered,
      String.raw`
        KEYS *
        KEYS ""
        KEYS ?
        KEYS ??
        KEYS t*
        KEYS *o*
        KEYS t[hw]*
        KEYS h?llo
        KEYS h*llo
        KEYS h[ae]llo
        KEYS h[^e]llo
        KEYS h[a-i]llo
        KEYS h[i-a]llo
        KEYS h[^a-e]llo
        KEYS h[-a]llo
        KEYS h[a-]llo
        KEYS h[]llo
        KEYS h[a
        KEYS h[
        KEYS [
        KEYS []
        KEYS [^]
        KEYS []]
        KEYS [^^]
        KEYS [a-c]
        KEYS [c-a]
        KEYS [a-
        KEYS [\]]
        KEYS [\a]
        KEYS "a\\*b"
        KEYS "a\\[b"
        KEYS "a[*]b"
        KEYS "a[[]b"
        KEYS "a\\\\b"
        KEYS "a[\\\\]b"
        KEYS "\\"
        KEYS "a\\"
        KEYS "\\a"
        KEYS "x\x00y"
        KEYS "x?y"
        KEYS "\xff*"
        KEYS "[\xf0-\xff]*"
        KEYS ***
        KEYS *?*
        KEYS *one
        KEYS on*e
        KEYS one*
        KEYS ONE
        KEYS [A-Z]
        KEYS missing
        KEYS
        KEYS a b
      `,
    ),
    command('KEYS', `${'a*'.repeat(40)}b`),
    command('SET', 'a'.repeat(40), 'v'),
    command('KEYS', `${'a*'.repeat(20)}b`),
    command('SET', 'a'.repeat(1100), 'long'),
    command('KEYS', '*a'.repeat(900)),
    intended('glob-nesting', /^\*1\r\n\$1100\r\naaa/, `KEYS ${'*a'.repeat(1050)}`),
  ]);

  define('SCAN with TYPE looks up what matches the pattern, whatever its type', [
    'CONFIG RESETSTAT\nDEBUG SET-ACTIVE-EXPIRE 0\nCONFIG SET notify-keyspace-events KEAm',
    'MSET a 1 b 2\nRPUSH l x y\nSET ea v PX 1\nRPUSH el v\nPEXPIRE el 1',
    'SET eb v PX 1\nSET ec v PX 1',
    framed('events> PSUBSCRIBE __keyevent@*', 1),
    sleep(5),
    compared(unordered, 'SCAN 0 MATCH e[al] COUNT 1000 TYPE string'),
    'DBSIZE',
    compared(lookups, 'INFO stats'),
    // Both are expired and missed, in whatever order they are met.
    hears('events', 4, anyOfType),
    compared(unordered, 'SCAN 0 COUNT 1000 TYPE list'),
    'DBSIZE',
    compared(lookups, 'INFO stats'),
    hears('events', 4, anyOfType),
    'SET ea v PX 1',
    sleep(5),
    hears('events', 2, anyOfType),
    // Redis finds "none" in the place of the type and returns the key that it has just deleted.
    intended('scan-type-none', /^\*2\r\n\$1\r\n0\r\n\*0\r\n$/, 'SCAN 0 COUNT 1000 TYPE none'),
    'DBSIZE',
    compared(lookups, 'INFO stats'),
    'DEBUG SET-ACTIVE-EXPIRE 1',
  ]);

  define('SCAN: an empty and a small database', [
    `
      SCAN 0
      SCAN 0 COUNT 1
      SCAN 0 MATCH *
      SCAN 0 TYPE string
      SET k v
      SCAN 0 COUNT 100
      SCAN 0 MATCH k COUNT 100
      SCAN 0 MATCH x COUNT 100
      SCAN 0 TYPE string COUNT 100
      SCAN 0 TYPE STRING COUNT 100
      SCAN 0 TYPE list COUNT 100
      SCAN 0 TYPE bogus COUNT 100
      SCAN 0 count 100 match k* type string
      SCAN 0 COUNT 1 COUNT 100 MATCH x MATCH k
      SCAN 00 COUNT 100
    `,
    compared(unordered, 'MSET a 1 b 2 c 3\nSCAN 0 COUNT 1000'),
  ]);

  define('SCAN: errors', [
    `
      SCAN
      SCAN abc
      SCAN ""
      SCAN " 0"
      SCAN 1.5
      SCAN 0x0
      SCAN 18446744073709551616
      SCAN 99999999999999999999999999
      SCAN 0 COUNT
      SCAN 0 COUNT 0
      SCAN 0 COUNT -1
      SCAN 0 COUNT abc
      SCAN 0 COUNT 1.5
      SCAN 0 COUNT 9223372036854775808
      SCAN 0 MATCH
      SCAN 0 TYPE
      SCAN 0 bogus
      SCAN 0 bogus 1
      SCAN 0 MATCH * bogus
      SCAN 0 COUNT 10 MATCH
    `,
  ]);

  define('RANDOMKEY', [
    `
      RANDOMKEY
      RANDOMKEY x
      SET only v
      RANDOMKEY
      SET only v PXAT 1
      RANDOMKEY
      MSET a 1 b 2
    `,
    compared(anyOfType, 'RANDOMKEY'),
  ]);

  define('RENAME and RENAMENX', [
    String.raw`
      RENAME missing b
      RENAMENX missing b
      RENAME missing missing
      SET a 1
      RENAME a b
      MGET a b
      RENAME b b
      RENAMENX b b
      GET b
      SET c 3
      RENAMENX b c
      RENAME b c
      MGET b c
      RENAMENX c d
      SETEX t 100 v
      RENAME t u
      TTL u
      RENAME u d
      TTL d
      SETEX t 100 v
      SET e v
      RENAME e t
      TTL t
      RENAME t ""
      GET ""
      RENAME "" "\x00"
      RENAMENX "\x00" other
      SET gone v PXAT 1
      RENAME gone x
      SET x 1 PXAT 1
      RENAMENX other x
      GET x
      RENAME
      RENAME a
      RENAME a b c
      RENAMENX
      RENAMENX a
      RENAMENX a b c
      DBSIZE
    `,
  ]);

  define('COPY', [
    `
      COPY missing b
      SET a 1
      COPY a b
      GET b
      COPY a b
      SET a 2
      COPY a b REPLACE
      GET b
      COPY a a
      COPY a a REPLACE
      COPY a a DB 0
      COPY a a DB 1
      COPY a b DB 1
      COPY a b DB 1
      COPY a b DB 1 replace
      COPY a c db 2 REPLACE REPLACE
      COPY a c DB 1 DB 3
      COPY a d DB 0
      SETEX t 100 v
      COPY t u
      TTL u
      COPY a u REPLACE
      TTL u
      COPY t w DB 1
      SELECT 1
      TTL w
      MGET a b c
      SELECT 3
      GET c
      SELECT 0
      COPY a b DB 16
      COPY a b DB -1
      COPY a b DB abc
      COPY a b DB 99999999999999999999
      COPY a b DB 4294967296
      COPY a b DB
      COPY a b bogus
      COPY a b REPLACE bogus
      COPY missing b DB 16
      COPY a
      COPY
      SET gone v PXAT 1
      COPY gone x
    `,
  ]);

  define('MOVE', [
    `
      MOVE missing 1
      SET a 1
      MOVE a 0
      MOVE a 1
      EXISTS a
      SELECT 1
      GET a
      SELECT 0
      SET a 2
      MOVE a 1
      GET a
      SETEX t 100 v
      MOVE t 1
      SELECT 1
      TTL t
      MOVE t 0
      SELECT 0
      TTL t
      MOVE a 16
      MOVE a -1
      MOVE a abc
      MOVE missing abc
      MOVE missing 0
      MOVE a 9223372036854775808
      MOVE a 4294967297
      MOVE a 1.0
      MOVE a ""
      MOVE a
      MOVE a 1 2
      MOVE
    `,
  ]);

  define('databases: SELECT, DBSIZE, FLUSHDB, FLUSHALL', [
    `
      DBSIZE
      SET k 0
      SELECT 1
      DBSIZE
      GET k
      SET k 1
      SELECT 15
      SET k 15
      DBSIZE
      SELECT 16
      SELECT -1
      SELECT abc
      SELECT ""
      SELECT 1.0
      SELECT 99999999999
      SELECT 9223372036854775808
      SELECT
      SELECT 1 2
      GET k
      DBSIZE x
      FLUSHDB
      DBSIZE
      SELECT 1
      GET k
      FLUSHDB ASYNC
      DBSIZE
      SET k 1
      FLUSHDB sync
      DBSIZE
      FLUSHDB bogus
      FLUSHDB SYNC ASYNC
      FLUSHALL bogus
      FLUSHALL ASYNC SYNC
      SET k 1
      FLUSHALL
      DBSIZE
      SELECT 0
      DBSIZE
      SET k 1
      FLUSHALL ASYNC
      GET k
      SET k 1
      FLUSHALL Sync
      GET k
    `,
  ]);

  define('SWAPDB', [
    `
      SET k 0
      SETEX t 100 v
      SELECT 1
      SET k 1
      SWAPDB 0 1
      GET k
      TTL t
      SELECT 0
      GET k
      EXISTS t
      SWAPDB 0 0
      SWAPDB 5 6
      SWAPDB 0 16
      SWAPDB 16 0
      SWAPDB -1 0
      SWAPDB 0 -1
      SWAPDB abc 0
      SWAPDB 0 abc
      SWAPDB abc abc
      SWAPDB 9223372036854775808 0
      SWAPDB 0 99999999999
      SWAPDB
      SWAPDB 0
      SWAPDB 0 1 2
      b> SELECT 1
      b> GET k
      SWAPDB 1 0
      b> GET k
      GET k
    `,
  ]);

  for (const options of [
    [],
    ['COUNT', '1'],
    ['COUNT', '1000'],
    ['MATCH', 'k*7'],
    ['TYPE', 'string'],
  ]) {
    test(`SCAN meets every key: SCAN ${options.join(' ')}`, async () => {
      const keys = Array.from({ length: 700 }, (_, index) => `k${index}`);
      const [expected, actual] = await Promise.all(
        servers().map(async ({ port }) => {
          const client = await RawClient.connect(port);
          await client.command('MSET', ...keys.flatMap((key) => [key, 'v']));
          const found = await scanAll(client, options);
          await client.command('FLUSHALL');
          await client.close();
          return found;
        }),
      );
      expect(expected.length).toBeGreaterThan(50);
      expect(actual).toEqual(expected);
    });
  }
});

/** The keys that a whole iteration returns, each once, sorted. */
async function scanAll(client: RawClient, options: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  let cursor = '0';
  do {
    const [next, page] = itemsOf(await client.command('SCAN', cursor, ...options));
    for (const key of itemsOf(page)) found.add(textOf(key));
    cursor = textOf(next);
  } while (cursor !== '0');
  return [...found].sort();
}
