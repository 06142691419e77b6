// The prefixes that one client follows, perhaps a hundred thousand, sorted by their bytes (one character a byte). No
// prefix is the beginning of another, except the empty one.
//
//   chunks:  [ a, b, c, … ][ m, n, … ][ s, t, … ]      up to MAX_CHUNK texts each, none empty
// A text is inserted into its chunk; a chunk that is full becomes two.

const MAX_CHUNK = 512;

/** A sorted set of prefixes; see the head of this file. */
export class SortedTexts {
  #chunks: string[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** In their order. */
  *[Symbol.iterator](): Generator<string, void> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  has(text: string): boolean {
    const texts = this.#chunks[this.#chunkOf(text)];
    return texts !== undefined && texts[lowerBound(texts, text)] === text;
  }

  /** Adds a text that overlaps with none (`overlapping`), or the empty one, which is not there. */
  insert(text: string): void {
    this.#size++;
    const at = this.#chunkOf(text);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([text]);
      return;
    }
    chunk.splice(lowerBound(chunk, text), 0, text);
    if (chunk.length < MAX_CHUNK) return;
    this.#chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));
  }

  /** The first of the texts that has the prefix as its beginning, or is its beginning. */
  overlapping(prefix: string): string | undefined {
    const chunk = this.#chunkOf(prefix);
    const texts = this.#chunks[chunk];
    if (texts === undefined) return undefined;
    if (this.#chunks[0][0] === '') return '';
    const at = lowerBound(texts, prefix);
    // Only its predecessor can be its beginning: every text between the two would begin with it too.
    const before = at > 0 ? texts[at - 1] : undefined;
    if (before !== undefined && prefix.startsWith(before)) return before;
    const after = texts[at] ?? this.#chunks[chunk + 1]?.[0];
    return after?.startsWith(prefix) ? after : undefined;
  }

  /** Removes all of them, in their order. */
  take(): Generator<string, void> {
    const chunks = this.#chunks;
    this.clear();
    return eachOf(chunks);
  }

  clear(): void {
    this.#chunks = [];
    this.#size = 0;
  }

  /** The last chunk whose first text does not come after a text; else the first one. */
  #chunkOf(text: string): number {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (chunks[middle][0] <= text) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

function* eachOf(chunks: readonly (readonly string[])[]): Generator<string, void> {
  for (const chunk of chunks) yield* chunk;
}

/** How many of the texts, which are sorted, come before one. */
function lowerBound(texts: readonly string[], text: string): number {
  let low = 0;
  let high = texts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (texts[middle] < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
