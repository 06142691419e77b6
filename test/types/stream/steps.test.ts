// A stream is written in steps while it and its groups change in any way, and are removed: what is written is what there
// was at the beginning. All memory comes back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { ValueRest } from '../../../src/keyspace/value-type.ts';
import { ColdStore } from '../../../src/persistence/cold/cold-store.ts';
import { RdbWriter } from '../../../src/persistence/rdb/format/rdb-writer.ts';
import { valueTypes } from '../../../src/types/index.ts';
import { streamType } from '../../../src/types/stream/descriptor.ts';
import { NodeWriter } from '../../../src/types/stream/node-writer.ts';
import { PendingCursor } from '../../../src/types/stream/pending-entries.ts';
import { StreamId } from '../../../src/types/stream/stream-id.ts';
import { streamsOf } from '../../../src/types/stream/values.ts';
import { Random } from '../../support/random.ts';
import { byTier } from '../../support/tier.ts';
import { TypeBench } from '../conformance/bench.ts';
import { streamFixture } from './fixture.ts';
import { RandomStream } from './random-streams.ts';

const bench = new TypeBench({ types: valueTypes, type: streamType, fixture: streamFixture });
const { entries } = bench.keyspace;
const { writer: codec } = streamType.codec;

/** Bytes of the value of a key, written at once: without the type before it and what DUMP has behind it. */
function atOnce(key: string): Buffer {
  const pieces: Buffer[] = [];
  const writer = new RdbWriter((piece) => pieces.push(piece), { compresses: false });
  codec.write(writer, entries, bench.ref(key));
  writer.flush();
  return Buffer.concat(pieces);
}

/** A value that is being written in steps. */
class Writing {
  readonly expected: Buffer;
  readonly #pieces: Buffer[] = [];
  readonly #writer: RdbWriter;
  rest: ValueRest | undefined;

  constructor(key: string, stepBytes: number) {
    this.expected = atOnce(key);
    this.#writer = new RdbWriter((piece) => this.#pieces.push(piece), {
      // Long nodes are compressed in another way.
      compresses: false,
      stepBytes,
      pieceBytes: 512,
    });
    this.rest = codec.write(this.#writer, entries, bench.ref(key));
  }

  /** Writes some more; whether there is more. */
  step(): boolean {
    if (this.rest?.step(this.#writer) === true) return true;
    this.rest = undefined;
    return false;
  }

  get bytes(): Buffer {
    this.#writer.flush();
    return Buffer.concat(this.#pieces);
  }
}

/** Changes the groups of a stream at random. */
class RandomGroups {
  readonly #random: Random;
  readonly #cursor = new PendingCursor();
  readonly #removed: number[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  change(key: string): void {
    const ref = bench.ref(key);
    const { groups } = streamsOf(entries);
    this.#free();
    if (ref === 0) return;
    const random = this.#random;
    const root = entries.root(ref);
    const all = groups.list(root);
    if (all.length === 0 || random.chance(0.01)) {
      this.#create(root, `group ${random.integer(0, 1e6)}`);
      return;
    }
    const group = random.pick(all);
    const consumers = groups.listConsumers(group);
    if (consumers.length === 0 || random.chance(0.01)) {
      const name = Buffer.from(`consumer ${random.integer(0, 1e6)}`);
      groups.createConsumer(root, group, name, 0, name.length, random.integer(0, 2 ** 40));
      return;
    }
    const consumer = random.pick(consumers);
    const kind = random.integer(0, 99);
    if (kind === 0) groups.removeConsumer(root, group, consumer);
    else if (kind === 1 && all.length > 1) {
      if (!groups.remove(root, group)) this.#removed.push(group);
    } else this.#changePending(root, group, consumer);
  }

  /** Frees what is left of removed groups. */
  #free(): void {
    const [group] = this.#removed;
    if (group !== undefined && streamsOf(entries).groups.removeStep(group)) this.#removed.shift();
  }

  finish(): void {
    while (this.#removed.length > 0) this.#free();
  }

  #create(root: number, name: string): void {
    const bytes = Buffer.from(name);
    const id = new StreamId();
    streamsOf(entries).groups.create(root, bytes, 0, bytes.length, id, -1n);
  }

  #changePending(root: number, group: number, consumer: number): void {
    const { groups } = streamsOf(entries);
    const random = this.#random;
    const cursor = this.#cursor;
    const id = new StreamId();
    for (let i = 0; i < 20; i++) {
      id.setWords(0, random.integer(0, 500), 0, random.integer(0, 3));
      const time = random.chance(0.05) ? random.integer(0, 2 ** 50) : random.integer(0, 1e6);
      const deliveries = random.chance(0.02) ? 1e6 : random.integer(0, 9);
      if (!groups.findPending(group, id, cursor)) {
        groups.addPending(root, group, consumer, id, time, deliveries);
      } else if (random.chance(0.5)) {
        groups.setPending(root, group, cursor, consumer, time, deliveries);
      } else groups.removePending(root, group, cursor);
    }
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('seed %d', (seed) => {
  const random = new Random(seed);
  streamsOf(entries).entries.limits = { maxEntries: random.pick([5, 20]), maxBytes: 4096 };
  const groups = new RandomGroups(random);
  let stream = new RandomStream(random, 's', 5000);
  let writing: Writing | undefined;
  const finished = { complete: 0, deleted: 0, abandoned: 0 };
  let isDeleted = false;
  for (let round = 0; round < byTier(6000, 40_000); round++) {
    const kind = random.integer(0, 99);
    if (kind < 60) bench.run(...stream.next());
    else if (kind < 90) groups.change('s');
    else if (kind === 90 && random.chance(0.3)) {
      bench.run('DEL', 's');
      isDeleted = true;
      stream = new RandomStream(random, 's', 5000);
    } else if (kind === 91) bench.reclaim();
    else if (writing === undefined) {
      if (bench.ref('s') === 0) continue;
      writing = new Writing('s', random.pick([500, 3000, 20_000]));
      isDeleted = false;
      expect(writing.rest?.detach(undefined as never) ?? true).toBe(true);
    } else if (kind === 92 && random.chance(0.1)) {
      writing.rest?.abandon();
      writing = undefined;
      finished.abandoned++;
    } else if (kind === 93 && bench.ref('s') !== 0) {
      // By another, at once.
      const other = new Writing('s', 500);
      while (other.step());
      expect(other.bytes.equals(other.expected)).toBe(true);
    } else if (!writing.step()) {
      expect(writing.bytes.equals(writing.expected)).toBe(true);
      writing = undefined;
      finished[isDeleted ? 'deleted' : 'complete']++;
    }
  }
  writing?.rest?.abandon();
  for (const count of Object.values(finished)) expect(count).toBeGreaterThan(0);
  bench.run('DEL', 's');
  groups.finish();
  bench.expectNoValues();
});

test('a stream with the root of one that was removed while it was written', () => {
  streamsOf(entries).entries.limits = { maxEntries: 5, maxBytes: 4096 };
  const fill = (value: string) => {
    for (let i = 1; i < 100; i++) bench.run('XADD', 's', `${i}-0`, 'field', `${value} ${i}`);
    return entries.root(bench.ref('s'));
  };
  const root = fill('first');
  const first = new Writing('s', 300);
  expect(first.step()).toBe(true);
  bench.run('DEL', 's');
  bench.reclaim();
  expect(fill('second')).toBe(root);
  const second = new Writing('s', 300);
  expect(second.step()).toBe(true);
  while (first.step());
  bench.run('XDEL', 's', '99-0', '50-0', '1-0');
  while (second.step());
  for (const { bytes, expected } of [first, second]) expect(bytes.equals(expected)).toBe(true);
  bench.run('DEL', 's');
  bench.expectNoValues();
});

/** Makes a stream of so many blocks. */
function makeBlocks(count: number): void {
  streamsOf(entries).entries.limits = { maxEntries: 1, maxBytes: 4096 };
  for (let i = 1; i <= count; i++) bench.run('XADD', 's', `${i}-0`, 'field', `value ${i}`);
}

test('writing of very many blocks is given up in slices', () => {
  makeBlocks(2000);
  const first = new Writing('s', 300);
  bench.run('XTRIM', 's', 'MAXLEN', '1000');
  first.rest?.abandon();
  // It is at once what another writer gets, as long as it is frozen.
  const second = new Writing('s', 300);
  expect(second.rest).toBeUndefined();
  expect(second.bytes.equals(second.expected)).toBe(true);
  expect(bench.reclaim().slices).toBeGreaterThan(2);
  const third = new Writing('s', 300);
  while (third.step());
  expect(third.bytes.equals(third.expected)).toBe(true);
  bench.run('DEL', 's');
  bench.expectNoValues();
});

test('a first step that fails leaves a stream that is not frozen', () => {
  makeBlocks(100);
  vi.spyOn(NodeWriter.prototype, 'write').mockImplementationOnce(() => {
    throw new Error('this cannot be read');
  });
  const writer = new RdbWriter(() => {}, { compresses: false, stepBytes: 300 });
  expect(() => codec.write(writer, entries, bench.ref('s'))).toThrow('this cannot be read');
  vi.restoreAllMocks();
  const writing = new Writing('s', 300);
  expect(writing.step()).toBe(true);
  writing.rest?.abandon();
  bench.run('DEL', 's');
  bench.expectNoValues();
});

test('a stream most of which is in files takes steps, too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cold-steps-'));
  const streams = streamsOf(entries);
  const store = await ColdStore.open(join(folder, 'streams'), { maxSegmentBytes: 1 << 20 });
  await store.sweep([]);
  streams.cold.store = store;
  streams.spilling.isEnabled = true;
  try {
    bench.run('XADD', 's', '1-0', 'field', 'value');
    const root = entries.root(bench.ref('s'));
    streams.entries.limits = { maxEntries: 20, maxBytes: 4096 };
    streams.setHotLimit(root, 100);
    for (let i = 2; i < 20_000; i++) {
      bench.run('XADD', 's', `${i}-0`, 'field', `a value, and its number: ${i}`);
    }
    while (streams.spilling.isBusy) {
      for (const log of store.logs) await log.settled();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(streams.bytes(root)).toBeLessThan(60_000);
    const writing = new Writing('s', 65_536);
    let steps = 1;
    while (writing.step()) {
      if (++steps === 3) bench.run('XTRIM', 's', 'MAXLEN', '10');
    }
    expect(steps).toBeGreaterThan(5);
    expect(writing.bytes.equals(writing.expected)).toBe(true);
    bench.run('DEL', 's');
    bench.expectNoValues();
  } finally {
    streams.spilling.isEnabled = false;
    await store.close();
    rmSync(folder, { recursive: true });
  }
});
