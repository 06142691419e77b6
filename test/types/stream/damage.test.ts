// Streams in payloads that are not as Redis writes them: each is refused by what is wrong with it, and nothing is left of
// it in memory. What is only unusual is read.
import { describe, expect, test, vi } from 'vitest';
import { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { ArenaFullError } from '../../../src/memory/arena.ts';
import { dumpValue } from '../../../src/persistence/rdb/dump-payload.ts';
import { RdbError } from '../../../src/persistence/rdb/format/rdb-format.ts';
import { RdbReader } from '../../../src/persistence/rdb/format/rdb-reader.ts';
import { Request } from '../../../src/protocol/request.ts';
import { valueTypes } from '../../../src/types/index.ts';
import { streamCodec } from '../../../src/types/stream/codec.ts';
import {
  listpackOf,
  type PackedSample,
  rdbLength,
  rdbString,
  SMALL_LATER_VALUES,
  SMALL_VALUES,
} from '../../persistence/rdb/payloads.ts';

const keyspace = new Keyspace(valueTypes, 1);
const { entries, arena } = keyspace;
const [db] = keyspace.databases;

/** Numbers as elements. */
function packed(...samples: readonly (string | number)[]): PackedSample[] {
  return samples.map((sample) => {
    if (typeof sample === 'string') return sample;
    return [BigInt(sample), sample >= 0 && sample < 128 ? 7 : 13];
  });
}

function id(ms: number, seq: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(BigInt(ms));
  bytes.writeBigUInt64BE(BigInt(seq), 8);
  return bytes;
}

function node(ms: number, ...samples: readonly (string | number)[]): Buffer {
  return Buffer.concat([rdbString(id(ms, 0)), rdbString(listpackOf(packed(...samples)))]);
}

const TIME = Buffer.of(1, 2, 3, 4, 5, 6, 0, 0);
const FIELDS = [1, 'f', 0];
/** Entries of the ids 1-0 and 3-0, and the second one alone. */
const SECOND = [2, 2, 0, 'w', 4];
const ENTRIES = [2, 0, 0, 'v', 4, ...SECOND];

interface Parts {
  readonly nodes?: readonly Buffer[];
  readonly length?: number;
  readonly lastMs?: number;
  readonly groups?: readonly Buffer[];
}

/** A stream of type 19. */
function stream({ nodes = [], length = 0, lastMs = 100, groups = [] }: Parts): Buffer {
  return Buffer.concat([
    ...[rdbLength(nodes.length), ...nodes, rdbLength(length), rdbLength(lastMs)],
    ...[Buffer.of(0, 1, 0, 0, 0, 5), rdbLength(groups.length), ...groups],
  ]);
}

function group(name: string, pending: readonly number[], consumers: readonly Buffer[]): Buffer {
  return Buffer.concat([
    ...[rdbString(name), Buffer.of(1, 0, 1), rdbLength(pending.length)],
    ...pending.flatMap((ms) => [id(ms, 0), TIME, Buffer.of(1)]),
    ...[rdbLength(consumers.length), ...consumers],
  ]);
}

function consumer(name: string, ...own: readonly number[]): Buffer {
  const ids = own.map((ms) => id(ms, 0));
  return Buffer.concat([rdbString(name), TIME, rdbLength(own.length), ...ids]);
}

/** Reads a value, and stores it under a key. */
function read(bytes: Buffer, type = 19): number {
  const input = RdbReader.of(bytes);
  const reader = streamCodec.readers[type](entries);
  reader.begin();
  try {
    while (!reader.step(input));
    const request = Request.of(['key']);
    db.lookupForChange(request, 0);
    return reader.store(db, request, 0, -1);
  } finally {
    reader.discard();
  }
}

/** What is wrong with a value; '' if nothing is, and it is written as it was then. */
function problemOf(bytes: Buffer): string {
  const before = keyspace.usedBytes;
  try {
    const ref = read(bytes);
    const isSame = dumpValue(keyspace, ref, false).subarray(1, -10).equals(bytes);
    db.discard(ref);
    return isSame ? '' : 'other bytes';
  } catch (error) {
    if (error instanceof RdbError) return error.problem;
    throw error;
  } finally {
    while (keyspace.reclaim(Number.POSITIVE_INFINITY));
    expect(keyspace.usedBytes).toBe(before);
  }
}

/** The table of keys has its memory from now on. */
db.discard(read(stream({})));

const NODE = 'a node of a stream is damaged';
const ORDER = 'the ids of a stream do not ascend';
const whole = node(1, 2, 0, ...FIELDS, ...ENTRIES);

describe('entries', () => {
  test.each<[string, Parts, string]>([
    ['two entries', { nodes: [whole], length: 2 }, ''],
    ['none', {}, ''],
    ['only deleted ones', { nodes: [node(1, 0, 1, ...FIELDS, 3, 0, 0, 'v', 4)] }, ''],
    [
      'a deleted one above one that is not',
      { nodes: [node(1, 2, 1, ...FIELDS, 2, 0, 0, 'v', 4, 3, 8, 0, 'v', 4, ...SECOND)], length: 2 },
      '',
    ],
    [
      'other fields than the master has',
      { nodes: [node(1, 1, 0, ...FIELDS, 0, 0, 0, 2, 'g', 'v', 'h', '', 8)], length: 1 },
      '',
    ],
    ['a node of none', { nodes: [node(1, 0, 0, ...FIELDS)] }, 'a node of a stream is empty'],
    ['a node twice', { nodes: [whole, whole], length: 4 }, ORDER],
    [
      'nodes in another order',
      { nodes: [node(200, 1, 0, ...FIELDS, 2, 0, 0, 'v', 4), whole] },
      ORDER,
    ],
    [
      'a node that begins in the one before',
      { nodes: [whole, node(2, 2, 0, ...FIELDS, ...ENTRIES)] },
      '',
    ],
    [
      'entries in another order',
      { nodes: [node(1, 2, 0, ...FIELDS, ...SECOND, 2, 0, 0, 'v', 4)] },
      ORDER,
    ],
    ['an entry twice', { nodes: [node(1, 2, 0, ...FIELDS, ...SECOND, ...SECOND)] }, ORDER],
    ['an entry before its node', { nodes: [node(1, 1, 0, ...FIELDS, 2, -1, 0, 'v', 4)] }, ORDER],
    ['fewer entries than it says', { nodes: [node(1, 3, 0, ...FIELDS, ...ENTRIES)] }, NODE],
    ['more entries than it says', { nodes: [node(1, 1, 0, ...FIELDS, ...ENTRIES)] }, NODE],
    ['a deleted one that is counted', { nodes: [node(1, 1, 0, ...FIELDS, 3, 0, 0, 'v', 4)] }, NODE],
    ['none that is deleted', { nodes: [node(1, 1, 1, ...FIELDS, ...ENTRIES)] }, NODE],
    ['a negative count', { nodes: [node(1, 3, -1, ...FIELDS, ...ENTRIES)] }, NODE],
    ['a count that is a text', { nodes: [node(1, 'x', 0, ...FIELDS, ...ENTRIES)] }, NODE],
    ['no fields', { nodes: [node(1, 1, 0, 0, 0, 2, 0, 0, 3)] }, NODE],
    ['fields without an end', { nodes: [node(1, 1, 0, 1, 'f', 1, 2, 0, 0, 'v', 4)] }, NODE],
    ['more fields than elements', { nodes: [node(1, 1, 0, 99, 'f')] }, NODE],
    ['unknown flags', { nodes: [node(1, 1, 0, ...FIELDS, 6, 0, 0, 'v', 4)] }, NODE],
    ['an id that is a text', { nodes: [node(1, 1, 0, ...FIELDS, 2, 'x', 0, 'v', 4)] }, NODE],
    ['a seq that is a text', { nodes: [node(1, 1, 0, ...FIELDS, 2, 0, '-', 'v', 4)] }, NODE],
    ['an entry of no fields', { nodes: [node(1, 1, 0, ...FIELDS, 0, 0, 0, 0, 4)] }, NODE],
    ['a wrong number of elements', { nodes: [node(1, 1, 0, ...FIELDS, 2, 0, 0, 'v', 5)] }, NODE],
    ['an entry that ends early', { nodes: [node(1, 1, 0, ...FIELDS, 2, 0, 0)] }, NODE],
    ['an element behind the entries', { nodes: [node(1, 2, 0, ...FIELDS, ...ENTRIES, 'x')] }, NODE],
    ['an empty listpack', { nodes: [node(1)] }, NODE],
    [
      'a short id of a node',
      { nodes: [Buffer.concat([rdbString('short'), whole.subarray(17)])] },
      'the id of a node of a stream has not 16 bytes',
    ],
    ['another length', { nodes: [whole], length: 3 }, 'a stream has 2 entries, not 3'],
    ['a length without nodes', { length: 3 }, 'a stream has 0 entries, not 3'],
    [
      'a last id before an entry',
      { nodes: [whole], length: 2, lastMs: 2 },
      'a stream has entries behind its last id',
    ],
  ])('%s', (name, parts, problem) => {
    const isJoined = name.startsWith('a node that begins in');
    expect(problemOf(stream(parts))).toBe(isJoined ? ORDER : problem);
  });
});

describe('groups', () => {
  const all = { nodes: [whole], length: 2 };
  const pending = 'pending entries do not ascend';
  const stranger = 'a consumer has an entry that is not pending, or is that of another';

  test.each<[string, Buffer[], string]>([
    ['of nobody', [group('g', [], [])], ''],
    ['of two', [group('g', [1, 2, 300], [consumer('c', 1, 300), consumer('d', 2)])], ''],
    [
      'two of the same consumers',
      [group('g', [], [consumer('c')]), group('h', [], [consumer('c')])],
      '',
    ],
    ['the same one twice', [group('g', [], []), group('g', [], [])], 'a stream has a group twice'],
    [
      'a consumer twice',
      [group('g', [], [consumer('c'), consumer('c')])],
      'a group has a consumer twice',
    ],
    ['an entry twice', [group('g', [1, 1], [consumer('c', 1)])], pending],
    ['entries in another order', [group('g', [2, 1], [consumer('c', 1, 2)])], pending],
    [
      'entries of a consumer in another order',
      [group('g', [1, 2], [consumer('c', 2, 1)])],
      pending,
    ],
    [
      'an entry of nobody',
      [group('g', [1, 2], [consumer('c', 2)])],
      'a pending entry has no consumer',
    ],
    ['entries, but no consumer', [group('g', [1], [])], 'a pending entry has no consumer'],
    ['an entry of a consumer only', [group('g', [1], [consumer('c', 1, 2)])], stranger],
    ['an entry of two', [group('g', [1, 2], [consumer('c', 1), consumer('d', 1)])], stranger],
  ])('%s', (_, groups, problem) => {
    expect(problemOf(stream({ ...all, groups }))).toBe(problem);
  });

  test('of very many consumers', () => {
    const count = 65_540;
    const consumers = Array.from({ length: count }, (_, i) =>
      consumer(`${String.fromCharCode(65 + (i >> 12))}${1000 + (i & 4095)}`, i),
    );
    const ids = Array.from({ length: count }, (_, i) => i);
    expect(problemOf(stream({ ...all, groups: [group('g', ids, consumers)] }))).toBe('');
    // The one whose number is that of no consumer has its entry, too.
    const other = [...consumers.slice(0, -1), consumer('~', 65_535)];
    expect(problemOf(stream({ ...all, groups: [group('g', ids, other)] }))).toBe(stranger);
  });
});

describe('without memory', () => {
  const bytes = stream({
    nodes: [
      whole,
      node(500, 2, 0, ...FIELDS, ...ENTRIES.map((e) => (e === 'v' ? 'v'.repeat(90_000) : e))),
    ],
    length: 4,
    lastMs: 600,
    groups: [
      group('g', [1, 2, 3, 4, 5, 6, 7], [consumer('c', 1, 2, 3, 5, 6, 7), consumer('d', 4)]),
    ],
  });

  test('nothing is left of what is read', () => {
    const before = keyspace.usedBytes;
    for (let allowed = 0; ; allowed++) {
      const ref = withBlocks(allowed, () => read(bytes));
      if (ref !== undefined) {
        expect(allowed).toBeGreaterThan(15);
        expect(dumpValue(keyspace, ref, false).subarray(1, -10).equals(bytes)).toBe(true);
        db.discard(ref);
        break;
      }
      expect(keyspace.usedBytes).toBe(before);
    }
    expect(keyspace.usedBytes).toBe(before);
  });

  test('writing needs none', () => {
    const ref = read(bytes);
    expect(withBlocks(0, () => dumpValue(keyspace, ref, false).length)).toBe(bytes.length + 11);
    db.discard(ref);
  });
});

/** Calls with so few blocks of memory; undefined if they were too few. */
function withBlocks<T>(allowed: number, run: () => T): T | undefined {
  let left = allowed;
  const { overflow } = arena;
  const [allocate, allocateOverflow] = [arena.allocate, overflow.allocate];
  const take = (): void => {
    if (left-- <= 0) throw new ArenaFullError();
  };
  vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
    take();
    return allocate.call(arena, sizeClass);
  });
  vi.spyOn(overflow, 'allocate').mockImplementation((size) => {
    take();
    return allocateOverflow.call(overflow, size);
  });
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ArenaFullError)) throw error;
    return undefined;
  } finally {
    vi.restoreAllMocks();
  }
}

describe('each byte of a stream', () => {
  const values = [...SMALL_VALUES, ...SMALL_LATER_VALUES].filter(([name]) =>
    name.startsWith('STREAM'),
  );

  test.each(values)('%s', (_, value) => {
    const before = keyspace.usedBytes;
    for (let at = 1; at < value.length; at++) {
      expect(() => read(value.subarray(1, at), value[0])).toThrow(RdbError);
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(value);
        damaged[at] ^= 1 << bit;
        try {
          const ref = read(damaged.subarray(1), value[0]);
          // It is another stream, which is as sound as any.
          const again = dumpValue(keyspace, ref, false);
          db.discard(ref);
          db.discard(read(again.subarray(1, -10)));
        } catch (error) {
          expect(error).toBeInstanceOf(RdbError);
        }
        expect(keyspace.usedBytes).toBe(before);
      }
    }
  });
});
