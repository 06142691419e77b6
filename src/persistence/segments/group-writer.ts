// Writes scattered groups: first sums one, then appends it to its file, slice by slice, on another thread.
// The event loop goes on between two slices; each is copied, as its bytes may change while it is written.
import { appendAll, type FileSystem, writeAll } from './file-system.ts';
import type { Chunk } from './group-buffer.ts';
import { ScatteredGroup } from './scattered-group.ts';

/** Bytes that are summed, and written, at a time: some tenths of a millisecond. */
const SLICE_BYTES = 1024 * 1024;

/** One group on its way to its file; see the head of this file. */
export class GroupWriter {
  readonly group: ScatteredGroup;
  readonly #fs: FileSystem;
  readonly #slice = Buffer.allocUnsafeSlow(SLICE_BYTES);
  #isSummed = false;
  #isWriting = false;
  #waiting: (() => void)[] = [];

  constructor(fs: FileSystem, group: ScatteredGroup) {
    this.#fs = fs;
    this.group = group;
  }

  /** Whether it is being summed or written. */
  get isRunning(): boolean {
    return this.#isWriting;
  }

  /**
   * Appends it to its file, all of it: also once more, after an error and when what was left was cut off.
   * @param seal called when it is summed and is to be completed with its annotation
   * @param done called when all is in the file, or with the system's error
   */
  write(seal: (group: ScatteredGroup) => void, done: (error: Error | undefined) => void): void {
    this.#isWriting = true;
    const end = (error: Error | undefined) => {
      this.#isWriting = false;
      const waiting = this.#waiting;
      this.#waiting = [];
      done(error);
      for (const resolve of waiting) resolve();
    };
    this.#sum(() => {
      seal(this.group);
      this.#append(0, end);
    });
  }

  /** Resolves when it is not being written any more, whether that worked or not. */
  settled(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #sum(done: () => void): void {
    if (this.#isSummed) {
      done();
      return;
    }
    this.#isSummed = this.group.sumStep(this.#slice);
    setImmediate(() => this.#sum(done));
  }

  #append(from: number, done: (error: Error | undefined) => void): void {
    const { sizeBytes, segment } = this.group;
    if (from === sizeBytes) {
      done(undefined);
      return;
    }
    const end = Math.min(from + SLICE_BYTES, sizeBytes);
    const length = this.group.copyTo(this.#slice, from, end);
    this.#fs.appendAside(segment.fd, this.#slice, 0, length, (error, written) => {
      if (error !== null) done(error);
      // What is left, if the system has not taken all, is next.
      else this.#append(from + written, done);
    });
  }
}

/**
 * Sums a group and appends it to its file at once.
 * @param seal as for `GroupWriter.write`
 * @throws the system's error
 */
export function appendNow(
  fs: FileSystem,
  group: ScatteredGroup,
  seal: (group: ScatteredGroup) => void,
): void {
  const { fd } = group.segment;
  const scratch = Buffer.allocUnsafeSlow(SLICE_BYTES);
  while (!group.sumStep(scratch));
  seal(group);
  eachSlice(group, (slice) => appendAll(fs, fd, slice, 0, slice.length));
}

/**
 * Writes what was written to a file before once more, in place and at once.
 * @throws the system's error
 */
export function writeKept(
  fs: FileSystem,
  path: string,
  all: readonly (Chunk | ScatteredGroup)[],
): void {
  const fd = fs.open(path, 'r+');
  try {
    for (const kept of all) writeOneKept(fs, fd, kept);
  } finally {
    fs.close(fd);
  }
}

function writeOneKept(fs: FileSystem, fd: number, kept: Chunk | ScatteredGroup): void {
  const { position } = kept;
  if (kept instanceof ScatteredGroup) {
    eachSlice(kept, (slice, at) => writeAll(fs, fd, slice, 0, slice.length, position + at));
  } else if (kept.writtenBytes > 0) {
    writeAll(fs, fd, kept.buffer, 0, kept.writtenBytes, position);
  }
}

function eachSlice(group: ScatteredGroup, write: (slice: Buffer, at: number) => void): void {
  const slice = Buffer.allocUnsafeSlow(SLICE_BYTES);
  for (let at = 0; at < group.sizeBytes; at += SLICE_BYTES) {
    const length = group.copyTo(slice, at, Math.min(at + SLICE_BYTES, group.sizeBytes));
    write(slice.subarray(0, length), at);
  }
}
