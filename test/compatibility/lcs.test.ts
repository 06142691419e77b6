// LCS of random strings: few letters, so that most steps of the traceback are ties, and many; lengths
// around the borders of 32 bits; both strings in turn the longer one; every option. SYNAP_SEED chooses others.

import { compareWithRedis } from '../support/comparison-suite.ts';
import { Random } from '../support/random.ts';
import { command, type Script } from '../support/script.ts';
import { byTier } from '../support/tier.ts';

const SEED = Number(process.env.SYNAP_SEED ?? 1_000);
const PAIRS = byTier(40, 1_000);
const BORDERS = [0, 1, 2, 30, 31, 32, 33, 63, 64, 65, 96, 97];
const MIB = 1_048_576;

compareWithRedis('LCS', (define) => {
  for (const letters of [1, 2, 3, 4, 26, 256]) {
    define(`random strings of ${letters} letters (seed ${SEED})`, randomPairs(letters));
  }
  define('long strings', longPairs());

  // Redis takes 4 bytes for each of (N + 1) * (M + 1) cells.
  define('the limit', [
    `CONFIG SET proto-max-bulk-len ${MIB}`,
    ...everyForm(Buffer.alloc(511, 'ab'), Buffer.alloc(511, 'ba')),
    ...everyForm(Buffer.alloc(511, 'ab'), Buffer.alloc(512, 'ba')),
    ...everyForm(Buffer.alloc(512, 'ab'), Buffer.alloc(511, 'ba')),
    ...everyForm(Buffer.alloc(131_071, 'ab'), Buffer.from('a')),
    ...everyForm(Buffer.alloc(131_072, 'ab'), Buffer.from('a')),
    ...everyForm(Buffer.alloc(262_143, 'ab'), Buffer.from('')),
    ...everyForm(Buffer.alloc(262_144, 'ab'), Buffer.from('')),
    'LCS x y LEN IDX\nLCS x y BOGUS',
    'CONFIG SET proto-max-bulk-len 512mb',
  ]);
});

function randomPairs(letters: number): Script {
  const random = new Random(SEED + letters);
  const next = () => {
    const length = random.chance(0.5) ? random.pick(BORDERS) : random.integer(0, 150);
    return randomString(random, length, letters);
  };
  return Array.from({ length: PAIRS }, () => [
    ...everyForm(next(), next()),
    command('LCS', 'x', 'y', 'MINMATCHLEN', `${random.integer(-1, 5)}`, 'IDX'),
  ]).flat();
}

function longPairs(): Script {
  const random = new Random(SEED);
  const pairs: readonly [number, number, number][] = [
    [2_000, 1_990, 2],
    [1_990, 2_000, 2],
    [1_500, 1_500, 4],
    [2_000, 2_000, 200],
    [100, 50_000, 3],
    [50_000, 100, 3],
    [3, 1_200_000, 100],
    [1_200_000, 3, 100],
  ];
  return pairs.flatMap(([first, second, letters]) =>
    everyForm(randomString(random, first, letters), randomString(random, second, letters)),
  );
}

/** Sets x and y, and calls LCS with each of its forms. */
function everyForm(first: Buffer, second: Buffer): Script {
  return [
    command('MSET', 'x', first, 'y', second),
    `
      LCS x y
      LCS x y LEN
      LCS x y IDX
      LCS x y IDX WITHMATCHLEN
      LCS x y IDX MINMATCHLEN 3 WITHMATCHLEN
    `,
  ];
}

function randomString(random: Random, length: number, letters: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.integer(0, letters - 1)));
}
