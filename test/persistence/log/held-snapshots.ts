// Snapshots that are held up where a test wants them, so that what comes then comes while one is taken.
import { vi } from 'vitest';
import { Snapshot } from '../../../src/keyspace/snapshot.ts';
import { SnapshotFile } from '../../../src/persistence/snapshots/snapshot-file.ts';

/** Snapshots that wait. */
export interface HeldSnapshots {
  readonly count: number;
  /** Lets those go that wait, and those that follow. */
  release(): void;
}

/** Snapshots that wait each by itself. */
export interface HeldFiles extends HeldSnapshots {
  releaseOldest(): void;
  /** Has those fail that wait, and those that follow. */
  fail(error: Error): void;
}

/** Holds snapshots in slices before their first: no key is saved yet. */
export function holdFirstSlices(): HeldSnapshots {
  const { work } = Snapshot.prototype;
  const held = new Set<Snapshot>();
  let isHolding = true;
  vi.spyOn(Snapshot.prototype, 'work').mockImplementation(function slice(
    this: Snapshot,
    deadline: number,
  ) {
    if (!isHolding || deadline === Number.POSITIVE_INFINITY) return work.call(this, deadline);
    held.add(this);
    return true;
  });
  return {
    get count() {
      return held.size;
    },
    release() {
      isHolding = false;
    },
  };
}

/**
 * Holds snapshots in slices that have all keys, if these are few, before their files are on disk and take
 * their places.
 */
export function holdFiles(): HeldFiles {
  const { caughtUp } = SnapshotFile.prototype;
  const waiting: ((error?: Error) => void)[] = [];
  let outcome: Promise<void> | undefined;
  vi.spyOn(SnapshotFile.prototype, 'caughtUp').mockImplementation(async function held(
    this: SnapshotFile,
  ) {
    await (outcome ?? turn());
    return caughtUp.call(this);
  });

  function turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      waiting.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  function end(error?: Error): void {
    outcome = error === undefined ? Promise.resolve() : Promise.reject(error);
    outcome.catch(() => undefined);
    for (const go of waiting.splice(0)) go(error);
  }

  return {
    get count() {
      return waiting.length;
    },
    release: () => end(),
    releaseOldest: () => waiting.shift()?.(),
    fail: end,
  };
}
