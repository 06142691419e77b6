// Consumer groups beside a plain model of them: both are changed in the same way, and must say the same afterwards.
import { expect } from 'vitest';
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../../src/memory/addressing.ts';
import { Arena, ArenaFullError } from '../../../src/memory/arena.ts';
import { CLASS_UNITS } from '../../../src/memory/size-classes.ts';
import { BytesTables } from '../../../src/structures/bytes-tables.ts';
import { ByteView } from '../../../src/structures/entry.ts';
import { ColdBlocks } from '../../../src/types/stream/cold-blocks.ts';
import type { ConsumerState, GroupState } from '../../../src/types/stream/group-state.ts';
import { Groups } from '../../../src/types/stream/groups.ts';
import { PendingCursor } from '../../../src/types/stream/pending-entries.ts';
import { PendingItem, PendingLeaf } from '../../../src/types/stream/pending-leaf.ts';
import { SharedBlocks } from '../../../src/types/stream/shared-blocks.ts';
import { StreamId } from '../../../src/types/stream/stream-id.ts';
import { freeRoot, newRoot, ROOT_BYTES } from '../../../src/types/stream/stream-root.ts';
import type { Random } from '../../support/random.ts';

/** A number in the order of ids. */
export type IdNumber = bigint;

export function idOf(number: IdNumber): StreamId {
  const id = new StreamId();
  const word = (shift: bigint): number => Number(BigInt.asIntN(32, number >> shift));
  id.setWords(word(96n), word(64n), word(32n), word(0n));
  return id;
}

export function numberOf(id: StreamId): IdNumber {
  const words = [id.msHigh, id.msLow, id.seqHigh, id.seqLow];
  return words.reduce((number, word) => (number << 32n) | BigInt(word >>> 0), 0n);
}

export interface PendingModel {
  consumer: string;
  timeMs: number;
  deliveries: number;
}

export interface ConsumerModel {
  seenMs: number;
  activeMs: number;
}

export interface GroupModel {
  lastId: IdNumber;
  entriesRead: bigint;
  readonly consumers: Map<string, ConsumerModel>;
  readonly pending: Map<IdNumber, PendingModel>;
}

/** What is known of a stream's groups, in a form that can be compared. */
export type Picture = readonly {
  readonly name: string;
  readonly lastId: IdNumber;
  readonly entriesRead: bigint;
  readonly pending: readonly string[];
  readonly consumers: readonly {
    readonly name: string;
    readonly seenMs: number;
    readonly activeMs: number;
    readonly own: readonly IdNumber[];
  }[];
}[];

function byNumber(a: IdNumber, b: IdNumber): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Names are latin1, so that they are sorted as bytes. */
function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A stream without entries, with groups, and the model of these. */
export class GroupsBench {
  readonly arena = new Arena();
  readonly shared = new SharedBlocks(this.arena, new ColdBlocks(this.arena));
  readonly tables = new BytesTables(this.arena, { k0: 1, k1: 2 });
  readonly groups = new Groups(this.arena, this.tables, this.shared);
  readonly cursor = new PendingCursor();
  readonly model = new Map<string, GroupModel>();
  /** Groups that are removed, but not freed yet. */
  readonly removed: number[] = [];
  stream: number;
  readonly #view = new ByteView();

  constructor() {
    const { arena } = this;
    const { free } = Arena.prototype;
    // Whoever reads what is free finds garbage.
    arena.free = (ref, sizeClass) => {
      free.call(arena, ref, sizeClass);
      const at = (ref & SEGMENT_MASK) << 1;
      const words = arena.i32[ref >>> SEGMENT_SHIFT];
      words.fill(0x7f7f7f7f, at + 1, at + CLASS_UNITS[sizeClass] * 2);
    };
    this.stream = newRoot(arena);
  }

  get usedBytes(): number {
    return this.arena.usedBytes + this.arena.overflow.usedBytes;
  }

  // ── Changes of both ─────────────────────────────────────────────────────────────────────────

  group(name: string): number {
    const bytes = Buffer.from(name, 'latin1');
    return this.groups.find(this.stream, bytes, 0, bytes.length);
  }

  consumer(group: string, name: string): number {
    const bytes = Buffer.from(`x${name}`, 'latin1');
    return this.groups.findConsumer(this.group(group), bytes, 1, bytes.length - 1);
  }

  createGroup(name: string, lastId: IdNumber, entriesRead: bigint): void {
    const bytes = Buffer.from(`ab${name}`, 'latin1');
    const { length } = bytes;
    this.groups.create(this.stream, bytes, 2, length - 2, idOf(lastId), entriesRead);
    this.model.set(name, { lastId, entriesRead, consumers: new Map(), pending: new Map() });
  }

  removeGroup(name: string): void {
    const group = this.group(name);
    if (!this.groups.remove(this.stream, group)) this.removed.push(group);
    this.model.delete(name);
  }

  createConsumer(group: string, name: string, seenMs: number): void {
    const bytes = Buffer.from(name, 'latin1');
    const ref = this.group(group);
    this.groups.createConsumer(this.stream, ref, bytes, 0, bytes.length, seenMs);
    this.#modelOf(group).consumers.set(name, { seenMs, activeMs: -1 });
  }

  removeConsumer(group: string, name: string): void {
    const ref = this.consumer(group, name);
    const { consumers, pending } = this.#modelOf(group);
    const own = [...pending].filter(([, { consumer }]) => consumer === name);
    try {
      expect(this.groups.removeConsumer(this.stream, this.group(group), ref)).toBe(own.length);
    } catch (error) {
      // Without memory the first ones may be removed.
      for (const [id] of own.sort(([a], [b]) => byNumber(a, b)).slice(0, -this.#left(ref))) {
        pending.delete(id);
      }
      throw error;
    }
    for (const [id] of own) pending.delete(id);
    consumers.delete(name);
  }

  /** Entries that a consumer still has. */
  #left(consumer: number): number {
    return this.groups.pendingOf(consumer) || Number.POSITIVE_INFINITY;
  }

  add(group: string, id: IdNumber, entry: PendingModel): void {
    const consumer = this.consumer(group, entry.consumer);
    const { timeMs, deliveries } = entry;
    const ref = this.group(group);
    this.groups.addPending(this.stream, ref, consumer, idOf(id), timeMs, deliveries);
    this.#modelOf(group).pending.set(id, { ...entry });
  }

  set(group: string, id: IdNumber, entry: PendingModel): void {
    const ref = this.group(group);
    const consumer = this.consumer(group, entry.consumer);
    expect(this.groups.findPending(ref, idOf(id), this.cursor)).toBe(true);
    const { timeMs, deliveries } = entry;
    this.groups.setPending(this.stream, ref, this.cursor, consumer, timeMs, deliveries);
    expect(this.cursor).toMatchObject({ consumer, timeMs, deliveries });
    this.#modelOf(group).pending.set(id, { ...entry });
  }

  remove(group: string, id: IdNumber): void {
    const ref = this.group(group);
    expect(this.groups.findPending(ref, idOf(id), this.cursor)).toBe(true);
    this.groups.removePending(this.stream, ref, this.cursor);
    this.#modelOf(group).pending.delete(id);
  }

  #modelOf(name: string): GroupModel {
    const model = this.model.get(name);
    if (model === undefined) throw new Error(`no group ${name}`);
    return model;
  }

  // ── Pictures ────────────────────────────────────────────────────────────────────────────────

  modelPicture(): Picture {
    return [...this.model.keys()].sort(byName).map((name) => {
      const { lastId, entriesRead, consumers, pending } = this.#modelOf(name);
      const ids = [...pending.keys()].sort(byNumber);
      return {
        name,
        lastId,
        entriesRead,
        pending: ids.map((id) => entryText(id, pending.get(id) as PendingModel)),
        consumers: [...consumers.keys()].sort(byName).map((consumer) => ({
          name: consumer,
          ...(consumers.get(consumer) as ConsumerModel),
          own: ids.filter((id) => pending.get(id)?.consumer === consumer),
        })),
      };
    });
  }

  picture(stream: number = this.stream): Picture {
    const { groups } = this;
    const refs = groups.list(stream);
    expect(groups.count(stream)).toBe(refs.length);
    return refs.map((group) => {
      const lastId = new StreamId();
      groups.loadLastId(group, lastId);
      const pending = this.#walkGroup(group);
      const consumers = groups.listConsumers(group).map((consumer) => ({
        name: this.nameOf(consumer),
        seenMs: groups.seenMs(consumer),
        activeMs: groups.activeMs(consumer),
        own: this.#walkOwn(group, consumer, pending),
      }));
      expect(groups.consumerCount(group)).toBe(consumers.length);
      return {
        name: this.nameOf(group),
        lastId: numberOf(lastId),
        entriesRead: groups.entriesRead(group),
        pending,
        consumers,
      };
    });
  }

  nameOf(ref: number): string {
    this.groups.name(ref, this.#view);
    return this.#view.copy().toString('latin1');
  }

  #walkGroup(group: number): string[] {
    const { groups, cursor } = this;
    const entries: string[] = [];
    let is = groups.firstPending(group, cursor);
    for (; is; is = groups.nextPending(group, cursor)) entries.push(this.#text(cursor));
    expect(groups.pendingCount(group)).toBe(entries.length);
    expect(groups.lastPending(group, cursor)).toBe(entries.length > 0);
    if (entries.length > 0) expect(this.#text(cursor)).toBe(entries.at(-1));
    return entries;
  }

  #walkOwn(group: number, consumer: number, pending: readonly string[]): IdNumber[] {
    const { groups, cursor } = this;
    const known = new Set(pending);
    const ids: IdNumber[] = [];
    let is = groups.seekOwn(group, consumer, new StreamId(), cursor);
    for (; is; is = groups.nextOwn(group, consumer, cursor)) {
      ids.push(numberOf(cursor.id));
      expect(known.has(this.#text(cursor))).toBe(true);
    }
    expect(groups.pendingOf(consumer)).toBe(ids.length);
    return ids;
  }

  #text({ id, consumer, timeMs, deliveries }: PendingCursor): string {
    return entryText(numberOf(id), { consumer: this.nameOf(consumer), timeMs, deliveries });
  }

  /** Compares the groups with the model. */
  verify(): void {
    expect(this.picture()).toEqual(this.modelPicture());
  }

  /** Compares the bytes with what is in use, where nothing else is. */
  verifyBytes(): void {
    const root = ROOT_BYTES;
    expect(this.groups.bytes(this.stream) + root).toBe(this.usedBytes);
  }

  /** Has allocations fail by chance while something is done; returns whether that failed. */
  withoutMemory(random: Random, chance: number, act: () => void): boolean {
    const { arena } = this;
    const { allocate } = Arena.prototype;
    arena.allocate = (sizeClass) => {
      if (random.chance(chance)) throw new ArenaFullError();
      return allocate.call(arena, sizeClass);
    };
    try {
      act();
      return false;
    } catch (error) {
      if (!(error instanceof ArenaFullError)) throw error;
      return true;
    } finally {
      arena.allocate = allocate;
    }
  }

  /** Frees everything. */
  freeAll(): void {
    while (!this.groups.freeStep(this.stream));
    while (this.removed.length > 0) this.removeStep();
    freeRoot(this.arena, this.stream);
  }

  /** Frees a part of a removed group. */
  removeStep(): void {
    const group = this.removed.at(-1);
    if (group !== undefined && this.groups.removeStep(group)) this.removed.pop();
  }
}

function entryText(id: IdNumber, { consumer, timeMs, deliveries }: PendingModel): string {
  return `${id} ${consumer} ${timeMs} ${deliveries}`;
}

/** A stream that is being written: what it was like, and what is left to be read. */
export class Writing {
  readonly #bench: GroupsBench;
  readonly #leaf: PendingLeaf;
  readonly #expected: Picture;
  readonly #states: readonly GroupState[];
  /** Reads one list, compares it, and lets its blocks go. */
  readonly #left: (() => void)[] = [];

  constructor(bench: GroupsBench) {
    this.#bench = bench;
    this.#leaf = new PendingLeaf(bench.arena);
    this.#expected = bench.modelPicture();
    bench.shared.freeze(bench.stream);
    this.#states = bench.groups.states(bench.stream);
    expect(this.#states.map(({ name }) => name.toString('latin1'))).toEqual(
      this.#expected.map(({ name }) => name),
    );
    for (const [g, state] of this.#states.entries()) this.#plan(state, this.#expected[g]);
  }

  #plan(state: GroupState, expected: Picture[number]): void {
    expect(numberOf(state.lastId)).toBe(expected.lastId);
    expect(state.entriesRead).toBe(expected.entriesRead);
    expect(state.pending).toBe(expected.pending.length);
    const entries = expected.pending.map((text) => text.split(' '));
    const times = entries.map(([id, , timeMs, deliveries]) => `${id} ${timeMs} ${deliveries}`);
    this.#left.push(() => this.#read(state.blocks, true, times));
    expect(state.consumers.map(({ name }) => name.toString('latin1'))).toEqual(
      expected.consumers.map(({ name }) => name),
    );
    for (const [c, consumer] of state.consumers.entries()) {
      this.#planConsumer(consumer, expected.consumers[c]);
    }
  }

  #planConsumer(
    state: ConsumerState,
    { seenMs, activeMs, own }: Picture[number]['consumers'][number],
  ): void {
    expect(state).toMatchObject({ seenMs, activeMs, pending: own.length });
    this.#left.push(() => this.#read(state.blocks, false, own.map(String)));
  }

  #read(blocks: Int32Array, hasDetails: boolean, expected: readonly string[]): void {
    const item = new PendingItem();
    const read: string[] = [];
    for (const block of blocks) {
      const leaf = this.#leaf.open(block);
      for (let i = 0; i < leaf.count; i++) {
        leaf.load(i, item);
        const id = numberOf(item.id);
        read.push(hasDetails ? `${id} ${item.timeMs} ${item.deliveries}` : String(id));
      }
      this.#bench.shared.written(block);
    }
    expect(read).toEqual(expected);
  }

  /** Writes a list; returns whether that was the last. */
  step(): boolean {
    this.#left.shift()?.();
    if (this.#left.length > 0) return false;
    this.#bench.shared.unfreeze(this.#bench.stream);
    return true;
  }
}
