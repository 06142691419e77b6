// The progress line of a long check on a terminal: overwritten every second, and removed when something else is
// printed.

const BETWEEN_MS = 1000;
const MIB = 1024 * 1024;
/** Moves to the beginning of the line and clears it. */
const CLEAR = '\r\x1b[K';

/** A line of progress. */
export class ProgressLine {
  readonly #write: (text: string) => void;
  readonly #nowMs: () => number;
  #lastMs: number;
  #isShown = false;

  /** @param write writes to the terminal */
  constructor(write: (text: string) => void, nowMs: () => number = Date.now) {
    this.#write = write;
    this.#nowMs = nowMs;
    this.#lastMs = nowMs();
  }

  /** Updates the line with how much of which file was read, at most once a second. */
  update(what: string, readBytes: number, totalBytes: number): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lastMs < BETWEEN_MS) return;
    this.#lastMs = nowMs;
    this.#isShown = true;
    const [read, total] = [readBytes, totalBytes].map((bytes) => Math.round(bytes / MIB));
    this.#write(`${CLEAR}${what}: ${read} of ${total} MiB`);
  }

  /** Removes the line. */
  clear(): void {
    if (this.#isShown) this.#write(CLEAR);
    this.#isShown = false;
  }
}
