// Files made by hand: every opcode, every type that is only passed over, what master and log do with
// keys that are over, work in slices, and files that are refused.
import { describe, expect, test } from 'vitest';
import { NO_EXPIRY } from '../../src/keyspace/database.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { KeyspaceLoader } from '../../src/rdb/keyspace-loader.ts';
import { RdbFileReader, type RdbSink, readRdbFile } from '../../src/rdb/rdb-file-reader.ts';
import { RdbError } from '../../src/rdb/rdb-format.ts';
import { valueEncodings } from '../../src/rdb/value-types.ts';
import { describeKeys, LENIENT, load, STRICT, save } from './loading.ts';
import { fileOf, LIST_VALUES, listpackOf, rdbLength, rdbString, ziplistOf } from './payloads.ts';

const bytes = (...values: number[]) => Buffer.from(values);
const SELECT = (index: number) => Buffer.concat([bytes(254), rdbLength(index)]);

function key(name: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([bytes(type), rdbString(name), value]);
}

function string(name: string, value = 'v'): Buffer {
  return key(name, 0, rdbString(value));
}

function expiring(timeMs: number, rest: Buffer): Buffer {
  const time = Buffer.alloc(9, 252);
  time.writeBigInt64LE(BigInt(timeMs), 1);
  return Buffer.concat([time, rest]);
}

const ID = bytes(1, 2);
const RAW_ID = Buffer.alloc(16, 1);
const TIME = Buffer.alloc(8, 1);
const PENDING = Buffer.concat([bytes(1), RAW_ID, TIME, bytes(3)]);
const ENTRIES = Buffer.concat([bytes(1), rdbString(RAW_ID), rdbString(listpackOf(['a']))]);

function stream(counters: Buffer, groupCounters: Buffer, consumerTimes: Buffer): Buffer {
  const consumer = Buffer.concat([rdbString('me'), consumerTimes, bytes(1), RAW_ID]);
  return Buffer.concat([
    ...[ENTRIES, bytes(1), ID, counters, bytes(1)],
    ...[rdbString('group'), ID, groupCounters, PENDING, bytes(1), consumer],
  ]);
}

/** A value of every type that there are no commands for, by type byte. */
const UNKNOWN: readonly (readonly [type: number, name: string, value: Buffer])[] = [
  [2, 'set', Buffer.concat([bytes(2), rdbString('a'), bytes(0xc0, 5)])],
  [3, 'zset', Buffer.concat([bytes(1), rdbString('a'), bytes(3), Buffer.from('1.5')])],
  [4, 'hash', Buffer.concat([bytes(1), rdbString('f'), rdbString('v')])],
  [5, 'zset', Buffer.concat([bytes(1), rdbString('a'), TIME])],
  [
    7,
    'module',
    Buffer.concat([
      bytes(0x81),
      TIME,
      bytes(1, 5, 2, 6, 3, 0, 0, 0, 0, 4),
      TIME,
      bytes(5),
      rdbString('s'),
      bytes(0),
    ]),
  ],
  [9, 'hash', rdbString(bytes(1, 1, 102, 1, 0, 118, 255))],
  [11, 'set', rdbString(bytes(2, 0, 0, 0, 1, 0, 0, 0, 5, 0))],
  [12, 'zset', rdbString(ziplistOf(['a', [1n, 4]]))],
  [13, 'hash', rdbString(ziplistOf(['f', 'v']))],
  [15, 'stream', stream(bytes(), bytes(), TIME)],
  [16, 'hash', rdbString(listpackOf(['f', 'v']))],
  [17, 'zset', rdbString(listpackOf(['a', [1n, 7]]))],
  [19, 'stream', stream(bytes(1, 1, 0, 0, 5), bytes(4), TIME)],
  [20, 'set', rdbString(listpackOf(['a', 'b']))],
  [21, 'stream', stream(bytes(1, 1, 0, 0, 5), bytes(4), Buffer.concat([TIME, TIME]))],
];

describe('types without commands', () => {
  test('every type byte is either read or in the samples', () => {
    const samples = UNKNOWN.map(([type]) => type);
    const skipped = valueEncodings().filter(({ reader }) => reader === undefined);
    expect(skipped.map(({ byte }) => byte)).toEqual(samples);
  });

  test.each(UNKNOWN)('type %i, a %s', (type, name, value) => {
    const file = fileOf(Buffer.concat([string('a'), key('other', type, value), string('b')]), 11);
    expect(() => load(file)).toThrow(`the key "other" has a value of the type ${name}, `);
    for (const pieceBytes of [1000, 1]) {
      const { loader, keyspace } = load(file, { options: LENIENT, pieceBytes });
      expect(describeKeys(keyspace)).toEqual(['0 a ', '0 b ']);
      expect([...loader.skipped]).toEqual([[name, 1]]);
    }
  });
});

test('opcodes', () => {
  const content = Buffer.concat([
    ...[
      bytes(250),
      rdbString('redis-ver'),
      rdbString('6.0'),
      bytes(250),
      rdbString('n'),
      bytes(0xc0, 7),
    ],
    ...[
      SELECT(2),
      bytes(251, 5, 2),
      bytes(248, 10),
      string('idle'),
      bytes(249, 200),
      string('freq'),
    ],
    ...[bytes(253, 0xff, 0xff, 0xff, 0x7f), string('seconds')],
    ...[bytes(247, 1, 2, 2, 2, 5, 5), rdbString('x'), bytes(0)],
    ...[bytes(245), rdbString('#!lua'), bytes(246), rdbString('f'), rdbString('LUA'), bytes(1)],
    ...[
      rdbString('about'),
      rdbString('code'),
      bytes(246),
      rdbString('f'),
      rdbString('LUA'),
      bytes(0),
    ],
    ...[rdbString('code'), expiring(4_102_444_800_123, string('ms'))],
  ]);
  const seen: unknown[] = [];
  const sink: RdbSink = {
    onKey: ({ database, key: request, expiryMs, idleSeconds, frequency }) =>
      seen.push([database, request.latin1(0), expiryMs, idleSeconds, frequency]),
    onAux: (name, value) => seen.push([name, value]),
    onSize: (...sizes) => seen.push(sizes),
    onSkipped: (what) => seen.push(what),
  };
  const reader = new RdbFileReader(new Keyspace(1).entries, sink);
  reader.push(fileOf(content));
  expect(reader.work(Number.POSITIVE_INFINITY)).toBe('done');
  expect(seen).toEqual([
    ['redis-ver', '6.0'],
    ['n', '7'],
    [2, 5, 2],
    [2, 'idle', NO_EXPIRY, 10, -1],
    [2, 'freq', NO_EXPIRY, -1, 200],
    [2, 'seconds', 0x7fffffff * 1000, -1, -1],
    'data of a module',
    'functions',
    'functions',
    'functions',
    [2, 'ms', 4_102_444_800_123, -1, -1],
  ]);
});

test('what follows the file is left', () => {
  const file = fileOf(string('a'));
  const { reader } = load(Buffer.concat([file, Buffer.from('*1\r\n')]));
  expect(reader.rest.toString()).toBe('*1\r\n');
  expect(reader.offset).toBe(file.length);
});

test('old files have no checksum', () => {
  const file = Buffer.concat([Buffer.from('REDIS0004'), string('a'), bytes(255)]);
  expect(describeKeys(load(file).keyspace)).toEqual(['0 a ']);
});

describe('keys that are over', () => {
  const content = Buffer.concat([
    ...[expiring(1, string('over')), expiring(4_102_444_800_123, string('later'))],
    ...LIST_VALUES.slice(3).map(({ value }) =>
      expiring(1, key('list', value[0], value.subarray(1))),
    ),
    ...[key('empty', 1, bytes(0)), string('lasting')],
  ]);

  test('are dropped, and nothing is left of them', () => {
    const { keyspace, loader } = load(fileOf(content));
    expect(describeKeys(keyspace)).toEqual(['0 lasting ', '0 later 4102444800123']);
    expect(loader).toMatchObject({ loaded: 2, expired: 2, empty: 1 });
    const { keyspace: same } = load(
      fileOf(Buffer.concat([expiring(4_102_444_800_123, string('later')), string('lasting')])),
    );
    expect(keyspace.usedBytes).toBe(same.usedBytes);
  });

  test('stay where a log follows', () => {
    const options = { ...STRICT, dropsExpired: false };
    expect(describeKeys(load(fileOf(content), { options }).keyspace)).toHaveLength(4);
  });
});

describe('refused', () => {
  const file = fileOf(Buffer.concat([string('a'), string('b')]));

  test.each([
    ['no magic word', Buffer.from('RODIS0010\xff'), /no RDB file.*at byte/],
    ['a version that is no number', Buffer.from('REDIS00x0\xff'), /no RDB file/],
    ['a later version', fileOf(string('a'), 12), /RDB version 12 is unknown/],
    ['version 0', fileOf(string('a'), 0), /RDB version 0 is unknown/],
    ['a type of no kind', fileOf(key('a', 99, rdbString('v'))), /type of values.*99/],
    [
      'a key that is there twice',
      fileOf(Buffer.concat([string('a'), string('a')])),
      /the key "a" is there twice \(at byte 14\)/,
    ],
    [
      'a database that there is not',
      fileOf(Buffer.concat([SELECT(16), string('a')])),
      /database 16, and there are 16/,
    ],
    ['a list node of no kind', fileOf(key('l', 18, bytes(1, 3, 1, 65))), /kind 3/],
    [
      'a list with a damaged listpack',
      fileOf(key('l', 18, Buffer.concat([bytes(1, 2), rdbString('xxxxxxx')]))),
      /listpack is damaged/,
    ],
    [
      'a list with a damaged ziplist',
      fileOf(key('l', 10, rdbString('xxxxxxx'))),
      /ziplist is damaged/,
    ],
    ['an opcode of no module', fileOf(bytes(247, 1, 2, 2, 9)), /opcode 9/],
    ['no end', file.subarray(0, file.length - 9), /ends too early/],
    ['no checksum', file.subarray(0, file.length - 1), /ends too early/],
    ['nothing', Buffer.alloc(0), /ends too early/],
  ])('%s', (_, damaged, problem) => {
    for (const pieceBytes of [1000, 1]) {
      expect(() => load(Buffer.from(damaged), { pieceBytes })).toThrow(RdbError);
      expect(() => load(Buffer.from(damaged), { pieceBytes })).toThrow(problem);
    }
  });

  test('a wrong checksum, unless it does not matter', () => {
    const damaged = Buffer.from(file);
    damaged[damaged.indexOf('v')] ^= 1;
    expect(() => load(damaged)).toThrow(/checksum is wrong/);
    expect(describeKeys(load(damaged, { verifies: false }).keyspace)).toHaveLength(2);
  });
});

test('reading leaves the event loop to others, and stops asking at the end', async () => {
  const keyspace = new Keyspace(1);
  const elements = Array.from({ length: 100 }, (_, i) => `element ${i}`);
  const list = rdbString(listpackOf(elements));
  const nodes = Buffer.concat([
    rdbLength(3000),
    ...new Array(3000).fill(Buffer.concat([bytes(2), list])),
  ]);
  const file = fileOf(key('list', 18, nodes));
  let turns = 0;
  let isRunning = true;
  const count = () => {
    turns++;
    if (isRunning) setImmediate(count);
  };
  setImmediate(count);
  let asked = 0;
  async function* pieces() {
    for (let at = 0; ; at += 1 << 20) {
      asked++;
      yield file.subarray(at, at + (1 << 20));
    }
  }
  let slices = 0;
  const loader = new KeyspaceLoader(keyspace, STRICT);
  const reader = new RdbFileReader(keyspace.entries, loader);
  await readRdbFile(reader, pieces(), () => slices++);
  isRunning = false;
  expect(asked).toBe(Math.ceil(file.length / (1 << 20)));
  expect(slices).toBeGreaterThan(asked + 3);
  expect(turns).toBeGreaterThan(3);
  expect(loader.loaded).toBe(1);
});

test('an unfinished list is given back', () => {
  const keyspace = new Keyspace(1);
  const before = keyspace.usedBytes;
  const large = Buffer.concat([bytes(18, 2, 2), rdbString(listpackOf(['x'.repeat(60_000)]))]);
  const reader = new RdbFileReader(keyspace.entries, new KeyspaceLoader(keyspace, STRICT));
  reader.push(
    Buffer.concat([Buffer.from('REDIS0010'), bytes(18), rdbString('k'), large.subarray(1)]),
  );
  expect(reader.work(Number.POSITIVE_INFINITY)).toBe('hungry');
  expect(keyspace.usedBytes).toBeGreaterThan(before + 60_000);
  reader.discard();
  expect(keyspace.usedBytes).toBe(before);
});

test('entries may be written in any order of databases', () => {
  const { keyspace } = load(
    fileOf(Buffer.concat([string('a'), SELECT(5), string('b'), SELECT(0), string('c')])),
  );
  const { file } = save(keyspace);
  expect(describeKeys(load(file).keyspace)).toEqual(['0 a ', '0 c ', '5 b ']);
});
