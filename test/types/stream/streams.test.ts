// Entries of streams against a plain list of them: random appends, removals, trims and ranges, also while the stream is
// frozen; and all memory comes back.
import { describe, expect, test } from 'vitest';
import { Arena } from '../../../src/memory/arena.ts';
import { BytesTables } from '../../../src/structures/bytes-tables.ts';
import { randomSeed } from '../../../src/structures/hash.ts';
import { BlockCursor } from '../../../src/types/stream/block-cursor.ts';
import { BlockPlace } from '../../../src/types/stream/id-blocks.ts';
import { StreamId } from '../../../src/types/stream/stream-id.ts';
import { Streams } from '../../../src/types/stream/streams.ts';
import { Random } from '../../support/random.ts';
import { byTier } from '../../support/tier.ts';
import { append, type Entry, entryOf, idOf, keep, MAX_ID, numberOf, range } from './entry-model.ts';

describe.each([1, 3, 100])('with %d entries a block', (maxEntries) => {
  test.each([1, 2, 3, 4])('random changes, seed %d', (seed) => {
    const random = new Random(seed * 7919 + maxEntries);
    const below = (limit: number) => random.integer(0, limit - 1);
    const arena = new Arena();
    const streams = new Streams(arena, new BytesTables(arena, randomSeed()));
    streams.entries.limits = { maxBytes: 4096, maxEntries };
    const before = arena.usedBytes;
    const root = streams.create();
    const model: Entry[] = [];
    let lastId = BigInt(below(2)) << BigInt(below(120));
    let frozen: { blocks: number[]; entries: Entry[] } | undefined;
    const jump = () =>
      [1n, 1n << 64n, 7n << 64n, 300n << 64n, 70_000n << 64n, BigInt(below(1e9 | 0))][below(6)];
    const field = () => 'abcdefgh'.slice(0, 1 + below(3));
    for (let round = 0; round < byTier(1500, 20_000); round++) {
      const kind = below(20);
      if (kind < 12) {
        const isFar = below(200) === 0;
        lastId += isFar ? BigInt(below(1e9 | 0)) << BigInt(32 + below(30)) : jump();
        if (below(3) === 0) lastId = ((lastId >> 64n) + 1n) << 64n;
        const long = below(50) === 0 ? below(200_000) : 20;
        const items =
          below(3) === 0
            ? Array.from({ length: 2 * (1 + below(20)) }, (_, i) =>
                i % 2 ? 'x'.repeat(below(long + 1)) : field(),
              )
            : ['name', 'n'.repeat(8), 'value', String(below(1e6))];
        const entry = { id: lastId, items };
        append(streams, root, entry);
        model.push(entry);
      } else if (kind < 16 && model.length > 0) {
        const [entry] = model.splice(below(model.length), 1);
        expect(streams.remove(root, idOf(entry.id))).toBe(true);
        expect(streams.remove(root, idOf(entry.id))).toBe(false);
        streams.renewFirstId(root);
      } else if (kind === 16) {
        const count = Math.max(0, model.length - below(30));
        const trimmed = streams.trim(root, {
          keep: count,
          minId: new StreamId(),
          isApproximate: false,
          limit: 0,
        });
        expect(trimmed).toBe(keep(model, count));
      } else if (kind === 17 && model.length > 0) {
        const minId = model[below(Math.min(30, model.length))].id;
        const trimmed = streams.trim(root, {
          keep: undefined,
          minId: idOf(minId),
          isApproximate: false,
          limit: 0,
        });
        expect(trimmed).toBe(
          model.splice(
            0,
            model.findIndex(({ id }) => id >= minId),
          ).length,
        );
      } else if (kind === 18 && frozen === undefined && below(5) === 0) {
        streams.blocks.freeze(root);
        frozen = { blocks: blocksOf(streams, root), entries: [...model] };
      } else if (frozen !== undefined && below(5) === 0) {
        const cursor = new BlockCursor(arena, streams.cold);
        const found: Entry[] = [];
        for (const block of frozen.blocks) {
          cursor.open(block);
          while (cursor.next()) if (!cursor.isDeleted) found.push(entryOf(cursor));
          streams.blocks.written(block);
        }
        expect(found).toEqual(frozen.entries);
        streams.blocks.unfreeze(root);
        frozen = undefined;
      }
      expect(streams.length(root)).toBe(model.length);
      if (round % 20 > 0) continue;
      const [first, last] = [below(10), below(10)].map((i) =>
        i === 0 || model.length === 0
          ? BigInt(below(1e9 | 0))
          : model[below(model.length)].id + BigInt(i % 3) - 1n,
      );
      const expected = model.filter(({ id }) => id >= first && id <= last);
      expect(range(streams, root, first, last, false)).toEqual(expected);
      expect(range(streams, root, first, last, true)).toEqual(expected.reverse());
      const id = new StreamId();
      streams.firstId(root, id);
      expect(numberOf(id)).toBe(model[0]?.id ?? 0n);
      streams.edgeId(root, false, id);
      expect(numberOf(id)).toBe(model.at(-1)?.id ?? 0n);
    }
    const copy = streams.copy(root);
    expect(streams.bytes(copy)).toBeLessThanOrEqual(streams.bytes(root));
    if (frozen !== undefined) {
      for (const block of frozen.blocks) streams.blocks.written(block);
      streams.blocks.unfreeze(root);
    }
    while (!streams.freeStep(root));
    expect(range(streams, copy, 0n, MAX_ID, false)).toEqual(model);
    expect(arena.usedBytes + arena.overflow.usedBytes - before).toBe(streams.bytes(copy));
    while (!streams.freeStep(copy));
    expect(arena.usedBytes + arena.overflow.usedBytes).toBe(before);
  });
});

function blocksOf(streams: Streams, root: number): number[] {
  const blocks: number[] = [];
  const place = new BlockPlace();
  for (let more = streams.index.first(root, place); more; more = streams.index.next(root, place)) {
    blocks.push(place.block);
  }
  return blocks;
}

describe('ids', () => {
  test.each([
    0n,
    1n,
    (5n << 64n) | 7n,
    (1n << 117n) - 1n,
    ((1n << 53n) - 1n) << 64n,
    1n << 117n,
    (9_999_999_999n << 64n) | 1_000_000_000n,
    MAX_ID,
  ])('%d is written as its decimals', (value) => {
    const id = idOf(value);
    const text = `${value >> 64n}-${BigInt.asUintN(64, value)}`;
    expect(id.toString()).toBe(text);
    const target = Buffer.alloc(50);
    expect(target.toString('latin1', 0, id.write(target, 0))).toBe(text);
    const next = id.clone();
    expect(next.increment()).toBe(value < MAX_ID);
    if (value < MAX_ID) expect(numberOf(next)).toBe(value + 1n);
    expect(id.decrement()).toBe(value > 0n);
    if (value > 0n) expect(numberOf(id)).toBe(value - 1n);
  });
});
