// Locks the log for one server: if two append to one log, for example when an old server still runs beside its
// successor on the same volume, each loses changes that the other has acknowledged. What is locked is one log, its
// directory and `appendfilename`: servers that share `dir` and keep logs of their own, or none, do not meet. Where
// files cannot be locked at all (file systems without locks, systems without a program to lock with) that is logged,
// and the server goes on.
import { rmdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Values } from '../../config/directives.ts';
import type { ServerIdentity } from '../../core/services.ts';
import { FileLock, LockedError, UnlockableError } from '../../files/file-lock.ts';
import type { Logger } from '../../logging/logger.ts';
import { realFileSystem } from '../segments/file-system.ts';
import { lockName } from '../segments/log-directory.ts';

/** Between two attempts to lock it. */
const RETRY_MS = 100;

/** What locking needs from the server. */
export interface LogLockHost {
  readonly log: Logger;
  readonly identity: ServerIdentity;
  readonly config: { readonly values: Values };
}

/** The log to lock. */
export interface LockedPlace {
  /** Its directory, made where there is none. */
  readonly path: string;
  /** `appendfilename`. */
  readonly baseName: string;
}

/** Another server uses the log; the message names it. */
export class LogInUseError extends Error {
  constructor({ path, baseName }: LockedPlace, { holder }: LockedError) {
    const who = holder === '' ? '' : ` (${holder})`;
    super(`the log '${baseName}' in ${path} is in use by another server${who}`);
  }
}

/** The lock of a log; see the head of this file. */
export class LogLock {
  readonly #host: LogLockHost;
  readonly #place: LockedPlace;
  /** Whether the directory was made for it. */
  readonly #isNew: boolean;
  /** Undefined where files cannot be locked. */
  #file: FileLock | undefined;
  /** Whether it was logged that the file is gone and cannot be made anew. */
  #isWarned = false;

  private constructor(host: LogLockHost, place: LockedPlace) {
    this.#host = host;
    this.#place = place;
    this.#isNew = statSync(place.path, { throwIfNoEntry: false }) === undefined;
    realFileSystem.makeDirectory(place.path);
    try {
      this.#file = this.#lock();
    } catch (error) {
      this.#removeDirectory();
      throw error;
    }
  }

  /**
   * Locks a log.
   * @throws LogInUseError, or the system's error when the directory or a file in it cannot be made
   */
  static take(host: LogLockHost, place: LockedPlace): LogLock {
    return new LogLock(host, place);
  }

  /** As `take`, but waits up to `log-lock-timeout-ms` for another server to release it. */
  static async takeSoon(host: LogLockHost, place: LockedPlace): Promise<LogLock> {
    const deadlineMs = performance.now() + host.config.values['log-lock-timeout-ms'];
    for (let attempt = 1; ; attempt++) {
      try {
        return new LogLock(host, place);
      } catch (error) {
        if (!(error instanceof LogInUseError) || performance.now() >= deadlineMs) throw error;
        if (attempt === 1) host.log.warn({ reason: error.message }, 'Waiting: {reason}');
        await sleep(RETRY_MS);
      }
    }
  }

  /** Whether the log is locked. */
  get isHeld(): boolean {
    return this.#file?.isInPlace() ?? false;
  }

  /** To be called regularly: the file may have been deleted, and this server's port may have changed. */
  refresh(): void {
    const file = this.#file;
    if (file === undefined) return;
    file.describe(this.#holder);
    if (file.isInPlace()) return;
    const { log } = this.#host;
    const { path } = this.#place;
    try {
      this.#file = this.#lock();
      file.release();
      this.#isWarned = false;
      log.warn({ path }, 'The lock file of the append only files in {path} was gone: made anew');
    } catch (error) {
      const text = 'The append only files in {path} are not locked any more';
      if (!this.#isWarned) log.error({ path, details: { err: error } }, text);
      this.#isWarned = true;
    }
  }

  /** Releases the lock. */
  release(): void {
    this.#file?.release();
    this.#file = undefined;
  }

  /** Releases the lock, and removes the directory if it was made for it and is empty. */
  undo(): void {
    this.release();
    this.#removeDirectory();
  }

  #lock(): FileLock | undefined {
    const { path, baseName } = this.#place;
    try {
      return FileLock.take(join(path, lockName(baseName)), this.#holder);
    } catch (error) {
      if (error instanceof LockedError) throw new LogInUseError(this.#place, error);
      if (!(error instanceof UnlockableError)) throw error;
      this.#host.log.warn(
        { path, reason: error.message },
        'The append only files in {path} cannot be locked: {reason}. Nothing keeps a second server from writing them.',
      );
      return undefined;
    }
  }

  get #holder(): string {
    const { identity, config } = this.#host;
    const { unixsocket } = config.values;
    const listens = identity.port === 0 ? `unix socket ${unixsocket}` : `port ${identity.port}`;
    const since = new Date(identity.startedMs).toISOString();
    return `pid ${process.pid} on ${hostname()}, ${listens}, since ${since}`;
  }

  #removeDirectory(): void {
    if (!this.#isNew) return;
    try {
      rmdirSync(this.#place.path);
    } catch {
      // There is something in it, or it is gone.
    }
  }
}
