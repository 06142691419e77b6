// Stacks of byte strings in an arena, an element a block (stack-words.ts). Elements come and go at the top only.
import type { Collections } from '../../../src/keyspace/collections.ts';
import type { Arena } from '../../../src/memory/arena.ts';
import { classOf, MAX_BLOCK_BYTES } from '../../../src/memory/size-classes.ts';
import type { ByteView } from '../../../src/structures/entry.ts';
import { StackRelocation } from './stack-relocation.ts';
import {
  COUNT,
  LENGTH,
  NEXT,
  NODE_BYTES,
  nodeClass,
  ROOT_CLASS,
  SEGMENT_MASK,
  SEGMENT_SHIFT,
  setWord,
  TOP,
  word,
} from './stack-words.ts';

/** Nodes that one step frees. */
const FREED_AT_ONCE = 64;

/** Longest element in bytes: a node is one block. */
export const MAX_ELEMENT_BYTES: number = MAX_BLOCK_BYTES - NODE_BYTES;

/** The stacks of an arena; see the head of this file. */
export class LinkedStacks implements Collections {
  readonly relocation: StackRelocation;
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.relocation = new StackRelocation(arena);
  }

  /** Makes an empty stack; returns its root. */
  create(): number {
    const root = this.#arena.allocate(ROOT_CLASS);
    setWord(this.#arena, root, TOP, 0);
    setWord(this.#arena, root, COUNT, 0);
    return root;
  }

  /** Puts an element on top. */
  push(root: number, bytes: Uint8Array): void {
    const top = word(this.#arena, root, TOP);
    const node = this.#node(bytes, top);
    setWord(this.#arena, root, TOP, node);
    this.#count(root, 1);
    this.relocation.pushed(root, node, top);
  }

  /**
   * Puts an element below all others.
   * @param last the node of the present last one, or 0 when there is none
   * @returns the node of the new one
   */
  append(root: number, last: number, bytes: Uint8Array): number {
    const node = this.#node(bytes, 0);
    if (last === 0) setWord(this.#arena, root, TOP, node);
    else setWord(this.#arena, last, NEXT, node);
    this.#count(root, 1);
    return node;
  }

  /** Takes elements off the top; there are more. */
  pop(root: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const node = word(this.#arena, root, TOP);
      this.relocation.removing(node);
      setWord(this.#arena, root, TOP, word(this.#arena, node, NEXT));
      this.#arena.free(node, nodeClass(this.#arena, node));
    }
    this.#count(root, -count);
  }

  /** The node of the top element. */
  top(root: number): number {
    return word(this.#arena, root, TOP);
  }

  /** The node below a node, or 0. */
  next(node: number): number {
    return word(this.#arena, node, NEXT);
  }

  /** Points a view at an element. */
  view(node: number, view: ByteView): void {
    view.buffer = this.#arena.u8[node >>> SEGMENT_SHIFT];
    view.offset = (node & SEGMENT_MASK) * 8 + NODE_BYTES;
    view.length = word(this.#arena, node, LENGTH);
  }

  bytes(root: number): number {
    let total = this.#arena.blockBytes(ROOT_CLASS);
    for (let node = this.top(root); node !== 0; node = this.next(node)) {
      total += this.#arena.blockBytes(nodeClass(this.#arena, node));
    }
    return total;
  }

  length(root: number): number {
    return word(this.#arena, root, COUNT);
  }

  parts(root: number): number {
    return this.length(root);
  }

  copy(root: number): number {
    const fresh = this.create();
    try {
      let last = 0;
      for (let node = this.top(root); node !== 0; node = this.next(node)) {
        const start = (node & SEGMENT_MASK) * 8 + NODE_BYTES;
        const end = start + word(this.#arena, node, LENGTH);
        last = this.append(
          fresh,
          last,
          this.#arena.u8[node >>> SEGMENT_SHIFT].subarray(start, end),
        );
      }
      return fresh;
    } catch (error) {
      while (!this.freeStep(fresh));
      throw error;
    }
  }

  freeStep(root: number): boolean {
    this.pop(root, Math.min(this.length(root), FREED_AT_ONCE));
    if (this.length(root) > 0) return false;
    this.#arena.free(root, ROOT_CLASS);
    return true;
  }

  #node(bytes: Uint8Array, next: number): number {
    const node = this.#arena.allocate(classOf(NODE_BYTES + bytes.length));
    setWord(this.#arena, node, NEXT, next);
    setWord(this.#arena, node, LENGTH, bytes.length);
    this.#arena.u8[node >>> SEGMENT_SHIFT].set(bytes, (node & SEGMENT_MASK) * 8 + NODE_BYTES);
    return node;
  }

  #count(root: number, by: number): void {
    setWord(this.#arena, root, COUNT, this.length(root) + by);
  }
}
