// A snapshot on its way to the disk: the keyspace of one moment (keyspace/snapshot.ts), in RDB format,
// into a file that takes its place when it is whole. Taken at once, or in slices between events at the
// pace at which the disk takes it. Whatever ends it early leaves neither a file nor a trace.

import type { Config } from '../../config/config.ts';
import { REDIS_VERSION } from '../../core/version.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import { Snapshot } from '../../keyspace/snapshot.ts';
import { type RdbFacts, RdbFileWriter } from '../rdb/rdb-file-writer.ts';
import { SnapshotFile } from './snapshot-file.ts';

/** How long a snapshot in the background blocks the event loop at a time, in ms. */
const SLICE_MS = 0.5;

/** What snapshots are taken of. */
export interface SnapshotSubject {
  readonly keyspace: Keyspace;
  readonly config: Config;
  readonly memory: { readonly usedBytes: number };
  readonly replies: {
    /** Sends the replies that wait. */
    flush(): void;
  };
  readonly coldTier: {
    /** Keeps the files that a snapshot of this moment refers to. */
    hold(isLogBase: boolean): FileHold;
  };
}

/** Files that a snapshot refers to, which are not deleted meanwhile. */
export interface FileHold {
  /** The snapshot is whole: a start may load it until later ones have taken its place. */
  keep(): void;
  /** There will be no such snapshot. */
  release(): void;
}

/** Path, fields and options of a snapshot's file. */
export interface SnapshotPlan {
  readonly path: string;
  readonly facts: Pick<RdbFacts, 'isLogBase' | 'offset' | 'replicationId'>;
  /** Whether the file is forced to the disk bit by bit. */
  readonly syncsInParts: boolean;
  /** Whether it consists of LZ4 frames. */
  readonly compresses: boolean;
  /** Whether everything waits until it is done. */
  readonly isAtOnce: boolean;
}

/** One snapshot; see the head of this file. */
export class SnapshotWriting {
  readonly startedMs = Date.now();
  /** Where it goes, whatever the directives say by the time that it is whole. */
  readonly path: string;
  /** What `dirty` was at its moment. */
  readonly dirtyBefore: number;
  readonly #subject: SnapshotSubject;
  readonly #snapshot: Snapshot;
  readonly #file: SnapshotFile;
  readonly #writer: RdbFileWriter;
  readonly #hold: FileHold;
  #isCancelled = false;

  /**
   * Begins one.
   * @throws Error when another one is being taken, or the system's error
   */
  constructor(subject: SnapshotSubject, plan: SnapshotPlan) {
    const { keyspace } = subject;
    this.#subject = subject;
    this.path = plan.path;
    const { compresses } = plan;
    const recycle = (piece: Buffer) => this.#writer.recycle(piece);
    const file = new SnapshotFile(plan.path, plan.syncsInParts, { compresses, recycle });
    try {
      this.#file = file;
      // What is compressed as a whole gains nothing by strings that are, and they cost more.
      const compresses = subject.config.values.rdbcompression && !plan.compresses;
      this.#writer = writerOf(subject, compresses, (piece) =>
        plan.isAtOnce ? file.addNow(piece) : file.add(piece),
      );
      const writer = this.#writer;
      const usedMemoryBytes = subject.memory.usedBytes;
      writer.begin({ redisVersion: REDIS_VERSION, usedMemoryBytes, ...plan.facts });
      this.#snapshot = new Snapshot(keyspace, writer);
      this.dirtyBefore = keyspace.dirty;
      this.#hold = subject.coldTier.hold(plan.facts.isLogBase);
    } catch (error) {
      file.discard();
      throw error;
    }
  }

  /** Keys that it has, and will have. */
  get progress(): { saved: number; keys: number } {
    const { saved, keys } = this.#snapshot;
    return { saved, keys };
  }

  /** Bytes of the file so far. */
  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Takes all of it; everything waits. @throws the system's error */
  runNow(): void {
    try {
      this.#snapshot.work(Number.POSITIVE_INFINITY);
      this.#writer.end();
      this.#file.finishNow();
      this.#hold.keep();
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  /**
   * Takes it in slices.
   * @returns false when it was cancelled meanwhile
   * @throws the system's error
   */
  async run(): Promise<boolean> {
    const file = this.#file;
    try {
      // The command that asked for it is answered first.
      await new Promise(setImmediate);
      while (!this.#isCancelled && this.#slice()) {
        if (file.isBehind) await file.caughtUp();
        else await new Promise(setImmediate);
      }
      if (this.#isCancelled) return false;
      this.#writer.end();
      const isWhole = await file.finish();
      if (isWhole) this.#hold.keep();
      return isWhole;
    } catch (error) {
      if (this.#isCancelled) return false;
      this.cancel();
      throw error;
    }
  }

  /** Goes on for a while; returns whether there is more to do. */
  #slice(): boolean {
    // Replies wait for the end of the iteration of the event loop; not for this as well.
    this.#subject.replies.flush();
    return this.#snapshot.work(performance.now() + SLICE_MS);
  }

  /** Gives it up. */
  cancel(): void {
    this.#isCancelled = true;
    this.#snapshot.abort();
    this.#writer.abandon();
    this.#file.discard();
    this.#hold.release();
  }
}

function writerOf(
  { keyspace, config }: SnapshotSubject,
  compresses: boolean,
  receive: (piece: Buffer) => void,
): RdbFileWriter {
  const { values } = config;
  const policy = values['maxmemory-policy'];
  const use = policy.endsWith('lru') ? 'idle time' : undefined;
  return new RdbFileWriter(
    keyspace,
    {
      compresses,
      hasChecksum: values.rdbchecksum,
      use: policy.endsWith('lfu') ? 'frequency' : use,
      access: keyspace.access,
      nowMs: keyspace.nowMs,
      refersToFiles: true,
    },
    receive,
  );
}
