// What XINFO tells of streams, groups and consumers, the Redis radix trees over the nodes included; and what generic commands
// do with streams that have groups: COPY, RENAME, DUMP and RESTORE, digests, databases.
import { transformed } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import {
  blocked,
  capture,
  command,
  compared,
  receive,
  type Script,
  type Step,
  send,
} from '../support/script.ts';
import { STREAM_EVENTS } from '../support/stream-events.ts';
import { nearTimes, payloads } from '../support/stream-replies.ts';

/** Adds entries of the ids 1-0 … `count`-0. */
function filled(key: string, count: number): Script {
  return Array.from({ length: count }, (_, i) => `XADD ${key} ${i + 1}-0 f ${i + 1}`);
}

/** A stream with groups, consumers and pending entries in every state; the times in it are given. */
function grouped(key: string): Script {
  return [
    ...filled(key, 12),
    `
      XGROUP CREATE ${key} g 0
      XGROUP CREATE ${key} h 5-0
      XGROUP CREATE ${key} empty $
      XREADGROUP GROUP g a COUNT 3 STREAMS ${key} >
      XREADGROUP GROUP g b COUNT 4 STREAMS ${key} >
      XREADGROUP GROUP h a NOACK COUNT 2 STREAMS ${key} >
      XREADGROUP GROUP h z COUNT 1 STREAMS ${key} >
      XGROUP CREATECONSUMER ${key} g nothing
      XCLAIM ${key} g a 0 1-0 2-0 TIME 1700000000000 RETRYCOUNT 5 JUSTID
      XCLAIM ${key} g b 0 4-0 5-0 6-0 TIME 1700000000001 JUSTID
      XACK ${key} g 2-0
      XDEL ${key} 3-0 5-0 8-0
    `,
  ];
}

function full(key: string): Step[] {
  return compared(nearTimes, `XINFO STREAM ${key} FULL COUNT 0\nXINFO GROUPS ${key}`);
}

/** Of INFO stats: how many keys were found and missed. */
const lookups = transformed(
  'lookups',
  (text) => /keyspace_hits:\d+\r\nkeyspace_misses:\d+/.exec(text)?.[0] ?? text,
);

compareWithRedis('what there is to know of streams', (define) => {
  define('XINFO', [
    ...grouped('s'),
    'XINFO STREAM s\nXINFO GROUPS s\nXINFO stream s\nXADD t 1-1 f v\nXINFO STREAM t\nXINFO GROUPS t',
    ...compared(
      nearTimes,
      `
        XINFO CONSUMERS s g
        XINFO CONSUMERS s h
        XINFO CONSUMERS s empty
        XINFO STREAM s FULL
        XINFO STREAM s full
        XINFO STREAM s FULL COUNT 1
        XINFO STREAM s FULL COUNT 2
        XINFO STREAM s FULL COUNT 0
        XINFO STREAM s FULL COUNT -1
        XINFO STREAM s FULL COUNT 100
        XINFO STREAM s FULL COUNT 9223372036854775807
        XINFO STREAM s FULL COUNT -9223372036854775808
        XINFO STREAM t FULL
      `,
    ),
    `
      XINFO
      XINFO HELP
      XINFO help
      XINFO HELP me
      XINFO BONES
      XINFO BONES s
      XINFO STREAM
      XINFO STREAM s BONES
      XINFO STREAM s FULL BONES
      XINFO STREAM s FULL COUNT
      XINFO STREAM s FULL COUNT x
      XINFO STREAM s FULL BONES 1
      XINFO STREAM s FULL COUNT 1 2
      XINFO STREAM s COUNT 1
      XINFO STREAM missing
      XINFO STREAM missing FULL
      XINFO STREAM missing BONES
      XINFO STREAM missing FULL COUNT x
      XINFO GROUPS
      XINFO GROUPS s s
      XINFO GROUPS missing
      XINFO CONSUMERS
      XINFO CONSUMERS s
      XINFO CONSUMERS s g g
      XINFO CONSUMERS s missing
      XINFO CONSUMERS missing g
      XGROUP HELP
      XGROUP help
      SET k v
      XINFO STREAM k
      XINFO STREAM k FULL
      XINFO STREAM k BONES
      XINFO GROUPS k
      XINFO CONSUMERS k g
    `,
    'XDEL s 1-0 2-0 4-0 6-0 7-0 9-0 10-0 11-0 12-0\nXINFO STREAM s',
    ...full('s'),
  ]);

  define('more entries than XINFO FULL shows', [
    ...filled('s', 25),
    'XGROUP CREATE s g 0\nXGROUP CREATE s h 0',
    'XREADGROUP GROUP g a COUNT 12 STREAMS s >\nXREADGROUP GROUP g b STREAMS s >\nXREADGROUP GROUP h a STREAMS s >',
    ...compared(
      nearTimes,
      'XINFO STREAM s FULL\nXINFO STREAM s FULL COUNT 11\nXINFO STREAM s FULL COUNT 12\nXINFO STREAM s FULL COUNT 13',
    ),
  ]);

  for (const entries of ['1', '2', '3']) {
    define(`the radix tree, of nodes of ${entries}`, [
      `CONFIG SET stream-node-max-entries ${entries}`,
      ...[
        ...[
          '0-1',
          '0-2',
          '0-255',
          '0-256',
          '0-65536',
          '1-0',
          '1-1',
          '2-0',
          '255-0',
          '256-0',
          '257-0',
        ],
        ...['257-257', '65535-0', '65536-0', '65536-1', '16777216-0', '16777217-16777217'],
        ...['4294967296-0', '4294967297-4294967296', '1700000000000-0', '1700000000000-1'],
        ...['1700000000000-256', '1700000000001-0', '1700000000255-0', '1700000000256-0'],
        ...['1700000065536-0', '1700000065537-5', '72057594037927936-0', '72057594037927936-1'],
        ...['9223372036854775808-0', '18446744073709551615-0'],
      ].map((id) => `XADD s ${id} f v\nXINFO STREAM s`),
      ...[
        '0-256',
        '257-0',
        '257-257',
        '1700000000255-0',
        '0-1',
        '1-1',
        '65536-0',
        '65536-1',
        '0-2',
      ].map((id) => `XDEL s ${id}\nXINFO STREAM s`),
      ...['20', '17', '12', '9', '5', '4', '3', '2', '1', '0'].map(
        (length) => `XTRIM s MAXLEN ${length}\nXINFO STREAM s`,
      ),
      ...Array.from({ length: 40 }, (_, i) => `XADD t ${1000 + i * 97}-${(i * 31) % 7} f v`),
      'XINFO STREAM t\nXTRIM t MINID 2000\nXINFO STREAM t\nXTRIM t MINID ~ 3000\nXINFO STREAM t',
      'CONFIG SET stream-node-max-entries 100',
    ]);
  }

  define('generic commands on streams with groups', [
    ...grouped('s'),
    ...full('s'),
    compared(payloads, 'DUMP s'),
    `
      TYPE s
      OBJECT ENCODING s
      DEBUG DIGEST-VALUE s
      COPY s copy
      COPY s copy
      COPY s copy REPLACE
    `,
    ...full('copy'),
    compared(payloads, 'DUMP copy'),
    'DEBUG DIGEST-VALUE s copy',
    // The copy is one of its own.
    'XADD copy 20-0 f v\nXGROUP DESTROY copy h\nXACK copy g 1-0\nXDEL copy 1-0 12-0\nXGROUP DELCONSUMER copy g b',
    ...full('s'),
    ...full('copy'),
    'RENAME copy other\nRENAMENX other s\nRENAMENX other again\nMOVE again 1\nSELECT 1',
    ...full('again'),
    'COPY again s DB 0\nCOPY again s DB 0 REPLACE\nSWAPDB 0 1',
    ...full('s'),
    'DEL s\nEXISTS s\nSELECT 0\nDEBUG DIGEST-VALUE again s',
    'EXPIRE again 100\nCOPY again third\nTTL third\nDEBUG RELOAD\nTTL third',
    ...full('again'),
    ...full('third'),
    compared(payloads, 'DUMP third'),
  ]);

  define('other commands on streams', [
    ...filled('s', 3),
    `
      GET s
      APPEND s x
      LPUSH s x
      ZADD s 1 a
      SADD s a
      STRLEN s
      SCAN 0 TYPE stream
      OBJECT REFCOUNT s
      OBJECT FREQ s
      EXPIRE s 100
      XADD s 4-0 f v
      TTL s
      XDEL s 4-0
      XTRIM s MAXLEN 2
      TTL s
      PERSIST s
      COPY s copy
      XADD copy 5-0 f v
      XRANGE s - +
      XRANGE copy - +
      RENAME copy other
      XLEN other
      MOVE other 1
      SELECT 1
      XRANGE other - +
      XINFO STREAM other
      SORT other
      MULTI
      XADD t 1-1 f v
      XADD t 1-1 f v
      XADD t x f v
      XREAD BLOCK 0 STREAMS t 0
      XREAD BLOCK 0 STREAMS t $
      XRANGE t - +
      XDEL t 1-1
      XLEN t
      EXEC
      WATCH w
      b> SELECT 1
      b> XADD w 1-1 f v
      MULTI
      XLEN w
      EXEC
      WATCH w
      b> XDEL w 2-2
      b> XTRIM w MAXLEN 5
      b> XADD w 1-1 f v
      MULTI
      XLEN w
      EXEC
      WATCH w
      b> XDEL w 1-1
      MULTI
      XLEN w
      EXEC
      UNLINK other w
      EXISTS other w
      MULTI
      XADD t 1-1
      EXEC
    `,
  ]);

  define(
    'hits and misses',
    Object.values(STREAM_EVENTS).flatMap((lines) => [
      'FLUSHALL\nCONFIG RESETSTAT',
      ...lines.flatMap((line) => [line, compared(lookups, 'INFO stats')]),
    ]),
  );

  define('hits and misses of clients that waited', [
    'XADD s 1-0 f v\nXGROUP CREATE s g $\nCONFIG RESETSTAT',
    send('b> XREAD BLOCK 0 STREAMS s $'),
    blocked(1),
    send('c> XREADGROUP GROUP g c BLOCK 0 STREAMS s >'),
    blocked(2),
    'XADD s 2-0 f v',
    receive('b'),
    receive('c'),
    compared(lookups, 'INFO stats'),
    send('c> XREADGROUP GROUP g c BLOCK 0 STREAMS s >'),
    blocked(1),
    'DEL s',
    receive('c'),
    compared(lookups, 'INFO stats'),
  ]);

  define('DUMP and RESTORE', [
    ...grouped('s'),
    ...['yes', 'no'].flatMap((compressed) => [
      `CONFIG SET rdbcompression ${compressed}`,
      compared(payloads, 'DUMP s'),
      capture('dump', 'DUMP s'),
      'RESTORE t 0 $dump\nRESTORE t 0 $dump\nRESTORE t 100000 $dump REPLACE\nPERSIST t\nDEBUG DIGEST-VALUE s t',
      ...full('t'),
      compared(payloads, 'DUMP t'),
      'XADD t 13-0 f v\nXREADGROUP GROUP g a COUNT 1 STREAMS t >\nXREADGROUP GROUP h z STREAMS t >\nXACK t g 4-0',
      ...full('t'),
      'DEL t',
    ]),
    'XTRIM s MAXLEN 0',
    compared(payloads, 'DUMP s'),
    capture('dump', 'DUMP s'),
    'RESTORE empty 0 $dump\nXLEN empty\nXINFO STREAM empty\nXADD empty 12-0 f v\nXADD empty 12-1 f v',
    ...full('empty'),
    'XGROUP CREATE new g $ MKSTREAM\nDUMP new',
    capture('dump', 'DUMP new'),
    'RESTORE newer 0 $dump\nEXISTS newer\nXINFO STREAM newer\nXADD newer 0-1 f v\nDUMP newer',
    'CONFIG SET rdbcompression yes',
  ]);

  define('DUMP of many nodes and long values', [
    'CONFIG SET stream-node-max-entries 5',
    ...Array.from({ length: 120 }, (_, i) => {
      const fields =
        i % 7 === 0 ? ['g', `${i}`, 'h', `v${i % 3}`] : ['f', 'x'.repeat((i * 13) % 90)];
      return command('XADD', 's', `${1_700_000_000_000 + i * 37}-${i % 3}`, ...fields);
    }),
    'DUMP s\nXINFO STREAM s\nDEBUG DIGEST-VALUE s\nXTRIM s MAXLEN 77\nDUMP s\nXTRIM s MAXLEN ~ 50\nDUMP s',
    'CONFIG SET stream-node-max-entries 100\nCONFIG SET stream-node-max-bytes 0',
    ...Array.from({ length: 20 }, (_, i) =>
      command('XADD', 't', `${i + 1}-0`, 'field', `${'y'.repeat(3000)}${i}`),
    ),
    'DUMP t\nXINFO STREAM t',
    'DEBUG RELOAD\nDUMP t\nDUMP s\nXINFO STREAM s\nDEBUG DIGEST',
    'CONFIG SET stream-node-max-bytes 4096',
  ]);

  define('digests', [
    ...filled('s', 3),
    'DEBUG DIGEST-VALUE s\nXGROUP CREATE s g 0\nDEBUG DIGEST-VALUE s\nXREADGROUP GROUP g c STREAMS s >\nDEBUG DIGEST-VALUE s',
    'XADD s 4-0 f v\nDEBUG DIGEST-VALUE s\nXDEL s 4-0\nDEBUG DIGEST-VALUE s\nXSETID s 9-0\nDEBUG DIGEST-VALUE s',
    'XADD t 1-0 f 1\nXADD t 2-0 f 2\nXADD t 3-0 f 3\nDEBUG DIGEST-VALUE s t\nXGROUP CREATE e g 0 MKSTREAM\nDEBUG DIGEST-VALUE e',
    'XADD u 1-0 f 1 g 2\nXADD v 1-0 g 2 f 1\nXADD w 1-1 f 1 g 2\nXADD x 1-0 f 1 g 2\nXADD x 1-5 f 1\nDEBUG DIGEST-VALUE u v w x\nDEBUG DIGEST',
  ]);
});
