// Snapshots that have seen all keys, and then wait before their files are on disk and take their places:
// whatever comes meanwhile comes while one is being taken.
import { vi } from 'vitest';
import { SnapshotFile } from '../../src/persistence/snapshot-file.ts';

/** Snapshots that wait. */
export interface HeldSnapshots {
  readonly count: number;
  /** Lets those go that wait, and those that follow. */
  release(): void;
  /** Has those fail that wait, and those that follow. */
  fail(error: Error): void;
}

/** Holds snapshots that are taken in slices, if they are small. */
export function holdSnapshots(): HeldSnapshots {
  const { caughtUp } = SnapshotFile.prototype;
  let release: () => void = () => {};
  let fail: (error: Error) => void = () => {};
  const gate = new Promise<void>((resolve, reject) => {
    release = resolve;
    fail = reject;
  });
  // It may fail before there is any.
  gate.catch(() => undefined);
  let count = 0;
  vi.spyOn(SnapshotFile.prototype, 'caughtUp').mockImplementation(async function held(
    this: SnapshotFile,
  ) {
    count++;
    try {
      await gate;
    } finally {
      count--;
    }
    return caughtUp.call(this);
  });
  return {
    get count() {
      return count;
    },
    release,
    fail,
  };
}
