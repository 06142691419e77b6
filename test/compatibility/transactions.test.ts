// MULTI, EXEC, DISCARD, WATCH, UNWATCH: what aborts a transaction, and what touches a watched key.

import { redact, shape } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, compared, raw, sleep } from '../support/script.ts';

/** What another client (or the watcher itself) may do to `k`, from a value of 10 on. */
const TOUCHES = [
  'SET k 10',
  'SET k 11',
  'SET k 11 NX',
  'SET k 11 XX',
  'SET k 11 GET',
  'SET other v',
  'SETNX k v',
  'SETEX k 100 v',
  'SETEX k 0 v',
  'GETSET k 10',
  'GETDEL k',
  'GET k',
  'GETEX k',
  'GETEX k EX 100',
  'GETEX k PERSIST',
  'GETEX k EXAT 1',
  'MSET other 1 k 2',
  'MSETNX k 1 other 2',
  'MSETNX other 1',
  'APPEND k ""',
  'APPEND k x',
  'SETRANGE k 0 ""',
  'SETRANGE k 0 10',
  'INCR k',
  'INCRBY k 0',
  'INCRBY k abc',
  'DECRBY k 9223372036854775807',
  'INCRBYFLOAT k 0',
  'INCRBYFLOAT k nan',
  'DEL k',
  'DEL missing',
  'UNLINK k',
  'UNLINK missing k',
  'EXPIRE k 100',
  'EXPIRE k 100 XX',
  'EXPIRE k 100 GT',
  'EXPIRE k 0',
  'PEXPIREAT k 1',
  'EXPIRE missing 100',
  'PERSIST k',
  'TOUCH k',
  'EXISTS k',
  'TYPE k',
  'OBJECT ENCODING k',
  'RENAME k k',
  'RENAME k other',
  'RENAMENX k k',
  'RENAME missing k',
  'RENAME t k',
  'RENAMENX t k',
  'COPY k other',
  'COPY t k',
  'COPY t k REPLACE',
  'MOVE k 1',
  'MOVE k 0',
  'FLUSHDB',
  'FLUSHALL',
  'FLUSHALL ASYNC',
  'SWAPDB 0 1',
  'SWAPDB 0 0',
  'SWAPDB 1 2',
  'DEBUG SET-ACTIVE-EXPIRE 1',
  'bogus',
  'GET',
];

compareWithRedis('transactions', (define) => {
  define('MULTI, EXEC and DISCARD', [
    `
      EXEC
      DISCARD
      MULTI
      SET k v
      GET k
      INCR k
      GET missing
      MGET k missing
      b> GET k
      EXEC
      b> GET k
      EXEC
      MULTI
      EXEC
      MULTI
      SET k w
      DISCARD
      GET k
      DISCARD
      MULTI
      MULTI
      PING
      EXEC
      MULTI
      SELECT 3
      SET k three
      SELECT 99
      EXEC
      GET k
      SELECT 0
      GET k
      MULTI now
      EXEC now
      DISCARD now
      MULTI
      EXEC now
      EXEC
      multi
      Ping
      exec
    `,
  ]);

  define('what aborts the whole transaction', [
    ...[
      'bogus',
      'GET',
      'SET k',
      'CLIENT bogus',
      'CONFIG GET',
      'OBJECT ENCODING',
      'MULTI now',
      'WATCH',
      'DISCARD now',
      'EXEC now',
      'SET k v bogus',
      'SELECT abc',
    ].flatMap((line) => [
      `MULTI\nSET k aborted\n${line}\nSET k w\nEXEC\nGET k\nDEL k`,
      `MULTI\n${line}\nDISCARD\nGET k\nMULTI\nEXEC`,
    ]),
  ]);

  define('errors when it runs leave the rest alone', [
    `
      SET k abc
      SET n 9223372036854775807
      MULTI
      INCR k
      INCR n
      SET k v EX 0
      SET after yes
      SETRANGE k -1 x
      RENAME missing x
      OBJECT ENCODING missing
      GETEX k EX abc
      EXEC
      GET after
    `,
  ]);

  define('what is not allowed, or answers differently, inside', [
    `
      MULTI
      WATCH k
      EXEC
      MULTI
      UNWATCH
      MULTI
      PING
      ECHO x
      SWAPDB 0 1
      FLUSHALL
      DBSIZE
      OBJECT HELP
      CLIENT GETNAME
      CLIENT SETNAME inside
      CLIENT GETNAME
      CONFIG SET hz 20
      CONFIG GET hz
      DEBUG SLEEP 0
      EXEC
      CLIENT GETNAME
      MULTI
      MONITOR
      EXEC
      MULTI
      HELLO 3 bogus
      EXEC
      MULTI
      AUTH x
      EXEC
      MULTI
      RESET
      EXEC
      CLIENT GETNAME
      MULTI
      SHUTDOWN bogus
      EXEC
    `,
    'MULTI',
    compared(redact(/^.*$/), 'COMMAND COUNT'),
    compared(shape, 'EXEC'),
  ]);

  define('no memory is left for it', [
    `
      SET there yes
      MULTI
      SET k v
      b> CONFIG SET maxmemory 1
      EXEC
      EXEC
      GET k
      MULTI
      PING
      EXEC
      b> CONFIG SET maxmemory 0
      WATCH k
      MULTI
      GET there
      b> CONFIG SET maxmemory 1
      EXEC
      MULTI
      DISCARD
      MULTI
      MULTI
      EXEC
      MULTI
      WATCH k
      EXEC
      MULTI
      RESET
      WATCH k
      b> CONFIG SET maxmemory 0
    `,
  ]);

  define('the protocol may change inside', [
    'MULTI\nGET missing\nHELLO 3\nGET missing\nHELLO 2\nGET missing',
    compared(redact(/^\d+(\.\d+)*$/), 'EXEC'),
    'GET missing',
  ]);

  define('WATCH and UNWATCH', [
    `
      WATCH
      WATCH k
      WATCH k k other
      UNWATCH
      UNWATCH x
      UNWATCH
      WATCH k
      MULTI
      SET k v
      EXEC
      WATCH k
      b> SET k w
      MULTI
      SET k x
      EXEC
      GET k
      # EXEC ended the watch.
      MULTI
      SET k x
      EXEC
      WATCH k
      b> SET k y
      UNWATCH
      MULTI
      GET k
      EXEC
      WATCH k
      b> SET k z
      MULTI
      GET k
      DISCARD
      MULTI
      GET k
      EXEC
      WATCH k
      MULTI
      b> SET k inside
      GET k
      EXEC
      WATCH k
      b> SET k before
      MULTI
      UNWATCH
      GET k
      EXEC
      WATCH k
      MULTI
      bogus
      b> SET k w
      EXEC
      WATCH a b c
      b> SET c 1
      MULTI
      EXEC
      WATCH "" "\\x00"
      b> SET "" 1
      MULTI
      PING
      EXEC
      WATCH k
      WATCH j
      b> SET k 1
      MULTI
      PING
      EXEC
    `,
  ]);

  const transaction = 'MULTI\nGET k\nEXEC';
  for (const watcher of ['b> ', '']) {
    define(`WATCH and what ${watcher === '' ? 'the watcher itself' : 'another'} does`, [
      ...TOUCHES.flatMap((touch) => [
        'SET k 10\nSETEX t 100 v\nWATCH k',
        `${watcher}${touch}\n${transaction}\nFLUSHALL`,
        // The same on a key that does not exist yet.
        `SETEX t 100 v\nWATCH k\n${watcher}${touch}\n${transaction}\nFLUSHALL`,
        // And on one that expires some day.
        `SET k 10 EX 500\nWATCH k\n${watcher}${touch}\n${transaction}\nFLUSHALL`,
      ]),
    ]);
  }

  define('WATCH looks at the database, not at the connection', [
    `
      SELECT 1
      WATCH k
      SELECT 0
      SET k v
      MULTI
      PING
      EXEC
      SELECT 1
      WATCH k
      b> SELECT 1
      b> SET k v
      SELECT 0
      MULTI
      PING
      EXEC
      WATCH k
      b> FLUSHDB
      MULTI
      PING
      EXEC
      WATCH missing
      b> SELECT 0
      b> FLUSHALL
      MULTI
      PING
      EXEC
      SELECT 2
      SET k two
      SELECT 0
      WATCH k
      b> SWAPDB 0 2
      MULTI
      GET k
      EXEC
      WATCH missing
      b> SWAPDB 0 2
      MULTI
      GET k
      EXEC
    `,
  ]);

  define('WATCH and expiry', [
    'DEBUG SET-ACTIVE-EXPIRE 0\nSET k v PX 20\nWATCH k',
    sleep(40),
    'MULTI\nPING\nEXEC\nSET k v PX 20\nWATCH k',
    sleep(40),
    'b> GET k\nMULTI\nPING\nEXEC',
    // A key that was over when the watch began is as good as missing.
    'SET k v PX 1',
    sleep(20),
    'WATCH k\nb> GET k\nMULTI\nPING\nEXEC\nSET k v PX 1',
    sleep(20),
    'WATCH k\nb> SET k w\nMULTI\nPING\nEXEC\nSET k v PX 1',
    sleep(20),
    'WATCH k\nb> DEL k\nMULTI\nPING\nEXEC\nSET k v PX 1',
    sleep(20),
    'WATCH k\nb> FLUSHALL\nMULTI\nPING\nEXEC\nSET k v PX 20\nWATCH k\nDEBUG SET-ACTIVE-EXPIRE 1',
    sleep(400),
    'DBSIZE\nMULTI\nPING\nEXEC\nSET k v PX 20\nWATCH k\nMULTI\nPING',
    sleep(40),
    'EXEC',
  ], { protocols: [2] });

  define('a key that expires inside a transaction', [
    'SET k v PX 30\nMULTI\nGET k\nDEBUG SLEEP 0.06\nGET k\nEXISTS k\nEXEC\nGET k',
  ], { protocols: [2] });

  define('two watchers', [
    `
      SET k v
      WATCH k
      b> WATCH k
      c> WATCH k
      MULTI
      SET k a
      b> MULTI
      b> SET k b
      EXEC
      b> EXEC
      c> UNWATCH
      c> MULTI
      c> GET k
      c> EXEC
    `,
  ]);

  define('a whole transaction in one pipeline', [
    raw(
      ['MULTI', 'SET k v', 'GET k', 'INCR n', 'EXEC', 'GET k', 'MULTI', 'bogus', 'EXEC', 'PING']
        .map((line) => `${line}\r\n`)
        .join(''),
      10,
    ),
    'MULTI',
    ...Array.from({ length: 500 }, (_, index) => command('SET', `k${index}`, String(index))),
    'EXEC\nDBSIZE',
    command('MULTI'),
    command('SET', 'big', 'x'.repeat(200_000)),
    command('GET', 'big'),
    'EXEC',
  ]);
});
