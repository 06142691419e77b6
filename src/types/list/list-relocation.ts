// Moves the chunks of a long list out of pages that are being emptied, some at a time. Between two steps the list
// may change in any way: code that removes or replaces a chunk reports it before (`removing`, `replacing`), so that
// the next chunk to move is always part of the list.
import type { Relocation } from '../../keyspace/collections.ts';
import type { Arena } from '../../memory/arena.ts';
import { NEXT, neighbour } from './list-chunk.ts';
import { HEAD, relocateChunk, relocateRoot, rootWord } from './list-root.ts';

/** The relocation of one list of an arena; see the head of this file. */
export class ListRelocation implements Relocation {
  /** Number of chunks and roots examined so far. */
  scanned = 0;
  readonly #arena: Arena;
  /** Root of the list. */
  root = 0;
  /** The next chunk to examine; 0: none. */
  #next = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Begins with a list; returns its root, which may be another. */
  begin(root: number): number {
    this.root = relocateRoot(this.#arena, root);
    this.#next = rootWord(this.#arena, this.root, HEAD);
    this.scanned++;
    return this.root;
  }

  /** Examines `count` more chunks; returns whether any are left. */
  step(count: number): boolean {
    const arena = this.#arena;
    for (let i = 0; i < count && this.#next !== 0; i++) {
      const chunk = this.#next;
      this.#next = neighbour(arena, chunk, NEXT);
      this.scanned++;
      if (arena.isSparse(chunk)) relocateChunk(arena, this.root, chunk);
    }
    return this.#next !== 0;
  }

  /** A chunk of some list is about to be taken out of it. */
  removing(chunk: number): void {
    if (chunk === this.#next) this.#next = neighbour(this.#arena, chunk, NEXT);
  }

  /** A chunk of some list is about to be replaced by another. */
  replacing(chunk: number, fresh: number): void {
    if (chunk === this.#next) this.#next = fresh;
  }
}
