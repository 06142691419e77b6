// Segments that are open for reading: a sequential reader would otherwise open the same file a thousand times. No more
// than a few stay open; who was used last stays longest.
import type { ColdFiles } from './cold-files.ts';

/** Files that stay open when nobody reads them. */
const MOST_IDLE = 32;

interface OpenFile {
  readonly fd: Promise<number>;
  users: number;
  /** Whether it is to be closed when its last user has ended. */
  isDropped: boolean;
}

/** See the head of this file. */
export class OpenFiles {
  readonly #files: ColdFiles;
  /** By path, from the least to the most recently used. */
  readonly #open = new Map<string, OpenFile>();
  /** Files that are open, or being opened or closed, also those that are dropped. */
  #unclosed = 0;
  #isClosed = false;
  #onClosed: () => void = () => {};

  constructor(files: ColdFiles) {
    this.#files = files;
  }

  /** Files that are open, or being opened. */
  get count(): number {
    return this.#open.size;
  }

  /**
   * Runs `work` with a descriptor of a file, which it must not use afterwards.
   * Rejects with the system's error when the file cannot be opened, after `close`, and as `work` does.
   */
  async use<T>(path: string, work: (fd: number) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new Error('the cold blocks are closed');
    const file = this.#open.get(path) ?? this.#begin(path);
    // Behind the others.
    this.#open.delete(path);
    this.#open.set(path, file);
    file.users++;
    try {
      return await work(await file.fd);
    } finally {
      file.users--;
      if (file.isDropped) this.#closeIfIdle(file);
      else this.#trim();
    }
  }

  /** Closes a file as soon as nobody reads it: it is to be deleted, or is another one by now. */
  drop(path: string): void {
    const file = this.#open.get(path);
    if (file === undefined) return;
    this.#open.delete(path);
    file.isDropped = true;
    this.#closeIfIdle(file);
  }

  /** Opens no more files; resolves when nobody uses those that are open, and they are closed. */
  close(): Promise<void> {
    this.#isClosed = true;
    for (const path of [...this.#open.keys()]) this.drop(path);
    if (this.#unclosed === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onClosed = resolve;
    });
  }

  #begin(path: string): OpenFile {
    const file = { fd: this.#files.open(path, 'r'), users: 0, isDropped: false };
    this.#unclosed++;
    // Whoever uses it gets the error; the next one tries again.
    file.fd.catch(() => {
      if (this.#open.get(path) === file) this.#open.delete(path);
      file.isDropped = true;
    });
    return file;
  }

  #trim(): void {
    if (this.#open.size <= MOST_IDLE) return;
    for (const [path, file] of this.#open) {
      if (file.users > 0) continue;
      this.drop(path);
      if (this.#open.size <= MOST_IDLE) return;
    }
  }

  #closeIfIdle(file: OpenFile): void {
    if (file.users > 0) return;
    // Nothing was written: an error says nothing about what was read.
    file.fd
      .then((fd) => this.#files.close(fd))
      .catch(() => {})
      .finally(() => {
        this.#unclosed--;
        if (this.#isClosed && this.#unclosed === 0) this.#onClosed();
      });
  }
}
