// Lists against plain arrays: every operation is done to both, with limits so small that lists become
// chunks, split, join and become packed again all the time.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../../src/keyspace/database.ts';
import type { Keyspace } from '../../../src/keyspace/keyspace.ts';
import { ArenaFullError } from '../../../src/memory/arena.ts';
import { elementAfter, elementBefore, PackedElement } from '../../../src/structures/packed-list.ts';
import { ENCODING_CHUNKED, ENCODING_PACKED } from '../../../src/types/list/encodings.ts';
import { ListSpan } from '../../../src/types/list/list-span.ts';
import {
  chunkLimitsOf,
  dropElements,
  encodeElement,
  firstSpan,
  insertElement,
  lastSpan,
  listLength,
  listsOf,
  nextSpan,
  previousSpan,
  pushElement,
  removeElements,
  replaceElement,
  seekSpan,
  spanCount,
} from '../../../src/types/list/values.ts';
import { find, newKeyspace, requestOf } from '../../keyspace/support.ts';
import { Random } from '../../support/random.ts';
import { variantsByTier } from '../../support/tier.ts';

const span = new ListSpan();
const element = new PackedElement();

function textAt(buffer: Buffer, at: number): string {
  element.read(buffer, at);
  if (element.isInteger) return String(element.integer);
  return buffer.toString('latin1', element.offset, element.offset + element.length);
}

/** All elements, read forward. */
function forward(db: Database, ref: number): string[] {
  const texts: string[] = [];
  let spans = 0;
  firstSpan(db.entries, ref, span);
  do {
    spans++;
    let count = 0;
    for (let at = span.start; at < span.end; at = elementAfter(span.buffer, at), count++) {
      texts.push(textAt(span.buffer, at));
    }
    expect(count).toBe(span.count);
  } while (nextSpan(db.entries, span));
  expect(spanCount(db.entries, ref)).toBe(spans);
  return texts;
}

/** All elements, read backward. */
function backward(db: Database, ref: number): string[] {
  const texts: string[] = [];
  lastSpan(db.entries, ref, span);
  do {
    for (let at = span.end; at > span.start; ) {
      at = elementBefore(span.buffer, at);
      texts.push(textAt(span.buffer, at));
    }
  } while (previousSpan(db.entries, span));
  return texts;
}

/** One list and the array that it must equal. */
class CheckedList {
  readonly keyspace: Keyspace;
  readonly db: Database;
  readonly key: string;
  readonly baseBytes: number;
  model: string[] = [];

  constructor(keyspace: Keyspace, key = 'list') {
    this.keyspace = keyspace;
    [this.db] = keyspace.databases;
    this.key = key;
    this.baseBytes = keyspace.usedBytes;
  }

  get ref(): number {
    return find(this.db, this.key);
  }

  push(text: string, atHead: boolean): void {
    const request = requestOf(this.key, text);
    const ref = this.db.lookupForChange(request, 1);
    const { buffer, offsets, lengths } = request;
    pushElement(this.db, ref, request, 1, buffer, offsets[2], lengths[2], atHead);
    if (atHead) this.model.unshift(text);
    else this.model.push(text);
  }

  drop(count: number, atTail: boolean): void {
    dropElements(this.db, this.ref, count, atTail);
    if (atTail) this.model.length -= count;
    else this.model.splice(0, count);
  }

  insert(index: number, text: string): void {
    const { ref } = this;
    let at: number;
    if (index === this.model.length) {
      lastSpan(this.db.entries, ref, span);
      at = span.end;
    } else {
      const rest = seekSpan(this.db.entries, ref, index, span);
      at = span.placeOf(rest);
    }
    const bytes = Buffer.from(text, 'latin1');
    insertElement(this.db, ref, span, at, bytes, 0, bytes.length);
    this.model.splice(index, 0, text);
  }

  replace(index: number, text: string): void {
    const { ref } = this;
    const rest = seekSpan(this.db.entries, ref, index, span);
    const at = span.placeOf(rest);
    const bytes = Buffer.from(text, 'latin1');
    replaceElement(this.db, ref, span, at, bytes, 0, bytes.length);
    this.model[index] = text;
  }

  remove(text: string, limit: number, fromTail: boolean): void {
    const bytes = Buffer.from(text, 'latin1');
    const encoded = encodeElement(bytes, 0, bytes.length);
    const { removed } = removeElements(this.db, this.ref, encoded, limit, fromTail);
    let left = limit;
    const order = fromTail ? [...this.model].reverse() : this.model;
    const kept = order.filter((other) => other !== text || left-- <= 0);
    expect(removed).toBe(this.model.length - kept.length);
    this.model = fromTail ? kept.reverse() : kept;
  }

  check(): void {
    const { ref, db, model } = this;
    expect(ref === 0).toBe(model.length === 0);
    if (ref === 0) return;
    expect(listLength(db.entries, ref)).toBe(model.length);
    expect(forward(db, ref)).toEqual(model);
    expect(backward(db, ref)).toEqual([...model].reverse());
    const index = model.length >> 1;
    const rest = seekSpan(db.entries, ref, index, span);
    expect(textAt(span.buffer, span.placeOf(rest))).toBe(model[index]);
  }

  /** One random operation. */
  step(random: Random, texts: readonly string[]): void {
    const text = random.pick(texts);
    const last = this.model.length - 1;
    const what = random.integer(0, last < 0 ? 3 : 11);
    if (what < 4) this.push(text, what < 2);
    else if (what === 4) this.drop(random.integer(1, Math.min(last + 1, 3)), true);
    else if (what === 5) this.drop(random.integer(1, Math.min(last + 1, 3)), false);
    else if (what < 8) this.insert(random.integer(0, last + 1), text);
    else if (what < 10) this.replace(random.integer(0, last), text);
    else if (what === 10) this.remove(text, random.integer(1, 4), random.chance(0.5));
    else if (random.chance(0.2)) this.drop(random.integer(1, last + 1), random.chance(0.5));
  }
}

const SHORT = ['', 'a', 'xyz', '7', '-1', '128', '4095', '-4097', '70000', '9000000', '3000000000'];
const LONG = [...SHORT, 'b'.repeat(63), 'c'.repeat(64), 'd'.repeat(700), 'e'.repeat(5000)];
const HUGE = [
  ...LONG,
  '9007199254740993',
  'f'.repeat(70_000),
  'g'.repeat(65_510),
  'h'.repeat(20_000),
];

describe('lists', () => {
  for (const [name, texts, directive] of [
    ['of short elements, two in a chunk', SHORT, 2],
    ['of short elements, nine in a chunk', SHORT, 9],
    ['of short and long elements', LONG, -1],
    ['of elements of any size', HUGE, -2],
    ['of elements of any size in the largest chunks', HUGE, -5],
  ] as const) {
    for (const seed of variantsByTier([1, 2, 3])) {
      test(`${name}: seed ${seed}`, () => {
        const keyspace = newKeyspace();
        listsOf(keyspace.entries).limits = chunkLimitsOf(directive);
        const list = new CheckedList(keyspace);
        const random = new Random(seed);
        const encodings = new Set<number>();
        for (let i = 0; i < 600; i++) {
          list.step(random, texts);
          list.check();
          if (list.ref !== 0) encodings.add(list.db.encodingOf(list.ref));
        }
        expect(encodings).toEqual(new Set([ENCODING_PACKED, ENCODING_CHUNKED]));
        if (list.ref !== 0) list.drop(list.model.length, true);
        list.check();
        expect(keyspace.usedBytes - list.baseBytes).toBe(list.db.overheadBytes);
      });
    }
  }

  test('in limits that change meanwhile', () => {
    const keyspace = newKeyspace();
    const list = new CheckedList(keyspace);
    const random = new Random(9);
    for (let i = 0; i < 600; i++) {
      const limits = [1, 2, 100, -1, -2, -3, -4, -5];
      listsOf(keyspace.entries).limits = chunkLimitsOf(random.pick(limits));
      list.step(random, HUGE);
      list.check();
    }
  });

  test('as queues: in at one end, out at the other', () => {
    for (const atHead of [true, false]) {
      const list = new CheckedList(newKeyspace());
      for (let i = 0; i < 3000; i++) {
        list.push(`element ${i}`, atHead);
        if (i > 1000) list.drop(1, atHead);
      }
      list.check();
    }
  });
});

describe('when there is no memory', () => {
  for (const [seed, texts, directive] of [
    [11, SHORT, 2],
    [12, LONG, 5],
    [13, HUGE, -1],
  ] as const) {
    test(`nothing changes, and nothing leaks: seed ${seed}`, () => {
      const keyspace = newKeyspace();
      listsOf(keyspace.entries).limits = chunkLimitsOf(directive);
      const list = new CheckedList(keyspace);
      const random = new Random(seed);
      const allocate = keyspace.arena.allocate.bind(keyspace.arena);
      let allowed = Number.POSITIVE_INFINITY;
      keyspace.arena.allocate = (sizeClass) => {
        if (allowed-- <= 0) throw new ArenaFullError();
        return allocate(sizeClass);
      };
      let refused = 0;
      for (let i = 0; i < 1500; i++) {
        allowed = random.chance(0.5) ? random.integer(0, 3) : Number.POSITIVE_INFINITY;
        const before = [...list.model];
        try {
          list.step(random, texts);
        } catch (error) {
          expect(error).toBeInstanceOf(ArenaFullError);
          refused++;
          list.model = before;
        }
        allowed = Number.POSITIVE_INFINITY;
        list.check();
      }
      expect(refused).toBeGreaterThan(50);
      if (list.ref !== 0) list.drop(list.model.length, true);
      expect(keyspace.usedBytes - list.baseBytes).toBe(list.db.overheadBytes);
    });
  }
});

describe('elements', () => {
  test('are what was pushed, whatever bytes they have', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1 }), (values) => {
        const list = new CheckedList(newKeyspace());
        for (const value of values) list.push(Buffer.from(value).toString('latin1'), false);
      }),
      { numRuns: 5 },
    );
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 64n), 2n ** 64n), (integer) => {
        const list = new CheckedList(newKeyspace());
        list.push(String(integer), false);
        list.check();
      }),
    );
  });
});
