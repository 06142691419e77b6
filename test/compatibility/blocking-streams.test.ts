// Clients that wait for streams: XREAD BLOCK and XREADGROUP BLOCK. Each case is an order of events on several connections.
import { compareWithRedis } from '../support/comparison-suite.ts';
import {
  awaits,
  blocked,
  capture,
  compared,
  framed,
  hangUp,
  hearsUntil,
  receive,
  type Script,
  type Step,
  send,
} from '../support/script.ts';
import { nearTimes } from '../support/stream-replies.ts';

/** Sends lines, one after another, each of which blocks its connection. */
function blocks(...lines: string[]): Script {
  return lines.flatMap((line, index) => [send(line), blocked(index + 1)]);
}

/** All that there is to know of a stream and its groups. */
function state(key = 's'): Step[] {
  return compared(nearTimes, `XINFO STREAM ${key} FULL COUNT 0`);
}

/** Steps, and all events until then. */
function heard(...script: Script): Script {
  return [...script, 'PUBLISH __key__: marker', hearsUntil('sub', 'marker')];
}

const GROUP = 'XADD s 1-0 f v\nXGROUP CREATE s g $\nXGROUP CREATE s h $';

compareWithRedis('blocking on streams', (define) => {
  define('finding something at once, or errors', [
    GROUP,
    `
      XREAD BLOCK 0 STREAMS s 0
      XREAD BLOCK 0 STREAMS none s 0 0
      XREAD BLOCK 0 COUNT 1 STREAMS s s 0 0
      XADD s 2-0 f v
      XREADGROUP GROUP g c BLOCK 0 STREAMS s >
      XREADGROUP GROUP g c BLOCK 0 STREAMS s 0
      XREADGROUP GROUP g c BLOCK 0 STREAMS s 99
      XREADGROUP GROUP g c BLOCK 0 STREAMS s s > 0
      XREADGROUP GROUP missing c BLOCK 0 STREAMS s >
      XREADGROUP GROUP g c BLOCK 0 STREAMS none >
      XREADGROUP GROUP g c BLOCK 0 STREAMS s none > >
      SET k v
      XREAD BLOCK 0 STREAMS s k $ $
      XREADGROUP GROUP g c BLOCK 0 STREAMS s k > >
      XREAD BLOCK x STREAMS s $
      XREAD BLOCK -1 STREAMS s $
      XREAD BLOCK 0.5 STREAMS s $
      XREAD BLOCK 9223372036854775808 STREAMS s $
      XREADGROUP GROUP g c BLOCK x STREAMS s >
    `,
    state(),
  ]);

  define('the end of the time to wait', [
    GROUP,
    `
      XREAD BLOCK 1 STREAMS s $
      XREAD BLOCK 10 STREAMS none none2 0 0
      XREAD BLOCK 1 STREAMS s 99
      XREADGROUP GROUP g c BLOCK 1 STREAMS s >
      XREADGROUP GROUP g c NOACK BLOCK 10 COUNT 5 STREAMS s >
    `,
    state(),
    ...blocks(
      'b> XREAD BLOCK 1200 STREAMS s $',
      'c> XREADGROUP GROUP g c BLOCK 900 STREAMS s >',
      'd> XREAD BLOCK 1000 STREAMS none s $ $',
      'e> XREAD BLOCK 0 STREAMS s $',
    ),
    awaits('observer> INFO clients', /^clients_in_timeout_table:0\r/m),
    receive('b'),
    receive('c'),
    receive('d'),
    'XADD s 3-0 f v',
    receive('e'),
  ]);

  define('one entry wakes every reader', [
    ...blocks(
      'b> XREAD BLOCK 0 STREAMS s $',
      'c> XREAD BLOCK 0 STREAMS s 0',
      'd> XREAD BLOCK 0 COUNT 1 STREAMS none s 0 $',
      'e> XREAD BLOCK 0 STREAMS s 1-0',
    ),
    'XADD s 1-0 f v',
    receive('b'),
    receive('c'),
    receive('d'),
    blocked(1),
    'XADD s 1-1 g w',
    receive('e'),
    blocked(0),
    // Only what is behind the last one that there was when it began to wait.
    ...blocks('b> XREAD BLOCK 0 STREAMS s $', 'c> XREAD BLOCK 0 STREAMS s 5-5'),
    'XADD s 2-0 f v',
    receive('b'),
    'XADD s 5-5 f v',
    'XADD s 5-6 f v',
    receive('c'),
  ]);

  define('one entry wakes one consumer of a group', [
    GROUP,
    ...blocks(
      'b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >',
      'c> XREADGROUP GROUP g c BLOCK 0 STREAMS s >',
      'd> XREAD BLOCK 0 STREAMS s $',
      'e> XREADGROUP GROUP h e BLOCK 0 STREAMS s >',
      'f> XREADGROUP GROUP g f BLOCK 0 STREAMS s >',
      'h> XREADGROUP GROUP h h BLOCK 0 NOACK STREAMS s >',
    ),
    state(),
    'XADD s 2-0 f v',
    receive('b'),
    receive('d'),
    receive('e'),
    blocked(3),
    state(),
    'XADD s 3-0 f v',
    receive('c'),
    receive('h'),
    blocked(1),
    'XADD s 4-0 f v',
    receive('f'),
    state(),
    compared(nearTimes, 'XPENDING s g - + 10\nXPENDING s h - + 10\nXINFO CONSUMERS s g'),
  ]);

  define('several entries at once', [
    GROUP,
    ...blocks(
      'b> XREADGROUP GROUP g b COUNT 1 BLOCK 0 STREAMS s >',
      'c> XREADGROUP GROUP g c COUNT 2 BLOCK 0 STREAMS s >',
      'd> XREADGROUP GROUP g d BLOCK 0 STREAMS s >',
      'e> XREAD COUNT 2 BLOCK 0 STREAMS s $',
      'f> XREADGROUP GROUP g f BLOCK 0 STREAMS s >',
    ),
    'MULTI\nXADD s 2-0 f v\nXADD s 3-0 f v\nXADD s 4-0 f v\nXADD s 5-0 f v\nXADD s 6-0 f v\nEXEC',
    receive('b'),
    receive('c'),
    receive('d'),
    receive('e'),
    blocked(1),
    state(),
    'XADD s 7-0 f v',
    receive('f'),
    state(),
  ]);

  define('entries that are gone when others wake', [
    GROUP,
    ...blocks('b> XREAD BLOCK 0 STREAMS s $', 'c> XREADGROUP GROUP g c BLOCK 0 STREAMS s >'),
    'XADD s MAXLEN 0 2-0 f v',
    receive('b'),
    receive('c'),
    state(),
    ...blocks('b> XREAD BLOCK 0 STREAMS s $', 'c> XREADGROUP GROUP g c BLOCK 0 STREAMS s >'),
    'MULTI\nXADD s 3-0 f v\nXADD s 4-0 f v\nXDEL s 3-0\nEXEC',
    receive('b'),
    receive('c'),
    ...blocks('b> XREAD BLOCK 0 STREAMS s $', 'c> XREADGROUP GROUP g c BLOCK 0 STREAMS s >'),
    'MULTI\nXADD s 5-0 f v\nXDEL s 5-0\nEXEC',
    receive('b'),
    receive('c'),
    state(),
    ...blocks('b> XREAD BLOCK 0 STREAMS s $'),
    'XSETID s 9-0\nXDEL s 4-0\nXTRIM s MAXLEN 0',
    blocked(1),
    'XADD s 10-0 f v',
    receive('b'),
    ...blocks('b> XREAD BLOCK 0 STREAMS s $'),
    'MULTI\nXADD s 11-0 f v\nDEL s\nEXEC',
    blocked(1),
    'XADD s 12-0 f v',
    receive('b'),
  ]);

  define('a group that goes shows readers the id that XSETID has set', [
    GROUP,
    ...blocks('b> XREAD BLOCK 0 STREAMS s $', 'c> XREAD BLOCK 0 STREAMS s 50-0'),
    'XSETID s 9-0',
    blocked(2),
    'XGROUP DESTROY s none',
    blocked(2),
    'XGROUP DESTROY s g',
    receive('b'),
    blocked(1),
    'XADD s 51-0 f v',
    receive('c'),
  ]);

  define('of several streams, the one that was written or removed first', [
    'XADD s 1-0 f v',
    ...blocks('b> XREAD BLOCK 0 STREAMS t s $ $'),
    'MULTI\nUNLINK s\nXADD t 1-0 f v\nXADD s 2-0 f v\nEXEC',
    receive('b'),
    ...blocks('b> XREAD BLOCK 0 STREAMS t s $ $'),
    'MULTI\nSET s x\nXADD t 2-0 f v\nDEL s\nXADD s 3-0 f v\nEXEC',
    receive('b'),
  ]);

  define('several streams', [
    'XADD s 1-0 f v\nXGROUP CREATE s g $\nXGROUP CREATE t g $ MKSTREAM\nXGROUP CREATE u g $ MKSTREAM',
    ...blocks(
      'b> XREAD BLOCK 0 STREAMS s t u $ $ $',
      'c> XREADGROUP GROUP g c BLOCK 0 STREAMS s t > >',
      'd> XREADGROUP GROUP g d BLOCK 0 STREAMS u t > >',
      'e> XREAD BLOCK 0 STREAMS t t $ 5-0',
    ),
    'XADD u 1-0 f v',
    receive('b'),
    receive('d'),
    'XADD t 2-0 f v',
    receive('c'),
    receive('e'),
    ...blocks(
      'b> XREAD BLOCK 0 STREAMS s t $ $',
      'c> XREADGROUP GROUP g c BLOCK 0 STREAMS s t > >',
    ),
    'MULTI\nXADD t 3-0 f v\nXADD s 3-0 f v\nXADD t 4-0 f v\nEXEC',
    receive('b'),
    receive('c'),
    state('s'),
    state('t'),
    // The same stream twice: the last id counts.
    ...blocks('b> XREAD BLOCK 0 STREAMS s s 99 $', 'c> XREAD BLOCK 0 STREAMS s s $ 99'),
    'XADD s 5-0 f v\nXADD s 100-0 f v',
    receive('b'),
    receive('c'),
  ]);

  define('readers stay through all that happens to the key', [
    'XADD s 5-0 f v\nXADD other 9-0 f v',
    ...blocks('b> XREAD BLOCK 0 STREAMS s $'),
    `
      DEL s
      SET s x
      DEL s
      LPUSH s x
      XADD s 6-0 f v
      RENAME s away
      XGROUP CREATE s g 0 MKSTREAM
      XGROUP DESTROY s g
      FLUSHALL
    `,
    'XADD s 1-0 f v\nXADD s 5-0 f v',
    blocked(1),
    'XADD s 6-0 f v',
    receive('b'),
    // What is put there wakes them, if it has entries behind theirs.
    'DEL s\nXADD new 7-0 f v\nXADD old 2-0 f v',
    ...blocks('b> XREAD BLOCK 0 STREAMS s 6-0', 'c> XREAD BLOCK 0 STREAMS s 1-0'),
    'RENAME old s',
    receive('c'),
    'RENAME new s',
    receive('b'),
    'XADD new 8-0 f v',
    capture('dump', 'DUMP new'),
    ...blocks('b> XREAD BLOCK 0 STREAMS s $'),
    'COPY new s REPLACE',
    receive('b'),
    'DEL s\nXADD s 1-0 f v',
    ...blocks('b> XREAD BLOCK 0 STREAMS s $'),
    'RESTORE s 0 $dump REPLACE',
    receive('b'),
    'SELECT 1\nXADD s 20-0 f v\nSELECT 0',
    ...blocks('b> XREAD BLOCK 0 STREAMS s $'),
    'SWAPDB 0 1',
    receive('b'),
    'XADD m 30-0 f v',
    ...blocks('b> XREAD BLOCK 0 STREAMS n $'),
    'c> SELECT 1\nc> XADD n 5-0 f v\nc> MOVE n 0',
    receive('b'),
  ]);

  for (const [name, ...lines] of [
    ['DEL', 'DEL s'],
    ['UNLINK', 'UNLINK s'],
    ['SET', 'SET s x'],
    ['SET in a transaction', 'MULTI\nDEL s\nLPUSH s x\nEXEC'],
    ['RENAME away', 'RENAME s away'],
    ['MOVE', 'MOVE s 1'],
    ['FLUSHDB', 'FLUSHDB'],
    ['FLUSHALL', 'FLUSHALL ASYNC'],
    ['SWAPDB', 'SWAPDB 0 1'],
    ['SWAPDB, a string there', 'SELECT 1\nSET s x\nSELECT 0\nSWAPDB 0 1'],
    ['SWAPDB, another stream there', 'SELECT 1\nXADD s 1-1 f v\nSELECT 0\nSWAPDB 0 1'],
    ['expiry', 'PEXPIRE s 30'],
    ['an expiry that is over', 'PEXPIRE s -1'],
    [
      'eviction',
      'CONFIG SET maxmemory-policy allkeys-lru maxmemory 1\nPING\nEXISTS s\nXADD s 1-0 f v',
      'CONFIG SET maxmemory 0 maxmemory-policy noeviction',
    ],
    ['XGROUP DESTROY', 'XGROUP DESTROY s g'],
    ['a stream over it', 'XADD t 9-0 f v\nRENAME t s'],
    ['a stream with another group over it', 'XGROUP CREATE t h 0 MKSTREAM\nRENAME t s'],
    ['a set over it', 'SADD t x\nSUNIONSTORE s t'],
    ['a sorted set over it', 'ZADD t 1 x\nZUNIONSTORE s 1 t'],
    ['a list over it', 'RPUSH t 1\nSORT t STORE s'],
    ['deleted and made again', 'MULTI\nDEL s\nXADD s 1-1 f v\nEXEC'],
    [
      'deleted and made again, with another group',
      'MULTI\nDEL s\nXGROUP CREATE s h 0 MKSTREAM\nEXEC',
    ],
  ]) {
    define(`what a consumer that waits hears of: ${name}`, [
      'XGROUP CREATE s g $ MKSTREAM\nXGROUP CREATE s h $',
      ...blocks(
        'b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >',
        'c> XREADGROUP GROUP g c BLOCK 0 STREAMS s >',
      ),
      ...lines,
      receive('b'),
      receive('c'),
      blocked(0),
      'PING\nb> PING\nc> PING',
    ]);
  }

  define('a consumer that waits for several streams, one of which goes', [
    'XGROUP CREATE s g $ MKSTREAM\nXGROUP CREATE t g $ MKSTREAM',
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s t > >'),
    'DEL t',
    receive('b'),
    'XGROUP CREATE t g $ MKSTREAM',
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s t > >'),
    'XGROUP DESTROY t g',
    receive('b'),
    'XGROUP CREATE t g $',
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s t > >'),
    'MULTI\nXADD s 1-0 f v\nDEL t\nEXEC',
    receive('b'),
    'XGROUP CREATE t g $ MKSTREAM',
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s t > >'),
    'MULTI\nDEL t\nXADD s 2-0 f v\nEXEC',
    receive('b'),
    state('s'),
  ]);

  define('what leaves a consumer waiting, or serves it', [
    GROUP,
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >'),
    'MULTI\nDEL s\nXGROUP CREATE s g $ MKSTREAM\nEXEC',
    blocked(1),
    'MULTI\nXGROUP DESTROY s g\nXGROUP CREATE s g 0\nEXEC',
    blocked(1),
    'XGROUP CREATE s h 0\nXGROUP DESTROY s h\nXGROUP DELCONSUMER s g b\nXSETID s 5-0\nXGROUP SETID s g 5-0',
    blocked(1),
    'MULTI\nDEL s\nXGROUP CREATE s g $ MKSTREAM\nXADD s 1-1 f v\nEXEC',
    receive('b'),
    state(),
    // A group that is set back serves with the next entry alone.
    'XADD s 2-0 f v\nXGROUP SETID s g $',
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >'),
    'XGROUP SETID s g 0',
    blocked(1),
    'XADD s 3-0 f v',
    receive('b'),
    state(),
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >'),
    'XGROUP SETID s g 99-0\nXADD s 4-0 f v',
    blocked(1),
    'XADD s 100-0 f v',
    receive('b'),
    state(),
    'XGROUP CREATE t g 0 MKSTREAM\nXADD t 1-0 f v',
    capture('dump', 'DUMP t'),
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >'),
    'RESTORE s 0 $dump REPLACE',
    receive('b'),
    state(),
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >'),
    'COPY t s REPLACE',
    receive('b'),
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >'),
    'RENAME t s',
    receive('b'),
    state(),
    'SELECT 1\nXGROUP CREATE s g 0 MKSTREAM\nXADD s 1-0 f v\nSELECT 0',
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >'),
    'SWAPDB 0 1',
    receive('b'),
    state(),
    ...blocks('b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >'),
    'XGROUP DELCONSUMER s g b\nXADD s 2-0 f v',
    receive('b'),
    state(),
  ]);

  define('in a transaction nobody waits', [
    GROUP,
    `
      MULTI
      XREAD BLOCK 0 STREAMS s $
      XREAD BLOCK 0 STREAMS none 0
      XREADGROUP GROUP g c BLOCK 0 STREAMS s >
      XREADGROUP GROUP g c BLOCK 0 STREAMS none >
      XADD s 2-0 f v
      XREADGROUP GROUP g c BLOCK 0 STREAMS s >
      XREAD BLOCK 0 STREAMS s 1-0
      XREAD BLOCK x STREAMS s 1-0
      EXEC
    `,
    state(),
  ]);

  define('beside others that wait for the key', [
    ...blocks(
      'b> XREAD BLOCK 0 STREAMS k $',
      'c> BLPOP k 0',
      'd> BZPOPMIN k 0',
      'e> XREAD BLOCK 0 STREAMS k 0',
    ),
    'RPUSH k x',
    receive('c'),
    blocked(3),
    'ZADD k 1 x',
    receive('d'),
    'XADD k 1-0 f v',
    receive('b'),
    receive('e'),
    'DEL k',
    ...blocks('b> XREAD BLOCK 0 STREAMS k $', 'c> BLPOP k 0'),
    'MULTI\nXADD k 1-0 f v\nDEL k\nRPUSH k x\nEXEC',
    receive('c'),
    'XADD k 1-0 f v',
    receive('b'),
  ]);

  define('CLIENT UNBLOCK', [
    GROUP,
    capture('b', 'b> CLIENT ID'),
    capture('c', 'c> CLIENT ID'),
    ...[' TIMEOUT', ' ERROR', ''].flatMap((how) => [
      ...blocks('b> XREAD BLOCK 0 STREAMS s $', 'c> XREADGROUP GROUP g c BLOCK 5000 STREAMS s >'),
      `CLIENT UNBLOCK $b${how}\nCLIENT UNBLOCK $c${how}\nCLIENT UNBLOCK $b${how}`,
      receive('b'),
      receive('c'),
      'b> PING\nc> PING',
    ]),
    'XADD s 2-0 f v',
    state(),
  ]);

  define('clients that are gone', [
    GROUP,
    capture('c', 'c> CLIENT ID'),
    ...blocks(
      'b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >',
      'c> XREADGROUP GROUP g c BLOCK 0 STREAMS s >',
      'd> XREADGROUP GROUP g d BLOCK 0 STREAMS s >',
    ),
    hangUp('b'),
    blocked(2),
    'CLIENT KILL ID $c',
    receive('c', 'close'),
    blocked(1),
    'XADD s 2-0 f v',
    receive('d'),
    state(),
  ]);

  define('events', [
    GROUP,
    'CONFIG SET notify-keyspace-events KEA',
    framed('sub> PSUBSCRIBE __key*__:*', 1),
    ...heard(...blocks('b> XREADGROUP GROUP g new BLOCK 0 STREAMS s >')),
    ...heard('XADD s 2-0 f v', receive('b')),
    ...heard(...blocks('b> XREADGROUP GROUP g new BLOCK 0 STREAMS s >')),
    ...heard('XGROUP DELCONSUMER s g new\nXADD s 3-0 f v', receive('b')),
    ...heard(...blocks('b> XREADGROUP GROUP g new BLOCK 0 STREAMS s >'), 'DEL s', receive('b')),
    ...heard(...blocks('b> XREAD BLOCK 0 STREAMS s $'), 'XADD s MAXLEN 0 1-1 f v', receive('b')),
  ]);

  define('modifications of keys that are watched', [
    GROUP,
    'WATCH s',
    ...blocks('b> XREADGROUP GROUP g new BLOCK 0 STREAMS s >'),
    'MULTI\nPING\nEXEC\nWATCH s\nc> XADD s 4-0 f v',
    receive('b'),
    'MULTI\nPING\nEXEC\nWATCH s',
    ...blocks('b> XREAD BLOCK 0 STREAMS s $'),
    'MULTI\nXADD s 5-0 f v\nEXEC',
    receive('b'),
  ]);
});
