// Bitmaps: every command with its options and errors, on strings of every encoding and on large ones.
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, intended, type Script } from '../support/script.ts';

/** Keys of every kind that commands on bits may meet. */
const SEEDED: Script = [
  String.raw`
    SET text foobar
    SET int 12345
    SET negative -7
    SET empty ""
    SET zeros "\x00\x00\x00"
    SET ones "\xff\xff\xff"
    SET mixed "\x00\xff\xf0\x0f\x00"
    RPUSH list a
    SETEX expiring 1000 "\x01"
  `,
  command('SET', 'long', '\x00'.repeat(5_000)),
  command('SET', 'full', '\xff'.repeat(5_000)),
  command('SET', 'noise', noise(20_000)),
  command('SET', 'outside', noise(100_001)),
];

/** Bytes that look random, the same each time. */
function noise(length: number): string {
  let state = 12_345;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return String.fromCharCode((state >>> 16) & 0xff);
  }).join('');
}

const KEYS = ['text', 'int', 'negative', 'empty', 'zeros', 'ones', 'mixed', 'long', 'full'];
const ALL_KEYS = [...KEYS, 'noise', 'outside', 'missing', 'list', 'expiring'];

/** What an offset may be given as, and is wrong. */
const NO_OFFSETS = ['-1', 'a', '', '1.0', '4294967296', '9223372036854775807', '#0'];
NO_OFFSETS.push('9223372036854775808', '-9223372036854775808', ' 1', '01', '+1');

const INDEXES = ['0', '1', '2', '5', '-1', '-2', '-6', '-100', '100', '39', '40', '41', '5000'];
INDEXES.push('9223372036854775807', '-9223372036854775808', '-9223372036854775807');

/** Pairs of indexes. */
const RANGES = INDEXES.flatMap((from) => INDEXES.map((to) => `${from} ${to}`));

compareWithRedis('bitmaps', (define) => {
  define('SETBIT and GETBIT', [
    ...SEEDED,
    ...ALL_KEYS.flatMap((key) =>
      [0, 1, 7, 8, 23, 100, 40_000, 1_000_000].map(
        (offset) => `
          GETBIT ${key} ${offset}
          SETBIT ${key} ${offset} 1
          GETBIT ${key} ${offset}
          SETBIT ${key} ${offset} 1
          OBJECT ENCODING ${key}
          SETBIT ${key} ${offset} 0
          SETBIT ${key} ${offset} 0
          STRLEN ${key}
        `,
      ),
    ),
    `
      SETBIT new 0 0
      GET new
      SETBIT newer 17 0
      GET newer
      SETBIT newest 17 1
      GET newest
      TTL expiring
      SETBIT k 0 1
      SETBIT k 100 1
      GET k
      DEBUG DIGEST
    `,
  ]);

  define('SETBIT and GETBIT: errors', [
    ...SEEDED,
    ...NO_OFFSETS.flatMap((offset) => [
      command('SETBIT', 'text', offset, '1'),
      command('GETBIT', 'text', offset),
      command('GETBIT', 'list', offset),
      command('SETBIT', 'list', offset, '2'),
    ]),
    ...['2', '-1', 'a', '', '1.0', '01', '9223372036854775808'].flatMap((value) => [
      command('SETBIT', 'text', '0', value),
      command('SETBIT', 'list', '0', value),
      command('SETBIT', 'missing', 'a', value),
    ]),
    `
      SETBIT
      SETBIT text 0
      SETBIT text 0 1 1
      GETBIT text
      GETBIT text 0 1
      GETBIT missing 4294967295
      EXISTS missing
      CONFIG SET proto-max-bulk-len 1048576
      SETBIT limited 8388608 1
      SETBIT limited 8388607 1
      STRLEN limited
      BITFIELD limited SET u8 8388607 255
      STRLEN limited
      BITFIELD limited SET u8 8388608 255
      GETBIT limited 8388608
    `,
  ]);

  define('SETBIT: encodings', [
    ...SEEDED,
    // One that changes nothing turns an integer into bytes, too.
    `
      SETBIT int 0 0
      OBJECT ENCODING int
      SETBIT negative 1 0
      OBJECT ENCODING negative
      GET negative
      OBJECT ENCODING text
      SETBIT text 0 0
      OBJECT ENCODING text
      GETBIT ones 1
      OBJECT ENCODING ones
      INCR int
      OBJECT ENCODING int
    `,
  ]);

  define('BITCOUNT', [
    ...SEEDED,
    ...ALL_KEYS.map((key) => `BITCOUNT ${key}`),
    ...['text', 'int', 'empty', 'mixed', 'noise'].flatMap((key) =>
      RANGES.map(
        (range) =>
          `BITCOUNT ${key} ${range}\nBITCOUNT ${key} ${range} BIT\nBITCOUNT ${key} ${range} byte`,
      ),
    ),
    ...['full', 'outside'].flatMap((key) =>
      ['3 9', '3 2000', '17 4999', '1 -2', '9 39999', '5 30003', '-17 -3'].map(
        (range) => `BITCOUNT ${key} ${range}\nBITCOUNT ${key} ${range} BIT`,
      ),
    ),
  ]);

  define('BITCOUNT: errors and which comes first', [
    ...SEEDED,
    ...['text', 'missing', 'list', 'empty'].map(
      (key) => `
        BITCOUNT ${key} 0
        BITCOUNT ${key} a
        BITCOUNT ${key} a b
        BITCOUNT ${key} 0 b
        BITCOUNT ${key} a 0
        BITCOUNT ${key} 0 1 bogus
        BITCOUNT ${key} a 1 bogus
        BITCOUNT ${key} 0 a bogus
        BITCOUNT ${key} -1 -3 bogus
        BITCOUNT ${key} 0 1 BIT BIT
        BITCOUNT ${key} 0 1 ""
        BITCOUNT ${key} 0 1 bIt
        BITCOUNT ${key} 0 9223372036854775808
      `,
    ),
    'BITCOUNT',
  ]);

  define('BITPOS', [
    ...SEEDED,
    ...ALL_KEYS.flatMap((key) =>
      ['0', '1'].map(
        (bit) => `
          BITPOS ${key} ${bit}
          BITPOS ${key} ${bit} 0
          BITPOS ${key} ${bit} 1
          BITPOS ${key} ${bit} -1
          BITPOS ${key} ${bit} -3
          BITPOS ${key} ${bit} 100
          BITPOS ${key} ${bit} 4999
          BITPOS ${key} ${bit} 5000
          BITPOS ${key} ${bit} 0 -1
        `,
      ),
    ),
    ...['text', 'ones', 'empty', 'mixed', 'full'].flatMap((key) =>
      ['0', '1'].flatMap((bit) =>
        RANGES.map(
          (range) =>
            `BITPOS ${key} ${bit} ${range}\nBITPOS ${key} ${bit} ${range} BIT\nBITPOS ${key} ${bit} ${range} byte`,
        ),
      ),
    ),
    ...[0, 63, 64, 511, 512, 513, 16_000, 39_998, 39_999].flatMap((offset) => [
      `SETBIT long ${offset} 1\nBITPOS long 1\nSETBIT full ${offset} 0\nBITPOS full 0`,
      ...['1 -1', '3 39998', '9 39999', '64 16000'].map(
        (range) => `BITPOS long 1 ${range} BIT\nBITPOS full 0 ${range} BIT`,
      ),
      `SETBIT long ${offset} 0\nSETBIT full ${offset} 1`,
    ]),
  ]);

  define('BITPOS: errors and which comes first', [
    ...SEEDED,
    ...['text', 'missing', 'list'].map(
      (key) => `
        BITPOS ${key} 2
        BITPOS ${key} a
        BITPOS ${key} ""
        BITPOS ${key} -1
        BITPOS ${key} 1 a
        BITPOS ${key} 1 a b
        BITPOS ${key} 1 0 b
        BITPOS ${key} 1 0 b bogus
        BITPOS ${key} 1 a 0 bogus
        BITPOS ${key} 1 0 1 bogus
        BITPOS ${key} 1 0 1 BIT BIT
        BITPOS ${key} 1 a 1 BIT BIT
        BITPOS ${key} 2 a 1 BIT BIT
        BITPOS ${key}
      `,
    ),
  ]);

  const operands = ['text', 'int', 'empty', 'missing', 'mixed', 'noise', 'outside', 'full'];
  define('BITOP', [
    ...SEEDED,
    ...['AND', 'or', 'Xor'].flatMap((operation) => [
      ...operands.map((key) => `BITOP ${operation} to ${key}\nGET to\nOBJECT ENCODING to`),
      ...operands.flatMap((key) =>
        operands.map(
          (other) => `
            BITOP ${operation} to ${key} ${other}
            DEBUG DIGEST-VALUE to
            BITOP ${operation} to ${other} ${key} ones
            DEBUG DIGEST-VALUE to
          `,
        ),
      ),
      `
        BITOP ${operation} text text mixed
        GET text
        BITOP ${operation} mixed zeros mixed ones mixed
        GET mixed
        BITOP ${operation} to ${[...operands, ...operands, ...operands].join(' ')}
        DEBUG DIGEST-VALUE to
      `,
    ]),
    ...operands.map((key) => `BITOP NOT to ${key}\nDEBUG DIGEST-VALUE to\nSTRLEN to`),
    `
      BITOP NOT int int
      GET int
      OBJECT ENCODING int
      SETEX old 100 v
      BITOP OR old text
      TTL old
      BITOP AND old missing
      EXISTS old
      BITOP AND old missing empty
      RPUSH target a
      BITOP OR target text
      GET target
      RPUSH other a
      BITOP OR other missing
      EXISTS other
      DEBUG DIGEST
    `,
  ]);

  define('BITOP: errors and which comes first', [
    ...SEEDED,
    `
      BITOP
      BITOP AND
      BITOP AND to
      BITOP bogus to text
      BITOP "" to text
      BITOP bogus to list
      BITOP NOT to text text
      BITOP NOT to text list
      BITOP AND to list
      BITOP AND to text list
      BITOP AND to list text
      BITOP AND to missing list
      BITOP NOT to list
      BITOP AND list text
      EXISTS to
    `,
    intended('bitop-8.2', /^:6\r\n/, 'BITOP DIFF to text mixed'),
    intended('bitop-8.2', /^-ERR BITOP DIFF1 must be called with at/, 'BITOP DIFF1 to text'),
  ]);

  const types = ['u1', 'i1', 'u2', 'i5', 'u8', 'i8', 'u13', 'u31', 'i32', 'u32', 'i33', 'u52'];
  types.push('i52', 'u53', 'i53', 'i63', 'u63', 'i64');
  const values = ['0', '1', '-1', '2', '100', '-100', '255', '2147483647', '-2147483648'];
  values.push('4294967296', '4503599627370495', '4503599627370496', '-4503599627370497');
  values.push('9007199254740993', '9223372036854775807', '-9223372036854775808');
  for (const operation of ['SET', 'INCRBY']) {
    define(`BITFIELD ${operation}`, [
      ...SEEDED,
      ...types.flatMap((type) =>
        values.map(
          (value) => `
            BITFIELD k ${operation} ${type} 0 ${value} GET ${type} 0
            BITFIELD k OVERFLOW SAT ${operation} ${type} 3 ${value} GET ${type} 3
            BITFIELD k OVERFLOW FAIL ${operation} ${type} #1 ${value} GET ${type} #1
            BITFIELD k OVERFLOW WRAP ${operation} ${type} 77 ${value} GET u63 70
            BITFIELD k ${operation} ${type} #2 ${value}
            DEBUG DIGEST-VALUE k
          `,
        ),
      ),
      ...KEYS.map(
        (key) => `BITFIELD ${key} ${operation} u8 5 17\nGET ${key}\nOBJECT ENCODING ${key}`,
      ),
      'DEBUG DIGEST',
    ]);
  }

  define('BITFIELD: several operations', [
    ...SEEDED,
    `
      BITFIELD k OVERFLOW SAT INCRBY i5 0 100 OVERFLOW FAIL INCRBY u2 5 9 GET u8 0 OVERFLOW WRAP SET i64 #1 -9223372036854775808 INCRBY i64 #1 -1 GET u63 64
      STRLEN k
      GET k
      bitfield k get u4 0 set u4 0 15 get u4 0 incrby u4 0 1 get u4 0
      BITFIELD k OVERFLOW fail SET u4 0 16 SET u4 0 3 OVERFLOW sat SET u4 0 16
      BITFIELD text GET u8 0 GET u8 8 GET i8 16 GET u63 0 GET i64 0 GET u16 40 GET u16 48
      BITFIELD int GET u8 0 GET u8 #1 GET u8 100000
      OBJECT ENCODING int
      BITFIELD int OVERFLOW FAIL SET u8 0 256
      OBJECT ENCODING int
      BITFIELD outside SET u63 799999 1234567890123456789 GET u63 799999 GET u8 799992
      STRLEN outside
      BITFIELD missing GET u8 0 GET i64 #3
      EXISTS missing
      BITFIELD grown SET u8 0 0
      GET grown
      BITFIELD n
      EXISTS n
      BITFIELD text
      BITFIELD n OVERFLOW SAT
      EXISTS n
      BITFIELD expiring SET u8 100 1
      TTL expiring
      BITFIELD k GET i64 #288230376151711744
      BITFIELD k GET u8 #9223372036854775807
      BITFIELD k GET i64 #-1
    `,
    command('BITFIELD', 'text', 'GET', 'u8\x00junk', '0'),
    command('BITFIELD', 'text', 'GET', 'u8', '0\x00'),
  ]);

  define('BITFIELD where all fails', [
    'BITFIELD n OVERFLOW FAIL INCRBY u2 100 9',
    intended('bitfield-fail', /^:0\r\n/, 'EXISTS n'),
    'SET k a\nBITFIELD k OVERFLOW FAIL INCRBY u2 100 9 GET u8 0',
    intended('bitfield-fail', /^:1\r\n/, 'STRLEN k'),
    'BITFIELD k OVERFLOW FAIL INCRBY u2 100 9 OVERFLOW WRAP SET u8 0 98\nSTRLEN k\nGET k',
  ]);

  for (const name of ['BITFIELD', 'BITFIELD_RO']) {
    define(`${name}: errors and which comes first`, [
      ...SEEDED,
      ...['text', 'missing', 'list'].flatMap((key) => [
        `
          ${name} ${key}
          ${name} ${key} GET
          ${name} ${key} GET u8
          ${name} ${key} SET u8 0
          ${name} ${key} SET u8 0 1
          ${name} ${key} INCRBY u8 0
          ${name} ${key} INCRBY u8 0 1
          ${name} ${key} GET u8 0 SET u8 0 1
          ${name} ${key} SET u8 0 1 GET u99 0
          ${name} ${key} SET u8 0 1 bogus
          ${name} ${key} bogus
          ${name} ${key} GET u8 0 bogus u8 0
          ${name} ${key} OVERFLOW
          ${name} ${key} OVERFLOW bogus
          ${name} ${key} OVERFLOW bogus GET u8
          ${name} ${key} OVERFLOW SAT GET u8 0
          ${name} ${key} OVERFLOW OVERFLOW
          ${name} ${key} GET u8 0 GET
          ${name} ${key} SET u8 a b
          ${name} ${key} SET x8 a b
          ${name} ${key} SET u8 0 b
          ${name} ${key} INCRBY u8 0 1.5
          ${name} ${key} SET u8 0 9223372036854775808
        `,
        ...[
          '',
          'u',
          'i',
          'u0',
          'u64',
          'i65',
          'i0',
          'U8',
          'I8',
          '8',
          'u-1',
          'u08',
          'u 8',
          'u8 ',
        ].map((type) => command(name, key, 'GET', type, '0')),
        ...[...NO_OFFSETS, '#', '#a', '##1', '#-1', '#536870912', '#576460752303423488'].map(
          (offset) => command(name, key, 'GET', 'u8', offset),
        ),
      ]),
      name,
      'EXISTS missing',
    ]);
  }
});
