// The pages of an arena that have no block in use, as a stack: the pages at its bottom have been unused for longest.
// Pages that were not taken between two calls of `age` are idle. Finding them costs nothing, and pages that are
// about to be used again are not released.
//
//   bottom [ idle: to be released ][ free, but used a moment ago ] top
//            ▲ done      ▲ #next

const NONE = -1;

/** Free pages; see the head of this file. */
export class FreePages {
  readonly #pages: number[] = [];
  /** The smallest size of the stack since the last call of `age`. */
  #least = 0;
  /** Number of idle pages, at the bottom of the stack. */
  #idle = 0;
  /** The idle pages from this index on were returned by `nextIdle`. */
  #next = 0;

  /** Number of pages. */
  get size(): number {
    return this.#pages.length;
  }

  /** Adds a page. */
  put(page: number): void {
    this.#pages.push(page);
  }

  /** Takes a page out, the last that became free; -1 when there is none. */
  take(): number {
    const page = this.#pages.pop();
    if (page === undefined) return NONE;
    if (this.#pages.length < this.#least) this.#least = this.#pages.length;
    if (this.#pages.length < this.#idle) this.#idle = this.#pages.length;
    if (this.#idle < this.#next) this.#next = this.#idle;
    return page;
  }

  /** Pages that were free all the time since the last call are idle now. */
  age(): void {
    this.#idle = this.#least;
    this.#next = this.#idle;
    this.#least = this.#pages.length;
  }

  /** All pages are idle now. */
  ageAll(): void {
    this.#least = this.#pages.length;
    this.age();
  }

  /** The next idle page, each one once after `age`; -1 after the last. */
  nextIdle(): number {
    return this.#next === 0 ? NONE : this.#pages[--this.#next];
  }

  /** Calls `visit` with each idle page. */
  visitIdle(visit: (page: number) => void): void {
    for (let i = 0; i < this.#idle; i++) visit(this.#pages[i]);
  }

  /** Takes out the pages for which `isGone`. */
  remove(isGone: (page: number) => boolean): void {
    const pages = this.#pages;
    const [least, idle, next] = [this.#least, this.#idle, this.#next];
    let kept = 0;
    for (let i = 0; i < pages.length; i++) {
      if (!isGone(pages[i])) {
        pages[kept++] = pages[i];
        continue;
      }
      if (i < least) this.#least--;
      if (i < idle) this.#idle--;
      if (i < next) this.#next--;
    }
    pages.length = kept;
  }
}
