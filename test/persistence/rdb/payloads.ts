// Bytes of the RDB format made by hand: what old versions of Redis wrote and 7.0 no longer does. None
// of it uses the sources under test, the checksum included.

const POLYNOMIAL = 0x95ac9329ac4bc9b5n;
/** What each byte does to a checksum. */
const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let sum = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) sum = (sum & 1n) === 0n ? sum >> 1n : (sum >> 1n) ^ POLYNOMIAL;
  return sum;
});

/** CRC-64 with Jones's polynomial, byte by byte. */
export function slowCrc64(bytes: Uint8Array): bigint {
  let sum = 0n;
  for (const byte of bytes) sum = (sum >> 8n) ^ TABLE[Number(sum & 0xffn) ^ byte];
  return sum;
}

/** A payload as DUMP makes them: the bytes of a value, the version, the checksum. */
export function payloadOf(value: Uint8Array, version = 10): Buffer {
  const bytes = Buffer.concat([value, Buffer.from([version & 0xff, version >> 8])]);
  return withChecksum(bytes);
}

/** A whole file around opcodes and keys. */
export function fileOf(content: Uint8Array, version = 10): Buffer {
  const magic = Buffer.from(`REDIS${String(version).padStart(4, '0')}`);
  return withChecksum(Buffer.concat([magic, content, Buffer.from([0xff])]));
}

function withChecksum(bytes: Buffer): Buffer {
  const checksum = Buffer.alloc(8);
  checksum.writeBigUInt64LE(slowCrc64(bytes));
  return Buffer.concat([bytes, checksum]);
}

/** A length. */
export function rdbLength(value: number): Buffer {
  if (value < 64) return Buffer.from([value]);
  if (value < 16384) return Buffer.from([0x40 | (value >> 8), value & 0xff]);
  const bytes = Buffer.alloc(5, 0x80);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

/** A string, neither compressed nor as an integer. */
export function rdbString(text: string | Buffer): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  return Buffer.concat([rdbLength(bytes.length), bytes]);
}

/** An integer in so many bytes, the lowest first. */
function little(value: bigint, bytes: number): Buffer {
  const all = Buffer.alloc(8);
  all.writeBigInt64LE(value);
  return all.subarray(0, bytes);
}

/** A string, or an integer of a width in bits: 4 (ziplist), 7, 13 (listpack), 8, 16, 24, 32, 64. */
export type PackedSample = string | readonly [value: bigint, bits: number];

/** The text of an element. */
export function sampleText(sample: PackedSample): string {
  return typeof sample === 'string' ? sample : String(sample[0]);
}

/** A ziplist. */
export function ziplistOf(samples: readonly PackedSample[]): Buffer {
  const entries: Buffer[] = [];
  let previous = 0;
  for (const sample of samples) {
    const back =
      previous < 254
        ? Buffer.from([previous])
        : Buffer.concat([Buffer.from([254]), little(BigInt(previous), 4)]);
    const entry = Buffer.concat([back, ziplistContent(sample)]);
    entries.push(entry);
    previous = entry.length;
  }
  const body = Buffer.concat(entries);
  const header = Buffer.alloc(10);
  header.writeUInt32LE(11 + body.length, 0);
  header.writeUInt32LE(10 + body.length - previous, 4);
  header.writeUInt16LE(samples.length, 8);
  return Buffer.concat([header, body, Buffer.from([0xff])]);
}

function ziplistContent(sample: PackedSample): Buffer {
  if (typeof sample !== 'string') {
    const [value, bits] = sample;
    if (bits === 4) return Buffer.from([0xf1 + Number(value)]);
    const head = { 8: 0xfe, 16: 0xc0, 24: 0xf0, 32: 0xd0, 64: 0xe0 }[bits] ?? 0;
    return Buffer.concat([Buffer.from([head]), little(value, bits / 8)]);
  }
  const bytes = Buffer.from(sample, 'latin1');
  const { length } = bytes;
  if (length < 64) return Buffer.concat([Buffer.from([length]), bytes]);
  if (length < 16384) {
    return Buffer.concat([Buffer.from([0x40 | (length >> 8), length & 0xff]), bytes]);
  }
  const head = Buffer.alloc(5, 0x80);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
}

/** A listpack. */
export function listpackOf(samples: readonly PackedSample[]): Buffer {
  const body = Buffer.concat(
    samples.map((sample) => {
      const content = listpackContent(sample);
      return Buffer.concat([content, backLengthOf(content.length)]);
    }),
  );
  const header = Buffer.alloc(6);
  header.writeUInt32LE(7 + body.length, 0);
  header.writeUInt16LE(samples.length, 4);
  return Buffer.concat([header, body, Buffer.from([0xff])]);
}

function listpackContent(sample: PackedSample): Buffer {
  if (typeof sample !== 'string') {
    const [value, bits] = sample;
    if (bits === 7) return Buffer.from([Number(value)]);
    if (bits === 13) {
      const low = Number(value & 0x1fffn);
      return Buffer.from([0xc0 | (low >> 8), low & 0xff]);
    }
    const head = { 16: 0xf1, 24: 0xf2, 32: 0xf3, 64: 0xf4 }[bits] ?? 0;
    return Buffer.concat([Buffer.from([head]), little(value, bits / 8)]);
  }
  const bytes = Buffer.from(sample, 'latin1');
  const { length } = bytes;
  if (length < 64) return Buffer.concat([Buffer.from([0x80 | length]), bytes]);
  if (length < 4096) {
    return Buffer.concat([Buffer.from([0xe0 | (length >> 8), length & 0xff]), bytes]);
  }
  return Buffer.concat([Buffer.from([0xf0]), little(BigInt(length), 4), bytes]);
}

function backLengthOf(content: number): Buffer {
  const size = content <= 127 ? 1 : content < 16383 ? 2 : content < 2097151 ? 3 : 4;
  const bytes: number[] = [];
  for (let i = size - 1; i >= 0; i--) {
    bytes.push(((content >> (7 * i)) & 0x7f) | (i === size - 1 ? 0 : 0x80));
  }
  return Buffer.from(bytes);
}

/** A zipmap: fields and values in turn, the values with some free bytes behind them. */
export function zipmapOf(texts: readonly string[], free = 0): Buffer {
  const body = texts.map((text, i) => {
    const bytes = Buffer.from(text, 'latin1');
    const length =
      bytes.length < 254
        ? Buffer.from([bytes.length])
        : Buffer.concat([Buffer.from([254]), little(BigInt(bytes.length), 4)]);
    if (i % 2 === 0) return Buffer.concat([length, bytes]);
    return Buffer.concat([length, Buffer.from([free]), bytes, Buffer.alloc(free)]);
  });
  const count = Math.min(texts.length / 2, 254);
  return Buffer.concat([Buffer.from([count]), ...body, Buffer.from([255])]);
}

const STRINGS = ['', 'a', 'x'.repeat(63), 'y'.repeat(64), 'z'.repeat(5000), '\x00\xff\r\n', '-0'];
const LONG_STRINGS = ['l'.repeat(70_000), 'm'.repeat(300)];
const INT64: readonly PackedSample[] = [
  [2n ** 53n - 1n, 64],
  [2n ** 53n + 1n, 64],
  [2n ** 63n - 1n, 64],
  [-(2n ** 63n), 64],
];

/** Elements in every encoding that a ziplist has. */
export const ZIPLIST_SAMPLES: readonly PackedSample[] = [
  ...STRINGS,
  [0n, 4],
  [12n, 4],
  [-128n, 8],
  [-32768n, 16],
  [8388607n, 24],
  [-8388608n, 24],
  [2147483647n, 32],
  ...INT64,
  ...LONG_STRINGS,
];

/** Elements in every encoding that a listpack has. */
export const LISTPACK_SAMPLES: readonly PackedSample[] = [
  ...STRINGS,
  [0n, 7],
  [127n, 7],
  [-4096n, 13],
  [4095n, 13],
  [-1n, 13],
  [-32768n, 16],
  [8388607n, 24],
  [-8388608n, 24],
  [2147483647n, 32],
  [-2147483648n, 32],
  ...INT64,
  ...LONG_STRINGS,
];

/** A value's bytes, type included, and the elements of the list that it is. */
export interface ListValue {
  readonly name: string;
  readonly value: Buffer;
  readonly elements: readonly string[];
}

/** Lists in each encoding. */
export const LIST_VALUES: readonly ListValue[] = [
  {
    name: 'LIST',
    value: Buffer.concat([Buffer.from([1]), rdbLength(STRINGS.length), ...STRINGS.map(rdbString)]),
    elements: STRINGS,
  },
  {
    name: 'LIST_ZIPLIST',
    value: Buffer.concat([Buffer.from([10]), rdbString(ziplistOf(ZIPLIST_SAMPLES))]),
    elements: ZIPLIST_SAMPLES.map(sampleText),
  },
  {
    name: 'LIST_QUICKLIST',
    value: Buffer.concat([
      Buffer.from([14, 2]),
      rdbString(ziplistOf(['first', [7n, 4]])),
      rdbString(ziplistOf(ZIPLIST_SAMPLES)),
    ]),
    elements: ['first', '7', ...ZIPLIST_SAMPLES.map(sampleText)],
  },
  {
    name: 'LIST_QUICKLIST_2',
    value: Buffer.concat([
      Buffer.from([18, 3, 2]),
      rdbString(listpackOf(LISTPACK_SAMPLES)),
      Buffer.from([1]),
      rdbString('plain '.repeat(2000)),
      Buffer.from([2]),
      rdbString(listpackOf(['last'])),
    ]),
    elements: [...LISTPACK_SAMPLES.map(sampleText), 'plain '.repeat(2000), 'last'],
  },
];

/** A value's bytes, type included, and the members of the set that it is. */
export interface SetValue {
  readonly name: string;
  readonly value: Buffer;
  readonly members: readonly string[];
}

/** An array of integers of so many bytes each. */
export function intsetOf(width: number, integers: readonly bigint[]): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(width, 0);
  header.writeUInt32LE(integers.length, 4);
  return Buffer.concat([header, ...integers.map((integer) => little(integer, width))]);
}

const INTSETS: readonly (readonly [width: number, integers: readonly bigint[]])[] = [
  [2, [-32768n, -1n, 0n, 7n, 32767n]],
  [4, [-2147483648n, -32769n, 1n, 70_000n, 2147483647n]],
  [8, [-(2n ** 63n), -(2n ** 53n) - 1n, -1n, 0n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n]],
];

/** Sets in each encoding; Redis 7.0 has those before the listpacks. */
export const SET_VALUES: readonly SetValue[] = [
  {
    name: 'SET',
    value: Buffer.concat([Buffer.from([2]), rdbLength(STRINGS.length), ...STRINGS.map(rdbString)]),
    members: STRINGS,
  },
  {
    name: 'SET of integers',
    value: Buffer.concat([Buffer.from([2, 3]), ...['7', '-5', '12345678901'].map(rdbString)]),
    members: ['7', '-5', '12345678901'],
  },
  ...INTSETS.map(([width, integers]) => ({
    name: `SET_INTSET of ${8 * width} bits`,
    value: Buffer.concat([Buffer.from([11]), rdbString(intsetOf(width, integers))]),
    members: integers.map(String),
  })),
  {
    name: 'SET_LISTPACK',
    value: Buffer.concat([Buffer.from([20]), rdbString(listpackOf(LISTPACK_SAMPLES))]),
    members: LISTPACK_SAMPLES.map(sampleText),
  },
  {
    name: 'SET_LISTPACK of integers',
    value: Buffer.concat([
      Buffer.from([20]),
      rdbString(
        listpackOf([
          [5n, 7],
          [-300n, 16],
        ]),
      ),
    ]),
    members: ['5', '-300'],
  },
];

/** A value's bytes, type included, and the fields and values, in turn, of the hash that it is. */
export interface HashValue {
  readonly name: string;
  readonly value: Buffer;
  readonly texts: readonly string[];
}

/** Fields that are different, of samples. */
function fieldsOf(samples: readonly PackedSample[]): PackedSample[] {
  return samples.flatMap((sample, i) => [sample, samples[(i + 1) % samples.length]]);
}

const PAIRS = fieldsOf(STRINGS) as string[];

/** Hashes in each encoding. */
export const HASH_VALUES: readonly HashValue[] = [
  {
    name: 'HASH',
    value: Buffer.concat([Buffer.from([4]), rdbLength(STRINGS.length), ...PAIRS.map(rdbString)]),
    texts: PAIRS,
  },
  {
    name: 'HASH_ZIPMAP',
    value: Buffer.concat([Buffer.from([9]), rdbString(zipmapOf(PAIRS, 3))]),
    texts: PAIRS,
  },
  {
    name: 'HASH_ZIPLIST',
    value: Buffer.concat([Buffer.from([13]), rdbString(ziplistOf(fieldsOf(ZIPLIST_SAMPLES)))]),
    texts: fieldsOf(ZIPLIST_SAMPLES).map(sampleText),
  },
  {
    name: 'HASH_LISTPACK',
    value: Buffer.concat([Buffer.from([16]), rdbString(listpackOf(fieldsOf(LISTPACK_SAMPLES)))]),
    texts: fieldsOf(LISTPACK_SAMPLES).map(sampleText),
  },
];

/** A value's bytes, type included, and the members and scores, in turn, of the sorted set that it is. */
export interface SortedSetValue {
  readonly name: string;
  readonly value: Buffer;
  readonly texts: readonly string[];
}

/** Members in their order, with scores in every form. */
const RANKED: readonly (readonly [member: PackedSample, score: PackedSample, value: number])[] = [
  ['low', '-inf', Number.NEGATIVE_INFINITY],
  [[-5000n, 16], [-70_000n, 24], -70_000],
  ['x'.repeat(60), '-0.10000000000000001', -0.1],
  ['', [0n, 8], 0],
  ['a', [0n, 8], 0],
  [[12n, 8], '1.5', 1.5],
  ['\x00\xff\r\n', [30_000n, 16], 30_000],
  ['high', 'inf', Number.POSITIVE_INFINITY],
];
const RANKED_TEXTS = RANKED.flatMap(([member, score]) => [sampleText(member), sampleText(score)]);

/** A score in text behind the byte of its length. */
function textScore(value: number): Buffer {
  if (value === Number.POSITIVE_INFINITY) return Buffer.of(254);
  if (value === Number.NEGATIVE_INFINITY) return Buffer.of(255);
  const text = Buffer.from(String(value));
  return Buffer.concat([Buffer.of(text.length), text]);
}

function binaryScore(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

/** A sorted set of which each member stands by itself, from the last one on. */
function countedSet(type: number, scoreOf: (value: number) => Buffer): Buffer {
  const members = [...RANKED].reverse();
  return Buffer.concat([
    Buffer.from([type]),
    rdbLength(members.length),
    ...members.flatMap(([member, , value]) => [rdbString(sampleText(member)), scoreOf(value)]),
  ]);
}

/** Integers of a ziplist have the number of bits that its headers have, those of a listpack another one. */
function rankedSamples(widthOf: (bits: number) => number): PackedSample[] {
  return RANKED.flatMap(([member, score]) =>
    [member, score].map((sample) =>
      typeof sample === 'string' ? sample : ([sample[0], widthOf(sample[1])] as PackedSample),
    ),
  );
}

/** Sorted sets in each encoding. */
export const SORTED_SET_VALUES: readonly SortedSetValue[] = [
  { name: 'ZSET', value: countedSet(3, textScore), texts: RANKED_TEXTS },
  { name: 'ZSET_2', value: countedSet(5, binaryScore), texts: RANKED_TEXTS },
  {
    name: 'ZSET_ZIPLIST',
    value: Buffer.concat([Buffer.from([12]), rdbString(ziplistOf(rankedSamples((bits) => bits)))]),
    texts: RANKED_TEXTS,
  },
  {
    name: 'ZSET_LISTPACK',
    value: Buffer.concat([
      Buffer.from([17]),
      rdbString(listpackOf(rankedSamples((bits) => (bits === 8 ? 7 : bits)))),
    ]),
    texts: RANKED_TEXTS,
  },
];

/** A string, as a value's bytes. */
export const STRING_VALUE = Buffer.concat([Buffer.from([0]), rdbString('a string')]);

const bytesOf = (...values: number[]) => Buffer.from(values);

/** A node of a stream: entries of 1-1 and, deleted, 1-3 with the same field, and of 2-0 with two others. */
const STREAM_NODE = Buffer.concat([
  rdbString(bytesOf(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1)),
  rdbString(
    listpackOf([
      ...([[2n, 7], [1n, 7], [1n, 7], 'f', [0n, 7]] as const),
      ...([[2n, 7], [0n, 7], [0n, 7], 'v', [4n, 7]] as const),
      ...([[3n, 7], [0n, 7], [2n, 7], 'w', [4n, 7]] as const),
      ...([[0n, 7], [1n, 7], [-1n, 13], [2n, 7], 'g', [5n, 7], 'h', 'x', [8n, 7]] as const),
    ]),
  ),
]);

const STREAM_ID = bytesOf(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3);
const TIME = bytesOf(0, 0x68, 0xe5, 0xcf, 0x8b, 1, 0, 0);
/** Groups of a stream: one with a pending entry of one of its two consumers, and one that has nothing. */
const streamGroups = (entriesRead: Buffer, activeTime: Buffer) =>
  Buffer.concat([
    ...[bytesOf(2), rdbString('g'), bytesOf(1, 3), entriesRead, bytesOf(1)],
    ...[STREAM_ID, TIME, bytesOf(2, 2)],
    ...[rdbString('c'), TIME, activeTime, bytesOf(1), STREAM_ID],
    ...[rdbString('d'), TIME, activeTime, bytesOf(0)],
    ...[rdbString('h'), bytesOf(0, 0), entriesRead, bytesOf(0, 0)],
  ]);
const NONE = bytesOf();
const UNKNOWN_READ = bytesOf(0x81, 255, 255, 255, 255, 255, 255, 255, 255);

/** A value in each encoding, with few bytes, so that damage at random meets each of them. */
export const SMALL_VALUES: readonly (readonly [name: string, value: Buffer])[] = [
  ['a string', STRING_VALUE],
  ['an integer', bytesOf(0, 0xc1, 1, 2)],
  ['a compressed string', bytesOf(0, 0xc3, 9, 0x40, 0x64, 1, 97, 97, 0xe0, 0x57, 0, 1, 97, 97)],
  ['LIST', Buffer.concat([bytesOf(1, 2), rdbString('a'), bytesOf(0xc0, 7)])],
  [
    'LIST_ZIPLIST',
    Buffer.concat([bytesOf(10), rdbString(ziplistOf(['abc', [5n, 4], [-300n, 16]]))]),
  ],
  [
    'LIST_QUICKLIST',
    Buffer.concat([bytesOf(14, 1), rdbString(ziplistOf(['x'.repeat(300), [1n, 64]]))]),
  ],
  [
    'LIST_QUICKLIST_2',
    Buffer.concat([
      bytesOf(18, 2, 2),
      rdbString(listpackOf(['a', [70_000n, 24], 'y'.repeat(70)])),
      bytesOf(1),
      rdbString('plain'),
    ]),
  ],
  [
    'ZSET',
    Buffer.concat([bytesOf(3, 2), rdbString('a'), textScore(1.5), rdbString('b'), textScore(-3)]),
  ],
  ['ZSET_2', Buffer.concat([bytesOf(5, 1), rdbString('a'), binaryScore(0.1)])],
  [
    'ZSET_ZIPLIST',
    Buffer.concat([bytesOf(12), rdbString(ziplistOf(['a', [5n, 4], [-300n, 16], '7.5']))]),
  ],
  [
    'ZSET_LISTPACK',
    Buffer.concat([bytesOf(17), rdbString(listpackOf(['a', [1n, 7], [70_000n, 24], '2.5']))]),
  ],
  ['SET', Buffer.concat([bytesOf(2, 2), rdbString('a'), bytesOf(0xc0, 7)])],
  ['SET_INTSET', Buffer.concat([bytesOf(11), rdbString(intsetOf(4, [-7n, 5n, 70_000n]))])],
  ['HASH', Buffer.concat([bytesOf(4, 2), ...['a', 'b', 'c', '5'].map(rdbString)])],
  ['HASH_ZIPMAP', Buffer.concat([bytesOf(9), rdbString(zipmapOf(['a', 'bc', 'd', ''], 2))])],
  [
    'HASH_ZIPLIST',
    Buffer.concat([bytesOf(13), rdbString(ziplistOf(['a', [5n, 4], [-300n, 16], 'b']))]),
  ],
  [
    'HASH_LISTPACK',
    Buffer.concat([bytesOf(16), rdbString(listpackOf(['a', [70_000n, 24], [1n, 7], 'y']))]),
  ],
  [
    'STREAM_LISTPACKS',
    Buffer.concat([bytesOf(15, 1), STREAM_NODE, bytesOf(2, 2, 0), streamGroups(NONE, NONE)]),
  ],
  ['STREAM_LISTPACKS of nothing', bytesOf(15, 0, 0, 2, 0, 0)],
  [
    'STREAM_LISTPACKS_2',
    Buffer.concat([
      ...[bytesOf(19, 1), STREAM_NODE, bytesOf(2, 2, 0, 1, 1, 1, 3, 3)],
      streamGroups(UNKNOWN_READ, NONE),
    ]),
  ],
];

/** The same, in encodings that Redis 7.0 does not have. */
export const SMALL_LATER_VALUES: readonly (readonly [name: string, value: Buffer])[] = [
  [
    'STREAM_LISTPACKS_3',
    Buffer.concat([
      ...[bytesOf(21, 1), STREAM_NODE, bytesOf(2, 2, 0, 1, 1, 1, 3, 3)],
      streamGroups(bytesOf(2), TIME),
    ]),
  ],
  ['SET_LISTPACK', Buffer.concat([bytesOf(20), rdbString(listpackOf(['a', [70_000n, 24], 'b']))])],
  [
    'HASH_METADATA',
    Buffer.concat([
      bytesOf(24, 0, 0x8f, 0xc9, 0x2d, 0xbb, 3, 0, 0, 2, 0, 1, 97, 1, 98, 5, 1, 99, 1, 100),
    ]),
  ],
  [
    'HASH_LISTPACK_EX',
    Buffer.concat([
      bytesOf(25, 0, 0x8f, 0xc9, 0x2d, 0xbb, 3, 0, 0),
      rdbString(listpackOf(['a', 'b', [4_102_444_800_000n, 64], 'c', [5n, 7], [0n, 7]])),
    ]),
  ],
];

/** Bytes as a comparison script quotes them. */
export function escaped(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
