// The consumers of groups: each has a name, a number in its group, which the group's pending entries have, and a list
// of its own pending entries. Numbers of removed consumers are given again.
import { SEGMENT_MASK, SEGMENT_SHIFT } from '../../memory/addressing.ts';
import type { Arena } from '../../memory/arena.ts';
import {
  allocateWords,
  freeWords,
  relocateWords,
  wordsBytes,
  wordsOf,
  wordsStart,
} from '../../memory/word-block.ts';
import type { ByteView } from '../../structures/entry.ts';
import {
  ACTIVE_DOUBLE,
  CONSUMER_BYTES,
  CONSUMERS,
  FREE_NUMBER,
  freeConsumer,
  NUMBER,
  NUMBERS,
  NUMBERS_ROOM,
  NUMBERS_USED,
  newConsumer,
  SEEN_DOUBLE,
  setRootDouble,
} from './group-root.ts';
import { blockWord, setBlockWord } from './id-blocks.ts';
import type { NameTables } from './names.ts';
import type { PendingLists } from './pending-lists.ts';

/** Room for the numbers of the first consumers. */
const MIN_NUMBERS = 4;
/** No number, at the end of the list of free ones. */
const NONE = -1;
/** The time of what has never happened. */
export const NEVER_MS = -1;

/** The operations on the consumers of all groups of an arena. */
export class Consumers {
  readonly #arena: Arena;
  readonly #names: NameTables;
  readonly #lists: PendingLists;

  constructor(arena: Arena, names: NameTables, lists: PendingLists) {
    this.#arena = arena;
    this.#names = names;
    this.#lists = lists;
  }

  /** Gives a new group what it needs for consumers. @throws ArenaFullError, before anything has changed */
  begin(group: number): void {
    setBlockWord(this.#arena, group, CONSUMERS, this.#names.create());
    setBlockWord(this.#arena, group, FREE_NUMBER, NONE);
  }

  count(group: number): number {
    return this.#names.count(blockWord(this.#arena, group, CONSUMERS));
  }

  /** The consumer with a name; 0: none. */
  find(group: number, bytes: Uint8Array, offset: number, length: number): number {
    return this.#names.find(blockWord(this.#arena, group, CONSUMERS), bytes, offset, length);
  }

  /** Whether a number was ever given, in a group of which no consumer was removed. */
  hasNumber(group: number, number: number): boolean {
    return number < blockWord(this.#arena, group, NUMBERS_USED);
  }

  /** The consumer with a number, which is in use. */
  withNumber(group: number, number: number): number {
    const arena = this.#arena;
    const numbers = blockWord(arena, group, NUMBERS);
    const room = blockWord(arena, group, NUMBERS_ROOM);
    return wordsOf(arena, numbers, room)[wordsStart(numbers, room) + number];
  }

  /** Adds a consumer that is not there. @throws ArenaFullError, before anything has changed */
  create(group: number, bytes: Uint8Array, offset: number, length: number, seenMs: number): number {
    const arena = this.#arena;
    if (blockWord(arena, group, FREE_NUMBER) === NONE) this.#reserveNumber(group);
    const consumer = newConsumer(arena);
    try {
      this.#names.add(blockWord(arena, group, CONSUMERS), bytes, offset, length, consumer);
    } catch (error) {
      freeConsumer(arena, consumer);
      throw error;
    }
    setBlockWord(arena, consumer, NUMBER, this.#takeNumber(group, consumer));
    setRootDouble(arena, consumer, SEEN_DOUBLE, seenMs);
    setRootDouble(arena, consumer, ACTIVE_DOUBLE, NEVER_MS);
    return consumer;
  }

  /** Removes a consumer that has no pending entries. */
  remove(group: number, consumer: number): void {
    const arena = this.#arena;
    const number = blockWord(arena, consumer, NUMBER);
    this.setNumber(group, number, blockWord(arena, group, FREE_NUMBER));
    setBlockWord(arena, group, FREE_NUMBER, number);
    this.#names.remove(blockWord(arena, group, CONSUMERS), consumer);
    freeConsumer(arena, consumer);
    if (this.count(group) === 0) this.#freeNumbers(group);
  }

  /** All consumers, or those that are accepted, in the order of their names. */
  sorted(group: number, accepts?: (consumer: number) => boolean): number[] {
    return this.#names.sorted(blockWord(this.#arena, group, CONSUMERS), accepts);
  }

  /** A consumer has this number. */
  setNumber(group: number, number: number, consumer: number): void {
    const arena = this.#arena;
    const numbers = blockWord(arena, group, NUMBERS);
    const room = blockWord(arena, group, NUMBERS_ROOM);
    wordsOf(arena, numbers, room)[wordsStart(numbers, room) + number] = consumer;
  }

  /** Makes room for one more number. */
  #reserveNumber(group: number): void {
    const arena = this.#arena;
    const room = blockWord(arena, group, NUMBERS_ROOM);
    if (blockWord(arena, group, NUMBERS_USED) < room) return;
    const larger = room === 0 ? MIN_NUMBERS : room * 2;
    const fresh = allocateWords(arena, larger);
    if (room > 0) {
      const old = blockWord(arena, group, NUMBERS);
      const start = wordsStart(old, room);
      const words = wordsOf(arena, old, room).subarray(start, start + room);
      wordsOf(arena, fresh, larger).set(words, wordsStart(fresh, larger));
      freeWords(arena, old, room);
    }
    setBlockWord(arena, group, NUMBERS, fresh);
    setBlockWord(arena, group, NUMBERS_ROOM, larger);
  }

  #takeNumber(group: number, consumer: number): number {
    const arena = this.#arena;
    let number = blockWord(arena, group, FREE_NUMBER);
    if (number === NONE) {
      number = blockWord(arena, group, NUMBERS_USED);
      setBlockWord(arena, group, NUMBERS_USED, number + 1);
    } else {
      setBlockWord(arena, group, FREE_NUMBER, this.withNumber(group, number));
    }
    this.setNumber(group, number, consumer);
    return number;
  }

  #freeNumbers(group: number): void {
    const arena = this.#arena;
    const room = blockWord(arena, group, NUMBERS_ROOM);
    if (room > 0) freeWords(arena, blockWord(arena, group, NUMBERS), room);
    setBlockWord(arena, group, NUMBERS_ROOM, 0);
    setBlockWord(arena, group, NUMBERS_USED, 0);
    setBlockWord(arena, group, FREE_NUMBER, NONE);
  }

  // ── The whole ───────────────────────────────────────────────────────────────────────────────

  /** Bytes of all that the group has for its consumers. */
  bytes(group: number): number {
    const arena = this.#arena;
    const table = blockWord(arena, group, CONSUMERS);
    const room = blockWord(arena, group, NUMBERS_ROOM);
    let total = this.#names.bytes(table) + (room === 0 ? 0 : wordsBytes(room));
    this.#names.visit(table, (consumer) => {
      total += CONSUMER_BYTES + this.#lists.bytes(consumer);
    });
    return total;
  }

  /**
   * Copies the consumers of a group, with their numbers, into another one that has none.
   * @throws ArenaFullError; the other group has a part of them then
   */
  copy(from: number, to: number, view: ByteView): void {
    const arena = this.#arena;
    const room = blockWord(arena, from, NUMBERS_ROOM);
    if (room === 0) return;
    const fresh = allocateWords(arena, room);
    const old = blockWord(arena, from, NUMBERS);
    const start = wordsStart(old, room);
    const words = wordsOf(arena, old, room).subarray(start, start + room);
    wordsOf(arena, fresh, room).set(words, wordsStart(fresh, room));
    setBlockWord(arena, to, NUMBERS, fresh);
    for (const word of [NUMBERS_ROOM, NUMBERS_USED, FREE_NUMBER]) {
      setBlockWord(arena, to, word, blockWord(arena, from, word));
    }
    const consumers: number[] = [];
    this.#names.visit(blockWord(arena, from, CONSUMERS), (consumer) => {
      consumers.push(consumer);
    });
    for (const consumer of consumers) this.#copyOne(consumer, to, view);
  }

  #copyOne(consumer: number, to: number, view: ByteView): void {
    const arena = this.#arena;
    const copy = newConsumer(arena);
    try {
      this.#names.name(consumer, view);
      const table = blockWord(arena, to, CONSUMERS);
      this.#names.add(table, view.buffer, view.offset, view.length, copy);
    } catch (error) {
      freeConsumer(arena, copy);
      throw error;
    }
    const from = (consumer & SEGMENT_MASK) << 1;
    const source = arena.i32[consumer >>> SEGMENT_SHIFT];
    const at = (copy & SEGMENT_MASK) << 1;
    const target = arena.i32[copy >>> SEGMENT_SHIFT];
    target[at + NUMBER] = source[from + NUMBER];
    for (let word = 6; word < CONSUMER_BYTES / 4; word++) target[at + word] = source[from + word];
    this.setNumber(to, source[from + NUMBER], copy);
    this.#lists.copy(consumer, copy);
  }

  /**
   * Frees consumers with their lists, up to `count` blocks, and at last what the group has for them.
   * @param stream the root of the stream, as for SharedBlocks
   * @returns how many blocks it has freed; fewer than `count`: all is freed
   */
  free(stream: number, group: number, count: number): number {
    const arena = this.#arena;
    const names = this.#names;
    const table = blockWord(arena, group, CONSUMERS);
    let freed = 0;
    while (freed < count && names.count(table) > 0) {
      const consumer = names.any(table);
      freed += this.#lists.free(stream, consumer, count - freed);
      if (freed === count) break;
      names.remove(table, consumer);
      freeConsumer(arena, consumer);
      freed++;
    }
    if (freed === count) return freed;
    names.free(table);
    this.#freeNumbers(group);
    return freed;
  }

  /** Moves the words of the numbers out of a page that is being emptied. */
  relocateNumbers(group: number): void {
    const arena = this.#arena;
    const room = blockWord(arena, group, NUMBERS_ROOM);
    if (room === 0) return;
    setBlockWord(
      arena,
      group,
      NUMBERS,
      relocateWords(arena, blockWord(arena, group, NUMBERS), room),
    );
  }
}
