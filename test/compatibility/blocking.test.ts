// Clients that wait for keys: BLPOP, BRPOP, BLMOVE, BRPOPLPUSH, BLMPOP, CLIENT UNBLOCK. Each case
// is an order of events on several connections.

import { escaped, LIST_VALUES, payloadOf } from '../persistence/rdb/payloads.ts';
import { redact, shape, transformed } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import {
  awaits,
  blocked,
  capture,
  closes,
  compared,
  framed,
  hangUp,
  hears,
  intended,
  on,
  raw,
  receive,
  type Script,
  send,
} from '../support/script.ts';

/** Sends lines, one after another, each of which blocks its connection. */
function blocks(...lines: string[]): Script {
  return lines.flatMap((line, index) => [send(line), blocked(index + 1)]);
}

const LIST = escaped(payloadOf(LIST_VALUES[0].value));

/** Times that the argument `timeout` may be. */
const TIMEOUTS = [
  ...['x', '""', '-1', '-0.001', '-0.0009', '-1e30', '0x', '1 '],
  ...['-inf', 'nan', '1e5000', '1e-5000', '" 1"', '1x', '1e'],
];
/** Those that would end later than 64 bits tell. */
const FAR_TIMEOUTS = ['1e16', '1e20', '9223372036854776', 'inf', '+inf', 'infinity', '1e4932'];

compareWithRedis('blocking', (define) => {
  define('finding something at once', [
    `
      RPUSH k 1 2 3 4 5 6
      RPUSH j a
      BLPOP k 0
      BRPOP k 0
      BLPOP none k j 0
      BRPOP none j k 0
      EXISTS j
      BLMOVE k t LEFT RIGHT 0
      BLMOVE k t right left 1.5
      BRPOPLPUSH k t 0
      LRANGE t 0 -1
      BRPOPLPUSH t t 0
      BLMOVE t t LEFT RIGHT 0
      BLMPOP 0 2 none t LEFT COUNT 2
      BLMPOP 0.5 1 t RIGHT
      EXISTS t
    `,
  ]);

  define('arguments', [
    `
      SET s string
      RPUSH l 1
      BLPOP
      BLPOP k
      BLPOP s x
      BLPOP s -1
      BLPOP s 0
      BLPOP none s l 0
      BRPOP none s l 0
      BLMOVE s l LEFT RIGHT 0
      BLMOVE l s LEFT RIGHT 0
      BLMOVE l s UP RIGHT x
      BLMOVE l s LEFT DOWN -1
      BLMOVE l s LEFT LEFT x
      BLMOVE none s LEFT LEFT -1
      BLMOVE l d LEFT LEFT
      BRPOPLPUSH s l 0
      BRPOPLPUSH l s 0
      BRPOPLPUSH l s x
      BRPOPLPUSH l
      BLMPOP 0 1
      BLMPOP x 0 k LEFT
      BLMPOP x 1 k UP
      BLMPOP x 1 k LEFT COUNT 0
      BLMPOP x 1 k LEFT COUNT
      BLMPOP x 1 k LEFT BONES 1
      BLMPOP x 1 k LEFT COUNT 1 COUNT 1
      BLMPOP x 1 k LEFT COUNT x
      BLMPOP -1 1 k LEFT
      BLMPOP 0 2 k LEFT
      BLMPOP 0 x k LEFT
      BLMPOP 0 9999999 k LEFT
      BLMPOP 0 1 s LEFT
      BLMPOP 0 2 none s LEFT COUNT 3
      LRANGE l 0 -1
    `,
    ...TIMEOUTS.map((timeout) => `BLPOP s ${timeout}`),
    ...TIMEOUTS.map((timeout) => `BLMOVE s s LEFT LEFT ${timeout}`),
    ...FAR_TIMEOUTS.flatMap((timeout) =>
      [`BLPOP s ${timeout}`, `BLMOVE s s LEFT LEFT ${timeout}`].map((line) =>
        intended('far-timeouts', /^-ERR timeout is out of range\r\n$/, line),
      ),
    ),
  ]);

  define('the end of the time to wait', [
    `
      BLPOP none 0.01
      BRPOP none none2 0.001
      BLMOVE none t LEFT RIGHT 0.0001
      BRPOPLPUSH none t 1e-9
      BLMPOP 0.01 2 none none2 LEFT
      BLPOP none 0x0.01
      BLPOP none 1e-4900
      PING
    `,
    ...blocks('b> BLPOP k 0.3', 'c> BLPOP k 0.1', 'd> BLPOP k j 0.2', 'e> BLPOP k 0'),
    awaits('observer> INFO clients', /^clients_in_timeout_table:0\r/m),
    receive('b'),
    receive('c'),
    receive('d'),
    'RPUSH k 1 2',
    receive('e'),
    'LRANGE k 0 -1',
  ]);

  define('in a transaction nobody waits', [
    `
      MULTI
      BLPOP none 0
      BRPOP none 0
      BLMOVE none t LEFT LEFT 0
      BRPOPLPUSH none t 0
      BLMPOP 0 1 none LEFT
      BLPOP none x
      RPUSH k a
      BLPOP k 0
      EXEC
    `,
  ]);

  define('those who wait longest are served first', [
    ...blocks('b> BLPOP k 0', 'c> BRPOP k 0', 'd> BLPOP k 100', 'e> BLMPOP 0 1 k RIGHT COUNT 10'),
    `
      RPUSH k 1
      RPUSH k 2 3
    `,
    receive('b'),
    receive('c'),
    receive('d'),
    blocked(1),
    'LPUSH k 1 2 3 4',
    receive('e'),
    'EXISTS k',
    ...blocks('b> BLPOP k 0', 'e> BLPOP k 0'),
    'LPUSH k a b c',
    receive('e'),
    receive('b'),
    'LRANGE k 0 -1',
  ]);

  define('several keys', [
    ...blocks('b> BLPOP x y z 0', 'c> BRPOP z y x 0', 'd> BLMPOP 0 3 x x y LEFT', 'e> BLPOP x x 0'),
    'RPUSH y 1',
    receive('b'),
    'MULTI\nRPUSH x 2\nRPUSH z 3\nRPUSH y 4\nEXEC',
    receive('c'),
    receive('d'),
    blocked(1),
    'LRANGE x 0 -1\nLRANGE y 0 -1\nLRANGE z 0 -1',
    'RPUSH x 5',
    receive('e'),
    'KEYS *',
  ]);

  define('several databases', [
    'b> SELECT 1\nc> SELECT 2',
    ...blocks('b> BLPOP k 0', 'c> BLPOP k 0', 'd> BLPOP k 0'),
    'SELECT 2\nRPUSH k two',
    receive('c'),
    blocked(2),
    'SELECT 1\nRPUSH k one',
    receive('b'),
    'SELECT 0\nRPUSH k zero',
    receive('d'),
  ]);

  define('a transaction is over before anybody is served', [
    ...blocks('b> BLPOP k 0', 'c> BLPOP j 0', 'd> BRPOP k 0'),
    'MULTI\nRPUSH k a\nDEL k\nEXEC',
    blocked(3),
    'MULTI\nRPUSH k a\nDEL k\nSET k string\nEXEC',
    blocked(3),
    'DEL k',
    'MULTI\nRPUSH j 1\nRPUSH k 2\nLPUSH j 3\nRPUSH k 4 5\nLRANGE k 0 -1\nEXEC',
    receive('b'),
    receive('c'),
    receive('d'),
    'LRANGE k 0 -1\nLRANGE j 0 -1',
  ]);

  for (const [how, before, lines] of [
    ['RENAME', 'RPUSH l 1 2', 'RENAME l k'],
    ['RENAMENX', 'RPUSH l 1 2', 'RENAMENX l k'],
    ['RENAME over another type', 'RPUSH l 1 2\nSET k v', 'RENAME l k'],
    ['COPY', 'RPUSH l 1 2', 'COPY l k'],
    ['COPY REPLACE', 'RPUSH l 1 2\nSET k v', 'COPY l k REPLACE'],
    ['MOVE', 'SELECT 1\nRPUSH k 1 2', 'MOVE k 0'],
    ['COPY from a database', 'SELECT 1\nRPUSH l 1 2', 'COPY l k DB 0'],
    ['SWAPDB', 'SELECT 1\nRPUSH k 1 2\nRPUSH other 1', 'SWAPDB 0 1'],
    ['SWAPDB the other way', 'SELECT 1\nRPUSH k 1 2', 'SWAPDB 1 0'],
    ['RPOPLPUSH', 'RPUSH l 1 2', 'RPOPLPUSH l k'],
    ['LMOVE', 'RPUSH l 1 2', 'LMOVE l k LEFT RIGHT'],
    ['LINSERT and LPUSHX need a list', 'SET x 1', 'LPUSHX k 1\nLINSERT k BEFORE a b\nRPUSH k 1 2'],
    ['RESTORE', 'SET x 1', `RESTORE k 0 "${LIST}"`],
    ['a list in chunks', 'SET x 1', `RPUSH k ${'e'.repeat(9000)} 2`],
  ] as const) {
    const waits = how.startsWith('RENAME over') || how === 'COPY REPLACE' ? [] : [before];
    define(`what makes a key ready: ${how}`, [
      ...waits,
      ...blocks('b> BLPOP k 0'),
      // A client cannot wait for a key that is something else: it becomes that meanwhile.
      ...(waits.length === 0 ? [before] : []),
      lines,
      receive('b'),
      'observer> SELECT 0\nobserver> LRANGE k 0 -1\nobserver> EXISTS l',
    ]);
  }

  define('keys of other types, and keys that go, leave waiting', [
    ...blocks('b> BLPOP k 0', 'c> BLMOVE k t LEFT RIGHT 0'),
    `
      SET k string
      APPEND k x
      DEL k
      UNLINK k
      FLUSHDB
      FLUSHALL
      SWAPDB 0 1
      SWAPDB 0 2
      RPUSHX k 1
      SET t string
      RPUSH k 1
    `,
    receive('b'),
    blocked(1),
    'RPUSH k 2',
    receive('c'),
    'LRANGE k 0 -1\nGET t',
  ]);

  define('moving chains', [
    ...blocks('b> BLMOVE x y LEFT RIGHT 0', 'c> BLMOVE y z LEFT RIGHT 0', 'd> BRPOPLPUSH z x 0'),
    'RPUSH x 1',
    receive('b'),
    receive('c'),
    receive('d'),
    'LRANGE x 0 -1\nKEYS *\nDEL x',
    ...blocks('b> BLMOVE x y LEFT RIGHT 0', 'c> BLPOP y 0', 'd> BLPOP x 0', 'e> BLPOP y 0'),
    'RPUSH x 1 2 3',
    receive('b'),
    receive('c'),
    receive('d'),
    'LRANGE x 0 -1',
    'RPUSH y 4',
    receive('e'),
    ...blocks('b> BLMOVE k k LEFT RIGHT 0', 'c> BLMOVE k k LEFT RIGHT 0', 'd> BLPOP k 0'),
    'RPUSH k 1 2 3',
    receive('b'),
    receive('c'),
    receive('d'),
    'LRANGE k 0 -1',
  ]);

  define('the target of a move is no list', [
    'SET s string',
    ...blocks('b> BLMOVE k s LEFT RIGHT 0', 'c> BRPOPLPUSH k s 0', 'd> BLPOP k 0'),
    'RPUSH k 1',
    receive('b'),
    receive('c'),
    receive('d'),
    'EXISTS k\nGET s',
  ]);

  define('requests behind one that waits', [
    send('b> BLPOP k 0'),
    send('b> SET after 1'),
    send('b> BLPOP k j 0'),
    send('b> GET after'),
    send('b> PING'),
    blocked(1),
    'GET after\nRPUSH k 1',
    receive('b'),
    awaits('observer> GET after', /1/),
    receive('b'),
    blocked(1),
    'RPUSH j 2',
    receive('b', 3),
    on('b', raw('BLPOP k 0\r\nQUIT\r\n', 0)),
    blocked(1),
    'RPUSH k 1 2',
    receive('b', 'close'),
    'LRANGE k 0 -1',
  ]);

  define('RESET behind one that waits', [
    send('b> BLPOP k 0'),
    send('b> RESET'),
    blocked(1),
    'RPUSH k 1',
    receive('b', 2),
  ]);

  define('unblocked by others', [
    capture('b', 'b> CLIENT ID'),
    capture('c', 'c> CLIENT ID'),
    capture('a', 'CLIENT ID'),
    ...blocks('b> BLPOP k 0', 'c> BLMOVE k t LEFT RIGHT 100'),
    `
      CLIENT UNBLOCK $b
      CLIENT UNBLOCK $b
      CLIENT UNBLOCK $c ERROR
      CLIENT UNBLOCK $c TIMEOUT
      CLIENT UNBLOCK $a
      CLIENT UNBLOCK 999999
      CLIENT UNBLOCK $c HOW
      CLIENT UNBLOCK x
      CLIENT UNBLOCK -1
      CLIENT UNBLOCK $c ERROR ERROR
    `,
    receive('b'),
    receive('c'),
    ...blocks('b> BRPOPLPUSH k t 0', 'c> BLMPOP 0 1 k LEFT'),
    'MULTI\nCLIENT UNBLOCK $b error\nRPUSH k 1\nCLIENT UNBLOCK $c timeout\nEXEC',
    receive('b'),
    receive('c'),
    'LRANGE k 0 -1',
  ]);

  define('those who are gone get nothing', [
    ...blocks('b> BLPOP k 0', 'c> BLPOP k 0', 'd> BLPOP k 0'),
    hangUp('c'),
    blocked(2),
    'RPUSH k 1 2 3',
    receive('b'),
    receive('d'),
    'LRANGE k 0 -1\nDEL k',
    capture('b', 'b> CLIENT ID'),
    ...blocks('b> BLPOP k 0', 'd> BLPOP k 0'),
    'MULTI\nRPUSH k 1\nCLIENT KILL ID $b\nEXEC',
    receive('b', 'close'),
    receive('d'),
    'EXISTS k',
  ]);

  define('CLIENT REPLY', [
    send('b> CLIENT REPLY SKIP'),
    send('b> BLPOP k 0'),
    blocked(1),
    'RPUSH k 1',
    'b> PING',
    send('b> CLIENT REPLY OFF'),
    send('b> BLPOP k 0'),
    blocked(1),
    'RPUSH k 2',
    'b> CLIENT REPLY ON',
    send('b> CLIENT REPLY SKIP'),
    send('b> BLPOP k 0.01'),
    'b> PING',
    'EXISTS k',
  ]);

  define('CLIENT PAUSE', [
    ...blocks('b> BLPOP k 0.1', 'c> BLPOP k 0'),
    'CLIENT PAUSE 10000 WRITE',
    receive('b'),
    'CLIENT UNPAUSE\nMULTI\nRPUSH k 1\nCLIENT PAUSE 10000 WRITE\nEXEC',
    receive('c'),
    'CLIENT UNPAUSE',
  ]);

  define('CLIENT PAUSE has those wait whom it holds', [
    'b> PING\nCLIENT PAUSE 10000 WRITE',
    send('b> RPUSH k 1'),
    blocked(1),
    'CLIENT UNPAUSE',
    receive('b'),
    blocked(0),
  ]);

  define('WATCH', [
    'w> WATCH k t',
    ...blocks('b> BLPOP k 0'),
    'RPUSH k 1',
    receive('b'),
    'w> MULTI\nw> PING\nw> EXEC\nw> WATCH t',
    ...blocks('b> BLMOVE k t LEFT LEFT 0'),
    'RPUSH k 1',
    receive('b'),
    'w> MULTI\nw> PING\nw> EXEC',
  ]);

  define('what is told of those who wait', [
    capture('b', 'b> CLIENT ID'),
    capture('c', 'c> CLIENT ID'),
    ...blocks('b> BLPOP k 0', 'c> BRPOP k 100'),
    compared(
      transformed('flags', (text) =>
        text.replace(/^.*( flags=\w+ db=\d+).*( cmd=\S+).*$/gm, '$1$2'),
      ),
      'CLIENT LIST ID $b $c',
    ),
    compared(
      redact(/(connected_clients|client_recent_max_\w+|cluster_connections|maxclients):\d+/),
      'INFO clients',
    ),
    'CONFIG RESETSTAT',
    'RPUSH k 1 2 3',
    receive('b'),
    receive('c'),
    ...blocks('b> BLMOVE none k LEFT LEFT 0'),
    'SET s 1\nRENAME s none',
    'DEL none',
    'RENAME k none',
    receive('b'),
    capture('b', 'b> CLIENT ID'),
    ...blocks('b> BLPOP empty 0'),
    'CLIENT UNBLOCK $b',
    receive('b'),
    ...blocks('b> BRPOP empty 0'),
    'CLIENT UNBLOCK $b ERROR',
    receive('b'),
    ...['blpop', 'brpop', 'blmove'].map((name) =>
      compared(
        transformed('counts', (text) =>
          [...text.matchAll(new RegExp(`cmdstat_${name}:calls=(\\d+).*failed_calls=(\\d+)`, 'g'))]
            .map(([, calls, failed]) => `${name} ${calls} ${failed}`)
            .join(),
        ),
        'INFO commandstats',
      ),
    ),
    compared(redact(/_\w+_\d+/), 'INFO errorstats'),
  ]);

  define('the slow log gets a command when it is served', [
    'b> PING',
    'CONFIG SET slowlog-log-slower-than 0\nSLOWLOG RESET',
    send('b> BLPOP k 0'),
    blocked(1),
    'RPUSH k 1',
    receive('b'),
    'CONFIG SET slowlog-log-slower-than -1',
    compared(
      transformed('commands', (text) => (/^[A-Za-z]+$/.test(text) ? text : '')),
      'SLOWLOG GET 3',
    ),
  ]);

  define('client-side caching', [
    ...blocks('b> BLMOVE k t LEFT LEFT 0'),
    compared(shape, 'c> HELLO 3\nd> HELLO 3'),
    'c> CLIENT TRACKING ON\nc> EXISTS k t',
    'RPUSH k 1',
    receive('b'),
    hears('c', 2),
    ...blocks('b> BLPOP k 0'),
    'd> CLIENT TRACKING ON BCAST',
    send('d> BLMOVE x y LEFT LEFT 0'),
    blocked(2),
    'RPUSH x 1',
    hears('d', 2),
    'd> CLIENT TRACKING OFF\nd> CLIENT TRACKING ON BCAST NOLOOP',
    send('d> BLMOVE x y LEFT LEFT 0'),
    blocked(2),
    'RPUSH x 1',
    hears('d', 2),
    'RPUSH k 1',
    receive('b'),
    hears('d'),
  ]);

  define('messages about what one is served come with its reply', [
    'CONFIG SET notify-keyspace-events KElg',
    framed('b> PSUBSCRIBE *', 1),
    send('b> BLPOP k 0'),
    blocked(1),
    'RPUSH k 1',
    // Two messages for each of the three events, and the reply.
    hears('b', 7),
    send('b> BLMOVE k t LEFT LEFT 0'),
    blocked(1),
    'RPUSH k 1 2',
    hears('b', 7),
    'DEL k',
    hears('b', 2),
    send('b> BLMPOP 0 1 k LEFT'),
    blocked(1),
    'RPUSH k 1',
    hears('b', 7),
  ], { protocols: [3] });

  define('MONITOR shows a command when it was sent', [
    'b> PING\na> PING\nm> MONITOR',
    send('b> BLPOP k 0'),
    hears('m', 1, redact(/^.*\[.*?\]/)),
    'RPUSH k 1',
    hears('m', 1, redact(/^.*\[.*?\]/)),
    receive('b'),
    closes('m> QUIT'),
  ]);
});
