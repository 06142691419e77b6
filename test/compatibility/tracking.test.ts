// Client-side caching: what is tracked, who is told what is invalid, and when.

import { redact, transformed } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import {
  capture,
  closes,
  compared,
  framed,
  hangUp,
  hears,
  intended,
  raw,
  receive,
  type Script,
  send,
} from '../support/script.ts';

/** Only the flags and the redirection of a client's line, the latter as whether there is one. */
const trackingFields = transformed('tracking in client lines', (text) =>
  [...text.matchAll(/ flags=(\S+).* redir=(-?\d)/g)].map((match) => match.slice(1)).join(),
);

/** Only the figures of INFO that are about tracking. */
const trackingFigures = transformed('tracking in INFO', (text) =>
  [...text.matchAll(/tracking_\w+:\d+/g)].join(),
);

/** What differs from server to server: ids of clients, and what HELLO tells of the server. */
const withoutIds = redact(/^\d+\.\d+\.\d+$|^\d+$/);

const RESP3 = { protocols: [3] } as const;

compareWithRedis('client-side caching', (define) => {
  define('TRACKING: options that are wrong or do not go together', [
    String.raw`
      CLIENT TRACKING
      CLIENT TRACKING bogus
      CLIENT TRACKING bogus BCAST
      CLIENT TRACKING on bogus
      CLIENT TRACKING ON REDIRECT
      CLIENT TRACKING ON REDIRECT abc
      CLIENT TRACKING ON REDIRECT 1.5
      CLIENT TRACKING ON REDIRECT 99999999999999999999
      CLIENT TRACKING ON REDIRECT 0
      CLIENT TRACKING ON REDIRECT -1
      CLIENT TRACKING ON REDIRECT 999999
      CLIENT TRACKING OFF REDIRECT 999999
      CLIENT TRACKING OFF bogus
      CLIENT TRACKING ON PREFIX
      CLIENT TRACKING ON PREFIX a
      CLIENT TRACKING OFF PREFIX a
      CLIENT TRACKING ON OPTIN OPTOUT
      CLIENT TRACKING ON BCAST OPTIN
      CLIENT TRACKING ON OPTOUT BCAST
      CLIENT TRACKING ON BCAST OPTIN OPTOUT
      CLIENT TRACKING ON OPTIN OPTOUT PREFIX a
      CLIENT TRACKING ON BCAST PREFIX a PREFIX a
      CLIENT TRACKING ON BCAST PREFIX a PREFIX ab
      CLIENT TRACKING ON BCAST PREFIX ab PREFIX a PREFIX c
      CLIENT TRACKING ON BCAST PREFIX "" PREFIX c
      CLIENT TRACKING ON BCAST PREFIX "a\x00b" PREFIX "a\x00bc"
      CLIENT TRACKING ON BCAST PREFIX "a\r\nb" PREFIX "a\r\nb"
      CLIENT TRACKINGINFO
      CLIENT TRACKINGINFO x
      CLIENT GETREDIR
      CLIENT GETREDIR x
      CLIENT TRACKING OFF
      CLIENT TRACKING off
    `,
    capture('self', 'CLIENT ID'),
    capture('b', 'b> CLIENT ID'),
    'CLIENT TRACKING ON REDIRECT $b REDIRECT $b\nCLIENT TRACKING ON REDIRECT $b REDIRECT abc',
    'CLIENT TRACKING ON OPTIN REDIRECT $self PREFIX a\nCLIENT GETREDIR',
    // Redis reports the error and then turns tracking on all the same, with a second reply.
    intended(
      'tracking-prefix-overlap',
      /^-ERR Prefix 'c' overlaps with another provided prefix 'cd'\. /,
      'c> CLIENT TRACKING ON BCAST PREFIX a PREFIX b PREFIX c PREFIX cd',
    ),
    hangUp('c'),
  ]);

  define('TRACKING: how it can be changed, and TRACKINGINFO', [
    capture('b', 'b> CLIENT ID'),
    `
      CLIENT TRACKING on
      CLIENT TRACKINGINFO
      CLIENT GETREDIR
      CLIENT TRACKING ON BCAST
      CLIENT TRACKING ON BCAST OPTIN
      CLIENT TRACKING ON NOLOOP optin
      CLIENT TRACKINGINFO
      CLIENT TRACKING ON OPTOUT
      CLIENT TRACKING ON OPTIN OPTOUT
      CLIENT TRACKING ON BCAST OPTOUT
      CLIENT TRACKING ON
      CLIENT TRACKINGINFO
      CLIENT TRACKING ON OPTOUT
      CLIENT TRACKINGINFO
      CLIENT TRACKING ON OPTIN
      CLIENT TRACKING OFF BCAST PREFIX a OPTIN OPTOUT
      CLIENT TRACKINGINFO
      CLIENT TRACKING ON BCAST PREFIX b PREFIX a NOLOOP
      CLIENT TRACKINGINFO
      CLIENT TRACKING ON BCAST PREFIX c PREFIX ab
      CLIENT TRACKING ON BCAST PREFIX "" PREFIX d
      CLIENT TRACKING ON BCAST PREFIX a
      CLIENT TRACKING ON BCAST PREFIX c PREFIX "\\xff"
      CLIENT TRACKINGINFO
      CLIENT TRACKING ON BCAST
      CLIENT TRACKINGINFO
      CLIENT TRACKING ON BCAST PREFIX e
      CLIENT TRACKING ON
      CLIENT TRACKING OFF
      CLIENT TRACKING ON BCAST
      CLIENT TRACKINGINFO
      CLIENT TRACKING OFF
    `,
  ]);

  define('CACHING', [
    `
      CLIENT CACHING
      CLIENT CACHING YES
      CLIENT CACHING bogus
      CLIENT CACHING YES NO
      CLIENT TRACKING ON
      CLIENT CACHING YES
      CLIENT CACHING NO
      CLIENT CACHING bogus
      CLIENT TRACKING ON OPTIN
      CLIENT CACHING no
      CLIENT CACHING bogus
      CLIENT CACHING yes
      CLIENT TRACKINGINFO
      CLIENT GETNAME
      CLIENT CACHING
      CLIENT TRACKING ON OPTIN
      CLIENT TRACKINGINFO
      CLIENT bogus
      CLIENT TRACKINGINFO
      CLIENT CACHING yes
      CLIENT
      CLIENT TRACKINGINFO
      CLIENT CACHING yes
      GET
      CLIENT TRACKINGINFO
      CLIENT CACHING yes
      bogus
      CLIENT TRACKINGINFO
      CLIENT CACHING yes
      MULTI
      GET k
      CLIENT TRACKINGINFO
      EXEC
      CLIENT TRACKINGINFO
      CLIENT CACHING yes
      MULTI
      DISCARD
      CLIENT TRACKINGINFO
      MULTI
      CLIENT CACHING yes
      CLIENT TRACKINGINFO
      EXEC
      CLIENT TRACKINGINFO
      CLIENT CACHING yes
      CLIENT TRACKING OFF
      CLIENT TRACKING ON OPTOUT
      CLIENT CACHING NO
      CLIENT TRACKINGINFO
      CLIENT CACHING yes
      PING
      CLIENT TRACKINGINFO
    `,
  ]);

  define('CLIENT LIST and INFO', [
    compared(
      trackingFields,
      'CLIENT INFO\nCLIENT TRACKING ON\nCLIENT INFO\nCLIENT TRACKING OFF\nCLIENT INFO\nCLIENT TRACKING ON BCAST\nCLIENT INFO\nCLIENT TRACKING OFF',
    ),
    compared(withoutIds, 'b> HELLO 3'),
    'c> PING',
    capture('c', 'c> CLIENT ID'),
    'b> CLIENT TRACKING ON REDIRECT $c',
    closes('c> QUIT'),
    'b> GET k',
    compared(trackingFields, 'b> CLIENT INFO'),
    compared(trackingFigures, 'INFO clients\nINFO stats'),
    framed('b> SET k v', 2, withoutIds),
    compared(trackingFields, 'b> CLIENT INFO'),
    'b> CLIENT TRACKING OFF',
    compared(trackingFields, 'b> CLIENT INFO'),
    'd> CLIENT TRACKING ON\nd> MGET a b c\ne> CLIENT TRACKING ON\ne> MGET a b x\nf> CLIENT TRACKING ON BCAST PREFIX a PREFIX b',
    'g> CLIENT TRACKING ON BCAST PREFIX a',
    compared(
      trackingFigures,
      'INFO clients\nINFO stats\nd> MGET a b c\nINFO stats\nSET a 1\nINFO stats',
    ),
    'g> CLIENT TRACKING OFF',
    compared(trackingFigures, 'INFO clients\nINFO stats'),
    'f> RESET\nd> CLIENT TRACKING OFF',
    compared(trackingFigures, 'INFO clients\nINFO stats\nFLUSHALL\nINFO stats'),
  ]);

  const reads: readonly string[] = [
    'GET k',
    'MGET k k x',
    'EXISTS x k',
    'TTL k',
    'PTTL k',
    'EXPIRETIME k',
    'TYPE k',
    'OBJECT ENCODING k',
    'STRLEN k',
    'TOUCH k',
    'LCS x k',
    'GETRANGE k 0 1',
    'SUBSTR k 0 1',
  ];
  const others: readonly string[] = [
    'WATCH k',
    'UNWATCH',
    'RANDOMKEY',
    'DBSIZE',
    'GETEX k',
    'APPEND k x',
    'GETEX',
  ];
  define('which commands make a key tracked', [
    'SET k v\nCLIENT TRACKING ON',
    ...reads.flatMap((line): Script => [line, 'b> SET k v', hears('a')]),
    ...others.flatMap((line): Script => [line, 'b> SET k v']),
  ], RESP3);

  const writes: readonly string[] = [
    'SET k 1',
    'SET k 1 NX',
    'SET k 2 XX GET',
    'SET k 2 KEEPTTL',
    'SETRANGE k 3 abc',
    'SETRANGE k 0 ""',
    'APPEND k x',
    'INCR n',
    'INCRBYFLOAT n 1.5',
    'GETSET k 3',
    'EXPIRE k 1000',
    'EXPIRE k 100 XX',
    'EXPIRE nothing 100',
    'PERSIST k',
    'PERSIST k',
    'EXPIRE k -1',
    'SETEX k 10 v',
    'GETEX k',
    'GETEX k PERSIST',
    'GETDEL k',
    'GETDEL k',
    'MSET k 1 j 2 k 3',
    'UNLINK j k',
    'SETNX k 1',
    'MSETNX k 1 j 1',
    'MSETNX j 1 x 2',
    'COPY n k REPLACE',
    'RENAME k k',
    'RENAMENX k n',
    'RENAME k n',
    'RENAME n k',
    'MOVE k 1',
    'DEL k j n x',
  ];
  define('which commands invalidate which keys, in which order', [
    'CLIENT TRACKING ON',
    ...writes.flatMap(
      (line): Script => [
        'MGET k n j x',
        // Whatever the command told it comes before the reply of PING.
        `b> ${line}`,
        'PING',
      ],
    ),
    'FLUSHALL',
    hears('a'),
  ], RESP3);

  define('a key is told of once, until it is read again, whatever its database', [
    'CLIENT TRACKING ON\nGET k\nGET k\nb> SELECT 3\nb> SET k v',
    hears('a'),
    'b> SET k v\nSELECT 5\nGET k\nb> DEL k',
    hears('a'),
    'GET k\nb> SWAPDB 0 3\nb> SET k v',
    hears('a'),
  ], RESP3);

  define('one that ends tracking, or begins with prefixes, is not told of what it read', [
    'CLIENT TRACKING ON\nb> CLIENT TRACKING ON\nGET k\nCLIENT TRACKING OFF\nc> SET k v',
    'CLIENT TRACKING ON\nGET k\nCLIENT TRACKING OFF\nCLIENT TRACKING ON BCAST PREFIX x\nc> SET k v',
    'CLIENT TRACKING OFF\nCLIENT TRACKING ON\nGET k\nCLIENT TRACKING OFF\nCLIENT TRACKING ON\nc> SET k v',
    hears('a'),
    'GET k\nRESET',
    compared(withoutIds, 'HELLO 3'),
    'CLIENT TRACKINGINFO\nc> SET k v',
  ], RESP3);

  define('own changes are told after the reply, and after a whole transaction', [
    'CLIENT TRACKING ON\nGET k',
    framed('SET k v', 2),
    'MGET k j',
    framed('MSET j 1 k 2', 3),
    'MULTI\nGET k\nSET k 1\nGET k\nSET k 2\nGET j\nSET j 5',
    framed('EXEC', 4),
    'GET k\nMULTI\nSET k 3\nCLIENT TRACKING OFF',
    framed('EXEC', 2),
    'CLIENT TRACKING ON',
    raw('GET k\r\nSET k 1\r\nGET k\r\nSET k 2\r\nPING\r\n', 5),
    'GET k',
    framed('FLUSHALL', 2),
    'GET k\nGET k',
    framed('FLUSHDB', 2),
    'MULTI\nFLUSHALL\nSET k v\nGET k',
    framed('EXEC', 2),
  ], RESP3);

  define('a transaction that makes the first client track', [
    'SET k v\nMULTI\nCLIENT TRACKING ON\nGET k\nSET k w',
    framed('EXEC', 2),
    'CLIENT TRACKING OFF',
  ], RESP3);

  define('NOLOOP', [
    'CLIENT TRACKING ON NOLOOP\nGET k\nSET k v\nMULTI\nGET k\nSET k w\nEXEC\nGET k\nb> SET k x',
    hears('a'),
    // It is still told that everything is gone.
    framed('FLUSHALL', 2),
    'CLIENT TRACKING OFF\nCLIENT TRACKING ON BCAST NOLOOP',
    'SET k v\nMSET k 1 j 2\nb> SET k 5',
    hears('a'),
    raw('SET k 1\r\nSET j 1\r\n', 2),
    'RENAME k j\nCOPY j x\nMOVE x 1\nDEL j',
    // Who changed a key last counts.
    'MULTI\nSET k 1\nSET j 1\nEXEC\nb> SET j 2',
    hears('a'),
  ], RESP3);

  define('OPTIN and OPTOUT', [
    'CLIENT TRACKING ON OPTIN\nGET k\nCLIENT CACHING YES\nGET j\nGET x\nb> MSET k 1 j 1 x 1',
    hears('a'),
    'CLIENT CACHING YES\nMULTI\nGET k\nGET j\nEXEC\nGET x\nb> MSET k 1 j 1 x 1',
    hears('a', 2),
    'MULTI\nCLIENT CACHING YES\nGET k\nGET j\nEXEC\nGET x\nb> MSET k 1 j 1 x 1',
    hears('a', 2),
    'CLIENT CACHING YES\nPING\nGET k\nb> SET k 1',
    'CLIENT TRACKING OFF\nCLIENT TRACKING ON OPTOUT\nGET k\nCLIENT CACHING NO\nMGET j x\nGET y\nb> MSET k 1 j 1 x 1 y 1',
    hears('a', 2),
    // The option may go, and is forgotten then.
    'CLIENT CACHING NO\nCLIENT TRACKING ON\nGET k\nb> SET k 1',
    hears('a'),
  ], RESP3);

  define('CLIENT REPLY silences replies, and no invalidations', [
    'CLIENT TRACKING ON\nGET k',
    send('CLIENT REPLY OFF'),
    send('SET k v'),
    hears('a'),
    send('GET k'),
    'CLIENT REPLY ON',
    framed('SET k v', 2),
    'GET k',
    send('CLIENT REPLY SKIP'),
    send('SET k w'),
    hears('a'),
    'PING',
  ], RESP3);

  define('what a command invalidates whose reply is kept back comes before the next reply', [
    'CLIENT TRACKING on\nGET k\nGET j',
    {
      ...raw('CLIENT REPLY OFF\r\nSET k 1\r\nFLUSHALL\r\nCLIENT REPLY ON\r\nPING\r\n', 4),
      countPushes: true,
    },
    'GET k',
    { ...raw('CLIENT REPLY SKIP\r\nSET k 1\r\nPING\r\n', 2), countPushes: true },
  ], RESP3);

  define('BCAST: prefixes, once for all that happens together', [
    'CLIENT TRACKING ON BCAST PREFIX b PREFIX a',
    framed('SET a1 v', 2),
    framed('MSET b2 1 a2 1 c 1 b1 1 a 1 a2 3 "" x', 3),
    'SET c v\nGET a1\nDEL missing\nSET a1 v NX',
    'b> MULTI\nb> SET a1 v\nb> DEL b1\nb> SET a0 v\nb> EXEC',
    hears('a', 2),
    'c> CLIENT TRACKING ON BCAST\nc> CLIENT TRACKING ON BCAST',
    'b> SET a v',
    hears('a'),
    hears('c'),
    'b> SET x v',
    hears('c'),
    'b> FLUSHALL',
    hears('a'),
    hears('c'),
    'CLIENT TRACKING OFF\nb> SET a v',
    hears('c'),
    String.raw`d> CLIENT TRACKING ON BCAST PREFIX "\xff\x00" PREFIX "\xfe"`,
    String.raw`b> MSET "\xff\x00a" 1 "\xff" 2 "\xfe\r\n" 3`,
    hears('d', 2),
    hears('c'),
  ], RESP3);

  define('BCAST: a pipeline is answered first', [
    'CLIENT TRACKING ON BCAST',
    { ...raw('SET k 1\r\nSET b 1\r\nGET k\r\nDEL k\r\n', 5), countPushes: true },
    'CLIENT TRACKING OFF',
  ], RESP3);

  define('REDIRECT to a client that speaks RESP3', [
    compared(withoutIds, 'to> HELLO 3'),
    capture('to', 'to> CLIENT ID'),
    'CLIENT TRACKING ON REDIRECT $to\nGET k\nb> SET k v',
    hears('to'),
    'GET k\nSET k v',
    hears('to'),
    'GET k\nGET j',
    framed('to> SET k v', 2),
    'GET k',
    framed('to> GETSET k w', 2),
    'GET k',
    framed('to> MSET j 1 k 2', 3),
    'FLUSHALL',
    hears('to'),
    'CLIENT TRACKING OFF\nCLIENT TRACKING ON BCAST PREFIX k REDIRECT $to\nb> SET k 1',
    hears('to'),
    framed('to> SET k 1', 2),
  ]);

  define('REDIRECT to a client that is subscribed', [
    capture('sub', 'sub> CLIENT ID'),
    'CLIENT TRACKING ON REDIRECT $sub\nGET k\nb> SET k v\nGET k\nb> FLUSHALL',
    framed('sub> SUBSCRIBE __redis__:invalidate', 1),
    'GET k\nb> SET k v',
    hears('sub'),
    'GET k\nSET k w',
    hears('sub'),
    'MGET k j\nb> FLUSHALL',
    hears('sub'),
    'FLUSHDB',
    hears('sub'),
    framed('sub> UNSUBSCRIBE', 1),
    'GET k\nb> SET k v',
    // Any subscription will do.
    framed('sub> PSUBSCRIBE x*', 1),
    'GET k\nb> SET k w\nb> FLUSHALL',
    hears('sub', 2),
    'CLIENT TRACKING OFF\nCLIENT TRACKING ON BCAST PREFIX a PREFIX b REDIRECT $sub',
    'b> MSET a1 1 b1 1 a0 1',
    hears('sub', 2),
    'CLIENT TRACKING OFF\nCLIENT TRACKING ON BCAST',
    'b> SET k v\nPING',
    framed('sub> PUNSUBSCRIBE', 1),
  ], { protocols: [2] });

  define('REDIRECT from RESP3 to a subscriber in RESP2', [
    capture('sub', 'sub> CLIENT ID'),
    'sub> SUBSCRIBE x',
    compared(withoutIds, 'HELLO 3'),
    'CLIENT TRACKING ON REDIRECT $sub\nGET k\nb> SET k v',
    hears('sub'),
    'b> FLUSHALL',
    // The null in it is that of RESP3.
    hears('sub'),
  ], { protocols: [2] });

  define('a transaction of the client to which another one redirects', [
    compared(withoutIds, 'HELLO 3'),
    capture('self', 'CLIENT ID'),
    'b> CLIENT TRACKING ON REDIRECT $self\nb> GET k\nMULTI\nSET k v\nGET k',
    // Redis puts the message inside the reply, between the length of the array and its elements.
    intended('tracking-in-transactions', /^\*2\r\n\+OK\r\n\$1\r\nv\r\n$/, 'EXEC'),
    hangUp('a'),
  ]);

  define('REDIRECT to a client that is gone', [
    'b> PING',
    capture('b', 'b> CLIENT ID'),
    'CLIENT TRACKING ON REDIRECT $b',
    closes('b> QUIT'),
    'GET k\nCLIENT TRACKING ON REDIRECT $b',
    ...['c> SET k v', 'c> FLUSHALL'].flatMap(
      (line): Script => [
        line,
        hears('a', 1, withoutIds),
        compared(withoutIds, 'CLIENT TRACKINGINFO'),
        'GET k',
      ],
    ),
    'CLIENT TRACKING ON\nCLIENT TRACKINGINFO',
    // One that is being closed is gone already.
    'f> PING',
    capture('f', 'f> CLIENT ID'),
    'CLIENT TRACKING ON REDIRECT $f\nGET k\nc> MULTI\nc> CLIENT KILL ID $f\nc> SET k v\nc> EXEC',
    hears('a', 1, withoutIds),
    'd> PING',
    capture('d', 'd> CLIENT ID'),
    'e> CLIENT TRACKING ON BCAST REDIRECT $d',
    closes('d> QUIT'),
    'c> SET x y',
    hears('e', 1, withoutIds),
  ], RESP3);

  define('a client that leaves is forgotten', [
    'b> CLIENT TRACKING ON\nb> GET k\nc> CLIENT TRACKING ON BCAST PREFIX k\nd> CLIENT TRACKING ON',
    closes('b> QUIT'),
    closes('c> QUIT'),
    compared(trackingFigures, 'INFO clients\nINFO stats\nSET k v\nINFO stats'),
  ]);

  define('what was read is forgotten with the last client that tracks', [
    'CLIENT TRACKING ON\nGET k\nCLIENT TRACKING OFF',
    intended('tracking-last-client', /tracking_total_keys:0\r\n/, 'INFO stats'),
  ]);

  define('expiry', [
    'DEBUG SET-ACTIVE-EXPIRE 0\nCLIENT TRACKING ON\nb> CLIENT TRACKING ON BCAST NOLOOP',
    'c> SET k v PX 1',
    hears('b'),
    'c> SET j v PX 1000000',
    hears('b'),
    { ...receive('a', 0), pauseMs: 10, label: '(10 ms pass)' },
    framed('GET k', 1),
    hears('b'),
    // It tracks the key that it found missing.
    'c> SET k v PX 30',
    hears('a'),
    hears('b'),
    'GET k',
    { ...receive('a', 0), pauseMs: 40, label: '(40 ms pass)' },
    framed('GET k', 2),
    hears('b'),
    'GET k\nDEBUG SET-ACTIVE-EXPIRE 1\nc> SET k v PX 30',
    hears('a'),
    hears('b'),
    'GET k',
    hears('a'),
    hears('b'),
  ], RESP3);

  define('tracking-table-max-keys', [
    'CLIENT TRACKING ON\nCONFIG SET tracking-table-max-keys 2\nMGET a b c d e',
    hears('a', 3, redact(/^[a-e]$/)),
    compared(trackingFigures, 'INFO stats'),
    'CONFIG SET tracking-table-max-keys 0\nMGET a b c d e f g',
    compared(trackingFigures, 'INFO stats'),
    'CONFIG SET tracking-table-max-keys -1\nCONFIG GET tracking-table-max-keys',
    framed('FLUSHALL', 2),
    // The next command drops what is too much, and tells of it before its reply.
    {
      ...raw('CONFIG SET tracking-table-max-keys 1\r\nMGET a b\r\nPING\r\n', 4),
      countPushes: true,
      comparer: redact(/^[ab]$/),
    },
  ], RESP3);

  define('eviction is told of before the reply of the command that needed room', [
    'SET k v\nCLIENT TRACKING ON\nGET k\nCONFIG SET maxmemory-policy allkeys-random',
    { ...raw('CONFIG SET maxmemory 1\r\nGET k\r\n', 3), countPushes: true },
    'CONFIG SET maxmemory 0',
  ], RESP3);
});
