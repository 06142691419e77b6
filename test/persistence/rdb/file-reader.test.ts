// Files made by hand: every opcode, every type that is only passed over, what master and log do with
// keys that are over, work in slices, and files that are refused.
import { describe, expect, test } from 'vitest';
import { idleMs } from '../../../src/keyspace/access-clock.ts';
import { NO_EXPIRY } from '../../../src/keyspace/database.ts';
import { EVICTED_ENOUGH, Eviction } from '../../../src/keyspace/eviction.ts';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { RdbError } from '../../../src/persistence/rdb/format/rdb-format.ts';

import { KeyspaceLoader } from '../../../src/persistence/rdb/keyspace-loader.ts';
import {
  RdbFileReader,
  type RdbSink,
  readRdbFile,
} from '../../../src/persistence/rdb/rdb-file-reader.ts';
import { rdbTypes } from '../../../src/persistence/rdb/rdb-types.ts';
import { valueTypes } from '../../../src/types/index.ts';
import { describeKeys, LENIENT, load, STRICT, save } from './loading.ts';
import { fileOf, LIST_VALUES, listpackOf, rdbLength, rdbString } from './payloads.ts';

const bytes = (...values: number[]) => Buffer.from(values);
const FAR_MS = 4_102_444_800_123;
const SELECT = (index: number) => Buffer.concat([bytes(254), rdbLength(index)]);

function key(name: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([bytes(type), rdbString(name), value]);
}

function string(name: string, value = 'v'): Buffer {
  return key(name, 0, rdbString(value));
}

function expiring(timeMs: number | bigint, rest: Buffer): Buffer {
  const time = Buffer.alloc(9, 252);
  time.writeBigInt64LE(BigInt(timeMs), 1);
  return Buffer.concat([time, rest]);
}

const TIME = Buffer.alloc(8, 1);

/** A value of every type that there are no commands for, by type byte. */
const UNKNOWN: readonly (readonly [type: number, name: string, value: Buffer])[] = [
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
];

describe('types without commands', () => {
  test('every type byte is either read or in the samples', () => {
    const samples = UNKNOWN.map(([type]) => type);
    const { types } = new Keyspace(valueTypes, 1);
    const skipped = rdbTypes().filter(({ byte }) => types.ofRdbByte(byte) === undefined);
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
    ...[rdbString('code'), expiring(FAR_MS, string('ms'))],
  ]);
  const seen: unknown[] = [];
  const sink: RdbSink = {
    onKey: ({ database, key: request, expiryMs, idleSeconds, frequency }) =>
      seen.push([database, request.latin1(0), expiryMs, idleSeconds, frequency]),
    onAux: (name, value) => seen.push([name, value]),
    onSize: (...sizes) => seen.push(sizes),
    onSkipped: (what) => seen.push(what),
  };
  const reader = new RdbFileReader(new Keyspace(valueTypes, 1), sink);
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
    [2, 'ms', FAR_MS, -1, -1],
  ]);
});

describe('strings', () => {
  const compressed = bytes(0xc3, 9, 0x40, 0x64, 1, 97, 97, 0xe0, 0x57, 0, 1, 97, 97);
  const content = Buffer.concat([
    ...[bytes(251, 12, 3), string('plain'), string('', ''), string('empty', '')],
    ...[expiring(FAR_MS, string('expiring')), expiring(FAR_MS, bytes(0, 0xc0, 7, 0xc0, 1))],
    ...[bytes(248, 0x41, 0), string('idle'), expiring(FAR_MS, Buffer.of(249, 200)), string('freq')],
    ...[bytes(0), compressed, rdbString('a compressed name'), key('integer', 0, bytes(0xc1, 1, 2))],
    ...[key('compressed', 0, compressed), string('long', 'x'.repeat(5_000))],
    ...[key('list', 1, bytes(1, 1, 65)), string('x'.repeat(20_000), 'a name outside')],
  ]);

  test.each([1, 7, 1000, 1 << 20])('of every encoding, in pieces of %i bytes', (pieceBytes) => {
    const { keyspace, loader } = load(fileOf(content), { pieceBytes });
    expect(describeKeys(keyspace)).toEqual(
      [
        ...['', 'compressed', 'empty', 'idle', 'integer', 'list', 'long', 'plain'],
        ...['x'.repeat(20_000), 'a'.repeat(100)],
      ]
        .map((name) => `0 ${name} `)
        .concat(['7', 'expiring', 'freq'].map((name) => `0 ${name} ${FAR_MS}`))
        .sort(),
    );
    expect(loader.loaded).toBe(13);
    const [db] = keyspace.databases;
    const stringOf = (name: string) => {
      const ref = db.find(Buffer.from(name), 0, name.length);
      return [
        db.value(ref).copy().toString(),
        keyspace.types.of(db.typeOf(ref)).encodings[db.encodingOf(ref)],
      ];
    };
    expect(stringOf('integer')).toEqual(['513', 'int']);
    expect(stringOf('7')).toEqual(['1', 'int']);
    expect(stringOf('compressed')).toEqual(['a'.repeat(100), 'raw']);
    expect(stringOf('long')).toEqual(['x'.repeat(5_000), 'raw']);
    expect(stringOf('plain')).toEqual(['v', 'embstr']);
    const idle = db.find(Buffer.from('idle'), 0, 4);
    expect(idleMs(db.accessWord(idle), keyspace.nowMs)).toBe(256_000);
    expect(keyspace.isLoading).toBe(false);
  });

  test('take the memory that they take when they come one by one', () => {
    const { keyspace } = load(fileOf(content));
    const merged = load(fileOf(content), { options: { ...STRICT, replaces: true } });
    expect(describeKeys(merged.keyspace)).toEqual(describeKeys(keyspace));
    expect(merged.keyspace.usedBytes).toBe(keyspace.usedBytes);
  });

  test('are given back when the file ends too early', () => {
    const keyspace = new Keyspace(valueTypes, 16);
    const before = keyspace.usedBytes;
    expect(() => load(fileOf(content).subarray(0, -9), { keyspace })).toThrow(/ends too early/);
    const [db] = keyspace.databases;
    db.discard(db.find(Buffer.from('list'), 0, 4));
    expect([db.size, db.expiring, keyspace.isLoading]).toEqual([0, 0, false]);
    keyspace.flush();
    while (keyspace.reclaim(Number.POSITIVE_INFINITY));
    expect(keyspace.usedBytes).toBe(before);
  });

  test('leave it alone that more is being loaded', () => {
    const keyspace = new Keyspace(valueTypes, 16);
    keyspace.isLoading = true;
    load(fileOf(content), { keyspace });
    expect(keyspace.isLoading).toBe(true);
  });

  test('that expire as late as 64 bits can tell are written again', () => {
    const { keyspace } = load(fileOf(expiring(2n ** 63n - 1n, string('far'))));
    const { keyspace: again } = load(save(keyspace).file);
    expect(describeKeys(again)).toEqual([`0 far ${2 ** 63 - 1024}`]);
  });

  test('neither expire nor are evicted before all can be found', () => {
    const keyspace = new Keyspace(valueTypes, 16);
    const loader = new KeyspaceLoader(keyspace, { ...STRICT, dropsExpired: false });
    const reader = new RdbFileReader(keyspace, loader);
    const file = fileOf(Buffer.concat([expiring(1, string('over')), content]));
    const eviction = new Eviction(keyspace);
    eviction.setPolicy('volatile-ttl');
    reader.push(file.subarray(0, -9));
    expect(reader.work(Number.POSITIVE_INFINITY)).toBe('hungry');
    expect(keyspace.expireDue(Number.POSITIVE_INFINITY)).toBe(false);
    expect(eviction.run(() => true, Number.POSITIVE_INFINITY)).toBe(EVICTED_ENOUGH);
    expect(keyspace.databases[0].expiring).toBe(4);
    reader.push(file.subarray(-9));
    expect(reader.work(Number.POSITIVE_INFINITY)).toBe('done');
    keyspace.expireDue(Number.POSITIVE_INFINITY);
    expect(keyspace.databases[0].expiring).toBe(3);
  });
});

test.each([
  ['no keys, if the size of the file is not known', 0],
  ['as many keys as the file has room for', 20_000],
])('a count of keys that is no true one prepares for %s', (_, fileBytes) => {
  const sizes = Buffer.concat([bytes(251, 0x81), Buffer.alloc(8, 0x0f), bytes(0)]);
  const options = { ...STRICT, fileBytes };
  const { keyspace } = load(fileOf(Buffer.concat([sizes, string('a')])), { options });
  expect(describeKeys(keyspace)).toEqual(['0 a ']);
  expect(keyspace.databases[0].capacity).toBeLessThan(3_000);
});

test('tables are made for the keys that are announced', () => {
  const { file } = save(load(fileOf(string('a'))).keyspace);
  const sizes = bytes(251, 0x50, 0, 0);
  const options = { ...STRICT, fileBytes: 100_000 };
  const { keyspace } = load(fileOf(Buffer.concat([sizes, string('a')])), { options });
  expect(keyspace.databases[0].capacity).toBe(8 * 1_022);
  expect(save(keyspace).file.length).toBe(file.length);
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
    ...[expiring(1, string('over')), expiring(FAR_MS, string('later'))],
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
      fileOf(Buffer.concat([expiring(FAR_MS, string('later')), string('lasting')])),
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
    ['a later version', fileOf(string('a'), 13), /RDB version 13 is unknown/],
    ['version 0', fileOf(string('a'), 0), /RDB version 0 is unknown/],
    ['a type of no kind', fileOf(key('a', 99, rdbString('v'))), /type of values.*99/],
    [
      'a key that is there twice',
      fileOf(Buffer.concat([string('a'), string('a')])),
      /the key "a" is there twice \(at byte 14\)/,
    ],
    [
      'a list that is there as a string',
      fileOf(Buffer.concat([string('a'), key('a', 1, bytes(1, 1, 65))])),
      /the key "a" is there twice/,
    ],
    [
      'a string that is there as a list',
      fileOf(Buffer.concat([key('a', 1, bytes(1, 1, 65)), expiring(FAR_MS, string('a'))])),
      /the key "a" is there twice/,
    ],
    [
      'a string that is there twice in another database, with others between',
      fileOf(
        Buffer.concat([SELECT(1), string('a'), SELECT(0), string('a'), SELECT(1), string('a')]),
      ),
      /the key "a" is there twice/,
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
  const keyspace = new Keyspace(valueTypes, 1);
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
  const reader = new RdbFileReader(keyspace, loader);
  await readRdbFile(reader, pieces(), () => slices++);
  isRunning = false;
  expect(asked).toBe(Math.ceil(file.length / (1 << 20)));
  expect(slices).toBeGreaterThan(asked + 3);
  expect(turns).toBeGreaterThan(3);
  expect(loader.loaded).toBe(1);
});

test('an unfinished list is given back', () => {
  const keyspace = new Keyspace(valueTypes, 1);
  const before = keyspace.usedBytes;
  const large = Buffer.concat([bytes(18, 2, 2), rdbString(listpackOf(['x'.repeat(60_000)]))]);
  const reader = new RdbFileReader(keyspace, new KeyspaceLoader(keyspace, STRICT));
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
