// @ts-check
// The rows of bitmaps and HyperLogLogs: single bits of many bitmaps, whole bitmaps of 1 MiB, elements of one
// HyperLogLog (which soon is dense) and of many (which stay sparse).

/** @typedef {import('./collections.mjs').CollectionCommand} CollectionCommand */
/** @typedef {Pick<import('../support/client.mjs').Client, 'call'>} Caller */

/** Keys of the rows that have many. Offsets cannot be drawn at random, as numbers must have no leading zeros. */
const KEYS = 100_000;
/** Elements that one HyperLogLog gets. */
const ELEMENTS = 1_000_000;
/** Elements of a HyperLogLog that is filled: it is dense. */
const FILLED_ELEMENTS = 20_000;
const FILLED_AT_ONCE = 1000;
/** Bytes of the bitmaps that are counted and combined. */
const BITMAP_BYTES = 1024 * 1024;
const RANDOM = '__rand_int__';

const BITMAPS = ['bitmap:1', 'bitmap:2', 'bitmap:3'];
const PATTERN = 'A few bits of each byte, {}~!';

/** @param {Caller} client */
async function fillBitmaps(client) {
  for (const [i, key] of BITMAPS.entries()) {
    const bytes = PATTERN.slice(i).padEnd(BITMAP_BYTES, PATTERN);
    await client.call('SET', key, bytes);
  }
}

/** @param {Caller} client */
async function fillHyperLogLogs(client) {
  for (const key of ['dense', 'other']) {
    for (let at = 0; at < FILLED_ELEMENTS; at += FILLED_AT_ONCE) {
      const elements = Array.from({ length: FILLED_AT_ONCE }, (_, i) => `${key}:${at + i}`);
      await client.call('PFADD', key, ...elements);
    }
  }
}

/** @type {CollectionCommand[]} */
export const bitmapCommands = [
  {
    command: 'PFADD',
    request: ['PFADD', 'hll', `element:${RANDOM}`],
    keySpace: ELEMENTS,
    isBase: true,
  },
  {
    command: 'PFCOUNT',
    request: ['PFCOUNT', 'dense'],
    fill: fillHyperLogLogs,
    isBase: true,
  },
  {
    command: 'SETBIT',
    request: ['SETBIT', `bits:${RANDOM}`, '70', '1'],
    keySpace: KEYS,
    isBase: true,
  },
  {
    command: 'GETBIT',
    request: ['GETBIT', `bits:${RANDOM}`, '70'],
    keySpace: KEYS,
    isBase: true,
  },
  {
    command: 'BITFIELD',
    request: ['BITFIELD', `fields:${RANDOM}`, 'INCRBY', 'u16', '#3', '1'],
    keySpace: KEYS,
    isBase: false,
  },
  {
    command: 'BITCOUNT_16B',
    request: ['BITCOUNT', 'short'],
    async fill(client) {
      await client.call('SET', 'short', PATTERN.slice(0, 16));
    },
    isBase: false,
  },
  {
    command: 'BITCOUNT_1MB',
    request: ['BITCOUNT', BITMAPS[0]],
    fill: fillBitmaps,
    isSlow: true,
    isBase: false,
  },
  {
    command: 'BITPOS_1MB',
    request: ['BITPOS', 'zeros', '1'],
    async fill(client) {
      await client.call('SETBIT', 'zeros', String(BITMAP_BYTES * 8 - 1), '1');
    },
    isSlow: true,
    isBase: false,
  },
  {
    command: 'BITOP_AND_3x1MB',
    request: ['BITOP', 'AND', 'to', ...BITMAPS],
    fill: fillBitmaps,
    isSlow: true,
    isBase: false,
  },
  {
    command: 'PFADD_100K_KEYS',
    request: ['PFADD', `sparse:${RANDOM}`, `element:${RANDOM}`],
    keySpace: KEYS,
    isBase: false,
  },
  {
    command: 'PFCOUNT_2',
    request: ['PFCOUNT', 'dense', 'other'],
    fill: fillHyperLogLogs,
    isBase: false,
  },
  {
    command: 'PFMERGE_2',
    request: ['PFMERGE', 'merged', 'dense', 'other'],
    fill: fillHyperLogLogs,
    isBase: false,
  },
];
