// Expiry: the four commands that set it with their conditions, the five that read it or take it
// away, and keys that are over.

import { anyOfType, approx } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { compared, sleep } from '../support/script.ts';

// Far enough away that no test run reaches it.
const FUTURE_SECONDS = 4_102_444_800;
const FUTURE_MS = 4_102_444_800_123;

const SETTERS = ['EXPIRE', 'PEXPIRE', 'EXPIREAT', 'PEXPIREAT'];

compareWithRedis('expiry', (define) => {
  define('reading the expiry', [
    `
      TTL missing
      PTTL missing
      EXPIRETIME missing
      PEXPIRETIME missing
      PERSIST missing
      SET k v
      TTL k
      PTTL k
      EXPIRETIME k
      PEXPIRETIME k
      PERSIST k
      EXPIRE k 100
      TTL k
      PERSIST k
      TTL k
      PEXPIREAT k ${FUTURE_MS}
      EXPIRETIME k
      PEXPIRETIME k
      PEXPIREAT k 4102444800499
      EXPIRETIME k
      PEXPIREAT k 4102444800500
      EXPIRETIME k
      EXPIREAT k ${FUTURE_SECONDS}
      EXPIRETIME k
      PEXPIRETIME k
      TTL
      TTL a b
      PTTL
      PTTL a b
      EXPIRETIME
      EXPIRETIME a b
      PEXPIRETIME
      PEXPIRETIME a b
      PERSIST
      PERSIST a b
    `,
    compared(approx(2_000), 'PEXPIRE k 5000000\nPTTL k\nEXPIRE k 5000\nPTTL k\nPEXPIRETIME k'),
    compared(approx(1), 'TTL k\nEXPIRETIME k'),
  ]);

  for (const setter of SETTERS) {
    const base =
      { EXPIRE: 1_000, PEXPIRE: 1_000_000, EXPIREAT: FUTURE_SECONDS }[setter] ?? FUTURE_MS;
    const sooner = base - 500;
    const later = base + 500_000;
    const read = compared(approx(2_000), 'PEXPIRETIME k');

    define(`${setter}: conditions`, [
      `${setter} missing ${base}\n${setter} missing ${base} NX\n${setter} missing ${base} XX`,
      `${setter} missing ${base} GT\n${setter} missing ${base} LT\nSET k v`,
      `${setter} k ${base} XX\n${setter} k ${base} GT\nTTL k`,
      `${setter} k ${base} LT`,
      read,
      `${setter} k ${base} NX\n${setter} k ${later} nx\n${setter} k ${sooner} GT`,
      read,
      `${setter} k ${later} LT\n${setter} k ${later} gT`,
      read,
      `${setter} k ${sooner} Lt`,
      read,
      `${setter} k ${later} XX`,
      read,
      `PERSIST k\n${setter} k ${base} NX`,
      read,
      `
        ${setter} k ${sooner} XX LT
        ${setter} k ${later} XX LT
        ${setter} k ${later} GT XX
        ${setter} k ${later} XX XX
        ${setter} k ${base} NX XX
        ${setter} k ${base} NX GT
        ${setter} k ${base} LT NX
        ${setter} k ${base} GT LT
        ${setter} k ${base} LT GT
        ${setter} k ${base} NX XX GT LT
        ${setter} k ${base} bogus
        ${setter} k ${base} XX bogus
        ${setter} k ${base} ""
        ${setter} missing ${base} bogus
        ${setter} missing ${base} NX XX
      `,
      read,
    ]);

    define(`${setter}: times that are over, or no times`, [
      ...['0', '1', '-1', '-1000', '-9223372036854775808'].flatMap((time) =>
        // A second or a millisecond from now is not over: it would expire while the script runs.
        setter.endsWith('PIRE') && time === '1'
          ? []
          : [
              `SET k v\n${setter} k ${time}\nEXISTS k\nTTL k\nGET k`,
              `SET k v\n${setter} k ${time} XX\nEXISTS k\n${setter} k ${time} LT\nEXISTS k`,
              `SETEX k 100 v\n${setter} k ${time} NX\n${setter} k ${time} GT\nEXISTS k`,
              `${setter} k ${time} XX\nEXISTS k`,
            ],
      ),
      `SET k v`,
      ...[
        'abc',
        '""',
        '1.5',
        '" 1"',
        '+1',
        '01',
        '1e3',
        '9223372036854775808',
        '99999999999999999999',
      ]
        .concat(['-9223372036854775809', '9223372036854776', '-9223372036854776'])
        .concat(['9223372036854775807', '9223372036854775', '-9223372036854775'])
        .flatMap((time) => [
          `${setter} k ${time}`,
          compared(approx(2_000), 'PEXPIRETIME k'),
          `${setter} missing ${time}`,
          `${setter} k ${time} bogus`,
          'SET k v',
        ]),
      `${setter}\n${setter} k\n${setter} missing bogus bogus`,
    ]);
  }

  define('what keeps an expiry and what clears it', [
    ...[
      'SET k w',
      'SET k w KEEPTTL',
      'GETSET k w',
      'MSET k w',
      'APPEND k w',
      'SETRANGE k 0 w',
      'INCRBY k 5',
      'INCRBYFLOAT k 5',
      'GETEX k',
      'GETEX k PERSIST',
      'RENAME k k',
      'COPY other k REPLACE',
      'COPY k other',
      'SETNX k w',
      'PERSIST k',
    ].flatMap((line) => [
      `SET other o\nSET k 10\nPEXPIREAT k ${FUTURE_MS}`,
      line,
      'PEXPIRETIME k\nPEXPIRETIME other\nDEL k other',
    ]),
  ]);

  define('a key whose time has come', [
    `
      DEBUG SET-ACTIVE-EXPIRE 0
      SET k v PX 1
      SET n 5 PX 1
      SET other o
    `,
    sleep(5),
    `
      GET k
      EXISTS k
      TTL k
      PTTL k
      PERSIST k
      TYPE k
      STRLEN k
      MGET k other
      KEYS *
      RENAME k other
      COPY k other REPLACE
      GETDEL k
      DEL k
      INCR n
      TTL n
      SET k v PX 1
    `,
    sleep(5),
    'SET k w XX\nSET k w NX\nTTL k\nPEXPIRE k 1',
    sleep(5),
    'EXPIRE k 100\nAPPEND k tail\nTTL k\nSET k v PX 1',
    sleep(5),
    'RENAMENX other k\nTTL k\nPEXPIRE k 1',
    sleep(5),
    'SETRANGE k 3 x\nGET k',
    compared(anyOfType, 'RANDOMKEY'),
    'PEXPIRE k 1\nPEXPIRE n 1',
    sleep(5),
    'SCAN 0 COUNT 100\nRANDOMKEY\nDBSIZE\nDEBUG SET-ACTIVE-EXPIRE 1',
  ]);

  define('what is stored of a key whose time has come', [
    'DEBUG SET-ACTIVE-EXPIRE 0\nSET k v PX 1\nRPUSH l a\nPEXPIRE l 1',
    sleep(5),
    compared(anyOfType, 'MEMORY USAGE k\nMEMORY USAGE l\nDEBUG OBJECT k\nDEBUG OBJECT l'),
    'MEMORY USAGE none\nDEBUG OBJECT none\nDEBUG DIGEST-VALUE k l none',
    'DBSIZE\nGET k\nDBSIZE\nMEMORY USAGE k\nDEBUG OBJECT k\nDEBUG SET-ACTIVE-EXPIRE 1',
  ]);

  define('keys that are over go away unasked', [
    // Late enough for a busy machine to count them before.
    'MSET a 1 b 2 c 3\nPEXPIRE a 500\nPEXPIRE b 500\nDBSIZE',
    sleep(1000),
    'DBSIZE\nDEBUG SET-ACTIVE-EXPIRE 0\nSET d v PX 1',
    sleep(400),
    'DBSIZE\nDEBUG SET-ACTIVE-EXPIRE 1',
    sleep(400),
    'DBSIZE',
  ], { protocols: [2] });
});
