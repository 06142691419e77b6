// Where snapshots go, and whether what this server wrote or loaded there is still what a restart would
// find: the directory may have been deleted, moved away, or replaced by another one, with a snapshot of
// somebody else's in it; and another server may save to the same file.
import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** What has become of the directory since a snapshot was written or loaded there. */
export type PlaceState =
  | 'same'
  /** There is none. */
  | 'gone'
  /** There is another one, without a snapshot. */
  | 'replaced'
  /** The same with one. */
  | 'taken';

/** The place of a server's snapshots; see the head of this file. */
export class SnapshotPlace {
  #path = '';
  #directory: Stats | undefined;
  #file: Stats | undefined;

  /** Notes what is there as this server's own. */
  note(path: string): void {
    this.#path = path;
    this.#directory = look(dirname(path));
    this.#file = look(path);
  }

  /** @param path where the next snapshot goes; another one than before is noted */
  state(path: string): PlaceState {
    if (path !== this.#path) this.note(path);
    const directory = look(dirname(path));
    if (directory === undefined) return 'gone';
    const file = look(path);
    if (this.#directory !== undefined && isSame(directory, this.#directory)) {
      // A new directory may get the number of one that was deleted: it is younger then.
      const isYounger = directory.birthtimeMs > this.#directory.birthtimeMs;
      return isYounger && this.#file !== undefined && file === undefined ? 'replaced' : 'same';
    }
    if (file === undefined) return 'replaced';
    // Some file systems give what was looked up before another number.
    return this.#file !== undefined && isCopy(file, this.#file) ? 'same' : 'taken';
  }

  /** Whether another process has written the present snapshot file since this server did. */
  hasOther(path: string): boolean {
    const own = path === this.#path ? this.#file : undefined;
    const found = look(path);
    // Not by its number: that of a file that was replaced is given to the next one.
    return own !== undefined && found !== undefined && !isCopy(own, found);
  }
}

function look(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function isSame(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

function isCopy(one: Stats, other: Stats): boolean {
  return one.size === other.size && one.mtimeMs === other.mtimeMs;
}
