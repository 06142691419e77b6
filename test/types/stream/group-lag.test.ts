// The counter and the lag of a group, as Redis 7.0.15 told them of the same streams.
import { describe, expect, test } from 'vitest';
import { Arena } from '../../../src/memory/arena.ts';
import { Request } from '../../../src/protocol/request.ts';
import { BytesTables } from '../../../src/structures/bytes-tables.ts';
import { randomSeed } from '../../../src/structures/hash.ts';
import {
  entriesReadAfter,
  entriesReadAt,
  groupLag,
  UNKNOWN_ENTRIES_READ,
} from '../../../src/types/stream/group-lag.ts';
import { StreamId } from '../../../src/types/stream/stream-id.ts';
import { Streams } from '../../../src/types/stream/streams.ts';

function idOf(ms: number): StreamId {
  const id = new StreamId();
  id.setMs(ms);
  return id;
}

/** A stream with the entries 1-0 … n-0. */
function streamOf(n: number) {
  const arena = new Arena();
  const streams = new Streams(arena, new BytesTables(arena, randomSeed()));
  const root = streams.create();
  const add = (ms: number) => streams.append(root, idOf(ms), Request.of(['f', 'v']), 0, 1);
  for (let ms = 1; ms <= n; ms++) add(ms);
  /** The counter and the lag after the entries with these times. */
  const read = (from: bigint, ...times: number[]) => {
    const count = times.reduce((sum, ms) => entriesReadAfter(streams, root, sum, idOf(ms)), from);
    return [count, groupLag(streams, root, count, idOf(times.at(-1) ?? 0))];
  };
  return { streams, root, add, read };
}

describe('of a group that reads from the beginning', () => {
  test('it counts, until a deleted entry is ahead', () => {
    const { streams, root, add, read } = streamOf(5);
    expect(read(0n, 1, 2)).toEqual([2n, 3n]);
    streams.delete(root, idOf(4));
    expect(groupLag(streams, root, 2n, idOf(2))).toBeUndefined();
    expect(read(2n, 3, 5)).toEqual([5n, 0n]);
    add(6);
    expect(groupLag(streams, root, 5n, idOf(5))).toBe(1n);
    expect(groupLag(streams, root, UNKNOWN_ENTRIES_READ, idOf(3))).toBeUndefined();
    expect(groupLag(streams, root, 3n, idOf(3))).toBeUndefined();
  });

  test('trimming is no harm', () => {
    const { streams, root } = streamOf(5);
    streams.trim(root, { keep: 3, minId: idOf(0), isApproximate: false, limit: 0 });
    expect(groupLag(streams, root, UNKNOWN_ENTRIES_READ, idOf(0))).toBe(3n);
    expect(entriesReadAt(streams, root, idOf(3))).toBe(3n);
    expect(entriesReadAt(streams, root, idOf(4))).toBe(UNKNOWN_ENTRIES_READ);
  });
});

test('of a stream whose largest deleted id lies before its first entry', () => {
  const { streams, root } = streamOf(5);
  streams.delete(root, idOf(2));
  streams.trim(root, { keep: 2, minId: idOf(0), isApproximate: false, limit: 0 });
  // It counts on, whatever it has counted.
  expect(groupLag(streams, root, 9n, idOf(1))).toBe(-4n);
  expect(groupLag(streams, root, -(1n << 63n), idOf(1))).toBe(5n - (1n << 63n));
  expect(groupLag(streams, root, UNKNOWN_ENTRIES_READ, idOf(1))).toBe(2n);
});

test('of an empty stream', () => {
  const { streams, root, add } = streamOf(0);
  expect(entriesReadAt(streams, root, idOf(9))).toBe(0n);
  expect(groupLag(streams, root, UNKNOWN_ENTRIES_READ, idOf(9))).toBe(0n);
  add(3);
  streams.delete(root, idOf(3));
  expect(entriesReadAt(streams, root, idOf(2))).toBe(1n);
  expect(entriesReadAt(streams, root, idOf(4))).toBe(UNKNOWN_ENTRIES_READ);
});
