// Arguments of a request that are too large to lie among the others' bytes: each came into a block of its
// own, which can become the value of a key as it is (memory/received-bytes.ts).

/** Bytes that stay as they are until they are released, to be read part by part. */
export interface PinnedPiece {
  /** How many there are. */
  readonly length: number;
  /** Bytes before this place are not read any more. */
  neededFrom: number;
  /** Copies the bytes [from, to) to a place in a buffer. */
  copyTo(target: Uint8Array, targetAt: number, from: number, to: number): void;
  /** Nobody reads them any more. */
  release(): void;
}

/** A large argument; see the head of this file. */
export interface LargeArgument {
  readonly length: number;
  /** Bytes of memory that it takes, unless it was taken. */
  readonly sizeBytes: number;
  /** Its bytes, for as long as somebody retains it. Loops over single bytes are for small buffers. */
  readonly bytes: Buffer;
  /** Keeps its bytes for somebody who reads them later, whatever becomes of it. */
  pin(): PinnedPiece;
  /** Takes its block, which is the caller's from now on; undefined when somebody has taken it before. */
  take(): number | undefined;
  /** One more keeps it. */
  retain(): void;
  /** One of those who keep it does not any more. */
  release(): void;
}

/** The large ones among the arguments of a request. */
export class LargeArguments {
  readonly #indexes: number[] = [];
  readonly #arguments: LargeArgument[] = [];

  /** The one that is argument i, or undefined. */
  at(i: number): LargeArgument | undefined {
    const k = this.#indexes.indexOf(i);
    return k < 0 ? undefined : this.#arguments[k];
  }

  /** Adds the one that is argument i; who calls it no longer keeps it. */
  add(i: number, argument: LargeArgument): void {
    this.#indexes.push(i);
    this.#arguments.push(argument);
  }

  /** Drops the one that is argument i, which has been copied. */
  drop(i: number): void {
    const k = this.#indexes.indexOf(i);
    this.#indexes.splice(k, 1);
    this.#arguments.splice(k, 1)[0].release();
  }

  /** Bytes of memory that they take. */
  get sizeBytes(): number {
    return this.#arguments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Indexes of the arguments, in order. */
  get indexes(): readonly number[] {
    return this.#indexes;
  }

  /** The same ones for somebody else, who releases them by himself. */
  share(): LargeArguments {
    const shared = new LargeArguments();
    for (const [k, argument] of this.#arguments.entries()) {
      argument.retain();
      shared.add(this.#indexes[k], argument);
    }
    return shared;
  }

  /** Releases all of them. */
  release(): void {
    for (const argument of this.#arguments) argument.release();
    this.#arguments.length = 0;
    this.#indexes.length = 0;
  }
}
