// What is done when the files of a log are not in its place any more (persistence/segments/segment-place.ts): all
// data is in memory, and in files that no start would read. If no other files are in the way, a new log takes its
// place, beginning with all data; until then both get what changes, writes are refused, and replies wait. If there
// are, an operator has to act; the log goes on as soon as its files are back. A log that could not take a change is
// replaced in the same way.
//
//   lost ──place is free──▶ new log, snapshot ──on disk──▶ writes are taken again
//     │  └─taken, not mounted─▶ refused ─┐
//     └───────────files are back─────────┴──synced──▶ writes are taken again
import { existsSync } from 'node:fs';
import type { Logger } from '../../logging/logger.ts';
import { LogDirectory } from '../segments/log-directory.ts';
import type { Journal } from './journal.ts';
import type { LockedPlace, LogLock } from './log-lock.ts';
import { devicesOf, obstacleAt, type PlaceDevices } from './lost-place.ts';
import { abandonHistory } from './new-history.ts';

/** The log's keeper. */
export interface LostLogOwner {
  readonly log: Logger;
  readonly place: LockedPlace;
  lock: LogLock | undefined;
  takeLock(): LogLock;
  /** Gives up and waits for what else is done with the log's files. */
  settle(): Promise<void>;
  /** Begins a new history in the place of the lost one; resolves when it is complete. */
  begin(directory: LogDirectory, lost: Journal): Promise<void>;
  /** After that has failed: has the lost log be the only one; it got all that changed. */
  goBackTo(lost: Journal): Promise<void>;
  /** Has a new snapshot be written. */
  scheduleRewrite(): void;
}

/** See the head of this file. */
export class LostLog {
  readonly #owner: LostLogOwner;
  #devices: PlaceDevices | undefined;
  /** Why it has not begun anew, as it was logged last. */
  #obstacle = '';
  /** Whether an attempt has failed, so that the sizes that were counted are not this log's. */
  #hasFailed = false;

  constructor(owner: LostLogOwner) {
    this.#owner = owner;
  }

  /** Called when a log was opened. */
  opened(path: string): void {
    this.#devices = devicesOf(path);
  }

  /** Called while the log is in its place. */
  isBack(): void {
    this.#obstacle = '';
    if (this.#hasFailed) this.#owner.scheduleRewrite();
    this.#hasFailed = false;
  }

  /** Replaces a lost log by a new one, if nothing is in the way; logs the outcome. */
  async beginAnew(lost: Journal): Promise<void> {
    let obstacle: string | undefined;
    try {
      obstacle = await this.#replace(lost);
    } catch (error) {
      obstacle = error instanceof Error ? error.message : String(error);
    }
    if (obstacle !== undefined && obstacle !== this.#obstacle) {
      this.#owner.log.error(
        { reason: obstacle },
        'The lost append only files are not made anew: {reason}',
      );
    }
    this.#obstacle = obstacle ?? '';
  }

  /** @returns what is in the way */
  async #replace(lost: Journal): Promise<string | undefined> {
    const owner = this.#owner;
    await owner.settle();
    const { path, baseName } = owner.place;
    if (this.#devices === undefined || !lost.isLost) return undefined;
    const obstacle = obstacleAt(owner.place, this.#devices, lost.directory);
    if (obstacle !== undefined) return obstacle;
    const isThere = existsSync(path);
    const old = owner.lock;
    const lock = old?.isHeld ? old : owner.takeLock();
    let directory: LogDirectory | undefined;
    try {
      if (isThere && !lock.isHeld) throw new Error(`${path} cannot be locked, and may be in use`);
      directory = await LogDirectory.renew(path, baseName);
      await owner.begin(directory, lost);
    } catch (error) {
      this.#hasFailed = true;
      await owner.goBackTo(lost);
      abandonHistory(directory, owner.log);
      if (lock !== old) lock.undo();
      throw error;
    }
    owner.lock = lock;
    this.opened(path);
    if (lock !== old) old?.release();
    await lost.close().catch(() => undefined);
    owner.log.warn({ path }, 'A new append only file with all data was begun in {path}');
    return undefined;
  }
}
