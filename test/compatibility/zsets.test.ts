// Sorted sets, without waiting: every command with its options and errors, packed and in trees. Conversions are beside
// them in zset-encodings.test.ts.
import { shape, unordered } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, compared, intended, type Script, type Step } from '../support/script.ts';

/** Members that are packed in every way: integers of each width, strings of each length. */
const MEMBERS = [
  ...['', '0', '7', '127', '128', '-1', '4095', '-4096', '32767', '-32769', '8388607', '-8388609'],
  ...[
    '2147483647',
    '-2147483649',
    '9007199254740991',
    '9223372036854775807',
    '9223372036854775808',
  ],
  ...['007', '-0', '+1', ' 1', '1.5', 'short', '\xff\xfe', '\x00', 'x'.repeat(63), 'x'.repeat(64)],
];
const LONG_MEMBERS = ['x'.repeat(65), 'y'.repeat(4095), 'y'.repeat(4096), 'z'.repeat(20_000)];

/** Scores in every form: integers packed as such, others as text, infinities, what strtod takes. */
const SCORES = [
  ...['0', '-0', '1', '-1', '127', '128', '4095', '-4096', '1e5', '2147483648', '4503599627370495'],
  ...[
    '4503599627370496',
    '-4503599627370496',
    '9007199254740992',
    '9007199254740993',
    '1e16',
    '1e17',
  ],
  ...[
    '123456789012345680',
    '99999999999999984',
    '1e300',
    '1.5e300',
    '5e-324',
    '1e-5',
    '0.1',
    '0.3',
  ],
  ...['3.14159265358979', '-2.75', 'inf', '-inf', '+inf', 'Infinity', '0x10', '0x1p-3', '.5', '5.'],
  ...['1e-320', '00012', '+5', '1E+2'],
];
const NO_SCORES = ['', 'nan', ' 1', '1 ', 'abc', '1e400', '1e-400', '0x', '--1', '1,5', 'infin'];

/** Both forms of a sorted set: packed, and in a tree from the first member on. */
const FORMS = [
  ['packed', '128'],
  ['in a tree', '0'],
] as const;

function inForm(entries: string, ...script: Script): Script {
  return [
    `CONFIG SET zset-max-listpack-entries ${entries}`,
    ...script,
    'CONFIG SET zset-max-listpack-entries 128',
  ];
}

/** Fills a key with `count` members of scores 0 … `scores` - 1. */
function filled(key: string, count: number, scores: number): Step {
  const pairs = Array.from({ length: count }, (_, i) => [
    `${i % scores}`,
    `m${(i * 7919) % count}`,
  ]);
  return command('ZADD', key, ...pairs.flat());
}

compareWithRedis('sorted sets', (define) => {
  for (const [form, entries] of FORMS) {
    define(
      `ZADD, ${form}`,
      inForm(
        entries,
        String.raw`
          ZADD z 1 a
          ZADD z 2 b 3 c 1 a
          ZADD z 5 a 4 d
          ZADD z CH 6 a 4 d 7 e
          ZADD z NX 9 a 9 f
          ZADD z XX 9 a 9 g
          ZADD z XX CH 10 a 9 g
          ZADD z GT 1 a 1 h
          ZADD z GT CH 11 a 20 h
          ZADD z LT CH 12 a 2 h
          ZADD z LT XX CH 1 a 1 new
          ZADD z GT XX CH 100 a 1 new
          ZADD z INCR 5 a
          ZADD z INCR 5 new
          ZADD z NX INCR 5 a
          ZADD z XX INCR 5 missing
          ZADD z GT INCR 0 a
          ZADD z GT INCR -1 a
          ZADD z LT CH INCR -1 a
          ZADD z GT INCR 1 a
          ZADD z XX GT INCR 1 a
          ZADD missing XX 1 a
          ZADD missing XX INCR 1 a
          EXISTS missing
          ZADD z INCR inf i
          ZADD z INCR -inf i
          ZADD z INCR inf i
          ZINCRBY z 5 a
          ZINCRBY z -2.5 a
          ZINCRBY z 1 other
          ZINCRBY z nan a
          ZINCRBY z NX a
          ZINCRBY fresh 3 a
          ZADD z 1 x 2 x 3 x
          ZADD z 1 "" 2 "\x00" 3 "\xff\r\n"
          ZRANGE z 0 -1 WITHSCORES
          ZCARD z
          TYPE z
          OBJECT ENCODING z
          DEBUG DIGEST-VALUE z fresh
        `,
      ),
    );
    define(
      `ZADD of scores and members of every kind, ${form}`,
      inForm(
        entries,
        ...SCORES.map((score, i) => command('ZADD', 'z', score, `s${i}`)),
        ...SCORES.map((_, i) => `ZSCORE z s${i}`),
        ...NO_SCORES.map((score) => command('ZADD', 'z', '1', 'a', score, 'b')),
        ...NO_SCORES.map((score) => command('ZINCRBY', 'z', score, 'b')),
        ...MEMBERS.map((member, i) => command('ZADD', 'z', `${i % 7}`, member)),
        ...MEMBERS.map((member) => command('ZSCORE', 'z', member)),
        ...MEMBERS.map((member) => command('ZRANK', 'z', member)),
        'ZRANGE z 0 -1 WITHSCORES\nZREVRANGE z 0 -1 WITHSCORES\nDEBUG DIGEST-VALUE z\nOBJECT ENCODING z',
        ...LONG_MEMBERS.map((member) => command('ZADD', 'z', '3', member)),
        ...LONG_MEMBERS.map((member) => command('ZREVRANK', 'z', member)),
        'ZRANGE z 0 -1\nZREVRANGE z 0 -1',
        'ZRANGE z 0 -1 WITHSCORES\nDEBUG DIGEST-VALUE z\nOBJECT ENCODING z',
        ...MEMBERS.map((member) => command('ZINCRBY', 'z', '0.1', member)),
        ...MEMBERS.map((member) => command('ZREM', 'z', member)),
        'ZRANGE z 0 -1 WITHSCORES',
      ),
    );
    define(
      `ZREM, ZSCORE, ZMSCORE, ZCARD, ${form}`,
      inForm(
        entries,
        `
          ZADD z 1 a 2 b 3 c 4 d 5 e
          ZREM z a
          ZREM z a
          ZREM z b missing c b
          ZSCORE z d
          ZSCORE z a
          ZSCORE missing a
          ZMSCORE z d a e d
          ZMSCORE missing a b
          ZCARD z
          ZCARD missing
          ZREM missing a
          ZREM z e d
          EXISTS z
          ZADD z 1 a 2 b
          ZREM z a b c
          EXISTS z
        `,
      ),
    );
    define(
      `ZRANK and ZREVRANK, ${form}`,
      inForm(
        entries,
        filled('z', 40, 6),
        ...Array.from({ length: 40 }, (_, i) => `ZRANK z m${i}\nZREVRANK z m${i}`),
        'ZRANK z missing\nZREVRANK z missing\nZRANK missing a\nZREVRANK missing a',
      ),
    );
    define(
      `ranges by rank, ${form}`,
      inForm(
        entries,
        filled('z', 30, 4),
        ...['0 -1', '0 0', '-1 -1', '3 5', '-5 -3', '5 3', '-99 2', '-2 99', '99 100', '29 29'].map(
          (range) => `
            ZRANGE z ${range}
            ZRANGE z ${range} WITHSCORES
            ZRANGE z ${range} REV
            ZREVRANGE z ${range}
            ZREVRANGE z ${range} WITHSCORES
            ZRANGESTORE d z ${range}
            ZRANGE d 0 -1 WITHSCORES
            ZRANGESTORE d z ${range} REV
            ZRANGE d 0 -1 WITHSCORES
          `,
        ),
        `
          ZRANGE z -9223372036854775808 9223372036854775807
          ZRANGE missing 0 -1
          ZRANGE z 0 -1 LIMIT 0 -1
          ZRANGE z 0 -1 LIMIT 0 1
          ZREVRANGE z 0 -1 LIMIT 0 1
          ZRANGE z x 1
          ZRANGE z 0 1.5
        `,
      ),
    );
    define(
      `ranges by score, ${form}`,
      inForm(
        entries,
        filled('z', 30, 5),
        'ZADD z inf top -inf low 2.5 half',
        ...[
          ...['-inf +inf', '0 4', '(0 4', '0 (4', '(0 (4', '2 2', '(2 2', '2 (2', '(2 (2', '4 0'],
          ...[
            '(-inf (inf',
            '2.5 2.5',
            '1e400 inf',
            '-1e400 0x2',
            '5 100',
            '-100 -5',
            '( 3',
            '1 (',
            '" 1" 3',
          ],
        ].map(
          (range) => `
            ZCOUNT z ${range}
            ZRANGEBYSCORE z ${range}
            ZRANGEBYSCORE z ${range} WITHSCORES
            ZRANGEBYSCORE z ${range} LIMIT 2 3
            ZRANGEBYSCORE z ${range} WITHSCORES LIMIT 1 -1
            ZREVRANGEBYSCORE z ${range}
            ZREVRANGEBYSCORE z ${range} LIMIT 1 4 WITHSCORES
            ZRANGE z ${range} BYSCORE
            ZRANGE z ${range} BYSCORE REV LIMIT 0 5
            ZRANGE z ${range} REV BYSCORE WITHSCORES
            ZRANGESTORE d z ${range} BYSCORE LIMIT 3 4
            ZRANGE d 0 -1 WITHSCORES
            ZRANGESTORE d z ${range} BYSCORE REV LIMIT 3 4
            ZRANGE d 0 -1 WITHSCORES
          `,
        ),
        `
          ZREVRANGEBYSCORE z +inf -inf
          ZREVRANGEBYSCORE z 4 (1 LIMIT 2 3
          ZREVRANGEBYSCORE z 4 1 LIMIT -1 3
          ZRANGEBYSCORE z 0 4 LIMIT -1 3
          ZRANGEBYSCORE z 0 4 LIMIT 0 0
          ZRANGEBYSCORE z 0 4 LIMIT 100 1
          ZRANGEBYSCORE z 0 4 LIMIT 1 -5
          ZRANGEBYSCORE missing 0 4
          ZCOUNT missing 0 4
        `,
      ),
    );
    define(
      `ranges by member, ${form}`,
      inForm(
        entries,
        String.raw`
          ZADD z 0 "" 0 a 0 aa 0 ab 0 b 0 bb 0 c 0 12 0 -5 0 7 0 "\xff" 0 "\x00"
          ZRANGE z 0 -1
        `,
        ...[
          ...[
            '- +',
            '+ -',
            '- -',
            '+ +',
            '[a [b',
            '(a [b',
            '[a (b',
            '(a (b',
            '[b [a',
            '[a [a',
            '(a [a',
          ],
          ...[
            '[a (a',
            '[aa +',
            '- (aa',
            '[1 [9',
            '[\x00 [c',
            '[ +',
            '( +',
            '- [',
            '[b [zz',
            '[x [y',
          ],
        ].flatMap((range) => {
          const [min, max] = range.split(' ');
          return [
            command('ZLEXCOUNT', 'z', min, max),
            command('ZRANGEBYLEX', 'z', min, max),
            command('ZRANGEBYLEX', 'z', min, max, 'LIMIT', '1', '2'),
            command('ZREVRANGEBYLEX', 'z', min, max),
            command('ZREVRANGEBYLEX', 'z', max, min, 'LIMIT', '1', '3'),
            command('ZRANGE', 'z', min, max, 'BYLEX'),
            command('ZRANGE', 'z', max, min, 'BYLEX', 'REV', 'LIMIT', '0', '4'),
            command('ZRANGESTORE', 'd', 'z', min, max, 'BYLEX'),
            command('ZRANGE', 'd', '0', '-1', 'WITHSCORES'),
          ];
        }),
        `
          ZLEXCOUNT z a b
          ZLEXCOUNT z "" +
          ZLEXCOUNT z -x +
          ZLEXCOUNT z - +x
          ZLEXCOUNT missing - +
          ZRANGEBYLEX missing - +
          ZRANGEBYLEX z - + LIMIT 0 0
          ZRANGEBYLEX z - + LIMIT 2 -1
          ZRANGEBYLEX z - + LIMIT -1 2
          ZREMRANGEBYLEX z [a (b
          ZREMRANGEBYLEX z [a (b
          ZREMRANGEBYLEX z a b
          ZRANGE z 0 -1
          ZREMRANGEBYLEX z - +
          EXISTS z
        `,
      ),
    );
    // Only what does not depend on where a search in a skip list, whose levels are random, comes out.
    define(
      `ranges by members whose scores differ, ${form}`,
      inForm(
        entries,
        'ZADD z 1 m 2 a 3 z 4 b 5 y 6 c',
        `
          ZRANGEBYLEX z - [p
          ZRANGEBYLEX z - [p LIMIT 1 5
          ZRANGEBYLEX z - [p LIMIT 0 1
          ZREVRANGEBYLEX z + [b
          ZREVRANGEBYLEX z + [b LIMIT 1 1
          ZRANGEBYLEX z [a [l
          ZREVRANGEBYLEX z [l [a
          ZLEXCOUNT z [a [l
          ZRANGEBYLEX z [d [zz
          ZREVRANGEBYLEX z [zz [d
          ZLEXCOUNT z [d [zz
          ZRANGESTORE d z - [p BYLEX
          ZRANGE d 0 -1
          ZREMRANGEBYLEX z [a [l
          ZREMRANGEBYLEX z - [p
          ZRANGE z 0 -1
          ZRANGEBYLEX z - +
          ZLEXCOUNT z - +
        `,
      ),
    );
    define(
      `ZREMRANGEBYRANK and ZREMRANGEBYSCORE, ${form}`,
      inForm(
        entries,
        filled('z', 60, 10),
        `
          ZREMRANGEBYRANK z 0 2
          ZREMRANGEBYRANK z -3 -1
          ZREMRANGEBYRANK z 5 3
          ZREMRANGEBYRANK z 100 200
          ZREMRANGEBYRANK z 20 21
          ZREMRANGEBYSCORE z 3 (5
          ZREMRANGEBYSCORE z (8 inf
          ZREMRANGEBYSCORE z 100 200
          ZREMRANGEBYSCORE z 5 4
          ZRANGE z 0 -1 WITHSCORES
          ZREMRANGEBYSCORE z -inf inf
          EXISTS z
          ZADD z 1 a 2 b
          ZREMRANGEBYRANK z 0 -1
          EXISTS z
          ZREMRANGEBYRANK missing 0 -1
          ZREMRANGEBYSCORE missing 0 1
          ZREMRANGEBYRANK z x 1
          ZREMRANGEBYSCORE z x 1
          ZREMRANGEBYLEX z x 1
        `,
      ),
    );
    define(
      `ZPOPMIN, ZPOPMAX, ZMPOP, ${form}`,
      inForm(
        entries,
        filled('z', 40, 7),
        `
          ZPOPMIN z
          ZPOPMAX z
          ZPOPMIN z 3
          ZPOPMAX z 3
          ZPOPMIN z 0
          ZPOPMAX z 1
          ZPOPMIN missing
          ZPOPMIN missing 5
          ZPOPMIN z -1
          ZPOPMIN z x
          ZPOPMIN missing x
          ZPOPMIN z 1 2
          ZMPOP 1 z MIN
          ZMPOP 1 z MAX
          ZMPOP 2 missing z min COUNT 3
          ZMPOP 2 z missing MAX count 2
          ZMPOP 1 missing MIN
          ZMPOP 0 z MIN
          ZMPOP -1 z MIN
          ZMPOP x z MIN
          ZMPOP 1 z UP
          ZMPOP 2 z MIN
          ZMPOP 9223372036854775807 z MIN
          ZMPOP 1 z MIN COUNT 0
          ZMPOP 1 z MIN COUNT x
          ZMPOP 1 z MIN COUNT
          ZMPOP 1 z MIN COUNT 1 COUNT 1
          ZMPOP 1 z MIN 1
          ZRANGE z 0 -1 WITHSCORES
          ZPOPMIN z 100
          EXISTS z
          ZADD z 1 a 2 b
          ZMPOP 1 z MAX COUNT 9223372036854775807
          EXISTS z
        `,
      ),
    );
    define(
      `unions, intersections and differences, ${form}`,
      inForm(
        entries,
        `
          ZADD a 1 a 2 b 3 c 4 d inf i -inf j
          ZADD b 10 a 20 b -inf i inf j 0.5 e
          ZADD c 100 a 5 z 7 12
        `,
        ...['ZUNION', 'ZINTER', 'ZDIFF'].map(
          (name) => `
            ${name} 1 a
            ${name} 1 a WITHSCORES
            ${name} 2 a b WITHSCORES
            ${name} 2 b a WITHSCORES
            ${name} 3 a b c WITHSCORES
            ${name} 3 c b a
            ${name} 2 a a WITHSCORES
            ${name} 2 a missing WITHSCORES
            ${name} 2 missing a WITHSCORES
            ${name} 1 missing
            ${name} 2 a b WEIGHTS 2 3 WITHSCORES
            ${name} 2 a b AGGREGATE MIN WITHSCORES
            ${name} 2 a b AGGREGATE MAX WITHSCORES
            ${name} 2 a b AGGREGATE sum WITHSCORES
            ${name} 2 a b WEIGHTS 0 0 WITHSCORES
            ${name} 2 a b WEIGHTS inf -inf AGGREGATE MAX WITHSCORES
            ${name} 2 a b WEIGHTS 1 0 AGGREGATE MIN WITHSCORES
            ${name} 2 a b WITHSCORES WITHSCORES
            ${name} 2 a b WEIGHTS 1
            ${name} 2 a b WEIGHTS 1 x
            ${name} 2 a b WEIGHTS 1 2 WEIGHTS 3 4 WITHSCORES
            ${name} 2 a b AGGREGATE
            ${name} 2 a b AGGREGATE x
            ${name} 2 a b LIMIT 1
            ${name} 2 a b x
            ${name} 0 a
            ${name} -1 a
            ${name} x a
            ${name} 3 a b
            ${name} 1
            ${name}STORE d 2 a b
            ZRANGE d 0 -1 WITHSCORES
            OBJECT ENCODING d
            ${name}STORE d 3 a b c WEIGHTS 1 2 3 AGGREGATE MAX
            ZRANGE d 0 -1 WITHSCORES
            ${name}STORE d 2 a b WITHSCORES
            ${name}STORE d 0 a
            ${name}STORE d x a
            ${name}STORE d 2 a
            ${name}STORE a 2 a c
            ZRANGE a 0 -1 WITHSCORES
            ${name}STORE d 1 missing
            EXISTS d
            ${name}STORE d 1 missing
            DEL a
            ZADD a 1 a 2 b 3 c 4 d inf i -inf j
          `,
        ),
        `
          ZINTERCARD 2 a b
          ZINTERCARD 2 a b LIMIT 0
          ZINTERCARD 2 a b LIMIT 1
          ZINTERCARD 2 a b LIMIT 100
          ZINTERCARD 2 a b LIMIT 1 LIMIT 2
          ZINTERCARD 2 a b LIMIT -1
          ZINTERCARD 2 a b LIMIT x
          ZINTERCARD 2 a b LIMIT
          ZINTERCARD 2 a b WEIGHTS 1 2
          ZINTERCARD 2 a b WITHSCORES
          ZINTERCARD 2 a missing
          ZINTERCARD 1 missing
          ZINTERCARD 0 a
          ZINTERCARD x a
          ZINTERCARD 3 a b
          ZINTERCARD 2 a a
        `,
      ),
    );
    define(
      `sets among them, ${form}`,
      inForm(
        entries,
        `
          ZADD a 1 a 2 b 3 5 4 70000 5 x
          SADD ints 5 70000 -3
          SADD mixed a b 5 y
        `,
        ...['a ints', 'ints a', 'ints mixed', 'mixed ints', 'mixed a', 'ints ints'].map(
          (keys) => `
            ZUNION 2 ${keys} WITHSCORES
            ZUNION 2 ${keys} WEIGHTS 2 3 AGGREGATE MAX WITHSCORES
            ZINTER 2 ${keys} WITHSCORES
            ZINTER 2 ${keys} WEIGHTS 2 3 WITHSCORES
            ZDIFF 2 ${keys} WITHSCORES
            ZINTERCARD 2 ${keys}
            ZUNIONSTORE d 2 ${keys}
            OBJECT ENCODING d
            ZRANGE d 0 -1 WITHSCORES
            ZDIFFSTORE d 2 ${keys}
            ZRANGE d 0 -1 WITHSCORES
          `,
        ),
        'ZUNIONSTORE ints 3 a ints mixed\nTYPE ints\nZRANGE ints 0 -1 WITHSCORES',
      ),
    );
    define(
      `ZRANDMEMBER, ${form}`,
      inForm(
        entries,
        'ZADD one 1 a',
        filled('z', 20, 5),
        `
          ZRANDMEMBER one
          ZRANDMEMBER one 5
          ZRANDMEMBER one 5 WITHSCORES
          ZRANDMEMBER one -3
          ZRANDMEMBER one -3 withscores
          ZRANDMEMBER one 0
          ZRANDMEMBER missing
          ZRANDMEMBER missing 5
          ZRANDMEMBER z 0
          ZRANDMEMBER z x
          ZRANDMEMBER z 1 x
          ZRANDMEMBER z 1 WITHSCORES x
          ZRANDMEMBER z 9223372036854775807 WITHSCORES
          ZRANDMEMBER z -9223372036854775807 WITHSCORES
          ZRANDMEMBER z -9223372036854775808
          ZRANDMEMBER z 9223372036854775808
        `,
        // All there are: in an order that is not random.
        `
          ZRANDMEMBER z 20
          ZRANDMEMBER z 100
          ZRANDMEMBER z 20 WITHSCORES
        `,
        compared(shape, 'ZRANDMEMBER z 19 WITHSCORES\nZRANDMEMBER z -7 WITHSCORES'),
      ),
    );
  }

  define('many members', [
    filled('a', 3000, 700),
    filled('b', 4000, 90),
    ...['ZUNION', 'ZINTER', 'ZDIFF'].map(
      (name) => `
        ${name} 2 a b WITHSCORES
        ${name}STORE d 2 a b
        ZRANGE d 0 -1 WITHSCORES
        DEBUG DIGEST-VALUE d
      `,
    ),
    'ZUNIONSTORE d 2 a b WEIGHTS -0.5 1e300 AGGREGATE MIN\nZRANGE d 0 -1 WITHSCORES',
    'ZRANGEBYSCORE a 100 (300 WITHSCORES LIMIT 5 400\nZREVRANGE b 500 900 WITHSCORES\nZREVRANGE b 0 -1\nZRANGE b 0 -1\nZRANGE b 61 3800\nZREVRANGE b 1 123\nZCOUNT a 3 (600',
    'ZREMRANGEBYRANK a 100 2500\nZREMRANGEBYSCORE b 10 (80\nDEBUG DIGEST-VALUE a b',
    ...Array.from(
      { length: 40 },
      (_, i) => `ZADD b ${i * 1.5} m${i * 31}\nZINCRBY b -7 m${i * 17}`,
    ),
    'ZPOPMIN b 100\nZPOPMAX b 100\nDEBUG DIGEST-VALUE b\nZRANGE b 0 -1 WITHSCORES',
  ]);

  define('the signs of zeros in a range that is stored', [
    // A tree of zeros with their signs.
    'CONFIG SET zset-max-listpack-entries 0',
    `ZADD z ${Array.from({ length: 30 }, (_, i) => `-0 m${i}`).join(' ')} -0 m15${'x'.repeat(80)}`,
    'CONFIG SET zset-max-listpack-entries 8',
    ...[
      ...['0 5', '0 -1', '0 -1 REV', '-3 -1 REV', '7 9'],
      ...['-inf inf BYSCORE', 'inf -inf BYSCORE REV', '-inf inf BYSCORE LIMIT 4 6'],
      ...['inf -inf BYSCORE REV LIMIT 22 6', '- + BYLEX', '+ - BYLEX REV LIMIT 3 20'],
    ].map((range) => `ZRANGESTORE d z ${range}\nZRANGE d 0 -1 WITHSCORES\nDEBUG DIGEST-VALUE d`),
    'CONFIG SET zset-max-listpack-entries 128',
  ]);

  define('ZSCAN of packed members', [
    'ZADD z 1 a 2 b 3.5 c -inf d 12 12 1e300 x',
    `
      ZSCAN z 0
      ZSCAN z 0 COUNT 1
      ZSCAN z 5
      ZSCAN z 0 MATCH [ab]
      ZSCAN z 0 MATCH 1*
      ZSCAN z 0 MATCH nothing
      ZSCAN z 0 MATCH * COUNT 2
      ZSCAN z x
      ZSCAN z -1
      ZSCAN z 0 COUNT 0
      ZSCAN z 0 COUNT x
      ZSCAN z 0 MATCH
      ZSCAN z 0 TYPE zset
      ZSCAN z 0 x
      ZSCAN missing 0
      ZSCAN missing 0 COUNT x
      ZSCAN missing x
    `,
  ]);
  define('ZSCAN of all members at once', [
    'CONFIG SET zset-max-listpack-entries 0',
    filled('z', 50, 7),
    compared(unordered, 'ZSCAN z 0 COUNT 1000 MATCH nothing'),
    compared(shape, 'ZSCAN z 0 COUNT 1000\nZSCAN z 0 COUNT 1000 MATCH m1*'),
    'CONFIG SET zset-max-listpack-entries 128',
  ]);

  define('wrong numbers of arguments, types and options', [
    ...[
      ...['ZADD', 'ZADD k', 'ZADD k 1', 'ZADD k 1 a 2', 'ZADD k NX', 'ZADD k NX XX', 'ZADD k NX 1'],
      ...[
        'ZADD k NX XX 1 a',
        'ZADD k GT LT 1 a',
        'ZADD k NX GT 1 a',
        'ZADD k NX LT 1 a',
        'ZADD k x a',
      ],
      ...[
        'ZADD k INCR 1 a 2 b',
        'ZADD k NX XX INCR 1 a 2 b',
        'ZADD k GT LT NX XX 1 a',
        'ZADD k CH CH 1 a',
      ],
      ...['ZINCRBY k 1', 'ZINCRBY k x a', 'ZREM k', 'ZCARD', 'ZCARD k k', 'ZSCORE k', 'ZMSCORE k'],
      ...[
        'ZCOUNT k 1',
        'ZCOUNT k x 1',
        'ZCOUNT k 1 x',
        'ZCOUNT k (x 1',
        'ZCOUNT k nan 1',
        'ZRANK k',
      ],
      ...['ZREVRANK k', 'ZRANGE k 0', 'ZRANGE k 0 1 x', 'ZRANGE k 0 1 BYSCORE BYLEX'],
      ...[
        'ZRANGE k 0 1 REV REV',
        'ZRANGE k 0 1 BYSCORE BYSCORE',
        'ZRANGE k 0 1 LIMIT',
        'ZRANGE k 0 1 LIMIT 1',
      ],
      ...[
        'ZRANGE k 0 1 BYSCORE LIMIT x 1',
        'ZRANGE k 0 1 BYSCORE LIMIT 1 x',
        'ZRANGE k - + BYLEX WITHSCORES',
      ],
      ...['ZRANGE k 0 1 LIMIT 1 2', 'ZRANGE k 0 1 WITHSCORES WITHSCORES', 'ZRANGE k a b BYSCORE'],
      ...['ZRANGE k a b BYLEX', 'ZRANGEBYSCORE k 0 1 BYSCORE', 'ZRANGEBYSCORE k 0 1 REV LIMIT a b'],
      ...[
        'ZRANGEBYSCORE k 0 1 LIMIT a b REV',
        'ZRANGEBYLEX k - + WITHSCORES',
        'ZRANGEBYLEX k - + WITHSCORES x',
      ],
      ...[
        'ZREVRANGEBYSCORE k x y',
        'ZREVRANGEBYLEX k x y',
        'ZREVRANGE k x y',
        'ZREVRANGE k 0 1 REV',
      ],
      ...[
        'ZRANGESTORE d k 0',
        'ZRANGESTORE d k 0 1 WITHSCORES',
        'ZRANGESTORE d k x 1',
        'ZRANGESTORE d k 0 1 BYLEX',
      ],
      ...[
        'ZRANGESTORE d k 0 1 LIMIT 1 2',
        'ZRANGESTORE d k a b BYSCORE',
        'ZPOPMIN',
        'ZPOPMAX',
        'ZMPOP 1 k',
      ],
      ...[
        'ZUNION 1',
        'ZINTER 1',
        'ZDIFF 1',
        'ZINTERCARD 1',
        'ZUNIONSTORE d 1',
        'ZSCAN k',
        'ZRANDMEMBER',
      ],
      ...['ZREMRANGEBYRANK k 1', 'ZREMRANGEBYSCORE k 1', 'ZREMRANGEBYLEX k -'],
    ].flatMap((line) => [line, line.replace(/ k\b/, ' missing')]),
    'SET k v',
    ...[
      ...[
        'ZADD k 1 a',
        'ZADD k XX 1 a',
        'ZADD k x a',
        'ZINCRBY k 1 a',
        'ZREM k a',
        'ZCARD k',
        'ZSCORE k a',
      ],
      ...[
        'ZMSCORE k a',
        'ZCOUNT k 0 1',
        'ZLEXCOUNT k - +',
        'ZRANK k a',
        'ZREVRANK k a',
        'ZRANGE k 0 1',
      ],
      ...[
        'ZRANGE k x 1',
        'ZRANGESTORE d k 0 1',
        'ZRANGEBYSCORE k 0 1',
        'ZREMRANGEBYRANK k 0 1',
        'ZPOPMIN k',
      ],
      ...[
        'ZPOPMIN k 0',
        'ZPOPMAX k 1',
        'ZMPOP 1 k MIN',
        'ZMPOP 2 missing k MIN',
        'ZUNION 1 k',
        'ZUNION 2 missing k x',
      ],
      ...[
        'ZINTER 2 missing k',
        'ZDIFF 1 k',
        'ZINTERCARD 1 k',
        'ZUNIONSTORE d 1 k',
        'ZRANDMEMBER k',
        'ZRANDMEMBER k 2',
      ],
      ...['ZSCAN k 0', 'ZREMRANGEBYLEX k - +', 'BZPOPMIN k 0', 'BZMPOP 0 1 k MIN'],
    ],
    'ZADD z 1 a\nZRANGESTORE k z 0 -1\nTYPE k\nSETEX k 100 v\nZUNIONSTORE k 1 z\nTTL k\nTYPE k',
    'SET k v\nZRANGESTORE k missing 0 -1\nEXISTS k\nSET k v\nZINTERSTORE k 1 missing\nEXISTS k',
  ]);

  define('ZRANK with WITHSCORE', [
    'ZADD z 1.5 a 2 b',
    intended('zrank-withscore', /^\*2\r\n:0\r\n(?:\$3\r\n1\.5|,1\.5)\r\n$/, 'ZRANK z a WITHSCORE'),
    intended('zrank-withscore', /^\*2\r\n:0\r\n(?:\$1\r\n2|,2)\r\n$/, 'ZREVRANK z b withscore'),
    intended('zrank-withscore', /^(?:\*-1|_)\r\n$/, 'ZRANK z missing WITHSCORE'),
    intended('zrank-withscore', /^(?:\*-1|_)\r\n$/, 'ZRANK missing a WITHSCORE'),
    'ZRANK z a x\nZREVRANK z a WITHSCORE x',
  ]);

  define('other commands on sorted sets', [
    `
      ZADD z 1 a 2 b 3 c
      GET z
      APPEND z x
      RPUSH z x
      LRANGE z 0 -1
      SCAN 0 TYPE zset
      OBJECT FREQ z
      OBJECT REFCOUNT z
      EXPIRE z 100
      ZADD z 4 d
      TTL z
      ZINCRBY z 5 a
      PERSIST z
      COPY z copy
      ZADD copy 9 q
      ZRANGE z 0 -1 WITHSCORES
      ZRANGE copy 0 -1 WITHSCORES
      RENAME copy other
      ZRANGE other 0 -1
      MOVE other 1
      SELECT 1
      ZRANGE other 0 -1
      MULTI
      ZADD t 1 a 2 b
      ZPOPMIN t
      BZPOPMIN t 0
      BZPOPMIN t 0
      BZMPOP 0 1 t MIN
      ZRANGE t 0 -1
      EXEC
      WATCH w
      b> SELECT 1
      b> ZADD w 1 a
      MULTI
      ZCARD w
      EXEC
    `,
  ]);
});
