// SORT and SORT_RO: every option and error, on each type that can be sorted, with keys of every kind behind BY and GET.
import { unordered } from '../support/comparers.ts';
import { compareWithRedis, type DefineCase } from '../support/comparison-suite.ts';
import { Random } from '../support/random.ts';
import { command, compared, type Script } from '../support/script.ts';

/** Texts that C reads as numbers, in part, or not at all. */
const NUMBERS = [
  ...['', '0', '-0', '7', '007', '-1', '+5', ' 5', '\t\n5', '5 ', ' ', '1.5', '.5', '5.', '.', '-'],
  ...['1e3', '1e', 'e3', '0x10', '0x', '0x1p4', 'inf', '-infinity', 'INF', 'nan', 'nan(1)', 'abc'],
  ...[
    '1e400',
    '-1e400',
    '1e-400',
    '1e-310',
    '2.2250738585072014e-308',
    '12\x00abc',
    '\x00',
    '1\x00',
  ],
  ...['9007199254740993', '9223372036854775807', '-9223372036854775808', '12345678901234567890'],
  ...['1_0', '1,5', 'x'.repeat(100)],
];

/** Makes the keys that the patterns of a case name: some are missing, of another type or expired. */
const WEIGHTS = String.raw`
  MSET w_a 3 w_b 1 w_c 2 w_d 1 w_10 0.5 w_9 -7 w_e 1e400 w_f abc
  MSET t_a pear t_b apple t_c "app\x00le" t_d "app\x00" t_10 "" t_9 fig
  RPUSH w_l 1
  RPUSH t_l 1
  SET w_x 0 PX 1
  SET "w_a*" 9
  SET w_a->f 4
  SET w_ 5
  SET * star
`;

const OPTIONS = [
  '',
  'ALPHA',
  'DESC',
  'ALPHA DESC',
  'LIMIT 0 3',
  'LIMIT 1 2 ALPHA',
  'LIMIT -5 2 ALPHA',
  'LIMIT 2 -1 ALPHA',
  'LIMIT 100 5 ALPHA',
  'LIMIT 1 9223372036854775807 ALPHA',
  'LIMIT 9223372036854775807 9223372036854775807 ALPHA',
  'LIMIT -9223372036854775808 -9223372036854775808 ALPHA',
  'LIMIT 0 0 ALPHA',
  'BY w_*',
  'BY w_* DESC',
  'BY w_* LIMIT 1 3',
  'BY t_* ALPHA',
  'BY t_* ALPHA DESC',
  'BY t_* ALPHA LIMIT 1 3',
  'BY t_* ALPHA DESC LIMIT 0 2',
  'BY t_*',
  'BY missing_* ALPHA',
  'BY missing_* DESC',
  'BY nosort',
  'BY nosort DESC',
  'BY nosort LIMIT 1 2',
  'BY nosort DESC LIMIT 1 2',
  'BY nosort LIMIT 50 2',
  'BY nosort BY w_*',
  'BY w_* BY nosort',
  'BY # ALPHA',
  'BY "#\\x00*"',
  'BY "w\\x00*" LIMIT 0 2',
  'BY w_*->f',
  'BY *->',
  'GET # ALPHA',
  'GET w_* GET # GET t_* ALPHA',
  'GET w_*->f GET w_*-> GET "#\\x00x" GET constant GET "" ALPHA',
  'GET * GET ** GET w_*\\x00 GET "w\\x00_*" ALPHA LIMIT 0 2',
  'ASC DESC ASC ALPHA',
  'LIMIT 0 1 LIMIT 1 2 ALPHA',
] as const;

const ERRORS = `
  SORT
  SORT_RO
  SORT k bogus
  SORT k ALPHA bogus
  SORT k LIMIT
  SORT k LIMIT 1
  SORT k LIMIT a b
  SORT k LIMIT 1 b
  SORT k LIMIT a b bogus
  SORT k bogus LIMIT a b
  SORT k LIMIT 1.5 2
  SORT k LIMIT 9223372036854775808 2
  SORT k BY
  SORT k GET
  SORT k STORE
  SORT k STORE d STORE
  SORT_RO k STORE d
  SORT_RO k STORE
  SORT s
  SORT s LIMIT a b
  SORT s STORE d
  SORT missing
  SORT missing ALPHA DESC LIMIT 1 5 GET # BY w_*
  SORT missing STORE d
  EXISTS d
`;

/**
 * A number that is out of range makes every SORT of Redis's fail that comes behind it, until some system call or
 * conversion sets C's `errno` anew, as this does.
 */
function forgetful(...args: string[]): Script {
  return ['INCRBYFLOAT errno 1', command(...args)];
}

/** Every form of sorting key `k`, returned and stored. */
function everyForm(): string[] {
  return OPTIONS.map(
    (options) => `
      SORT k ${options}
      SORT_RO k ${options}
      SORT k ${options} STORE d
      TYPE d
      LRANGE d 0 -1
      OBJECT ENCODING d
      DEL d
    `,
  );
}

function defineErrors(define: DefineCase): void {
  define('errors, and which comes first', [
    'RPUSH k a b 1',
    'SET s v',
    ERRORS,
    `
      SORT k
      SORT k STORE d
      EXISTS d
      SET d kept
      SORT k STORE d
      GET d
      SORT k STORE
      SORT k GET x_* STORE d
      GET d
    `,
  ]);
}

compareWithRedis('SORT', (define) => {
  defineErrors(define);

  for (const [kind, elements] of [
    ['numbers', '10 9 9 -3 0.5 1e2'],
    ['words', 'c a b 10 9 d x l'],
    ['texts with NUL', String.raw`"a\x00b" "a\x00a" a "a\x00" "" "\xff" b "\x00"`],
  ]) {
    define(`a list of ${kind}`, [WEIGHTS, `RPUSH k ${elements}`, ...everyForm()]);
  }

  define('what is a number', [
    ...NUMBERS.flatMap(
      (text): Script => [
        command('DEL', 'k'),
        command('RPUSH', 'k', '5', text, '6'),
        ...forgetful('SORT', 'k'),
        ...forgetful('SORT', 'k', 'DESC'),
        command('SORT', 'k', 'ALPHA'),
        command('SET', 'w_5', text),
        ...forgetful('SORT', 'k', 'BY', 'w_*', 'GET', 'w_*', 'GET', '#'),
      ],
    ),
  ]);

  define('STORE', [
    `
      RPUSH k 3 1 2
      SET d text EX 100
      SORT k STORE d
      TTL d
      LRANGE d 0 -1
      SORT k STORE k
      LRANGE k 0 -1
      SORT k LIMIT 5 5 STORE d
      EXISTS d
      SORT k LIMIT 5 5 STORE d
      SORT missing STORE k
      EXISTS k
      RPUSH k 2 1
      SORT k DESC STORE d STORE e
      EXISTS d e
      SET v_1 one
      SORT k GET v_* GET # STORE d
      LRANGE d 0 -1
      OBJECT ENCODING d
      SORT k STORE ""
      DEBUG DIGEST-VALUE "" d k
    `,
    command('RPUSH', 'long', ...Array.from({ length: 3000 }, (_, i) => String((i * 7919) % 3001))),
    `
      SORT long STORE d
      OBJECT ENCODING d
      LLEN d
      DEBUG DIGEST-VALUE d
      SORT long DESC LIMIT 10 5
      SORT long ALPHA LIMIT 10 5
      SORT long BY nosort LIMIT 1500 5
      SORT long BY nosort DESC LIMIT 1500 5
      SORT long ALPHA DESC STORE long
      DEBUG DIGEST-VALUE long
    `,
  ]);

  define('what others see of it', [
    `
      CONFIG RESETSTAT
      CONFIG SET notify-keyspace-events KEA
      RPUSH k 2 1 9
      MSET w_1 1 w_2 2
      watcher> WATCH d
      watcher> MULTI
      watcher> PING
      SORT k BY w_* GET # GET w_* STORE d
      watcher> EXEC
      OBJECT FREQ k
    `,
    compared(unordered, 'CONFIG GET notify-keyspace-events'),
    'CONFIG SET notify-keyspace-events ""',
  ]);

  define('the order among equals', [
    ...[3, 7, 8, 39, 40, 41, 100, 1000].flatMap((count): Script => {
      const random = new Random(count);
      const elements = Array.from({ length: count }, (_, i) => String(i));
      return [
        command('DEL', 'k'),
        command('RPUSH', 'k', ...random.shuffle(elements)),
        ...elements.map((i) => command('SET', `g_${i}`, String(random.integer(0, 4)))),
        ...['', 'DESC'].flatMap((order) =>
          [
            ...['', 'LIMIT 0 3', 'LIMIT 2 2', `LIMIT ${count >> 1} 5`, 'LIMIT 1 99999'],
            `LIMIT 0 ${count}`,
          ].map(
            (limit) => `SORT k BY g_* ALPHA ${order} ${limit}\nSORT k BY g_* ${order} ${limit}`,
          ),
        ),
        `SORT k BY none_* ALPHA LIMIT 1 ${count}`,
      ];
    }),
  ]);
});
