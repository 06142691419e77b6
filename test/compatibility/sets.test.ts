// Sets: every command with its options and errors, on sets of integers, packed ones and tables. What a table answers
// has no order of its own, nor has what is drawn at random.
import { anyOfType, shape, unordered } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, compared, type Script } from '../support/script.ts';

/** Members of every kind: integers of each width, what only looks like one, strings of each length. */
const MEMBERS = [
  '',
  '0',
  '7',
  '-1',
  '32767',
  '-32768',
  '32768',
  '-32769',
  '2147483647',
  '-2147483648',
  '2147483648',
  '-2147483649',
  '9007199254740991',
  '9007199254740993',
  '-9007199254740993',
  '1234567890123456789',
  '-1000000000000000000',
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
  '-9223372036854775809',
  '007',
  '-0',
  '+1',
  ' 1',
  '1.5',
  'short',
  '\x00\xff\r\n',
  'x'.repeat(64),
  'x'.repeat(65),
  'y'.repeat(20_000),
  'z'.repeat(70_000),
] as const;

const INTEGERS = MEMBERS.filter((member) => /^(0|-?[1-9]\d*)$/.test(member)).filter(
  (member) => BigInt.asIntN(64, BigInt(member)) === BigInt(member),
);

/** Adds the integers from `first` on, every `step`-th. */
function integers(key: string, first: number, count: number, step = 1): Script {
  const members = Array.from({ length: count }, (_, i) => String(first + i * step));
  return [command('SADD', key, ...members)];
}

/** Adds members that are no integers. */
function texts(key: string, first: number, count: number, step = 1): Script {
  const members = Array.from({ length: count }, (_, i) => `m:${first + i * step}`);
  return [command('SADD', key, ...members)];
}

/** What can be said of a set without an order. */
function described(...keys: string[]): Script {
  return keys.flatMap((key) => [
    `SCARD ${key}\nOBJECT ENCODING ${key}\nDEBUG DIGEST-VALUE ${key}\nTTL ${key}`,
    ...compared(unordered, `SMEMBERS ${key}`),
  ]);
}

compareWithRedis('sets', (define) => {
  define('adding, removing, asking', [
    String.raw`
      SADD k 1
      SADD k 2 3 2
      SADD k 1 2 3
      OBJECT ENCODING k
      SMEMBERS k
      SCARD k
      SADD k -5 70000 -70000 5000000000
      SMEMBERS k
      DEBUG DIGEST-VALUE k
      SISMEMBER k 1
      SISMEMBER k 4
      SISMEMBER k 01
      SISMEMBER k ""
      SISMEMBER missing a
      SMISMEMBER k 1 4 5000000000 "" x
      SMISMEMBER missing 1 2
      SREM k 4
      SREM k 1 1 4 2
      SMEMBERS k
      SREM k 3 -5 70000 -70000 5000000000
      EXISTS k
      SREM k 1
      SREM missing a b
      SCARD missing
      SMEMBERS missing
      SADD k a
      OBJECT ENCODING k
      SADD k "" "\x00" a
      SISMEMBER k "\x00"
      SISMEMBER k "\x01"
      SREM k "" "\x00"
      SMEMBERS k
      TYPE k
      EXPIRE k 100
      SADD k b
      TTL k
      SREM k a b
      TTL k
      SADD k c
      TTL k
      OBJECT REFCOUNT k
      DEBUG DIGEST
    `,
  ]);

  define('members of every kind', [
    ...MEMBERS.map((member) => command('SADD', 'k', member)),
    ...described('k'),
    ...MEMBERS.map((member) => command('SISMEMBER', 'k', member)),
    ...INTEGERS.map((member) => command('SADD', 'i', member)),
    'SMEMBERS i\nOBJECT ENCODING i\nDEBUG DIGEST-VALUE i\nDUMP i',
    ...MEMBERS.map((member) => command('SISMEMBER', 'i', member)),
    ...[...INTEGERS].reverse().map((member) => command('SADD', 'r', member)),
    'SMEMBERS r\nDUMP r',
    ...MEMBERS.map((member) => command('SMOVE', 'i', 'k', member)),
    'EXISTS i',
    ...MEMBERS.map((member) => command('SREM', 'k', member)),
    'EXISTS k',
  ]);

  define('errors', [
    `
      SADD
      SADD k
      SREM k
      SCARD
      SCARD k k
      SMEMBERS
      SMEMBERS k k
      SISMEMBER k
      SISMEMBER k a b
      SMISMEMBER k
      SMOVE a b
      SMOVE a b c d
      SPOP
      SPOP k 1 2
      SPOP missing 1 2
      SRANDMEMBER
      SRANDMEMBER k 1 2
      SSCAN k
      SINTER
      SINTERSTORE d
      SINTERCARD
      SINTERCARD 1
      SET s v
      SADD s a
      SREM s a
      SCARD s
      SMEMBERS s
      SISMEMBER s a
      SMISMEMBER s a b
      SPOP s
      SPOP s 1
      SPOP s 0
      SPOP s x
      SPOP s -1
      SPOP missing x
      SPOP missing -1
      SPOP missing
      SPOP missing 0
      SPOP missing 3
      SRANDMEMBER s
      SRANDMEMBER s 1
      SRANDMEMBER s 0
      SRANDMEMBER s x
      SRANDMEMBER missing
      SRANDMEMBER missing 0
      SRANDMEMBER missing 5
      SRANDMEMBER missing -5
      SRANDMEMBER missing x
      SRANDMEMBER missing 1.5
      SRANDMEMBER missing -9223372036854775808
      SRANDMEMBER missing -9223372036854775807
      SRANDMEMBER missing 9223372036854775807
      SRANDMEMBER missing 9223372036854775808
      SADD k a
      SMOVE s k v
      SMOVE k s a
      SMOVE k s missing
      SMOVE missing s a
      SMOVE missing k a
      SMOVE missing missing a
      SMOVE s s v
      SINTER s
      SINTER k s
      SINTER missing s
      SINTER s missing
      SUNION missing s
      SUNION s
      SDIFF missing s
      SDIFF k s
      SDIFF s k
      SINTERSTORE d k s
      SINTERSTORE d missing s
      SUNIONSTORE d k s
      SDIFFSTORE d s k
      SINTERCARD 0 k
      SINTERCARD -1 k
      SINTERCARD x k
      SINTERCARD 2 k
      SINTERCARD 2 k k k
      SINTERCARD 1 k LIMIT
      SINTERCARD 1 k LIMIT x
      SINTERCARD 1 k LIMIT -1
      SINTERCARD 1 k LIMIT 1 LIMIT
      SINTERCARD 1 k LIMIT 5 LIMIT 1
      SINTERCARD 1 k limit 0
      SINTERCARD 1 k LIMITS 0
      SINTERCARD 1 s LIMIT -1
      SINTERCARD 2 missing s
      SINTERCARD 9223372036854775807 k
      SINTERCARD 9223372036854775808 k
      SSCAN k x
      SSCAN s x
      SSCAN missing x
      SSCAN s 0
      SSCAN missing 0
      SSCAN missing 0 COUNT
      SSCAN missing 0 COUNT 0
      SSCAN missing 5 bogus
      SSCAN k 0 COUNT 0
      SSCAN k 0 COUNT x
      SSCAN k 0 COUNT
      SSCAN k 0 MATCH
      SSCAN k 0 bogus
      SSCAN k 0 TYPE set
      SSCAN missing 18446744073709551615
      SSCAN k 18446744073709551616
      SSCAN missing -1
      SSCAN missing +1
      EXISTS d
    `,
  ]);

  define('SMOVE', [
    `
      SADD a 1 2 3
      SMOVE a b 1
      SMOVE a b 4
      SMEMBERS a
      SMEMBERS b
      OBJECT ENCODING b
      SADD c x 1
      SMOVE a c 2
      SMOVE b c 1
      EXISTS b
      SMOVE a a 3
      SMOVE a a 2
      EXPIRE c 100
      EXPIRE a 100
      SMOVE c a x
      OBJECT ENCODING a
      OBJECT ENCODING c
      TTL a
      TTL c
      SMOVE c d 1
      SMOVE c d 2
      EXISTS c
      SMOVE a e x
      OBJECT ENCODING e
      SMOVE e f x
      EXISTS e
      DEBUG DIGEST
    `,
  ]);

  define('encodings', [
    ...integers('k', 0, 512),
    'OBJECT ENCODING k\nSADD k 511\nOBJECT ENCODING k\nSADD k 512\nOBJECT ENCODING k\nSREM k 512 1',
    ...described('k'),
    `
      CONFIG SET set-max-intset-entries 3
      SADD small 1 2 3
      OBJECT ENCODING small
      SADD small 3
      OBJECT ENCODING small
      SADD small 4
      OBJECT ENCODING small
      SREM small 4 3 2
      OBJECT ENCODING small
      SUNIONSTORE again small
      OBJECT ENCODING again
      SADD mixed 1 2
      SADD mixed a
      OBJECT ENCODING mixed
      SREM mixed a
      OBJECT ENCODING mixed
      SDIFFSTORE mixed mixed missing
      OBJECT ENCODING mixed
      SINTERSTORE again small mixed
      OBJECT ENCODING again
      CONFIG SET set-max-intset-entries 0
      SADD none 1
      OBJECT ENCODING none
      SUNIONSTORE none again
      OBJECT ENCODING none
      SINTERSTORE none again again
      OBJECT ENCODING none
      COPY again copy
      OBJECT ENCODING copy
      DEBUG RELOAD
      OBJECT ENCODING again
      OBJECT ENCODING small
      CONFIG SET set-max-intset-entries 512
      DEBUG RELOAD
      OBJECT ENCODING again
      OBJECT ENCODING small
      OBJECT ENCODING k
      OBJECT ENCODING mixed
      DEBUG DIGEST
    `,
  ]);

  for (const [kind, fill] of [
    ['integers', integers],
    ['texts', texts],
  ] as const) {
    for (const size of [10, 500, 3000]) {
      const all = [
        ...fill('a', 0, size),
        ...fill('b', 0, size, 2),
        ...fill('c', size, size / 10, 3),
        ...integers('d', 0, 5, 4),
        ...fill('e', 3, 4, 2),
        'SET s v\nEXPIRE s 100',
      ];
      define(`combining ${size} ${kind}`, [
        ...all,
        ...[
          'a',
          'a b',
          'b a',
          'a b c',
          'c b a',
          'a c',
          'a a',
          'a d',
          'd a b',
          'a e',
          'e a e',
          'a missing',
          'missing a',
          'missing',
          'c e d a missing b',
          'a c e d c',
          'b d e c e d e c d e',
        ].flatMap((keys) => [
          ...compared(unordered, `SINTER ${keys}\nSUNION ${keys}\nSDIFF ${keys}`),
          `SINTERCARD ${keys.split(' ').length} ${keys}`,
          `SINTERCARD ${keys.split(' ').length} ${keys} LIMIT 3`,
          `SINTERSTORE i ${keys}`,
          ...described('i'),
          `SUNIONSTORE u ${keys}`,
          ...described('u'),
          `SDIFFSTORE x ${keys}`,
          ...described('x'),
        ]),
        `
          SINTERSTORE s a b
          TYPE s
          TTL s
          SINTERSTORE a a b
          SUNIONSTORE b b c d
          SDIFFSTORE c c a
          SDIFFSTORE d d d
          EXISTS d
          SDIFFSTORE d d
        `,
        ...described('a', 'b', 'c', 's'),
        'DEBUG DIGEST',
      ]);
    }
  }

  define('the order of integers', [
    ...integers('a', -20, 30, 3),
    ...integers('b', -20, 40, 2),
    ...integers('c', 4_000_000_000, 3),
    ...INTEGERS.map((member) => command('SADD', 'd', member)),
    `
      SADD d 1 4 -20
      SINTER a b
      SINTER b a d
      SUNION a b
      SUNION c a d b
      SUNION a a
      SUNION a b c d a b c d a b c d a b c d a b c d
      SDIFF a b
      SDIFF b a c
      SDIFF d a c b
      SDIFF d a a a c b a
      SINTER d b
      SSCAN a 0
      SSCAN d 0 MATCH *9*
      SSCAN d 17 COUNT 1
      SSCAN d 0 COUNT 1 MATCH -*
      SRANDMEMBER a 100
      SRANDMEMBER a 30
      SPOP c 10
      EXISTS c
    `,
  ]);

  define('the order of integers that are as many as fit', [
    ...integers('a', 0, 400),
    ...integers('b', 100, 400),
    ...integers('c', -50, 10, 60_000),
    'SUNION a b\nSUNION b a c\nSINTER b a\nSDIFF b a\nSUNIONSTORE d a b\nOBJECT ENCODING d\nDUMP d',
  ]);

  define('SSCAN of tables', [
    ...texts('k', 0, 6),
    ...compared(
      unordered,
      `
        SSCAN k 0 COUNT 1000
        SSCAN k 0 COUNT 1000 MATCH m:[1-3]
        SSCAN k 0 match nothing count 100
        SSCAN k 0 MATCH * COUNT 100
      `,
    ),
  ]);

  for (const [kind, fill] of [
    ['integers', integers],
    ['texts', texts],
  ] as const) {
    define(`random members of ${kind}`, [
      ...fill('one', 1, 1),
      'SRANDMEMBER one\nSRANDMEMBER one 1\nSRANDMEMBER one -3\nSRANDMEMBER one 5\nSRANDMEMBER one 0',
      'SPOP one 0\nSPOP one\nEXISTS one',
      ...fill('k', 1000, 100),
      ...compared(
        shape,
        `
          SRANDMEMBER k
          SRANDMEMBER k 1
          SRANDMEMBER k 5
          SRANDMEMBER k 50
          SRANDMEMBER k 99
          SRANDMEMBER k -200
          SPOP k
          SPOP k 1
          SPOP k 3
          SPOP k 94
        `,
      ),
      'SCARD k\nOBJECT ENCODING k',
      ...compared(unordered, 'SRANDMEMBER k 0\nSCARD k'),
      ...compared(shape, 'SPOP k 5'),
      'EXISTS k',
      ...fill('k', 1000, 100),
      ...compared(unordered, 'SRANDMEMBER k 100\nSPOP k 1000'),
      'EXISTS k',
      ...fill('k', 1000, 100),
      'EXPIRE k 100',
      ...compared(shape, 'SPOP k 99'),
      'TTL k\nSCARD k\nOBJECT ENCODING k',
    ]);
  }

  define('DEBUG', [
    'SADD i 1 2\nSADD t a b\nDEBUG HTSTATS-KEY i\nDEBUG LISTPACK i\nDEBUG LISTPACK t',
    ...compared(anyOfType, 'DEBUG HTSTATS-KEY t\nDEBUG OBJECT i\nDEBUG OBJECT t'),
    'DEBUG QUICKLIST i\nDEBUG SDSLEN t\nOBJECT FREQ i\nOBJECT REFCOUNT t',
  ]);

  define('SPOP of nearly all makes a new set', [
    ...integers('k', 1000, 100),
    'SADD k text\nSREM k text\nOBJECT ENCODING k\nEXPIRE k 50',
    ...compared(shape, 'SPOP k 10'),
    'OBJECT ENCODING k',
    ...compared(shape, 'SPOP k 80'),
    'OBJECT ENCODING k\nSCARD k\nTTL k',
  ]);

  define('counting hits and misses', [
    `
      CONFIG RESETSTAT
      SADD a 1 2 3
      SADD b 2 3
      SPOP a 100
      SPOP missing
      SUNION a b missing
      SINTERSTORE d a b
      SUNIONSTORE d a b missing
      SDIFFSTORE d b a
      SMOVE b a 2
      SRANDMEMBER b 1
      SMISMEMBER b 3
      SSCAN b 0
      SINTERCARD 1 b
    `,
    ...compared(shape, 'INFO stats'),
  ]);
});
