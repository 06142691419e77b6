// Clients that wait for sorted sets: BZPOPMIN, BZPOPMAX, BZMPOP. Each case is an order of events on several connections.
import { compareWithRedis } from '../support/comparison-suite.ts';
import { blocked, framed, hears, intended, receive, type Script, send } from '../support/script.ts';

/** Sends lines, one after another, each of which blocks its connection. */
function blocks(...lines: string[]): Script {
  return lines.flatMap((line, index) => [send(line), blocked(index + 1)]);
}

compareWithRedis('blocking on sorted sets', (define) => {
  define('finding something at once', [
    `
      ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g
      ZADD y 1.5 x
      BZPOPMIN z 0
      BZPOPMAX z 0
      BZPOPMIN none z y 0
      BZPOPMAX none y z 1.5
      EXISTS y
      BZMPOP 0 2 none z MIN
      BZMPOP 0.5 1 z MAX COUNT 2
      BZMPOP 0 1 z MIN COUNT 100
      EXISTS z
    `,
  ]);

  define('arguments', [
    `
      SET s string
      ZADD z 1 a
      BZPOPMIN
      BZPOPMIN z
      BZPOPMIN s x
      BZPOPMIN s -1
      BZPOPMIN s 0
      BZPOPMAX none s z 0
      BZMPOP 0 1
      BZMPOP x 0 z MIN
      BZMPOP x 1 z UP
      BZMPOP x 1 z MIN COUNT 0
      BZMPOP x 1 z MIN COUNT
      BZMPOP x 1 z MIN BONES 1
      BZMPOP x 1 z MIN COUNT 1 COUNT 1
      BZMPOP x 1 z MIN COUNT x
      BZMPOP x 1 z MIN
      BZMPOP -1 1 z MIN
      BZMPOP 0 2 z MIN
      BZMPOP 0 x z MIN
      BZMPOP 0 1 s MIN
      BZMPOP 0 2 none s MAX COUNT 3
      ZRANGE z 0 -1
      BZPOPMIN none 0.01
      BZPOPMAX none none2 0.001
      BZMPOP 0.01 2 none none2 MIN
    `,
  ]);

  define('served in the order of waiting', [
    ...blocks('b> BZPOPMIN k 0', 'c> BZPOPMAX k 0', 'd> BZPOPMIN j k 0'),
    'ZADD k 1 a 2 b 3 c 4 d',
    receive('b'),
    receive('c'),
    receive('d'),
    'ZRANGE k 0 -1 WITHSCORES',
  ]);

  define('what others write wakes as well', [
    'ZADD src 1 a 2 b 3 c',
    ...blocks('b> BZPOPMIN k 0'),
    'ZINCRBY k 2.5 x',
    receive('b'),
    'EXISTS k',
    ...blocks('b> BZPOPMIN k 0'),
    'ZUNIONSTORE k 1 src',
    receive('b'),
    'DEL k',
    ...blocks('b> BZPOPMAX k 0'),
    'ZRANGESTORE k src 0 1',
    receive('b'),
    'DEL k',
    ...blocks('b> BZPOPMAX k 0'),
    'COPY src k',
    receive('b'),
    'DEL k',
    ...blocks('b> BZPOPMIN k 0'),
    'RENAME src k',
    receive('b'),
    'ZRANGE k 0 -1',
  ]);

  for (const [wait, stores, size, pushes] of [
    ['BZPOPMIN k 0', 'ZUNIONSTORE k 1 src', 'ZCARD k', 'ZADD k 1 1'],
    ['BZPOPMIN k 0', 'ZRANGESTORE k src 0 -1', 'ZCARD k', 'ZADD k 1 1'],
    ['BLPOP k 0', 'SORT src STORE k', 'LLEN k', 'RPUSH k 1'],
  ]) {
    define(`what is stored over another type: ${stores}`, [
      'ZADD src 1 1 2 2',
      ...blocks(`b> ${wait}`),
      'SET k x',
      stores,
      intended('waits-overwritten', /^:1\r\n$/, size),
      // In Redis it is served only now, with the same.
      'DEL k',
      pushes,
      receive('b'),
    ]);
  }

  define('values of other types do not wake', [
    ...blocks('b> BZPOPMIN k 0', 'c> BLPOP k 0'),
    'SET k x',
    'DEL k',
    'RPUSH k 1',
    receive('c'),
    'ZADD k 1 a',
    receive('b'),
    ...blocks('b> BZPOPMIN k 0', 'c> BLPOP k 0'),
    'MULTI\nZADD k 1 a\nDEL k\nRPUSH k x\nEXEC',
    receive('c'),
    'ZADD k 1 a',
    receive('b'),
  ]);

  define('several at once, with BZMPOP', [
    ...blocks(
      'b> BZMPOP 0 2 k j MIN COUNT 2',
      'c> BZMPOP 0 1 k MAX COUNT 10',
      'd> BZMPOP 0 1 k MIN',
    ),
    'ZADD k 1 a 2 b 3 c 4 d',
    receive('b'),
    receive('c'),
    'ZADD k 5 e',
    receive('d'),
    'EXISTS k',
  ]);

  define('after a transaction, the key that was written first', [
    ...blocks('b> BZMPOP 0 2 z1 z2 MIN COUNT 10'),
    'MULTI\nZADD z2 1 a\nZADD z1 1 b\nDEL z2\nEXEC',
    receive('b'),
    ...blocks('b> BZPOPMIN z1 z2 0'),
    'MULTI\nZADD z2 1 a\nZADD z1 1 b\nEXEC',
    receive('b'),
    'ZRANGE z1 0 -1\nZRANGE z2 0 -1',
    'DEL z1 z2',
    ...blocks('b> BZPOPMIN z1 0'),
    'MULTI\nZADD z1 1 a\nZPOPMIN z1\nEXEC',
    'ZADD z1 2 b',
    receive('b'),
  ]);

  define('in a transaction nobody waits', [
    `
      MULTI
      BZPOPMIN none 0
      BZPOPMAX none 0
      BZMPOP 0 1 none MIN
      BZPOPMIN none x
      ZADD k 1 a 2 b
      BZPOPMIN k 0
      BZMPOP 0 2 none k MAX
      EXEC
    `,
  ]);

  define('events and modifications', [
    'CONFIG SET notify-keyspace-events KEA',
    framed('sub> PSUBSCRIBE __keyevent@0__:*', 1),
    ...blocks('b> BZPOPMIN k 0'),
    'ZADD k 1 a',
    receive('b'),
    ...[0, 1, 2].map(() => hears('sub')),
    'ZADD k 1 a 2 b',
    hears('sub'),
    'BZMPOP 0 1 k MAX COUNT 5',
    hears('sub'),
    hears('sub'),
    'CONFIG SET notify-keyspace-events ""',
    'WATCH k',
    ...blocks('b> BZPOPMIN k 0'),
    'c> ZADD k 1 a',
    receive('b'),
    'MULTI\nPING\nEXEC',
  ]);

  define('ended by others', [
    ...blocks('b> BZPOPMIN k 0', 'c> BZMPOP 0 1 k MIN'),
    'b2> PING',
    'CLIENT KILL ID 999999',
    'ZADD k 1 a',
    receive('b'),
    'ZADD k 1 b',
    receive('c'),
  ]);
});
