// Deletes files, but not before everybody is done who may still need them. A hold is for what there was when it was
// taken: a file that is to be deleted waits for the holds that were taken before, and for no later one.
//
//     hold 1      delete a      hold 2      delete b      release 1 ─▶ a goes      release 2 ─▶ b goes

/** What deletes one file, or reports that it cannot. */
export type Remove = (path: string) => Promise<void>;

/** A file that is to be deleted. */
export interface Deletion {
  readonly path: string;
  /** When it was asked for, among the holds. */
  readonly moment: number;
  /** Called when it was attempted. */
  readonly onDone: () => void;
  state: 'waiting' | 'running' | 'cancelled';
}

/** Files that are to be deleted, in order; see the head of this file. */
export class Deletions {
  readonly #remove: Remove;
  /** When each hold was taken, from old to new. */
  readonly #holds = new Set<number>();
  /** Those before `#next` are gone, or need not go any more. */
  #waiting: Deletion[] = [];
  #next = 0;
  #moment = 0;
  #isRunning = false;
  #isClosed = false;
  #settled: (() => void)[] = [];

  /** @param remove never rejects */
  constructor(remove: Remove) {
    this.#remove = remove;
  }

  /** Files that wait to be deleted. */
  get count(): number {
    return this.#waiting.length - this.#next;
  }

  /** Keeps all files that are not to be deleted yet. @returns releases it; calling it again does nothing */
  hold(): () => void {
    const moment = this.#moment++;
    this.#holds.add(moment);
    return () => {
      if (this.#holds.delete(moment)) this.#run();
    };
  }

  /** Has a file deleted as soon as the holds of this moment are released. @returns what can be cancelled */
  add(path: string, onDone: () => void = () => {}): Deletion {
    const deletion: Deletion = { path, moment: this.#moment, onDone, state: 'waiting' };
    this.#waiting.push(deletion);
    this.#run();
    return deletion;
  }

  /** Keeps a file that is needed again; whether that is not too late. */
  cancel(deletion: Deletion): boolean {
    if (deletion.state === 'running') return false;
    deletion.state = 'cancelled';
    return true;
  }

  /** Resolves when no file is being deleted, nor could be: those that are left wait for holds. */
  settled(): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  /** Deletes nothing more; resolves when the file that is being deleted is gone. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.settled();
  }

  #run(): void {
    if (this.#isRunning || !this.#canGoOn()) return;
    this.#isRunning = true;
    void this.#removeAll();
  }

  async #removeAll(): Promise<void> {
    while (this.#canGoOn()) {
      const deletion = this.#waiting[this.#next];
      if (deletion.state === 'waiting') {
        deletion.state = 'running';
        await this.#remove(deletion.path);
        deletion.onDone();
      }
      this.#next++;
      if (this.#next * 2 > this.#waiting.length) {
        this.#waiting = this.#waiting.slice(this.#next);
        this.#next = 0;
      }
    }
    this.#isRunning = false;
    const settled = this.#settled;
    this.#settled = [];
    for (const resolve of settled) resolve();
  }

  #canGoOn(): boolean {
    if (this.#isClosed || this.count === 0) return false;
    const [oldest] = this.#holds;
    return oldest === undefined || oldest >= this.#waiting[this.#next].moment;
  }
}
