// OBJECT and its kin: the encoding that each way of writing leaves behind, clocks and counters.

import { approx, shape } from '../support/comparers.ts';
import { compareWithRedis } from '../support/comparison-suite.ts';
import { command, compared, intended, sleep } from '../support/script.ts';

const VALUES = [
  '',
  '0',
  '1',
  '-1',
  '-0',
  '01',
  '007',
  '+5',
  ' 5',
  '5 ',
  '1.0',
  '1e3',
  'a',
  '9',
  '9999',
  '10000',
  '10001',
  '2147483647',
  '2147483648',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '-9223372036854775809',
  '12345678901234567890',
  '123456789012345678901',
  '00000000000000000001',
  'x'.repeat(43),
  'x'.repeat(44),
  'x'.repeat(45),
  'x'.repeat(64),
  'x'.repeat(1_000),
  '1'.repeat(44),
];

/** Reads the encoding and the length of `k`. */
const LOOK = 'OBJECT ENCODING k\nSTRLEN k';

compareWithRedis('object', (define) => {
  define('encoding of what SET and its relatives write', [
    ...VALUES.flatMap((value) => [
      command('SET', 'k', value),
      LOOK,
      command('GETSET', 'k', value),
      LOOK,
      command('MSET', 'k', value),
      LOOK,
      command('SETEX', 'k', '100', value),
      LOOK,
      command('SET', 'k', value, 'GET'),
      LOOK,
      'DEL k',
      command('SETNX', 'k', value),
      LOOK,
      'DEL k',
      command('MSETNX', 'k', value),
      LOOK,
      'COPY k copy REPLACE\nOBJECT ENCODING copy\nRENAME k renamed\nOBJECT ENCODING renamed',
    ]),
  ]);

  define('encoding after APPEND', [
    ...VALUES.flatMap((value) => [
      command('DEL', 'k'),
      command('APPEND', 'k', value),
      LOOK,
      command('APPEND', 'k', '1'),
      LOOK,
      'INCR k',
      LOOK,
      command('SET', 'k', value),
      command('APPEND', 'k', ''),
      LOOK,
      command('APPEND', 'k', 'tail'),
      LOOK,
    ]),
  ]);

  define('encoding after SETRANGE', [
    ...VALUES.flatMap((value) => [
      command('SET', 'k', value),
      command('SETRANGE', 'k', '0', ''),
      LOOK,
      command('SETRANGE', 'k', '0', '1'),
      LOOK,
      command('DEL', 'k'),
      command('SETRANGE', 'k', '0', value),
      LOOK,
      command('DEL', 'k'),
      command('SETRANGE', 'k', '3', value),
      LOOK,
    ]),
    'SET k 12345\nSETRANGE k 1 9\nOBJECT ENCODING k\nINCR k\nOBJECT ENCODING k',
  ]);

  define('encoding after arithmetic', [
    ...['5', '-5', '9998', '9223372036854775806', '01', '10.5', '1.0'].flatMap((value) => [
      command('SET', 'k', value),
      `INCR k\n${LOOK}\nDECRBY k 7\n${LOOK}\nINCRBYFLOAT k 1\n${LOOK}\nINCRBYFLOAT k 0.5\n${LOOK}`,
      `INCRBYFLOAT k 0.5\n${LOOK}\nINCR k\n${LOOK}`,
    ]),
    `DEL k\nINCR k\n${LOOK}\nDEL k\nINCRBYFLOAT k 3\n${LOOK}\nDEL k\nINCRBYFLOAT k 3.5\n${LOOK}`,
    `SETEX k 100 5\nINCR k\n${LOOK}\nINCRBYFLOAT k 1e40\n${LOOK}\nINCRBYFLOAT k 0.1\n${LOOK}`,
    `SET k 5\nGETEX k EX 100\n${LOOK}\nGETEX k PERSIST\n${LOOK}\nEXPIRE k 100\n${LOOK}`,
  ]);

  define('errors and HELP', [
    `
      OBJECT
      OBJECT HELP
      object help
      OBJECT HELP me
      OBJECT bogus
      OBJECT bogus k
      OBJECT ENCODING
      OBJECT ENCODING a b
      OBJECT ENCODING missing
      OBJECT encoding missing
      OBJECT REFCOUNT
      OBJECT REFCOUNT missing
      OBJECT IDLETIME
      OBJECT IDLETIME missing
      OBJECT FREQ
      OBJECT FREQ missing
      SET k v
      OBJECT FREQ k
      OBJECT IDLETIME k
      OBJECT FREQ a b
      OBJECT "" k
    `,
  ]);

  define('REFCOUNT', [
    'SET k abc\nOBJECT REFCOUNT k\nSET k 123456789\nOBJECT REFCOUNT k\nSET k 12345.5\nOBJECT REFCOUNT k',
    'SET k 5\nOBJECT REFCOUNT k\nSET k 9999\nOBJECT REFCOUNT k\nSET k 10000\nOBJECT REFCOUNT k',
    'INCRBYFLOAT k -9995\nOBJECT REFCOUNT k\nINCR k\nOBJECT REFCOUNT k\nAPPEND k ""\nOBJECT REFCOUNT k',
    'CONFIG SET maxmemory 100mb maxmemory-policy allkeys-lru\nSET k 5\nOBJECT REFCOUNT k',
    'CONFIG SET maxmemory-policy allkeys-random\nSET k 5\nOBJECT REFCOUNT k\nCOPY k copy',
    intended('copied-integers', /^:2147483647\r\n$/, 'OBJECT REFCOUNT copy'),
  ]);

  define('IDLETIME', [
    'SET k v\nOBJECT IDLETIME k',
    sleep(1_200),
    compared(approx(1), 'OBJECT IDLETIME k'),
    'TOUCH k\nOBJECT IDLETIME k',
  ], { protocols: [2] });

  define('FREQ under an LFU policy', [
    'SET early v\nCONFIG SET maxmemory-policy allkeys-lfu\nSET k v\nOBJECT FREQ k\nOBJECT IDLETIME k',
    'CONFIG SET lfu-log-factor 0\nGET k\nOBJECT FREQ k\nGET k\nTOUCH k\nEXISTS k\nTYPE k\nOBJECT FREQ k',
    'SET k w\nOBJECT FREQ k\nCOPY k copy\nOBJECT FREQ copy\nRENAME k l\nOBJECT FREQ l\nOBJECT FREQ missing',
    compared(shape, 'OBJECT FREQ early'),
  ]);

  define('MEMORY USAGE', [
    compared(
      shape,
      'SET k v\nMEMORY USAGE k\nMEMORY USAGE k SAMPLES 5\nMEMORY usage k samples 0\nMEMORY USAGE k SAMPLES 1 SAMPLES 2',
    ),
    `
      MEMORY USAGE missing
      MEMORY USAGE missing SAMPLES 1
      MEMORY USAGE
      MEMORY USAGE k SAMPLES
      MEMORY USAGE k SAMPLES abc
      MEMORY USAGE k SAMPLES -1
      MEMORY USAGE k bogus 1
      MEMORY USAGE k k
    `,
  ]);
});
