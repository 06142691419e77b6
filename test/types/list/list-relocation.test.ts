// The chunks of a list are moved one by one while the list changes just where the next one is to be moved.
import { expect, test } from 'vitest';
import { Arena } from '../../../src/memory/arena.ts';
import { CLASS_UNITS, classOf } from '../../../src/memory/size-classes.ts';
import { PackedElement, PackedEncoder } from '../../../src/structures/packed-list.ts';
import { ChunkedLists } from '../../../src/types/list/chunked-list.ts';
import { ListSpan } from '../../../src/types/list/list-span.ts';
import { Random } from '../../support/random.ts';

const CHUNK_CLASSES = [512, 600, 700, 1024, 2048].map(classOf);

/** Lists with models beside them, in an arena whose pages are mostly empty. */
class Bench {
  readonly arena = new Arena();
  readonly lists = new ChunkedLists(this.arena);
  readonly random: Random;
  readonly model: string[] = [];
  readonly root: number;
  readonly #encoder = new PackedEncoder();

  constructor(random: Random) {
    this.random = random;
    this.lists.limits = { directive: -2, maxBytes: 1024, maxCount: 1000 };
    this.root = this.lists.create();
    const others = Array.from({ length: 10 }, () => this.lists.create());
    for (let i = 0; i < 3000; i++) {
      for (const other of others)
        this.lists.pushTail(other, this.#encoded(`${i}${'o'.repeat(i % 90)}`));
      this.push(`${i}${'e'.repeat(i % 90)}`);
    }
    for (const other of others) while (!this.lists.freeStep(other));
    for (let c = 0; c < CLASS_UNITS.length; c++) this.arena.chooseSparsePages(c);
  }

  push(text: string): void {
    this.lists.pushTail(this.root, this.#encoded(text));
    this.model.push(text);
  }

  /** Writes over what is free: a stale reference leads to garbage. */
  litter(): void {
    for (const sizeClass of CHUNK_CLASSES) {
      const refs = Array.from({ length: 20 }, () => this.arena.allocate(sizeClass));
      for (const ref of refs) {
        const at = (ref & 0x7fffff) << 1;
        this.arena.i32[ref >>> 23].fill(0x7f7f7f7f, at, at + CLASS_UNITS[sizeClass] * 2);
      }
      for (const ref of refs) this.arena.free(ref, sizeClass);
    }
  }

  /** Changes the list around an element: inserts, replaces, or drops all up to there or from there on. */
  change(index: number): void {
    const { lists, model, random, root } = this;
    const kind = random.next();
    if (kind < 0.1 && index < 40) {
      lists.dropHead(root, index + 1);
      model.splice(0, index + 1);
    } else if (kind < 0.2 && model.length - index < 40) {
      lists.dropTail(root, model.length - index);
      model.splice(index);
    } else if (kind < 0.4) {
      const text = model[index];
      const encoder = this.#encoded(text);
      const bytes = Buffer.alloc(encoder.size);
      encoder.write(bytes, 0);
      lists.remove(root, bytes, 1, false);
      model.splice(model.indexOf(text), 1);
    } else {
      const text = `${index}${'n'.repeat(random.integer(0, 900))}`;
      const span = new ListSpan();
      const inSpan = lists.seek(root, index, span);
      const at = span.placeOf(inSpan);
      if (kind < 0.7) {
        lists.insert(root, span, at, this.#encoded(text));
        model.splice(index, 0, text);
      } else {
        lists.replace(root, span, at, this.#encoded(text));
        model[index] = text;
      }
    }
  }

  /** The elements, from first to last. */
  elements(): string[] {
    const span = new ListSpan();
    const element = new PackedElement();
    const found: string[] = [];
    this.lists.first(this.root, span);
    do {
      for (let at = span.start; at < span.end; ) {
        at = element.read(span.buffer, at);
        found.push(element.bytes(span.buffer).toString());
      }
    } while (this.lists.next(span));
    return found;
  }

  #encoded(text: string): PackedEncoder {
    const bytes = Buffer.from(text);
    this.#encoder.set(bytes, 0, bytes.length);
    return this.#encoder;
  }
}

test.each(Array.from({ length: 12 }, (_, seed) => seed))(
  'a list stays what it is (seed %i)',
  (seed) => {
    const random = new Random(seed);
    const bench = new Bench(random);
    const { arena, lists, model } = bench;
    const { relocation } = lists;
    expect(relocation.begin(bench.root)).toBe(bench.root);
    const chunks = lists.parts(bench.root);
    let steps = 0;
    for (let isMore = true; isMore; steps++) {
      isMore = relocation.step(1);
      // About the element with which the next chunk begins.
      const place = Math.floor((steps / chunks) * model.length);
      for (let i = random.integer(0, 9); i > 0; i--) {
        bench.change(Math.min(model.length - 1, Math.max(0, place + random.integer(-5, 30))));
      }
      bench.litter();
    }
    expect(steps).toBeGreaterThan(20);
    expect(arena.relocations).toBeGreaterThan(20);
    expect(bench.elements()).toEqual(model);
    expect(lists.length(bench.root)).toBe(model.length);
    while (!lists.freeStep(bench.root));
    arena.keepSparsePages();
    expect([arena.usedBytes, arena.overflow.usedBytes]).toEqual([0, 0]);
  },
);

test('a list that is deleted meanwhile is left alone', () => {
  const bench = new Bench(new Random(99));
  const { lists, root } = bench;
  lists.relocation.begin(root);
  lists.relocation.step(3);
  while (!lists.freeStep(root));
  bench.litter();
  expect(lists.relocation.step(1000)).toBe(false);
  expect(bench.arena.usedBytes).toBe(0);
});
