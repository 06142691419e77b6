// Streams that somebody works on for a while, by their roots: those stay where they are meanwhile, and whoever works on
// one knows when it is gone, even if another stream has got its root by then.

/** See the head of this file. */
export class StreamHolds {
  readonly #holds = new Map<number, Set<StreamHold>>();

  /** Holds a stream until `release`. */
  hold(root: number): StreamHold {
    const hold = { root, isOver: false };
    const others = this.#holds.get(root);
    if (others === undefined) this.#holds.set(root, new Set([hold]));
    else others.add(hold);
    return hold;
  }

  release(hold: StreamHold): void {
    const { root, isOver } = hold;
    const holds = this.#holds.get(root);
    if (isOver || holds === undefined) return;
    holds.delete(hold);
    if (holds.size === 0) this.#holds.delete(root);
  }

  /** Whether anybody holds a stream. */
  has(root: number): boolean {
    return this.#holds.has(root);
  }

  /** A stream is about to be freed. */
  freed(root: number): void {
    const holds = this.#holds.get(root);
    if (holds === undefined) return;
    for (const hold of holds) hold.isOver = true;
    this.#holds.delete(root);
  }
}

/** A stream that is held. */
export interface StreamHold {
  readonly root: number;
  /** Whether the stream is gone. */
  isOver: boolean;
}
