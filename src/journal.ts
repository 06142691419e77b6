// The log of a running server: what commands change goes into it (dispatch/effect-recorder.ts), and no
// reply leaves before what it tells is in it, as safe as `appendfsync` asks for: written to the file,
// or on disk too (`always`). At the start everything in it is run once more.
//
//   effect ─▶ pending group ──end of the turn──▶ file ──fsync──▶ disk
//                                                 │                │
//               replies leave:     everysec, no ──┘      always ───┘
import type { Logger } from 'pino';
import type { LogFacts } from './commands/effects.ts';
import type { EffectStream } from './dispatch/effect-recorder.ts';
import type { Replay } from './dispatch/replay.ts';
import type { ReplyGate } from './net/reply-gate.ts';
import type { ReplyQueue } from './net/reply-queue.ts';
import { CommandReader } from './persistence/commands-of.ts';
import type { Log } from './persistence/log.ts';
import { LogDirectory } from './persistence/log-directory.ts';
import { openLog } from './persistence/open-log.ts';
import { type RecoveredGroup, recover } from './persistence/recovery.ts';
import { cutTail } from './persistence/repair.ts';
import type { SyncPolicy } from './persistence/sync-schedule.ts';

/** Between two attempts to write to a disk that has failed. */
const RETRY_MS = 100;
const BUFFER_BYTES = 256 * 1024;
const MAX_SEGMENT_BYTES = 256 * 1024 * 1024;

/** `appendfsync`, as the configuration tells it. */
export type AppendFsync = 'always' | 'everysec' | 'no';

/** What a journal needs of the server around it. */
export interface JournalHost {
  readonly log: Logger;
  readonly replies: ReplyQueue;
  /** The disk does not take what it is given, for this reason; undefined: it does again. */
  logFailed(error: Error | undefined): void;
}

/** Where the log is and how it is kept. */
export interface JournalOptions {
  readonly path: string;
  /** `appendfilename`. */
  readonly baseName: string;
  readonly fsync: AppendFsync;
  /** `aof-load-truncated`. */
  readonly loadTruncated: boolean;
}

/** A server's log; see the head of this file. */
export class Journal implements EffectStream, ReplyGate {
  readonly #log: Log;
  readonly #host: JournalHost;
  #waitsForSync: boolean;
  #commitScheduled = false;

  private constructor(log: Log, host: JournalHost, fsync: AppendFsync) {
    this.#log = log;
    this.#host = host;
    this.#waitsForSync = fsync === 'always';
  }

  /**
   * Runs everything that the log holds, and opens it for more.
   * @throws DamageError, ManifestError, ReplayError, or the system's error
   */
  static async open(host: JournalHost, options: JournalOptions, replay: Replay): Promise<Journal> {
    const directory = LogDirectory.read(options.path, options.baseName);
    refuseBases(directory);
    const reader = new CommandReader();
    const run = replay.run.bind(replay);
    const onGroup = ({ bytes }: RecoveredGroup): void => {
      replay.begin();
      reader.forEach(bytes, run);
      replay.end();
    };
    const { loadTruncated } = options;
    const recovery = await recover(directory, { from: 0, loadTruncated, onGroup });
    const { torn, offset } = recovery;
    if (torn !== undefined) {
      const copies = await cutTail(directory, torn);
      host.log.warn(
        { file: torn.segment.name, position: torn.position, bytes: torn.bytes, copies },
        `the log was cut at its last whole group: ${torn.reason}`,
      );
    }
    let journal: Journal | undefined;
    const log = await openLog(directory, recovery, {
      policy: policyOf(options.fsync),
      bufferBytes: BUFFER_BYTES,
      maxSegmentBytes: MAX_SEGMENT_BYTES,
      retryMs: RETRY_MS,
      onProgress: () => journal?.release(),
      onFailure: (error) => {
        host.log.error({ err: error }, 'the log cannot be written; writes are refused');
        host.logFailed(error);
      },
      onRecovered: () => {
        host.log.warn('the log can be written again');
        host.logFailed(undefined);
      },
      onWarning: (error) => host.log.warn({ err: error }, 'the log'),
    });
    if (offset > 0) host.log.info({ offset, commands: replay.commands }, 'the log was loaded');
    journal = new Journal(log, host, options.fsync);
    return journal;
  }

  /** For INFO. */
  get facts(): LogFacts {
    const log = this.#log;
    const { groups, bytes, lastGroupBytes, segmentBytes } = log.stats;
    const { offset, writtenOffset, syncedOffset, syncLatency } = log;
    const hasFailed = log.failure !== undefined;
    const place = { offset, writtenOffset, syncedOffset };
    return { ...place, groups, bytes, lastGroupBytes, segmentBytes, hasFailed, syncLatency };
  }

  get offset(): number {
    return this.#log.offset;
  }

  get groupStart(): number {
    return this.#log.writtenOffset;
  }

  get safeOffset(): number {
    return this.#waitsForSync ? this.#log.syncedOffset : this.#log.writtenOffset;
  }

  /** Why the disk does not take what it is given; undefined while it does. */
  get failure(): Error | undefined {
    return this.#log.failure;
  }

  /** Sets `appendfsync`. */
  set fsync(fsync: AppendFsync) {
    this.#waitsForSync = fsync === 'always';
    this.#log.policy = policyOf(fsync);
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#log.append(bytes, start, end);
    if (this.#commitScheduled) return;
    // What no request caused (an expiry) must not wait for one.
    this.#commitScheduled = true;
    setImmediate(() => {
      this.#commitScheduled = false;
      this.commit();
      this.release();
    });
  }

  commit(): number {
    this.#log.commit();
    return this.safeOffset;
  }

  /** Lets the replies go that waited for what is safe by now. */
  release(): void {
    this.#host.replies.release(this.safeOffset);
  }

  /** Resolves when all that is recorded now is on disk, or cannot be written. */
  async flush(): Promise<void> {
    this.commit();
    if (this.failure === undefined) await this.#log.flush();
    this.release();
  }

  /**
   * Syncs what is left and closes the files.
   * @throws the system's error when that fails
   */
  async close(): Promise<void> {
    this.commit();
    await this.#log.close();
    this.release();
  }
}

function policyOf(fsync: AppendFsync): SyncPolicy {
  return { mode: fsync === 'everysec' ? 'periodic' : fsync, intervalMs: 1000 };
}

/** Logs that begin with a snapshot cannot be loaded yet: to pass over it would lose what it holds. */
function refuseBases(directory: LogDirectory): void {
  const base = directory.manifest.bases.at(-1);
  if (base === undefined) return;
  throw new Error(
    `the log begins with ${directory.pathOf(base.name)}: logs with a base cannot be loaded yet`,
  );
}
