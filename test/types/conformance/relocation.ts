// Values whose blocks are moved out of sparse pages, while they change and are saved: they stay what they are, and
// take as much memory as before.
import { describe, expect, test, vi } from 'vitest';
import { FIRST_ROOT_ENCODING } from '../../../src/keyspace/collections.ts';
import { Defragmentation } from '../../../src/keyspace/defragmentation.ts';
import { Snapshot } from '../../../src/keyspace/snapshot.ts';
import { litter } from '../../memory/litter.ts';
import { load } from '../../persistence/rdb/loading.ts';
import { collector } from '../../persistence/snapshots/snapshot-files.ts';
import { Random } from '../../support/random.ts';
import { AT_ONCE, type Subject, TypeBench, useBench } from './bench.ts';
import { type Sample, samplesByTier } from './fixture.ts';

/** Bytes of gaps before each block: eight blocks share a page. */
const GAP_BYTES = 64 * 1024;
/** Bytes of gaps of a size class: where there are many blocks of it, the last ones lie close together. */
const ALL_GAPS = 1.5 * 1024 * 1024;

/** Declares the tests; see the head of this file. */
export function conformToRelocation(subject: Subject): void {
  describe.each(samplesByTier(subject.fixture))('$name', (sample) => {
    test('is moved in memory and stays what it is', () => isMoved(subject, sample));
    test('is moved while it changes', () => isMovedMeanwhile(subject, sample));
  });
}

function isMoved(subject: Subject, sample: Sample): void {
  const { bench, keys } = fragmented(subject, sample);
  const { keyspace } = bench;
  const { arena, entries } = keyspace;
  const isRooted = entries.hasRoot(bench.ref(keys[0]));
  const before = [bench.digests(), bench.contents(keys[0]), bench.valueBytes];
  const refs = keys.map((key) => bench.ref(key));
  const defragmentation = new Defragmentation(keyspace);
  expect(defragmentation.begin()).toBe(true);
  while (defragmentation.step());
  if (isRooted) litter(arena);
  expect([bench.digests(), bench.contents(keys[0]), bench.valueBytes]).toEqual(before);
  expect(arena.relocations).toBeGreaterThan(0);
  // Not only entries are moved.
  const moved = keys.filter((key, i) => bench.ref(key) !== refs[i]).length;
  if (isRooted) expect(arena.relocations - moved).toBeGreaterThan(keys.length / 4);
  bench.empty();
}

/** The same is done to two keyspaces, one of which is defragmented and saved. */
function isMovedMeanwhile(subject: Subject, sample: Sample): void {
  const { bench, keys } = fragmented(subject, sample);
  const { bench: other } = fragmented(subject, sample);
  const random = new Random(keys.length);
  const atStart = bench.digests();
  const { sink, end } = collector(bench.keyspace);
  const snapshot = new Snapshot(bench.keyspace, sink);
  const defragmentation = new Defragmentation(bench.keyspace);
  defragmentation.maxElements = 100;
  expect(defragmentation.begin()).toBe(true);
  for (let isMore = true; isMore; isMore = defragmentation.step()) {
    if (bench.keyspace.snapshot !== undefined) snapshot.work(AT_ONCE);
    for (let i = 0; i < 4; i++) {
      // Mostly the one that is being moved, just where it is.
      const moving = keys.find((one) => isMoving(bench, one));
      const key = moving !== undefined && random.chance(0.8) ? moving : random.pick(keys);
      const line = random.pick([
        ...subject.fixture.changes.map((change) => change(key)),
        ...(random.chance(0.1) ? [['DEL', key]] : []),
        ['RENAME', key, random.pick(keys)],
        ['COPY', key, random.pick(keys), 'REPLACE'],
      ]);
      for (const one of [bench, other]) one.run(...line);
    }
  }
  while (bench.keyspace.snapshot !== undefined) snapshot.work(AT_ONCE);
  if (sample.encoding >= FIRST_ROOT_ENCODING) litter(bench.keyspace.arena);
  expect(bench.digests()).toEqual(other.digests());
  for (const one of [bench, other]) one.reclaim();
  expect(bench.valueBytes).toBe(other.valueBytes);
  const loaded = useBench(subject);
  load(end(), { keyspace: loaded.keyspace });
  expect(loaded.digests()).toEqual(atStart);
  bench.empty();
}

/** Whether the parts of a key's value are being moved. */
function isMoving(bench: TypeBench, key: string): boolean {
  const { entries } = bench.keyspace;
  const ref = bench.ref(key);
  if (ref === 0 || !entries.hasRoot(ref)) return false;
  return entries.collectionsOf(ref).relocation.root === entries.root(ref);
}

/** Some values, each of whose blocks lies among gaps: of every page of its class, most is free. */
function fragmented(subject: Subject, sample: Sample): { bench: TypeBench; keys: string[] } {
  const bench = new TypeBench(subject);
  const { arena } = bench.keyspace;
  const allocate = arena.allocate.bind(arena);
  const fillers: [ref: number, sizeClass: number][] = [];
  const bytesByClass = new Map<number, number>();
  vi.spyOn(arena, 'allocate').mockImplementation((sizeClass) => {
    const blockBytes = arena.blockBytes(sizeClass);
    let bytes = bytesByClass.get(sizeClass) ?? 0;
    for (let left = Math.floor(GAP_BYTES / blockBytes); left > 0 && bytes < ALL_GAPS; left--) {
      fillers.push([allocate(sizeClass), sizeClass]);
      bytes += blockBytes;
    }
    bytesByClass.set(sizeClass, bytes);
    return allocate(sizeClass);
  });
  const isLarge = sample.isLong && sample.encoding >= FIRST_ROOT_ENCODING;
  const keys = Array.from({ length: isLarge ? 8 : 24 }, (_, i) => `key:${i}`);
  for (const key of keys) bench.make(sample, key);
  vi.restoreAllMocks();
  for (const [ref, sizeClass] of fillers) arena.free(ref, sizeClass);
  return { bench, keys };
}
