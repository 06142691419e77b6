// HyperLogLogs: every command with its errors; their bytes, after each element that is added; damaged ones.
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, framed, hears, intended, type Script, type Step } from '../support/script.ts';

/** The header of one in the given encoding, without a count that holds. */
function header(encoding: number): string {
  return `HYLL${String.fromCharCode(encoding)}\0\0\0${'\0'.repeat(7)}\x80`;
}

const DENSE_REGISTERS = 12_288;
const ALL_ZERO = '\x7f\xff';

/** Adds elements, one by one, and reads all bytes after each. */
function addedOneByOne(key: string, from: number, to: number): Step[] {
  return Array.from({ length: to - from }, (_, i) => [
    command('PFADD', key, `e:${from + i}`),
    command('GET', key),
  ]).flat();
}

function elements(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `e:${from + i}`);
}

const SEEDED: Script = [
  command('PFADD', 'few', ...elements(0, 10)),
  command('PFADD', 'some', ...elements(5, 300)),
  command('PFADD', 'many', ...elements(0, 4_000)),
  command('PFADD', 'others', ...elements(10_000, 13_000)),
  'PFADD none',
  'SET text abc\nSET int 123\nRPUSH list a\nSET empty ""',
];
const KEYS = ['few', 'some', 'many', 'others', 'none', 'missing', 'text', 'int', 'list', 'empty'];

/** Strings that are no HyperLogLogs, or damaged ones. */
const DAMAGED: readonly (readonly [name: string, bytes: string])[] = [
  ['short', 'HYLL\x01'],
  ['header', header(1)],
  ['denseHeader', header(0)],
  ['magic', header(1).replace('H', 'h') + ALL_ZERO],
  ['encoding', header(2) + ALL_ZERO],
  ['denseShort', header(0) + '\0'.repeat(DENSE_REGISTERS - 1)],
  ['denseLong', header(0) + '\0'.repeat(DENSE_REGISTERS + 1)],
  ['denseFull', header(0) + '\xff'.repeat(DENSE_REGISTERS)],
  ['denseLarge', header(0) + '\xf1\x1c\xc7'.repeat(DENSE_REGISTERS / 3)],
  ['denseTooLarge', header(0) + '\xb3\x3c\xcf'.repeat(DENSE_REGISTERS / 3)],
  ['denseNoise', header(0) + 'HyperLogLog!'.repeat(DENSE_REGISTERS / 12)],
  ['tooFew', `${header(1)}\x7f\xfe`],
  ['one', `${header(1)}\x00`],
  ['tooMany', `${header(1)}${ALL_ZERO}\x00`],
  ['tooManyValues', `${header(1)}${ALL_ZERO}\xff`],
  ['twice', header(1) + ALL_ZERO + ALL_ZERO],
  ['half', `${header(1)}\x7f`],
  ['halfRun', `${header(1)}\x40\xff\x7f`],
  ['values', `${header(1)}${'\xff'.repeat(4_096)}`],
  ['valuesAndOne', `${header(1)}${'\xff'.repeat(4_096)}\x80`],
  ['ones', `${header(1)}${'\x80'.repeat(16_384)}`],
  ['zeros', `${header(1)}${'\x00'.repeat(16_384)}`],
  ['shortRuns', `${header(1)}${'\x3f'.repeat(256)}`],
  ['longRunsOfOne', `${header(1)}${'\x40\x00'.repeat(16_384)}`],
  ['outside', `${header(1)}${'\x40\x00'.repeat(40_000)}`],
  ['largeTail', `${header(1)}${ALL_ZERO}${'\x80'.repeat(90_000)}`],
  ['counted', `HYLL\x01abc\x39\x30\0\0\0\0\0\0${ALL_ZERO}`],
  ['countedHigh', `HYLL\x01abc\xff\xff\xff\xff\xff\xff\xff\x7f${ALL_ZERO}`],
  ['countedDamage', `HYLL\x01abc\x39\x30\0\0\0\0\0\0\x00`],
];

compareWithRedis('hyperloglogs', (define) => {
  define('PFADD: bytes after each element, sparse', [...addedOneByOne('h', 0, 1_000)], {
    protocols: [2],
  });

  define('PFADD: bytes after each element, becoming dense', [
    command('PFADD', 'h', ...elements(0, 1_650)),
    'GET h',
    ...addedOneByOne('h', 1_650, 1_750),
    command('PFADD', 'h', ...elements(1_750, 9_990)),
    ...addedOneByOne('h', 9_990, 10_010),
    'PFCOUNT h\nGET h\nPFCOUNT h\nDEBUG DIGEST',
  ]);

  define('PFADD', [
    `
      PFADD h
      GET h
      PFADD h
      PFADD h a
      PFADD h a
      PFADD h a b c
      PFADD h a b c d
      PFADD h ""
      OBJECT ENCODING h
      STRLEN h
      PFCOUNT h
      GET h
      PFADD h a
      GET h
      PFADD h new
      GET h
      PFADD new a b c d e f g
      GET new
      EXPIRE new 1000
      PFADD new h i j
      TTL new
      PFADD
    `,
    ...[...Array(40).keys()].map((length) => command('PFADD', 'l', 'x'.repeat(length))),
    ...[...Array(40).keys()].map((length) => command('PFADD', 'l', '\xff'.repeat(length))),
    command('PFADD', 'l', 'y'.repeat(100_000)),
    'GET l\nPFCOUNT l',
    // A short string that was set as a whole.
    command('SET', 'embstr', header(1) + ALL_ZERO),
    'OBJECT ENCODING embstr\nPFCOUNT embstr\nOBJECT ENCODING embstr\nGET embstr',
    command('SET', 'embstr', header(1) + ALL_ZERO),
    'PFADD embstr\nOBJECT ENCODING embstr\nPFADD embstr a\nGET embstr',
    command('SET', 'embstr', header(1) + ALL_ZERO),
    'PFDEBUG ENCODING embstr\nOBJECT ENCODING embstr',
    command('SET', 'embstr', header(1) + ALL_ZERO),
    'PFMERGE embstr\nOBJECT ENCODING embstr\nGET embstr',
  ]);

  for (const limit of [0, 17, 20, 21, 100, 3_000, 20_000]) {
    define(`hll-sparse-max-bytes ${limit}`, [
      `CONFIG SET hll-sparse-max-bytes ${limit}`,
      ...addedOneByOne('h', 0, 60),
      command('PFADD', 'at once', ...elements(0, 60)),
      'GET "at once"',
      command('PFADD', 'more', ...elements(0, 2_500)),
      'PFDEBUG ENCODING more\nGET more',
      command('PFADD', 'more', ...elements(2_500, 2_600)),
      'GET more\nPFCOUNT more\nPFMERGE to more h\nGET to\nPFMERGE more h "at once"\nGET more',
      'PFMERGE small h "at once"\nGET small',
    ]);
  }

  define('PFCOUNT and PFMERGE', [
    ...SEEDED,
    ...KEYS.map((key) => `PFCOUNT ${key}\nGET ${key}\nPFCOUNT ${key}`),
    ...KEYS.flatMap((key) => KEYS.map((other) => `PFCOUNT ${key} ${other}`)),
    `PFCOUNT ${KEYS.slice(0, 6).join(' ')}`,
    ...KEYS.flatMap((key) =>
      KEYS.map((other) => `PFMERGE to ${key} ${other}\nGET to\nPFCOUNT to\nDEL to`),
    ),
    ...SEEDED,
    ...KEYS.map((key) => `PFMERGE ${key}\nGET ${key}`),
    'PFMERGE few some missing\nGET few\nPFMERGE some many\nGET some\nPFMERGE none others few',
    'GET none\nPFCOUNT none\nEXPIRE none 1000\nPFMERGE none missing\nTTL none\nEXISTS missing',
    'PFCOUNT\nPFMERGE\nPFMERGE list few\nPFMERGE few list\nPFMERGE new text\nEXISTS new',
    'DEBUG DIGEST',
  ]);

  define('PFDEBUG', [
    ...SEEDED,
    ...KEYS.map(
      (key) => `
        PFDEBUG ENCODING ${key}
        PFDEBUG decode ${key}
        PFDEBUG bogus ${key}
        PFDEBUG "" ${key}
        PFDEBUG ToDense ${key}
        PFDEBUG TODENSE ${key}
        PFDEBUG ENCODING ${key}
        PFDEBUG DECODE ${key}
        GET ${key}
      `,
    ),
    ...SEEDED.slice(0, 2),
    'DEL few\nPFADD few a b\nPFDEBUG GETREG few\nPFDEBUG ENCODING few\nGET few\nPFCOUNT few',
    'PFDEBUG\nPFDEBUG ENCODING\nPFDEBUG ENCODING few few\nPFDEBUG bogus missing',
    command('PFDEBUG', 'a\0b', 'few'),
    command('PFDEBUG', 'a\r\nb', 'few'),
  ]);

  for (const [name, bytes] of DAMAGED) {
    const set = command('SET', 'k', bytes);
    define(`damage: ${name}`, [
      'PFADD few a b c',
      ...['PFCOUNT k', 'PFCOUNT k few', 'PFCOUNT few k', 'PFMERGE to k', 'PFMERGE k few'].flatMap(
        (line) => [set, line, 'GET k', 'GET to', 'PFCOUNT k'],
      ),
      ...['ENCODING', 'DECODE', 'TODENSE', 'GETREG'].flatMap((line) => [
        set,
        `PFDEBUG ${line} k`,
        'GET k',
      ]),
      ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].flatMap((element) => [
        set,
        `PFADD k ${element}`,
        'GET k',
        'PFCOUNT k',
        'GET k',
      ]),
      set,
      'PFADD k\nGET k\nOBJECT ENCODING k',
    ]);
  }

  // The first register of the damaged one is there, that of the other element is not.
  define('damage that is found late', [
    command('SET', 'k', `${header(1)}\x7f\x00`),
    ...Array.from({ length: 40 }, (_, i) => `PFADD k e:${i}`),
    command('SET', 'k', `${header(1)}\x6f\xff`),
    'PFADD k e:0 e:1 e:2 e:3 e:4 e:5 e:6 e:7',
    intended('damaged-hyperloglogs', /^\$18\r\n/, 'GET k'),
  ]);

  define('PFCOUNT keeps its count: WATCH and client-side caching notice', [
    `
      PFADD k a b
      WATCH k
      b> PFCOUNT k
      MULTI
      PING
      EXEC
      WATCH k
      b> PFCOUNT k
      MULTI
      PING
      EXEC
      WATCH k
      b> PFDEBUG TODENSE k
      MULTI
      PING
      EXEC
      MULTI
      PFADD k c
      PFCOUNT k
      PFMERGE l k
      EXEC
    `,
  ]);

  define('PFCOUNT and client-side caching', [
    'PFADD k a b',
    'CLIENT TRACKING ON',
    'GET k',
    framed('PFCOUNT k', 2),
    'PFCOUNT k',
    'b> PFADD k a',
    'b> PFADD k c',
    hears('a'),
    'PFCOUNT k',
    'b> SETBIT k 100 1',
    hears('a'),
    'PING',
  ], { protocols: [3] });

  define('PFSELFTEST', ['PFSELFTEST', 'PFSELFTEST x'], { protocols: [2] });
});
