// Numbers in string values: INCR and its relatives at the limits of 64 bits, and INCRBYFLOAT,
// which Redis computes in 80-bit long doubles and prints with %.17Lf less the trailing zeros.

import { words } from '../support/command-line.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command } from '../support/script.ts';

const MAX = '9223372036854775807';
const MIN = '-9223372036854775808';

/** Values that look like integers, nearly do, or do not. */
const INTEGER_TEXTS = [
  ...words(`
    0 -0 +0 1 -1 +1 01 -01 00 10 1.0 1e3 0x10 - + --1 1_000 abc
    9007199254740991 9007199254740993 ${MAX} ${MIN} 9223372036854775808 -9223372036854775809
    18446744073709551615 99999999999999999999 100000000000000000000000 -9223372036854775807
    9223372036854775806
  `),
  ...['', ' ', ' 1', '1 ', '\x00', '1\x00'],
];

/** Operands of INCRBYFLOAT on which sloppy arithmetic, parsing or printing shows. */
const FINITE_FLOAT_TEXTS = words(`
  0 -0 -0.0 0.1 0.2 0.3 -0.1 .5 5. 3.0e3 3e3 1E2 5.0e-1 1e-5 1e-17 1e-18 5e-18 1.5e-17 5e-324
  4.9e-324 1e-400 1e-5000 1e17 1e18 1e19 1e20 1e21 123456789012345678 12345678901234567
  1234567890123456 0.12345678901234567 0.1234567890123456789 1.00000000000000001
  10.000000000000000001 3.14159265358979323846 2.718281828459045 0.3333333333333333 1e300
  1.7976931348623157e308 1e308 1e309 1e400 1e4931 -1e400 9007199254740993 9007199254740992.5
  9223372036854775807 18446744073709551615 18446744073709551616 99999999999999999999 0.5 0.25 1.005
  2.675 100.1 1000000.1 123456.789 0.000001 0.0000001 4.35 1.1 2.2 33.33 5e-5 1.50 1.0 10 00.1 -.5
  1e0001 000000000000000000000000001
`);
const FLOAT_TEXTS = [
  ...FINITE_FLOAT_TEXTS,
  ...words(`
    1e4933 +1.5 0x1p3 0x1A 0x inf -inf +inf Infinity nan NaN -nan nan(1) abc 1.5.5 1e 1e+ e5 . - +
    --1 1,5 1_0 1f 1L
  `),
  ...['', ' 1', '1 ', '1\x00', '\x001'],
];

compareWithRedis('numbers', (define) => {
  define('INCR and DECR on every kind of text', [
    ...INTEGER_TEXTS.flatMap((text) => [
      command('SET', 'k', text),
      command('INCR', 'k'),
      command('GET', 'k'),
      command('DECR', 'k'),
      command('DECR', 'k'),
      command('GET', 'k'),
    ]),
    `
      INCR fresh
      DECR down
      INCR
      INCR a b
      DECR
      DECR a b
      SETEX t 100 5
      INCR t
      TTL t
    `,
  ]);

  define('INCRBY and DECRBY with every kind of operand', [
    ...INTEGER_TEXTS.flatMap((text) => [
      command('SET', 'k', '100'),
      command('INCRBY', 'k', text),
      command('DECRBY', 'k', text),
      command('GET', 'k'),
      command('INCRBY', 'missing', text),
      command('DECRBY', 'absent', text),
      command('DEL', 'missing', 'absent'),
    ]),
    'INCRBY\nINCRBY k\nINCRBY k 1 2\nDECRBY\nDECRBY k\nDECRBY k 1 2',
  ]);

  const limits = words(`
    0 1 -1 ${MAX} ${MIN} 9223372036854775806 -9223372036854775807 4611686018427387904
  `);
  define('overflow at the limits of 64 bits', [
    ...limits.flatMap((value) =>
      limits.flatMap((operand) => [
        command('SET', 'k', value),
        command('INCRBY', 'k', operand),
        command('SET', 'k', value),
        command('DECRBY', 'k', operand),
        command('GET', 'k'),
      ]),
    ),
    `
      SET k ${MAX}
      INCR k
      GET k
      SET k ${MIN}
      DECR k
      GET k
      SET k abc
      INCRBY k abc
      DECRBY k ${MIN}
    `,
  ]);

  define('INCRBYFLOAT from nothing', [
    ...FLOAT_TEXTS.flatMap((text) => [
      command('INCRBYFLOAT', 'k', text),
      command('GET', 'k'),
      command('DEL', 'k'),
    ]),
    'INCRBYFLOAT\nINCRBYFLOAT k\nINCRBYFLOAT k 1 2',
  ]);

  define('INCRBYFLOAT on every kind of text', [
    ...FLOAT_TEXTS.flatMap((text) => [
      command('SET', 'k', text),
      command('INCRBYFLOAT', 'k', '0'),
      command('SET', 'k', text),
      command('INCRBYFLOAT', 'k', '1'),
      command('GET', 'k'),
    ]),
  ]);

  define('INCRBYFLOAT: sums', [
    ...pairs(FINITE_FLOAT_TEXTS).flatMap(([value, operand]) => [
      command('SET', 'k', value),
      command('INCRBYFLOAT', 'k', operand),
    ]),
    `
      SET k 0.1
      INCRBYFLOAT k 0.2
      INCRBYFLOAT k -0.3
      SET k 10.50
      INCRBYFLOAT k 0.1
      INCRBYFLOAT k -5
      SET k 5.0e3
      INCRBYFLOAT k 2.0e2
      SET k 1
      INCRBYFLOAT k -1
      INCRBYFLOAT k -0.0
      SET k 3
      INCRBYFLOAT k 1.5
      INCR k
      INCRBYFLOAT k 0.5
      INCR k
      SET k 1e400
      INCRBYFLOAT k 1e400
      SET k 1e4931
      INCRBYFLOAT k 1e4931
      INCRBYFLOAT k 1e4932
      SET k inf
      INCRBYFLOAT k -inf
      SETEX t 100 1.5
      INCRBYFLOAT t 1.5
      TTL t
      SET big ${'9'.repeat(400)}
      INCRBYFLOAT big 1
      SET long 0.${'3'.repeat(400)}
      INCRBYFLOAT long 1
    `,
  ]);

  define('INCRBYFLOAT: a long walk', [
    ...Array.from({ length: 200 }, (_, step) =>
      command('INCRBYFLOAT', 'k', String((((step * 7919) % 2003) - 1001) / 10 ** (step % 9))),
    ),
  ]);
});

/** Each text with a few of the others, different ones each time. */
function pairs(texts: readonly string[]): [string, string][] {
  return texts.flatMap((text, index) =>
    [1, 5, 17].map((stride): [string, string] => [
      text,
      texts[(index * stride + 3) % texts.length],
    ]),
  );
}
