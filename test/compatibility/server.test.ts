// Commands about the server itself: clocks, MONITOR, SLOWLOG, LATENCY, MEMORY, DEBUG, SHUTDOWN.

import { anyOfType, redact, shape, transformed } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { fieldOf, itemsOf, type Reply, textOf } from '../support/reply-frames.ts';
import { closes, command, compared, intended, receive, send, sleep } from '../support/script.ts';

/** A line of MONITOR without its time and the client's address. */
const monitorLine = transformed('monitor lines', (text) =>
  text.replace(/^\d{10}\.\d{6} \[(\d+) (?:127\.0\.0\.1|unix):\S+\]/, 'TIME [$1 ADDRESS]'),
);

/** Slow log entries without ids, times and addresses. */
const slowEntries = redact(/^\d+$|^127\.0\.0\.1:\d+$/);

const numbers = redact(/\d+/);

compareWithRedis('server', (define) => {
  define('TIME, ROLE, LASTSAVE, LOLWUT', [
    compared(shape, 'TIME'),
    'TIME x\nROLE\nROLE x',
    compared(anyOfType, 'LOLWUT\nLOLWUT VERSION 5\nLOLWUT version 6 1 2\nLOLWUT VERSION 999'),
    'LOLWUT VERSION abc',
  ]);

  define('MONITOR', [
    'm> MONITOR',
    String.raw`
      SET k v
      get k
      GET missing
      SET "a b" "\x00\xff\n\r\t\"\\'"
      SELECT 3
      SET k w
      SELECT 0
      bogus x
      GET
      CONFIG GET maxmemory
      ECHO ""
      AUTH x
      PING
      MULTI
      INCR n
      INCR n
      EXEC
      MULTI
      DISCARD
      WATCH k
      UNWATCH
      DEBUG SLEEP 0
      CLIENT SETNAME me
      OBJECT ENCODING k
      MULTI
      bogus
      EXEC
      ECHO last
    `,
    receive('m', 23, monitorLine),
    closes('m> QUIT'),
    'n> MONITOR\nPING',
    receive('n', 1, monitorLine),
    'n> RESET\nPING\nn> GET k\nn> MONITOR x',
    // An EXEC that is refused is shown, unlike other commands: monitors saw its MULTI.
    'm2> MONITOR\nMULTI\nEXEC now\nEXEC now\nDISCARD now\nMULTI now\nECHO end',
    receive('m2', 4, monitorLine),
    'm2> EXEC now',
    receive('m2', 1, monitorLine),
    'm2> RESET',
    // The lines are kept back as replies are.
    'm3> MONITOR',
    send('m3> CLIENT REPLY OFF'),
    sleep(50),
    'PING',
    send('m3> ECHO hidden'),
    sleep(50),
    'PING',
    'm3> CLIENT REPLY ON',
    receive('m3', 1, monitorLine),
    send('m3> CLIENT REPLY SKIP'),
    receive('m3', 1, monitorLine),
    'ECHO hidden',
    send('m3> ECHO hidden'),
    sleep(50),
    'ECHO seen',
    receive('m3', 1, monitorLine),
    'm3> RESET',
  ], { protocols: [2] });

  define('MONITOR and CLIENT REPLY', [
    'm> MONITOR',
    send('m> CLIENT REPLY SKIP'),
    receive('m', 1, monitorLine),
    // Nothing from here on until its next command is over, not even that.
    'PING a',
    send('m> ECHO b'),
    sleep(50),
    'PING c',
    receive('m', 1, monitorLine),
    send('m> CLIENT REPLY OFF'),
    'PING d',
    send('m> PING e'),
    sleep(50),
    'PING f',
    'm> CLIENT REPLY ON',
    receive('m', 1, monitorLine),
    'PING g',
    receive('m', 1, monitorLine),
  ], { protocols: [2] });

  define('SLOWLOG', [
    `
      CONFIG SET slowlog-log-slower-than -1
      SLOWLOG RESET
      SLOWLOG LEN
      SLOWLOG GET
      SLOWLOG GET 5
      CLIENT SETNAME me
      CONFIG SET slowlog-log-slower-than 0
      SET k v
      get k
      SLOWLOG LEN
    `,
    compared(
      slowEntries,
      'SLOWLOG GET\nSLOWLOG GET 2\nSLOWLOG GET -1\nSLOWLOG GET 0\nSLOWLOG GET 1000',
    ),
    'SLOWLOG RESET',
    command('MSET', ...Array.from({ length: 80 }, (_, index) => `item${index}`)),
    command('MGET', ...Array.from({ length: 31 }, (_, index) => `item${index}`)),
    command('MGET', ...Array.from({ length: 32 }, (_, index) => `item${index}`)),
    command('SET', 'long', 'x'.repeat(128)),
    command('SET', 'long', 'x'.repeat(129)),
    command('SET', 'long', 'x'.repeat(1_000)),
    String.raw`
      AUTH secret
      AUTH default secret
      CONFIG SET hz 10
      CONFIG SET masterauth secret
      CONFIG SET masterauth ""
      HELLO 3 AUTH default
      SET "\x00" "\xff"
      bogus
      GET
      MULTI
      SET k v
      EXEC
      INCR long
      SLOWLOG LEN
    `,
    compared(slowEntries, 'SLOWLOG GET 100'),
    'CONFIG SET slowlog-log-slower-than 1000000\nSLOWLOG LEN\nCONFIG SET slowlog-max-len 2\nSLOWLOG LEN',
    'CONFIG SET slowlog-log-slower-than 0\nPING\nSLOWLOG LEN',
    compared(slowEntries, 'SLOWLOG GET'),
    `
      CONFIG SET slowlog-log-slower-than -1
      SLOWLOG RESET
      SLOWLOG GET -2
      SLOWLOG GET abc
      SLOWLOG GET 1 2
      SLOWLOG LEN x
      SLOWLOG RESET x
      SLOWLOG bogus
      SLOWLOG
      SLOWLOG HELP
      CONFIG SET slowlog-max-len 128 slowlog-log-slower-than 10000
    `,
  ]);

  define('LATENCY', [
    `
      LATENCY RESET
      LATENCY LATEST
      LATENCY HISTORY command
      LATENCY HISTORY bogus
      LATENCY GRAPH command
      LATENCY RESET command
      LATENCY HELP
      LATENCY
      LATENCY bogus
      LATENCY LATEST x
      LATENCY HISTORY
      LATENCY HISTORY a b
      LATENCY GRAPH
      LATENCY DOCTOR x
      CONFIG SET latency-monitor-threshold 20
      DEBUG SLEEP 0.03
      DEBUG SLEEP 0.03
      PING
    `,
    compared(numbers, 'LATENCY LATEST\nLATENCY latest'),
    compared(shape, 'LATENCY HISTORY command'),
    compared(anyOfType, 'LATENCY GRAPH command\nLATENCY DOCTOR'),
    `
      LATENCY HISTORY fast-command
      LATENCY RESET bogus
      LATENCY RESET command bogus
      LATENCY RESET command
      LATENCY LATEST
      CONFIG SET latency-monitor-threshold 0
    `,
    compared(anyOfType, 'LATENCY DOCTOR'),
  ]);

  define('LATENCY HISTOGRAM', [
    'CONFIG RESETSTAT\nLATENCY HISTOGRAM bogus\nLATENCY HISTOGRAM set\nLATENCY HISTOGRAM get bogus\nSET k v\nSET k w',
    compared(
      callsOnly(),
      'LATENCY HISTOGRAM set\nLATENCY HISTOGRAM SET\nLATENCY HISTOGRAM set get bogus',
    ),
    'CONFIG GET hz\nCONFIG GET save',
    compared(callsOnly(), 'LATENCY HISTOGRAM config|get\nLATENCY HISTOGRAM config'),
    'CONFIG RESETSTAT\nLATENCY HISTOGRAM set',
  ]);

  define('MEMORY', [
    'MEMORY HELP\nMEMORY\nMEMORY bogus\nMEMORY DOCTOR x\nMEMORY STATS x\nMEMORY PURGE x\nMEMORY PURGE',
    compared(anyOfType, 'MEMORY DOCTOR\nMEMORY MALLOC-STATS\nMEMORY STATS'),
  ]);

  define('DEBUG', [
    intended('debug-subcommands', /^:0\r\n$/, 'DEBUG STRINGMATCH-LEN 100 a*b'),
    intended('debug-subcommands', /^:1\r\n$/, 'DEBUG STRINGMATCH-LEN 100 a*a'),
    intended('debug-subcommands', /^-ERR value is out of range/, 'DEBUG STRINGMATCH-LEN -1 *'),
    String.raw`
      DEBUG SLEEP 0
      DEBUG SLEEP 0.001
      debug sleep 0
      DEBUG
      DEBUG bogus
      DEBUG HELP x
      DEBUG SLEEP
      DEBUG OBJECT
      DEBUG OBJECT missing
      DEBUG SET-ACTIVE-EXPIRE 0
      DEBUG SET-ACTIVE-EXPIRE 1
      DEBUG SET-ACTIVE-EXPIRE
      DEBUG STRINGMATCH-LEN 10
      DEBUG PROTOCOL bogus
      DEBUG PROTOCOL
      DEBUG PROTOCOL string
      DEBUG PROTOCOL integer
      DEBUG PROTOCOL DOUBLE
      DEBUG PROTOCOL bignum
      DEBUG PROTOCOL null
      DEBUG PROTOCOL array
      DEBUG PROTOCOL set
      DEBUG PROTOCOL map
      DEBUG PROTOCOL verbatim
      DEBUG PROTOCOL true
      DEBUG PROTOCOL false
      DEBUG ERROR "MYERROR text"
      DEBUG ERROR "MY\r\nERROR"
      DEBUG LOG message
      DEBUG REPLYBUFFER
      DEBUG REPLYBUFFER PEAK-RESET-TIME
      DEBUG REPLYBUFFER PEAK-RESET-TIME 100
      DEBUG REPLYBUFFER peak-reset-time never
      DEBUG REPLYBUFFER PEAK-RESET-TIME soon
      DEBUG REPLYBUFFER PEAK-RESET-TIME 1.5
      DEBUG REPLYBUFFER PEAK-RESET-TIME -7
      DEBUG REPLYBUFFER PEAK-RESET-TIME RESET x
      debug replybuffer peak-reset-time reset
      DEBUG REPLYBUFFER RESIZING 0
      DEBUG REPLYBUFFER RESIZING x
      DEBUG REPLYBUFFER RESIZING 1
      DEBUG REPLYBUFFER bogus 1
      DEBUG JMAP x
      DEBUG POPULATE 1 p -1
      DEBUG DIGEST x
      DEBUG DIGEST
      DEBUG DIGEST-VALUE
      DEBUG DIGEST-VALUE missing
      DEBUG DIGEST-VALUE a b c
      DEBUG POPULATE 20
      DBSIZE
      MGET key:0 key:19 key:20
      DEBUG POPULATE 5 other
      MGET other:0 other:4 other:5
      DEBUG POPULATE 3 sized 20
      MGET sized:0 sized:2
      DEBUG POPULATE 4 sized 3
      MGET sized:0 sized:3
      DEBUG POPULATE
      DEBUG POPULATE abc
      DEBUG POPULATE 3 p abc
      DEBUG POPULATE 0
      DBSIZE
      DEBUG DIGEST
      DEBUG DIGEST-VALUE key:0 missing sized:0
    `,
    compared(
      redact(/at:0x[0-9a-f]+|lru:\d+|lru_seconds_idle:\d+/),
      `DEBUG OBJECT key:0
       MSET n 300 long ${'x'.repeat(1000)}
       DEBUG OBJECT n
       DEBUG OBJECT long`,
    ),
  ]);

  define('DEBUG DIGEST tells datasets apart', [
    `
      SET k 10
      DEBUG DIGEST
      DEBUG DIGEST-VALUE k
      INCR k
      DEBUG DIGEST
      DEBUG DIGEST-VALUE k k
      SETEX k 1000 v
      DEBUG DIGEST
      DEBUG DIGEST-VALUE k
      PERSIST k
      DEBUG DIGEST
      SELECT 5
      SET k v
      DEBUG DIGEST
      SET "" ""
      DEBUG DIGEST
      MSET a 1 b 2 c 3
      DEBUG DIGEST
      DEL a b c
      DEBUG DIGEST
      FLUSHALL
      DEBUG DIGEST
    `,
  ]);

  define('SHUTDOWN: what it refuses', [
    `
      SHUTDOWN bogus
      SHUTDOWN NOSAVE bogus
      SHUTDOWN NOSAVE SAVE
      SHUTDOWN SAVE NOSAVE
      SHUTDOWN ABORT
      SHUTDOWN abort
      SHUTDOWN ABORT NOW
      SHUTDOWN ABORT NOSAVE
      SHUTDOWN ABORT ABORT
      SHUTDOWN NOW FORCE bogus
      SHUTDOWN a b c d e
      MULTI
      SHUTDOWN NOSAVE
      SHUTDOWN ABORT
      DISCARD
    `,
  ]);

  define('maxmemory: what is refused when memory is full', [
    'SET k v\nSET n 1\nb> MULTI\nb> SET m 1\nCONFIG SET maxmemory 1\nCONFIG SET maxmemory-policy noeviction',
    `
      SET k w
      SETRANGE k 0 x
      APPEND k x
      INCR n
      MSET a 1
      COPY k l
      RENAME k l
      GETEX l EX 100
      GETDEL missing
      GETSET l v
      EXPIRE l 100
      PERSIST l
      GET l
      DEL n
      MOVE l 1
      SWAPDB 0 1
      MULTI
      PING
      EXEC
      MULTI
      SET k v
      EXEC
      b> EXEC
      CONFIG SET maxmemory-policy volatile-lru
      SET k w
      CONFIG SET maxmemory 0
      SET k w
      FLUSHALL
    `,
  ]);

  define('maxmemory: a policy makes room', [
    'SET k v\nSETEX t 100 v\nCONFIG SET maxmemory-policy volatile-ttl maxmemory 1',
    'SET x y\nDBSIZE\nEXISTS t\nCONFIG SET maxmemory-policy allkeys-random\nSET x y\nGET k\nDBSIZE',
    'CONFIG SET maxmemory 0\nDBSIZE',
  ]);
});

compareWithRedis(
  'server without DEBUG',
  (define) => {
    define('DEBUG is refused', [
      'DEBUG SLEEP 0\nDEBUG HELP\nDEBUG OBJECT k\nDEBUG\nDEBUG bogus\nMULTI\nDEBUG SLEEP 0\nEXEC',
      'CONFIG SET enable-debug-command yes\nCONFIG GET enable-debug-command',
    ]);
  },
  { config: { 'enable-debug-command': 'no' } },
);

/** Histograms without their buckets, whose number depends on how fast the server is. */
function callsOnly() {
  return {
    name: 'calls only',
    equal(expected: Reply, actual: Reply): boolean {
      return callsOf(expected) === callsOf(actual);
    },
  };
}

function callsOf(histograms: Reply): string {
  const items = itemsOf(histograms);
  const lines = items.flatMap((name, index) => {
    if (index % 2 === 1) return [];
    const calls = fieldOf(items[index + 1], 'calls');
    const buckets = fieldOf(items[index + 1], 'histogram_usec');
    return [`${textOf(name)} ${calls && textOf(calls)} ${buckets?.type}`];
  });
  return `${histograms.type} ${lines.sort().join(', ')}`;
}
