// Consumer groups against a plain model: random changes, while the stream is being written, its blocks are moved, or
// there is no memory.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Arena, ArenaFullError } from '../../../src/memory/arena.ts';
import { PendingCursor } from '../../../src/types/stream/pending-entries.ts';
import { StreamId } from '../../../src/types/stream/stream-id.ts';
import { freeRoot, newRoot, ROOT_BYTES } from '../../../src/types/stream/stream-root.ts';
import { Random } from '../../support/random.ts';
import { byTier } from '../../support/tier.ts';
import {
  type GroupModel,
  GroupsBench,
  type IdNumber,
  idOf,
  numberOf,
  type PendingModel,
  Writing,
} from './groups-bench.ts';

const NOW = 1_700_000_000_000;
const GROUPS = ['g', 'group', '\xff', 'a\0', 'a', ''];
const CONSUMERS = [
  ...Array.from({ length: 30 }, (_, i) => `consumer-${i}`),
  'x'.repeat(20_000),
  '',
  '\x80',
];

function id(ms: number, seq: number): IdNumber {
  return (BigInt(ms) << 64n) | BigInt(seq);
}

/** Random changes of a bench. */
class Changes {
  readonly bench: GroupsBench;
  readonly random: Random;
  /** Whether ids, times and counts are such that items must be wide. */
  readonly isWild: boolean;
  #clock = NOW;

  constructor(bench: GroupsBench, random: Random, isWild: boolean) {
    this.bench = bench;
    this.random = random;
    this.isWild = isWild;
  }

  change(): void {
    const { bench, random } = this;
    const kind = random.next();
    if (bench.model.size === 0 || kind < 0.01) this.#createGroup();
    const name = random.pick([...bench.model.keys()]);
    const model = bench.model.get(name) as GroupModel;
    if (kind < 0.013) bench.removeGroup(name);
    else if (model.consumers.size === 0 || kind < 0.1) this.#createConsumer(name, model);
    else if (kind < 0.12) bench.removeConsumer(name, random.pick([...model.consumers.keys()]));
    else if (kind < 0.14) this.#setWords(name, model);
    else if (kind < 0.4) this.#addLast(name, model);
    else if (kind < 0.6) this.#addAnywhere(name, model);
    else if (kind < 0.7) this.#removeFirst(name, model);
    else if (kind < 0.85) this.#removeAnywhere(name, model);
    else this.#setSome(name, model);
  }

  #createGroup(): void {
    const name = this.random.pick(GROUPS);
    if (this.bench.model.has(name)) return;
    this.bench.createGroup(name, this.#anyId(), BigInt(this.random.integer(-1, 5)));
  }

  #createConsumer(group: string, { consumers }: GroupModel): void {
    const name = this.random.pick(CONSUMERS);
    if (!consumers.has(name)) this.bench.createConsumer(group, name, this.#clock++);
  }

  #setWords(name: string, model: GroupModel): void {
    const { groups } = this.bench;
    const group = this.bench.group(name);
    model.entriesRead = this.random.pick([-1n, 0xffffffffn, 2n ** 62n]);
    groups.setEntriesRead(group, model.entriesRead);
    groups.incrementEntriesRead(group);
    model.entriesRead++;
    model.lastId = this.#anyId();
    groups.storeLastId(group, idOf(model.lastId));
    for (const [consumer, state] of model.consumers) {
      const ref = this.bench.consumer(name, consumer);
      state.seenMs = this.#clock++;
      state.activeMs = this.#clock++;
      groups.setSeenMs(ref, state.seenMs);
      groups.setActiveMs(ref, state.activeMs);
    }
  }

  #entry(consumers: GroupModel['consumers']): PendingModel {
    const { random } = this;
    const isOdd = () => this.isWild && random.chance(0.03);
    return {
      consumer: random.pick([...consumers.keys()]),
      timeMs: isOdd() ? random.pick([0, 2 ** 52, NOW + 0.5, NOW - 2 ** 31]) : this.#clock++,
      deliveries: isOdd() ? random.pick([65536, 2 ** 32, 2 ** 53]) : random.integer(0, 65535),
    };
  }

  #anyId(): IdNumber {
    const { random } = this;
    const number = id(NOW + random.integer(0, 3000), random.integer(0, 3));
    if (!this.isWild || !random.chance(0.05)) return number;
    return random.pick([
      number << 8n,
      number | (1n << 63n),
      (1n << 128n) - 1n - BigInt(random.integer(0, 100)),
      BigInt(random.integer(1, 100)),
      number + (1n << 96n),
    ]);
  }

  #addLast(name: string, model: GroupModel): void {
    let last = [...model.pending.keys()].reduce((a, b) => (a > b ? a : b), id(NOW, 0));
    for (let left = this.random.integer(1, 100); left > 0; left--) {
      last += this.random.chance(0.5) ? 1n : BigInt(this.random.integer(1, 20)) << 64n;
      if (last >= 1n << 128n) return;
      this.bench.add(name, last, this.#entry(model.consumers));
    }
  }

  #addAnywhere(name: string, model: GroupModel): void {
    for (let left = this.random.integer(1, 20); left > 0; left--) {
      const added = this.#anyId();
      if (!model.pending.has(added)) this.bench.add(name, added, this.#entry(model.consumers));
    }
  }

  #removeFirst(name: string, { pending }: GroupModel): void {
    const sorted = [...pending.keys()].sort((a, b) => (a < b ? -1 : 1));
    for (const removed of sorted.slice(0, this.random.integer(1, 150))) {
      this.bench.remove(name, removed);
    }
  }

  #removeAnywhere(name: string, { pending }: GroupModel): void {
    const some = this.random.shuffle([...pending.keys()]).slice(0, this.random.integer(1, 30));
    for (const removed of some) this.bench.remove(name, removed);
  }

  #setSome(name: string, { pending, consumers }: GroupModel): void {
    const some = this.random.shuffle([...pending.keys()]).slice(0, this.random.integer(1, 10));
    for (const changed of some) this.bench.set(name, changed, this.#entry(consumers));
  }
}

describe.each([
  { seed: 1, isWild: false },
  { seed: 2, isWild: true },
  { seed: 3, isWild: true },
])('random changes, seed $seed', ({ seed, isWild }) => {
  const ROUNDS = byTier(150, 3000);

  test('say what the model says, and take what they say', () => {
    const bench = new GroupsBench();
    const changes = new Changes(bench, new Random(seed), isWild);
    for (let round = 0; round < ROUNDS; round++) {
      changes.change();
      bench.verify();
      while (bench.removed.length > 0) bench.removeStep();
      bench.verifyBytes();
    }
    bench.freeAll();
    expect(bench.usedBytes).toBe(0);
  });

  test('leave what is being written as it was', () => {
    const bench = new GroupsBench();
    const random = new Random(seed + 10);
    const changes = new Changes(bench, random, isWild);
    let writing: Writing | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      if (writing === undefined) writing = new Writing(bench);
      for (let i = random.integer(0, 3); i > 0; i--) changes.change();
      if (random.chance(0.5)) bench.removeStep();
      if (random.chance(0.3)) bench.verify();
      if (writing.step()) writing = undefined;
    }
    while (writing !== undefined && !writing.step());
    bench.verify();
    bench.freeAll();
    expect(bench.usedBytes).toBe(0);
  });

  test('may be freed while they are being written', () => {
    const bench = new GroupsBench();
    const changes = new Changes(bench, new Random(seed + 20), isWild);
    for (let round = 0; round < 100; round++) changes.change();
    const writing = new Writing(bench);
    for (let round = 0; round < 20; round++) changes.change();
    while (!bench.groups.freeStep(bench.stream));
    while (!writing.step());
    while (bench.removed.length > 0) bench.removeStep();
    freeRoot(bench.arena, bench.stream);
    expect(bench.usedBytes).toBe(0);
  });

  test('go on while blocks are moved', () => {
    const bench = new GroupsBench();
    const random = new Random(seed + 30);
    const changes = new Changes(bench, random, isWild);
    const { arena, groups } = bench;
    // Blocks are moved within their pages.
    arena.isSparse = () => random.chance(0.7);
    let writing: Writing | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = random.integer(0, 3); i > 0; i--) changes.change();
      if (!groups.relocation.step(random.integer(1, 20))) groups.relocation.begin(bench.stream);
      bench.verify();
      walkBetweenSteps(bench);
      if (writing === undefined && random.chance(0.1)) writing = new Writing(bench);
      if (writing?.step()) writing = undefined;
    }
    while (writing !== undefined && !writing.step());
    while (groups.relocation.step(10));
    bench.verify();
    expect(arena.relocations).toBeGreaterThan(ROUNDS);
    bench.freeAll();
    expect(bench.usedBytes).toBe(0);
  });

  test('are copied', () => {
    const bench = new GroupsBench();
    const random = new Random(seed + 40);
    const changes = new Changes(bench, random, isWild);
    const { groups, stream } = bench;
    let failures = 0;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 20; i++) changes.change();
      while (bench.removed.length > 0) bench.removeStep();
      const used = bench.usedBytes;
      const copy = newRoot(bench.arena);
      const before = bench.modelPicture();
      while (bench.withoutMemory(random, 0.02, () => groups.copy(stream, copy))) {
        failures++;
        expect(groups.count(copy)).toBe(0);
        expect(bench.usedBytes).toBe(used + ROOT_BYTES);
      }
      changes.change();
      expect(bench.picture(copy)).toEqual(before);
      while (!groups.freeStep(copy));
      freeRoot(bench.arena, copy);
      bench.verify();
    }
    expect(failures).toBeGreaterThan(0);
    bench.freeAll();
    expect(bench.usedBytes).toBe(0);
  });

  test.each([false, true])('change nothing without memory, being written: %s', (isWritten) => {
    const bench = new GroupsBench();
    const random = new Random(seed + 50);
    const changes = new Changes(bench, random, isWild);
    let writing: Writing | undefined;
    let failures = 0;
    for (let round = 0; round < ROUNDS; round++) {
      if (isWritten && writing === undefined) writing = new Writing(bench);
      if (bench.withoutMemory(random, 0.1, () => changes.change())) failures++;
      bench.verify();
      if (writing?.step()) writing = undefined;
    }
    expect(failures).toBeGreaterThan(ROUNDS / 20);
    while (writing !== undefined && !writing.step());
    bench.freeAll();
    expect(bench.usedBytes).toBe(0);
  });
});

/** Goes through a group while blocks are moved. */
function walkBetweenSteps(bench: GroupsBench): void {
  const { cursor, groups } = bench;
  for (const [name, { pending }] of [...bench.model].slice(0, 1)) {
    const ids: IdNumber[] = [];
    let is = groups.firstPending(bench.group(name), cursor);
    while (is) {
      ids.push(numberOf(cursor.id));
      if (!groups.relocation.step(3)) groups.relocation.begin(bench.stream);
      is = groups.nextPending(bench.group(name), cursor);
    }
    expect(ids).toEqual([...pending.keys()].sort((a, b) => (a < b ? -1 : 1)));
  }
}

describe('cursors', () => {
  const GROUP = 'g';
  let bench: GroupsBench;
  let group = 0;
  const cursor = new PendingCursor();

  beforeEach(() => {
    bench = new GroupsBench();
    bench.createGroup(GROUP, 0n, -1n);
    for (const name of ['a', 'b']) bench.createConsumer(GROUP, name, NOW);
    for (let i = 1; i <= 300; i++) {
      bench.add(GROUP, id(i, 0), { consumer: 'ab'[i & 1], timeMs: NOW, deliveries: 1 });
    }
    group = bench.group(GROUP);
  });

  test('go to the first entry that is not less', () => {
    const { groups } = bench;
    for (let i = 0; i <= 300; i++) {
      expect(groups.seekPending(group, idOf(id(i, 1)), cursor)).toBe(i < 300);
      if (i < 300) expect(numberOf(cursor.id)).toBe(id(i + 1, 0));
      expect(groups.findPending(group, idOf(id(i, 1)), cursor)).toBe(false);
      expect(groups.findPending(group, idOf(id(i, 0)), cursor)).toBe(i > 0);
    }
    const own = bench.consumer(GROUP, 'a');
    for (let i = 0; i < 300; i += 2) {
      expect(groups.seekOwn(group, own, idOf(id(i, 1)), cursor)).toBe(true);
      expect(numberOf(cursor.id)).toBe(id(i + 2, 0));
      expect(cursor).toMatchObject({ consumer: own, timeMs: NOW, deliveries: 1 });
    }
    expect(groups.seekOwn(group, own, idOf(id(300, 1)), cursor)).toBe(false);
  });

  test('go on after what they were at is removed, moved, or more is there', () => {
    const { groups, stream } = bench;
    const [a, b] = ['a', 'b'].map((name) => bench.consumer(GROUP, name));
    let seen = 0;
    for (let is = groups.firstPending(group, cursor); is; is = groups.nextPending(group, cursor)) {
      expect(numberOf(cursor.id)).toBe(id(++seen, 0));
      if (seen % 3 === 0) groups.removePending(stream, group, cursor);
      if (seen % 3 === 1) groups.setPending(stream, group, cursor, seen & 1 ? a : b, NOW, 70_000);
      if (seen % 3 === 2) groups.addPending(stream, group, a, idOf(id(seen - 1, 7)), NOW, 1);
    }
    expect(seen).toBe(300);
    expect(groups.pendingCount(group)).toBe(300);
    seen = 0;
    const zero = new StreamId();
    for (let is = groups.seekOwn(group, a, zero, cursor); is; seen++) {
      groups.removePending(stream, group, cursor);
      is = groups.nextOwn(group, a, cursor);
    }
    expect(groups.pendingOf(a)).toBe(0);
    expect(groups.pendingCount(group)).toBe(300 - seen);
  });

  test('stay at the last entry, and go on when there are more', () => {
    const { groups } = bench;
    groups.lastPending(group, cursor);
    expect(groups.nextPending(group, cursor)).toBe(false);
    expect(numberOf(cursor.id)).toBe(id(300, 0));
    bench.add(GROUP, id(400, 0), { consumer: 'a', timeMs: NOW, deliveries: 1 });
    expect(groups.nextPending(group, cursor)).toBe(true);
    expect(numberOf(cursor.id)).toBe(id(400, 0));
  });
});

describe('leaves', () => {
  const entry = { consumer: 'a', timeMs: NOW, deliveries: 1 };

  function benchOf(count: number): GroupsBench {
    const bench = new GroupsBench();
    bench.createGroup('g', 0n, -1n);
    bench.createConsumer('g', 'a', NOW);
    for (let i = 1; i <= count; i++) bench.add('g', id(NOW, 2 * i), entry);
    return bench;
  }

  test('take ids in descending order', () => {
    const bench = benchOf(0);
    for (let seq = 300; seq > 0; seq--) {
      bench.add('g', id(NOW, seq), entry);
      bench.verify();
    }
  });

  test.each([3, 7, 255, 600])(
    'are split where there are %i, and all allocations fail',
    (leaves) => {
      // Of a consumer's leaf less than of a group's.
      const bench = benchOf(leaves * 61);
      const allocate = vi.spyOn(bench.arena, 'allocate');
      const isAdded = (allowed: number): boolean => {
        let left = allowed;
        const { allocate: original } = Arena.prototype;
        allocate.mockImplementation((sizeClass) => {
          if (left-- === 0) throw new ArenaFullError();
          return original.call(bench.arena, sizeClass);
        });
        try {
          bench.add('g', id(NOW, (leaves * 61) | 1), entry);
          return true;
        } catch (error) {
          expect(error).toBeInstanceOf(ArenaFullError);
          return false;
        }
      };
      let failures = 0;
      for (; !isAdded(failures); failures++) bench.verifyBytes();
      expect(failures).toBeGreaterThan(2);
      allocate.mockRestore();
      bench.verify();
      bench.freeAll();
      expect(bench.usedBytes).toBe(0);
    },
  );

  test.each([1, 2, 7, 40])('lose the entries of one of %i consumers, and are dense', (count) => {
    const bench = benchOf(0);
    const { usedBytes } = bench;
    const { groups } = bench;
    const cursor = new PendingCursor();
    for (let i = 1; i < count; i++) bench.createConsumer('g', String(i), NOW);
    for (let seq = 1; seq <= 4000; seq++) {
      const consumer = String(Math.floor(seq / 90) % count || 'a');
      bench.add('g', id(NOW, seq), { consumer, timeMs: NOW, deliveries: seq % 500 ? 1 : 2 ** 30 });
    }
    groups.firstPending(bench.group('g'), cursor);
    bench.removeConsumer('g', 'a');
    bench.verify();
    bench.verifyBytes();
    expect(groups.nextPending(bench.group('g'), cursor)).toBe(count > 1);
    for (let i = 1; i < count - 1; i++) bench.removeConsumer('g', String(i));
    bench.verify();
    if (count < 3) return;
    const left = groups.pendingCount(bench.group('g'));
    expect(bench.usedBytes - usedBytes).toBeLessThan(5000 + 80 * left);
    bench.freeAll();
    expect(bench.usedBytes).toBe(0);
  });

  test('shrink with their lists', () => {
    const bench = benchOf(0);
    const { usedBytes } = bench;
    for (let seq = 1; seq <= 100; seq++) bench.add('g', id(NOW, seq), entry);
    for (let seq = 1; seq <= 100; seq += 2) bench.remove('g', id(NOW, seq));
    for (let seq = 100; seq > 4; seq -= 2) bench.remove('g', id(NOW, seq));
    expect(bench.usedBytes - usedBytes).toBeLessThan(200);
    for (const seq of [2, 4]) bench.remove('g', id(NOW, seq));
    expect(bench.usedBytes).toBe(usedBytes);
  });

  test('leave nothing of a thousand consumers that are removed', () => {
    const bench = benchOf(0);
    bench.removeConsumer('g', 'a');
    const { usedBytes } = bench;
    const names = Array.from({ length: 1000 }, (_, i) => `c${i}`);
    for (const name of names) bench.createConsumer('g', name, NOW);
    for (const name of names) bench.removeConsumer('g', name);
    expect(bench.usedBytes).toBe(usedBytes);
  });
});

describe('much of something', () => {
  test('a million pending entries take little memory, and are freed in steps', () => {
    const COUNT = byTier(100_000, 1_000_000);
    const bench = new GroupsBench();
    const { arena, groups, stream } = bench;
    bench.createGroup('g', 0n, -1n);
    for (const name of ['a', 'b', 'c']) bench.createConsumer('g', name, NOW);
    const consumers = ['a', 'b', 'c'].map((name) => bench.consumer('g', name));
    const group = bench.group('g');
    const next = idOf(id(NOW, 0));
    const before = bench.usedBytes;
    for (let i = 0; i < COUNT; i++) {
      next.setMs(NOW + (i >> 2));
      next.seqLow = i & 3;
      groups.addPending(stream, group, consumers[i % 3], next, NOW + (i >> 2), 1);
    }
    expect((bench.usedBytes - before) / COUNT).toBeLessThan(26);
    expect(groups.parts(stream)).toBeGreaterThan(COUNT / 62);
    // The times of all change by more than narrow entries can have in one block.
    const cursor = new PendingCursor();
    for (let is = groups.firstPending(group, cursor); is; is = groups.nextPending(group, cursor)) {
      groups.setPending(stream, group, cursor, cursor.consumer, NOW + 2 ** 33, 2);
    }
    expect((bench.usedBytes - before) / COUNT).toBeLessThan(26);
    expect(groups.remove(stream, group)).toBe(false);
    expect(groups.count(stream)).toBe(0);
    let steps = 1;
    while (!groups.removeStep(group)) steps++;
    expect(steps).toBeGreaterThan(COUNT / 62 / 128);
    expect(arena.usedBytes).toBe(ROOT_BYTES);
  });

  test('a hundred thousand consumers are found, listed in order, and removed', () => {
    const COUNT = byTier(70_000, 100_000);
    const bench = new GroupsBench();
    const { groups, stream } = bench;
    bench.createGroup('g', 0n, -1n);
    const group = bench.group('g');
    const names = Array.from({ length: COUNT }, (_, i) => `consumer-${i}`);
    for (const name of names) bench.createConsumer('g', name, NOW);
    for (let i = 0; i < COUNT; i++) {
      const consumer = bench.consumer('g', names[i]);
      groups.addPending(stream, group, consumer, idOf(id(NOW, i)), NOW, 1);
    }
    expect(groups.listConsumers(group).map((ref) => bench.nameOf(ref))).toEqual(names.sort());
    const cursor = new PendingCursor();
    for (let i = 0; i < COUNT; i += 1000) {
      expect(groups.findPending(group, idOf(id(NOW, i)), cursor)).toBe(true);
      expect(bench.nameOf(cursor.consumer)).toBe(`consumer-${i}`);
    }
    for (const name of names.slice(0, COUNT / 2)) {
      expect(groups.removeConsumer(stream, group, bench.consumer('g', name))).toBe(1);
    }
    expect(groups.pendingCount(group)).toBe(COUNT / 2);
    bench.freeAll();
    expect(bench.usedBytes).toBe(0);
  });
});
