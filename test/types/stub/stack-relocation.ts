// Moves the nodes of a stack out of pages that are being emptied, some at a time. A node can be moved by who knows
// the one above it: whoever pushes or pops meanwhile reports it.
import type { Relocation } from '../../../src/keyspace/collections.ts';
import type { Arena } from '../../../src/memory/arena.ts';
import { NEXT, nodeClass, ROOT_CLASS, setWord, TOP, word } from './stack-words.ts';

/** The relocation of one stack of an arena; see the head of this file. */
export class StackRelocation implements Relocation {
  root = 0;
  scanned = 0;
  readonly #arena: Arena;
  /** The node above the next one; 0: that is at the top. */
  #above = 0;
  /** The node to look at next; 0: there is none. */
  #next = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  begin(root: number): number {
    const arena = this.#arena;
    this.root = arena.isSparse(root) ? arena.relocate(root, ROOT_CLASS) : root;
    this.#above = 0;
    this.#next = word(arena, this.root, TOP);
    this.scanned++;
    return this.root;
  }

  step(count: number): boolean {
    const arena = this.#arena;
    for (let i = 0; i < count && this.#next !== 0; i++) {
      let node = this.#next;
      if (arena.isSparse(node)) node = arena.relocate(node, nodeClass(arena, node));
      if (this.#above === 0) setWord(arena, this.root, TOP, node);
      else setWord(arena, this.#above, NEXT, node);
      this.#above = node;
      this.#next = word(arena, node, NEXT);
      this.scanned++;
    }
    return this.#next !== 0;
  }

  /** A node was put on top of another one, or of none. */
  pushed(root: number, node: number, below: number): void {
    if (root === this.root && this.#above === 0 && below !== 0 && below === this.#next) {
      this.#above = node;
    }
  }

  /** The top node of some stack is about to be freed. */
  removing(node: number): void {
    if (node === this.#above) this.#above = 0;
    else if (node === this.#next) this.#next = word(this.#arena, node, NEXT);
  }
}
