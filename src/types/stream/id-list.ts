// Ids in a row, four words each: those that a command has to remember until it answers.
import type { StreamId } from './stream-id.ts';

const WORDS_OF_ID = 4;
const INITIAL_IDS = 64;
/** Room that is not kept after the command that needed it. */
const MAX_KEPT_IDS = 4096;

/** A growing list of ids. */
export class IdList {
  count = 0;
  #words = new Int32Array(WORDS_OF_ID * INITIAL_IDS);

  clear(): void {
    this.count = 0;
    if (this.#words.length > WORDS_OF_ID * MAX_KEPT_IDS) {
      this.#words = new Int32Array(WORDS_OF_ID * INITIAL_IDS);
    }
  }

  add(id: StreamId): void {
    const at = WORDS_OF_ID * this.count;
    if (at === this.#words.length) {
      const larger = new Int32Array(2 * at);
      larger.set(this.#words);
      this.#words = larger;
    }
    id.store(this.#words, at);
    this.count++;
  }

  /** Reads the i-th id. */
  load(i: number, id: StreamId): void {
    id.load(this.#words, WORDS_OF_ID * i);
  }
}
