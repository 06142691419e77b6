// Streams whose oldest entries lie in files, against a plain list of entries: random appends, removals, trims and ranges
// while blocks are moved to files and back; what is in memory stays small; files that nobody needs go.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Arena } from '../../../src/memory/arena.ts';
import { ColdStore } from '../../../src/persistence/cold/cold-store.ts';
import { BytesTables } from '../../../src/structures/bytes-tables.ts';
import { randomSeed } from '../../../src/structures/hash.ts';
import { coldLive } from '../../../src/types/stream/cold-root.ts';
import { StreamId } from '../../../src/types/stream/stream-id.ts';
import { rootBytes } from '../../../src/types/stream/stream-root.ts';
import { Streams } from '../../../src/types/stream/streams.ts';
import { Random } from '../../support/random.ts';
import { byTier } from '../../support/tier.ts';
import { append, type Entry, idOf, keep, MAX_ID, range } from './entry-model.ts';

let folder: string;
let store: ColdStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cold-streams-'));
  store = await ColdStore.open(join(folder, 'streams'), { maxSegmentBytes: 1 << 20 });
  await store.sweep([]);
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

function newStreams(arena: Arena): Streams {
  const streams = new Streams(arena, new BytesTables(arena, randomSeed()));
  streams.cold.store = store;
  streams.spilling.isEnabled = true;
  streams.spilling.onFailure = (error) => {
    throw error;
  };
  return streams;
}

/** Resolves when nothing is being moved. */
async function settled(streams: Streams): Promise<void> {
  do {
    for (const log of store.logs) await log.settled();
    await new Promise((resolve) => setImmediate(resolve));
  } while (streams.spilling.isBusy);
}

function files(): string[] {
  return readdirSync(join(folder, 'streams')).filter((name) => name !== 'lock');
}

describe.each([-100_000, 500])('with the hot limit %d', (limit) => {
  test.each([1, 2, 3])('random changes, seed %d', async (seed) => {
    const random = new Random(seed * 7919);
    const below = (most: number) => random.integer(0, most - 1);
    const arena = new Arena();
    const streams = newStreams(arena);
    const before = arena.usedBytes;
    const root = streams.create();
    streams.setHotLimit(root, limit);
    const model: Entry[] = [];
    let lastId = 1n << 64n;
    let wasCold = 0;
    for (let round = 0; round < byTier(6000, 60_000); round++) {
      const kind = below(100);
      if (kind < 92) {
        lastId += below(4) === 0 ? 1n << 64n : 1n;
        const items = ['name', 'n'.repeat(below(100)), 'value', String(below(1e6 | 0))];
        if (below(20) === 0) items.push('other', 'x');
        const entry = { id: lastId, items };
        append(streams, root, entry);
        model.push(entry);
      } else if (kind < 96 && model.length > 0) {
        const [entry] = model.splice(below(model.length), 1);
        expect(streams.delete(root, idOf(entry.id))).toBe(true);
      } else if (kind === 97 && below(20) === 0) {
        const count = Math.max(0, model.length - below(1500));
        const trim = { keep: count, minId: new StreamId(), isApproximate: false, limit: 0 };
        expect(streams.trim(root, trim)).toBe(keep(model, count));
      } else if (kind === 98) {
        await settled(streams);
        wasCold = Math.max(wasCold, coldLive(arena, root));
      }
      expect(streams.length(root)).toBe(model.length);
      if (round % 50 > 0) continue;
      const [first, last] = [below(10), below(10)].map((i) =>
        i === 0 || model.length === 0 ? BigInt(below(1e9 | 0)) : model[below(model.length)].id,
      );
      const expected = model.filter(({ id }) => id >= first && id <= last);
      expect(streams.countRange(root, idOf(first), idOf(last), 1e9)).toBe(expected.length);
      expect(range(streams, root, first, last, false)).toEqual(expected);
      expect(range(streams, root, first, last, true)).toEqual(expected.reverse());
    }
    expect(wasCold).toBeGreaterThan(1000);
    await settled(streams);
    if (limit < 0) expect(rootBytes(arena, root)).toBeLessThan(-limit + 160_000);
    const copy = streams.copy(root);
    while (!streams.freeStep(root));
    expect(range(streams, copy, 0n, MAX_ID, false)).toEqual(model);
    expect(arena.usedBytes - before).toBe(streams.bytes(copy));
    while (!streams.freeStep(copy));
    expect(arena.usedBytes).toBe(before);
    await store.deleted();
    expect(files()).toEqual([]);
  });
});

test('what is being moved of a stream that is gone does not become another one', async () => {
  const arena = new Arena();
  const streams = newStreams(arena);
  const fill = () => {
    const root = streams.create();
    streams.setHotLimit(root, -1);
    const entries = Array.from({ length: 3000 }, (_, i) => ({
      id: BigInt(i + 1) << 64n,
      items: ['field', 'value '.repeat(10)],
    }));
    for (const entry of entries) append(streams, root, entry);
    return { root, entries };
  };
  const first = fill();
  expect(streams.spilling.isMoving(first.root)).toBe(true);
  while (!streams.freeStep(first.root));
  // The same blocks of the arena, the same ids, and the same number of a log.
  const second = fill();
  expect(second.root).toBe(first.root);
  await settled(streams);
  expect(coldLive(arena, second.root)).toBeGreaterThan(0);
  expect(range(streams, second.root, 0n, MAX_ID, false)).toEqual(second.entries);
  while (!streams.freeStep(second.root));
  await store.deleted();
  expect(files()).toEqual([]);
});

test('a root stays where it is while blocks of it are moved to files', async () => {
  const arena = new Arena();
  const streams = newStreams(arena);
  const others = Array.from({ length: 5000 }, () => streams.create());
  const root = others[others.length - 1];
  streams.setHotLimit(root, -1);
  for (let i = 1; i <= 3000; i++) {
    append(streams, root, { id: BigInt(i) << 64n, items: ['field', 'value '.repeat(10)] });
  }
  for (const other of others.slice(0, -1)) if (other !== root) while (!streams.freeStep(other));
  for (let sizeClass = 0; sizeClass < 80; sizeClass++) arena.chooseSparsePages(sizeClass);
  expect(streams.relocation.begin(root)).toBe(root);
  await settled(streams);
  expect(coldLive(arena, root)).toBeGreaterThan(0);
  expect(streams.countRange(root, idOf(0n), idOf(MAX_ID), 1e9)).toBe(3000);
});

test('a stream that goes while it is moved is no failure', async () => {
  const arena = new Arena();
  const streams = newStreams(arena);
  const failures: unknown[] = [];
  streams.spilling.onFailure = (error) => failures.push(error);
  const root = streams.create();
  streams.setHotLimit(root, 10);
  for (let i = 1; !streams.spilling.isBusy; i++) {
    append(streams, root, { id: BigInt(i) << 64n, items: ['name', 'n'.repeat(1000)] });
  }
  while (!streams.freeStep(root));
  for (let i = 0; i < 5; i++) await settled(streams);
  expect(failures).toEqual([]);
});
